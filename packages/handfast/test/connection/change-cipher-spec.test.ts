/**
 * ChangeCipherSpec in whole connections of TLS 1.2 (RFC 5246 section 7.1): dropped, repeated, early, late, malformed, in the
 * middle of a message, and before anybody knows that it is TLS 1.2. It carries nothing and nothing signs it, so whoever is
 * between may put one anywhere; keys must not come into force by it before both sides have agreed on them (CVE-2014-0224).
 *
 * The rules, apart from the code: there is one place for it, behind all other messages and before Finished, at the end of
 * a record. At any other place it is refused with ERR_UNEXPECTED_CHANGE_CIPHER_SPEC; a client that does not know the
 * version yet refuses it when it does. Where it is missing, what comes in its place is refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY } from '../../src/policy/policies.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, AlertLevel } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import {
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  EARLY_DATA,
  EXCESS,
  FRAGMENT,
  INTERLEAVED,
  type Refusal,
  shortMessage,
  UNEXPECTED,
} from '../support/cheats.ts';
import { FLOWS_12, mutual, withMore } from '../support/flows12.ts';
import { connectedPair, other, Pair, type PairOptions, text } from '../support/pair.ts';
import { cheatingPeerOf } from '../support/puppet.ts';
import { relay, type Unit, wireRecord, wireUnit } from '../support/relay.ts';

const { change_cipher_spec, handshake, alert, application_data } = ContentType;
const CCS = wireRecord(change_cipher_spec, Uint8Array.of(1));
const ROLES: readonly Role[] = ['client', 'server'];

const RECORD_VERSION: Refusal = ['ERR_RECORD_VERSION', 'protocol_version'];
const EMPTY_FRAGMENT: Refusal = ['ERR_EMPTY_FRAGMENT', 'unexpected_message'];
const PLAINTEXT_FINISHED = shortMessage(HandshakeType.finished, ...new Uint8Array(12));

const FLOWS: Readonly<Record<string, PairOptions>> = Object.fromEntries(
  Object.entries(FLOWS_12).flatMap(([name, flow]) => [
    [name, flow],
    [`${name}, client certificate`, mutual(flow)],
  ]),
);

type Change = Parameters<typeof relay>[1];

/** The units that a receiver is sent, which a handshake without anybody between shows. */
function unitsAt(flow: PairOptions, receiver: Role): readonly Unit[] {
  const units: Unit[] = [];
  connectedPair({
    ...flow,
    cut: relay(receiver, (unit) => {
      units.push(unit);
      return [wireUnit(unit)];
    }),
  });
  return units;
}

/** The receiver refuses so, tells its peer so, has completed nothing, and has neither read nor sent data. */
function assertRefused(
  what: string,
  flow: PairOptions,
  receiver: Role,
  change: Change,
  [code, alertTold]: Refusal,
): void {
  const pair = new Pair({ ...flow, cut: relay(receiver, change) });
  for (const side of ROLES) pair.side(side).send(text(`a secret of the ${side}`));
  pair.run();
  const { error } = pair.side(receiver);
  assert.deepEqual([error?.code, error?.alert], [code, alertTold], `${what}: ${error?.message}`);
  assert.deepEqual(pair.typesOf(receiver), ['error'], what);
  assert.equal(pair.side(receiver).established, undefined, what);
  assert.equal(pair.dataOf(other(receiver)).length, 0, what);
  const peer = pair.errorOf(other(receiver), 'ERR_ALERT_RECEIVED');
  assert.equal(peer.context.alertReceived, alertTold, what);
}

const at =
  (target: number, change: (unit: Unit) => readonly Uint8Array[]): Change =>
  (unit, index) =>
    index === target ? change(unit) : [wireUnit(unit)];
const atName =
  (name: string, change: (unit: Unit) => readonly Uint8Array[]): Change =>
  (unit) =>
    unit.name === name ? change(unit) : [wireUnit(unit)];

for (const [name, flow] of Object.entries(FLOWS)) {
  for (const receiver of ROLES) {
    const units = unitsAt(flow, receiver);
    const names = units.map((unit) => unit.name);

    test(`${name}: the ${receiver} is sent one ChangeCipherSpec, behind all but Finished`, () => {
      assert.deepEqual(names.slice(-2), ['ChangeCipherSpec', 'Finished']);
      assert.equal(names.indexOf('ChangeCipherSpec'), names.length - 2);
      assert.deepEqual(units.at(-2)?.fragment, Uint8Array.of(1));
    });

    test(`${name}: the ${receiver} refuses a ChangeCipherSpec that comes early, or twice`, () => {
      for (const [i, { name: next }] of units.entries()) {
        const change = at(i, (unit) => [CCS, wireUnit(unit)]);
        assertRefused(`before ${next}`, flow, receiver, change, CHANGE_CIPHER_SPEC);
      }
    });

    test(`${name}: the ${receiver} refuses a ChangeCipherSpec in the middle of a message`, () => {
      for (const [i, { name: cut, fragment: whole }] of units.slice(0, -2).entries()) {
        for (const length of [1, 4, 5].filter((length) => length < whole.length)) {
          const change = at(i, ({ type, fragment }) => [
            wireRecord(type, fragment.slice(0, length)),
            CCS,
            wireRecord(type, fragment.slice(length)),
          ]);
          // Before its ServerHello a client takes one for that of a TLS 1.3 server, which may not stand there either.
          const refusal = cut === 'ServerHello' ? INTERLEAVED : CHANGE_CIPHER_SPEC;
          assertRefused(`in ${cut}`, flow, receiver, change, refusal);
        }
      }
    });

    test(`${name}: the ${receiver} refuses a ChangeCipherSpec behind the beginning of another message`, () => {
      const change = at(units.length - 3, ({ type, fragment }) => [
        wireRecord(type, concat(fragment, FRAGMENT)),
      ]);
      assertRefused('behind a fragment', flow, receiver, change, EXCESS);
    });

    test(`${name}: the ${receiver} goes no further without the ChangeCipherSpec`, () => {
      const dropped = atName('ChangeCipherSpec', () => []);
      assertRefused('dropped', flow, receiver, dropped, UNEXPECTED);
      const inPlaintext = (unit: Unit): Uint8Array[] =>
        unit.name === 'ChangeCipherSpec'
          ? []
          : unit.name === 'Finished'
            ? [wireRecord(handshake, PLAINTEXT_FINISHED)]
            : [wireUnit(unit)];
      assertRefused('and Finished in plaintext', flow, receiver, inPlaintext, UNEXPECTED);
      let held: Uint8Array[] = [];
      const late: Change = (unit) => {
        if (unit.name === 'ChangeCipherSpec') held = [wireUnit(unit)];
        if (unit.name === 'ChangeCipherSpec') return [];
        return unit.name === 'Finished' ? [wireUnit(unit), ...held] : [wireUnit(unit)];
      };
      assertRefused('late', flow, receiver, late, UNEXPECTED);
    });

    test(`${name}: the ${receiver} refuses a ChangeCipherSpec that is not the byte 01, or of another version`, () => {
      for (const fragment of [[0], [2], [1, 1], [0, 1], [1, 0]]) {
        const change = atName('ChangeCipherSpec', () => [
          wireRecord(change_cipher_spec, Uint8Array.from(fragment)),
        ]);
        assertRefused(`with ${fragment}`, flow, receiver, change, CHANGE_CIPHER_SPEC);
      }
      const empty = atName('ChangeCipherSpec', () => [wireRecord(change_cipher_spec, new Uint8Array())]);
      assertRefused('with nothing', flow, receiver, empty, EMPTY_FRAGMENT);
      for (const version of [0x0300, 0x0301, 0x0302, 0x0304]) {
        const change = atName('ChangeCipherSpec', ({ type, fragment }) => [
          wireRecord(type, fragment, version),
        ]);
        assertRefused(`of 0x0${version.toString(16)}`, flow, receiver, change, RECORD_VERSION);
      }
    });

    test(`${name}: nothing but Finished under the new key may follow the ChangeCipherSpec of the ${receiver}'s peer`, () => {
      const plaintext = atName('Finished', () => [wireRecord(handshake, PLAINTEXT_FINISHED)]);
      assertRefused('Finished in plaintext', flow, receiver, plaintext, BAD_MAC);
      for (const [type, content] of [
        [alert, [AlertLevel.warning, AlertDescription.no_renegotiation]],
        [application_data, [1, 2, 3]],
        [handshake, [HandshakeType.hello_request, 0, 0, 0]],
      ] as const) {
        const inserted = atName('Finished', (unit) => [
          wireRecord(type, Uint8Array.from(content)),
          wireUnit(unit),
        ]);
        assertRefused(`a record of type ${type} in plaintext`, flow, receiver, inserted, BAD_MAC);
      }
      const peer = cheatingPeerOf(receiver, flow);
      peer.alter = (message) => {
        if (message[0] !== HandshakeType.finished) return message;
        peer.record(application_data, text('too early'));
        throw new Error('no Finished');
      };
      assert.throws(() => peer.complete(), /no Finished/);
      peer.assertRefused(...EARLY_DATA);
    });

    test(`${name}: the ${receiver} refuses a ChangeCipherSpec after the handshake`, () => {
      let isInserted = false;
      const change: Change = (unit) => {
        if (unit.name !== 'data') return [wireUnit(unit)];
        isInserted = true;
        return [CCS, wireUnit(unit)];
      };
      const pair = connectedPair({ ...flow, cut: relay(receiver, change) });
      pair.side(other(receiver)).send(text('not to be read'));
      pair.run();
      assert.ok(isInserted);
      const error = pair.errorOf(receiver, 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC');
      assert.equal(error.alert, 'unexpected_message');
      assert.equal(pair.dataOf(receiver).length, 0);
    });

    test(`${name}: a warning before the ChangeCipherSpec does not keep the ${receiver} from taking it`, () => {
      const warning = Uint8Array.of(AlertLevel.warning, AlertDescription.user_canceled);
      const change = atName('ChangeCipherSpec', (unit) => [wireRecord(alert, warning), wireUnit(unit)]);
      connectedPair({ ...flow, cut: relay(receiver, change) });
    });
  }

  test(`${name}: both sides refuse keys that are forced on both of them early (CVE-2014-0224)`, () => {
    const early = at(1, (unit) => [CCS, wireUnit(unit)]);
    const [toClient, toServer] = [relay('client', early), relay('server', early)];
    const pair = new Pair({
      ...flow,
      cut: (bytes, sender) => (sender === 'server' ? toClient(bytes, sender) : toServer(bytes, sender)),
    });
    pair.run();
    pair.errorOf('client', 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC');
    // The server hears of it from the client, before the client's next message could follow.
    pair.errorOf('server', 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC');
  });
}

test('what a server ignores between the hellos of TLS 1.3 is refused when it turns out to be TLS 1.2', () => {
  // With a cookie secret a server may be sent a second ClientHello first, and the ChangeCipherSpec before that.
  const flow = withMore(FLOWS_12['ECDHE, AEAD'] as PairOptions, {
    server: { cookieSecret: new Uint8Array(32).fill(2) },
  });
  const before = at(0, (unit) => [CCS, wireUnit(unit)]);
  assertRefused('before ClientHello', flow, 'server', before, CHANGE_CIPHER_SPEC);
});

test('a server that speaks both versions knows them apart: behind a TLS 1.3 ClientHello one is ignored', () => {
  const change = at(0, (unit) => [wireUnit(unit), CCS]);
  for (const client of ['TLSv1.3', 'TLSv1.2'] as const) {
    const flow: PairOptions = {
      client: { policy: DEFAULT_POLICY, versions: [client] },
      server: { policy: DEFAULT_POLICY },
    };
    const cut = relay('server', change);
    if (client === 'TLSv1.2') assertRefused(client, flow, 'server', change, CHANGE_CIPHER_SPEC);
    else connectedPair({ ...flow, cut });
  }
});
