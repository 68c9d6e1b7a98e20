/** Sealed records of TLS 1.2 against their construction with node:crypto alone, and against those who change them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { AEAD_TAG_LENGTH, type Aead, CBC_BLOCK_LENGTH, isPromise } from '../../src/crypto/provider.ts';
import { TLS12_CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import { MAX_PLAINTEXT_LENGTH } from '../../src/policy/limits.ts';
import { AeadProtection12 } from '../../src/record/aead12.ts';
import { keySizes12, protection12 } from '../../src/record/protection12.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { record, sealRecord } from './support.ts';
import {
  AEAD_CIPHERS,
  ALL_CIPHERS,
  type Cipher,
  cbcRecord,
  ENCRYPT_THEN_MAC,
  expectedAeadRecord,
  framed12,
  freshKeys,
  keyPair12,
  lateAeads,
  MAC_THEN_ENCRYPT,
  opened12,
} from './support12.ts';

const BAD_MAC = { code: 'ERR_BAD_RECORD_MAC', alert: 'bad_record_mac' };
const LENGTHS = [0, 1, 15, 16, 17, 300, MAX_PLAINTEXT_LENGTH];

function contentOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

for (const { name, cipher } of AEAD_CIPHERS) {
  test(`${name}: records are those of the RFC, in both directions`, () => {
    assert(cipher.kind === 'aead');
    const keys = freshKeys(cipher);
    const seal = protection12(nodeProvider, cipher, keys, false);
    const open = protection12(nodeProvider, cipher, keys, false);
    for (const [sequence, length] of LENGTHS.entries()) {
      for (const type of [21, 22, 23].slice(sequence % 3, (sequence % 3) + 1)) {
        const content = contentOf(length);
        const expected = expectedAeadRecord(cipher.aead, keys, sequence, type, content);
        assert.deepEqual(sealRecord(seal, type, content), expected);
        assert.deepEqual(opened12(open, expected), { type, content, padding: 0, sequence });
      }
    }
  });
}

for (const cbc of [...MAC_THEN_ENCRYPT, ...ENCRYPT_THEN_MAC]) {
  test(`${cbc.name}: records are those of the RFC, in both directions`, () => {
    const { cipher, encryptThenMac } = cbc;
    const keys = freshKeys(cipher);
    const seal = protection12(nodeProvider, cipher, keys, encryptThenMac);
    const open = protection12(nodeProvider, cipher, keys, encryptThenMac);
    for (const [sequence, length] of LENGTHS.entries()) {
      const content = contentOf(length);
      const sealed = sealRecord(seal, 23, content);
      const iv = sealed.subarray(5, 5 + CBC_BLOCK_LENGTH);
      const expected = cbcRecord(cbc, keys, content, { iv, sequence });
      assert.deepEqual(sealed, expected);
      const { type, content: found, padding, sequence: number } = opened12(open, expected);
      assert.deepEqual([type, found, number], [23, content, sequence]);
      assert(padding < CBC_BLOCK_LENGTH);
    }
  });

  test(`${cbc.name}: padding of any length that fits is taken`, () => {
    const keys = freshKeys(cbc.cipher);
    const { cipher, encryptThenMac } = cbc;
    const content = contentOf(40);
    for (let paddingLength = 0; paddingLength < 256; paddingLength++) {
      const odd = { paddingLength };
      const inside = 40 + (encryptThenMac ? 0 : keySizes12(cipher).macKey) + paddingLength + 1;
      if (inside % CBC_BLOCK_LENGTH !== 0) continue;
      const open = protection12(nodeProvider, cipher, keys, encryptThenMac);
      const { content: found, padding } = opened12(open, cbcRecord(cbc, keys, content, odd));
      assert.deepEqual([found, padding], [content, paddingLength]);
    }
  });

  test(`${cbc.name}: every record has an iv of its own`, () => {
    const { seal } = keyPair12(cbc);
    const ivs = Array.from({ length: 200 }, () =>
      toHex(sealRecord(seal, 23, new Uint8Array(1)).subarray(5, 21)),
    );
    assert.equal(new Set(ivs).size, 200);
  });
}

for (const cipher of ALL_CIPHERS) {
  const { name } = cipher;

  test(`${name}: what was sealed opens, with its type`, () => {
    fc.assert(
      fc.property(fc.constantFrom(21, 22, 23), fc.uint8Array({ maxLength: 300 }), (type, content) => {
        const { seal, open } = keyPair12(cipher);
        for (let sequence = 0; sequence < 3; sequence++) {
          const { padding, ...opened } = opened12(open, sealRecord(seal, type, content));
          assert.deepEqual(opened, { type, content, sequence });
          assert(padding >= 0);
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}: every changed byte of a record is found`, () => {
    const keys = freshKeys(cipher.cipher);
    const good = sealRecord(keyPair12(cipher, keys).seal, 23, Uint8Array.of(1, 2, 3, 4));
    for (let at = 0; at < good.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        // The version and the length are the framer's and the reader's to check: the first is not read from the record.
        if (at >= 1 && at <= 4) continue;
        const bad = good.slice();
        bad[at] = (bad[at] as number) ^ change;
        const raw = {
          type: bad[0] as number,
          version: 0x0303,
          header: bad.subarray(0, 5),
          fragment: bad.subarray(5),
          raw: bad,
        };
        assert.throws(() => keyPair12(cipher, keys).open.open(raw), BAD_MAC, `byte ${at}`);
      }
    }
    assert.throws(() => opened12(keyPair12(cipher).open, good), BAD_MAC, 'another key');
  });

  test(`${name}: records that are cut, dropped, repeated or exchanged do not open`, () => {
    const scenes: readonly (readonly [string, (records: Uint8Array[]) => Uint8Array[]])[] = [
      ['repeated', ([a, b, c]) => [a, a, b, c] as Uint8Array[]],
      ['dropped', ([, b, c]) => [b, c] as Uint8Array[]],
      ['exchanged', ([a, b, c]) => [b, a, c] as Uint8Array[]],
      ...Array.from(
        { length: 80 },
        (_, i) =>
          [
            `cut by ${i + 1}`,
            ([a]: Uint8Array[]) => [
              record(23, (a as Uint8Array).subarray(5, Math.max(5, (a as Uint8Array).length - i - 1))),
            ],
          ] as const,
      ),
      ['lengthened', ([a]) => [record(23, concat((a as Uint8Array).subarray(5), new Uint8Array(1)))]],
      [
        'lengthened by a block',
        ([a]) => [record(23, concat((a as Uint8Array).subarray(5), new Uint8Array(16)))],
      ],
      ['emptied', () => [record(23, new Uint8Array(0))]],
    ];
    for (const [what, spoil] of scenes) {
      const { seal, open } = keyPair12(cipher);
      const records = [1, 2, 3].map((byte) => sealRecord(seal, 23, Uint8Array.of(byte)));
      assert.throws(
        () => {
          for (const bytes of spoil(records)) opened12(open, bytes);
        },
        BAD_MAC,
        what,
      );
    }
  });

  test(`${name}: the content may fill a record, and not one byte more`, () => {
    const { seal, open } = keyPair12(cipher);
    const full = opened12(open, sealRecord(seal, 23, new Uint8Array(MAX_PLAINTEXT_LENGTH)));
    assert.equal(full.content.length, MAX_PLAINTEXT_LENGTH);
    const longer = sealRecord(seal, 23, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1));
    assert.throws(() => opened12(open, longer), { code: 'ERR_RECORD_OVERFLOW', alert: 'record_overflow' });
  });

  test(`${name}: a record that is too long and was changed tells nothing of its length`, () => {
    const { seal, open } = keyPair12(cipher);
    const longer = sealRecord(seal, 23, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1));
    longer[100] = (longer[100] as number) ^ 1;
    assert.throws(() => opened12(open, longer), BAD_MAC);
  });
}

test("a nonce that is not the sequence number is the peer's right", () => {
  const cipher = AEAD_CIPHERS.find(({ name }) => name === 'AES-256-GCM') as Cipher;
  assert(cipher.cipher.kind === 'aead');
  const keys = freshKeys(cipher.cipher);
  // The sender counts from 7 in its nonces, but authenticates the sequence number 0.
  const aead = nodeProvider.aead('AES-256-GCM', keys.key);
  const explicit = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7);
  const additionalData = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 23, 3, 3, 0, 2);
  const sealed = aead.seal(concat(keys.iv, explicit), additionalData, Uint8Array.of(1, 2)) as Uint8Array;
  const { content } = opened12(keyPair12(cipher, keys).open, record(23, concat(explicit, sealed)));
  assert.deepEqual(content, Uint8Array.of(1, 2));
});

test('what is too short for its tag never reaches the provider', () => {
  for (const { cipher } of AEAD_CIPHERS) {
    assert(cipher.kind === 'aead');
    const aead: Aead = { seal: () => assert.fail(), open: () => assert.fail() };
    const provider = { ...nodeProvider, aead: () => aead };
    const explicitLength = cipher.aead === 'CHACHA20-POLY1305' ? 0 : 8;
    for (let length = 0; length < explicitLength + AEAD_TAG_LENGTH[cipher.aead]; length++) {
      const { open } = keyPair12({ name: '', cipher, encryptThenMac: false }, undefined, provider);
      assert.throws(() => open.open(framed12(record(23, new Uint8Array(length)))), BAD_MAC);
    }
  }
});

test('seventy thousand nonces are all different', () => {
  for (const aeadName of ['AES-128-GCM', 'CHACHA20-POLY1305', 'AES-128-CCM-8'] as const) {
    const seen = new Set<string>();
    const aead: Aead = {
      seal: (nonce, additionalData, plaintext) => {
        seen.add(`${toHex(nonce)}`);
        assert.equal(additionalData.length, 13);
        return plaintext.slice();
      },
      open: () => undefined,
    };
    const { iv } = freshKeys({ kind: 'aead', aead: aeadName });
    const protection = new AeadProtection12({ aead, aeadName, iv, maxRecords: 100_000 });
    for (let i = 0; i < 70_000; i++) protection.seal(23, new Uint8Array(2));
    assert.equal(seen.size, 70_000);
  }
});

test('a key that has sealed all it may seals an alert, and nothing else', () => {
  const keys = freshKeys({ kind: 'aead', aead: 'AES-128-GCM' });
  const aead = nodeProvider.aead('AES-128-GCM', keys.key);
  const options = { aead, aeadName: 'AES-128-GCM', iv: keys.iv, maxRecords: 3 } as const;
  const seal = new AeadProtection12(options);
  const open = new AeadProtection12(options);
  const pass = (type: number): number => opened12(open, sealRecord(seal, type, new Uint8Array(2))).sequence;
  assert.deepEqual([pass(23), pass(23), pass(23)], [0, 1, 2]);
  assert.equal(seal.needsKeyUpdate, false);
  const refusal = { code: 'ERR_KEY_LIMIT', alert: 'internal_error', message: /TLS 1\.2/ };
  assert.throws(() => seal.seal(23, new Uint8Array(1)), refusal);
  assert.throws(() => seal.seal(22, new Uint8Array(1)), refusal);
  assert.equal(pass(21), 3);
  assert.throws(() => seal.seal(23, new Uint8Array(1)), refusal);
});

test('each cipher takes of the key block what the RFCs say (RFC 5246 appendix C, RFC 5288, RFC 6655, RFC 7905)', () => {
  for (const { name, cipher } of TLS12_CIPHER_SUITES.values()) {
    const mac = name.endsWith('SHA') ? 20 : name.endsWith('SHA256') ? 32 : 48;
    assert.deepEqual(
      keySizes12(cipher),
      {
        macKey: name.includes('CBC') ? mac : 0,
        key: name.includes('AES_128') ? 16 : 32,
        iv: name.includes('CBC') ? 0 : name.includes('CHACHA20') ? 12 : 4,
      },
      name,
    );
  }
});

test('key material of another length is refused', () => {
  for (const { cipher } of ALL_CIPHERS) {
    const keys = freshKeys(cipher);
    for (const part of ['macKey', 'key', 'iv'] as const) {
      const wrong = { ...keys, [part]: new Uint8Array(keys[part].length + 1) };
      assert.throws(() => protection12(nodeProvider, cipher, wrong, false), RangeError);
    }
  }
});

test('a provider that answers late seals and opens the same, with several records under way', async () => {
  for (const cipher of AEAD_CIPHERS) {
    const keys = freshKeys(cipher.cipher);
    const turns = [3, 0, 2, 1];
    let call = 0;
    const provider = lateAeads(() => turns[call++ % turns.length] as number);
    const late = protection12(provider, cipher.cipher, keys, false);
    const { seal, open } = keyPair12(cipher, keys, provider);
    const scratch = new Uint8Array(50);
    const pending = [1, 2, 3, 4].map((byte) => {
      const sealing = late.seal(23, scratch.fill(byte), 0);
      assert(isPromise(sealing));
      return sealing;
    });
    const expected = [1, 2, 3, 4].map((byte) => sealRecord(seal, 23, new Uint8Array(50).fill(byte)));
    const sealed = await Promise.all(pending);
    assert.deepEqual(
      sealed.map(({ header, fragment }) => concat(header, fragment)),
      expected,
    );
    const opened = await Promise.all(expected.map((bytes) => open.open(framed12(bytes))));
    assert.deepEqual(
      opened.map(({ content, sequence }) => [content[0], sequence]),
      [1, 2, 3, 4].map((byte, i) => [byte, i]),
    );
    await assert.rejects(async () => open.open(framed12(expected[0] as Uint8Array)), BAD_MAC);
  }
});

test('a provider that throws or rejects is an internal error, with its cause', async () => {
  const broken = new Error('no such device');
  const fail = (): never => {
    throw broken;
  };
  const internal = { code: 'ERR_INTERNAL', alert: 'internal_error', cause: broken };
  for (const cipher of ALL_CIPHERS) {
    const keys = freshKeys(cipher.cipher);
    const good = sealRecord(keyPair12(cipher, keys).seal, 23, new Uint8Array(20));
    for (const aead of [
      { seal: fail, open: fail },
      { seal: () => Promise.reject(broken), open: () => Promise.reject(broken) },
    ]) {
      const provider = { ...nodeProvider, aead: () => aead, cbc: () => ({ encrypt: fail, decrypt: fail }) };
      const protection = () => protection12(provider, cipher.cipher, keys, cipher.encryptThenMac);
      await assert.rejects(async () => protection().seal(23, new Uint8Array(1), 0), internal);
      await assert.rejects(async () => protection().open(framed12(good)), internal);
    }
  }
});
