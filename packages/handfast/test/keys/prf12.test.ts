/** The PRF of TLS 1.2 against published vectors, and what is built on it against its definition. */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import type { HashName } from '../../src/crypto/provider.ts';
import { Exporter12 } from '../../src/keys/exporter.ts';
import { keyLogLine } from '../../src/keys/key-log.ts';
import { Prf12 } from '../../src/keys/prf12.ts';
import {
  extendedMasterSecret,
  finishedVerifyData12,
  keyBlock,
  masterSecret,
} from '../../src/keys/schedule12.ts';
import { ascii, concat, EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';

/** Posted to the IETF's TLS list (https://www.ietf.org/mail-archive/web/tls/current/msg03416.html). */
const VECTORS: readonly {
  readonly hash: HashName;
  readonly secret: string;
  readonly seed: string;
  readonly output: string;
}[] = [
  {
    hash: 'SHA-256',
    secret: '9bbe436ba940f017b17652849a71db35',
    seed: 'a0ba9f936cda311827a6f796ffd5198c',
    output: `e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
      6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
      4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
      87347b66`,
  },
  {
    hash: 'SHA-384',
    secret: 'b80b733d6ceefcdc71566ea48e5567df',
    seed: 'cd665cf6a8447dd6ff8b27555edb7465',
    output: `7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd
      e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd
      8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
      9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6
      91c8f3a26854308d5eaa3be85e0990703d73e56f`,
  },
  {
    hash: 'SHA-512',
    secret: 'b0323523c1853599584d88568bbb05eb',
    seed: 'd4640e12e4bcdbfb437f03e6ae418ee5',
    output: `1261f588c798c5c201ff036e7a9cb5edcd7fe3f94c669a122a4638d7d508b283
      042df6789875c7147e906d868bc75c45e20eb40c1cf4a1713b27371f68432592
      f7dc8ea8ef223e12ea8507841311bf68653d0cfc4056d811f025c45ddfa6e6fe
      c702f054b409d6f28dd0a3233e498da41a3e75c5630eedbe22fe254e33a1b0e9
      f6b9826675bec7d01a845658dc9c397545401d40b9f46c7a400ee1b8f81ca0a6
      0d1a397a1028bff5d2ef5066126842fb8da4197632bdb54ff6633f86bbc836e6
      40d4d898`,
  },
];

/** P_SHA256, written a second time: recursive, as the RFC writes it down. */
function pHash(secret: Uint8Array, seed: Uint8Array, length: number): string {
  const hmac = (data: Uint8Array): Uint8Array => createHmac('sha256', secret).update(data).digest();
  const a = (i: number): Uint8Array => (i === 0 ? seed : hmac(a(i - 1)));
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => hmac(concat(a(i + 1), seed)));
  return toHex(concat(...blocks)).slice(0, 2 * length);
}

describe('PRF', () => {
  for (const { hash, secret, seed, output } of VECTORS) {
    test(`published vector: ${hash}`, () => {
      const expected = fromHex(output);
      const prf = new Prf12(provider, hash);
      const [key, whole] = [fromHex(secret), fromHex(seed)];
      assert.equal(toHex(prf.prf(key, 'test label', expected.length, whole)), toHex(expected));
      const parts = [whole.subarray(0, 5), EMPTY, whole.subarray(5)];
      assert.equal(toHex(prf.prf(key, 'test label', expected.length, ...parts)), toHex(expected));
    });
  }

  test('any length is a prefix of any longer one', () => {
    const prf = new Prf12(provider, 'SHA-256');
    const seed = ascii('seed');
    const longest = toHex(prf.prf(seed, 'label', 200, seed));
    for (let length = 0; length <= 200; length++) {
      assert.equal(toHex(prf.prf(seed, 'label', length, seed)), longest.slice(0, 2 * length));
    }
  });

  test('secrets of any length, none included', () => {
    const prf = new Prf12(provider, 'SHA-256');
    for (const length of [0, 1, 48, 64, 65, 1024]) {
      const secret = new Uint8Array(randomBytes(length));
      assert.equal(toHex(prf.prf(secret, 'a', 40, EMPTY)), pHash(secret, ascii('a'), 40));
    }
  });
});

const PREMASTER = new Uint8Array(48).fill(1);
const MASTER = new Uint8Array(48).fill(2);
const CLIENT_RANDOM = new Uint8Array(32).fill(3);
const SERVER_RANDOM = new Uint8Array(32).fill(4);
const TRANSCRIPT = new Uint8Array(32).fill(5);
const prf = new Prf12(provider, 'SHA-256');

describe('key schedule', () => {
  const derived = (secret: Uint8Array, label: string, length: number, ...seeds: readonly Uint8Array[]) =>
    pHash(secret, concat(ascii(label), ...seeds), length);

  test('master secrets, Finished', () => {
    assert.equal(
      toHex(masterSecret(prf, PREMASTER, CLIENT_RANDOM, SERVER_RANDOM)),
      derived(PREMASTER, 'master secret', 48, CLIENT_RANDOM, SERVER_RANDOM),
    );
    assert.equal(
      toHex(extendedMasterSecret(prf, PREMASTER, TRANSCRIPT)),
      derived(PREMASTER, 'extended master secret', 48, TRANSCRIPT),
    );
    for (const sender of ['client', 'server'] as const) {
      assert.equal(
        toHex(finishedVerifyData12(prf, MASTER, sender, TRANSCRIPT)),
        derived(MASTER, `${sender} finished`, 12, TRANSCRIPT),
      );
    }
  });

  test('the key block is cut in the order of RFC 5246 section 6.3', () => {
    const { client, server } = keyBlock(prf, MASTER, CLIENT_RANDOM, SERVER_RANDOM, {
      macKey: 20,
      key: 16,
      iv: 4,
    });
    const parts = [client.macKey, server.macKey, client.key, server.key, client.iv, server.iv];
    assert.deepEqual(
      parts.map((part) => part.length),
      [20, 20, 16, 16, 4, 4],
    );
    assert.equal(toHex(concat(...parts)), derived(MASTER, 'key expansion', 80, SERVER_RANDOM, CLIENT_RANDOM));
    parts[0]?.fill(0);
    assert.notEqual(toHex(server.macKey), toHex(new Uint8Array(20)), 'the parts share no memory');
  });
});

describe('exporter of TLS 1.2', () => {
  const exporter = new Exporter12(prf, MASTER, CLIENT_RANDOM, SERVER_RANDOM);

  test('follows RFC 5705 section 4; no context is not an empty context', () => {
    const exported = (context: Uint8Array | undefined): string =>
      toHex(exporter.exportKeyingMaterial('EXPERIMENTAL test', context, 40));
    const start = concat(ascii('EXPERIMENTAL test'), CLIENT_RANDOM, SERVER_RANDOM);
    assert.equal(exported(undefined), pHash(MASTER, start, 40));
    assert.equal(exported(EMPTY), pHash(MASTER, concat(start, Uint8Array.of(0, 0)), 40));
    const long = new Uint8Array(0x0102).fill(7);
    assert.equal(exported(long), pHash(MASTER, concat(start, Uint8Array.of(1, 2), long), 40));
  });

  test('refuses the labels that TLS itself derives with', () => {
    for (const label of [
      'client finished',
      'server finished',
      'master secret',
      'extended master secret',
      'key expansion',
    ]) {
      assert.throws(() => exporter.exportKeyingMaterial(label, undefined, 32), {
        name: 'ConfigError',
        option: 'label',
        message: `expected a label that TLS 1.2 does not use itself, found "${label}"`,
      });
    }
  });

  test('refuses labels, contexts and lengths out of bounds', () => {
    const longest = new Uint8Array(0xffff);
    assert.equal(exporter.exportKeyingMaterial('x'.repeat(249), longest, 255 * 32).length, 255 * 32);
    for (const label of ['', 'x'.repeat(250), 'clé', 'a\nb']) {
      assert.throws(() => exporter.exportKeyingMaterial(label, undefined, 32), ConfigError, label);
    }
    for (const length of [0, -1, 1.5, Number.NaN, 255 * 32 + 1]) {
      assert.throws(() => exporter.exportKeyingMaterial('a', undefined, length), ConfigError, String(length));
    }
    assert.throws(() => exporter.exportKeyingMaterial('a', new Uint8Array(0x10000), 32), {
      name: 'ConfigError',
      option: 'context',
    });
  });
});

test('the key log names the master secret after the random of the client', () => {
  assert.equal(
    keyLogLine('CLIENT_RANDOM', CLIENT_RANDOM, MASTER),
    `CLIENT_RANDOM ${'03'.repeat(32)} ${'02'.repeat(48)}`,
  );
});
