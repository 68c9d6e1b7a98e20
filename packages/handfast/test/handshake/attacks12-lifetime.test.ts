/**
 * What becomes of a TLS 1.2 connection after its handshake: wishes for another one, warnings, records that are repeated,
 * reordered, dropped or sent back, and how it ends.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import type { ClientConfig } from '../../src/handshake/config.ts';
import {
  MAX_EMPTY_RECORDS,
  MAX_RENEGOTIATION_ATTEMPTS,
  MAX_WARNING_ALERTS,
} from '../../src/policy/limits.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { type Refusal, shortMessage } from '../support/cheats.ts';
import { FLOWS_12, mutual, withMore } from '../support/flows12.ts';
import { connectedPair, other, type PairOptions, text } from '../support/pair.ts';
import { type AnyPuppet, cheatingPeerOf, type Puppet, TARGET } from '../support/puppet.ts';
import { assertRefused12, recordTypes } from '../support/puppet12.ts';

const { alert, application_data, handshake } = ContentType;
const WARNING = 1;
const FATAL = 2;
const ROLES: readonly Role[] = ['client', 'server'];

/** A wish for another handshake, as the peer of `victim` says it. */
function wish(puppet: AnyPuppet): Uint8Array {
  if (puppet.h.role === 'server') return shortMessage(HandshakeType.hello_request);
  const client = puppet as Puppet<ClientConfig>;
  return client.hold(() => client.run(sendClientHello(client.h, TARGET)));
}

/** The alerts and data that the victim sent, which its peer can read. */
function said(puppet: AnyPuppet): string[] {
  const heard: string[] = [];
  for (;;) {
    const incoming = puppet.next();
    if (incoming === undefined) return heard;
    if (incoming.type === 'alert') heard.push(`alert ${incoming.level} ${incoming.description}`);
    else if (incoming.type === 'application_data') heard.push(new TextDecoder().decode(incoming.data));
    else heard.push(incoming.type);
  }
}

const NO_RENEGOTIATION = `alert ${WARNING} ${AlertDescription.no_renegotiation}`;
const RENEGOTIATIONS: Refusal = ['ERR_TOO_MANY_RENEGOTIATIONS', 'unexpected_message'];
const WARNINGS: Refusal = ['ERR_TOO_MANY_WARNING_ALERTS', 'unexpected_message'];
const BAD_MAC: Refusal = ['ERR_BAD_RECORD_MAC', 'bad_record_mac'];

for (const [name, flow] of Object.entries(FLOWS_12)) {
  for (const victim of ROLES) {
    const established = (options: PairOptions = flow): AnyPuppet =>
      cheatingPeerOf(victim, options).complete();

    test(`${name}: a ${victim} declines another handshake with a warning, and goes on`, () => {
      const puppet = established();
      const data = ['established'];
      for (let i = 0; i < MAX_RENEGOTIATION_ATTEMPTS; i++) {
        puppet.record(handshake, wish(puppet));
        puppet.record(application_data, text('still here'));
        puppet.exchange();
        data.push('data');
        puppet.victim.send(text(`answer ${i}`));
        assert.deepEqual(said(puppet), [NO_RENEGOTIATION, `answer ${i}`]);
        assert.deepEqual(puppet.events, data);
      }
      puppet.record(handshake, wish(puppet));
      assertRefused12(puppet, RENEGOTIATIONS, 'the fifth', ...data);
    });

    test(`${name}: a ${victim} that is told not to renegotiate goes on, as it never wished to`, () => {
      const puppet = established();
      puppet.record(alert, Uint8Array.of(WARNING, AlertDescription.no_renegotiation));
      puppet.record(application_data, text('still here'));
      puppet.exchange();
      assert.deepEqual(puppet.events, ['established', 'data']);
    });
  }
}

const [flow] = Object.values(FLOWS_12);
assert.ok(flow);

for (const victim of ROLES) {
  const established = (): AnyPuppet => cheatingPeerOf(victim, flow).complete();

  test(`a ${victim}: wishes for another handshake in pieces, and several in one record`, () => {
    const puppet = established();
    const message = wish(puppet);
    for (const byte of message) puppet.record(handshake, Uint8Array.of(byte));
    puppet.record(handshake, concat(message, message, message));
    assert.deepEqual(said(puppet), new Array(4).fill(NO_RENEGOTIATION));
    puppet.record(handshake, concat(message, message));
    assertRefused12(puppet, RENEGOTIATIONS, 'in one record', 'established');
  });

  test(`a ${victim}: data between them resets nothing, for nobody needs five`, () => {
    const puppet = established();
    for (let i = 0; i < MAX_RENEGOTIATION_ATTEMPTS; i++) {
      puppet.record(handshake, wish(puppet));
      for (let j = 0; j < 10; j++) puppet.record(application_data, text('x'));
    }
    puppet.exchange();
    const before = [...puppet.events];
    assert.equal(before.length, 1 + 10 * MAX_RENEGOTIATION_ATTEMPTS);
    puppet.record(handshake, wish(puppet));
    assertRefused12(puppet, RENEGOTIATIONS, 'after data', ...before);
  });

  test(`a ${victim} that has closed its side says nothing more, and still reads`, () => {
    const puppet = established();
    puppet.victim.close();
    assert.deepEqual(said(puppet), [`alert ${WARNING} ${AlertDescription.close_notify}`]);
    puppet.record(handshake, wish(puppet));
    puppet.record(application_data, text('the rest'));
    puppet.record(alert, Uint8Array.of(WARNING, AlertDescription.close_notify));
    assert.deepEqual(said(puppet), []);
    assert.equal(puppet.victim.error, undefined, puppet.victim.error?.message);
    assert.deepEqual(puppet.events, ['established', 'data', 'end']);
  });

  test(`a ${victim} has nothing to update its keys with, and no tickets`, () => {
    const pair = connectedPair(flow);
    for (const requested of [true, false]) {
      assert.throws(() => pair.side(victim).updateKeys(requested), ConfigError);
    }
    pair.client.send(text('still here'));
    pair.run();
    assert.equal(pair.textOf('server'), 'still here');
  });

  test(`a ${victim}: warnings are tolerated, a few in a row`, () => {
    for (const description of [
      AlertDescription.user_canceled,
      AlertDescription.no_renegotiation,
      AlertDescription.unrecognized_name,
      AlertDescription.bad_certificate,
      99,
    ]) {
      const puppet = established();
      const warn = (): void => puppet.record(alert, Uint8Array.of(WARNING, description));
      for (let i = 0; i < MAX_WARNING_ALERTS; i++) warn();
      puppet.record(application_data, text('x'));
      for (let i = 0; i < MAX_WARNING_ALERTS; i++) warn();
      puppet.exchange();
      assert.deepEqual(puppet.events, ['established', 'data']);
      warn();
      assertRefused12(puppet, WARNINGS, String(description), 'established', 'data');
    }
  });

  test(`a ${victim}: the same alerts as errors end the connection, and are not answered`, () => {
    for (const description of [AlertDescription.no_renegotiation, AlertDescription.bad_certificate, 99]) {
      const puppet = established();
      puppet.record(alert, Uint8Array.of(FATAL, description));
      puppet.record(application_data, text('not to be believed'));
      assert.deepEqual(said(puppet), []);
      assert.equal(puppet.victim.error?.code, 'ERR_ALERT_RECEIVED');
      assert.equal(puppet.victim.error?.context.isProtected, true);
      assert.deepEqual(puppet.events, ['established', 'error']);
    }
  });

  test(`a ${victim}: records without content are a few too many`, () => {
    const puppet = established();
    for (let i = 0; i < MAX_EMPTY_RECORDS; i++) puppet.record(application_data, new Uint8Array());
    puppet.exchange();
    assert.deepEqual(puppet.events, ['established']);
    puppet.record(application_data, new Uint8Array());
    assertRefused12(puppet, ['ERR_TOO_MANY_EMPTY_RECORDS', 'unexpected_message'], 'empty', 'established');
  });
}

for (const victim of ROLES) {
  test(`a ${victim}: warnings during the handshake are tolerated, a few in a row, and errors are not`, () => {
    for (const [count, isFine] of [
      [MAX_WARNING_ALERTS, true],
      [MAX_WARNING_ALERTS + 1, false],
    ] as const) {
      const puppet = cheatingPeerOf(victim, flow);
      puppet.alter = (message) => {
        for (let i = 0; i < count; i++) puppet.plaintext(alert, Uint8Array.of(WARNING, 112));
        puppet.alter = (same) => same;
        return message;
      };
      try {
        puppet.complete();
      } catch {
        // The puppet stumbles over the victim's alert.
      }
      assert.equal(puppet.victim.error?.code, isFine ? undefined : 'ERR_TOO_MANY_WARNING_ALERTS');
      assert.deepEqual(puppet.events, isFine ? ['established'] : ['error']);
    }
  });
}

test('the messages of the handshake are kept no longer than they are needed for', () => {
  for (const options of Object.values(FLOWS_12)) {
    for (const victim of ROLES) {
      const { h } = cheatingPeerOf(victim, mutual(options)).complete();
      assert.throws(() => h.transcript.messages(), RangeError);
    }
  }
});

// Ends

for (const [name, options] of Object.entries(FLOWS_12)) {
  test(`${name}: close_notify of both sides, one after the other and at once`, () => {
    for (const first of ROLES) {
      const pair = connectedPair(options);
      pair.side(first).send(text('last words'));
      pair.side(first).close();
      pair.run();
      assert.ok(pair.side(other(first)).hasEnded);
      assert.equal(pair.side(first).hasEnded, false);
      // The other direction stays open.
      pair.side(other(first)).send(text('an answer'));
      pair.run();
      assert.equal(pair.textOf(first), 'an answer');
      assert.equal(pair.textOf(other(first)), 'last words');
      pair.side(other(first)).close();
      pair.run();
      for (const role of ROLES) {
        pair.side(role).receiveEnd();
        assert.equal(pair.side(role).error, undefined);
        assert.equal(pair.typesOf(role).at(-1), 'end');
      }
    }
    const pair = connectedPair(options);
    for (const role of ROLES) pair.side(role).close();
    pair.run();
    for (const role of ROLES) assert.deepEqual(pair.typesOf(role), ['established', 'end']);
  });

  test(`${name}: an end without close_notify is no end, wherever it comes`, () => {
    for (const victim of ROLES) {
      for (let length = 0; ; length += 11) {
        const pair = connectedPair(options);
        const sender = pair.side(other(victim));
        sender.send(text('some of it'));
        sender.send(text('and the rest'));
        sender.close();
        const bytes = concat(...sender.takeOutgoing());
        assert.deepEqual(recordTypes(bytes), [application_data, application_data, alert]);
        if (length >= bytes.length) break;
        pair.side(victim).receive(bytes.slice(0, length));
        pair.side(victim).receiveEnd();
        pair.errorOf(victim, 'ERR_TRUNCATED');
        assert.ok(!pair.typesOf(victim).includes('end'));
      }
    }
  });

  for (const victim of ROLES) {
    test(`${name}: records to a ${victim} that are repeated, dropped, exchanged or sent back`, () => {
      const record = (puppet: AnyPuppet, content: string): Uint8Array => {
        puppet.record(application_data, text(content));
        return puppet.takeBack();
      };
      const cases: Readonly<Record<string, (puppet: AnyPuppet) => readonly Uint8Array[]>> = {
        repeated: (puppet) => {
          const one = record(puppet, 'one');
          return [one, one];
        },
        dropped: (puppet) => {
          record(puppet, 'lost');
          return [record(puppet, 'two')];
        },
        exchanged: (puppet) => [record(puppet, 'one'), record(puppet, 'two')].reverse(),
        'sent back': (puppet) => {
          puppet.victim.send(text('mine'));
          return [concat(...puppet.victim.takeOutgoing())];
        },
        'of another type': (puppet) => {
          const one = record(puppet, '\x01\x00');
          one[0] = alert;
          return [one];
        },
      };
      for (const [what, make] of Object.entries(cases)) {
        const puppet = cheatingPeerOf(victim, options).complete();
        const records = make(puppet);
        const before = what === 'repeated' ? ['established', 'data'] : ['established'];
        for (const bytes of records) puppet.raw(bytes);
        assertRefused12(puppet, BAD_MAC, what, ...before);
      }
    });
  }
}

test('a warning in the middle of what is being sent stands between records', () => {
  for (const victim of ROLES) {
    const small = withMore(flow, { [victim]: { maxFragmentLength: 64 } });
    const puppet: AnyPuppet = cheatingPeerOf(victim, small).complete();
    puppet.victim.send(new Uint8Array(200).fill(0x61));
    puppet.record(handshake, wish(puppet));
    puppet.exchange();
    puppet.victim.send(new Uint8Array(100).fill(0x62));
    const heard = said(puppet);
    assert.equal(heard.filter((what) => what === NO_RENEGOTIATION).length, 1);
    const data = heard.filter((what) => what !== NO_RENEGOTIATION).join('');
    assert.equal(data, 'a'.repeat(200) + 'b'.repeat(100));
    assert.equal(puppet.victim.error, undefined);
  }
});
