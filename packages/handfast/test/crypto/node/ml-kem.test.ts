/** Two implementations of ML-KEM: each speaks with the other, and the better one is taken. */
import assert from 'node:assert/strict';
import * as nodeCrypto from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { mlKemExchange } from '../../../src/crypto/ml-kem.ts';
import { nativeMlKem } from '../../../src/crypto/node/ml-kem.ts';
import { nobleMlKem } from '../../../src/crypto/node/ml-kem-noble.ts';
import { toHex } from '../../../src/wire/bytes.ts';
import { groupName, NamedGroup } from '../../../src/wire/registry.ts';
import { nativeSubject, nobleSubject } from './ml-kem.ts';

const noble = nobleMlKem((length) => new Uint8Array(randomBytes(length)));

test('node:crypto is used where it has ML-KEM', () => {
  assert.equal(nativeMlKem.size, 'encapsulate' in nodeCrypto ? 2 : 0);
  assert.equal(noble.size, 2);
});

test('what is wiped after use is a fresh array, and no other is asked for', () => {
  const drawn: Uint8Array[] = [];
  const counted = nobleMlKem((length) => {
    const bytes = new Uint8Array(randomBytes(length));
    drawn.push(bytes);
    return bytes;
  });
  const kem = counted.get(NamedGroup.MLKEM768);
  assert.ok(kem);
  const { encapsulationKey } = kem.generate();
  kem.encapsulate(encapsulationKey);
  assert.deepEqual(
    drawn.map(({ length }) => length),
    [64, 32],
  );
  for (const bytes of drawn) assert.ok(bytes.every((byte) => byte === 0));
});

test('a number that is no ML-KEM group has no exchange', () => {
  const kem = noble.get(NamedGroup.MLKEM768);
  assert.ok(kem);
  assert.throws(() => mlKemExchange(NamedGroup.x25519, kem), RangeError);
});

for (const [group, native] of nativeMlKem) {
  const name = groupName(group);
  const other = noble.get(group);
  const subject = nativeSubject;
  assert.ok(other && subject);
  const exchanges = { 'node:crypto': mlKemExchange(group, native), noble: mlKemExchange(group, other) };

  for (const [client, server] of [
    ['node:crypto', 'noble'],
    ['noble', 'node:crypto'],
  ] as const) {
    test(`${name}: ${client} as client with ${server} as server`, async () => {
      for (let i = 0; i < 10; i++) {
        const offer = await exchanges[client].start();
        const { share, secret } = await exchanges[server].respond(offer.share);
        assert.equal(toHex(await offer.finish(share)), toHex(secret));
      }
    });
  }

  test(`${name}: one seed gives one key pair, with the same secret for every ciphertext`, async () => {
    for (let i = 0; i < 5; i++) {
      const seed = new Uint8Array(randomBytes(64));
      const a = await mlKemExchange(group, subject.withRandom(group, seed)).start();
      const b = await mlKemExchange(group, nobleSubject.withRandom(group, seed)).start();
      assert.equal(toHex(a.share), toHex(b.share));
      const { share, secret } = await exchanges.noble.respond(a.share);
      assert.equal(toHex(await a.finish(share)), toHex(secret));
      // Changed ciphertexts too: both refuse them in silence, by the same rule.
      for (const ciphertext of [share, share.map((byte) => byte ^ 0x80), new Uint8Array(share.length)]) {
        assert.equal(toHex(await a.finish(ciphertext)), toHex(await b.finish(ciphertext)));
      }
    }
  });
}
