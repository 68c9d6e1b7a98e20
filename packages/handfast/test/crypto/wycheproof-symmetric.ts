/** Wycheproof files of AEADs, CBC, HMAC and HKDF. */
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type AeadName,
  CBC_BLOCK_LENGTH,
  CBC_KEY_LENGTH,
  type CbcName,
  type HashName,
} from '../../src/crypto/provider.ts';
import { Hkdf } from '../../src/keys/hkdf.ts';
import { concat, equalBytes } from '../../src/wire/bytes.ts';
import { bytes, type Outcome, type Subject, type VectorFile } from './wycheproof.ts';

function aeadFile(subject: Subject, name: string, run: number, ciphers: readonly AeadName[]): VectorFile {
  return {
    name,
    run,
    async check(group, vector): Promise<Outcome> {
      const key = bytes(vector, 'key');
      const ofKeySize = ciphers.filter((candidate) => AEAD_KEY_LENGTH[candidate] === key.length);
      const cipher = ofKeySize.find((candidate) => 8 * AEAD_TAG_LENGTH[candidate] === group['tagSize']);
      if (ofKeySize.length === 0) return `not offered: keys of ${group['keySize']} bits`;
      if (cipher === undefined) return `not offered: tags of ${group['tagSize']} bits`;
      if (!subject.provider.aeads.has(cipher)) return `not offered: ${cipher}`;
      const aead = subject.provider.aead(cipher, key);
      const nonce = bytes(vector, 'iv');
      const aad = bytes(vector, 'aad');
      const sealed = concat(bytes(vector, 'ct'), bytes(vector, 'tag'));
      const plaintext = bytes(vector, 'msg');
      if (nonce.length !== AEAD_NONCE_LENGTH) {
        // TLS has one nonce length; the provider must insist on it.
        try {
          await aead.open(nonce, aad, sealed);
        } catch (error) {
          if (error instanceof RangeError) return 'not offered: nonces other than 96 bits';
        }
        throw new Error(`a nonce of ${nonce.length} bytes was taken`);
      }
      const opened = await aead.open(nonce, aad, sealed);
      if (opened === undefined) return 'refused';
      const isSame =
        equalBytes(opened, plaintext) && equalBytes(await aead.seal(nonce, aad, plaintext), sealed);
      return isSame ? 'accepted' : 'wrong result';
    },
  };
}

const CBC_NAMES = Object.keys(CBC_KEY_LENGTH) as CbcName[];

/** The padding of PKCS #7, which the vectors have and TLS has not. */
function padded(message: Uint8Array): Uint8Array {
  const length = CBC_BLOCK_LENGTH - (message.length % CBC_BLOCK_LENGTH);
  return concat(message, new Uint8Array(length).fill(length));
}

function unpadded(blocks: Uint8Array): Uint8Array | undefined {
  const length = blocks.at(-1) ?? 0;
  if (length === 0 || length > CBC_BLOCK_LENGTH) return undefined;
  const isPadding = blocks.subarray(-length).every((byte) => byte === length);
  return isPadding ? blocks.subarray(0, -length) : undefined;
}

function cbcFile(subject: Subject, name: string, run: number): VectorFile {
  return {
    name,
    run,
    check(group, vector) {
      const key = bytes(vector, 'key');
      const cipher = CBC_NAMES.find((candidate) => CBC_KEY_LENGTH[candidate] === key.length);
      if (cipher === undefined) return `not offered: keys of ${group['keySize']} bits`;
      const cbc = subject.provider.cbc(cipher, key);
      const iv = bytes(vector, 'iv');
      const ciphertext = bytes(vector, 'ct');
      const message = unpadded(cbc.decrypt(iv, ciphertext));
      if (message === undefined) return 'refused';
      const isSame =
        equalBytes(message, bytes(vector, 'msg')) && equalBytes(cbc.encrypt(iv, padded(message)), ciphertext);
      return isSame ? 'accepted' : 'wrong result';
    },
  };
}

function hmacFile(subject: Subject, name: string, run: number, hash: HashName): VectorFile {
  return {
    name,
    run,
    check(group, vector) {
      const mac = subject.provider.hmac(hash, bytes(vector, 'key'), bytes(vector, 'msg'));
      const tag = mac.subarray(0, Number(group['tagSize']) / 8);
      return equalBytes(tag, bytes(vector, 'tag')) ? 'accepted' : 'refused';
    },
  };
}

function hkdfFile(subject: Subject, name: string, run: number, hash: HashName): VectorFile {
  return {
    name,
    run,
    check(_group, vector) {
      const hkdf = new Hkdf(subject.provider, hash);
      const key = hkdf.extract(bytes(vector, 'salt'), bytes(vector, 'ikm'));
      try {
        const output = hkdf.expand(key, bytes(vector, 'info'), Number(vector['size']));
        return equalBytes(output, bytes(vector, 'okm')) ? 'accepted' : 'wrong result';
      } catch (error) {
        if (error instanceof RangeError) return 'refused';
        throw error;
      }
    },
  };
}

export function symmetricFiles(subject: Subject): readonly VectorFile[] {
  return [
    aeadFile(subject, 'aes_gcm_test.json', 133, ['AES-128-GCM', 'AES-256-GCM']),
    aeadFile(subject, 'chacha20_poly1305_test.json', 316, ['CHACHA20-POLY1305']),
    aeadFile(subject, 'aes_ccm_test.json', 172, [
      'AES-128-CCM',
      'AES-256-CCM',
      'AES-128-CCM-8',
      'AES-256-CCM-8',
    ]),
    cbcFile(subject, 'aes_cbc_pkcs5_test.json', 144),
    hmacFile(subject, 'hmac_sha1_test.json', 170, 'SHA-1'),
    hmacFile(subject, 'hmac_sha256_test.json', 174, 'SHA-256'),
    hmacFile(subject, 'hmac_sha384_test.json', 174, 'SHA-384'),
    hmacFile(subject, 'hmac_sha512_test.json', 174, 'SHA-512'),
    hkdfFile(subject, 'hkdf_sha1_test.json', 87, 'SHA-1'),
    hkdfFile(subject, 'hkdf_sha256_test.json', 86, 'SHA-256'),
    hkdfFile(subject, 'hkdf_sha384_test.json', 83, 'SHA-384'),
    hkdfFile(subject, 'hkdf_sha512_test.json', 83, 'SHA-512'),
  ];
}
