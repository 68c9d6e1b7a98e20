/** Clients that cheat with pre-shared keys and their binders: what an honest server must refuse, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import type { ClientConfig } from '../../src/handshake/config.ts';
import { ascii, concat } from '../../src/wire/bytes.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { preSharedKey } from '../../src/wire/extensions/pre-shared-key.ts';
import { type ClientHello, clientHello } from '../../src/wire/messages/client-hello.ts';
import { encodeHandshake, HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { ExtensionType, HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import { DECODE, ILLEGAL, MISSING, type Refusal } from '../support/cheats.ts';
import { flipped } from '../support/cheats12.ts';
import { Pair, type PairOptions } from '../support/pair.ts';
import { cheatingClient, type Puppet, TARGET } from '../support/puppet.ts';
import { acquainted, later } from '../support/sessions.ts';

const BAD_BINDER: Refusal = ['ERR_BAD_BINDER', 'decrypt_error'];
const EXTERNAL = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(7) };
const OTHER = { identity: ascii('sensor 8'), key: new Uint8Array(32).fill(8) };

const known = acquainted();

type Alter = (message: Uint8Array) => Uint8Array;
type Offered = NonNullable<ClientHello['extensions']['preSharedKey']>;

/** A ClientHello, decoded and made again; binders stay what they were. */
const remade =
  (change: (hello: ClientHello) => ClientHello): Alter =>
  (message) => {
    const hello = decode(clientHello, 'ClientHello', message.subarray(HANDSHAKE_HEADER_LENGTH));
    return encodeHandshake(HandshakeType.client_hello, clientHello, change(hello));
  };

const withExtensions = (
  change: (extensions: ClientHello['extensions']) => ClientHello['extensions'],
): Alter => remade((hello) => ({ ...hello, extensions: change(hello.extensions) }));

const withPsks = (change: (offered: Offered) => Offered): Alter =>
  withExtensions((extensions) => {
    assert.ok(extensions.preSharedKey);
    return { ...extensions, preSharedKey: change(extensions.preSharedKey) };
  });

/** pre_shared_key as these bytes. */
const withRawPsks = (change: (data: Uint8Array) => Uint8Array): Alter =>
  withExtensions(({ preSharedKey: offered, ...rest }) => {
    assert.ok(offered);
    const data = change(encode(preSharedKey.in.ClientHello, offered));
    return { ...rest, unknown: [{ type: ExtensionType.pre_shared_key, data }] };
  });

const withBinders = (change: (binders: readonly Uint8Array[]) => readonly Uint8Array[]): Alter =>
  withPsks(({ identities, binders }) => ({ identities, binders: [...change(binders)] }));

/** Extensions and message longer by one extension, which stands behind pre_shared_key. */
const withAnotherBehind: Alter = (message) => {
  const hello = decode(clientHello, 'ClientHello', message.subarray(HANDSHAKE_HEADER_LENGTH));
  const at =
    HANDSHAKE_HEADER_LENGTH +
    2 +
    32 +
    1 +
    hello.legacySessionId.length +
    2 +
    2 * hello.cipherSuites.length +
    2;
  const bytes = concat(message, Uint8Array.of(0, ExtensionType.padding, 0, 0));
  const view = new DataView(bytes.buffer);
  view.setUint16(2, view.getUint16(2) + 4);
  view.setUint16(at, view.getUint16(at) + 4);
  return bytes;
};

/** A client that sends this ClientHello, in place of its own. */
function sending(alter: Alter, options: PairOptions = known): Puppet<ClientConfig> {
  const client = cheatingClient(options);
  client.alter = alter;
  client.run(sendClientHello(client.h, TARGET));
  return client;
}

const EMPTY_LIST = Uint8Array.of(0, 0);

const CHEATS: Readonly<Record<string, readonly [Alter, Refusal]>> = {
  'a binder wrong in its first bit': [
    withBinders(([first]) => [flipped(first as Uint8Array, 0)]),
    BAD_BINDER,
  ],
  'a binder wrong in its last bit': [(message) => flipped(message, message.length - 1), BAD_BINDER],
  'a binder of zeros': [withBinders(() => [new Uint8Array(32)]), BAD_BINDER],
  'a binder of SHA-384’s length': [
    withBinders(([first]) => [concat(first as Uint8Array, new Uint8Array(16))]),
    BAD_BINDER,
  ],
  'a binder a byte long': [
    withBinders(([first]) => [concat(first as Uint8Array, Uint8Array.of(0))]),
    BAD_BINDER,
  ],
  'a binder a byte short': [
    withRawPsks((data) => concat(data.subarray(0, -35), Uint8Array.of(0, 32, 31), data.subarray(-32, -1))),
    DECODE,
  ],
  'an empty binder': [withRawPsks((data) => concat(data.subarray(0, -35), Uint8Array.of(0, 1, 0))), DECODE],
  'no binder': [withRawPsks((data) => concat(data.subarray(0, -35), EMPTY_LIST)), DECODE],
  'no list of binders': [withRawPsks((data) => data.subarray(0, -35)), DECODE],
  'no identity': [withRawPsks((data) => concat(EMPTY_LIST, data.subarray(-35))), DECODE],
  'nothing at all': [withRawPsks(() => new Uint8Array()), DECODE],
  'a byte behind the binders': [withRawPsks((data) => concat(data, Uint8Array.of(0))), DECODE],
  'a binder more than identities': [
    withBinders(([first]) => [first as Uint8Array, new Uint8Array(32)]),
    ILLEGAL,
  ],
  'an identity more than binders': [
    withPsks(({ identities, binders }) => ({ identities: [...identities, ...identities], binders })),
    ILLEGAL,
  ],
  'an extension behind pre_shared_key': [withAnotherBehind, ILLEGAL],
  'another age of the ticket than the binder says': [
    withPsks(({ identities, binders }) => ({
      identities: identities.map((one) => ({
        ...one,
        obfuscatedTicketAge: (one.obfuscatedTicketAge + 1) >>> 0,
      })),
      binders,
    })),
    BAD_BINDER,
  ],
  'an identity that the binder does not know of': [
    withPsks(({ identities, binders }) => ({
      identities: [...identities, { identity: ascii('more'), obfuscatedTicketAge: 0 }],
      binders: [...binders, new Uint8Array(32)],
    })),
    BAD_BINDER,
  ],
  'an extension that the binder does not know of': [
    withExtensions((e) => ({ ...e, ticketRequest: { newSessionCount: 1, resumptionCount: 1 } })),
    BAD_BINDER,
  ],
  'another random': [remade((hello) => ({ ...hello, random: new Uint8Array(32) })), BAD_BINDER],
  'no psk_key_exchange_modes': [withExtensions(({ pskKeyExchangeModes: _modes, ...e }) => e), MISSING],
  'an empty psk_key_exchange_modes': [
    withExtensions(({ pskKeyExchangeModes: _modes, ...e }) => ({
      ...e,
      unknown: [{ type: ExtensionType.psk_key_exchange_modes, data: Uint8Array.of(0) }],
    })),
    DECODE,
  ],
};

test('untouched, the session goes on', () => {
  const client = cheatingClient(known).complete();
  assert.equal(client.victim.established?.resumed, true);
  assert.deepEqual(client.events, ['established']);
});

for (const [what, [alter, refusal]] of Object.entries(CHEATS)) {
  test(`ClientHello with a PSK: ${what}`, () => {
    sending(alter).assertRefused(...refusal);
  });
}

test('a binder of the right key, but derived as for another kind of PSK', () => {
  const external = { identity: known.session.ticket, key: known.session.secret };
  const { sessions: _sessions, ...client } = known.client;
  sending((message) => message, { ...known, client: { ...client, psks: [external] } }).assertRefused(
    ...BAD_BINDER,
  );
});

test('the second PSK is looked at where the first is not known; its binder must be right', () => {
  const options = { client: { psks: [OTHER, EXTERNAL] }, server: { psks: [EXTERNAL] } };
  const pair = new Pair(options).run();
  assert.deepEqual(pair.establishedOn('server').pskIdentity, EXTERNAL.identity);
  sending(
    withBinders((binders) => [binders[1] as Uint8Array, binders[0] as Uint8Array]),
    options,
  ).assertRefused(...BAD_BINDER);
});

test('no other PSK is tried where the binder of the first that is known is wrong', () => {
  const options = { client: { psks: [EXTERNAL, OTHER] }, server: { psks: [EXTERNAL, OTHER] } };
  sending(
    withBinders((binders) => [new Uint8Array(32), ...binders.slice(1)]),
    options,
  ).assertRefused(...BAD_BINDER);
});

test('modes that the server does not take, and those that nobody knows: a full handshake', () => {
  for (const modes of [[0], [7], [7, 0, 255]]) {
    const customize = {
      ClientHello: (hello: ClientHello) => ({
        ...hello,
        extensions: { ...hello.extensions, pskKeyExchangeModes: modes },
      }),
    };
    const pair = new Pair(later(known, { client: { customize } })).run();
    assert.equal(pair.establishedOn('server').resumed, false);
  }
});

/** A client that has been sent a HelloRetryRequest, and answers with what `alter` makes of its second ClientHello. */
function retrying(options: PairOptions, alter: Alter): Puppet<ClientConfig> {
  let hellos = 0;
  const client = cheatingClient({
    ...options,
    server: { ...options.server, groups: [NamedGroup.secp256r1] },
  });
  client.alter = (message) => (hellos++ === 0 ? message : alter(message));
  assert.throws(() => client.complete());
  assert.equal(hellos, 2);
  return client;
}

function refusedAfterRetry(options: PairOptions, alter: Alter, [code, alert]: Refusal): void {
  const { victim, events } = retrying(options, alter);
  assert.deepEqual([victim.error?.code, victim.error?.alert], [code, alert], victim.error?.message);
  assert.deepEqual(events, ['error']);
  assert.equal(victim.established, undefined);
}

test('the second ClientHello has another binder than the first', () => {
  let first: ClientHello | undefined;
  const client = cheatingClient(later(known, { server: { groups: [NamedGroup.secp256r1] } }));
  client.alter = (message) => {
    const hello = decode(clientHello, 'ClientHello', message.subarray(HANDSHAKE_HEADER_LENGTH));
    const binders = first?.extensions.preSharedKey?.binders;
    first ??= hello;
    return binders === undefined ? message : withBinders(() => binders)(message);
  };
  assert.throws(() => client.complete());
  assert.equal(client.victim.error?.code, 'ERR_BAD_BINDER');
  assert.equal(client.victim.established, undefined);
});

test('the second ClientHello offers a PSK that the first did not', () => {
  const psks = [EXTERNAL];
  const exchanged = withPsks(({ binders }) => ({
    identities: [{ identity: OTHER.identity, obfuscatedTicketAge: 0 }],
    binders,
  }));
  const added = withPsks(({ identities, binders }) => ({
    identities: [...identities, { identity: OTHER.identity, obfuscatedTicketAge: 0 }],
    binders: [...binders, new Uint8Array(32)],
  }));
  for (const alter of [exchanged, added]) {
    refusedAfterRetry({ client: { psks }, server: { psks: [EXTERNAL, OTHER] } }, alter, ILLEGAL);
  }
  const another = withExtensions((extensions) => ({
    ...extensions,
    pskKeyExchangeModes: [1],
    preSharedKey: {
      identities: [{ identity: OTHER.identity, obfuscatedTicketAge: 0 }],
      binders: [new Uint8Array(32)],
    },
  }));
  refusedAfterRetry({ server: { psks: [OTHER] } }, another, ILLEGAL);
});

test('the second ClientHello changes something else beside its PSK', () => {
  for (const alter of [
    remade((hello) => ({ ...hello, random: new Uint8Array(32) })),
    withExtensions(({ serverName: _name, ...rest }) => rest),
    withExtensions((extensions) => ({ ...extensions, pskKeyExchangeModes: [1, 0] })),
    withExtensions((extensions) => ({ ...extensions, earlyData: true })),
  ]) {
    refusedAfterRetry(known, alter, ILLEGAL);
  }
});

test('the second ClientHello leaves its PSK out: a full handshake', () => {
  const options = later(known, { server: { groups: [NamedGroup.secp256r1] } });
  let hellos = 0;
  const customize = {
    ClientHello: (hello: ClientHello): ClientHello => {
      const { preSharedKey: _psk, ...rest } = hello.extensions;
      return hellos++ === 0 ? hello : { ...hello, extensions: rest };
    },
  };
  const pair = new Pair(later(options, { client: { customize } })).run();
  assert.equal(pair.establishedOn('server').resumed, false);
  assert.equal(pair.establishedOn('client').helloRetried, true);
});
