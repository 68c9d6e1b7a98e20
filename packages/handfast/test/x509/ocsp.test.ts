import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TlsError } from '../../src/wire/errors.ts';
import { type BasicOcspResponse, parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import * as der from '../support/der.ts';
import { testPki } from '../support/pki.ts';
import { makeOcspResponse, ocspFailure, Reason, type SingleSpec } from '../support/revocation.ts';
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
