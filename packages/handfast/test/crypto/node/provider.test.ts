import assert from 'node:assert/strict';
import { getCiphers } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import { testProvider } from '../conformance.ts';

testProvider(nodeProvider);

test('the node provider offers what this runtime has', () => {
  assert.equal(nodeProvider.aeads.has('CHACHA20-POLY1305'), getCiphers().includes('chacha20-poly1305'));
  const curves = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e];
  const fields = [0x0100, 0x0101, 0x0102, 0x0103, 0x0104];
  const withMlKem = [0x11ec, 0x11eb, 0x11ed, 0x0201, 0x0202];
  assert.deepEqual([...nodeProvider.groups.keys()], [...curves, ...fields, ...withMlKem]);
  if (!getCiphers().includes('chacha20-poly1305')) {
    assert.throws(() => nodeProvider.aead('CHACHA20-POLY1305', new Uint8Array(32)), RangeError);
  }
});
