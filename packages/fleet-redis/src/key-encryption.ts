/**
 * What goes to Redis is sealed: `key id(8) || salt(16) || nonce(12) || ciphertext || tag(16)`, AES-256-GCM. Each value has a key of
 * its own, HMAC-SHA256 of the salt under a key that HKDF-SHA256 makes of the key-encryption key for that purpose, so that there
 * is no number of values after which nonces could repeat.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { ConfigError } from 'handfast';
import { MAX_KEY_ENCRYPTION_KEYS } from './limits.ts';

/** What a sealed value is; a value sealed for one purpose does not open for another. */
export type Purpose = 'ticket key' | 'session';

const KEY_LENGTH = 32;
const ID_LENGTH = 8;
const SALT_LENGTH = 16;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const HEAD_LENGTH = ID_LENGTH + SALT_LENGTH + NONCE_LENGTH;

interface DerivedKeys {
  readonly id: Uint8Array;
  readonly purposes: Readonly<Record<Purpose, Uint8Array>>;
}

/** What was opened, and whether the first of the keys had sealed it. */
export interface Opened {
  readonly plaintext: Uint8Array;
  readonly isCurrent: boolean;
}

/** Seals under the first of its keys, opens under all of them. */
export class KeyEncryption {
  readonly #keys: readonly DerivedKeys[];
  readonly #first: DerivedKeys;

  /** @throws {ConfigError} when a key is not 32 bytes, comes twice, or there are none or too many. */
  constructor(keys: readonly Uint8Array[]) {
    const option = 'keyEncryptionKeys';
    if (!Array.isArray(keys) || keys.length > MAX_KEY_ENCRYPTION_KEYS) {
      throw new ConfigError(option, `${option}: expected a list of 1 to ${MAX_KEY_ENCRYPTION_KEYS} keys`);
    }
    const derived = keys.map((key, index) => {
      if (key instanceof Uint8Array && key.length === KEY_LENGTH) return derive(key);
      const found = key instanceof Uint8Array ? `${key.length} bytes` : typeof key;
      throw new ConfigError(
        option,
        `${option}[${index}]: expected ${KEY_LENGTH} random bytes, found ${found}`,
      );
    });
    const [first] = derived;
    if (first === undefined)
      throw new ConfigError(option, `${option}: expected at least one key, found none`);
    if (new Set(derived.map(({ id }) => hex(id))).size < derived.length) {
      throw new ConfigError(option, `${option}: the same key stands there twice`);
    }
    this.#keys = derived;
    this.#first = first;
  }

  /** @param context is not in what comes out, and must be the same for {@link open}: where the value belongs. */
  seal(purpose: Purpose, context: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { id, purposes } = this.#first;
    const salt = randomBytes(SALT_LENGTH);
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', valueKey(purposes[purpose], salt), nonce);
    cipher.setAAD(context);
    return Buffer.concat([id, salt, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** `undefined` for everything that none of the keys sealed for this purpose and context. Never throws. */
  open(purpose: Purpose, context: Uint8Array, sealed: Uint8Array): Opened | undefined {
    if (sealed.length < HEAD_LENGTH + TAG_LENGTH) return undefined;
    const id = sealed.subarray(0, ID_LENGTH);
    const key = this.#keys.find((candidate) => timingSafeEqual(candidate.id, id));
    if (key === undefined) return undefined;
    const salt = sealed.subarray(ID_LENGTH, ID_LENGTH + SALT_LENGTH);
    const nonce = sealed.subarray(ID_LENGTH + SALT_LENGTH, HEAD_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', valueKey(key.purposes[purpose], salt), nonce, {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(context);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH));
    try {
      const ciphertext = sealed.subarray(HEAD_LENGTH, sealed.length - TAG_LENGTH);
      const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
      return { plaintext: new Uint8Array(plaintext), isCurrent: key === this.#first };
    } catch {
      return undefined;
    }
  }
}

function derive(key: Uint8Array): DerivedKeys {
  const derived = (info: string, length: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key, '', `handfast fleet ${info}`, length));
  return {
    id: derived('key id', ID_LENGTH),
    purposes: {
      'ticket key': derived('ticket key', KEY_LENGTH),
      session: derived('session', KEY_LENGTH),
    },
  };
}

function valueKey(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(salt).digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
