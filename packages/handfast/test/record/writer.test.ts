import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PLAINTEXT_LENGTH } from '../../src/policy/limits.ts';
import { RecordFramer } from '../../src/record/framing.ts';
import type { RecordInfo } from '../../src/record/types.ts';
import { padToMultipleOf, RecordWriter, type RecordWriterOptions } from '../../src/record/writer.ts';
import { AlertDescription, type AlertName } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { handshakeMessage, keyPair, readAll, readerAt, record } from './support.ts';

/** A writer and the list of the records that it made. */
function watched(options: Partial<RecordWriterOptions> = {}): {
  writer: RecordWriter;
  records: RecordInfo[];
} {
  const records: RecordInfo[] = [];
  const writer = new RecordWriter({ role: 'client', onRecord: (info) => records.push(info), ...options });
  return { writer, records };
}

function shapes(records: readonly RecordInfo[]): string[] {
  return records.map(
    ({ epoch, sequence, innerType, contentLength, padding }) =>
      `${epoch} ${sequence} ${innerType} ${contentLength}${padding > 0 ? `+${padding}` : ''}`,
  );
}

function versions(records: readonly RecordInfo[]): number[] {
  return records.map(({ bytes }) => ((bytes[1] as number) << 8) | (bytes[2] as number));
}

test('the messages of a flight share records', () => {
  const { writer, records } = watched({ role: 'server' });
  writer.handshake(handshakeMessage(2, 86));
  writer.changeCipherSpec();
  writer.changeKeys('handshake', keyPair().seal);
  for (const length of [6, 1000, 200, 32]) writer.handshake(handshakeMessage(8, length));
  assert.equal(records.length, 2, 'held back');
  writer.flush();
  assert.deepEqual(shapes(records), ['plaintext 0 22 90', 'plaintext 1 20 1', `handshake 0 22 ${1238 + 16}`]);
  writer.flush();
  assert.equal(records.length, 3, 'nothing is sent twice');
});

test('a change of keys ends the flight under the old key', () => {
  const { writer, records } = watched();
  writer.changeKeys('handshake', keyPair().seal);
  writer.handshake(handshakeMessage(20, 32));
  writer.changeKeys('application', keyPair().seal);
  writer.handshake(handshakeMessage(24, 1));
  writer.changeKeys('application', keyPair().seal);
  writer.applicationData(Uint8Array.of(1));
  assert.deepEqual(shapes(records), ['handshake 0 22 36', 'application 0 22 5', 'application 0 23 1']);
});

test('alerts and data come after the messages that were held back', () => {
  const { writer, records } = watched();
  writer.changeKeys('application', keyPair().seal);
  writer.handshake(handshakeMessage(4, 10));
  writer.applicationData(new Uint8Array(2));
  writer.handshake(handshakeMessage(4, 10));
  writer.alert('close_notify');
  assert.deepEqual(shapes(records), [
    'application 0 22 14',
    'application 1 23 2',
    'application 2 22 14',
    'application 3 21 2',
  ]);
});

test('only the first ClientHello travels as 0x0301', () => {
  const client = watched();
  client.writer.handshake(handshakeMessage(1, 20_000));
  client.writer.flush();
  client.writer.changeCipherSpec();
  client.writer.handshake(handshakeMessage(1, 20));
  client.writer.flush();
  client.writer.alert('decode_error');
  client.writer.changeKeys('handshake', keyPair().seal);
  client.writer.alert('decode_error');
  assert.deepEqual(versions(client.records), [0x0301, 0x0301, 0x0303, 0x0303, 0x0303, 0x0303]);
  const server = watched({ role: 'server' });
  server.writer.handshake(handshakeMessage(2, 20));
  server.writer.flush();
  server.writer.alert('decode_error');
  assert.deepEqual(versions(server.records), [0x0303, 0x0303]);
});

test('plaintext records stand on the wire as they are', () => {
  const writer = new RecordWriter({ role: 'server' });
  writer.handshake(handshakeMessage(2, 3, 7));
  writer.changeCipherSpec();
  writer.alert('close_notify');
  assert.deepEqual(
    concat(...writer.takeOutgoing()),
    concat(
      record(22, Uint8Array.of(2, 0, 0, 3, 7, 7, 7)),
      record(20, Uint8Array.of(1)),
      record(21, Uint8Array.of(1, 0)),
    ),
  );
  assert.deepEqual(writer.takeOutgoing(), []);
});

test('what was taken is never changed', () => {
  const writer = new RecordWriter({ role: 'server' });
  const nothing = writer.takeOutgoing();
  writer.alert('close_notify');
  assert.deepEqual(nothing, []);
  const once = writer.takeOutgoing();
  writer.alert('close_notify');
  assert.equal(once.length, 1);
  assert.equal(writer.takeOutgoing().length, 1);
});

test('close_notify and user_canceled are warnings, every other alert is fatal', () => {
  for (const [name, description] of Object.entries(AlertDescription)) {
    const writer = new RecordWriter({ role: 'server' });
    writer.alert(name as AlertName);
    const level = name === 'close_notify' || name === 'user_canceled' ? 1 : 2;
    assert.deepEqual(concat(...writer.takeOutgoing()), record(21, Uint8Array.of(level, description)));
  }
});

for (const [maxFragmentLength, length, expected] of [
  [MAX_PLAINTEXT_LENGTH, 16384, [16384]],
  [MAX_PLAINTEXT_LENGTH, 16385, [16384, 1]],
  [MAX_PLAINTEXT_LENGTH, 40000, [16384, 16384, 7232]],
  [1000, 2001, [1000, 1000, 1]],
  [1, 5, [1, 1, 1, 1, 1]],
] as const) {
  test(`${length} bytes in records of at most ${maxFragmentLength}`, () => {
    const { writer, records } = watched({ maxFragmentLength });
    writer.changeKeys('application', keyPair().seal);
    writer.applicationData(new Uint8Array(length));
    assert.deepEqual(
      records.map(({ contentLength }) => contentLength),
      expected,
    );
    writer.handshake(handshakeMessage(4, length - 4));
    records.length = 0;
    writer.flush();
    assert.deepEqual(
      records.map(({ contentLength }) => contentLength),
      expected,
    );
  });
}

test('a maxFragmentLength that no record can have is refused', () => {
  for (const maxFragmentLength of [0, -1, 1.5, Number.NaN, MAX_PLAINTEXT_LENGTH + 1]) {
    assert.throws(() => new RecordWriter({ role: 'client', maxFragmentLength }), RangeError);
  }
});

test('empty data sends nothing', () => {
  const { writer, records } = watched();
  writer.changeKeys('application', keyPair().seal);
  writer.applicationData(new Uint8Array(0));
  assert.equal(records.length, 0);
  assert.deepEqual(writer.takeOutgoing(), []);
});

test('data is refused before there are application keys, and nothing of it is sent', () => {
  const writer = new RecordWriter({ role: 'client' });
  assert.throws(() => writer.applicationData(Uint8Array.of(1)), { code: 'ERR_INTERNAL' });
  writer.changeKeys('handshake', keyPair().seal);
  assert.throws(() => writer.applicationData(Uint8Array.of(1)), { code: 'ERR_INTERNAL' });
  assert.deepEqual(writer.takeOutgoing(), []);
});

test('what the caller does with its array afterwards changes nothing', () => {
  const { seal, open } = keyPair();
  const writer = new RecordWriter({ role: 'client' });
  writer.changeKeys('application', seal);
  const data = new Uint8Array(5000).fill(1);
  writer.applicationData(data);
  data.fill(2);
  const reader = readerAt('server', 'application', open);
  for (const chunk of writer.takeOutgoing()) reader.push(chunk);
  const [incoming] = readAll(reader);
  assert(incoming?.type === 'application_data');
  assert.deepEqual(incoming.data, new Uint8Array(5000).fill(1));
});

test("a long message that was flushed in plaintext is the caller's again", () => {
  const writer = new RecordWriter({ role: 'server' });
  const message = handshakeMessage(2, 5000, 1);
  writer.handshake(message);
  writer.flush();
  message.fill(2);
  assert.deepEqual(concat(...writer.takeOutgoing()), record(22, handshakeMessage(2, 5000, 1)));
});

test('a padding policy sees length and type; a record is never padded beyond its limit', () => {
  const asked: number[][] = [];
  const { writer, records } = watched({
    padding: (length, type) => {
      asked.push([length, type]);
      return 100_000;
    },
    maxFragmentLength: 500,
  });
  writer.handshake(handshakeMessage(1, 10));
  writer.changeKeys('application', keyPair().seal);
  writer.applicationData(new Uint8Array(501));
  writer.alert('close_notify');
  assert.deepEqual(asked, [
    [500, 23],
    [1, 23],
    [2, 21],
  ]);
  assert.deepEqual(shapes(records), [
    'plaintext 0 22 14',
    'application 0 23 500',
    'application 1 23 1+499',
    'application 2 21 2+498',
  ]);
});

test('padToMultipleOf makes content, type and padding a multiple', () => {
  const pad = padToMultipleOf(64);
  for (let length = 0; length < 300; length++) {
    const padding = pad(length, 23);
    assert.equal((length + 1 + padding) % 64, 0);
    assert(padding < 64);
  }
  for (const size of [0, -4, 1.5, Number.NaN]) assert.throws(() => padToMultipleOf(size), RangeError);
});

test('a padding policy that answers no whole number is an error, not a broken record', () => {
  for (const answer of [Number.NaN, 0.5, Number.POSITIVE_INFINITY]) {
    const { writer } = watched({ padding: () => answer });
    writer.changeKeys('application', keyPair().seal);
    assert.throws(() => writer.applicationData(Uint8Array.of(1)), { code: 'ERR_INTERNAL' });
    assert.deepEqual(writer.takeOutgoing(), []);
  }
});

test('onKeyUpdateDue is called before each record whose key should be replaced, also in the middle of data', () => {
  const limits = { updateAfter: 2, maxRecords: 4 };
  const key = () => keyPair('AES-256-GCM', undefined, limits).seal;
  let isObeyed = true;
  let calls = 0;
  const sequences: number[] = [];
  const writer: RecordWriter = new RecordWriter({
    role: 'client',
    maxFragmentLength: 8,
    onRecord: ({ innerType, sequence }) => void (innerType === 23 && sequences.push(sequence)),
    onKeyUpdateDue: () => {
      calls++;
      if (!isObeyed) return;
      writer.handshake(handshakeMessage(24, 1));
      writer.changeKeys('application', key());
    },
  });
  writer.changeKeys('application', key());
  writer.applicationData(new Uint8Array(7 * 8));
  assert.deepEqual(sequences, [0, 1, 0, 1, 0, 1, 0]);
  assert.equal(calls, 3);
  isObeyed = false;
  assert.throws(() => writer.applicationData(new Uint8Array(7 * 8)), { code: 'ERR_KEY_LIMIT' });
  assert.equal(calls, 6);
});

test('what a listener sends comes after the record that it was told of', () => {
  const { seal, open } = keyPair();
  let isAnswered = false;
  const writer: RecordWriter = new RecordWriter({
    role: 'client',
    onRecord: () => {
      if (isAnswered) return;
      isAnswered = true;
      writer.alert('internal_error');
    },
  });
  writer.changeKeys('application', seal);
  writer.applicationData(Uint8Array.of(1));
  const reader = readerAt('server', 'application', open);
  reader.push(concat(...writer.takeOutgoing()));
  assert.deepEqual(
    readAll(reader).map(({ type }) => type),
    ['application_data', 'alert'],
  );
});

test('a writer that was closed takes nothing more, and gives away what it had', () => {
  const { writer, records } = watched();
  writer.changeKeys('application', keyPair().seal);
  writer.applicationData(Uint8Array.of(1));
  writer.close();
  assert.throws(() => writer.applicationData(Uint8Array.of(2)), { code: 'ERR_CLOSED' });
  assert.throws(() => writer.alert('internal_error'), { code: 'ERR_CLOSED' });
  assert.throws(() => writer.changeCipherSpec(), { code: 'ERR_CLOSED' });
  assert.throws(() => writer.handshake(handshakeMessage(24, 1)), { code: 'ERR_CLOSED' });
  assert.throws(() => writer.changeKeys('application', keyPair().seal), { code: 'ERR_CLOSED' });
  assert.deepEqual(shapes(records), ['application 0 23 1']);
  assert.deepEqual(concat(...writer.takeOutgoing()), records[0]?.bytes);
});

test('without a listener the same bytes leave', () => {
  const bytesOf = (onRecord: RecordWriterOptions['onRecord']): Uint8Array => {
    const writer = new RecordWriter({ role: 'server', onRecord });
    writer.handshake(handshakeMessage(2, 5000));
    writer.changeCipherSpec();
    writer.alert('handshake_failure');
    return concat(...writer.takeOutgoing());
  };
  assert.deepEqual(
    bytesOf(undefined),
    bytesOf(() => {}),
  );
  const { seal, open } = keyPair();
  const records: Uint8Array[] = [];
  const writer = new RecordWriter({ role: 'server', onRecord: ({ bytes }) => records.push(bytes) });
  writer.changeKeys('application', seal);
  writer.applicationData(new Uint8Array(40_000));
  assert.deepEqual(concat(...writer.takeOutgoing()), concat(...records));
  const framer = new RecordFramer();
  framer.maxFragmentLength = 16384 + 256;
  for (const bytes of records) {
    framer.push(bytes);
    const raw = framer.next();
    assert(raw);
    open.open(raw);
  }
});
