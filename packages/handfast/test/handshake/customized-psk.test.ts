/** The caller's last word on the pre-shared keys of a ClientHello: what was left out or moved is not counted on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Customization, Messages } from '../../src/handshake/messages.ts';
import { ascii, latin1 } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { Pair, text } from '../support/pair.ts';
import { acquainted, later, withEarlyData } from '../support/sessions.ts';

type Extensions = Messages['ClientHello']['extensions'];
type Offered = NonNullable<Extensions['preSharedKey']>;

const EXTERNAL = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(7) };
const known = withEarlyData(acquainted(), text('early'));

function customized(change: (extensions: Extensions) => Extensions): Customization {
  return { ClientHello: (hello) => ({ ...hello, extensions: change(hello.extensions) }) };
}

const withPsks = (change: (offered: Offered) => Offered): Customization =>
  customized(({ preSharedKey, ...rest }) => ({
    ...rest,
    ...(preSharedKey && { preSharedKey: change(preSharedKey) }),
  }));

const reversed = withPsks(({ identities, binders }) => ({
  identities: identities.toReversed(),
  binders: binders.toReversed(),
}));

/** What became of a connection whose client has two keys to offer. */
function connect(customize: Customization, server: object = {}): readonly unknown[] {
  const early: string[] = [];
  const options = later(known, { client: { psks: [EXTERNAL], customize }, server });
  const handlers = { server: { onEarlyData: (data: Uint8Array) => void early.push(latin1(data)) } };
  const pair = new Pair({ ...options, handlers }).run();
  const { resumed, earlyData, pskIdentity } = pair.establishedOn('client');
  assert.equal(pair.establishedOn('server').resumed, resumed);
  return [resumed, pskIdentity && latin1(pskIdentity), earlyData, early];
}

test('untouched: the session goes on', () => {
  assert.deepEqual(connect({}), [true, undefined, 'accepted', ['early']]);
});

test('pre_shared_key is taken out: a full handshake, and nothing goes early', () => {
  const without = customized(({ preSharedKey: _psk, ...rest }) => rest);
  assert.deepEqual(connect(without), [false, undefined, undefined, []]);
});

test('early_data is taken out: nothing goes early', () => {
  const without = customized(({ earlyData: _early, ...rest }) => rest);
  assert.deepEqual(connect(without), [true, undefined, undefined, []]);
});

test('keys are moved: each has its own binder, and early data goes under the first only', () => {
  assert.deepEqual(connect(reversed), [true, undefined, undefined, []]);
  assert.deepEqual(connect(reversed, { psks: [EXTERNAL] }), [false, 'sensor 7', undefined, []]);
});

test('a key is left out: the others keep their binders', () => {
  const last = withPsks(({ identities, binders }) => ({
    identities: identities.slice(1),
    binders: binders.slice(1),
  }));
  assert.deepEqual(connect(last, { psks: [EXTERNAL] }), [false, 'sensor 7', undefined, []]);
});

test('the same after HelloRetryRequest', () => {
  const groups = [NamedGroup.secp256r1];
  const server = { groups, psks: [EXTERNAL] };
  // The second ClientHello is made from the first as it was sent, and turned round once more.
  assert.deepEqual(connect(reversed, server), [true, undefined, undefined, []]);
  assert.deepEqual(connect({}, server), [true, undefined, 'rejected', []]);
});

test('a key of the caller, whose binder is the caller’s, is not one of this client', () => {
  const added = withPsks(({ identities, binders }) => ({
    identities: [{ identity: ascii('mine'), obfuscatedTicketAge: 0 }, ...identities],
    binders: [new Uint8Array(32), ...binders],
  }));
  assert.deepEqual(connect(added), [true, undefined, undefined, []]);
  const cheat = {
    customize: {
      ServerHello: (hello: Messages['ServerHello']) => ({
        ...hello,
        extensions: { ...hello.extensions, preSharedKey: 0 },
      }),
    },
  };
  const pair = new Pair(later(known, { client: { customize: added }, server: cheat })).run();
  assert.equal(pair.client.error?.code, 'ERR_ILLEGAL_PARAMETER');
  assert.equal(pair.client.established, undefined);
});
