/** External PSKs in TLS 1.3: both sides prove that they hold the key, and no certificate is shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { ExternalPsk } from '../../src/session/external-psk.ts';
import { MemoryClientSessions } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { ascii, latin1 } from '../../src/wire/bytes.ts';
import { CipherSuite } from '../../src/wire/registry.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { Pair } from '../support/pair.ts';

const psk: ExternalPsk = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(1) };
const other: ExternalPsk = { identity: ascii('sensor 8'), key: new Uint8Array(32).fill(2) };
const imported: ExternalPsk = { ...psk, context: ascii('gateway') };

function connect(client: Partial<ClientOptions>, server: Partial<ServerOptions>): Pair {
  return new Pair({ trace: true, client: { verifier: trusting(), ...client }, server });
}

function identityUsed(pair: Pair): string | undefined {
  const { client, server } = pair;
  assert.equal(client.error, undefined, client.error?.message);
  assert.equal(server.error, undefined, server.error?.message);
  assert.deepEqual(client.established?.pskIdentity, server.established?.pskIdentity);
  assert.equal(client.established?.resumed, false);
  const identity = client.established?.pskIdentity;
  assert.equal(client.established?.peer === undefined, identity !== undefined);
  return identity && latin1(identity);
}

test('a key that both hold, from a list or a function, at once or later', async () => {
  const sources: readonly ServerOptions['psks'][] = [
    [other, psk],
    (identity) => [other, psk].find((one) => latin1(one.identity) === latin1(identity)),
    (identity) => Promise.resolve([other, psk].find((one) => latin1(one.identity) === latin1(identity))),
  ];
  for (const psks of sources) {
    const pair = connect({ psks: [psk] }, { psks: psks ?? [] });
    await pair.runUntil(() => pair.isSettled);
    assert.equal(identityUsed(pair), 'sensor 7');
  }
});

test('an imported key goes with suites of either hash function (RFC 9258)', async () => {
  for (const suite of [CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_AES_256_GCM_SHA384]) {
    for (const psks of [[imported], () => imported] as const) {
      const pair = connect({ psks: [imported] }, { psks, cipherSuites: [suite] }).run();
      assert.ok(identityUsed(pair)?.includes('sensor 7'));
      assert.equal(pair.server.established?.cipherSuite, suite);
    }
  }
  const wrong = connect(
    { psks: [imported] },
    { psks: [{ ...psk, context: ascii('another gateway') }] },
  ).run();
  assert.equal(identityUsed(wrong), undefined, 'the context is part of the name');
});

test('the suite follows the key: SHA-256 unless it says otherwise', () => {
  for (const [hash, suite] of [
    [undefined, CipherSuite.TLS_AES_128_GCM_SHA256],
    ['SHA-384', CipherSuite.TLS_AES_256_GCM_SHA384],
  ] as const) {
    const key = { ...psk, ...(hash === undefined ? {} : { hash }) };
    const pair = connect(
      { psks: [key] },
      { psks: [key], cipherSuites: [CipherSuite.TLS_AES_256_GCM_SHA384, CipherSuite.TLS_AES_128_GCM_SHA256] },
    ).run();
    assert.equal(identityUsed(pair), 'sensor 7');
    assert.equal(pair.client.established?.cipherSuite, suite);
  }
});

test('an unknown key: certificates as ever', () => {
  assert.equal(identityUsed(connect({ psks: [psk] }, { psks: [other] }).run()), undefined);
  assert.equal(identityUsed(connect({ psks: [psk] }, {}).run()), undefined);
});

test('a wrong key under a known name ends the handshake, whichever side has it', () => {
  const wrong = { ...psk, key: new Uint8Array(32).fill(9) };
  for (const [mine, theirs] of [
    [psk, wrong],
    [wrong, psk],
  ] as const) {
    const pair = connect({ psks: [mine] }, { psks: [theirs] }).run();
    assert.equal(pair.server.error?.code, 'ERR_BAD_BINDER');
    assert.equal(pair.client.established, undefined);
  }
});

test('a key does not stand for a certificate that clients must show', () => {
  const server = { psks: [psk], clientAuthentication: 'require', verifier: trusting() } as const;
  const pair = connect({ psks: [psk], identities: [identityOf('client')] }, server).run();
  assert.equal(identityUsed(pair), undefined);
  assert.ok(pair.server.established?.peer);
});

test('a ticket and a key in one ClientHello: the ticket comes first', () => {
  const client = { psks: [psk], sessions: new MemoryClientSessions(), verifier: trusting() };
  const server = { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } };
  connect(client, server).run();
  const resumed = connect(client, { ...server, psks: [psk] }).run();
  assert.equal(resumed.client.established?.resumed, true);
  const again = connect(client, { psks: [psk] }).run();
  assert.equal(identityUsed(again), 'sensor 7');
});

test('a connection of an external key gives no tickets: nobody was judged', () => {
  const server = { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) }, psks: [psk] };
  const pair = connect({ psks: [psk], sessions: new MemoryClientSessions() }, server).run();
  assert.equal(identityUsed(pair), 'sensor 7');
  assert.ok(
    pair.trace.client.every((event) => event.type !== 'message' || event.name !== 'NewSessionTicket'),
  );
});

test('keys that cannot work are refused when a configuration is built', () => {
  assert.throws(() => connect({ psks: [{ ...psk, key: new Uint8Array(8) }] }, {}), { option: 'psks' });
  assert.throws(() => connect({}, { psks: [psk, psk] }), { option: 'psks' });
});
