/** Collections of certificates that are none. */
import { concat } from '../../../src/wire/bytes.ts';
import { parseCertsOnly } from '../../../src/x509/certs-only.ts';
import type { DerReason } from '../../../src/x509/der.ts';
import * as der from '../../support/der.ts';
import { certsOnly } from '../../support/evidence.ts';
import { testPki } from '../../support/pki.ts';
import type { Refusal } from './refusal.ts';

const { root } = testPki();
const whole = certsOnly([root.der]);
const SIGNED_DATA = der.oid('1.2.840.113549.1.7.2');
const DATA = der.oid('1.2.840.113549.1.7.1');

const CASES: readonly (readonly [what: string, bytes: Uint8Array, reason: DerReason])[] = [
  ['nothing', new Uint8Array(0), 'truncated'],
  ['its end missing', certsOnly([]).subarray(0, -1), 'truncated'],
  ['bytes behind it', concat(whole, Uint8Array.of(0)), 'trailing-data'],
  ['a certificate', root.der, 'unexpected-tag'],
  [
    'data that is not signed',
    der.sequence(DATA, der.context(0, der.octetString(root.der))),
    'extension-value',
  ],
  ['nothing in it', der.sequence(SIGNED_DATA), 'truncated'],
  [
    'two contents',
    der.sequence(SIGNED_DATA, der.context(0, der.sequence(), der.sequence())),
    'trailing-data',
  ],
  ['a number for a certificate', certsOnly([der.integer(1)]), 'unexpected-tag'],
  ['too many certificates', certsOnly(new Array<Uint8Array>(101).fill(der.context(1))), 'too-many'],
];

export const COLLECTIONS: readonly Refusal[] = CASES.map(([what, bytes, reason]) => ({
  what,
  reason,
  code: 'ERR_BAD_CERTIFICATE',
  length: bytes.length,
  parse: () => parseCertsOnly(bytes),
}));
