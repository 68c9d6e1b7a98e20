/** Servers that hold all the keys and cheat with pre-shared keys and early data: what an honest client must refuse, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveHandshakeSecrets } from '../../src/handshake/secrets13.ts';
import { sendServerCertificate } from '../../src/handshake/server/certificate13.ts';
import { chooseIdentity } from '../../src/handshake/server/choose13.ts';
import { sendServerHello } from '../../src/handshake/server/hello13.ts';
import { ascii } from '../../src/wire/bytes.ts';
import type { EncryptedExtensions } from '../../src/wire/messages/encrypted-extensions.ts';
import type { ServerHello } from '../../src/wire/messages/server-hello.ts';
import {
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  messageName,
  NamedGroup,
} from '../../src/wire/registry.ts';
import {
  BAD_FINISHED,
  cheatsAgainst,
  ILLEGAL,
  type Refusal,
  shortMessage,
  UNEXPECTED,
  UNSUPPORTED,
  withExtensions,
  withRaw,
} from '../support/cheats.ts';
import { Pair, type PairOptions, text } from '../support/pair.ts';
import { atOnce, cheatingServer, exchangeHellos, receiveClientHello } from '../support/puppet.ts';
import { acquainted, later, withEarlyData } from '../support/sessions.ts';

const { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } = CipherSuite;
const EXTERNAL = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(7) };
const DATA = text('early');

const known = acquainted({
  client: {
    cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256],
    applicationProtocols: ['ours', 'theirs'],
  },
  server: { cipherSuites: [TLS_AES_128_GCM_SHA256], applicationProtocols: ['ours'] },
});

const chosen = (preSharedKey: number) => withExtensions<ServerHello>((e) => ({ ...e, preSharedKey }));

test('the session goes on, with early data and without: what follows cheats in one thing only', () => {
  for (const options of [known, withEarlyData(known, DATA)]) {
    const pair = new Pair({ ...options, handlers: { server: { onEarlyData: () => {} } } }).run();
    assert.equal(pair.establishedOn('client').resumed, true);
    assert.equal(pair.establishedOn('client').earlyData, options.target && 'accepted');
  }
});

cheatsAgainst(
  'client',
  'ServerHello',
  {
    'a PSK behind the last': [chosen(1), ILLEGAL, /pre-shared key 1; 1 were offered/],
    'the PSK 65535': [chosen(0xffff), ILLEGAL, /pre-shared key 65535/],
    'a PSK for another hash function than that of the suite': [
      (m) => ({ ...m, cipherSuite: TLS_AES_256_GCM_SHA384 }),
      ILLEGAL,
      /pre-shared key for SHA-256/,
    ],
    'no key share, though the client takes no PSK without one': [
      withExtensions(({ keyShare: _share, ...e }) => e),
      ILLEGAL,
      /key_share/,
    ],
    'early_data, which belongs into EncryptedExtensions': [
      withRaw(ExtensionType.early_data),
      ILLEGAL,
      /early_data may not appear/,
    ],
    psk_key_exchange_modes: [
      withRaw(ExtensionType.psk_key_exchange_modes, 1, 1),
      ILLEGAL,
      /psk_key_exchange_modes may not appear/,
    ],
  },
  known,
);

const KEY_ONLY = { pskKeyExchangeModes: ['psk_ke'] } as const;

cheatsAgainst(
  'client',
  'ServerHello',
  {
    'a key share with a PSK, though the client takes PSKs without one only': [
      withExtensions((e) => ({
        ...e,
        keyShare: { group: NamedGroup.x25519, keyExchange: new Uint8Array(32).fill(9) },
      })),
      ILLEGAL,
      /key_share/,
    ],
  },
  later(known, { client: KEY_ONLY, server: KEY_ONLY }),
);

const acceptingEarlyData = withExtensions<EncryptedExtensions>((e) => ({ ...e, earlyData: true }));

test('EncryptedExtensions: early data is taken that no client offered', () => {
  const server = { customize: { EncryptedExtensions: acceptingEarlyData } };
  for (const options of [later(known, { server }), { server }]) refused(options, UNSUPPORTED);
});

/** The client must refuse; its peer cannot read why where the client's keys are those of early data. */
function refused(options: PairOptions, [code, alert]: Refusal, reason?: RegExp): void {
  const pair = new Pair(options);
  pair.client.send(text('a secret'));
  pair.run();
  const error = pair.errorOf('client', code);
  assert.equal(error.alert, alert);
  if (reason !== undefined) assert.match(error.message, reason);
  assert.equal(pair.client.established, undefined);
  assert.deepEqual(pair.typesOf('client'), ['error']);
  assert.equal(pair.server.established, undefined);
  assert.equal(pair.dataOf('server').length, 0);
}

const early = withEarlyData(known, DATA);
const VERSION: Refusal = ['ERR_PROTOCOL_VERSION', 'protocol_version'];
const takes = { customize: { EncryptedExtensions: acceptingEarlyData } };

const EARLY_DATA_CHEATS: Readonly<Record<string, readonly [PairOptions, Refusal, RegExp]>> = {
  'under the second PSK': [
    {
      client: { psks: [EXTERNAL] },
      server: { psks: [EXTERNAL], tickets: undefined as never, earlyData: undefined as never },
    },
    ILLEGAL,
    /did not choose the pre-shared key/,
  ],
  'without a PSK': [
    { server: { tickets: undefined as never, earlyData: undefined as never } },
    ILLEGAL,
    /did not choose the pre-shared key/,
  ],
  'with another suite of the same hash function': [
    { server: { cipherSuites: [TLS_CHACHA20_POLY1305_SHA256] } },
    ILLEGAL,
    /sent with TLS_AES_128_GCM_SHA256/,
  ],
  'after HelloRetryRequest': [{ server: { groups: [NamedGroup.secp256r1] } }, UNSUPPORTED, /early_data/],
};

for (const [how, [more, refusal, reason]] of Object.entries(EARLY_DATA_CHEATS)) {
  test(`early data is taken ${how}`, () => {
    refused(later(early, { ...more, server: { ...more.server, ...takes } }), refusal, reason);
  });
}

test('early data is taken for another application protocol, or for none', () => {
  for (const protocol of ['theirs', undefined]) {
    const EncryptedExtensions = withExtensions<EncryptedExtensions>(
      ({ applicationLayerProtocolNegotiation: _ours, ...e }) => ({
        ...e,
        ...(protocol && { applicationLayerProtocolNegotiation: [ascii(protocol)] }),
        earlyData: true,
      }),
    );
    refused(
      later(early, { server: { customize: { EncryptedExtensions } } }),
      ILLEGAL,
      /it was sent for ours/,
    );
  }
});

test('TLS 1.2 is chosen after early data', () => {
  const versions = ['TLSv1.3', 'TLSv1.2'] as const;
  const cipherSuites = [TLS_AES_128_GCM_SHA256, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
  const both = acquainted({ client: { versions, cipherSuites }, server: { versions, cipherSuites } });
  const only12 = { versions: ['TLSv1.2'], cipherSuites: cipherSuites.slice(1) } as const;
  const { tickets: _tickets, earlyData: _early, ...server } = both.server;
  const options = { ...withEarlyData(both, DATA), server: { ...server, ...only12 } };
  refused(options, VERSION, /expected TLSv1\.3, since early data was sent/);
  // Without early data it is a version like the other.
  const pair = new Pair({ ...options, target: { name: 'localhost' } }).run();
  assert.equal(pair.establishedOn('client').version, 'TLSv1.2');
  assert.equal(pair.establishedOn('client').resumed, false);
});

test('a PSK is chosen by a server that does not hold it', () => {
  const { tickets: _tickets, earlyData: _early, ...server } = known.server;
  const stranger = cheatingServer({ ...known, server });
  const { h } = stranger;
  const offer = stranger.run(receiveClientHello(h));
  const keyExchange = offer.exchange && h.provider.groups.get(offer.exchange.group);
  assert.ok(keyExchange && offer.exchange && offer.psk === undefined);
  const { share, secret } = atOnce(keyExchange.respond(offer.exchange.clientShare));
  const claimed = { index: 0, identity: known.session.ticket, secret: new Uint8Array(32) };
  sendServerHello(h, { ...offer, psk: { ...claimed, hash: 'SHA-256', origin: 'resumption' } }, share);
  for (const psk of [undefined, claimed.secret]) {
    h.useTrafficSecret('sent', 'handshake', deriveHandshakeSecrets(h, secret, psk).server);
  }
  h.send('EncryptedExtensions', { extensions: {} });
  stranger.exchange();
  assert.equal(stranger.victim.error?.code, 'ERR_BAD_RECORD_MAC');
  assert.deepEqual(stranger.events, ['error']);
  assert.equal(stranger.victim.established, undefined);
});

test('Finished of a server that knows the keys of the handshake alone', () => {
  const server = cheatingServer(known);
  const { h } = server;
  exchangeHellos(server);
  h.send('EncryptedExtensions', { extensions: {} });
  h.send('Finished', { verifyData: new Uint8Array(32) });
  server.assertRefused(...BAD_FINISHED);
});

test('certificates, and requests for them, where a PSK stands for them', () => {
  for (const [clientAuthentication, first] of [
    ['none', 'Certificate'],
    ['request', 'CertificateRequest'],
  ] as const) {
    const server = cheatingServer(acquainted({ server: { clientAuthentication } }));
    const { h } = server;
    const { offer } = exchangeHellos(server);
    assert.ok(offer.psk);
    h.send('EncryptedExtensions', { extensions: {} });
    const own = server.run(chooseIdentity(h, offer.hello));
    const flight = server.hold(() => server.run(sendServerCertificate(h, offer, own)));
    assert.equal(messageName(flight[0] as number), first);
    server.record(ContentType.handshake, flight);
    server.assertRefused(...UNEXPECTED);
  }
});

test('messages that do not belong into a handshake with a PSK', () => {
  const { end_of_early_data, key_update, new_session_ticket, client_hello } = HandshakeType;
  for (const type of [
    end_of_early_data,
    key_update,
    new_session_ticket,
    client_hello,
    HandshakeType.server_hello,
  ]) {
    const server = cheatingServer(known);
    exchangeHellos(server);
    server.h.send('EncryptedExtensions', { extensions: {} });
    server.h.records.sendHandshake(shortMessage(type));
    server.assertRefused(...UNEXPECTED);
  }
});
