/** Revocation lists that are none. */

import type { DerReason } from '../../../src/x509/der.ts';
import { MAX_REVOCATION_LIST_ENTRIES, MAX_REVOCATION_LIST_LENGTH } from '../../../src/x509/limits.ts';
import { parseCertificateRevocationList } from '../../../src/x509/revocation/crl.ts';
import * as der from '../../support/der.ts';
import { encodeName, signatureAlgorithm, testPki } from '../../support/pki.ts';
import { type ListOptions, makeList } from '../../support/revocation.ts';
import type { Refusal } from './refusal.ts';

const { root, server } = testPki();
const noon = new Date('2026-03-01T12:00:00Z');

const field = (index: number, value: Uint8Array): ListOptions => ({
  editFields: (fields) => fields.with(index, value),
});
const extension = (oid: string, value: Uint8Array, critical = false): ListOptions => ({
  number: null,
  extensions: [{ oid, value, critical }],
});
const scope = (...items: readonly Uint8Array[]): ListOptions =>
  extension('2.5.29.28', der.sequence(...items));
const entry = (oid: string, value: Uint8Array, critical = false): ListOptions => ({
  revoked: [{ certificate: server, extensions: [{ oid, value, critical }] }],
});
const TRUE = Uint8Array.of(0xff);
const points = (...items: readonly Uint8Array[]): ListOptions =>
  extension('2.5.29.46', der.sequence(...items));
const reason = (number: number): Uint8Array => der.tlv(0x0a, Uint8Array.of(number));

const CHANGES: readonly (readonly [what: string, change: ListOptions, reason: DerReason])[] = [
  ['version 1', field(0, new Uint8Array(0)), 'version'],
  ['version 3', field(0, der.integer(2)), 'version'],
  ['two algorithms', { outerAlgorithm: signatureAlgorithm(root.key, 'sha384') }, 'algorithm-mismatch'],
  ['an empty list of entries', field(5, der.sequence()), 'empty-list'],
  ['an empty list of extensions', field(6, der.context(0, der.sequence())), 'empty-list'],
  ['two lists of extensions', { editFields: (f) => [...f, f[6] ?? TRUE] }, 'trailing-data'],
  ['a local time', field(3, der.tlv(0x17, new TextEncoder().encode('2603011200+0100'))), 'time-form'],
  ['an unknown critical extension', extension('1.2.3', TRUE, true), 'critical-extension'],
  ['a negative number', { number: -1 }, 'integer-negative'],
  ['a huge number', extension('2.5.29.20', der.integer(1n << 168n)), 'integer-too-large'],
  ['a scope that says nothing', scope(), 'empty-list'],
  [
    'a scope of users and authorities',
    scope(der.contextPrimitive(1, TRUE), der.contextPrimitive(2, TRUE)),
    'extension-value',
  ],
  ['a flag written as FALSE', scope(der.contextPrimitive(4, Uint8Array.of(0))), 'default-encoded'],
  ['a scope for no reason', scope(der.contextPrimitive(3, Uint8Array.of(7, 0))), 'extension-value'],
  ['a scope with something else', scope(der.nullValue()), 'trailing-data'],
  [
    'a point name of two forms',
    scope(der.context(0, der.context(0, der.contextPrimitive(2, TRUE)), TRUE)),
    'trailing-data',
  ],
  ['a point name of no form', scope(der.context(0, der.nullValue())), 'unexpected-tag'],
  ['an empty relative name', scope(der.context(0, der.context(1))), 'empty-list'],
  ['no points', points(), 'empty-list'],
  ['an empty point', points(der.sequence()), 'extension-value'],
  [
    'a point with reasons only',
    points(der.sequence(der.contextPrimitive(1, Uint8Array.of(6, 0x40)))),
    'extension-value',
  ],
  ['the reason 7', entry('2.5.29.21', reason(7)), 'extension-value'],
  ['the reason 11', entry('2.5.29.21', reason(11)), 'extension-value'],
  ['removeFromCRL in a complete list', entry('2.5.29.21', reason(8)), 'extension-value'],
  ['an invalidity date as UTCTime', entry('2.5.29.24', der.utcTime(noon)), 'unexpected-tag'],
  [
    "an entry's issuer in a direct list",
    entry('2.5.29.29', der.sequence(der.context(4, encodeName('x'))), true),
    'extension-value',
  ],
  ['an unknown critical extension of an entry', entry('1.2.3', TRUE, true), 'critical-extension'],
];

/** One entry more than a list may have, each of the same certificate. */
function tooManyEntries(): Uint8Array {
  const one = der.sequence(der.integer(1), der.utcTime(noon));
  const many = new Uint8Array(one.length * (MAX_REVOCATION_LIST_ENTRIES + 1));
  for (let at = 0; at < many.length; at += one.length) many.set(one, at);
  return makeList(root, field(5, der.sequence(many)));
}

const refusal = (what: string, reason: DerReason, bytes: Uint8Array): Refusal => ({
  what,
  reason,
  code: 'ERR_BAD_CERTIFICATE_STATUS',
  length: bytes.length,
  parse: () => parseCertificateRevocationList(bytes),
});

export const LISTS: readonly Refusal[] = [
  ...CHANGES.map(([what, change, reason]) => refusal(what, reason, makeList(root, change))),
  refusal('more bytes than a list may have', 'too-many', new Uint8Array(MAX_REVOCATION_LIST_LENGTH + 1)),
  refusal('more entries than a list may have', 'too-many', tooManyEntries()),
];
