/** HelloRetryRequest cookies: kept by the server, or known to it only by its secret. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientConnection, createServerConnection, type TlsConnection } from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import { COOKIE_LIFETIME } from '../../src/policy/defaults.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { CipherSuite, ExtensionType, NamedGroup } from '../../src/wire/registry.ts';
import { clientOptions, Pair, serverOptions, text } from '../support/pair.ts';

const SECRET = new Uint8Array(32).fill(1);
const START = Date.now();

const { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 } = CipherSuite;

/** Ways for a server to send a cookie: it needs another group, or asks of everybody. */
const SERVERS: Readonly<Record<string, Partial<ServerOptions>>> = {
  'for another group': { groups: [NamedGroup.secp256r1], cookieSecret: SECRET },
  'from everybody': { alwaysRetry: true, cookieSecret: SECRET },
};

interface Relay {
  /** The server that sends the HelloRetryRequest. */
  readonly first: Partial<ServerOptions>;
  /** Another server, which gets the second ClientHello. */
  readonly second?: Partial<ServerOptions>;
  readonly client?: Partial<ClientOptions>;
}

/** Begins with one server and goes on with another that never saw the first ClientHello. */
function relay({ first, second = first, client: options = {} }: Relay): {
  client: TlsConnection;
  server: TlsConnection;
  received: string[];
} {
  const received: string[] = [];
  const onData = (data: Uint8Array): void => {
    received.push(new TextDecoder().decode(data));
  };
  const client = createClientConnection(
    clientConfig(clientOptions(options)),
    { name: 'localhost' },
    { onData },
  );
  const asking = createServerConnection(serverConfig(serverOptions(first)));
  for (const bytes of client.takeOutgoing()) asking.receive(bytes);
  for (const bytes of asking.takeOutgoing()) client.receive(bytes);
  assert.equal(asking.established, undefined);

  const server = createServerConnection(serverConfig(serverOptions(second)), { onData });
  for (let moved = true; moved; ) {
    const [toServer, toClient] = [concat(...client.takeOutgoing()), concat(...server.takeOutgoing())];
    server.receive(toServer);
    client.receive(toClient);
    moved = toServer.length + toClient.length > 0;
  }
  return { client, server, received };
}

function assertRefused({ client, server }: ReturnType<typeof relay>, code: TlsErrorCode, text: RegExp): void {
  assert.equal(server.error?.code, code);
  assert.match(server.error.message, text);
  assert.equal(server.established, undefined);
  assert.equal(client.established, undefined);
  assert.equal(client.error?.context.alertReceived, server.error.alert);
}

/** Changes the second ClientHello, which is the one with a cookie. */
function second(change: (hello: ClientHello) => ClientHello): Partial<ClientOptions> {
  return {
    customize: { ClientHello: (hello) => (hello.extensions.cookie === undefined ? hello : change(hello)) },
  };
}

const withCookie = (change: (cookie: Uint8Array) => Uint8Array): Partial<ClientOptions> =>
  second((hello) => ({
    ...hello,
    extensions: { ...hello.extensions, cookie: change(hello.extensions.cookie ?? new Uint8Array()) },
  }));

for (const [why, first] of Object.entries(SERVERS)) {
  test(`a server with the same secret goes on with a cookie that another gave (${why})`, () => {
    const { client, server, received } = relay({ first });
    assert.deepEqual([client.error, server.error], [undefined, undefined]);
    assert.equal(server.established?.helloRetried, true);
    assert.equal(server.established?.group, client.established?.group);
    const retry = server.established?.choices.find(({ what }) => what === 'hello retry');
    assert.match(retry?.reason ?? '', /brought back a cookie/);
    assert.deepEqual(
      client.exportKeyingMaterial('EXPORTER-test', undefined, 32),
      server.exportKeyingMaterial('EXPORTER-test', undefined, 32),
    );
    client.send(text('hello'));
    for (const bytes of client.takeOutgoing()) server.receive(bytes);
    assert.deepEqual(received, ['hello']);
  });

  test(`a cookie holds for its lifetime and no longer, in both directions of the clock (${why})`, () => {
    for (const [offset, holds] of [
      [0, true],
      [COOKIE_LIFETIME - 1000, true],
      [COOKIE_LIFETIME + 1000, false],
      [-COOKIE_LIFETIME + 1000, true],
      [-COOKIE_LIFETIME - 1000, false],
    ] as const) {
      const outcome = relay({
        first: { ...first, now: () => START },
        second: { ...first, now: () => START + offset },
      });
      if (holds) assert.ok(outcome.server.established, `${offset} ms: ${outcome.server.error?.message}`);
      else assertRefused(outcome, 'ERR_ILLEGAL_PARAMETER', /cookie has expired/);
    }
  });

  test(`a cookie of another secret is refused, and one where none was given (${why})`, () => {
    const otherSecret = { ...first, cookieSecret: SECRET.map((byte) => byte ^ 1) };
    assertRefused(relay({ first, second: otherSecret }), 'ERR_ILLEGAL_PARAMETER', /not one of this server/);
    const client = { middleboxCompatibility: false };
    assertRefused(relay({ first, second: {}, client }), 'ERR_ILLEGAL_PARAMETER', /this server gave none/);
    // A server that keeps no secret keeps state, so a ChangeCipherSpec may not come first.
    assertRefused(
      relay({ first, second: {} }),
      'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
      /expected a ClientHello/,
    );
  });

  test(`a cookie of another format is refused, though its MAC is right (${why})`, () => {
    const reformatted = withCookie((cookie) => {
      const state = cookie.slice(0, -32);
      state[0] = 2;
      return concat(state, nodeProvider.hmac('SHA-256', SECRET, state));
    });
    assertRefused(relay({ first, client: reformatted }), 'ERR_ILLEGAL_PARAMETER', /cookie has expired/);
  });

  test(`a cookie changed in any byte, cut or longer, is refused (${why})`, () => {
    let length = 0;
    relay({
      first,
      client: withCookie((cookie) => {
        length = cookie.length;
        return cookie;
      }),
    });
    assert.ok(length > 64);
    for (let i = 0; i < length; i++) {
      const flip = withCookie((cookie) => cookie.map((byte, at) => (at === i ? byte ^ 0x80 : byte)));
      assertRefused(relay({ first, client: flip }), 'ERR_ILLEGAL_PARAMETER', /cookie/);
      if (i === 0) continue;
      const cut = withCookie((cookie) => cookie.slice(0, i));
      assertRefused(relay({ first, client: cut }), 'ERR_ILLEGAL_PARAMETER', /cookie/);
    }
    const longer = withCookie((cookie) => concat(cookie, Uint8Array.of(0)));
    assertRefused(relay({ first, client: longer }), 'ERR_ILLEGAL_PARAMETER', /cookie/);
  });

  test(`a second ClientHello that does not offer the chosen suite any more is refused (${why})`, () => {
    const options = second((hello) => ({ ...hello, cipherSuites: [TLS_AES_256_GCM_SHA384] }));
    assertRefused(
      relay({ first, client: options }),
      'ERR_ILLEGAL_PARAMETER',
      /no longer offers TLS_AES_128_GCM_SHA256/,
    );
  });

  test(`a server that no longer takes what the cookie says refuses it (${why})`, () => {
    const changed = { ...first, cipherSuites: [TLS_AES_256_GCM_SHA384] };
    assertRefused(relay({ first, second: changed }), 'ERR_ILLEGAL_PARAMETER', /does not take any more/);
    const groups = { ...first, groups: [NamedGroup.secp521r1] };
    assertRefused(relay({ first, second: groups }), 'ERR_ILLEGAL_PARAMETER', /does not take any more/);
  });

  test(`a cookie that belongs to another ClientHello breaks the transcript (${why})`, () => {
    const fromOther: Uint8Array[] = [];
    relay({
      first,
      client: withCookie((cookie) => {
        fromOther.push(cookie);
        return cookie;
      }),
    });
    const [stolen = new Uint8Array()] = fromOther;
    const { client, server } = relay({ first, client: withCookie(() => stolen) });
    // The server cannot know; the two sides hash different first ClientHellos, so no record decrypts.
    assert.equal(client.error?.code, 'ERR_BAD_RECORD_MAC');
    assert.equal(server.established, undefined);
  });

  test(`the server that asked wants its own cookie back, byte for byte (${why})`, () => {
    for (const change of [
      withCookie((cookie) => concat(cookie, Uint8Array.of(0))),
      second(({ extensions: { cookie: _cookie, ...extensions }, ...hello }) => ({ ...hello, extensions })),
    ]) {
      const pair = new Pair({ client: change, server: first }).run();
      const { message } = pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER');
      assert.match(message, /does not carry the cookie of the HelloRetryRequest/);
      assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'illegal_parameter');
    }
  });
}

test('a client that brings a cookie in its first ClientHello is refused by a server without a secret', () => {
  const pair = new Pair({
    client: {
      customize: {
        ClientHello: (hello) => ({
          ...hello,
          extensions: { ...hello.extensions, cookie: new Uint8Array(100) },
        }),
      },
    },
  }).run();
  assert.match(
    pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER').message,
    /a cookie, but this server gave none/,
  );
});

/** What a second ClientHello may not change (RFC 9846 section 4.2.2), told by a server that kept the first. */
const CHANGES: Readonly<Record<string, (hello: ClientHello) => ClientHello>> = {
  random: (hello) => ({ ...hello, random: hello.random.map((byte) => byte ^ 1) }),
  'session id': (hello) => ({ ...hello, legacySessionId: new Uint8Array(32) }),
  'cipher suites': (hello) => ({ ...hello, cipherSuites: [TLS_AES_128_GCM_SHA256] }),
  'server name': (hello) => ({ ...hello, extensions: { ...hello.extensions, serverName: 'other.example' } }),
  'signature schemes': (hello) => ({
    ...hello,
    extensions: { ...hello.extensions, signatureAlgorithms: [0x0403] },
  }),
  'an extension left out': ({ extensions: { statusRequest: _status, ...extensions }, ...hello }) => ({
    ...hello,
    extensions,
  }),
  'an extension added': (hello) => ({
    ...hello,
    extensions: { ...hello.extensions, unknown: [{ type: 0xfff0, data: new Uint8Array(3) }] },
  }),
  'early data': (hello) => ({ ...hello, extensions: { ...hello.extensions, earlyData: true } }),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`a second ClientHello may not change: ${what}`, () => {
    for (const server of [...Object.values(SERVERS), { groups: [NamedGroup.secp256r1] }]) {
      let hellos = 0;
      const pair = new Pair({
        client: { customize: { ClientHello: (hello) => (++hellos === 2 ? change(hello) : hello) } },
        server,
      }).run();
      assert.equal(hellos, 2);
      pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER');
      assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'illegal_parameter');
    }
  });
}

test('a second ClientHello must bring exactly the share that was asked for', () => {
  type Share = { readonly group: NamedGroup; readonly keyExchange: Uint8Array };
  const change = (edit: (share: Share) => Share[]): Pair => {
    let hellos = 0;
    return new Pair({
      client: {
        customize: {
          ClientHello: (hello) =>
            ++hellos === 1
              ? hello
              : {
                  ...hello,
                  extensions: {
                    ...hello.extensions,
                    keyShare: (hello.extensions.keyShare ?? []).flatMap(edit),
                  },
                },
        },
      },
      server: { groups: [NamedGroup.secp256r1] },
    }).run();
  };
  const x25519: Share = { group: NamedGroup.x25519, keyExchange: new Uint8Array(32).fill(9) };
  for (const edit of [() => [], () => [x25519], (share: Share) => [share, x25519]]) {
    const pair = change(edit);
    assert.match(pair.errorOf('server', 'ERR_ILLEGAL_PARAMETER').message, /expected exactly one key share/);
  }
  assert.equal(change((share) => [share]).isSettled, true);
});

test('padding and Encrypted ClientHello may change between the two ClientHellos', () => {
  for (const type of [ExtensionType.padding, ExtensionType.encrypted_client_hello]) {
    let hellos = 0;
    const pair = new Pair({
      client: {
        customize: {
          ClientHello: (hello) => ({
            ...hello,
            extensions: { ...hello.extensions, unknown: [{ type, data: new Uint8Array(10 * ++hellos) }] },
          }),
        },
      },
      server: { groups: [NamedGroup.secp256r1] },
    }).run();
    assert.equal(pair.establishedOn('server').helloRetried, true);
    assert.equal(hellos, 2);
  }
});
