/** Two implementations of ML-DSA: each verifies what the other signs, and the faster one is taken. */
import assert from 'node:assert/strict';
import * as nodeCrypto from 'node:crypto';
import { test } from 'node:test';
import { hasNativeMlDsa } from '../../../src/crypto/node/ml-dsa.ts';
import { nodeProvider } from '../../../src/crypto/node/provider.ts';
import type { PublicKey } from '../../../src/crypto/provider.ts';
import { ascii } from '../../../src/wire/bytes.ts';
import { encodePublicKeyInfo } from '../../../src/x509/algorithms.ts';
import { ML_DSA_SETS, makeMlDsaKey, mlDsaOf } from '../../support/ml-dsa.ts';
import { nativeSubject, nobleSubject } from './ml-dsa.ts';

const MESSAGE = ascii('what is signed');
const subjects = [nobleSubject, ...(nativeSubject === undefined ? [] : [nativeSubject])];

test('node:crypto is used where it has ML-DSA', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [openssl = 0, patch = 0] = process.versions.openssl.split('.').map(Number);
  const isNewEnough = major > 24 || (major === 24 && minor >= 6);
  assert.equal(hasNativeMlDsa(), isNewEnough && (openssl > 3 || (openssl === 3 && patch >= 5)));
  assert.deepEqual([...(nodeProvider.mlDsa ?? [])], ML_DSA_SETS);
});

for (const parameterSet of ML_DSA_SETS) {
  const algorithm = { kind: 'ml-dsa', parameterSet } as const;
  const key = makeMlDsaKey(parameterSet);

  test(`${parameterSet}: only pure signatures with an empty context`, async () => {
    const dsa = mlDsaOf(parameterSet);
    const signatures = {
      pure: dsa.sign(MESSAGE, key.secretKey),
      context: dsa.sign(MESSAGE, key.secretKey, { context: ascii('TLS') }),
      internal: dsa.internal.sign(MESSAGE, key.secretKey),
    };
    for (const { provider } of subjects) {
      for (const [name, signature] of Object.entries(signatures)) {
        const isGood = await provider.verify(algorithm, key.publicKey, MESSAGE, signature);
        assert.equal(isGood, name === 'pure', name);
      }
    }
  });

  test(`${parameterSet}: a signature of another set, or under a key of another`, async () => {
    const signature = key.sign(MESSAGE);
    for (const other of ML_DSA_SETS.filter((set) => set !== parameterSet)) {
      const stranger = makeMlDsaKey(other).publicKey;
      const relabelled: PublicKey = { ...key.publicKey, parameterSet: other };
      for (const { provider } of [...subjects, { provider: nodeProvider }]) {
        assert.equal(
          await provider.verify({ ...algorithm, parameterSet: other }, stranger, MESSAGE, signature),
          false,
        );
        assert.equal(
          await provider.verify({ ...algorithm, parameterSet: other }, relabelled, MESSAGE, signature),
          false,
        );
      }
      assert.equal(
        await nodeProvider.verify({ ...algorithm, parameterSet: other }, key.publicKey, MESSAGE, signature),
        false,
      );
      assert.equal(await nodeProvider.verify(algorithm, relabelled, MESSAGE, signature), false);
    }
  });

  test(`${parameterSet}: the encoding of a key`, () => {
    assert.deepEqual(encodePublicKeyInfo(key.publicKey), key.publicKeyInfo);
    if (nativeSubject === undefined) return;
    const read = nodeCrypto.createPublicKey({
      key: Buffer.from(key.publicKeyInfo),
      format: 'der',
      type: 'spki',
    });
    assert.equal(read.asymmetricKeyType, parameterSet.toLowerCase());
  });

  if (nativeSubject === undefined) continue;

  test(`${parameterSet}: what node:crypto signs is verified by both`, async () => {
    const privateKey = nodeCrypto.createPrivateKey({
      key: Buffer.from(key.pkcs8),
      format: 'der',
      type: 'pkcs8',
    });
    const signature = new Uint8Array(nodeCrypto.sign(null, MESSAGE, privateKey));
    for (const { provider } of [...subjects, { provider: nodeProvider }]) {
      assert.equal(await provider.verify(algorithm, key.publicKey, MESSAGE, signature), true);
    }
  });
}
