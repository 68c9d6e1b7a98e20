import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureAlgorithm } from '../../src/crypto/provider.ts';
import { concat, equalBytes, toHex } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { fingerprint, isSelfIssued, parseCertificate, serialNumberText } from '../../src/x509/certificate.ts';
import type { DerReason } from '../../src/x509/der.ts';
import { readCertificates } from '../../src/x509/pem.ts';
import * as der from '../support/der.ts';
import {
  type IssueOptions,
  issue,
  KEY_KINDS,
  type KeyKind,
  makeKey,
  pssParameters,
  testPki,
} from '../support/pki.ts';

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

const base = { subject: 'x', dnsNames: ['x.test'] } as const;
const extension = (oid: string, value: Uint8Array): Partial<IssueOptions> => ({
  keyUsage: null,
  dnsNames: [],
  keyIdentifiers: false,
  extraExtensions: [{ oid, value }],
});
const replaceField = (index: number, value: Uint8Array): Partial<IssueOptions> => ({
  editFields: (fields) => fields.with(index, value),
});
const algorithm = (value: Uint8Array): Partial<IssueOptions> => ({
  innerAlgorithm: value,
  outerAlgorithm: value,
});
const keyInfo = (oid: string, parameters: Uint8Array, bits: Uint8Array): Partial<IssueOptions> => ({
  publicKeyInfo: der.sequence(der.sequence(der.oid(oid), parameters), der.bitString(bits)),
});
const NOTHING = new Uint8Array(0);
const EC = '1.2.840.10045.2.1';
const RSA = '1.2.840.113549.1.1.1';
const P256 = der.oid('1.2.840.10045.3.1.7');
const PSS = '1.2.840.113549.1.1.10';
const rsaKey = der.sequence(der.integer(1n << 2047n), der.integer(65537));

/** Certificates that are none, each for its own reason. */
const REFUSED: readonly (readonly [what: string, change: Partial<IssueOptions>, reason: DerReason])[] = [
  ['v1 written out', replaceField(0, der.context(0, der.integer(0))), 'default-encoded'],
  ['v4', { version: 3 }, 'version'],
  ['extensions in v2', { version: 1 }, 'version'],
  [
    'a unique identifier in v1',
    { version: 0, editFields: (f) => [...f.slice(0, 7), der.contextPrimitive(1, Uint8Array.of(0, 1))] },
    'version',
  ],
  ['a serial number that is padded', replaceField(1, der.tlv(2, Uint8Array.of(0, 1))), 'integer-not-minimal'],
  ['an empty serial number', replaceField(1, der.tlv(2)), 'integer-empty'],
  ['validity with one date', replaceField(4, der.sequence(der.time(new Date()))), 'truncated'],
  [
    'validity with three dates',
    replaceField(4, der.sequence(...[1, 2, 3].map((n) => der.time(new Date((n * 1e12) / 2))))),
    'trailing-data',
  ],
  ['a field too many', { editFields: (fields) => [...fields, der.nullValue()] }, 'trailing-data'],
  ['no extensions in the list', replaceField(7, der.context(3, der.sequence())), 'empty-list'],
  ['two lists of extensions', { editFields: (fields) => [...fields, fields[7] ?? NOTHING] }, 'trailing-data'],
  [
    '"critical" written as FALSE',
    replaceField(
      7,
      der.context(
        3,
        der.sequence(der.sequence(der.oid('1.2.3'), der.boolean(false), der.octetString(NOTHING))),
      ),
    ),
    'default-encoded',
  ],
  [
    'a duplicate of an unknown extension',
    {
      extraExtensions: [
        { oid: '1.2.3', value: NOTHING },
        { oid: '1.2.3', value: NOTHING },
      ],
    },
    'duplicate-extension',
  ],
  [
    'bytes after an extension',
    extension('2.5.29.14', concat(der.octetString(NOTHING), Uint8Array.of(0))),
    'trailing-data',
  ],
  ['an empty subjectAltName', extension('2.5.29.17', der.sequence()), 'empty-list'],
  ['an empty extKeyUsage', extension('2.5.29.37', der.sequence()), 'empty-list'],
  ['keyUsage without a bit', extension('2.5.29.15', der.bitString(NOTHING)), 'extension-value'],
  ['keyUsage with zeros', extension('2.5.29.15', der.bitString(Uint8Array.of(0))), 'extension-value'],
  ['empty name constraints', extension('2.5.29.30', der.sequence()), 'empty-list'],
  ['name constraints with an empty list', extension('2.5.29.30', der.sequence(der.context(0))), 'empty-list'],
  [
    'a name constraint with a minimum',
    extension(
      '2.5.29.30',
      der.sequence(
        der.context(
          0,
          der.sequence(der.contextPrimitive(2, NOTHING), der.contextPrimitive(0, Uint8Array.of(1))),
        ),
      ),
    ),
    'extension-value',
  ],
  [
    'a negative path length',
    extension('2.5.29.19', der.sequence(der.boolean(true), der.integer(-1))),
    'integer-negative',
  ],
  [
    'an endless path length',
    extension('2.5.29.19', der.sequence(der.boolean(true), der.integer(2n ** 40n))),
    'integer-too-large',
  ],
  ['an empty authorityInfoAccess', extension('1.3.6.1.5.5.7.1.1', der.sequence()), 'empty-list'],
  [
    'an authorityKeyIdentifier out of order',
    extension(
      '2.5.29.35',
      der.sequence(der.contextPrimitive(2, Uint8Array.of(1)), der.contextPrimitive(0, Uint8Array.of(1))),
    ),
    'trailing-data',
  ],
  [
    'ECDSA with NULL parameters',
    algorithm(der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nullValue())),
    'algorithm-parameters',
  ],
  [
    'Ed25519 with NULL parameters',
    algorithm(der.sequence(der.oid('1.3.101.112'), der.nullValue())),
    'algorithm-parameters',
  ],
  [
    'RSA with other parameters',
    algorithm(der.sequence(der.oid('1.2.840.113549.1.1.11'), der.integer(1))),
    'unexpected-tag',
  ],
  ['PSS without parameters', algorithm(der.sequence(der.oid(PSS))), 'algorithm-parameters'],
  ['PSS with NULL parameters', algorithm(der.sequence(der.oid(PSS), der.nullValue())), 'unexpected-tag'],
  [
    'PSS with its trailer written out',
    algorithm(der.sequence(der.oid(PSS), der.sequence(der.context(3, der.integer(1))))),
    'default-encoded',
  ],
  [
    'PSS with a negative salt',
    algorithm(der.sequence(der.oid(PSS), der.sequence(der.context(2, der.integer(-1))))),
    'integer-negative',
  ],
  [
    'PSS with MGF1 that names no hash',
    algorithm(
      der.sequence(der.oid(PSS), der.sequence(der.context(1, der.sequence(der.oid('1.2.840.113549.1.1.8'))))),
    ),
    'algorithm-parameters',
  ],
  ['an RSA key without NULL', keyInfo(RSA, NOTHING, rsaKey), 'algorithm-parameters'],
  [
    'an RSA key with a negative modulus',
    keyInfo(RSA, der.nullValue(), der.sequence(der.integer(-5), der.integer(3))),
    'integer-negative',
  ],
  [
    'an RSA key with a third number',
    keyInfo(RSA, der.nullValue(), der.sequence(der.integer(5), der.integer(3), der.integer(1))),
    'trailing-data',
  ],
  ['an RSA key that ends early', keyInfo(RSA, der.nullValue(), der.sequence(der.integer(5))), 'truncated'],
  ['a P-256 point of another length', keyInfo(EC, P256, Uint8Array.of(4, 1, 2)), 'public-key'],
  ['a hybrid P-256 point', keyInfo(EC, P256, new Uint8Array(65).fill(6)), 'public-key'],
  ['a short Ed25519 key', keyInfo('1.3.101.112', NOTHING, new Uint8Array(31)), 'public-key'],
  [
    'an Ed448 key with parameters',
    keyInfo('1.3.101.113', der.nullValue(), new Uint8Array(57)),
    'algorithm-parameters',
  ],
];

for (const [what, change, reason] of REFUSED) {
  test(`a certificate with ${what} is refused: ${reason}`, () => {
    const { der: bytes } = issue({ ...base, ...change });
    assert.throws(
      () => parseCertificate(bytes),
      (error) => {
        assert.ok(error instanceof TlsError, String(error));
        assert.equal(error.code, 'ERR_BAD_CERTIFICATE');
        assert.equal(error.context['reason'], reason, error.message);
        assert.match(error.message, /^the certificate is malformed at byte \d+: \S+/);
        const offset = error.context.offset;
        assert.ok(offset !== undefined && offset > 0 && offset <= bytes.length);
        return true;
      },
    );
  });
}

test('bytes around a certificate are refused', () => {
  const { der: bytes } = issue(base);
  for (const [changed, reason] of [
    [concat(bytes, Uint8Array.of(0)), 'trailing-data'],
    [bytes.subarray(0, -1), 'truncated'],
    [NOTHING, 'truncated'],
    [der.sequence(bytes), 'truncated'],
  ] as const) {
    assert.throws(
      () => parseCertificate(changed),
      (error) => error instanceof TlsError && error.context['reason'] === reason,
    );
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

test('a key that the process makes and one that a certificate carries are the same', () => {
  const key = makeKey('ed25519');
  const { publicKeyInfo } = parseCertificate(issue({ ...base, key }).der);
  assert.deepEqual(publicKeyInfo.key, { kind: 'ed25519', key: publicKeyInfo.bits });
});
