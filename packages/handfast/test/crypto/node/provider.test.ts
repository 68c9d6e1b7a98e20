import assert from 'node:assert/strict';
import { getCiphers } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import { testProvider } from '../conformance.ts';

testProvider(nodeProvider);

test('the node provider offers what this runtime has', () => {
  assert.equal(nodeProvider.aeads.has('CHACHA20-POLY1305'), getCiphers().includes('chacha20-poly1305'));
  assert.deepEqual([...nodeProvider.groups.keys()], [0x001d, 0x0017, 0x0018, 0x0019, 0x001e]);
  if (!getCiphers().includes('chacha20-poly1305')) {
    assert.throws(() => nodeProvider.aead('CHACHA20-POLY1305', new Uint8Array(32)), RangeError);
  }
});
