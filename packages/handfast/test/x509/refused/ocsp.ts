/** OCSP responses that are none. */
import { concat } from '../../../src/wire/bytes.ts';
import type { DerReason } from '../../../src/x509/der.ts';
import { MAX_OCSP_RESPONSE_LENGTH } from '../../../src/x509/limits.ts';
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts';
import * as der from '../../support/der.ts';
import { testPki } from '../../support/pki.ts';
import {
  makeOcspResponse,
  type OcspOptions,
  ocspFailure,
  type SingleSpec,
  wrapOcspResponse,
} from '../../support/revocation.ts';
import type { Refusal } from './refusal.ts';

const { intermediate, server } = testPki();
const noon = new Date('2026-03-01T12:00:00Z');
const about: SingleSpec = { certificate: server, issuer: intermediate };

const make = (options: OcspOptions, single: Partial<SingleSpec> = {}): Uint8Array =>
  makeOcspResponse([{ ...about, ...single }], options);
const field = (index: number, value: Uint8Array): Uint8Array =>
  make({ editFields: (fields) => fields.with(index, value) });
/** A response whose only single response has these fields. */
const single = (...fields: readonly Uint8Array[]): Uint8Array =>
  field(2, der.sequence(der.sequence(...fields)));
const hash = der.octetString(new Uint8Array(20));
const certId = der.sequence(der.sequence(der.oid('1.3.14.3.2.26')), hash, hash, der.integer(1));
const good = der.contextPrimitive(0, new Uint8Array(0));
const then = der.generalizedTime(noon);
const many = (count: number, value: Uint8Array): Uint8Array[] => Array.from({ length: count }, () => value);
const NULL = der.nullValue();

const CASES: readonly (readonly [what: string, bytes: Uint8Array, reason: DerReason])[] = [
  ['nothing', new Uint8Array(0), 'truncated'],
  ['bytes behind it', concat(make({}), NULL), 'trailing-data'],
  ['the status 4', ocspFailure(4), 'extension-value'],
  ['the status 7', ocspFailure(7), 'extension-value'],
  ['success without an answer', ocspFailure(0), 'truncated'],
  ['a failure with an answer', wrapOcspResponse(NULL, undefined, 3), 'trailing-data'],
  ['another type', wrapOcspResponse(NULL, '1.2.3'), 'extension-value'],
  ['an answer that is none', wrapOcspResponse(NULL), 'unexpected-tag'],
  ['v1 written out', make({ editFields: (f) => [der.context(0, der.integer(0)), ...f] }), 'default-encoded'],
  ['v2', make({ editFields: (f) => [der.context(0, der.integer(1)), ...f] }), 'version'],
  ['a responder of neither kind', field(0, der.context(3, NULL)), 'unexpected-tag'],
  ['a responder with a short hash', field(0, der.context(2, der.octetString(NULL))), 'extension-value'],
  ['a time in UTCTime', field(1, der.utcTime(noon)), 'unexpected-tag'],
  [
    'a time with fractions',
    field(1, der.tlv(0x18, new TextEncoder().encode('20260301120000.5Z'))),
    'time-form',
  ],
  ['about nobody', field(2, der.sequence()), 'empty-list'],
  ['about too many', field(2, der.sequence(...many(101, der.sequence(certId, good, then)))), 'too-many'],
  ['an unknown state', single(certId, der.contextPrimitive(3, NULL), then), 'unexpected-tag'],
  ['a state with content', single(certId, der.contextPrimitive(0, NULL), then), 'null-not-empty'],
  ['revoked for the reason 7', make({}, { status: { reason: 7 } }), 'extension-value'],
  ['a single with more', single(certId, good, then, NULL), 'trailing-data'],
  ['nextUpdate twice', single(certId, good, then, der.context(0, then, then)), 'trailing-data'],
  [
    'a hash with parameters',
    single(
      der.sequence(der.sequence(der.oid('1.3.14.3.2.26'), hash), hash, hash, der.integer(1)),
      good,
      then,
    ),
    'unexpected-tag',
  ],
  [
    'an unknown critical extension',
    make({ extensions: [{ oid: '1.2.3', critical: true, value: NULL }] }),
    'critical-extension',
  ],
  [
    'an unknown critical extension of a single response',
    make({}, { extensions: [{ oid: '1.2.3', critical: true, value: NULL }] }),
    'critical-extension',
  ],
  [
    'a nonce that is not wrapped',
    make({ extensions: [{ oid: '1.3.6.1.5.5.7.48.1.2', value: NULL }] }),
    'unexpected-tag',
  ],
  ['a certificate that is none', make({ certificates: [der.sequence()] }), 'truncated'],
  ['more certificates than are read', make({ certificates: many(9, server.der) }), 'too-many'],
  ['more bytes than are read', new Uint8Array(MAX_OCSP_RESPONSE_LENGTH + 1), 'too-many'],
];

export const OCSP: readonly Refusal[] = CASES.map(([what, bytes, reason]) => ({
  what,
  reason,
  code: 'ERR_BAD_CERTIFICATE_STATUS',
  length: bytes.length,
  parse: () => parseOcspResponse(bytes),
}));
