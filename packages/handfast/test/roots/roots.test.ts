/** `handfast/roots`: the list loads anywhere, is whole, and vouches for what it should. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TrustStore } from '../../src/node/index.ts';
import { mozillaRoots } from '../../src/roots/index.ts';
import type { TrustAnchor } from '../../src/x509/anchors.ts';
import { type Certificate, fingerprint } from '../../src/x509/certificate.ts';
import { verify } from '../../src/x509/path.ts';
import { readCertificates } from '../../src/x509/pem.ts';
import { readLimbo } from '../support/limbo.ts';
import { vectorTest } from '../support/vectors.ts';

const LIMIT = { timeout: 20_000 };

function certificateOf(anchor: TrustAnchor): Certificate {
  assert.ok('certificate' in anchor);
  return anchor.certificate;
}

test('the list is whole, each authority once, and the same at each call', LIMIT, () => {
  const { anchors, skipped, source } = mozillaRoots();
  assert.ok(anchors.length > 100, `${anchors.length}`);
  assert.deepEqual(skipped, []);
  assert.match(source, /^v\d+\.\d+\.\d+$/);
  assert.equal(mozillaRoots(), mozillaRoots());
  const prints = (list: readonly TrustAnchor[]) =>
    new Set(list.map((anchor) => fingerprint(certificateOf(anchor), nodeProvider)));
  assert.equal(prints(anchors).size, anchors.length);
  if (source === process.version) assert.deepEqual(prints(anchors), prints(TrustStore.bundled().anchors));
});

/** Every module that one loads, itself included, and the packages that it loads. */
function reached(entry: string): {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
} {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (url: string): void => {
    if (files.has(url)) return;
    files.add(url);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    for (const [, name = ''] of text.matchAll(
      /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/gm,
    )) {
      if (name.startsWith('.')) visit(new URL(name, url).href);
      else packages.add(name);
    }
    for (const [, name = ''] of text.matchAll(/\b(?:import|require)\s*\(\s*['"]?([^'")]*)/g))
      packages.add(name);
  };
  visit(import.meta.resolve(entry));
  return { files, packages };
}

test('nothing of Node is reached from the entry, and the list from no other', LIMIT, () => {
  const { files, packages } = reached('handfast/roots');
  assert.deepEqual([...packages], ['@handfast/mozilla-roots']);
  assert.ok(files.size > 10 && [...files].some((file) => file.endsWith('/x509/certificate.js')));
  assert.deepEqual(reached('@handfast/mozilla-roots').packages, new Set());
  for (const entry of ['handfast', 'handfast/x509', 'handfast/wire', 'handfast/record']) {
    const { packages: others } = reached(entry);
    assert.deepEqual([...others], [], entry);
  }
  // The walk does see what is imported.
  assert.ok(reached('handfast/node').packages.has('node:tls'));
});

test('every authority is an anchor for itself, in its own time', LIMIT, () => {
  for (const anchor of mozillaRoots().anchors) {
    const leaf = certificateOf(anchor);
    const question = {
      provider: nodeProvider,
      leaf,
      intermediates: [],
      purpose: 'any',
      profile: [],
    } as const;
    const at = (leaf.notBefore.time + leaf.notAfter.time) / 2;
    const verdict = verify({ ...question, anchors: [anchor], at });
    assert.ok('ok' in verdict && verdict.ok, `${leaf.subject}: ${'ok' in verdict && verdict.sentence}`);
    const late = verify({ ...question, anchors: [anchor], at: leaf.notAfter.time + 1 });
    assert.ok('ok' in late && !late.ok);
  }
});

vectorTest('chains of real sites lead to authorities of the list', 'limbo.json', LIMIT, (path) => {
  const sites = readLimbo(readFileSync(path, 'utf8')).filter(({ id }) => id.startsWith('online::'));
  assert.equal(sites.length, 14);
  const { anchors } = mozillaRoots();
  let accepted = 0;
  for (const { id, leaf: pem, intermediates, names, at = 0 } of sites) {
    const [leaf] = readCertificates(pem, id);
    assert.ok(leaf);
    const judge = (trusted: readonly TrustAnchor[], name = names[0]?.value ?? null) => {
      const verdict = verify({
        provider: nodeProvider,
        leaf,
        intermediates: intermediates.flatMap((text) => readCertificates(text, id)),
        anchors: trusted,
        at,
        purpose: 'server',
        name,
      });
      assert.ok('ok' in verdict);
      return verdict;
    };
    const verdict = judge(anchors);
    if (!verdict.ok) continue; // The list of another Node may have lost an authority since.
    accepted++;
    const last = verdict.path.at(-1)?.fingerprint;
    assert.ok(last);
    const others = anchors.filter((anchor) => fingerprint(certificateOf(anchor), nodeProvider) !== last);
    assert.equal(others.length, anchors.length - 1);
    const without = judge(others);
    assert.ok(!without.ok || without.path.at(-1)?.fingerprint !== last, id);
    assert.ok(!judge(anchors, 'somebody.else.test').ok);
    assert.ok(!judge([]).ok);
  }
  assert.ok(accepted >= 10, `${accepted} of ${sites.length}`);
});

test('a release is made by a new Node alone', LIMIT, () => {
  const script = fileURLToPath(new URL('../../../../../scripts/make-roots.mjs', import.meta.url));
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 26) return;
  const { status, stderr } = spawnSync(process.execPath, [script, '--release'], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /a release is made with Node \d+ or newer/);
});
