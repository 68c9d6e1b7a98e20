/** The trace: every byte on the wire, every message with its fields, every key, and secrets only for those who ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role, TraceEvent } from '../../src/trace/events.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import type { Field } from '../../src/wire/codec.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import { other, Pair, type PairOptions, text } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

const OPTIONS: PairOptions = {
  client: { identities: [identityOf('client')], applicationProtocols: ['h2'] },
  server: {
    clientAuthentication: 'require',
    applicationProtocols: ['h2'],
    groups: [NamedGroup.secp256r1],
    cookieSecret: new Uint8Array(32),
  },
};

type EventOf<T extends TraceEvent['type']> = TraceEvent & { readonly type: T };
const only = <T extends TraceEvent['type']>(events: readonly TraceEvent[], type: T): EventOf<T>[] =>
  events.filter((event): event is EventOf<T> => event.type === type);

/** A whole life with everything in it. */
function live(options: PairOptions): Pair {
  const pair = new Pair({ ...OPTIONS, ...options }).run();
  pair.client.send(text('question'));
  pair.client.updateKeys(true);
  pair.run();
  pair.server.send(text('answer'));
  for (const side of ROLES) pair.side(side).close();
  pair.run();
  return pair;
}

const pair = live({ trace: true });

for (const side of ROLES) {
  const events = pair.trace[side];

  test(`the ${side}'s records are what was on the wire, in both directions`, () => {
    for (const [direction, sender] of [
      ['sent', side],
      ['received', other(side)],
    ] as const) {
      const records = only(events, 'record').filter((record) => record.direction === direction);
      assert.equal(toHex(concat(...records.map(({ bytes }) => bytes))), toHex(concat(...pair.sent[sender])));
      // Sequence numbers count up under each key, and epochs only go forward.
      const epochs = records.map(({ epoch }) => ['plaintext', 'handshake', 'application'].indexOf(epoch));
      assert.deepEqual(
        epochs.filter((_, i) => records[i]?.outerType !== 20),
        epochs.filter((_, i) => records[i]?.outerType !== 20).toSorted(),
      );
    }
  });

  test(`the ${side}'s messages are those of its peer, with every byte in a field`, () => {
    const messages = only(events, 'message');
    const peers = only(pair.trace[other(side)], 'message');
    const hexOf = (list: readonly EventOf<'message'>[], direction: string): string[] =>
      list.filter((message) => message.direction === direction).map(({ bytes }) => toHex(bytes));
    assert.deepEqual(hexOf(messages, 'sent'), hexOf(peers, 'received'));
    assert.deepEqual(
      messages.map(({ direction, name, phase }) => `${direction} ${name}, ${phase}`),
      MESSAGES[side],
    );
    for (const { name, bytes, fields } of messages) {
      assert.ok(fields.length > 0, name);
      assertCovers(fields, 4, bytes.length, name);
    }
  });

  test(`the ${side}'s keys, proofs, verdict and end`, () => {
    const keys = only(events, 'keys').map(
      ({ direction, epoch, generation }) => `${direction} ${epoch} ${generation}`,
    );
    assert.deepEqual(keys.toSorted(), [
      'received application 0',
      'received application 1',
      'received handshake 0',
      'sent application 0',
      'sent application 1',
      'sent handshake 0',
    ]);
    assert.deepEqual(
      only(events, 'proof').map(({ what, by }) => `${what} by ${by}`),
      ['CertificateVerify', 'Finished'].map((what) => `${what} by ${other(side)}`),
    );
    const verdicts = only(events, 'verdict');
    assert.deepEqual(
      verdicts.map(({ peer, verdict }) => [peer, verdict.ok]),
      [[other(side), true]],
    );
    assert.equal(only(events, 'established').length, 1);
    assert.equal(only(events, 'error').length, 0);
    assert.deepEqual(
      only(events, 'alert')
        .map(({ direction, level, description }) => `${direction} ${level} ${description}`)
        .toSorted(),
      ['received warning close_notify', 'sent warning close_notify'],
    );
    assert.deepEqual(
      only(events, 'data')
        .map(({ direction, length }) => [direction, length])
        .toSorted(),
      [
        [side === 'client' ? 'received' : 'sent', 6],
        [side === 'client' ? 'sent' : 'received', 8],
      ].toSorted(),
    );
    // Proofs come before the connection says that it is established.
    const order = events.map(({ type }) => type);
    assert.ok(order.lastIndexOf('proof') < order.indexOf('established'));
    assert.ok(order.indexOf('data') > order.indexOf('established'));
  });
}

const MESSAGES: Readonly<Record<Role, readonly string[]>> = {
  client: [
    'sent ClientHello, hello',
    'received HelloRetryRequest, hello',
    'sent ClientHello, hello',
    'received ServerHello, hello',
    'received EncryptedExtensions, hello',
    'received CertificateRequest, certificate',
    'received Certificate, certificate',
    'received CertificateVerify, certificate',
    'received Finished, key exchange',
    'sent Certificate, certificate',
    'sent CertificateVerify, certificate',
    'sent Finished, key exchange',
    'sent KeyUpdate, application',
    'received KeyUpdate, application',
  ],
  server: [
    'received ClientHello, hello',
    'sent HelloRetryRequest, hello',
    'received ClientHello, hello',
    'sent ServerHello, hello',
    'sent EncryptedExtensions, hello',
    'sent CertificateRequest, certificate',
    'sent Certificate, certificate',
    'sent CertificateVerify, certificate',
    'sent Finished, key exchange',
    'received Certificate, certificate',
    'received CertificateVerify, certificate',
    'received Finished, key exchange',
    'received KeyUpdate, application',
    'sent KeyUpdate, application',
  ],
};

/** The fields follow one another without a gap and without an overlap; parts lie inside their whole. */
function assertCovers(fields: readonly Field[], start: number, end: number, where: string): void {
  let at = start;
  for (const field of fields) {
    assert.equal(field.start, at, `${where}.${field.name}`);
    at = field.end;
    for (const inner of field.fields ?? []) {
      assert.ok(inner.start >= field.start && inner.end <= field.end, `${where}.${field.name}.${inner.name}`);
    }
  }
  assert.equal(at, end, where);
}

test('secrets are told to those who ask for them, and to nobody else', () => {
  for (const side of ROLES) assert.equal(only(pair.trace[side], 'secret').length, 0);
  const lines: Record<Role, string[]> = { client: [], server: [] };
  const asking = live({
    trace: true,
    handlers: {
      client: { traceSecrets: true, onKeyLog: (line) => void lines.client.push(line) },
      server: { traceSecrets: true, onKeyLog: (line) => void lines.server.push(line) },
    },
  });
  const labels = [
    'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
    'SERVER_HANDSHAKE_TRAFFIC_SECRET',
    'CLIENT_TRAFFIC_SECRET_0',
    'SERVER_TRAFFIC_SECRET_0',
    'EXPORTER_SECRET',
  ];
  const updates = ['CLIENT_TRAFFIC_SECRET_1', 'SERVER_TRAFFIC_SECRET_1'];
  for (const side of ROLES) {
    const secrets = only(asking.trace[side], 'secret');
    assert.deepEqual(
      secrets.map(({ label }) => label),
      [...labels, ...updates],
    );
    assert.deepEqual(
      lines[side],
      secrets.map(({ label, clientRandom, secret }) => `${label} ${toHex(clientRandom)} ${toHex(secret)}`),
    );
  }
  assert.deepEqual(lines.client, lines.server);
});

test('a failure is the last event', () => {
  const failing = new Pair({
    server: { applicationProtocols: ['a'] },
    client: { applicationProtocols: ['b'] },
    trace: true,
  }).run();
  for (const side of ROLES) {
    const last = failing.trace[side].at(-1);
    assert.ok(last?.type === 'error');
    assert.equal(last.error, failing.side(side).error);
    const [alert] = only(failing.trace[side], 'alert');
    assert.equal(alert?.description, 'no_application_protocol');
    assert.equal(alert.direction, side === 'server' ? 'sent' : 'received');
    assert.equal(alert.level, 'fatal');
  }
});

test('a malformed message is traced without fields before it is refused', () => {
  const customize = {
    EncryptedExtensions: () => ({ extensions: { unknown: [{ type: 0, data: Uint8Array.of(9) }] } }),
  };
  const failing = new Pair({ server: { customize }, trace: true }).run();
  const message = only(failing.trace.client, 'message').at(-1);
  assert.equal(message?.name, 'EncryptedExtensions');
  assert.deepEqual(message.fields, []);
  failing.errorOf('client', 'ERR_DECODE');
});
