/** Certificates that are none. */
import { ascii, concat } from '../../../src/wire/bytes.ts';
import { parseCertificate } from '../../../src/x509/certificate.ts';
import { DerReader, type DerReason } from '../../../src/x509/der.ts';
import * as der from '../../support/der.ts';
import { type IssueOptions, issue } from '../../support/pki.ts';
import {
  algorithm,
  base,
  EC,
  extension,
  keyInfo,
  NOTHING,
  P256,
  PSS,
  RSA,
  replaceField,
  rsaKey,
} from '../changes.ts';
import { ANY, P, policiesValue } from '../policy-values.ts';
import type { Refusal } from './refusal.ts';

const qualified = (policy: string, kind: string): Uint8Array =>
  der.sequence(der.oid(policy), der.sequence(der.sequence(der.oid(kind), der.nullValue())));

const validity = (notBefore: Uint8Array): Partial<IssueOptions> =>
  replaceField(4, der.sequence(notBefore, der.utcTime(new Date())));
const rsaSha256 = (parameters: Uint8Array): Uint8Array =>
  der.sequence(der.oid('1.2.840.113549.1.1.11'), parameters);
const point = (length: number): Uint8Array => new Uint8Array(length).fill(4, 0, 1);

/** Each for its own reason. */
const CHANGES: readonly (readonly [what: string, change: Partial<IssueOptions>, reason: DerReason])[] = [
  ['v1 written out', replaceField(0, der.context(0, der.integer(0))), 'default-encoded'],
  ['v4', { version: 3 }, 'version'],
  ['extensions in v1', { version: 0 }, 'version'],
  ['extensions in v2', { version: 1 }, 'version'],
  [
    'a unique identifier in v1',
    { version: 0, editFields: (f) => [...f.slice(0, 7), der.contextPrimitive(1, Uint8Array.of(0, 1))] },
    'version',
  ],
  ['a length that is not minimal', replaceField(1, Uint8Array.of(2, 0x81, 1, 5)), 'length-not-minimal'],
  ['an indefinite length', replaceField(4, Uint8Array.of(0x30, 0x80, 0, 0)), 'indefinite-length'],
  ['a serial number that is padded', replaceField(1, der.tlv(2, Uint8Array.of(0, 1))), 'integer-not-minimal'],
  ['an empty serial number', replaceField(1, der.tlv(2)), 'integer-empty'],
  [
    'another algorithm outside of what is signed',
    { outerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) },
    'algorithm-mismatch',
  ],
  [
    'the same algorithm with other parameters outside',
    { innerAlgorithm: rsaSha256(der.nullValue()), outerAlgorithm: rsaSha256(NOTHING) },
    'algorithm-mismatch',
  ],
  ['a time without seconds', validity(der.tlv(0x17, ascii('2603011200Z'))), 'time-form'],
  ['a time with an offset', validity(der.tlv(0x17, ascii('260301120000+0100'))), 'time-form'],
  ['a time with fractions', validity(der.tlv(0x18, ascii('20260301120000.5Z'))), 'time-form'],
  ['a time with a year of two digits', validity(der.tlv(0x18, ascii('260301120000Z'))), 'time-form'],
  ['the 30th of February', validity(der.tlv(0x17, ascii('260230120000Z'))), 'time-value'],
  ['a date that is no time', validity(der.integer(1)), 'unexpected-tag'],
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
  [
    '"critical" written as 1',
    replaceField(
      7,
      der.context(
        3,
        der.sequence(der.sequence(der.oid('1.2.3'), der.tlv(1, Uint8Array.of(1)), der.octetString(NOTHING))),
      ),
    ),
    'boolean-value',
  ],
  [
    'a duplicate of a known extension',
    {
      extraExtensions: [{ oid: '2.5.29.15', value: der.namedBits([0]) }],
    },
    'duplicate-extension',
  ],
  ['an empty subjectAltName', extension('2.5.29.17', der.sequence()), 'empty-list'],
  ['an empty extKeyUsage', extension('2.5.29.37', der.sequence()), 'empty-list'],
  ['keyUsage without content', extension('2.5.29.15', der.tlv(3)), 'bit-string-empty'],
  [
    'keyUsage with eight unused bits',
    extension('2.5.29.15', der.bitString(Uint8Array.of(0x80), 8)),
    'bit-string-unused-bits',
  ],
  [
    'keyUsage whose unused bits are set',
    extension('2.5.29.15', der.bitString(Uint8Array.of(0x81), 1)),
    'bit-string-padding',
  ],
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
  ['a TLS feature list without a feature', extension('1.3.6.1.5.5.7.1.24', der.sequence()), 'empty-list'],
  ['no certificate policy in the list', extension('2.5.29.32', der.sequence()), 'empty-list'],
  [
    'a certificate policy that occurs twice',
    extension('2.5.29.32', policiesValue([P(1), P(2), P(1)])),
    'duplicate-policy',
  ],
  [
    'a certificate policy without qualifiers in the list',
    extension('2.5.29.32', policiesValue([], der.sequence(der.oid(P(1)), der.sequence()))),
    'empty-list',
  ],
  [
    'an unknown qualifier of anyPolicy',
    extension('2.5.29.32', policiesValue([], qualified(ANY, '1.2.3'))),
    'policy-qualifier',
  ],
  [
    'an unknown qualifier where policies are critical',
    {
      extraExtensions: [
        { oid: '2.5.29.32', critical: true, value: policiesValue([], qualified(P(1), '1.2.3')) },
      ],
    },
    'policy-qualifier',
  ],
  ['a bare OID as certificate policy', extension('2.5.29.32', der.sequence(der.oid(P(1)))), 'unexpected-tag'],
  ['no policy mapping in the list', extension('2.5.29.33', der.sequence()), 'empty-list'],
  [
    'a policy mapping to nothing',
    extension('2.5.29.33', der.sequence(der.sequence(der.oid(P(1))))),
    'truncated',
  ],
  [
    'a policy mapping to two',
    extension('2.5.29.33', der.sequence(der.sequence(...[1, 2, 3].map((n) => der.oid(P(n)))))),
    'trailing-data',
  ],
  ['empty policy constraints', extension('2.5.29.36', der.sequence()), 'empty-list'],
  [
    'policy constraints out of order',
    extension(
      '2.5.29.36',
      der.sequence(der.contextPrimitive(1, Uint8Array.of(0)), der.contextPrimitive(0, Uint8Array.of(0))),
    ),
    'trailing-data',
  ],
  [
    'a negative policy constraint',
    extension('2.5.29.36', der.sequence(der.contextPrimitive(0, Uint8Array.of(0xff)))),
    'integer-negative',
  ],
  ['a negative inhibitAnyPolicy', extension('2.5.29.54', der.integer(-1)), 'integer-negative'],
  [
    'an inhibitAnyPolicy and more',
    extension('2.5.29.54', concat(der.integer(1), der.integer(1))),
    'trailing-data',
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
    'Ed448 with NULL parameters',
    algorithm(der.sequence(der.oid('1.3.101.113'), der.nullValue())),
    'algorithm-parameters',
  ],
  [
    'ML-DSA-65 with NULL parameters',
    algorithm(der.sequence(der.oid('2.16.840.1.101.3.4.3.18'), der.nullValue())),
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
  [
    'PSS with a hash that has parameters',
    algorithm(
      der.sequence(
        der.oid(PSS),
        der.sequence(der.context(0, der.sequence(der.oid('2.16.840.1.101.3.4.2.1'), der.integer(1)))),
      ),
    ),
    'unexpected-tag',
  ],
  [
    'PSS with its fields out of order',
    algorithm(
      der.sequence(
        der.oid(PSS),
        der.sequence(
          der.context(2, der.integer(32)),
          der.context(0, der.sequence(der.oid('2.16.840.1.101.3.4.2.1'))),
        ),
      ),
    ),
    'trailing-data',
  ],
  ['a PSS key with NULL parameters', keyInfo(PSS, der.nullValue(), rsaKey), 'unexpected-tag'],
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
  ['a P-384 point of the size of P-256', keyInfo(EC, der.oid('1.3.132.0.34'), point(65)), 'public-key'],
  ['a P-521 point of 132 bytes', keyInfo(EC, der.oid('1.3.132.0.35'), point(132)), 'public-key'],
  ['a long Ed448 key', keyInfo('1.3.101.113', NOTHING, new Uint8Array(58)), 'public-key'],
  [
    'a key in a BIT STRING that ends inside a byte',
    {
      publicKeyInfo: der.sequence(der.sequence(der.oid('1.3.101.112')), der.bitString(new Uint8Array(32), 3)),
    },
    'bit-string-unused-bits',
  ],
  ['a short Ed25519 key', keyInfo('1.3.101.112', NOTHING, new Uint8Array(31)), 'public-key'],
  [
    'an ML-DSA-44 key of the size of ML-DSA-65',
    keyInfo('2.16.840.1.101.3.4.3.17', NOTHING, new Uint8Array(1952)),
    'public-key',
  ],
  [
    'an ML-DSA-87 key with parameters',
    keyInfo('2.16.840.1.101.3.4.3.19', der.nullValue(), new Uint8Array(2592)),
    'algorithm-parameters',
  ],
  [
    'an Ed448 key with parameters',
    keyInfo('1.3.101.113', der.nullValue(), new Uint8Array(57)),
    'algorithm-parameters',
  ],
];

/** All its signatures are of one length. */
const sized = issue({ ...base, key: 'ed25519' }).der;

/** Bytes around a certificate. */
const AROUND: readonly (readonly [
  what: string,
  change: (bytes: Uint8Array) => Uint8Array,
  reason: DerReason,
])[] = [
  ['a byte behind it', (bytes) => concat(bytes, Uint8Array.of(0)), 'trailing-data'],
  ['its last byte cut off', (bytes) => bytes.subarray(0, -1), 'truncated'],
  ['nothing', () => NOTHING, 'truncated'],
  ['a sequence around it', (bytes) => der.sequence(bytes), 'truncated'],
  [
    'a signature that ends inside a byte',
    (bytes) => {
      const outer = new DerReader(bytes).sequence('x');
      const parts = [outer.sequence('x').encoding(), outer.sequence('x').encoding()];
      return der.sequence(...parts, der.bitString(Uint8Array.of(1, 2), 1));
    },
    'bit-string-unused-bits',
  ],
];

const refusal = (what: string, reason: DerReason, bytes: Uint8Array): Refusal => ({
  what,
  reason,
  code: 'ERR_BAD_CERTIFICATE',
  length: bytes.length,
  parse: () => parseCertificate(bytes),
});

export const CERTIFICATES: readonly Refusal[] = [
  ...CHANGES.map(([what, change, reason]) => refusal(what, reason, issue({ ...base, ...change }).der)),
  ...AROUND.map(([what, change, reason]) => refusal(what, reason, change(sized))),
];
