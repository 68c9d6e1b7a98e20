/** What the traces of RFC 8448 do not reach: other hash functions, imported PSKs, key updates, exporters, the key log. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { Exporter13 } from '../../src/keys/exporter.ts';
import { Hkdf } from '../../src/keys/hkdf.ts';
import { keyLogLine } from '../../src/keys/key-log.ts';
import { EarlySecret } from '../../src/keys/schedule13.ts';
import { finishedVerifyData, nextTrafficSecret, trafficKeys } from '../../src/keys/traffic.ts';
import { ascii, concat, EMPTY, toHex } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';

/** HKDF-Expand-Label for one block of SHA-384, written a second time. */
function expandLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  const name = ascii(`tls13 ${label}`);
  const header = Uint8Array.of(length >> 8, length & 0xff, name.length);
  const info = concat(header, name, Uint8Array.of(context.length), context, Uint8Array.of(1));
  return new Uint8Array(createHmac('sha384', secret).update(info).digest().subarray(0, length));
}

const extract = (salt: Uint8Array, ikm: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha384', salt).update(ikm).digest());

const hkdf = new Hkdf(provider, 'SHA-384');
const ZEROS = new Uint8Array(48);
const EMPTY_HASH = hkdf.digest(EMPTY);
const TRANSCRIPT = hkdf.digest(ascii('messages'));
const PSK = new Uint8Array(48).fill(1);
const SHARED = new Uint8Array(32).fill(2);

describe('key schedule', () => {
  for (const psk of [undefined, PSK]) {
    for (const shared of [undefined, SHARED]) {
      test(`SHA-384, ${psk ? 'a PSK' : 'no PSK'}, ${shared ? 'a' : 'no'} key exchange`, () => {
        const early = extract(ZEROS, psk ?? ZEROS);
        const handshake = extract(expandLabel(early, 'derived', EMPTY_HASH, 48), shared ?? ZEROS);
        const main = extract(expandLabel(handshake, 'derived', EMPTY_HASH, 48), ZEROS);
        const earlySecret = EarlySecret.from(hkdf, psk);
        const handshakeSecret = earlySecret.handshakeSecret(shared);
        const mainSecret = handshakeSecret.mainSecret();
        const derived = {
          'c e traffic': [early, earlySecret.clientEarlyTrafficSecret(TRANSCRIPT)],
          'e exp master': [early, earlySecret.earlyExporterSecret(TRANSCRIPT)],
          'c hs traffic': [handshake, handshakeSecret.clientTrafficSecret(TRANSCRIPT)],
          's hs traffic': [handshake, handshakeSecret.serverTrafficSecret(TRANSCRIPT)],
          'c ap traffic': [main, mainSecret.clientTrafficSecret(TRANSCRIPT)],
          's ap traffic': [main, mainSecret.serverTrafficSecret(TRANSCRIPT)],
          'exp master': [main, mainSecret.exporterSecret(TRANSCRIPT)],
          'res master': [main, mainSecret.resumptionSecret(TRANSCRIPT)],
        } as const;
        for (const [label, [secret, value]] of Object.entries(derived)) {
          assert.equal(toHex(value), toHex(expandLabel(secret, label, TRANSCRIPT, 48)), label);
        }
        for (const [origin, label] of [
          ['external', 'ext binder'],
          ['resumption', 'res binder'],
          ['imported', 'imp binder'],
        ] as const) {
          const expected = expandLabel(early, label, EMPTY_HASH, 48);
          assert.equal(toHex(earlySecret.binderKey(origin)), toHex(expected));
        }
      });
    }
  }

  test('keys, initial vectors, updates and Finished of a secret', () => {
    const { key, iv } = trafficKeys(hkdf, PSK, 'AES-256-GCM');
    assert.equal(toHex(key), toHex(expandLabel(PSK, 'key', EMPTY, 32)));
    assert.equal(toHex(iv), toHex(expandLabel(PSK, 'iv', EMPTY, 12)));
    assert.equal(trafficKeys(hkdf, PSK, 'AES-128-GCM').key.length, 16);
    assert.equal(toHex(nextTrafficSecret(hkdf, PSK)), toHex(expandLabel(PSK, 'traffic upd', EMPTY, 48)));
    const finishedKey = expandLabel(PSK, 'finished', EMPTY, 48);
    assert.equal(toHex(finishedVerifyData(hkdf, PSK, TRANSCRIPT)), toHex(extract(finishedKey, TRANSCRIPT)));
  });

  test('a full handshake takes 19 HMACs of one side', () => {
    let count = 0;
    const counting: CryptoProvider = {
      ...provider,
      hmac: (...input) => {
        count++;
        return provider.hmac(...input);
      },
    };
    const counted = new Hkdf(counting, 'SHA-384');
    const side = (client: Uint8Array, server: Uint8Array): void => {
      for (const secret of [client, server]) trafficKeys(counted, secret, 'AES-256-GCM');
    };
    EarlySecret.from(hkdf).handshakeSecret(SHARED);
    const handshake = EarlySecret.from(counted).handshakeSecret(SHARED);
    const client = handshake.clientTrafficSecret(TRANSCRIPT);
    const server = handshake.serverTrafficSecret(TRANSCRIPT);
    side(client, server);
    finishedVerifyData(counted, client, TRANSCRIPT);
    finishedVerifyData(counted, server, TRANSCRIPT);
    const main = handshake.mainSecret();
    side(main.clientTrafficSecret(TRANSCRIPT), main.serverTrafficSecret(TRANSCRIPT));
    assert.equal(count, 19);
  });
});

describe('exporter', () => {
  const secret = new Uint8Array(48).fill(3);

  test('follows RFC 9846 section 7.5; no context is an empty context', () => {
    const exporter = new Exporter13(hkdf, secret);
    for (const context of [undefined, EMPTY, ascii('context')]) {
      const labelSecret = expandLabel(secret, 'EXPERIMENTAL test', EMPTY_HASH, 48);
      const expected = expandLabel(labelSecret, 'exporter', hkdf.digest(context ?? EMPTY), 40);
      const material = exporter.exportKeyingMaterial('EXPERIMENTAL test', context, 40);
      assert.equal(toHex(material), toHex(expected));
    }
  });

  test('refuses labels and lengths out of bounds', () => {
    const exporter = new Exporter13(hkdf, secret);
    assert.equal(exporter.exportKeyingMaterial('x'.repeat(249), undefined, 255 * 48).length, 255 * 48);
    for (const label of ['', 'x'.repeat(250), 'clé', 'a\nb']) {
      assert.throws(() => exporter.exportKeyingMaterial(label, undefined, 32), ConfigError, label);
    }
    for (const length of [0, -1, 1.5, Number.NaN, 255 * 48 + 1]) {
      assert.throws(() => exporter.exportKeyingMaterial('a', undefined, length), ConfigError, String(length));
    }
  });
});

test('a key log line has the label, the client random and the secret', () => {
  const line = keyLogLine(
    'CLIENT_TRAFFIC_SECRET_0',
    new Uint8Array(32).fill(0xab),
    Uint8Array.of(1, 2, 0xff),
  );
  assert.equal(line, `CLIENT_TRAFFIC_SECRET_0 ${'ab'.repeat(32)} 0102ff`);
});
