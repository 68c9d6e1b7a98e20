import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { parseCertificationRequest } from '../../src/x509/certification-request.ts';
import * as der from '../support/der.ts';
import { CHALLENGE_PASSWORD, EXTENSION_REQUEST, replace, request } from './requests.ts';

const LIMIT = { timeout: 30_000 };
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
