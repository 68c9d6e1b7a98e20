/** External PSKs: imported as RFC 9258 says, computed beside it by hand, and checked when they are given. */
import assert from 'node:assert/strict';
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  checkExternalPsks,
  type ExternalPsk,
  type ImportablePsk,
  importPsk,
  type PskHash,
  readImportedIdentity,
  tlsPsks,
} from '../../src/session/external-psk.ts';
import { MAX_PSK_IDENTITY_LENGTH } from '../../src/session/limits.ts';
import { ascii, concat, fromHex, toHex } from '../../src/wire/bytes.ts';

const LIMIT = { timeout: 10_000 };
const HASHES: readonly PskHash[] = ['SHA-256', 'SHA-384'];
const NODE_HASH = { 'SHA-256': 'sha256', 'SHA-384': 'sha384' } as const;
const KDF = { 'SHA-256': '0001', 'SHA-384': '0002' } as const;
const LENGTH = { 'SHA-256': 32, 'SHA-384': 48 } as const;

function externalPsk(changes: Partial<ExternalPsk> = {}): ExternalPsk {
  return { identity: ascii('client 7'), key: new Uint8Array(32).fill(5), ...changes };
}

function importable(changes: Partial<ExternalPsk> = {}): ImportablePsk {
  return { context: ascii('lab'), ...externalPsk(changes) } as ImportablePsk;
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);

/** RFC 9258 section 5.1 once more, with node:crypto alone. */
function byHand({ identity, key, hash = 'SHA-256', context }: ImportablePsk, target: PskHash) {
  const imported = concat(
    uint16(identity.length),
    identity,
    uint16(context.length),
    context,
    fromHex(`0304 ${KDF[target]}`),
  );
  const name = NODE_HASH[hash];
  const digest = createHash(name).update(imported).digest();
  const label = ascii('tls13 derived psk');
  const info = concat(
    uint16(LENGTH[target]),
    Uint8Array.of(label.length),
    label,
    Uint8Array.of(digest.length),
    digest,
  );
  // Extract and expand in one: a salt of zeros is the one that Extract(0, epsk) means.
  const derived = hkdfSync(name, key, new Uint8Array(LENGTH[hash]), info, LENGTH[target]);
  return { identity: imported, key: new Uint8Array(derived) };
}

test(
  'imported keys and identities are those of RFC 9258, for both hash functions and both targets',
  LIMIT,
  () => {
    for (const hash of HASHES) {
      for (const target of HASHES) {
        const psk = importable({ hash });
        const imported = importPsk(nodeProvider, psk, target);
        const expected = byHand(psk, target);
        assert.deepEqual(imported, { ...expected, hash: target, imported: true });
        assert.equal(imported.key.length, LENGTH[target]);
      }
    }
  },
);

test('one imported key, step by step with HMAC', LIMIT, () => {
  const psk = importable({ context: new Uint8Array(0) });
  const { identity, key } = importPsk(nodeProvider, psk, 'SHA-256');
  assert.equal(toHex(identity), `0008${toHex(ascii('client 7'))}000003040001`);
  const hmac = (secret: Uint8Array, data: Uint8Array) => createHmac('sha256', secret).update(data).digest();
  const epskx = hmac(new Uint8Array(32), psk.key);
  const info = concat(
    fromHex('0020 11'),
    ascii('tls13 derived psk'),
    fromHex('20'),
    createHash('sha256').update(identity).digest(),
  );
  assert.equal(toHex(key), hmac(epskx, concat(info, Uint8Array.of(1))).toString('hex'));
});

test('any identity, context and key are imported as by hand', LIMIT, () => {
  const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 300 });
  const psks = fc.record(
    { identity: bytes(1), key: bytes(16), context: bytes(0), hash: fc.constantFrom(...HASHES) },
    { requiredKeys: ['identity', 'key', 'context'] },
  );
  fc.assert(
    fc.property(psks, fc.constantFrom(...HASHES), (psk, target) => {
      const { identity, key } = importPsk(nodeProvider, psk, target);
      assert.deepEqual({ identity, key }, byHand(psk, target));
      assert.deepEqual(readImportedIdentity(identity), {
        externalIdentity: psk.identity,
        context: psk.context,
        targetProtocol: 0x0304,
        targetKdf: target === 'SHA-256' ? 1 : 2,
      });
    }),
  );
});

test('identity, context, target and hash each lead to another key', LIMIT, () => {
  const variants: readonly [ImportablePsk, PskHash][] = [
    [importable(), 'SHA-256'],
    [importable(), 'SHA-384'],
    [importable({ hash: 'SHA-384' }), 'SHA-256'],
    [importable({ context: ascii('lat') }), 'SHA-256'],
    [importable({ identity: ascii('client 8') }), 'SHA-256'],
    [importable({ identity: ascii('client'), context: ascii(' 7lab') }), 'SHA-256'],
    [importable({ key: new Uint8Array(33).fill(5) }), 'SHA-256'],
  ];
  const keys = variants.map(([psk, target]) => importPsk(nodeProvider, psk, target).key.subarray(0, 32));
  assert.equal(new Set(keys.map(toHex)).size, variants.length);
});

test('what is no imported identity reads as none, whatever the bytes', LIMIT, () => {
  const { identity } = importPsk(nodeProvider, importable(), 'SHA-256');
  for (const length of identity.keys()) {
    assert.equal(readImportedIdentity(identity.subarray(0, length)), undefined);
  }
  assert.equal(readImportedIdentity(concat(identity, Uint8Array.of(0))), undefined);
  assert.equal(readImportedIdentity(fromHex('0000 0000 0304 0001')), undefined);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readImportedIdentity(bytes)));
});

test(
  'a key stands for itself with its one hash function, an imported one for each that is offered',
  LIMIT,
  () => {
    const direct = externalPsk();
    const own = { identity: direct.identity, key: direct.key, hash: 'SHA-256', imported: false };
    assert.deepEqual(tlsPsks(nodeProvider, direct), [own]);
    assert.deepEqual(tlsPsks(nodeProvider, direct, ['SHA-384']), []);
    assert.deepEqual(tlsPsks(nodeProvider, { ...direct, hash: 'SHA-384' }, ['SHA-384']), [
      { ...own, hash: 'SHA-384' },
    ]);
    const psk = importable();
    assert.deepEqual(tlsPsks(nodeProvider, psk), [
      importPsk(nodeProvider, psk, 'SHA-256'),
      importPsk(nodeProvider, psk, 'SHA-384'),
    ]);
    assert.deepEqual(tlsPsks(nodeProvider, psk, ['SHA-384']), [importPsk(nodeProvider, psk, 'SHA-384')]);
    const emptyContext = tlsPsks(nodeProvider, externalPsk({ context: new Uint8Array(0) }));
    assert.deepEqual(
      emptyContext.map(({ imported }) => imported),
      [true, true],
    );
  },
);

test('keys that are right are copied, with their hash function named', LIMIT, () => {
  const given: ExternalPsk[] = [
    externalPsk(),
    importable({ identity: ascii('other'), key: Buffer.alloc(16, 1), hash: 'SHA-384' }),
  ];
  const checked = checkExternalPsks(given);
  const expected = [
    { ...externalPsk(), hash: 'SHA-256' },
    { ...importable({ identity: ascii('other'), key: new Uint8Array(16).fill(1) }), hash: 'SHA-384' },
  ];
  assert.deepEqual(checked, expected);
  for (const { key, identity, context } of given) for (const part of [key, identity, context]) part?.fill(0);
  assert.deepEqual(checked, expected);
  assert.deepEqual(checkExternalPsks([]), []);
});

test(
  'the same identity may be imported in several contexts, and the same key under several identities',
  LIMIT,
  () => {
    const psks = [
      importable(),
      importable({ context: ascii('field') }),
      importable({ identity: ascii('client 8') }),
      externalPsk({ key: new Uint8Array(16) }),
    ];
    assert.equal(checkExternalPsks(psks).length, 4);
  },
);

test('keys and identities that cannot work are refused, and the key is not told', LIMIT, () => {
  const long = new Uint8Array(MAX_PSK_IDENTITY_LENGTH);
  const { identity: wireIdentity } = importPsk(nodeProvider, importable(), 'SHA-384');
  const secret = ascii('hunter2 hunter2 hunter2');
  const wrong: readonly [unknown, RegExp][] = [
    ['a key', /^psks: expected a list, found string/],
    [
      [externalPsk({ identity: new Uint8Array(0) })],
      /^psks\[0\]: expected the identity as 1 to 65535 bytes, found 0$/,
    ],
    [[externalPsk({ identity: new Uint8Array(65536) })], /the identity as 1 to 65535 bytes, found 65536/],
    [[externalPsk({ identity: 'client' as never })], /the identity as 1 to 65535 bytes, found string/],
    [
      [externalPsk({ identity: concat(long, long.subarray(0, 1)) })],
      /at most 32768 bytes as it is sent, found 32769/,
    ],
    [[importable({ context: long })], /at most 32768 bytes as it is sent, found \d+/],
    [[importable({ context: {} as never })], /the context as 0 to 65535 bytes, found object/],
    [
      [externalPsk({ key: new Uint8Array(15) })],
      /the key as 16 to 65535 bytes, found 15; shorter ones can be guessed/,
    ],
    [[externalPsk({ key: undefined as never })], /the key as 16 to 65535 bytes, found undefined/],
    [[externalPsk({ hash: 'SHA-512' as never })], /expected the hash SHA-256 or SHA-384, found SHA-512/],
    [
      [externalPsk(), externalPsk({ key: secret })],
      /^psks\[1\]: the identity 'client 7' is that of psks\[0\] already/,
    ],
    [[importable(), importable()], /^psks\[1\]: the identity 'client 7' is that of psks\[0\] already/],
    [
      [importable(), externalPsk({ identity: wireIdentity, key: secret })],
      /^psks\[1\]: the identity .* is that of psks\[0\]/,
    ],
    [
      [externalPsk({ key: secret }), externalPsk({ key: secret, identity: ascii('b'), hash: 'SHA-384' })],
      /its key is that of psks\[0\], used in another way: not imported, with SHA-384; there not imported, with SHA-256/,
    ],
    [
      [externalPsk({ key: secret }), importable({ key: secret })],
      /its key is that of psks\[0\], used in another way: imported, with SHA-256; there not imported/,
    ],
  ];
  for (const [psks, message] of wrong) {
    assert.throws(
      () => checkExternalPsks(psks as readonly ExternalPsk[]),
      (error: Error & { option?: string }) => {
        assert.equal(error.name, 'ConfigError');
        assert.equal(error.option, 'psks');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /hunter/);
        return true;
      },
    );
  }
  assert.throws(() => checkExternalPsks('x' as never, 'psk'), { option: 'psk', message: /^psk: / });
});

test('the longest identity that is taken, and one byte more', LIMIT, () => {
  const identity = new Uint8Array(MAX_PSK_IDENTITY_LENGTH);
  assert.equal(checkExternalPsks([externalPsk({ identity })]).length, 1);
  const frame =
    importPsk(nodeProvider, importable({ identity: Uint8Array.of(1) }), 'SHA-256').identity.length - 1;
  const longest = importable({ identity: identity.subarray(frame) });
  assert.equal(checkExternalPsks([longest]).length, 1);
  const longer = importable({ identity: identity.subarray(frame - 1) });
  assert.throws(() => checkExternalPsks([longer]), /found 32769/);
});
