/** Certs-only messages: what is read out of them. What is refused stands in the table of `refused.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertsOnly } from '../../src/x509/index.ts';
import * as der from '../support/der.ts';
import { certsOnly } from '../support/evidence.ts';
import { testPki } from '../support/pki.ts';

const { root, intermediate } = testPki();
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = der.sequence(der.oid('1.2.840.113549.1.7.1'));
const message = (...certificates: readonly Uint8Array[]): Uint8Array => certsOnly(certificates);

const subjects = (bytes: Uint8Array): string[] => parseCertsOnly(bytes).map(({ subject }) => `${subject}`);

test('certificates come in their order', () => {
  const names = ['CN=Test intermediate p256', 'CN=Test root p256'];
  assert.deepEqual(subjects(message(intermediate.der, root.der)), names);
  assert.deepEqual(subjects(message(root.der, intermediate.der)), names.toReversed());
  const empty = [der.integer(1), der.set(), DATA, der.set()];
  assert.deepEqual(subjects(der.sequence(der.oid(SIGNED_DATA), der.context(0, der.sequence(...empty)))), []);
});

test('revocation lists, other kinds of certificates, and malformed ones are passed over', () => {
  const broken = der.sequence(der.integer(1));
  const attribute = der.context(1, der.integer(1));
  const names = subjects(message(broken, attribute, root.der));
  assert.deepEqual(names, ['CN=Test root p256']);
  const withLists = [der.integer(1), der.set(), DATA, der.context(0, root.der), der.context(1), der.set()];
  const bytes = der.sequence(der.oid(SIGNED_DATA), der.context(0, der.sequence(...withLists)));
  assert.deepEqual(subjects(bytes), ['CN=Test root p256']);
});

test('the bytes are copied', () => {
  const bytes = message(root.der);
  const [certificate] = parseCertsOnly(bytes);
  bytes.fill(0);
  assert.deepEqual(certificate?.der, root.der);
});
