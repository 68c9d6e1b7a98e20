/** Every alert that a peer can send, at every time: an error with its name and its meaning, or what TLS 1.3 makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, alertMeaning, alertName } from '../../src/wire/alerts.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { text } from '../support/pair.ts';
import { type AnyPuppet, cheatingClient, cheatingServer, exchangeHellos, TARGET } from '../support/puppet.ts';

/** A peer that is about to send an alert to a victim of the other role. */
const STAGES: Readonly<
  Record<string, { readonly sender: Role; readonly isEstablished: boolean; make(): AnyPuppet }>
> = {
  'a server, in place of ServerHello': {
    sender: 'server',
    isEstablished: false,
    make: () => cheatingServer(),
  },
  'a server, after ServerHello': {
    sender: 'server',
    isEstablished: false,
    make: () => {
      const server = cheatingServer();
      exchangeHellos(server);
      return server;
    },
  },
  'a server, after the handshake': {
    sender: 'server',
    isEstablished: true,
    make: () => cheatingServer().complete(),
  },
  'a client, in place of ClientHello': {
    sender: 'client',
    isEstablished: false,
    make: () => cheatingClient(),
  },
  'a client, after the handshake': {
    sender: 'client',
    isEstablished: true,
    make: () => cheatingClient().complete(),
  },
};

const DESCRIPTIONS = [...Object.values(AlertDescription), 1, 60, 255];

for (const [stage, { sender, isEstablished, make }] of Object.entries(STAGES)) {
  const before = isEstablished ? ['established'] : [];

  test(`every alert from ${stage}`, () => {
    for (const level of [1, 2, 0, 77]) {
      for (const description of DESCRIPTIONS) {
        const puppet = make();
        puppet.record(ContentType.alert, Uint8Array.of(level, description));
        puppet.exchange();
        const { error } = puppet.victim;
        const name = alertName(description) ?? description;
        if (name === 'user_canceled') {
          assert.equal(error, undefined);
          assert.deepEqual(puppet.events, before);
        } else if (name === 'close_notify' && isEstablished) {
          assert.equal(error, undefined);
          assert.deepEqual(puppet.events, [...before, 'end']);
        } else {
          assert.equal(error?.code, 'ERR_ALERT_RECEIVED');
          assert.equal(error.alert, null);
          assert.equal(error.context.alertReceived, name);
          assert.ok(error.message.includes(`the ${sender} ended the connection`));
          assert.ok(error.message.includes(`the alert ${name}: ${alertMeaning(description)}`), error.message);
          assert.equal(/during the handshake/.test(error.message), !isEstablished);
          assert.deepEqual(puppet.events, [...before, 'error']);
          assert.deepEqual(puppet.victim.takeOutgoing(), []);
        }
      }
    }
  });

  test(`alerts of the wrong length from ${stage}`, () => {
    for (const content of [Uint8Array.of(2), Uint8Array.of(2, 40, 2, 40), Uint8Array.of(2, 40, 0)]) {
      const puppet = make();
      puppet.record(ContentType.alert, content);
      puppet.exchange();
      assert.equal(puppet.victim.error?.code, 'ERR_DECODE');
      assert.deepEqual(puppet.events, [...before, 'error']);
    }
  });

  test(`a flood of harmless alerts from ${stage}`, () => {
    const puppet = make();
    for (let i = 0; i < 5; i++) {
      assert.equal(puppet.victim.error, undefined);
      puppet.record(ContentType.alert, Uint8Array.of(1, AlertDescription.user_canceled));
      puppet.exchange();
    }
    assert.equal(puppet.victim.error?.code, 'ERR_TOO_MANY_WARNING_ALERTS');
  });
}

test('data counts between harmless alerts, so they are no flood', () => {
  const server = cheatingServer().complete();
  for (let i = 0; i < 20; i++) {
    server.record(ContentType.alert, Uint8Array.of(1, AlertDescription.user_canceled));
    server.record(ContentType.application_data, text('x'));
  }
  server.exchange();
  assert.equal(server.victim.error, undefined);
  assert.equal(server.events.length, 21);
});

test('a client that has no keys yet may refuse a ServerHello in plaintext; a protected record ends that time', () => {
  const client = cheatingClient();
  client.run(sendClientHello(client.h, TARGET));
  client.exchange();
  client.plaintext(ContentType.alert, Uint8Array.of(2, AlertDescription.illegal_parameter));
  client.exchange();
  assert.equal(client.victim.error?.context.alertReceived, 'illegal_parameter');
});
