import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CERTIFICATE_MESSAGE_LENGTH, MAX_HANDSHAKE_MESSAGE_LENGTH } from '../../src/policy/limits.ts';
import { HandshakeAssembler, type HandshakeMessage } from '../../src/record/handshake-assembler.ts';
import { concat } from '../../src/wire/bytes.ts';
import { HandshakeType } from '../../src/wire/registry.ts';
import { handshakeMessage } from './support.ts';

function takeAll(assembler: HandshakeAssembler): HandshakeMessage[] {
  const messages: HandshakeMessage[] = [];
  for (let next = assembler.next(); next !== undefined; next = assembler.next()) messages.push(next);
  return messages;
}

test('any cut into fragments gives the same messages', () => {
  const shapes = fc.array(fc.record({ type: fc.nat(255), length: fc.nat(2000), fill: fc.nat(255) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(shapes, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (list, cuts) => {
      const messages = list.map(({ type, length, fill }) => handshakeMessage(type, length, fill));
      const stream = concat(...messages);
      const assembler = new HandshakeAssembler();
      const found: HandshakeMessage[] = [];
      for (let offset = 0, turn = 0; offset < stream.length; turn++) {
        const cut = cuts[turn % cuts.length] as number;
        assembler.push(stream.subarray(offset, offset + cut));
        offset += cut;
        found.push(...takeAll(assembler));
      }
      assert.deepEqual(
        found.map(({ message }) => message),
        messages,
      );
      for (const { type, message, body } of found)
        assert.deepEqual([type, body], [message[0], message.slice(4)]);
      assert(assembler.isEmpty);
    }),
  );
});

test('messages are own copies', () => {
  const assembler = new HandshakeAssembler();
  const fragment = handshakeMessage(8, 1000, 5);
  assembler.push(fragment);
  const message = assembler.next();
  fragment.fill(0);
  assert.deepEqual(message?.message, handshakeMessage(8, 1000, 5));
});

test('isEmpty tells whether the bytes end at the end of a message', () => {
  const assembler = new HandshakeAssembler();
  assert(assembler.isEmpty);
  assembler.push(Uint8Array.of(8));
  assert.equal(assembler.next(), undefined);
  assert(!assembler.isEmpty);
  assembler.push(Uint8Array.of(0, 0, 0));
  assert.equal(assembler.next()?.message.length, 4);
  assert(assembler.isEmpty);
});

for (const [type, limit] of [
  [HandshakeType.certificate, MAX_CERTIFICATE_MESSAGE_LENGTH],
  [HandshakeType.client_hello, MAX_HANDSHAKE_MESSAGE_LENGTH],
  [0x99, MAX_HANDSHAKE_MESSAGE_LENGTH],
] as const) {
  test(`a message of type ${type} may have ${limit} bytes and is refused by its header beyond`, () => {
    const assembler = new HandshakeAssembler();
    assembler.push(handshakeMessage(type, limit));
    assert.equal(assembler.next()?.body.length, limit);
    assembler.push(handshakeMessage(type, limit + 1).subarray(0, 3));
    assert.equal(assembler.next(), undefined);
    assembler.push(Uint8Array.of((limit + 1) & 0xff));
    assert.throws(() => assembler.next(), { code: 'ERR_HANDSHAKE_TOO_LARGE', alert: 'illegal_parameter' });
  });
}

test('a Certificate of 100 KiB in single bytes', { timeout: 20_000 }, () => {
  const assembler = new HandshakeAssembler();
  const message = handshakeMessage(HandshakeType.certificate, MAX_CERTIFICATE_MESSAGE_LENGTH, 9);
  for (const [i, byte] of message.entries()) {
    assembler.push(Uint8Array.of(byte));
    const found = assembler.next();
    assert.equal(found !== undefined, i === message.length - 1);
    if (found !== undefined) assert.deepEqual(found.message, message);
  }
});
