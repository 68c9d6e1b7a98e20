/** TLS 1.2 clients that cheat with their ephemeral key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffdheParameters } from '../../src/crypto/groups.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider, KeyExchangeOffer } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import { assertRefuses, BAD_KEY_SHARE, DECODE, type Refusal } from '../support/cheats.ts';
import { numberBytes, toNumber } from '../support/cheats12.ts';
import { customized, flow12, withMore } from '../support/flows12.ts';
import { connectedPair, Pair, type PairOptions } from '../support/pair.ts';
import { BAD_POINTS } from '../support/points.ts';
import { cheatingClient } from '../support/puppet.ts';

const ECDHE = flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
const DHE = flow12('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');

for (const [what, group, ecdhYc] of BAD_POINTS) {
  test(`ECDHE: a client's public key ${what}`, () => {
    // The server's group must be this one, or the key would be of another length.
    const flow = withMore(ECDHE, { server: { groups: [group] } });
    assertRefuses(
      'server',
      customized(flow, 'client', { EcdheClientKeyExchange: () => ({ ecdhYc }) }),
      BAD_KEY_SHARE,
    );
  });
}

const FFDHE2048 = ffdheParameters(NamedGroup.ffdhe2048);
assert.ok(FFDHE2048);
const P = toNumber(FFDHE2048.prime);

const DH_VALUES: Readonly<Record<string, Uint8Array>> = {
  '0': Uint8Array.of(0),
  '0, as long as the prime': new Uint8Array(256),
  '0, longer than the prime': new Uint8Array(300),
  '1': Uint8Array.of(1),
  '1, as long as the prime': numberBytes(1n, 256),
  'p-1': numberBytes(P - 1n),
  'p-1 behind zeros': numberBytes(P - 1n, 300),
  p: numberBytes(P),
  'p+1': numberBytes(P + 1n),
  'p+2': numberBytes(P + 2n),
  'as much as fits': new Uint8Array(256).fill(0xff),
  'longer than the prime': numberBytes((P << 8n) + 4n),
  'of 60000 bytes': new Uint8Array(60_000).fill(3),
};

for (const [what, dhYc] of Object.entries(DH_VALUES)) {
  test(`DHE: a client's value ${what}`, () => {
    assertRefuses(
      'server',
      customized(DHE, 'client', { DheClientKeyExchange: () => ({ dhYc }) }),
      BAD_KEY_SHARE,
    );
  });
}

/** Whether a handshake completes in which the client writes its value in another way. */
function completes(change: (value: bigint) => Uint8Array): boolean {
  const pair = new Pair(
    customized(DHE, 'client', { DheClientKeyExchange: ({ dhYc }) => ({ dhYc: change(toNumber(dhYc)) }) }),
  ).run();
  return pair.server.established !== undefined && pair.client.established !== undefined;
}

test('DHE: a value with or without its leading zeros is the same value', () => {
  assert.ok(completes((value) => numberBytes(value, 256)));
  assert.ok(completes((value) => numberBytes(value)));
});

test('DHE: the values 2 and p-2 are taken, though they are not what the client goes on with', () => {
  for (const value of [2n, P - 2n]) {
    const pair = new Pair(
      customized(DHE, 'client', { DheClientKeyExchange: () => ({ dhYc: numberBytes(value) }) }),
    ).run();
    pair.errorOf('server', 'ERR_BAD_RECORD_MAC');
  }
});

/** A provider whose Diffie-Hellman always gives this secret, in either role. */
function agreeingOn(secret: Uint8Array): CryptoProvider {
  return {
    ...nodeProvider,
    finiteField: (prime, generator) => {
      const exchange = nodeProvider.finiteField(prime, generator);
      const { share } = exchange.start() as KeyExchangeOffer;
      return {
        start: () => ({ share, finish: () => secret.slice() }),
        respond: () => ({ share, secret: secret.slice() }),
      };
    },
    groups: new Map(
      Array.from(nodeProvider.groups, ([group, exchange]) => {
        const start = (): KeyExchangeOffer => ({
          share: (exchange.start() as KeyExchangeOffer).share,
          finish: () => secret.slice(),
        });
        return [group, { ...exchange, start }];
      }),
    ),
  };
}

test('DHE: leading zeros are no part of the secret, on either side (RFC 5246 section 8.1.2)', () => {
  const bare = new Uint8Array(250).fill(9);
  const forms = [bare, concat(new Uint8Array(1), bare), concat(new Uint8Array(6), bare)];
  for (const ofClient of forms) {
    for (const ofServer of forms) {
      const flow = withMore(DHE, {
        client: { provider: agreeingOn(ofClient) },
        server: { provider: agreeingOn(ofServer) },
      });
      connectedPair(flow);
    }
  }
  const ending = withMore(DHE, {
    client: { provider: agreeingOn(bare) },
    server: { provider: agreeingOn(concat(bare, Uint8Array.of(0))) },
  });
  new Pair(ending).run().errorOf('server', 'ERR_BAD_RECORD_MAC');
});

/** ClientKeyExchange with another body. */
function refusesBody(flow: PairOptions, body: Uint8Array, [code, alert]: Refusal): void {
  const puppet = cheatingClient(flow);
  puppet.alter = (message) =>
    message[0] === HandshakeType.client_key_exchange
      ? concat(Uint8Array.of(message[0], 0, body.length >> 8, body.length & 0xff), body)
      : message;
  try {
    puppet.complete();
  } catch {
    // The puppet waits for a Finished that does not come.
  }
  const { error } = puppet.victim;
  assert.ok(error !== undefined, 'the victim has not refused');
  assert.deepEqual([error.code, error.alert], [code, alert], error.message);
  assert.deepEqual(puppet.events, ['error']);
}

test('ClientKeyExchange: bodies of no form', () => {
  // RFC 8422 section 5.7 and RFC 5246 section 7.4.7.2: an empty one meant a key in a certificate, which nobody has.
  for (const flow of [ECDHE, DHE]) refusesBody(flow, new Uint8Array(), DECODE);
  refusesBody(ECDHE, Uint8Array.of(0), DECODE);
  refusesBody(ECDHE, Uint8Array.of(33, ...new Uint8Array(32)), DECODE);
  refusesBody(ECDHE, Uint8Array.of(31, ...new Uint8Array(32)), DECODE);
  refusesBody(DHE, Uint8Array.of(0, 0), DECODE);
  refusesBody(DHE, Uint8Array.of(1, 0, ...new Uint8Array(257).fill(2)), DECODE);
  refusesBody(DHE, Uint8Array.of(1, 1, ...new Uint8Array(256).fill(2)), DECODE);
});
