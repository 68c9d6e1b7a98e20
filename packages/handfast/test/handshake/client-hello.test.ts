/**
 * What a ClientHello weighs. With a hybrid's share it is larger than one TCP segment, which costs nothing as long as the
 * first flight is whole; each byte more is a question of whether it stays so.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientConnection } from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type ClientOptions, clientConfig } from '../../src/handshake/config.ts';
import { DEFAULT_POLICY, POLICIES, type PolicyName } from '../../src/policy/policies.ts';
import { concat } from '../../src/wire/bytes.ts';
import { decode } from '../../src/wire/codec.ts';
import { type ClientHello, clientHello } from '../../src/wire/messages/client-hello.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { accepting, identityOf } from '../support/identities.ts';
import { connectedPair } from '../support/pair.ts';

/** What fits into a TCP segment over Ethernet and IPv4: 1500 bytes without the two headers. */
const SEGMENT = 1460;
const NAME = 'www.example.com';
const [RECORD_HEADER, MESSAGE_HEADER] = [5, 4];

/** The first flight of a client with nothing but a name, a policy and these options. */
function firstFlight(options: Partial<ClientOptions> = {}): Uint8Array {
  const config = clientConfig({ provider: nodeProvider, now: Date.now, verifier: accepting, ...options });
  return concat(...createClientConnection(config, { name: NAME }).takeOutgoing());
}

function read(flight: Uint8Array): ClientHello {
  return decode(clientHello, 'ClientHello', flight.subarray(RECORD_HEADER + MESSAGE_HEADER));
}

function shareOf(flight: Uint8Array, group: NamedGroup): Uint8Array {
  const found = read(flight).extensions.keyShare?.find((entry) => entry.group === group);
  assert.ok(found, `no share for ${group}`);
  return found.keyExchange;
}

/** Bytes on the wire, record header included, to reach `www.example.com`. */
const SIZES: Readonly<Record<PolicyName, number>> = {
  'modern-2026': 1472,
  'intermediate-2026': 1507,
  'legacy-2026': 1575,
  'cnsa-2-2026': 1742,
};

for (const [name, size] of Object.entries(SIZES) as [PolicyName, number][]) {
  test(`the ClientHello of ${name} is one record of ${size} bytes, which two segments hold`, () => {
    const flight = firstFlight({ policy: POLICIES[name] });
    assert.equal(flight.length, size);
    assert.ok(flight.length <= 2 * SEGMENT);
    assert.equal(((flight[3] as number) << 8) | (flight[4] as number), flight.length - RECORD_HEADER);
  });
}

test('the default is intermediate, and its size is always the same', () => {
  assert.equal(DEFAULT_POLICY, POLICIES['intermediate-2026']);
  for (let i = 0; i < 4; i++) assert.equal(firstFlight().length, SIZES['intermediate-2026']);
});

test('what makes a ClientHello long is the share of the hybrid; without it one segment holds all', () => {
  const { X25519MLKEM768, x25519 } = NamedGroup;
  const flight = firstFlight();
  assert.equal(shareOf(flight, X25519MLKEM768).length, 1184 + 32); // FIPS 203 section 8, RFC 7748 section 5
  const groups = DEFAULT_POLICY.groups.filter((group) => group !== X25519MLKEM768);
  const classical = firstFlight({ groups, keyShares: [x25519] });
  // The share, its group and length, and the group in supported_groups.
  assert.equal(flight.length - classical.length, 1184 + 32 + 4 + 2);
  assert.ok(classical.length < SEGMENT / 2);
  // Two application protocols, as browsers have them, do not fill it.
  const protocols = firstFlight({ applicationProtocols: ['h2', 'http/1.1'] });
  assert.equal(protocols.length - flight.length, 4 + 2 + 3 + 9);
});

test('the X25519 share is the X25519 half of the hybrid share, byte for byte, and fresh in each ClientHello', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const flight = firstFlight();
    const hybrid = shareOf(flight, NamedGroup.X25519MLKEM768);
    const classical = shareOf(flight, NamedGroup.x25519);
    assert.deepEqual(hybrid.subarray(-32), classical);
    assert.equal(classical.length, 32);
    seen.add(classical.toString());
  }
  assert.equal(seen.size, 3);
});

test('a server may take either share of a default client, and both sides come to the same secret', () => {
  for (const group of [NamedGroup.X25519MLKEM768, NamedGroup.x25519]) {
    const pair = connectedPair({
      client: { policy: DEFAULT_POLICY },
      server: { policy: DEFAULT_POLICY, groups: [group], identities: [identityOf('server')] },
    });
    for (const side of ['client', 'server'] as const) {
      assert.equal(pair.establishedOn(side).group, group);
      assert.equal(pair.establishedOn(side).helloRetried, false);
    }
    const [client, server] = (['client', 'server'] as const).map((side) =>
      pair.side(side).exportKeyingMaterial('EXPORTER-test', undefined, 32),
    );
    assert.deepEqual(client, server);
  }
});
