import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { keyObject, MAX_IMPORTED_KEYS } from '../../../src/crypto/node/public-key.ts';
import { signingKey } from '../../../src/crypto/node/signing-key.ts';
import type { PublicKey } from '../../../src/crypto/provider.ts';

type Ed25519Key = Extract<PublicKey, { kind: 'ed25519' | 'ed448' }>;

function freshKey(): Ed25519Key {
  const { publicKey } = signingKey(generateKeyPairSync('ed25519').privateKey);
  assert.ok(publicKey?.kind === 'ed25519');
  return publicKey;
}

/** The same key in an object and bytes of its own, as a second handshake brings it. */
function again(key: PublicKey): PublicKey {
  return structuredClone(key);
}

test('a key is imported once for its content', () => {
  const key = freshKey();
  assert.equal(keyObject(again(key)), keyObject(key));
  assert.notEqual(keyObject(freshKey()), keyObject(key));
});

test('what is known by its content follows its bytes', () => {
  const key = freshKey();
  const before = keyObject(key);
  key.key.set(freshKey().key);
  assert.notEqual(keyObject(key), before);
});

test('keys of different kinds with the same bytes stay apart', () => {
  const bytes = freshKey().key;
  assert.throws(() => keyObject({ kind: 'ed448', key: bytes }));
  const ed25519 = keyObject({ kind: 'ed25519', key: bytes });
  assert.equal(ed25519.asymmetricKeyType, 'ed25519');
  assert.throws(() => keyObject({ kind: 'ed448', key: bytes }));
});

test('no more than MAX_IMPORTED_KEYS are kept, and those in use stay', () => {
  const oldest = freshKey();
  const inUse = freshKey();
  const first = { oldest: keyObject(oldest), inUse: keyObject(inUse) };
  for (let i = 0; i < MAX_IMPORTED_KEYS; i++) {
    keyObject(freshKey());
    assert.equal(keyObject(again(inUse)), first.inUse);
  }
  assert.notEqual(keyObject(again(oldest)), first.oldest);
});
