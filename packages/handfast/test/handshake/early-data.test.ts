/** Early data that a client sends to a server that takes none: the server skips it and goes on (RFC 9846 section 4.3.10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { MAX_PLAINTEXT_LENGTH, MAX_SKIPPED_EARLY_DATA } from '../../src/policy/limits.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { ContentType, NamedGroup } from '../../src/wire/registry.ts';
import { record } from '../record/support.ts';
import { Later, lateProvider } from '../support/later.ts';
import { Pair, type PairOptions, text } from '../support/pair.ts';

/** A record of early data: whatever is in it, this server has no key for it. */
const early = (length: number): Uint8Array =>
  record(ContentType.application_data, new Uint8Array(length).fill(0xe4));

/** A client with a ticket of some other server, that sends `records` of early data behind its first ClientHello. */
function offering(records: readonly Uint8Array[], options: PairOptions = {}): PairOptions {
  let hellos = 0;
  let flights = 0;
  return {
    ...options,
    client: {
      ...options.client,
      customize: {
        ClientHello: (m): ClientHello => ({
          ...m,
          extensions: {
            ...m.extensions,
            earlyData: hellos++ === 0 ? true : undefined,
            pskKeyExchangeModes: [1],
            preSharedKey: {
              identities: [{ identity: text('a ticket'), obfuscatedTicketAge: 1 }],
              binders: [new Uint8Array(32)],
            },
          } as ClientHello['extensions'],
        }),
      },
    },
    cut: (bytes, sender) => (sender === 'client' && flights++ === 0 ? [bytes, ...records] : [bytes]),
  };
}

const SERVERS: Readonly<Record<string, PairOptions['server']>> = {
  'at once': {},
  'after a HelloRetryRequest': { groups: [NamedGroup.secp256r1] },
  'after a HelloRetryRequest with a cookie': { cookieSecret: new Uint8Array(32), alwaysRetry: true },
};

for (const [when, server] of Object.entries(SERVERS)) {
  for (const isLate of [false, true]) {
    test(`early data is skipped, and the handshake goes on ${when}${isLate ? ', with promises' : ''}`, async () => {
      for (const lengths of [[1], [16], [100], [16_401], [5000, 5000, 1], [16_384, 16_374]]) {
        const later = new Later();
        const provider = isLate ? lateProvider(nodeProvider, later, { aead: true }) : nodeProvider;
        const options = { client: { provider }, server: { provider, ...server } };
        const pair = new Pair(offering(lengths.map(early), options));
        pair.client.send(text('not early any more'));
        await pair.runUntil(
          () => later.size === 0,
          () => later.release(0),
        );
        pair.establishedOn('client');
        pair.establishedOn('server');
        assert.equal(pair.textOf('server'), 'not early any more');
      }
    });

    test(`more early data than may be skipped is refused ${when}${isLate ? ', with promises' : ''}`, async () => {
      assert.equal(MAX_SKIPPED_EARLY_DATA, 32_768);
      for (const lengths of [[16_384, 16_374, 0], Array.from({ length: 6554 }, () => 0)]) {
        const later = new Later();
        const provider = isLate ? lateProvider(nodeProvider, later, { aead: true }) : nodeProvider;
        const options = { client: { provider }, server: { provider, ...server } };
        const pair = new Pair(offering(lengths.map(early), options));
        await pair.runUntil(
          () => later.size === 0,
          () => later.release(0),
        );
        assert.equal(pair.errorOf('server', 'ERR_TOO_MUCH_EARLY_DATA').alert, 'unexpected_message');
      }
    });
  }
}

test('a ClientHello stays as short as a plaintext record must be, also where early data is skipped', () => {
  const long = record(ContentType.handshake, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1));
  const pair = new Pair(offering([long], { server: { groups: [NamedGroup.secp256r1] } })).run();
  pair.errorOf('server', 'ERR_RECORD_OVERFLOW');
});

test('nothing is skipped where no early data was offered', () => {
  for (const server of Object.values(SERVERS)) {
    let flights = 0;
    const pair = new Pair({
      ...(server && { server }),
      cut: (bytes, sender) => (sender === 'client' && flights++ === 0 ? [bytes, early(20)] : [bytes]),
    }).run();
    assert.match(pair.side('server').error?.code ?? '', /^ERR_(BAD_RECORD_MAC|UNEXPECTED_APPLICATION_DATA)$/);
  }
});

test('nothing is skipped after the first record that can be read', () => {
  let flights = 0;
  const { cut: _cut, ...options } = offering([]);
  const pair = new Pair({
    ...options,
    client: { ...options.client, maxFragmentLength: 64 },
    server: { clientAuthentication: 'request' },
    cut: (bytes, sender) => {
      if (sender !== 'client' || flights++ !== 1) return [bytes];
      // The second flight: ChangeCipherSpec, Certificate (empty) and Finished; one foreign record behind each.
      const pieces: Uint8Array[] = [];
      for (let rest = bytes; rest.length > 0; ) {
        const length = 5 + ((rest[3] ?? 0) << 8) + (rest[4] ?? 0);
        pieces.push(concat(rest.subarray(0, length), early(20)));
        rest = rest.subarray(length);
      }
      return pieces;
    },
  }).run();
  pair.errorOf('server', 'ERR_BAD_RECORD_MAC');
});

test('a second ClientHello that still offers early data is refused', () => {
  const { client, ...options } = offering([early(100)], { server: { groups: [NamedGroup.secp256r1] } });
  const pair = new Pair({
    ...options,
    client: {
      ...client,
      customize: {
        ClientHello: (m) => ({ ...m, extensions: { ...m.extensions, earlyData: true as const } }),
      },
    },
  }).run();
  pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER');
});

test('a ClientHello that brings a cookie back and still offers early data is refused where nothing was kept', () => {
  const server = { cookieSecret: new Uint8Array(32), alwaysRetry: true };
  let cookie: Uint8Array | undefined;
  new Pair({
    server: {
      ...server,
      customize: {
        HelloRetryRequest: (m) => {
          cookie = m.extensions.cookie;
          return m;
        },
      },
    },
  }).run();
  assert.ok(cookie !== undefined);
  const again = { cookie, earlyData: true as const };
  const pair = new Pair({
    client: { customize: { ClientHello: (m) => ({ ...m, extensions: { ...m.extensions, ...again } }) } },
    server,
  }).run();
  assert.match(pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER').message, /early_data/);
});
