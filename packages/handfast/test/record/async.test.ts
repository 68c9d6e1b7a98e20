/** A provider that answers with promises gives the same bytes and events, in the same order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Aead } from '../../src/crypto/provider.ts';
import { KEY_LIMITS, type RecordProtection } from '../../src/record/protection.ts';
import { Protection13 } from '../../src/record/protection13.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import { RecordWriter } from '../../src/record/writer.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { asyncAead, handshakeMessage, record, sealRecord, syncAead } from './support.ts';

const KEY = new Uint8Array(16).fill(3);
const IV = new Uint8Array(12).fill(9);

function protection(wrap: (aead: Aead) => Aead = (aead) => aead): RecordProtection {
  return new Protection13({
    aead: wrap(syncAead('AES-128-GCM', KEY)),
    aeadName: 'AES-128-GCM',
    iv: IV,
    limits: KEY_LIMITS['AES-128-GCM'],
  });
}

/** Answers after a number of turns that follows from the list, so that later calls may finish first. */
function delays(turns: readonly number[]): (aead: Aead) => Aead {
  let call = 0;
  return (aead) => asyncAead(aead, () => turns[call++ % turns.length] as number);
}

const someTurns = fc.array(fc.nat(6), { minLength: 1, maxLength: 12 });

type Action =
  | { readonly data: number }
  | { readonly message: number }
  | { readonly flush: true }
  | { readonly keys: true };
const someActions = fc.array(
  fc.oneof(
    fc.record({ data: fc.nat(40_000) }),
    fc.record({ message: fc.nat(500) }),
    fc.constant({ flush: true } as const),
    fc.constant({ keys: true } as const),
  ),
  { maxLength: 12 },
);

function act(writer: RecordWriter, actions: readonly Action[], wrap?: (aead: Aead) => Aead): void {
  writer.handshake(handshakeMessage(2, 50));
  writer.changeCipherSpec();
  writer.changeKeys('application', protection(wrap));
  for (const action of actions) {
    if ('data' in action) writer.applicationData(new Uint8Array(action.data).fill(action.data));
    else if ('message' in action) writer.handshake(handshakeMessage(4, action.message));
    else if ('flush' in action) writer.flush();
    else writer.changeKeys('application', protection(wrap));
  }
  writer.alert('close_notify');
}

test('the writer sends the same bytes in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(someActions, someTurns, async (actions, turns) => {
      const expected = new RecordWriter({ role: 'server' });
      act(expected, actions);
      const chunks: Uint8Array[] = [];
      const infos: number[] = [];
      await new Promise<void>((resolve, reject) => {
        const writer: RecordWriter = new RecordWriter({
          role: 'server',
          onRecord: ({ bytes }) => infos.push(bytes.length),
          onOutgoing: () => {
            chunks.push(...writer.takeOutgoing());
            if (!writer.isSealing) resolve();
          },
          onError: reject,
        });
        act(writer, actions, delays(turns));
        chunks.push(...writer.takeOutgoing());
        assert(writer.isSealing);
      });
      assert.deepEqual(concat(...chunks), concat(...expected.takeOutgoing()));
      assert.deepEqual(
        infos.reduce((sum, length) => sum + length, 0),
        concat(...chunks).length,
      );
    }),
    { numRuns: 40 },
  );
});

async function readAllLate(reader: RecordReader): Promise<Incoming[]> {
  const all: Incoming[] = [];
  for (;;) {
    const incoming = await reader.next();
    if (incoming === undefined) return all;
    all.push(incoming);
  }
}

test('the reader gives the same in the same order, with the stream cut anywhere', async () => {
  const content = fc.oneof(
    fc.record({ type: fc.constant(23), bytes: fc.uint8Array({ maxLength: 60 }), padding: fc.nat(20) }),
    fc.record({
      type: fc.constant(22),
      bytes: fc.nat(90).map((n) => handshakeMessage(4, n, 6)),
      padding: fc.nat(20),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { maxLength: 12 }),
      someTurns,
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      async (contents, turns, cuts) => {
        const seal = protection();
        const stream = concat(
          ...contents.map(({ type, bytes, padding }) => sealRecord(seal, type, bytes, padding)),
        );
        const pull = async (wrap?: (aead: Aead) => Aead): Promise<Incoming[]> => {
          const reader = new RecordReader({ role: 'client' });
          reader.changeKeys('application', protection(wrap));
          const all: Incoming[] = [];
          for (let offset = 0, turn = 0; offset < stream.length; turn++) {
            const cut = cuts[turn % cuts.length] as number;
            reader.push(stream.slice(offset, offset + cut));
            offset += cut;
            all.push(...(await readAllLate(reader)));
          }
          return all;
        };
        assert.deepEqual(await pull(delays(turns)), await pull());
      },
    ),
    { numRuns: 60 },
  );
});

test('next waits its turn', async () => {
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('application', protection(delays([2])));
  const seal = protection();
  reader.push(concat(sealRecord(seal, 23, Uint8Array.of(1)), sealRecord(seal, 23, Uint8Array.of(2))));
  const first = reader.next();
  assert.throws(() => reader.next(), { code: 'ERR_INTERNAL' });
  assert.deepEqual(await first, { type: 'application_data', epoch: 'application', data: Uint8Array.of(1) });
  assert.deepEqual(await reader.next(), {
    type: 'application_data',
    epoch: 'application',
    data: Uint8Array.of(2),
  });
});

test('bytes that arrive while a record is being decrypted are kept', async () => {
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('application', protection(delays([2])));
  const seal = protection();
  reader.push(sealRecord(seal, 23, new Uint8Array(0)));
  const first = reader.next();
  reader.push(sealRecord(seal, 23, Uint8Array.of(2)));
  assert.deepEqual(await first, { type: 'application_data', epoch: 'application', data: Uint8Array.of(2) });
});

test('a record that does not decrypt late is refused as one that does not decrypt at once', async () => {
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('application', protection(delays([1])));
  reader.push(record(23, new Uint8Array(40)));
  await assert.rejects(async () => reader.next(), { code: 'ERR_BAD_RECORD_MAC' });
});

test('a rule that a late record breaks rejects', async () => {
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('handshake', protection(delays([1])));
  reader.push(sealRecord(protection(), 23, Uint8Array.of(1)));
  await assert.rejects(async () => reader.next(), { code: 'ERR_UNEXPECTED_APPLICATION_DATA' });
});

test('a record that is there at once waits for those before it', async () => {
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
    writer.changeKeys('application', protection(delays([3])));
    writer.applicationData(Uint8Array.of(1));
    writer.changeCipherSpec();
    writer.changeKeys('application', protection());
    writer.applicationData(Uint8Array.of(2));
    assert.deepEqual(writer.takeOutgoing(), []);
  });
  const expected = [
    sealRecord(protection(), 23, Uint8Array.of(1)),
    record(20, Uint8Array.of(1)),
    sealRecord(protection(), 23, Uint8Array.of(2)),
  ];
  assert.deepEqual(concat(...sent), concat(...expected));
});

test('when one record cannot be sealed, what came before leaves and nothing after it', async () => {
  let calls = 0;
  const failing = (aead: Aead): Aead => ({
    ...aead,
    seal: async (...args) => {
      const call = ++calls;
      for (let turns = call === 1 ? 3 : 0; turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      if (call === 2) throw new Error('no such device');
      return aead.seal(...args);
    },
  });
  const errors: unknown[] = [];
  const sent: Uint8Array[] = [];
  const writer: RecordWriter = new RecordWriter({
    role: 'client',
    onOutgoing: () => sent.push(...writer.takeOutgoing()),
    onError: (error) => errors.push(error),
  });
  writer.changeKeys('application', protection(failing));
  for (const byte of [1, 2, 3]) writer.applicationData(Uint8Array.of(byte));
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(errors.length, 1);
  assert(errors[0] instanceof TlsError);
  assert.equal(errors[0].code, 'ERR_INTERNAL');
  assert.deepEqual(concat(...sent), sealRecord(protection(), 23, Uint8Array.of(1)));
  assert.throws(() => writer.applicationData(Uint8Array.of(4)), { code: 'ERR_INTERNAL' });
});
