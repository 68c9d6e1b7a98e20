/** From a writer to a reader in TLS 1.2: what arrives is what was sent, or the beginning of it and then a refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { RecordReader } from '../../src/record/reader.ts';
import { RecordWriter } from '../../src/record/writer.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { handshakeMessage, type KeyPair } from './support.ts';
import { ALL_CIPHERS, freshKeys, keyPair12, lateAeads } from './support12.ts';

/** Each record of one side, from its last message in plaintext to its close_notify. */
function sent({ seal }: KeyPair, sizes: readonly number[]): Uint8Array[] {
  const records: Uint8Array[] = [];
  const writer = new RecordWriter({ role: 'server', onRecord: ({ bytes }) => records.push(bytes) });
  writer.useTls12();
  writer.handshake(handshakeMessage(16, 60));
  writer.changeCipherSpec();
  writer.changeKeys('handshake', seal);
  writer.handshake(handshakeMessage(20, 12));
  writer.changeKeys('application', seal);
  for (const size of sizes) writer.applicationData(new Uint8Array(size).fill(size));
  writer.alert('close_notify');
  return records;
}

/** What the other side reads, and the error that ended it. */
async function received(
  { open }: KeyPair,
  stream: Uint8Array,
  cuts: readonly number[],
): Promise<{ events: string[]; code: string | undefined }> {
  const reader = new RecordReader({ role: 'client' });
  const events: string[] = [];
  reader.useTls12();
  try {
    for (let offset = 0, turn = 0; offset < stream.length; turn++) {
      const cut = cuts[turn % cuts.length] as number;
      reader.push(stream.slice(offset, offset + cut));
      offset += cut;
      for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
        if (next.type === 'application_data') {
          assert(next.data.every((byte) => byte === next.data[0]));
          events.push(`${next.epoch} ${next.data.length} bytes of ${next.data[0]}`);
        } else if (next.type === 'alert') events.push(`${next.epoch} alert ${next.description}`);
        else {
          events.push(`${next.epoch} message ${next.message.type}`);
          if (next.message.type === 16) reader.expectChangeCipherSpec(open);
          if (next.message.type === 20) reader.changeKeys('application', open);
        }
      }
    }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return { events, code: error.code };
  }
  return { events, code: undefined };
}

const someSizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(16383, 16384, 16385, 40_000)),
  {
    maxLength: 5,
  },
);
const someCuts = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20_000 })), {
  minLength: 1,
  maxLength: 20,
});

function expected(sizes: readonly number[]): string[] {
  const pieces = sizes.flatMap((size) =>
    Array.from({ length: Math.ceil(size / 16384) }, (_, i) => {
      return `application ${Math.min(16384, size - i * 16384)} bytes of ${size & 0xff}`;
    }),
  );
  return ['plaintext message 16', 'handshake message 20', ...pieces, 'application alert 0'];
}

const PROVIDERS: readonly (readonly [string, CryptoProvider])[] = [
  ['at once', nodeProvider],
  ['late', lateAeads(() => 1)],
];

for (const cipher of ALL_CIPHERS) {
  for (const [when, provider] of PROVIDERS) {
    if (when === 'late' && cipher.cipher.kind === 'cbc') continue; // block ciphers always answer at once
    test(`${cipher.name}, answers ${when}: everything arrives, cut anywhere`, {
      timeout: 60_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(someSizes, someCuts, async (sizes, cuts) => {
          const pair = keyPair12(cipher, freshKeys(cipher.cipher), provider);
          const stream = concat(...sent(pair, sizes));
          assert.deepEqual(await received(pair, stream, cuts), { events: expected(sizes), code: undefined });
        }),
        { numRuns: 20 },
      );
    });
  }

  test(`${cipher.name}: whoever changes the stream gets no further than the change`, {
    timeout: 60_000,
  }, async () => {
    const sizes = [1, 16, 100, 33];
    const honest = expected(sizes);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('flip', 'drop', 'repeat', 'exchange', 'forge'),
        fc.nat(),
        fc.nat(),
        fc.nat(7),
        async (kind, which, where, bit) => {
          const pair = keyPair12(cipher);
          const records = sent(pair, sizes);
          // The first protected record is the third; the last one is close_notify.
          const index = 2 + (which % (records.length - 3));
          const record = records[index] as Uint8Array;
          const next = records[index + 1] as Uint8Array;
          if (kind === 'flip') {
            const at = where % record.length;
            record[at] = (record[at] as number) ^ (1 << bit);
          } else if (kind === 'drop') records.splice(index, 1);
          else if (kind === 'repeat') records.splice(index, 0, record);
          else if (kind === 'exchange') records.splice(index, 2, next, record);
          else
            records.splice(
              index,
              0,
              concat(record.subarray(0, 5), new Uint8Array(record.length - 5).fill(where)),
            );
          const { events, code } = await received(pair, concat(...records), [100_000]);
          // A length that grew makes the reader wait for bytes that never come.
          if (kind !== 'flip' || where % record.length < 3 || where % record.length > 4)
            assert(code !== undefined, kind);
          const taken = kind === 'repeat' ? index : index - 1;
          assert.deepEqual(events, honest.slice(0, Math.min(taken, events.length)));
          assert(!events.includes('application alert 0'));
        },
      ),
      { numRuns: 60 },
    );
  });
}

test('random bytes are refused or waited for, in every state', async () => {
  const records = fc.array(
    fc.record({
      type: fc.constantFrom(20, 21, 22, 23, 24),
      version: fc.constantFrom(0x0303, 0x0303, 0x0303, 0x0301),
      body: fc.uint8Array({ maxLength: 80 }),
    }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ALL_CIPHERS),
      fc.nat(4),
      records,
      someCuts,
      async (cipher, honestly, random, cuts) => {
        const pair = keyPair12(cipher);
        const prefix = sent(pair, [5]).slice(0, honestly);
        const noise = random.map(({ type, version, body }) =>
          concat(Uint8Array.of(type, version >> 8, version & 0xff, 0, body.length), body),
        );
        const { events } = await received(pair, concat(...prefix, ...noise), cuts);
        assert(honestly >= 3 || !events.some((event) => event.startsWith('application')));
        assert(!events.slice(honestly).some((event) => event.startsWith('application')));
      },
    ),
    { numRuns: 400 },
  );
});
