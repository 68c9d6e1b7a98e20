import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { parseCertificationRequest } from '../../src/x509/certification-request.ts';
import type { DerReason } from '../../src/x509/der.ts';
import * as der from '../support/der.ts';
import { encodeGeneralName, encodeName, makeKey, publicKeyInfo, signatureAlgorithm } from '../support/pki.ts';

const LIMIT = { timeout: 30_000 };
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const KEY = makeKey('p256');

const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(type), der.set(...values));
const names = der.sequence(
  der.sequence(der.oid('2.5.29.17'), der.octetString(der.sequence(encodeGeneralName({ dns: 'a.test' })))),
);

/** A request whose fields may be replaced. */
function request(change: (fields: Uint8Array[]) => readonly Uint8Array[] = (fields) => fields): Uint8Array {
  const info = der.sequence(
    ...change([
      der.integer(0),
      encodeName('a.test'),
      publicKeyInfo(KEY),
      der.context(0, attribute(CHALLENGE_PASSWORD, der.utf8String('x')), attribute(EXTENSION_REQUEST, names)),
    ]),
  );
  const signature = sign('sha256', info, KEY);
  return der.sequence(info, signatureAlgorithm(KEY, 'sha256'), der.bitString(signature));
}

const replace =
  (index: number, ...values: readonly Uint8Array[]) =>
  (fields: Uint8Array[]): readonly Uint8Array[] => [
    ...fields.slice(0, index),
    ...values,
    ...fields.slice(index + 1),
  ];

test('a certification request says who asks for what, and is signed with its own key', LIMIT, () => {
  const bytes = request();
  const read = parseCertificationRequest(bytes);
  assert.equal(String(read.subject), 'CN=a.test');
  assert.deepEqual(read.attributes, [CHALLENGE_PASSWORD, EXTENSION_REQUEST]);
  assert.deepEqual(read.subjectAltName, [{ kind: 'dNSName', value: 'a.test' }]);
  assert.deepEqual(read.signatureAlgorithm, { kind: 'ecdsa', hash: 'SHA-256' });
  const { key } = read.publicKeyInfo;
  assert.ok(key !== undefined && read.signatureAlgorithm !== undefined);
  assert.equal(nodeProvider.verify(read.signatureAlgorithm, key, read.tbs, read.signature), true);
  const copy = Buffer.from(read.der);
  bytes.fill(0);
  assert.deepEqual(Buffer.from(read.der), copy);
});

test('a request without attributes asks for no extensions', LIMIT, () => {
  const read = parseCertificationRequest(request(replace(3, der.context(0))));
  assert.deepEqual(read.attributes, []);
  assert.equal(read.extensions.size, 0);
});

test('requests that are none are refused, each for its reason', LIMIT, () => {
  const extensions = attribute(EXTENSION_REQUEST, names);
  const cases: readonly (readonly [string, Uint8Array, DerReason])[] = [
    ['nothing', new Uint8Array(0), 'truncated'],
    ['bytes behind it', Buffer.concat([request(), Buffer.of(0)]), 'trailing-data'],
    ['version 2', request(replace(0, der.integer(1))), 'version'],
    ['no attributes field', request(replace(3)), 'truncated'],
    ['a field too many', request((fields) => [...fields, der.nullValue()]), 'trailing-data'],
    ['an attribute twice', request(replace(3, der.context(0, extensions, extensions))), 'extension-value'],
    [
      'two lists of extensions',
      request(replace(3, der.context(0, attribute(EXTENSION_REQUEST, names, names)))),
      'trailing-data',
    ],
    [
      'a list without extensions',
      request(replace(3, der.context(0, attribute(EXTENSION_REQUEST, der.sequence())))),
      'empty-list',
    ],
    ['no list of extensions', request(replace(3, der.context(0, attribute(EXTENSION_REQUEST)))), 'truncated'],
  ];
  for (const [what, bytes, reason] of cases) {
    assert.throws(
      () => parseCertificationRequest(bytes),
      (error) =>
        error instanceof TlsError &&
        error.code === 'ERR_BAD_CERTIFICATE' &&
        error.context['reason'] === reason,
      what,
    );
  }
});

test('whatever comes, the answer is a request or the one error', LIMIT, () => {
  const sample = request();
  const changed = fc
    .tuple(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean())
    .map(([at, value, cut]) => {
      const bytes = Uint8Array.from(sample);
      bytes[at] = value;
      return cut ? bytes.subarray(0, at) : bytes;
    });
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        parseCertificationRequest(bytes);
      } catch (error) {
        if (!(error instanceof TlsError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
