/** A provider that notes what it is asked: each operation, and the lengths of what it was given. */
import type { CryptoProvider, Hash, SigningKey } from '../../src/crypto/provider.ts';

/** The same provider; `note` is told of each call before it is made. Groups are not watched. */
export function watchedProvider(provider: CryptoProvider, note: (call: string) => void): CryptoProvider {
  const watchedHash = (hash: Hash): Hash => ({
    update: (data) => {
      note(`update ${data.length}`);
      hash.update(data);
    },
    digest: () => {
      note('digest');
      return hash.digest();
    },
    clone: () => {
      note('clone');
      return watchedHash(hash.clone());
    },
  });
  return {
    ...provider,
    hash: (name) => {
      note(`hash ${name}`);
      return watchedHash(provider.hash(name));
    },
    hmac: (name, key, ...data) => {
      note(`hmac ${name} ${key.length} ${data.map(({ length }) => length)}`);
      return provider.hmac(name, key, ...data);
    },
    aead: (name, key) => {
      note(`aead ${name}`);
      const aead = provider.aead(name, key);
      return {
        seal: (nonce, additionalData, plaintext) => {
          note(`seal ${additionalData.length} ${plaintext.length}`);
          return aead.seal(nonce, additionalData, plaintext);
        },
        open: (nonce, additionalData, ciphertext) => {
          note(`open ${additionalData.length} ${ciphertext.length}`);
          return aead.open(nonce, additionalData, ciphertext);
        },
      };
    },
    cbc: (name, key) => {
      note(`cbc ${name}`);
      const cbc = provider.cbc(name, key);
      return {
        encrypt: (iv, plaintext) => {
          note(`encrypt ${plaintext.length}`);
          return cbc.encrypt(iv, plaintext);
        },
        decrypt: (iv, ciphertext) => {
          note(`decrypt ${ciphertext.length}`);
          return cbc.decrypt(iv, ciphertext);
        },
      };
    },
    verify: (algorithm, ...rest) => {
      note(`verify ${algorithm.kind}`);
      return provider.verify(algorithm, ...rest);
    },
    random: (length) => {
      note(`random ${length}`);
      return provider.random(length);
    },
  };
}

/** The same key, which tells of its operations too. */
export function watchedKey(key: SigningKey, note: (call: string) => void): SigningKey {
  const { rsaDecryptRaw } = key;
  return {
    ...key,
    sign: (scheme, message) => {
      note(`sign ${scheme} ${message.length}`);
      return key.sign(scheme, message);
    },
    ...(rsaDecryptRaw && {
      rsaDecryptRaw: (ciphertext) => {
        note('rsaDecryptRaw');
        return rsaDecryptRaw.call(key, ciphertext);
      },
    }),
  };
}
