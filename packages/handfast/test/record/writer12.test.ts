/** What a writer sends in TLS 1.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordInfo } from '../../src/record/types.ts';
import { RecordWriter, type RecordWriterOptions } from '../../src/record/writer.ts';
import { concat } from '../../src/wire/bytes.ts';
import { handshakeMessage, keyPair, record, sealRecord } from './support.ts';
import {
  ENCRYPT_THEN_MAC,
  freshKeys,
  keyPair12,
  lateAeads,
  MAC_THEN_ENCRYPT,
  opened12,
  SOME_CIPHER,
} from './support12.ts';

function watched(options: Partial<RecordWriterOptions> = {}): {
  writer: RecordWriter;
  records: RecordInfo[];
} {
  const records: RecordInfo[] = [];
  const writer = new RecordWriter({ role: 'server', onRecord: (info) => records.push(info), ...options });
  writer.useTls12();
  return { writer, records };
}

const finished = handshakeMessage(20, 12);

/** A whole handshake's last flight, some data, and the end. */
function speak(writer: RecordWriter, seal: ReturnType<typeof keyPair12>['seal']): void {
  writer.handshake(handshakeMessage(14, 0));
  writer.changeCipherSpec();
  writer.changeKeys('handshake', seal);
  writer.handshake(finished);
  writer.changeKeys('application', seal);
  writer.applicationData(new Uint8Array(20_000));
  writer.alert('close_notify');
}

test('ChangeCipherSpec, then one key for Finished and data, whose numbers go on', () => {
  const { writer, records } = watched();
  speak(writer, keyPair12().seal);
  assert.deepEqual(
    records.map(
      ({ epoch, sequence, outerType, innerType, contentLength, padding, bytes }) =>
        `${epoch} ${sequence}: ${outerType}/${innerType} ${contentLength}+${padding} in ${bytes.length}`,
    ),
    [
      'plaintext 0: 22/22 4+0 in 9',
      'plaintext 1: 20/20 1+0 in 6',
      'handshake 0: 22/22 16+0 in 45',
      'application 1: 23/23 16384+0 in 16413',
      'application 2: 23/23 3616+0 in 3645',
      'application 3: 21/21 2+0 in 31',
    ],
  );
});

test('the bytes are those that each record has alone', () => {
  const keys = freshKeys(SOME_CIPHER.cipher);
  const { seal } = keyPair12(SOME_CIPHER, keys);
  const expected = concat(
    record(22, handshakeMessage(14, 0)),
    record(20, Uint8Array.of(1)),
    sealRecord(seal, 22, finished),
    sealRecord(seal, 23, new Uint8Array(16384)),
    sealRecord(seal, 23, new Uint8Array(20_000 - 16384)),
    sealRecord(seal, 21, Uint8Array.of(1, 0)),
  );
  for (const onRecord of [undefined, () => {}]) {
    const writer = new RecordWriter({ role: 'server', onRecord });
    writer.useTls12();
    speak(writer, keyPair12(SOME_CIPHER, keys).seal);
    assert.deepEqual(concat(...writer.takeOutgoing()), expected);
  }
});

test('late answers change neither bytes nor order', async () => {
  const keys = freshKeys(SOME_CIPHER.cipher);
  const expected = new RecordWriter({ role: 'server' });
  expected.useTls12();
  speak(expected, keyPair12(SOME_CIPHER, keys).seal);
  const turns = [4, 0, 2];
  let call = 0;
  const sent: Uint8Array[] = [];
  await new Promise<void>((resolve, reject) => {
    const writer: RecordWriter = new RecordWriter({
      role: 'server',
      onOutgoing: () => {
        sent.push(...writer.takeOutgoing());
        if (!writer.isSealing) resolve();
      },
      onError: reject,
    });
    writer.useTls12();
    const provider = lateAeads(() => turns[call++ % turns.length] as number);
    speak(writer, keyPair12(SOME_CIPHER, keys, provider).open);
    sent.push(...writer.takeOutgoing());
    assert(writer.isSealing);
  });
  assert.deepEqual(concat(...sent), concat(...expected.takeOutgoing()));
});

test('the padding of CBC is told, and no other is asked for', () => {
  for (const cipher of [...MAC_THEN_ENCRYPT, ...ENCRYPT_THEN_MAC]) {
    const { seal, open } = keyPair12(cipher);
    const { writer, records } = watched({ padding: () => assert.fail('nobody pads TLS 1.2') });
    writer.changeCipherSpec();
    writer.changeKeys('handshake', seal);
    writer.changeKeys('application', seal);
    for (let length = 1; length < 40; length++) writer.applicationData(new Uint8Array(length));
    for (const { bytes, padding, contentLength } of records.slice(1)) {
      const opened = opened12(open, bytes);
      assert.deepEqual([opened.padding, opened.content.length], [padding, contentLength]);
    }
    assert(new Set(records.map(({ padding }) => padding)).size >= 16);
  }
});

test('a padding policy that was meant for TLS 1.3 is not asked', () => {
  const { writer, records } = watched({ padding: () => assert.fail('nobody pads TLS 1.2') });
  speak(writer, keyPair12().seal);
  assert(records.every(({ padding }) => padding === 0));
});

test('an alert may be a warning, and the handshake goes on', () => {
  const { writer } = watched();
  writer.handshake(handshakeMessage(2, 4));
  writer.alert('unrecognized_name', 1);
  writer.handshake(handshakeMessage(14, 0));
  writer.flush();
  assert.deepEqual(
    concat(...writer.takeOutgoing()),
    concat(
      record(22, handshakeMessage(2, 4)),
      record(21, Uint8Array.of(1, 112)),
      record(22, handshakeMessage(14, 0)),
    ),
  );
});

test('a refused renegotiation is a warning under the key of the connection', () => {
  const { seal, open } = keyPair12();
  const { writer, records } = watched();
  writer.changeCipherSpec();
  writer.changeKeys('handshake', seal);
  writer.changeKeys('application', seal);
  writer.alert('no_renegotiation', 1);
  writer.applicationData(Uint8Array.of(7));
  const [, warning, data] = records.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
  assert.deepEqual(opened12(open, warning), {
    type: 21,
    content: Uint8Array.of(1, 100),
    padding: 0,
    sequence: 0,
  });
  assert.deepEqual(opened12(open, data).content, Uint8Array.of(7));
});

test('messages that were held back do not follow a fatal alert, whichever way it was called fatal', () => {
  for (const level of [undefined, 2] as const) {
    const { writer } = watched();
    writer.handshake(handshakeMessage(2, 4));
    writer.alert('no_renegotiation', level);
    writer.flush();
    assert.deepEqual(concat(...writer.takeOutgoing()), record(21, Uint8Array.of(2, 100)));
  }
});

test('the level of an alert is the same in both versions unless it is given', () => {
  const { seal, open } = keyPair();
  const writer = new RecordWriter({ role: 'client' });
  writer.changeKeys('application', seal);
  writer.alert('no_renegotiation');
  writer.alert('no_renegotiation', 1);
  const bytes = concat(...writer.takeOutgoing());
  const levels = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)].map((raw) => {
    const opened = open.open({
      type: 23,
      version: 0x0303,
      header: raw.subarray(0, 5),
      fragment: raw.subarray(5),
      raw,
    });
    return (opened as { content: Uint8Array }).content[0];
  });
  assert.deepEqual(levels, [2, 1]);
});

test('nobody is asked to update a key that cannot be updated', () => {
  const { writer } = watched({ onKeyUpdateDue: () => assert.fail('TLS 1.2 has no KeyUpdate') });
  speak(writer, keyPair12().seal);
});

test('a round trip of sizes under every CBC cipher', () => {
  for (const cipher of [...MAC_THEN_ENCRYPT, ...ENCRYPT_THEN_MAC]) {
    const { seal, open } = keyPair12(cipher);
    const { writer, records } = watched({ maxFragmentLength: 1000 });
    writer.changeCipherSpec();
    writer.changeKeys('handshake', seal);
    writer.changeKeys('application', seal);
    const data = Uint8Array.from({ length: 5001 }, (_, i) => i % 251);
    writer.applicationData(data);
    const contents = records.slice(1).map(({ bytes }) => opened12(open, bytes).content);
    assert.deepEqual(concat(...contents), data);
  }
});
