import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPem, type Verdict } from 'handfast/x509';
import { Authority, validFor } from '../src/authority.ts';
import { folder, handfast } from './support/command.ts';
import { keyPem, makePki, serverCredential } from './support/peers.ts';
import { FIXTURES } from './support/store.ts';

const LIMIT = { timeout: 110_000 };
const DAY = 24 * 60 * 60 * 1000;

/** A root, an intermediate, and a server certificate below it, in files. */
async function chainFiles(t: TestContext) {
  const root = await Authority.root('Test Root', 'ECDSA P-256', validFor(30));
  const intermediate = await root.intermediate('Test Intermediate', 'ECDSA P-384', validFor(20));
  const server = await serverCredential(intermediate, ['a.test', '192.0.2.1']);
  const { path, file } = folder(t);
  return {
    path,
    file,
    server,
    root: file('root.pem', root.certificate),
    intermediate: file('intermediate.pem', intermediate.certificate),
    leaf: file('leaf.pem', server.certificate),
    chain: file('chain.pem', server.chain),
  };
}

interface Document {
  readonly ok: boolean;
  readonly question: object;
  readonly verdict: Verdict;
}

describe('handfast verify', LIMIT, () => {
  test('accepts a chain, and shows every check with its source', async (t) => {
    const { chain, root } = await chainFiles(t);
    const { code, stdout, stderr } = await handfast(['verify', chain, '--name', 'a.test', '--ca', root]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const order = ['CN=a.test (leaf)', 'CN=Test Intermediate (intermediate)', 'CN=Test Root (anchor)'];
    const places = order.map((text) => stdout.indexOf(text));
    assert.ok(
      places.every((place, i) => place > (places[i - 1] ?? -1)),
      stdout,
    );
    assert.match(stdout, /\+ it carries the name a\.test \(RFC 9525 section 6\.3\)/);
    assert.match(stdout, /\+ its signature was made by the intermediate 'CN=Test Intermediate' \(RFC 5280/);
    assert.match(stdout, /\+ The certificate of 'CN=a\.test' is accepted/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('takes intermediates from further files, in any order, and from standard input', async (t) => {
    const { leaf, intermediate, root, server } = await chainFiles(t);
    const question = ['--name', '192.0.2.1', '--ca', root];
    assert.equal((await handfast(['verify', leaf, root, intermediate, ...question])).code, 0);
    const piped = await handfast(['verify', '-', intermediate, ...question], { input: server.certificate });
    assert.equal(piped.code, 0, piped.stderr);
    assert.match(piped.stdout, /^standard input, /);
  });

  test('prints one document with --json', async (t) => {
    const { chain, root } = await chainFiles(t);
    for (const [name, ok] of [
      ['a.test', true],
      ['b.test', false],
    ] as const) {
      const args = ['verify', chain, '--name', name, '--ca', root, '--at', '2026-01-01', '--json'];
      const at = new Date(Date.now() + DAY).toISOString().slice(0, 10);
      const { code, stdout, stderr } = await handfast(args.map((arg) => (arg === '2026-01-01' ? at : arg)));
      assert.equal(stderr, '');
      assert.equal(code, ok ? 0 : 1);
      const document = JSON.parse(stdout) as Document;
      assert.equal(document.ok, ok);
      assert.deepEqual(document.question, {
        files: [chain],
        certificates: 2,
        purpose: 'server',
        name,
        at: `${at}T00:00:00Z`,
        revocation: { lists: 0, ocspResponses: 0, stapled: false, required: 'never' },
        transparency: null,
        authorities: { from: [root], count: 1 },
      });
      assert.equal(document.verdict.path.length, 3);
      assert.equal(document.verdict.ok ? undefined : document.verdict.rule, ok ? undefined : 'name');
    }
  });

  test('refuses, says why, and what to do', async (t) => {
    const { chain, leaf, root, file } = await chainFiles(t);
    const other = await makePki('Test Root');
    const client = file('client.pem', other.client.chain);
    const otherRoot = file('other.pem', other.ca.certificate);
    const late = new Date(Date.now() + 100 * DAY).toISOString();
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[chain, '--name', 'b.test', '--ca', root], /it is for a\.test, 192\.0\.2\.1\. .*with --name/],
      [
        [leaf, '--name', 'a.test', '--ca', root],
        /\(no way to a trusted authority from here\).*further files/,
      ],
      [[chain, '--name', 'a.test'], /CN=Test Root \(no way to.*with --ca FILE/],
      [
        [chain, '--name', 'a.test', '--ca', otherRoot],
        /signature was not made by the trust anchor.*another key of that name/,
      ],
      [
        [chain, '--name', 'a.test', '--ca', root, '--at', late],
        /expired at .*should send the current certificate/,
      ],
      [[chain, '--name', 'a.test', '--ca', root, '--at', '2020-01-01'], /not valid before .*Check the clock/],
      [[chain, '--purpose', 'client', '--ca', root], /serverAuth only.*with --purpose/],
      [[client, '--name', 'Ada', '--ca', otherRoot], /clientAuth only/],
      [
        [chain, '--name', 'a.test', '--ca', root, '--certificate-policy', '2.23.140.1.2.1'],
        /no certificate policies/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(['verify', ...args]);
      assert.equal(code, 1, `${args}: ${stderr}`);
      assert.match(stdout.replace(/[\s|]+/g, ' '), message);
      assert.equal(stderr, '');
    }
  });

  test('client certificates need no name', async (t) => {
    const pki = await makePki();
    const { file } = folder(t);
    const args = [file('client.pem', pki.client.chain), '--ca', file('ca.pem', pki.ca.certificate)];
    const { code, stdout } = await handfast(['verify', ...args, '--purpose', 'client']);
    assert.equal(code, 0, stdout);
  });

  test('what cannot be used is refused in plain words', async (t) => {
    const { chain, path, file, root, server } = await chainFiles(t);
    const named = ['--name', 'a.test', '--ca', root];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /missing required argument/],
      [[chain], /--name is missing/],
      [[chain, '--name', ''], /--name needs a name/],
      [[chain, '--name', 'a b'], /--name: expected a host name/],
      [[chain, ...named, '--purpose', 'mail'], /--purpose: expected server, client, any, .* found 'mail'/],
      [[chain, ...named, '--profile', 'none'], /Allowed choices are/],
      [[chain, ...named, '--at', '2026-02-30'], /Expected a date/],
      [[chain, ...named, '--at', '2026-02-03T10:00'], /Expected a date/],
      [[chain, ...named, '--at', 'now'], /Expected a date/],
      [[chain, ...named, '--certificate-policy', 'ev'], /Expected a dotted object identifier/],
      [['-', '-', ...named], /can be read once only/],
      [['-', ...named], /standard input cannot be used: .*found nothing/],
      [[path, ...named], /cannot be used: it is a folder/],
      [[`${path}/none.pem`, ...named], /none\.pem cannot be used: there is no such file/],
      [['', ...named], /'' cannot be used: there is no such file/],
      [['/dev/zero', ...named], /has more than 16777216 bytes/],
      [[file('key.pem', keyPem(server)), ...named], /is it the key's file\?/],
      [[file('empty.pem', ''), ...named], /found nothing/],
      [[file('cut.pem', server.chain.slice(0, -60)), ...named], /has no END line/],
      [
        [fileURLToPath(new URL('modern.p12', FIXTURES)), ...named],
        /expected certificates, found a PKCS #12 store/,
      ],
      [[file('bad.der', '0\x03\x02\x01'), ...named], /the certificate cannot be read/],
      [[chain, '--name', 'a.test', '--ca', file('text.pem', 'hello')], /--ca .*text\.pem cannot be used/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(['verify', ...args, '--json']);
      assert.equal(code, 2, `${args}: ${stdout}${stderr}`);
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.ok(!stderr.includes('    at '), stderr);
    }
  });

  test('judges by revocation lists', async (t) => {
    const { path, file } = folder(t);
    const dir = join(path, 'ca');
    const run = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await handfast(['ca', ...args, '--dir', dir]);
      assert.equal(code, 0, stderr);
    };
    await run('init');
    await run('issue', 'a.test');
    await run('issue', 'b.test');
    await run('revoke', join(dir, 'issued', 'a.test.pem'), '--reason', 'keyCompromise');
    await run('crl');
    const crl = join(dir, 'crl.pem');
    const binary = join(path, 'crl.der');
    writeFileSync(binary, readPem(readFileSync(crl, 'latin1'), 'crl')[0]?.der ?? '');
    const late = new Date(Date.now() + 60 * DAY).toISOString();
    const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
      ['a.test', ['--crl', crl], 1, /revoked .*Have a new one issued/],
      ['a.test', ['--crl', binary, '--require-status', 'chain'], 1, /revoked .*Have a new one issued/],
      ['a.test', [], 0, /is accepted/],
      ['b.test', ['--crl', crl, '--require-status', 'chain'], 0, /known of the whole chain.* is accepted/],
      ['b.test', ['--require-status', 'leaf'], 1, /is not known, and it must be.*--crl FILE/],
      ['b.test', ['--crl', crl, '--require-status', 'leaf', '--at', late], 1, /it held until.*--crl FILE/],
      ['b.test', ['--crl', crl, '--at', late], 0, /whether it was revoked is not known.*is accepted/],
    ];
    for (const [name, args, expected, message] of cases) {
      const chain = join(dir, 'issued', `${name}.pem`);
      const question = ['--name', name, '--ca', join(dir, 'ca.pem'), ...args];
      const { code, stdout, stderr } = await handfast(['verify', chain, ...question]);
      assert.equal(code, expected, `${name} ${args}: ${stdout}${stderr}`);
      assert.match(stdout.replace(/[\s|]+/g, ' '), message);
    }
    for (const [list, message] of [
      [join(path, 'none'), /--crl .*none cannot be used: there is no such file/],
      [join(dir, 'ca.pem'), /--crl .*ca\.pem cannot be used: expected a revocation list/],
      [file('text', 'hello'), /--crl .*text cannot be used: expected PEM/],
      [file('cut.der', '0\x03\x02\x01'), /--crl .*cut\.der cannot be used: the revocation list is malformed/],
    ] as const) {
      const args = [join(dir, 'ca.pem'), '--purpose', 'client', '--crl', list];
      const { code, stderr } = await handfast(['verify', ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });

  test('a standard input that stays open is not waited for unless it is asked for', async (t) => {
    const { chain, root } = await chainFiles(t);
    const args = ['verify', chain, '--name', 'a.test', '--ca', root];
    assert.equal((await handfast(args, { keepInputOpen: true })).code, 0);
  });
});
