/** Clients that cheat with early data: what it holds, how much of it there is, how it ends, and under which keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import { receiveEncryptedExtensions } from '../../src/handshake/client/hello13.ts';
import type { ClientConfig } from '../../src/handshake/config.ts';
import { receiveFinished, sendFinished } from '../../src/handshake/finished13.ts';
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  type TrafficSecrets,
} from '../../src/handshake/secrets13.ts';
import { MAX_EMPTY_RECORDS } from '../../src/policy/limits.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import {
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  DECODE,
  EARLY_DATA,
  EXCESS,
  INTERLEAVED,
  KEY_UPDATE,
  type Refusal,
  shortMessage,
  UNEXPECTED,
} from '../support/cheats.ts';
import { text } from '../support/pair.ts';
import { atOnce, cheatingClient, type Puppet, receiveServerHello, TARGET } from '../support/puppet.ts';
import { type Acquainted, acquainted, later, MAX_EARLY_DATA } from '../support/sessions.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;
const TOO_MUCH: Refusal = ['ERR_TOO_MUCH_EARLY_DATA', 'unexpected_message'];
const TOO_MANY_EMPTY: Refusal = ['ERR_TOO_MANY_EMPTY_RECORDS', 'unexpected_message'];
const END = shortMessage(HandshakeType.end_of_early_data);

const known = acquainted();

/** A client that has sent ten bytes of early data, and received the server's Finished. */
interface ClientState {
  readonly client: Puppet<ClientConfig>;
  /** EndOfEarlyData as it should be; the keys do not change. */
  end(): void;
  useHandshakeKeys(): void;
  finish(): void;
}

function client(cheat: (state: ClientState) => void, options: Acquainted = known): Puppet<ClientConfig> {
  const puppet = cheatingClient(options);
  const { h } = puppet;
  const first = puppet.run(sendClientHello(h, { ...TARGET, earlyData: text('ten bytes!') }));
  const { offer, choice } = puppet.run(receiveServerHello(h, first));
  const { exchange, psk } = choice;
  assert.ok(exchange && psk);
  const secrets: TrafficSecrets & { readonly secret: Parameters<typeof deriveApplicationSecrets>[1] } =
    deriveHandshakeSecrets(h, atOnce(exchange.offer.finish(exchange.serverShare)), psk.secret);
  h.useTrafficSecret('received', 'handshake', secrets.server);
  const { isEarlyDataTaken } = puppet.run(receiveEncryptedExtensions(h, offer, choice));
  assert.equal(isEarlyDataTaken, options.server.earlyData !== undefined);
  puppet.run(receiveFinished(h, secrets.server));
  const { application } = deriveApplicationSecrets(h, secrets.secret);
  h.useTrafficSecret('received', 'application', application.server);
  cheat({
    client: puppet,
    end: () => void h.send('EndOfEarlyData', {}),
    useHandshakeKeys: () => h.useTrafficSecret('sent', 'handshake', secrets.client),
    finish: () => {
      sendFinished(h, secrets.client);
      h.useTrafficSecret('sent', 'application', application.client);
    },
  });
  puppet.exchange();
  return puppet;
}

function refused(refusal: Refusal, cheat: (state: ClientState) => void, options?: Acquainted): void {
  const puppet = client(cheat, options);
  const taken = puppet.events.filter((event) => event === 'early data');
  puppet.assertRefused(...refusal, ...taken);
  assert.equal(puppet.victim.established, undefined);
}

test('early data, its end, Finished: the server completes', () => {
  const puppet = client(({ end, useHandshakeKeys, finish }) => {
    end();
    useHandshakeKeys();
    finish();
  });
  assert.deepEqual(puppet.events, ['early data', 'established']);
  assert.equal(puppet.victim.established?.earlyData, 'accepted');
});

test('EndOfEarlyData is missing', () => {
  refused(BAD_MAC, ({ useHandshakeKeys, finish }) => {
    useHandshakeKeys();
    finish();
  });
  refused(UNEXPECTED, ({ finish }) => finish());
});

test('EndOfEarlyData comes twice', () => {
  refused(BAD_MAC, ({ end }) => {
    end();
    end();
  });
  refused(EXCESS, ({ client }) => client.record(handshake, concat(END, END)));
  refused(UNEXPECTED, ({ end, useHandshakeKeys }) => {
    end();
    useHandshakeKeys();
    end();
  });
});

test('EndOfEarlyData shares its record with the next message', () => {
  const finished = shortMessage(HandshakeType.finished, ...new Uint8Array(32));
  refused(EXCESS, ({ client }) => client.record(handshake, concat(END, finished)));
});

test('EndOfEarlyData under the keys of the handshake, or in plaintext', () => {
  refused(BAD_MAC, ({ end, useHandshakeKeys }) => {
    useHandshakeKeys();
    end();
  });
  refused(BAD_MAC, ({ client }) => client.plaintext(handshake, END));
});

test('EndOfEarlyData has content', () => {
  refused(DECODE, ({ client }) => client.record(handshake, shortMessage(HandshakeType.end_of_early_data, 0)));
});

test('EndOfEarlyData without early data that was taken', () => {
  const { earlyData: _early, ...server } = known.server;
  for (const options of [{ ...known, server }]) {
    refused(
      UNEXPECTED,
      ({ end, useHandshakeKeys }) => {
        useHandshakeKeys();
        end();
      },
      options,
    );
  }
  // A session without early data, and a full handshake
  for (const more of [{}, { client: { sessions: undefined as never } }]) {
    const puppet = cheatingClient(later(known, more));
    puppet.alter = (message) => (message[0] === HandshakeType.finished ? END : message);
    puppet.complete();
    puppet.assertRefused(...UNEXPECTED);
  }
});

test('other messages in place of EndOfEarlyData', () => {
  const types = Object.values(HandshakeType).filter((type) => type !== HandshakeType.end_of_early_data);
  for (const type of types) {
    refused(UNEXPECTED, ({ client }) => client.record(handshake, shortMessage(type)));
  }
  refused(UNEXPECTED, ({ client }) => client.record(handshake, KEY_UPDATE));
});

test('data after EndOfEarlyData: under the old keys, under those of the handshake, or those of the connection', () => {
  const more = text('more');
  refused(BAD_MAC, ({ client, end }) => {
    end();
    client.record(application_data, more);
  });
  refused(EARLY_DATA, ({ client, end, useHandshakeKeys }) => {
    end();
    useHandshakeKeys();
    client.record(application_data, more);
  });
  refused(EARLY_DATA, ({ client, end, useHandshakeKeys }) => {
    end();
    useHandshakeKeys();
    client.record(application_data, new Uint8Array());
  });
});

test('data inside of EndOfEarlyData', () => {
  refused(INTERLEAVED, ({ client }) => {
    client.record(handshake, END.slice(0, 2));
    client.record(application_data, text('more'));
  });
});

test('as much early data as the ticket allows, whatever its records look like; not a byte more', () => {
  const left = MAX_EARLY_DATA - 10;
  const send = (client: Puppet<ClientConfig>, length: number, padding = 0): void => {
    for (let i = 0; i < length; i++) client.record(application_data, Uint8Array.of(i), padding);
  };
  // Neither padding nor the type inside counts (RFC 9846 section 4.7.1).
  const puppet = client(({ client, end, useHandshakeKeys, finish }) => {
    send(client, left, 1000);
    end();
    useHandshakeKeys();
    finish();
  });
  assert.deepEqual(puppet.events.slice(-2), ['early data', 'established']);
  assert.equal(puppet.events.length, 1 + left + 1);
  refused(TOO_MUCH, ({ client }) => send(client, left + 1));
  refused(TOO_MUCH, ({ client }) => client.record(application_data, new Uint8Array(left + 1)));
});

test('early data without content: a few records, not any number', () => {
  refused(TOO_MANY_EMPTY, ({ client }) => {
    for (let i = 0; i <= MAX_EMPTY_RECORDS; i++) client.record(application_data, new Uint8Array());
  });
});

test('early data in plaintext, or under keys that nobody has', () => {
  for (const bytes of [text('in the clear'), new Uint8Array(40)]) {
    refused(BAD_MAC, ({ client }) => client.plaintext(application_data, bytes));
  }
  refused(BAD_MAC, ({ client }) => client.plaintext(alert, Uint8Array.of(2, 40)));
  refused(BAD_MAC, ({ client, useHandshakeKeys }) => {
    useHandshakeKeys();
    client.record(application_data, text('more'));
  });
});

test('a record of early data again, or in another place', () => {
  refused(BAD_MAC, ({ client }) => {
    client.record(application_data, text('more'));
    const record = client.takeBack();
    client.raw(record);
    client.raw(record);
  });
});

test('ChangeCipherSpec inside of early data: its disguise in plaintext, and nothing else', () => {
  const ONE = Uint8Array.of(1);
  const puppet = client(({ client, end, useHandshakeKeys, finish }) => {
    client.plaintext(change_cipher_spec, ONE);
    end();
    useHandshakeKeys();
    finish();
  });
  assert.equal(puppet.events.at(-1), 'established');
  refused(CHANGE_CIPHER_SPEC, ({ client }) => client.plaintext(change_cipher_spec, Uint8Array.of(2)));
  refused(CHANGE_CIPHER_SPEC, ({ client }) => client.record(change_cipher_spec, ONE));
});

test('early data after HelloRetryRequest is skipped up to the second ClientHello, and refused behind it', () => {
  const options = later(known, { server: { groups: [NamedGroup.secp256r1] } });
  const puppet = cheatingClient(options);
  const { h } = puppet;
  const first = puppet.run(sendClientHello(h, { ...TARGET, earlyData: text('ten bytes!') }));
  puppet.exchange();
  puppet.record(application_data, text('more'));
  const { offer, choice } = puppet.run(receiveServerHello(h, first));
  assert.equal(offer.early, undefined);
  assert.ok(choice.psk && choice.exchange);
  assert.deepEqual(puppet.events, []);
  const { client: secret } = deriveHandshakeSecrets(
    h,
    atOnce(choice.exchange.offer.finish(choice.exchange.serverShare)),
    choice.psk.secret,
  );
  h.useTrafficSecret('sent', 'handshake', secret);
  puppet.record(application_data, text('more'));
  puppet.exchange();
  const { error, established } = puppet.victim;
  assert.deepEqual([error?.code, error?.alert], EARLY_DATA);
  assert.deepEqual(puppet.events, ['error']);
  assert.equal(established, undefined);
});

test('early_data with a PSK that is not the first, or with none, is skipped', () => {
  const { earlyData: _early, tickets: _tickets, ...server } = known.server;
  const puppet = cheatingClient({ ...known, server });
  puppet.run(sendClientHello(puppet.h, { ...TARGET, earlyData: text('ten bytes!') }));
  puppet.exchange();
  assert.equal(puppet.victim.error, undefined);
  assert.deepEqual(puppet.events, []);
});
