import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import type { HashName } from '../../src/crypto/provider.ts';
import { Hkdf, MAX_LABEL_LENGTH } from '../../src/keys/hkdf.ts';
import { ascii, concat, EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts';

/** RFC 5869 appendix A, where 0x00 to 0x4f and the like are written out. */
const range = (from: number, length: number): string => toHex(new Uint8Array(length).map((_, i) => from + i));

const RFC5869: readonly {
  hash: HashName;
  ikm: string;
  salt: string;
  info: string;
  prk: string;
  okm: string;
}[] = [
  {
    hash: 'SHA-256',
    ikm: '0b'.repeat(22),
    salt: range(0, 13),
    info: range(0xf0, 10),
    prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    hash: 'SHA-256',
    ikm: range(0, 80),
    salt: range(0x60, 80),
    info: range(0xb0, 80),
    prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    okm:
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
      'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    hash: 'SHA-256',
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
  {
    hash: 'SHA-1',
    ikm: '0b'.repeat(11),
    salt: range(0, 13),
    info: range(0xf0, 10),
    prk: '9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243',
    okm: '085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896',
  },
  {
    hash: 'SHA-1',
    ikm: range(0, 80),
    salt: range(0x60, 80),
    info: range(0xb0, 80),
    prk: '8adae09a2a307059478d309b26c4115a224cfaf6',
    okm:
      '0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe8fa3f1a4e5ad79f3f334b3b202b2173c' +
      '486ea37ce3d397ed034c7f9dfeb15c5e927336d0441f4c4300e2cff0d0900b52d3b4',
  },
  {
    hash: 'SHA-1',
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    prk: 'da8c8a73c7fa77288ec6f5e7c297786aa0d32d01',
    okm: '0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0ea00033de03984d34918',
  },
  {
    hash: 'SHA-1',
    ikm: '0c'.repeat(22),
    salt: '',
    info: '',
    prk: '2adccada18779e7c2077ad2eb19d3f3e731385dd',
    okm: '2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48',
  },
];

describe('HKDF', () => {
  for (const [i, { hash, ikm, salt, info, prk, okm }] of RFC5869.entries()) {
    test(`RFC 5869 test case ${i + 1}`, () => {
      const hkdf = new Hkdf(provider, hash);
      const key = hkdf.extract(fromHex(salt), fromHex(ikm));
      assert.equal(toHex(key), prk);
      assert.equal(toHex(hkdf.expand(key, fromHex(info), okm.length / 2)), okm);
    });
  }

  test('expands to any length up to 255 hashes, each a prefix of the next', () => {
    const hkdf = new Hkdf(provider, 'SHA-256');
    const longest = toHex(hkdf.expand(EMPTY, EMPTY, 255 * 32));
    for (const length of [0, 1, 31, 32, 33, 64, 65, 255 * 32 - 1]) {
      assert.equal(toHex(hkdf.expand(EMPTY, EMPTY, length)), longest.slice(0, 2 * length));
    }
    assert.throws(() => hkdf.expand(EMPTY, EMPTY, 255 * 32 + 1), RangeError);
  });

  test('HKDF-Expand-Label encodes its label, context and length (RFC 9846 section 7.1)', () => {
    const hkdf = new Hkdf(provider, 'SHA-384');
    const secret = new Uint8Array(48).fill(7);
    const context = new Uint8Array(255).fill(9);
    const label = 'x'.repeat(MAX_LABEL_LENGTH);
    const info = concat(
      Uint8Array.of(0, 48, 255),
      ascii(`tls13 ${label}`),
      Uint8Array.of(255),
      context,
      Uint8Array.of(1),
    );
    const expected = createHmac('sha384', secret).update(info).digest('hex');
    assert.equal(toHex(hkdf.expandLabel(secret, label, context, 48)), expected);
    assert.equal(toHex(hkdf.deriveSecret(secret, label, context)), expected);
  });

  test('HKDF-Expand-Label refuses what does not fit', () => {
    const hkdf = new Hkdf(provider, 'SHA-256');
    assert.throws(() => hkdf.expandLabel(EMPTY, 'x'.repeat(MAX_LABEL_LENGTH + 1), EMPTY, 32), RangeError);
    assert.throws(() => hkdf.expandLabel(EMPTY, '', EMPTY, 32), RangeError);
    assert.throws(() => hkdf.expandLabel(EMPTY, 'clé', EMPTY, 32), RangeError);
    assert.throws(() => hkdf.expandLabel(EMPTY, 'key', new Uint8Array(256), 32), RangeError);
    assert.throws(() => hkdf.expandLabel(EMPTY, 'key', EMPTY, 0x10000), RangeError);
  });
});
