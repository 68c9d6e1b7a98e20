/**
 * The triple handshake (RFC 7627 section 1): somebody between a client and a server has a certificate of its own, to which
 * the client connects, and sees to it that both connections have the same randoms and the same premaster secret. Without
 * extended_master_secret they share all keys, and what one peer says of "this connection" holds for the other; with
 * it, they share nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider, SigningKey } from '../../src/crypto/provider.ts';
import type { Customization } from '../../src/handshake/messages.ts';
import type { Role } from '../../src/trace/events.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { flow12, rsaServer, withMore } from '../support/flows12.ts';
import { identityFrom, trusting, withKey } from '../support/identities.ts';
import { Pair, type PairOptions, text } from '../support/pair.ts';
import { issue, makeKey, testPki } from '../support/pki.ts';

const PREMASTER_LENGTH = 48;

/** The stranger's own certificate, which is as good as any: for its own name, and a key of its own. */
const stranger = identityFrom(
  issue({
    subject: 'stranger.test',
    key: makeKey('rsa2048', 5),
    issuer: testPki('rsa2048').intermediate,
    dnsNames: ['stranger.test'],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  }),
  [testPki('rsa2048').intermediate],
);

type Policy = Required<Pick<NonNullable<PairOptions['client']>, 'requireExtendedMasterSecret'>>;

/** Both connections, and the master secret that each honest side has in the end. */
interface Outcome {
  readonly toStranger: Pair;
  readonly toServer: Pair;
  readonly master: Partial<Record<Role, string>>;
}

/**
 * @param honest what the honest client and the honest server demand.
 * @param strips whether the stranger takes extended_master_secret out of the hellos that it sends.
 */
function threeParties(honest: Policy, strips: boolean): Outcome {
  const flow = flow12('TLS_RSA_WITH_AES_128_GCM_SHA256');
  const lax: Policy = { requireExtendedMasterSecret: false };
  const verifier = trusting('rsa2048');
  const master: Partial<Record<Role, string>> = {};
  const keyLog = (role: Role) => (line: string) => {
    master[role] = line.split(' ')[2] ?? '';
  };
  let clientRandom = new Uint8Array();
  let serverRandom = new Uint8Array(32);
  let premaster = new Uint8Array();

  const less = (hello: ClientHello): ClientHello => {
    if (!strips) return hello;
    const { extendedMasterSecret: _, ...extensions } = hello.extensions;
    return { ...hello, extensions };
  };

  // The stranger as a server: with the honest server's random, and a key whose answers it keeps.
  const listening = withKey(
    stranger,
    (key): SigningKey => ({
      ...key,
      rsaDecryptRaw: (ciphertext) => {
        assert.ok(key.rsaDecryptRaw);
        const block = key.rsaDecryptRaw(ciphertext) as Uint8Array;
        premaster = block.slice(-PREMASTER_LENGTH);
        return block;
      },
    }),
  );
  const relayedHello: Customization = {
    ServerHello12: (hello) => {
      const { extendedMasterSecret: _, ...extensions } = hello.extensions;
      return { ...hello, random: serverRandom, extensions: strips ? extensions : hello.extensions };
    },
  };
  const toStranger = new Pair({
    ...withMore(flow, {
      client: {
        ...honest,
        verifier,
        customize: {
          ClientHello: (hello) => {
            clientRandom = hello.random.slice();
            return hello;
          },
        },
      },
      server: { ...lax, identities: [listening], customize: relayedHello },
    }),
    target: { name: 'stranger.test' },
    handlers: { client: { onKeyLog: keyLog('client') } },
  });

  // The stranger as a client: with the honest client's random, and its premaster secret encrypted anew.
  const repeating: CryptoProvider = {
    ...nodeProvider,
    rsaEncrypt: (key, message) => {
      message.set(premaster);
      return nodeProvider.rsaEncrypt(key, message);
    },
  };
  const toServer = new Pair({
    ...withMore(flow, {
      client: {
        ...lax,
        verifier,
        provider: repeating,
        customize: { ClientHello: (hello) => ({ ...less(hello), random: clientRandom }) },
      },
      server: {
        ...honest,
        identities: [rsaServer()],
        customize: {
          ServerHello12: (hello) => {
            serverRandom = hello.random.slice();
            return hello;
          },
        },
      },
    }),
    handlers: { server: { onKeyLog: keyLog('server') } },
  });

  toServer.move('client'); // now the stranger knows the server's random
  toStranger.run(); // and now the client's premaster secret
  toServer.run();
  return { toStranger, toServer, master };
}

test('without extended_master_secret both connections have one master secret: what is at stake', () => {
  const { toStranger, toServer, master } = threeParties({ requireExtendedMasterSecret: false }, true);
  for (const pair of [toStranger, toServer]) {
    for (const role of ['client', 'server'] as const) {
      assert.equal(pair.establishedOn(role).extendedMasterSecret, false);
    }
  }
  assert.equal(master.client?.length, 96);
  assert.equal(master.client, master.server);
  // So nothing is exported, by which a peer could be taken for another (RFC 7627 section 5.4).
  for (const connection of [toStranger.client, toServer.server]) {
    assert.throws(() => connection.exportKeyingMaterial('EXPORTER-test', undefined, 32), ConfigError);
    assert.throws(
      () => connection.exportKeyingMaterial('EXPORTER-Channel-Binding', text(''), 32),
      ConfigError,
    );
  }
});

test('with it they share neither master secret nor exported keys', () => {
  for (const required of [true, false]) {
    const { toStranger, toServer, master } = threeParties({ requireExtendedMasterSecret: required }, false);
    assert.ok(toStranger.establishedOn('client').extendedMasterSecret);
    assert.ok(toServer.establishedOn('server').extendedMasterSecret);
    assert.equal(master.client?.length, 96);
    assert.notEqual(master.client, master.server);
    const exported = [toStranger.client, toServer.server].map((connection) =>
      toHex(connection.exportKeyingMaterial('EXPORTER-test', undefined, 32)),
    );
    assert.notEqual(exported[0], exported[1]);
  }
});

test('who requires it does not go without', () => {
  const { toStranger, toServer, master } = threeParties({ requireExtendedMasterSecret: true }, true);
  toStranger.errorOf('client', 'ERR_NO_EXTENDED_MASTER_SECRET');
  toServer.errorOf('server', 'ERR_NO_EXTENDED_MASTER_SECRET');
  assert.deepEqual(master, {});
});

test('a master secret without it is no master secret with it, even where all else is the same', () => {
  const { master: plain } = threeParties({ requireExtendedMasterSecret: false }, true);
  const { master: extended } = threeParties({ requireExtendedMasterSecret: false }, false);
  assert.equal(new Set([plain.client, extended.client, extended.server]).size, 3);
});

test('a server that answers extended_master_secret though it was not offered is refused', () => {
  const flow = withMore(flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'), {
    client: {
      requireExtendedMasterSecret: false,
      customize: {
        ClientHello: (hello) => {
          const { extendedMasterSecret: _, ...extensions } = hello.extensions;
          return { ...hello, extensions };
        },
      },
    },
    server: {
      requireExtendedMasterSecret: false,
      customize: {
        ServerHello12: (hello) => ({
          ...hello,
          extensions: { ...hello.extensions, extendedMasterSecret: true as const },
        }),
      },
    },
  });
  new Pair(flow).run().errorOf('client', 'ERR_UNSUPPORTED_EXTENSION');
});
