import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureAlgorithm } from '../../src/crypto/provider.ts';
import { equalBytes, toHex } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { fingerprint, isSelfIssued, parseCertificate, serialNumberText } from '../../src/x509/certificate.ts';
import { readCertificates } from '../../src/x509/pem.ts';
import * as der from '../support/der.ts';
import { issue, KEY_KINDS, type KeyKind, makeKey, pssParameters, testPki } from '../support/pki.ts';
import { algorithm, base, EC, extension, keyInfo, NOTHING, P256, PSS, rsaKey } from './changes.ts';

const SIGNATURES: Readonly<Record<KeyKind, SignatureAlgorithm>> = {
  p256: { kind: 'ecdsa', hash: 'SHA-256' },
  p384: { kind: 'ecdsa', hash: 'SHA-384' },
  p521: { kind: 'ecdsa', hash: 'SHA-512' },
  rsa2048: { kind: 'rsa-pkcs1', hash: 'SHA-256' },
  'rsa-pss': { kind: 'rsa-pss', hash: 'SHA-256', mgfHash: 'SHA-256', saltLength: 32 },
  ed25519: { kind: 'ed25519' },
  ed448: { kind: 'ed448' },
};

for (const kind of KEY_KINDS) {
  test(`a ${kind} certificate is read, and its signature holds over the part that was signed`, () => {
    const { server, intermediate } = testPki(kind);
    const certificate = parseCertificate(server.der);
    const issuer = parseCertificate(intermediate.der);
    assert.deepEqual(certificate.signatureAlgorithm, SIGNATURES[kind]);
    assert.ok(certificate.signatureAlgorithm && issuer.publicKeyInfo.key);
    const { signatureAlgorithm, tbs, signature } = certificate;
    assert.equal(nodeProvider.verify(signatureAlgorithm, issuer.publicKeyInfo.key, tbs, signature), true);
    assert.equal(
      nodeProvider.verify(signatureAlgorithm, issuer.publicKeyInfo.key, tbs.slice(1), signature),
      false,
    );
  });
}

test('everything in a certificate is found', () => {
  const { server, intermediate, root } = testPki();
  const certificate = parseCertificate(server.der);
  const oracle = new X509Certificate(server.der);
  assert.equal(certificate.version, 3);
  assert.deepEqual(certificate.der, server.der);
  assert.equal(String(certificate.subject), 'CN=localhost');
  assert.equal(String(certificate.issuer), 'CN=Test intermediate p256');
  assert.equal(serialNumberText(certificate).toUpperCase(), oracle.serialNumber);
  assert.equal(certificate.notBefore.time, Date.parse(oracle.validFrom));
  assert.equal(certificate.notAfter.time, Date.parse(oracle.validTo));
  assert.equal(
    fingerprint(certificate, nodeProvider),
    oracle.fingerprint256.replaceAll(':', '').toLowerCase(),
  );
  assert.deepEqual(certificate.keyUsage, ['digitalSignature']);
  assert.deepEqual(certificate.extKeyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(certificate.basicConstraints, undefined);
  assert.deepEqual(parseCertificate(intermediate.der).basicConstraints, { ca: true, pathLength: 0 });
  assert.deepEqual(parseCertificate(root.der).basicConstraints, { ca: true });
  assert.deepEqual(
    certificate.subjectAltName?.map((name) =>
      'value' in name ? name.value : 'octets' in name && toHex(name.octets),
    ),
    ['localhost', '7f000001', '00000000000000000000000000000001'],
  );
  assert.deepEqual(
    certificate.authorityKeyIdentifier?.keyIdentifier,
    parseCertificate(intermediate.der).subjectKeyIdentifier,
  );
  assert.equal(certificate.extensions.size, 5);
  assert.equal(isSelfIssued(certificate), false);
  assert.equal(isSelfIssued(parseCertificate(root.der)), true);
});

test('the parsed certificate keeps its own copy', () => {
  const { server } = testPki();
  const buffer = server.der.slice();
  const certificate = parseCertificate(buffer);
  buffer.fill(0);
  assert.deepEqual(certificate.der, server.der);
  assert.ok(equalBytes(certificate.tbs, server.der.subarray(4, 4 + certificate.tbs.length)));
});

test("all of Node's root certificates are read, and say what node:crypto says they say", () => {
  assert.ok(rootCertificates.length > 100);
  for (const pem of rootCertificates) {
    const [certificate] = readCertificates(pem, 'ca');
    assert.ok(certificate);
    const oracle = new X509Certificate(pem);
    assert.equal(certificate.notAfter.time, Date.parse(oracle.validTo), oracle.subject);
    assert.equal(
      fingerprint(certificate, nodeProvider),
      oracle.fingerprint256.replaceAll(':', '').toLowerCase(),
    );
    assert.equal(
      serialNumberText(certificate)
        .replace(/^0+(?=.)/, '')
        .toUpperCase(),
      oracle.serialNumber.replace(/^0+(?=.)/, ''),
    );
    assert.equal(
      certificate.basicConstraints?.ca ?? certificate.version === 1,
      oracle.ca || certificate.version === 1,
    );
    assert.ok(certificate.publicKeyInfo.key, oracle.subject);
    assert.ok(certificate.signatureAlgorithm, oracle.subject);
    assert.ok(isSelfIssued(certificate), oracle.subject);
  }
});

test('what is not known survives: algorithms, curves, extensions', () => {
  const unknown = der.sequence(der.oid('1.2.3.4.5'), der.utf8String('anything'));
  const certificate = parseCertificate(issue({ ...base, ...algorithm(unknown) }).der);
  assert.equal(certificate.signatureAlgorithm, undefined);
  assert.equal(certificate.signatureIdentifier.oid, '1.2.3.4.5');
  const curve = parseCertificate(
    issue({ ...base, ...keyInfo(EC, der.oid('1.3.132.0.10'), new Uint8Array(65)) }).der,
  );
  assert.equal(curve.publicKeyInfo.key, undefined);
  assert.equal(curve.publicKeyInfo.curveOid, '1.3.132.0.10');
  const explicit = parseCertificate(
    issue({ ...base, ...keyInfo(EC, der.sequence(der.integer(1)), new Uint8Array(65)) }).der,
  );
  assert.equal(explicit.publicKeyInfo.key, undefined);
  const compressed = new Uint8Array(33).fill(2);
  assert.equal(
    parseCertificate(issue({ ...base, ...keyInfo(EC, P256, compressed) }).der).publicKeyInfo.key,
    undefined,
  );
  const value = Uint8Array.of(1, 2, 3);
  const extended = parseCertificate(
    issue({ ...base, extraExtensions: [{ oid: '1.2.3', critical: true, value }] }).der,
  );
  assert.deepEqual(extended.extensions.get('1.2.3'), { oid: '1.2.3', critical: true, value });
});

test('RSASSA-PSS parameters are read with their defaults', () => {
  const read = (parameters: Uint8Array): SignatureAlgorithm | undefined =>
    parseCertificate(issue({ ...base, ...algorithm(der.sequence(der.oid(PSS), parameters)) }).der)
      .signatureAlgorithm;
  const defaults = { kind: 'rsa-pss', hash: 'SHA-1', mgfHash: 'SHA-1', saltLength: 20 };
  assert.deepEqual(read(der.sequence()), defaults);
  assert.deepEqual(read(pssParameters('sha384', 7)), {
    ...defaults,
    hash: 'SHA-384',
    mgfHash: 'SHA-384',
    saltLength: 7,
  });
  const sha512 = der.sequence(der.oid('2.16.840.1.101.3.4.2.3'));
  assert.deepEqual(read(der.sequence(der.context(0, sha512))), { ...defaults, hash: 'SHA-512' });
  const sha3 = der.sequence(der.oid('2.16.840.1.101.3.4.2.8'));
  assert.equal(read(der.sequence(der.context(0, sha3))), undefined);
  assert.equal(read(der.sequence(der.context(1, der.sequence(der.oid('1.2.3'), sha512)))), undefined);
});

test('a PSS key keeps its restriction', () => {
  const restricted = parseCertificate(
    issue({ ...base, key: 'p256', ...keyInfo(PSS, pssParameters('sha256', 32), rsaKey) }).der,
  );
  const { key } = restricted.publicKeyInfo;
  assert.ok(key?.kind === 'rsa-pss');
  assert.deepEqual(key.restriction, { hash: 'SHA-256', mgfHash: 'SHA-256', minSaltLength: 32 });
  const free = parseCertificate(issue({ ...base, ...keyInfo(PSS, NOTHING, rsaKey) }).der).publicKeyInfo.key;
  assert.ok(free?.kind === 'rsa-pss' && free.restriction === undefined);
});

test('serial numbers are shown as they are, even negative ones', () => {
  const shown = (serial: bigint): string =>
    serialNumberText(parseCertificate(issue({ ...base, serial }).der));
  assert.deepEqual([0n, 1n, 127n, 128n, 255n, -1n, -128n, -129n, -256n].map(shown), [
    '00',
    '01',
    '7f',
    '0080',
    '00ff',
    '-01',
    '-80',
    '-81',
    '-100',
  ]);
});

test('unique identifiers are read over', () => {
  const identifier = (n: number): Uint8Array => der.contextPrimitive(n, Uint8Array.of(0, 0xaa));
  const { der: bytes } = issue({
    ...base,
    editFields: (f) => [...f.slice(0, 7), identifier(1), identifier(2), f[7] ?? NOTHING],
  });
  assert.equal(parseCertificate(bytes).subjectAltName?.length, 1);
  const reversed = issue({ ...base, editFields: (f) => [...f.slice(0, 7), identifier(2), identifier(1)] });
  assert.throws(() => parseCertificate(reversed.der), TlsError);
});

test('basicConstraints that write cA as FALSE are tolerated', () => {
  const certificate = parseCertificate(
    issue({ ...base, ...extension('2.5.29.19', der.sequence(der.boolean(false))) }).der,
  );
  assert.deepEqual(certificate.basicConstraints, { ca: false });
});

test('keyUsage with zeros at its end, as two public roots have it, is tolerated', () => {
  const value = der.bitString(Uint8Array.of(0x06, 0), 7);
  assert.deepEqual(parseCertificate(issue({ ...base, ...extension('2.5.29.15', value) }).der).keyUsage, [
    'keyCertSign',
    'cRLSign',
  ]);
});

test('a key that the process makes and one that a certificate carries are the same', () => {
  const key = makeKey('ed25519');
  const { publicKeyInfo } = parseCertificate(issue({ ...base, key }).der);
  assert.deepEqual(publicKeyInfo.key, { kind: 'ed25519', key: publicKeyInfo.bits });
});
