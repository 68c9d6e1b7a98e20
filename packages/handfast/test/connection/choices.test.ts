/** What the server chooses, by whose order, and that it says why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preference } from '../../src/handshake/config.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { CipherSuite, cipherSuiteName, groupName, NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import { arrangements, choice, expectedChoice, PREFERENCES, parts } from '../support/orders.ts';
import { CLASSICAL_GROUPS, connectedPair, Pair, TLS13_SUITES } from '../support/pair.ts';

const { x25519, secp256r1, secp384r1, secp521r1, ffdhe2048, ffdhe3072, X25519MLKEM768, SecP256r1MLKEM768 } =
  NamedGroup;

/** Groups that the client may have, and the server's in its order: one is missing on either side. */
const GROUP_SETS: readonly (readonly [string, readonly NamedGroup[], readonly NamedGroup[]])[] = [
  ['curves', [x25519, secp256r1, secp521r1], [secp256r1, x25519, secp384r1]],
  [
    'hybrids and what is in them',
    [X25519MLKEM768, x25519, SecP256r1MLKEM768],
    [X25519MLKEM768, x25519, secp256r1],
  ],
  ['finite fields', [ffdhe2048, x25519, ffdhe3072], [ffdhe2048, secp256r1, x25519]],
];

function checkGroup(
  preference: Preference,
  groups: readonly NamedGroup[],
  keyShares: readonly NamedGroup[],
  serverGroups: readonly NamedGroup[],
): void {
  const pair = new Pair({
    client: { groups, keyShares },
    server: { groups: serverGroups, preference },
  }).run();
  // A share that is there saves a round trip, so it comes before any order (RFC 9846 section 4.3.8).
  const sent = groups.filter((group) => keyShares.includes(group)); // in this order, whatever the caller's
  const shared = expectedChoice(preference, serverGroups, sent);
  const expected = shared ?? expectedChoice(preference, serverGroups, groups);
  if (expected === undefined) {
    pair.errorOf('server', 'ERR_NO_SHARED_GROUP');
    assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'handshake_failure');
    return;
  }
  const { group, helloRetried, choices } = pair.establishedOn('server');
  assert.equal(group, expected);
  assert.equal(helloRetried, shared === undefined);
  assert.equal(pair.establishedOn('client').helloRetried, helloRetried);
  const { chosen, offered, reason } = choice(choices, 'group');
  assert.equal(chosen, groupName(expected));
  assert.deepEqual(offered, groups.map(groupName));
  assert.match(reason, new RegExp(`the ${preference}'s order`));
  assert.match(reason, helloRetried ? /no share for it, so it must retry/ : /sent a key share for/);
  if (helloRetried) assert.equal(choice(choices, 'hello retry').chosen, groupName(expected));
}

for (const preference of PREFERENCES) {
  test(`the cipher suite, for every order of both sides, the ${preference}'s counts`, () => {
    const orders = arrangements(TLS13_SUITES);
    for (const client of orders) {
      for (const server of orders) {
        const expected = expectedChoice(preference, server, client);
        const pair = new Pair({
          client: { cipherSuites: client },
          server: { cipherSuites: server, preference },
        }).run();
        if (expected === undefined) {
          pair.errorOf('server', 'ERR_NO_SHARED_CIPHER_SUITE');
          assert.equal(
            pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived,
            'handshake_failure',
          );
          continue;
        }
        const { cipherSuite, choices } = pair.establishedOn('server');
        assert.equal(cipherSuite, expected);
        const { chosen, offered, reason } = choice(choices, 'cipher suite');
        assert.equal(chosen, cipherSuiteName(expected));
        assert.deepEqual(offered, client.map(cipherSuiteName));
        assert.match(reason, new RegExp(`the ${preference}'s order`));
      }
    }
  });

  for (const [what, clientGroups, serverGroups] of GROUP_SETS) {
    test(`${what}: the group, for every order of the client and every share that it sends, the ${preference}'s counts`, () => {
      for (const groups of arrangements(clientGroups)) {
        for (const keyShares of parts(groups)) checkGroup(preference, groups, keyShares, serverGroups);
      }
    });
  }

  test(`the application protocol, for every order of both sides, the ${preference}'s counts`, () => {
    const orders = [[], ...arrangements(['h2', 'http/1.1', 'imap'])];
    for (const client of orders) {
      for (const server of [[], ['h2', 'http/1.1'], ['http/1.1', 'h2'], ['imap']]) {
        const pair = new Pair({
          client: { applicationProtocols: client },
          server: { applicationProtocols: server, preference },
        }).run();
        const isUsed = client.length > 0 && server.length > 0;
        const expected = isUsed ? expectedChoice(preference, server, client) : undefined;
        if (isUsed && expected === undefined) {
          pair.errorOf('server', 'ERR_NO_APPLICATION_PROTOCOL');
          const { context } = pair.errorOf('client', 'ERR_ALERT_RECEIVED');
          assert.equal(context.alertReceived, 'no_application_protocol');
          continue;
        }
        for (const side of ['client', 'server'] as const) {
          const established = pair.establishedOn(side);
          assert.equal(established.applicationProtocol, expected);
          const told = established.choices.filter(({ what }) => what === 'application protocol');
          assert.deepEqual(
            told.map(({ chosen, offered }) => [chosen, offered]),
            expected === undefined ? [] : [[expected, client]],
          );
        }
      }
    }
  });
}

test('a client that sends no share at all is asked for the group that comes first', () => {
  const withoutShares = (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: { ...hello.extensions, keyShare: [] },
  });
  const own = [secp256r1, x25519, secp384r1];
  for (const preference of PREFERENCES) {
    for (const groups of arrangements([x25519, secp256r1, secp521r1])) {
      const pair = new Pair({
        client: { groups, customize: { ClientHello: withoutShares } },
        server: { groups: own, preference },
        trace: true,
      });
      pair.move('client');
      const expected = expectedChoice(preference, own, groups);
      if (expected === undefined) {
        pair.errorOf('server', 'ERR_NO_SHARED_GROUP');
        continue;
      }
      const choices = pair.trace.server.filter((event) => event.type === 'choice');
      assert.equal(choice(choices, 'hello retry').chosen, groupName(expected));
    }
  }
});

test('every choice is told with a reason, in the result and in the trace', () => {
  const pair = connectedPair({
    client: { identities: [identityOf('client')], applicationProtocols: ['h2'], groups: CLASSICAL_GROUPS },
    server: {
      clientAuthentication: 'request',
      applicationProtocols: ['h2'],
      groups: [NamedGroup.secp521r1],
      cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256],
    },
    trace: true,
  });
  const expected: Record<'client' | 'server', Record<string, string>> = {
    server: {
      'cipher suite': 'TLS_CHACHA20_POLY1305_SHA256',
      group: 'secp521r1',
      'hello retry': 'secp521r1',
      'application protocol': 'h2',
      certificate: 'CN=localhost',
      'signature scheme': 'ecdsa_secp256r1_sha256',
      version: 'TLSv1.3',
      'client authentication': 'ecdsa_secp256r1_sha256',
    },
    client: {
      'hello retry': 'secp521r1',
      version: 'TLSv1.3',
      'cipher suite': 'TLS_CHACHA20_POLY1305_SHA256',
      group: 'secp521r1',
      'application protocol': 'h2',
      'signature scheme': 'ecdsa_secp256r1_sha256',
      'client authentication': 'ecdsa_secp256r1_sha256',
    },
  };
  for (const side of ['client', 'server'] as const) {
    const { choices } = pair.establishedOn(side);
    assert.deepEqual(Object.fromEntries(choices.map(({ what, chosen }) => [what, chosen])), expected[side]);
    for (const { reason } of choices) assert.match(reason, /\w+ \w+ \w+/);
    assert.deepEqual(
      pair.trace[side].filter(({ type }) => type === 'choice'),
      choices,
    );
  }
});
