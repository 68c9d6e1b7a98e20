/** TLS 1.3 with every group and cipher of the provider: what the matrix of all that goes together leaves out as costly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HYBRIDS } from '../../src/crypto/hybrid.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import { TLS13_CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import { toHex } from '../../src/wire/bytes.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { cipherSuiteName, groupName, NamedGroup } from '../../src/wire/registry.ts';
import { connectedPair, type Pair, text } from '../support/pair.ts';

const { x25519, ffdhe2048, X25519MLKEM768 } = NamedGroup;

function checkData(pair: Pair): void {
  pair.client.send(text('to the server'));
  pair.server.send(text('to the client'));
  pair.run();
  assert.equal(pair.textOf('server'), 'to the server');
  assert.equal(pair.textOf('client'), 'to the client');
}

function agree(client: Partial<ClientOptions>, server: Partial<ServerOptions>): Pair {
  const pair = connectedPair({ client, server });
  assert.equal(pair.establishedOn('client').group, pair.establishedOn('server').group);
  checkData(pair);
  return pair;
}

for (const group of nodeProvider.groups.keys()) {
  test(`${groupName(group)}: at once, and after a HelloRetryRequest`, { timeout: 30_000 }, () => {
    const atOnce = agree({ groups: [group] }, { groups: [group] }).establishedOn('server');
    assert.equal(atOnce.group, group);
    assert.equal(atOnce.helloRetried, false);

    const first = group === x25519 ? NamedGroup.secp256r1 : x25519;
    const groups = [first, group];
    const retried = agree({ groups, keyShares: [first] }, { groups: [group] }).establishedOn('server');
    assert.equal(retried.group, group);
    assert.equal(retried.helloRetried, true);
  });
}

test('every cipher suite of TLS 1.3, those with the short tag too', () => {
  for (const suite of TLS13_CIPHER_SUITES.keys()) {
    const pair = agree({ cipherSuites: [suite] }, { cipherSuites: [suite] });
    assert.equal(cipherSuiteName(pair.establishedOn('server').cipherSuite), cipherSuiteName(suite));
  }
});

/** The client's shares by group, as a rewriter of its hello sees them. */
function withShares(shares: Map<NamedGroup, string>): Partial<ClientOptions> {
  const note = (hello: ClientHello): ClientHello => {
    for (const { group, keyExchange } of hello.extensions.keyShare ?? [])
      shares.set(group, toHex(keyExchange));
    return hello;
  };
  return { customize: { ClientHello: note } };
}

for (const [group, { classical, order }] of HYBRIDS) {
  test(`${groupName(group)} and ${groupName(classical)} beside it are one key, whichever the server takes`, () => {
    for (const taken of [group, classical]) {
      const shares = new Map<NamedGroup, string>();
      const groups = [group, classical];
      const pair = agree({ groups, keyShares: groups, ...withShares(shares) }, { groups: [taken] });
      assert.equal(pair.establishedOn('client').group, taken);
      assert.equal(pair.establishedOn('client').helloRetried, false);
      const [whole, half] = [shares.get(group), shares.get(classical)];
      assert.ok(whole !== undefined && half !== undefined);
      assert.ok(order === 'kem-first' ? whole.endsWith(half) : whole.startsWith(half));
    }
  });
}

test('two shares without a half in common are two keys', () => {
  const shares = new Map<NamedGroup, string>();
  const groups = [X25519MLKEM768, NamedGroup.secp256r1, ffdhe2048];
  agree({ groups, keyShares: groups, ...withShares(shares) }, { groups: [ffdhe2048] });
  assert.deepEqual([...shares.keys()], groups);
});
