import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import type { DerReason } from '../../src/x509/der.ts';
import * as der from '../support/der.ts';
import { type IssueOptions, issue } from '../support/pki.ts';
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
} from './changes.ts';
import { ANY, P, policiesValue } from './policy-values.ts';

const qualified = (policy: string, kind: string): Uint8Array =>
  der.sequence(der.oid(policy), der.sequence(der.sequence(der.oid(kind), der.nullValue())));

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
