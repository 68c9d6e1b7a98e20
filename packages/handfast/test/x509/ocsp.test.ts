import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import type { DerReason } from '../../src/x509/der.ts';
import { MAX_OCSP_RESPONSE_LENGTH } from '../../src/x509/limits.ts';
import { type BasicOcspResponse, parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import * as der from '../support/der.ts';
import { testPki } from '../support/pki.ts';
import {
  makeOcspResponse,
  type OcspOptions,
  ocspFailure,
  Reason,
  type SingleSpec,
  wrapOcspResponse,
} from '../support/revocation.ts';
import { parse } from './support.ts';

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server, client } = testPki();
const noon = new Date('2026-03-01T12:00:00Z');
const about: SingleSpec = { certificate: server, issuer: intermediate };

/** A response with everything in it that is read. */
const rich = makeOcspResponse(
  [
    { ...about, thisUpdate: noon, nextUpdate: new Date(noon.getTime() + 1000) },
    { certificate: client, issuer: intermediate, hash: 'sha256', status: { reason: Reason.superseded } },
    { certificate: intermediate, issuer: root, status: {}, nextUpdate: null },
    {
      ...about,
      status: 'unknown',
      hash: 'md5',
      extensions: [{ oid: '1.2.3', value: der.nullValue() }],
    },
  ],
  {
    by: 'key',
    nonce: Uint8Array.of(1, 2, 3),
    extensions: [{ oid: '1.2.4', value: der.nullValue() }],
    certificates: [server.der, root.der],
  },
);

function basicOf(bytes: Uint8Array): BasicOcspResponse {
  const response = parseOcspResponse(bytes);
  assert.ok(response.status === 'successful');
  return response.basic;
}

test('everything that a response says is read', LIMIT, () => {
  const basic = basicOf(rich);
  assert.ok('keyHash' in basic.responderId && basic.responderId.keyHash.length === 20);
  assert.deepEqual(basic.nonce, Uint8Array.of(1, 2, 3));
  assert.equal(basic.extensions.size, 2);
  assert.deepEqual(
    basic.certificates.map(({ subject }) => String(subject)),
    ['CN=localhost', 'CN=Test root p256'],
  );
  const [good, revoked, bare, unknown] = basic.responses;
  assert.equal(good?.status, 'good');
  assert.equal(good?.thisUpdate, noon.getTime());
  assert.equal(good?.nextUpdate, noon.getTime() + 1000);
  assert.equal(good?.certificateId.hash, 'SHA-1');
  assert.deepEqual(good?.certificateId.serialNumber, parse(server).serialNumber);
  assert.equal(revoked?.status, 'revoked');
  assert.equal(revoked?.reason, 'superseded');
  assert.ok((revoked?.revocationTime ?? 0) > 0);
  assert.equal(revoked?.certificateId.hash, 'SHA-256');
  assert.equal(bare?.status, 'revoked');
  assert.equal(bare?.reason, undefined);
  assert.equal(bare?.nextUpdate, undefined);
  assert.equal(unknown?.status, 'unknown');
  assert.equal(unknown?.certificateId.hash, undefined);
  assert.equal(unknown?.extensions.size, 1);
});

test('a responder by name', LIMIT, () => {
  const { responderId } = basicOf(makeOcspResponse([about]));
  assert.ok('name' in responderId);
  assert.equal(String(responderId.name), 'CN=Test intermediate p256');
});

test('why there is no answer', LIMIT, () => {
  const statuses = [1, 2, 3, 5, 6].map((status) => parseOcspResponse(ocspFailure(status)).status);
  assert.deepEqual(statuses, [
    'malformedRequest',
    'internalError',
    'tryLater',
    'sigRequired',
    'unauthorized',
  ]);
});

test('the bytes are copied', LIMIT, () => {
  const bytes = rich.slice();
  const response = parseOcspResponse(bytes);
  bytes.fill(0);
  assert.deepEqual(response.der, rich);
});

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

const REFUSED: readonly (readonly [what: string, bytes: Uint8Array, reason: DerReason, words: RegExp])[] = [
  ['nothing', new Uint8Array(0), 'truncated', /OCSPResponse/],
  ['bytes behind it', concat(rich, NULL), 'trailing-data', /follow/],
  ['the status 4', ocspFailure(4), 'extension-value', /4 is no status/],
  ['the status 7', ocspFailure(7), 'extension-value', /7 is no status/],
  ['success without an answer', ocspFailure(0), 'truncated', /responseBytes/],
  ['a failure with an answer', wrapOcspResponse(NULL, undefined, 3), 'trailing-data', /follow/],
  ['another type', wrapOcspResponse(NULL, '1.2.3'), 'extension-value', /expected basic, found 1\.2\.3/],
  ['an answer that is none', wrapOcspResponse(NULL), 'unexpected-tag', /BasicOCSPResponse/],
  [
    'v1 written out',
    make({ editFields: (f) => [der.context(0, der.integer(0)), ...f] }),
    'default-encoded',
    /v1 is written/,
  ],
  ['v2', make({ editFields: (f) => [der.context(0, der.integer(1)), ...f] }), 'version', /found v2/],
  ['a responder of neither kind', field(0, der.context(3, NULL)), 'unexpected-tag', /responderID/],
  [
    'a responder with a short hash',
    field(0, der.context(2, der.octetString(NULL))),
    'extension-value',
    /20 bytes, found 2/,
  ],
  ['a time in UTCTime', field(1, der.utcTime(noon)), 'unexpected-tag', /producedAt/],
  [
    'a time with fractions',
    field(1, der.tlv(0x18, new TextEncoder().encode('20260301120000.5Z'))),
    'time-form',
    /producedAt/,
  ],
  ['about nobody', field(2, der.sequence()), 'empty-list', /at least one/],
  [
    'about too many',
    field(2, der.sequence(...many(101, der.sequence(certId, good, then)))),
    'too-many',
    /more than 100/,
  ],
  ['an unknown state', single(certId, der.contextPrimitive(3, NULL), then), 'unexpected-tag', /certStatus/],
  [
    'a state with content',
    single(certId, der.contextPrimitive(0, NULL), then),
    'null-not-empty',
    /no content/,
  ],
  ['revoked for the reason 7', make({}, { status: { reason: 7 } }), 'extension-value', /7 is no reason/],
  ['a single with more', single(certId, good, then, NULL), 'trailing-data', /follow/],
  ['nextUpdate twice', single(certId, good, then, der.context(0, then, then)), 'trailing-data', /nextUpdate/],
  [
    'a hash with parameters',
    single(
      der.sequence(der.sequence(der.oid('1.3.14.3.2.26'), hash), hash, hash, der.integer(1)),
      good,
      then,
    ),
    'unexpected-tag',
    /parameters/,
  ],
  [
    'an unknown critical extension',
    make({ extensions: [{ oid: '1.2.3', critical: true, value: NULL }] }),
    'critical-extension',
    /1\.2\.3 is critical/,
  ],
  [
    'an unknown critical extension of a single response',
    make({}, { extensions: [{ oid: '1.2.3', critical: true, value: NULL }] }),
    'critical-extension',
    /1\.2\.3 is critical/,
  ],
  [
    'a nonce that is not wrapped',
    make({ extensions: [{ oid: '1.3.6.1.5.5.7.48.1.2', value: NULL }] }),
    'unexpected-tag',
    /nonce/,
  ],
  ['a certificate that is none', make({ certificates: [der.sequence()] }), 'truncated', /certs: /],
  ['more certificates than are read', make({ certificates: many(9, server.der) }), 'too-many', /more than 8/],
  ['more bytes than are read', new Uint8Array(MAX_OCSP_RESPONSE_LENGTH + 1), 'too-many', /at most 65536/],
];

for (const [what, bytes, reason, words] of REFUSED) {
  test(`refused: ${what}`, LIMIT, () => {
    assert.throws(
      () => parseOcspResponse(bytes),
      (error) => {
        assert.ok(error instanceof TlsError);
        assert.equal(error.code, 'ERR_BAD_CERTIFICATE_STATUS');
        assert.equal(error.context['reason'], reason, error.message);
        assert.match(error.message, words);
        return true;
      },
    );
  });
}

test('whatever comes, a response is read or refused', LIMIT, () => {
  const reads = (bytes: Uint8Array): void => {
    try {
      assert.deepEqual(parseOcspResponse(bytes).der, bytes);
    } catch (error) {
      assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE_STATUS', String(error));
      const offset = error.context['offset'];
      assert.ok(typeof offset === 'number' && offset >= 0 && offset <= bytes.length, error.message);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), reads), { numRuns: 500 });
  const edit = fc.record({ at: fc.nat(5000), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const bytes = Array.from(rich);
      for (const { at, remove, insert } of edits) bytes.splice(at % bytes.length, remove, ...insert);
      reads(Uint8Array.from(bytes));
    }),
    { numRuns: 2000 },
  );
  for (let at = 0; at < rich.length; at++) {
    reads(rich.subarray(0, at));
    for (const change of [0x01, 0x20, 0x80, 0xff]) {
      reads(rich.map((byte, index) => (index === at ? byte ^ change : byte)));
    }
  }
});
