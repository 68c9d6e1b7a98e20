/** Clients learn from a HelloRetryRequest which key share to send next time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyShareMemory } from '../../src/handshake/client/key-share-memory.ts';
import { MAX_REMEMBERED_KEY_SHARES } from '../../src/policy/limits.ts';
import { decode } from '../../src/wire/codec.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { trusting } from '../support/identities.ts';
import { connectedPair, Pair, type PairOptions } from '../support/pair.ts';

const { x25519, secp256r1, secp384r1 } = NamedGroup;
const LIMIT = { timeout: 10_000 };

/** The groups of the key shares in each ClientHello of a pair. */
function sharesSent(options: PairOptions): (readonly number[])[] {
  const pair = new Pair({ ...options, trace: true }).run();
  return pair.trace.client.flatMap((event) =>
    event.type === 'message' && event.name === 'ClientHello'
      ? [
          (decode(clientHello, 'ClientHello', event.bytes.subarray(4)).extensions.keyShare ?? []).map(
            ({ group }) => group,
          ),
        ]
      : [],
  );
}

test('the second connection saves the round trip, and one to another name does not', LIMIT, () => {
  const client = { keyShareMemory: new KeyShareMemory() };
  const server = { groups: [secp384r1] };
  assert.deepEqual(sharesSent({ client, server }), [[x25519], [secp384r1]]);
  assert.deepEqual(sharesSent({ client, server }), [[secp384r1]]);
  const target = { name: '127.0.0.1' };
  assert.deepEqual(sharesSent({ client, server, target })[0], [x25519]);
});

test(
  'a server that has changed its mind is followed, and a group that is taken no more is not sent',
  LIMIT,
  () => {
    const client = { keyShareMemory: new KeyShareMemory() };
    assert.equal(
      connectedPair({ client, server: { groups: [secp384r1] } }).client.established?.group,
      secp384r1,
    );
    assert.deepEqual(sharesSent({ client, server: { groups: [secp256r1] } }), [[secp384r1], [secp256r1]]);
    assert.deepEqual(sharesSent({ client, server: { groups: [x25519, secp256r1] } }), [[secp256r1]]);
    const choosy = { ...client, groups: [x25519] };
    assert.deepEqual(sharesSent({ client: choosy, server: { groups: [x25519] } }), [[x25519]]);
  },
);

test('a HelloRetryRequest whose handshake fails teaches nothing', LIMIT, () => {
  const keyShareMemory = new KeyShareMemory();
  const client = { keyShareMemory, verifier: trusting('ed25519') };
  new Pair({ client, server: { groups: [secp384r1] } }).run().errorOf('client', 'ERR_UNKNOWN_CA');
  assert.equal(keyShareMemory.recall('localhost'), undefined);
});

test('only the names that were used last are remembered', LIMIT, () => {
  const memory = new KeyShareMemory();
  memory.learn('first', x25519);
  memory.learn('second', x25519);
  for (let i = 2; i < MAX_REMEMBERED_KEY_SHARES; i++) memory.learn(`name ${i}`, secp256r1);
  assert.equal(memory.recall('first'), x25519); // used again, so that the second is the oldest now
  memory.learn('one more', secp384r1);
  assert.equal(memory.recall('second'), undefined);
  assert.equal(memory.recall('first'), x25519);
  assert.equal(memory.recall('one more'), secp384r1);
});
