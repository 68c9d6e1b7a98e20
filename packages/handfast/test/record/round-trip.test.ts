import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incoming } from '../../src/record/reader.ts';
import { RecordReader } from '../../src/record/reader.ts';
import { padToMultipleOf, RecordWriter } from '../../src/record/writer.ts';
import { concat } from '../../src/wire/bytes.ts';
import { AEAD_NAMES, handshakeMessage, keyPair, readAll, readerAt } from './support.ts';

const SIZES = [1, 2, 255, 256, 4095, 16383, 16384, 16385, 32768, 40000];

function dataOf(incoming: readonly Incoming[]): Uint8Array {
  return concat(
    ...incoming.map((item) => (item.type === 'application_data' ? item.data : assert.fail(item.type))),
  );
}

for (const name of AEAD_NAMES) {
  for (const padding of [undefined, padToMultipleOf(4096)]) {
    test(`application data of many sizes, ${name}, ${padding ? 'padded' : 'not padded'}`, () => {
      const { seal, open } = keyPair(name);
      const writer = new RecordWriter({ role: 'client', padding });
      writer.changeKeys('application', seal);
      const reader = readerAt('server', 'application', open);
      for (const size of SIZES) {
        const data = new Uint8Array(size).map((_, i) => i % 251);
        writer.applicationData(data);
        const outgoing = writer.takeOutgoing();
        for (const chunk of outgoing) reader.push(chunk);
        assert.deepEqual(dataOf(readAll(reader)), data);
      }
    });
  }
}

test('a whole conversation of one side, in every epoch', () => {
  const handshakeKeys = keyPair();
  const applicationKeys = keyPair('CHACHA20-POLY1305');
  const writer = new RecordWriter({ role: 'server' });
  const reader = new RecordReader({ role: 'client' });
  writer.handshake(handshakeMessage(2, 90));
  writer.changeCipherSpec();
  writer.changeKeys('handshake', handshakeKeys.seal);
  writer.handshake(handshakeMessage(8, 2));
  writer.handshake(handshakeMessage(11, 20_000));
  writer.handshake(handshakeMessage(20, 32));
  writer.changeKeys('application', applicationKeys.seal);
  writer.applicationData(new Uint8Array(3));
  writer.alert('close_notify');
  const outgoing = writer.takeOutgoing();
  for (const chunk of outgoing) reader.push(chunk);

  const seen: string[] = [];
  for (let incoming = reader.next(); incoming !== undefined; incoming = reader.next()) {
    assert('type' in incoming);
    seen.push(
      incoming.type === 'handshake'
        ? `${incoming.epoch} ${incoming.message.type}`
        : `${incoming.epoch} ${incoming.type}`,
    );
    if (seen.length === 1) reader.changeKeys('handshake', handshakeKeys.open);
    if (seen.length === 4) reader.changeKeys('application', applicationKeys.open);
  }
  assert.deepEqual(seen, [
    'plaintext 2',
    'handshake 8',
    'handshake 11',
    'handshake 20',
    'application application_data',
    'application alert',
  ]);
  assert.equal(reader.pendingLength, 0);
});
