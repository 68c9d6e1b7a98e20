import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { MAX_PATH_CERTIFICATES, MAX_RSA_EXPONENT_BITS, MAX_RSA_MODULUS_BITS } from '../../src/x509/limits.ts';
import { verdictError } from '../../src/x509/verdict.ts';
import * as der from '../support/der.ts';
import {
  type Issued,
  type IssueOptions,
  issue,
  makeKey,
  signatureAlgorithm,
  testPki,
} from '../support/pki.ts';
import { distributionPoints } from '../support/revocation.ts';
import { accepts, refuses } from './support.ts';

// Every test tries to be accepted with something that is wrong in one respect.

const DAY = 86_400_000;
const { root, intermediate, server, client } = testPki();

const leafUnder = (issuer: Issued, options: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'localhost', issuer, dnsNames: ['localhost'], extKeyUsage: ['serverAuth'], ...options });

const authorityUnder = (issuer: Issued, options: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'Authority', issuer, ca: true, ...options });

test('the chains that all the others are changes of are accepted', () => {
  accepts([server, intermediate], [root]);
  accepts([client, intermediate], [root], { purpose: 'client' });
  const authority = authorityUnder(root);
  accepts([leafUnder(authority), authority], [root]);
});

test('an empty list of anchors refuses everything, in its own words', () => {
  const { error } = refuses('anchors', /No authority is trusted here/, [server, intermediate], []);
  assert.equal(error, 'ERR_UNKNOWN_CA');
});

test('a self-signed leaf that is not among the anchors', () => {
  const own = issue({ subject: 'localhost', dnsNames: ['localhost'] });
  refuses('issuer', /self-signed.*not among the trust anchors/, [own], [root]);
  refuses('issuer', /self-signed/, [own, own, root], [root]);
});

test('a self-signed leaf that is an anchor itself is accepted, for what it says only', () => {
  const own = issue({ subject: 'localhost', dnsNames: ['localhost'], ca: true, keyUsage: null });
  const { path } = accepts([own], [root, own]);
  assert.deepEqual(
    path.map(({ role }) => role),
    ['anchor'],
  );
  refuses('name', /does not carry the name 'example.test'/, [own], [own], { name: 'example.test' });
  refuses('notAfter', /expired/, [own], [own], { at: Date.now() + 400 * DAY });
  const other = issue({
    subject: 'localhost',
    dnsNames: ['localhost'],
    ca: true,
    key: own.key,
    keyUsage: null,
  });
  refuses('issuer', /self-signed/, [issue({ subject: 'localhost', dnsNames: ['localhost'] })], [root]);
  // The same name and key, but other bytes: an anchor vouches for it only as an authority vouches for a leaf.
  refuses('basicConstraints', /is an authority/, [other], [own]);
});

test('an authority of the same name as an anchor, with its own key', () => {
  const impostor = issue({ subject: 'Test root p256', ca: true });
  const forged = leafUnder(impostor);
  refuses('signature', /was not made by the trust anchor/, [forged], [root]);
  refuses('signature', /was not made by the trust anchor/, [forged, impostor], [root]);
});

test('a leaf signed by another key than its issuer has', () => {
  const forged = leafUnder(intermediate, { signWith: makeKey('p256') });
  refuses('signature', /was not made by the intermediate/, [forged, intermediate], [root]);
});

test('an intermediate signed by another key than the root has', () => {
  const key = makeKey('p256');
  const forged = authorityUnder(root, { signWith: key });
  refuses('signature', /was not made by the trust anchor/, [leafUnder(forged), forged], [root]);
});

test('a signature with a bit flipped', () => {
  refuses(
    'signature',
    /was not made/,
    [leafUnder(intermediate, { breakSignature: true }), intermediate],
    [root],
  );
});

test('a leaf used as an authority, with and without basicConstraints', () => {
  const victim = leafUnder(intermediate);
  refuses('basicConstraints', /is not an authority/, [leafUnder(victim), victim, intermediate], [root]);
  const explicit = leafUnder(intermediate, { ca: false });
  refuses('basicConstraints', /is not an authority/, [leafUnder(explicit), explicit, intermediate], [root]);
  const withUsage = leafUnder(intermediate, { keyUsage: ['keyCertSign'] });
  refuses('basicConstraints', /is not an authority/, [leafUnder(withUsage), withUsage, intermediate], [root]);
});

test('a version 1 certificate as an intermediate', () => {
  const old = issue({
    subject: 'Authority',
    issuer: root,
    version: 0,
    keyIdentifiers: false,
    keyUsage: null,
  });
  refuses('basicConstraints', /version 1 cannot say so/, [leafUnder(old), old], [root]);
});

test('an intermediate whose keyUsage lacks keyCertSign', () => {
  const authority = authorityUnder(root, { keyUsage: ['digitalSignature', 'cRLSign'] });
  refuses('keyUsage', /lacks keyCertSign/, [leafUnder(authority), authority], [root]);
});

test('an anchor without the right to sign certificates', () => {
  const anchor = issue({ subject: 'Anchor', ca: true, keyUsage: ['cRLSign'] });
  refuses('keyUsage', /trust anchor.*lacks keyCertSign/, [leafUnder(anchor)], [anchor]);
  const leafAsAnchor = issue({ subject: 'Anchor', ca: false });
  refuses('basicConstraints', /is not an authority/, [leafUnder(leafAsAnchor)], [leafAsAnchor]);
});

test('a path length that is exceeded, by the anchor and by an intermediate', () => {
  const low = authorityUnder(intermediate);
  refuses(
    'pathLength',
    /allows 0 authorities below it, and there is 1/,
    [leafUnder(low), low, intermediate],
    [root],
  );
  const anchor = issue({ subject: 'Anchor', ca: true, pathLen: 1 });
  const [a] = [authorityUnder(anchor, { subject: 'A' })];
  const b = authorityUnder(a, { subject: 'B' });
  accepts([leafUnder(a), a], [anchor]);
  refuses('pathLength', /trust anchor.*allows 1 authority/, [leafUnder(b), b, a], [anchor]);
});

test('self-issued authorities do not count towards the path length, but a self-issued leaf does not help either', () => {
  const anchor = issue({ subject: 'Anchor', ca: true, pathLen: 0 });
  const rollover = authorityUnder(anchor, { subject: 'Anchor' });
  accepts([leafUnder(rollover), rollover], [anchor]);
  const other = authorityUnder(rollover, { subject: 'Other' });
  refuses('pathLength', /allows 0/, [leafUnder(other), other, rollover], [anchor]);
});

test('a path longer than is accepted', () => {
  const chain = [root];
  for (let i = 0; i < 10; i++)
    chain.unshift(authorityUnder(chain[0] as Issued, { subject: `Authority ${i}` }));
  const leaf = leafUnder(chain[0] as Issued);
  refuses('pathLength', /8 are accepted/, [leaf, ...chain.slice(0, -1)], [root]);
  refuses('pathLength', /0 are accepted/, [server, intermediate], [root], { maxPathLength: 0 });
  accepts([server, intermediate], [root], { maxPathLength: 1 });
});

test('self-issued authorities do not count, but no path has more certificates than are looked at', () => {
  const rollovers = [issue({ subject: 'Anchor', ca: true })];
  while (rollovers.length < MAX_PATH_CERTIFICATES) {
    rollovers.unshift(authorityUnder(rollovers[0] as Issued, { subject: 'Anchor' }));
  }
  const anchor = rollovers.pop() as Issued;
  const [newest, second] = rollovers;
  assert.ok(newest && second);
  accepts([leafUnder(second), ...rollovers.slice(1)], [anchor]);
  // Whoever is refused is tried in other orders, too.
  const budget = { signatureChecks: 1000 };
  refuses('pathLength', /16 certificates in all/, [leafUnder(newest), ...rollovers], [anchor], { budget });
});

test('purposes: of the leaf, and of every authority above it', () => {
  refuses('extendedKeyUsage', /clientAuth only, not for serverAuth/, [client, intermediate], [root], {
    name: null,
  });
  refuses('extendedKeyUsage', /not for clientAuth/, [server, intermediate], [root], { purpose: 'client' });
  const forMail = authorityUnder(root, { extKeyUsage: ['emailProtection'] });
  refuses('extendedKeyUsage', /intermediate.*emailProtection only/, [leafUnder(forMail), forMail], [root]);
  const forAll = authorityUnder(root, { extKeyUsage: ['any'] });
  accepts([leafUnder(forAll), forAll], [root]);
  refuses(
    'extendedKeyUsage',
    /anyExtendedKeyUsage only/,
    [leafUnder(forAll, { extKeyUsage: ['any'] }), forAll],
    [root],
  );
  const mailAnchor = issue({ subject: 'Anchor', ca: true, extKeyUsage: ['emailProtection'] });
  refuses('extendedKeyUsage', /trust anchor/, [leafUnder(mailAnchor)], [mailAnchor]);
});

test('a leaf whose key may not sign a handshake', () => {
  const leaf = leafUnder(intermediate, { keyUsage: ['keyEncipherment'] });
  refuses('keyUsage', /keyEncipherment only/, [leaf, intermediate], [root]);
  accepts([leafUnder(intermediate, { keyUsage: null }), intermediate], [root]);
});

test('an authority shown as a leaf', () => {
  const own = authorityUnder(root, {
    dnsNames: ['localhost'],
    keyUsage: ['digitalSignature', 'keyCertSign'],
  });
  refuses('basicConstraints', /may not stand for a server or client/, [own], [root]);
});

test('the common name does not count as a name', () => {
  const leaf = issue({ subject: 'localhost', issuer: intermediate, extKeyUsage: ['serverAuth'] });
  refuses('name', /common name does not count/, [leaf, intermediate], [root]);
  const address = leafUnder(intermediate, { subject: '127.0.0.1', dnsNames: ['127.0.0.1'] });
  refuses('name', /does not carry the name '127.0.0.1'/, [address, intermediate], [root], {
    name: '127.0.0.1',
  });
});

test('expired and not yet valid: the leaf, an intermediate, the anchor', () => {
  const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
  const future = { notBefore: new Date(Date.now() + 10 * DAY), notAfter: new Date(Date.now() + 20 * DAY) };
  const expired = refuses('notAfter', /expired at/, [leafUnder(intermediate, past), intermediate], [root]);
  assert.equal(expired.error, 'ERR_CERTIFICATE_EXPIRED');
  refuses('notBefore', /not valid before/, [leafUnder(intermediate, future), intermediate], [root]);
  const authority = authorityUnder(root, past);
  refuses('notAfter', /The intermediate 'CN=Authority': expired/, [leafUnder(authority), authority], [root]);
  const anchor = issue({ subject: 'Anchor', ca: true, ...past });
  refuses('notAfter', /The trust anchor 'CN=Anchor': expired/, [leafUnder(anchor)], [anchor]);
});

test('the bounds of the validity belong to it', () => {
  const notBefore = new Date('2026-01-01T00:00:00Z');
  const notAfter = new Date('2026-01-01T00:00:10Z');
  const own = issue({ subject: 'localhost', dnsNames: ['localhost'], notBefore, notAfter });
  accepts([own], [own], { at: notBefore.getTime() });
  accepts([own], [own], { at: notAfter.getTime() });
  refuses('notBefore', /./, [own], [own], { at: notBefore.getTime() - 1 });
  refuses('notAfter', /./, [own], [own], { at: notAfter.getTime() + 1 });
});

test('critical extensions that nobody processes: on the leaf, an intermediate, the anchor', () => {
  const extraExtensions = [{ oid: '1.2.3.4', critical: true, value: der.nullValue() }];
  refuses(
    'criticalExtension',
    /1\.2\.3\.4 is critical/,
    [leafUnder(intermediate, { extraExtensions }), intermediate],
    [root],
  );
  const authority = authorityUnder(root, { extraExtensions });
  refuses('criticalExtension', /intermediate/, [leafUnder(authority), authority], [root]);
  const anchor = issue({ subject: 'Anchor', ca: true, extraExtensions });
  refuses('criticalExtension', /trust anchor/, [leafUnder(anchor)], [anchor]);
  const harmless = [{ oid: '1.2.3.4', value: der.nullValue() }];
  accepts([leafUnder(intermediate, { extraExtensions: harmless }), intermediate], [root]);
});

/** Extensions that are read, but that no rule of a path acts on, and some that are not read at all. */
const NOT_PROCESSED: readonly (readonly [name: string, oid: string, value: Uint8Array])[] = [
  ['subjectKeyIdentifier', '2.5.29.14', der.octetString(Uint8Array.of(1))],
  ['authorityKeyIdentifier', '2.5.29.35', der.sequence()],
  ['issuerAltName', '2.5.29.18', der.sequence(der.contextPrimitive(2, Uint8Array.of(0x61)))],
  ['cRLDistributionPoints', '2.5.29.31', distributionPoints({ fullName: [{ uri: 'http://a.test/' }] }).value],
  ['freshestCRL', '2.5.29.46', distributionPoints({ fullName: [{ uri: 'http://a.test/' }] }).value],
  ['subjectDirectoryAttributes', '2.5.29.9', der.sequence()],
  ['authorityInfoAccess', '1.3.6.1.5.5.7.1.1', caIssuers()],
  ['subjectInfoAccess', '1.3.6.1.5.5.7.1.11', caIssuers()],
  ['tlsFeature', '1.3.6.1.5.5.7.1.24', der.sequence(der.integer(5))],
  ['signedCertificateTimestampList', '1.3.6.1.4.1.11129.2.4.2', der.octetString(Uint8Array.of(0, 0))],
  // Always critical: what is signed with it is no certificate yet (RFC 6962 section 3.1).
  ['precertificatePoison', '1.3.6.1.4.1.11129.2.4.3', der.nullValue()],
];

function caIssuers(): Uint8Array {
  const location = der.contextPrimitive(6, Buffer.from('http://a.test/'));
  return der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), location));
}

for (const [name, oid, value] of NOT_PROCESSED) {
  test(`${name}, where it is critical`, () => {
    const leaf = leafUnder(intermediate, {
      keyIdentifiers: false,
      extraExtensions: [{ oid, critical: true, value }],
    });
    refuses(
      'criticalExtension',
      /is critical, and handfast does not process it/,
      [leaf, intermediate],
      [root],
    );
  });
}

test('weak and unsupported keys and signatures', () => {
  const sha1 = leafUnder(intermediate, { signatureHash: 'sha1' });
  refuses('weakSignature', /SHA-1.*too weak/, [sha1, intermediate], [root]);
  const md5 = der.sequence(der.oid('1.2.840.113549.1.1.4'), der.nullValue());
  const withMd5 = leafUnder(intermediate, { innerAlgorithm: md5, outerAlgorithm: md5 });
  refuses('signatureAlgorithm', /md5WithRSAEncryption/, [withMd5, intermediate], [root]);
  const short = rsaKeyInfo(1024);
  refuses(
    'weakKey',
    /1024 bits; at least 2048/,
    [leafUnder(intermediate, { publicKeyInfo: short }), intermediate],
    [root],
  );
  const almost = leafUnder(intermediate, { publicKeyInfo: rsaKeyInfo(2047) });
  refuses('weakKey', /2047 bits; at least 2048/, [almost, intermediate], [root]);
  for (const enough of [2048, MAX_RSA_MODULUS_BITS]) {
    accepts([leafUnder(intermediate, { publicKeyInfo: rsaKeyInfo(enough) }), intermediate], [root]);
  }
  const beyond = leafUnder(intermediate, { publicKeyInfo: rsaKeyInfo(MAX_RSA_MODULUS_BITS + 1) });
  refuses('publicKey', /8193 bits; at most 8192/, [beyond, intermediate], [root]);
  const long = rsaKeyInfo(16384);
  refuses(
    'publicKey',
    /16384 bits; at most 8192/,
    [leafUnder(intermediate, { publicKeyInfo: long }), intermediate],
    [root],
  );
  const [most, more] = [MAX_RSA_EXPONENT_BITS, MAX_RSA_EXPONENT_BITS + 1].map((bits) =>
    leafUnder(intermediate, { publicKeyInfo: rsaKeyInfo(2048, (1n << BigInt(bits - 1)) + 1n) }),
  ) as [Issued, Issued];
  accepts([most, intermediate], [root]);
  refuses('publicKey', /exponent/, [more, intermediate], [root]);
  const even = rsaKeyInfo(2048, 65536n);
  refuses('publicKey', /exponent/, [leafUnder(intermediate, { publicKeyInfo: even }), intermediate], [root]);
  const one = rsaKeyInfo(2048, 1n);
  refuses('publicKey', /exponent/, [leafUnder(intermediate, { publicKeyInfo: one }), intermediate], [root]);
  const dsa = der.sequence(der.sequence(der.oid('1.2.840.10040.4.1')), der.bitString(Uint8Array.of(5, 0)));
  refuses(
    'publicKey',
    /not supported/,
    [leafUnder(intermediate, { publicKeyInfo: dsa }), intermediate],
    [root],
  );
});

function rsaKeyInfo(bits: number, exponent = 65537n): Uint8Array {
  const modulus = (1n << BigInt(bits - 1)) + 1n;
  const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue());
  return der.sequence(algorithm, der.bitString(der.sequence(der.integer(modulus), der.integer(exponent))));
}

test('an algorithm that does not fit the key that signed', () => {
  // Says Ed25519, signed by a P-256 key; and a PSS-only key that is made to sign as plain RSA.
  const ed25519 = signatureAlgorithm(makeKey('ed25519'), 'sha256');
  const claimed = leafUnder(intermediate, { innerAlgorithm: ed25519, outerAlgorithm: ed25519 });
  refuses('signature', /was not made/, [claimed, intermediate], [root]);
  const rsa = makeKey('rsa2048');
  const pssOnly = authorityUnder(root, { key: rsa, publicKeyInfo: asPssOnly(rsa) });
  refuses('signature', /was not made/, [leafUnder(pssOnly, { signWith: rsa }), pssOnly], [root]);
  accepts([leafUnder(pssOnly, { signWith: rsa, pss: true }), pssOnly], [root]);
});

function asPssOnly(key: ReturnType<typeof makeKey>): Uint8Array {
  const { publicKeyInfo } = parseCertificate(issue({ subject: 'x', key }).der);
  return der.sequence(der.sequence(der.oid('1.2.840.113549.1.1.10')), der.bitString(publicKeyInfo.bits));
}

test('names that must not be empty', () => {
  const noIssuer = leafUnder(intermediate, { issuerName: '' });
  refuses('issuer', /./, [noIssuer, intermediate], [root]);
  const nameless = issue({ subject: '', ca: true });
  refuses('emptyName', /the issuer is empty/, [leafUnder(nameless)], [nameless]);
  const unnamed = authorityUnder(root, { subject: '' });
  refuses('emptyName', /authority without a name/, [leafUnder(unnamed), unnamed], [root]);
});

test('a negative serial number', () => {
  refuses('serialNumber', /negative/, [leafUnder(intermediate, { serial: -5 }), intermediate], [root]);
});

test('a refusal becomes an error with the sentence, the alert and the verdict', () => {
  const verdict = refuses('name', /does not carry/, [server, intermediate], [root], { name: 'other.test' });
  const error = verdictError(verdict);
  assert.equal(error.code, 'ERR_NAME_MISMATCH');
  assert.equal(error.alert, 'bad_certificate');
  assert.equal(error.message, `${verdict.sentence} ${verdict.advice}`);
  assert.equal(error.context.verdict, verdict);
});
