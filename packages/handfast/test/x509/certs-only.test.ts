/** Certs-only messages: what is read out of them, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { parseCertsOnly } from '../../src/x509/index.ts';
import * as der from '../support/der.ts';
import { testPki } from '../support/pki.ts';

const { root, intermediate } = testPki();
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = der.sequence(der.oid('1.2.840.113549.1.7.1'));

function message(...certificates: readonly Uint8Array[]): Uint8Array {
  const fields = [der.integer(1), der.set(), DATA, der.context(0, ...certificates), der.set()];
  return der.sequence(der.oid(SIGNED_DATA), der.context(0, der.sequence(...fields)));
}

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

test('everything else is refused with its reason', () => {
  const whole = message(root.der);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(0), 'truncated'],
    [root.der, 'unexpected-tag'],
    [whole.subarray(0, -1), 'truncated'],
    [concat(whole, Uint8Array.of(0)), 'trailing-data'],
    [der.sequence(der.oid('1.2.840.113549.1.7.1'), der.context(0, der.sequence())), 'extension-value'],
    [message(der.integer(1)), 'unexpected-tag'],
    [message(...new Array<Uint8Array>(101).fill(der.context(1))), 'too-many'],
  ];
  for (const [bytes, reason] of cases) {
    assert.throws(
      () => parseCertsOnly(bytes),
      (error) =>
        error instanceof TlsError &&
        error.code === 'ERR_BAD_CERTIFICATE' &&
        error.context['reason'] === reason,
      reason,
    );
  }
});
