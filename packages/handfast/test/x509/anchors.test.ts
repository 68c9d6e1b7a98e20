import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { AnchorConstraints, TrustAnchor } from '../../src/x509/anchors.ts';
import type { GeneralName } from '../../src/x509/general-name.ts';
import { type VerifyOptions, verify } from '../../src/x509/path.ts';
import type { Rule, Verdict } from '../../src/x509/verdict.ts';
import { type Issued, issue, makeKey, publicKeyInfo, testPki } from '../support/pki.ts';
import { parse } from './support.ts';

// What may be trusted, and what a caller may hold it to.

const DAY = 86_400_000;
const { root, intermediate, server } = testPki();

const hashed = ({ key }: Issued): Uint8Array =>
  new Uint8Array(createHash('sha256').update(publicKeyInfo(key)).digest());
const byHash = (issued: Issued, constraints?: AnchorConstraints): TrustAnchor => ({
  publicKeyHash: hashed(issued),
  ...(constraints && { constraints }),
});
const whole = (issued: Issued, constraints?: AnchorConstraints): TrustAnchor => ({
  certificate: parse(issued),
  ...(constraints && { constraints }),
});
function nameAndKey(issued: Issued, constraints?: AnchorConstraints): TrustAnchor {
  const { subject: name, publicKeyInfo } = parse(issued);
  assert.ok(publicKeyInfo.key);
  return { name, key: publicKeyInfo.key, ...(constraints && { constraints }) };
}

function judge(
  chain: readonly Issued[],
  anchors: readonly TrustAnchor[],
  more: Partial<VerifyOptions> = {},
): Verdict {
  const [leaf, ...intermediates] = chain.map(parse);
  assert.ok(leaf);
  const options = { provider: nodeProvider, leaf, intermediates, anchors, at: Date.now(), purpose: 'server' };
  const verdict = verify({ ...options, name: 'localhost', ...more } as VerifyOptions);
  assert.ok('ok' in verdict);
  return verdict;
}

/** The roles and subjects along the accepted path. */
function accepts(...question: Parameters<typeof judge>): string[] {
  const verdict = judge(...question);
  assert.ok(verdict.ok, verdict.sentence);
  return verdict.path.map(({ role, subject }) => `${role} ${subject.replace('CN=', '')}`);
}

function refuses(rule: Rule, words: RegExp, ...question: Parameters<typeof judge>): void {
  const verdict = judge(...question);
  assert.ok(!verdict.ok, `accepted: ${verdict.sentence}`);
  assert.equal(verdict.rule, rule, verdict.sentence);
  assert.match(verdict.sentence, words);
}

const dns = (...names: string[]): readonly GeneralName[] =>
  names.map((value) => ({ kind: 'dNSName', value }));

test('a key that is trusted by its hash is found in the leaf, or in an intermediate', () => {
  assert.deepEqual(accepts([server], [byHash(server)]), ['anchor localhost']);
  assert.deepEqual(accepts([server, intermediate], [byHash(intermediate)]), [
    'leaf localhost',
    'anchor Test intermediate p256',
  ]);
  assert.deepEqual(accepts([server, intermediate, root], [byHash(root)]), [
    'leaf localhost',
    'intermediate Test intermediate p256',
    'anchor Test root p256',
  ]);
  // A root that is not sent cannot be found by its hash.
  refuses('issuer', /neither among/, [server, intermediate], [byHash(root)]);
  refuses('issuer', /no intermediates came with it/, [server], [byHash(intermediate)]);
  refuses('issuer', /neither among/, [server, intermediate], [byHash(issue({ subject: 'x' }))]);
});

test('a pinned leaf is held to its name, its times and its purposes', () => {
  const own = (options: object) => issue({ subject: 'localhost', dnsNames: ['localhost'], ...options });
  for (const pin of [byHash, whole]) {
    const good = own({});
    assert.deepEqual(accepts([good], [pin(good)]), ['anchor localhost']);
    refuses('name', /'other.test'/, [good], [pin(good)], { name: 'other.test' });
    const expired = own({ notAfter: new Date(Date.now() - DAY / 2) });
    refuses('notAfter', /expired/, [expired], [pin(expired)]);
    const mail = own({ extKeyUsage: ['emailProtection'] });
    refuses('extendedKeyUsage', /not for serverAuth/, [mail], [pin(mail)]);
  }
});

test('a renewed certificate with the pinned key is the same anchor by its hash, another one byte for byte', () => {
  const key = makeKey('p256');
  const [first, renewed] = [1, 2].map((serial) =>
    issue({ subject: 'localhost', dnsNames: ['localhost'], key, serial }),
  );
  assert.ok(first && renewed);
  accepts([renewed], [byHash(first)]);
  refuses('basicConstraints', /trust anchor.*it is not an authority/, [renewed], [whole(first)]);
});

test('a hash trusts a key, and no certificate without it', () => {
  const forged = issue({ subject: 'Test root p256', ca: true });
  const leaf = issue({ subject: 'localhost', issuer: forged, dnsNames: ['localhost'] });
  refuses('issuer', /self-signed/, [leaf, forged], [byHash(root)]);
  // The right key in a certificate below which another key signed.
  const relabelled = issue({ subject: 'Test root p256', ca: true, publicKeyInfo: publicKeyInfo(root.key) });
  refuses('signature', /was not made by the trust anchor/, [leaf, relabelled], [byHash(root)]);
});

test('a pinned key is an authority only where its certificate says so', () => {
  const own = issue({ subject: 'Own', dnsNames: ['localhost'] });
  const leaf = issue({ subject: 'localhost', issuer: own, dnsNames: ['localhost'] });
  refuses('basicConstraints', /trust anchor 'CN=Own': it is not an authority/, [leaf, own], [byHash(own)]);
  // Version 1 cannot say it; a caller who gives the certificate itself says it in its place.
  const old = issue({ subject: 'Old', version: 0, keyIdentifiers: false, keyUsage: null });
  const below = issue({ subject: 'localhost', issuer: old, dnsNames: ['localhost'] });
  accepts([below], [whole(old)]);
  refuses('basicConstraints', /version 1 cannot say so/, [below, old], [byHash(old)]);
});

test('an anchor vouches only for the names that its caller allows', () => {
  const inside = { nameConstraints: { permitted: dns('localhost') } };
  const outside = { nameConstraints: { excluded: dns('localhost') } };
  const elsewhere = { nameConstraints: { permitted: dns('example.com') } };
  for (const trust of [whole, nameAndKey, byHash]) {
    const chain = [server, intermediate, root];
    const free = issue({ subject: '', issuer: intermediate, dnsNames: ['localhost'] });
    accepts([free, intermediate, root], [trust(root, inside)]);
    refuses('nameConstraints', /trust anchor.*DNS:localhost is excluded/, chain, [trust(root, outside)]);
    refuses(
      'nameConstraints',
      /trust anchor.*DNS:localhost is not among the permitted names \(such as DNS:example\.com\)/,
      chain,
      [trust(root, elsewhere)],
    );
  }
  for (const pin of [whole, byHash]) {
    accepts([server], [pin(server, inside)]);
    refuses(
      'nameConstraints',
      /not accepted here: DNS:localhost is excluded/,
      [server],
      [pin(server, outside)],
    );
  }
});

test("an anchor's own constraints are not widened by its caller", () => {
  const anchor = issue({ subject: 'Anchor', ca: true, nameConstraints: { permitted: [{ dns: 'a.test' }] } });
  const leaf = issue({ subject: 'localhost', issuer: anchor, dnsNames: ['localhost'] });
  const constraints = { nameConstraints: { permitted: dns('localhost') }, pathLength: 5 };
  refuses('nameConstraints', /such as DNS:a\.test/, [leaf], [whole(anchor, constraints)]);
  const flat = issue({ subject: 'Flat', ca: true, pathLen: 0 });
  const below = issue({ subject: 'Below', issuer: flat, ca: true });
  const end = issue({ subject: 'localhost', issuer: below, dnsNames: ['localhost'] });
  refuses('pathLength', /allows 0 authorities/, [end, below], [whole(flat, constraints)]);
});

test('an anchor has as many authorities below it as its caller allows', () => {
  for (const trust of [whole, nameAndKey, byHash]) {
    const chain = [server, intermediate, root];
    accepts(chain, [trust(root, { pathLength: 1 })]);
    refuses('pathLength', /trust anchor.*it allows 0 authorities below it, and there is 1/, chain, [
      trust(root, { pathLength: 0 }),
    ]);
  }
});

test('of two anchors with one key the one that allows it is taken', () => {
  const never = { nameConstraints: { excluded: dns('localhost') } };
  accepts([server, intermediate], [whole(root, never), nameAndKey(root)]);
});

test('constraints of the caller hold for every path, and every certificate of it', () => {
  const leaf = issue({ subject: '', issuer: intermediate, dnsNames: ['localhost'] });
  const chain = [leaf, intermediate];
  const permitted = dns('localhost');
  accepts(chain, [whole(root)], { nameConstraints: { permitted } });
  refuses('nameConstraints', /not accepted here: DNS:localhost is excluded/, chain, [whole(root)], {
    nameConstraints: { excluded: permitted },
  });
  const named = issue({ subject: 'Named', issuer: root, ca: true, dnsNames: ['a.test'] });
  const below = issue({ subject: '', issuer: named, dnsNames: ['localhost'] });
  refuses(
    'nameConstraints',
    /intermediate 'CN=Named': its names are not accepted here: DNS:a\.test/,
    [below, named],
    [whole(root)],
    {
      nameConstraints: { permitted },
    },
  );
  // Self-issued authorities are exempt (RFC 5280 section 6.1.3 (b)), anchors are no part of the path.
  const rollover = issue({ subject: 'Test root p256', issuer: root, ca: true, dnsNames: ['a.test'] });
  const under = issue({ subject: '', issuer: rollover, dnsNames: ['localhost'] });
  accepts([under, rollover], [whole(root)], { nameConstraints: { permitted } });
  refuses('nameConstraints', /not accepted here/, [server], [whole(server)], {
    nameConstraints: { excluded: permitted },
  });
});

test('without partial chains a path ends at a root, and other anchors only lead there', () => {
  const partial = { allowPartialChain: false };
  accepts([server], [whole(intermediate)]);
  refuses(
    'issuer',
    /is among the trust anchors itself, but is no root/,
    [server],
    [whole(intermediate)],
    partial,
  );
  assert.deepEqual(accepts([server], [whole(intermediate), whole(root)], partial), [
    'leaf localhost',
    'intermediate Test intermediate p256',
    'anchor Test root p256',
  ]);
  refuses('issuer', /is among the trust anchors itself/, [server], [whole(server)], partial);
  const own = issue({ subject: 'localhost', dnsNames: ['localhost'] });
  accepts([own], [whole(own)], partial);
  accepts([server], [nameAndKey(intermediate)], partial);
  // Self-issued, but by the key that came before.
  const rollover = issue({ subject: 'Test root p256', issuer: root, ca: true });
  const below = issue({ subject: 'localhost', issuer: rollover, dnsNames: ['localhost'] });
  accepts([below], [whole(rollover)]);
  refuses('issuer', /names itself as its issuer, with another key/, [below], [whole(rollover)], partial);
  accepts([below], [whole(rollover), whole(root)], partial);
});

test('however often a certificate is a candidate, its key is hashed once', () => {
  let hashes = 0;
  const provider: typeof nodeProvider = {
    ...nodeProvider,
    hash: (name) => {
      hashes++;
      return nodeProvider.hash(name);
    },
  };
  const key = makeKey('p256');
  const twins = [1, 2, 3, 4].map((serial) => issue({ subject: 'A', issuer: root, ca: true, key, serial }));
  const below = [1, 2, 3, 4].map((serial) =>
    issue({ subject: 'B', issuer: twins[0] as Issued, ca: true, key: server.key, serial }),
  );
  const leaf = issue({ subject: 'localhost', issuer: below[0] as Issued, dnsNames: ['localhost'] });
  const options = { provider, intermediates: [...below, ...twins].map(parse) };
  const chain = [leaf, ...below, ...twins];
  refuses('issuer', /neither among/, chain, [byHash(issue({ subject: 'x' }))], options);
  // The leaf, the intermediates; and what the verdict shows of certificates, once each.
  assert.ok(hashes <= 2 * chain.length, `${hashes} hashes`);
});

test('anchors that make no sense are the caller’s mistake', () => {
  const wrong = (anchor: unknown, words: RegExp): void => {
    assert.throws(
      () => judge([server], [anchor as TrustAnchor]),
      (error) => error instanceof ConfigError && error.option === 'anchors' && words.test(error.message),
    );
  };
  wrong({ publicKeyHash: new Uint8Array(20) }, /expected the 32 bytes of a SHA-256 hash, found 20/);
  for (const pathLength of [-1, 1.5, Number.NaN]) wrong(whole(root, { pathLength }), /pathLength/);
  for (const name of [
    { kind: 'dNSName', value: 'b\u00fccher.example' },
    { kind: 'dNSName', value: '*.a.test' },
    { kind: 'rfc822Name', value: 'a@b@c.test' },
    { kind: 'uniformResourceIdentifier', value: 'https://a.test/' },
    { kind: 'iPAddress', octets: new Uint8Array(4) },
    { kind: 'iPAddress', octets: Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0) },
    { kind: 'iPAddress', octets: new Uint8Array(5) },
    { kind: 'registeredID', oid: '1.2.3' },
  ] as const) {
    wrong(whole(root, { nameConstraints: { permitted: [name] } }), /expected names of the kinds/);
    assert.throws(
      () => judge([server], [whole(root)], { nameConstraints: { excluded: [name] } }),
      (error) => error instanceof ConfigError && error.option === 'nameConstraints',
    );
  }
});
