/**
 * What becomes of a recorded connection with RSA key transport when the server's private key is found later: all of it
 * can be read. It uses what passed on the network and that key, nothing else, and needs no more than node:crypto.
 */
import {
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { HandshakeAssembler, RECORD_HEADER_LENGTH } from 'handfast/record';
import {
  ContentType,
  clientHello,
  decode,
  HandshakeType,
  rsaClientKeyExchange,
  serverHello12,
} from 'handfast/wire';
import type { SeenRecord, Side } from './relay.ts';

/** What an eavesdropper found. */
export interface Recovery {
  /** How much was recorded. */
  readonly records: number;
  readonly bytes: number;
  readonly premasterHex: string;
  /** The application data that each side sent. */
  readonly plaintext: { readonly [S in Side]: Buffer };
}

/** The version and 46 random bytes (RFC 5246 section 7.4.7.1). */
const PREMASTER_LENGTH = 48;
const MASTER_LENGTH = 48;
/** TLS_RSA_WITH_AES_128_GCM_SHA256 (RFC 5288 section 3). */
const HASH = 'sha256';
const HASH_LENGTH = 32;
const KEY_LENGTH = 16;
const SALT_LENGTH = 4;
const EXPLICIT_NONCE_LENGTH = 8;
const TAG_LENGTH = 16;

/** PRF(secret, label, seed) of TLS 1.2 (RFC 5246 section 5). */
function prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Buffer {
  const hmac = (data: Uint8Array): Buffer => createHmac(HASH, secret).update(data).digest();
  const labelled = Buffer.concat([Buffer.from(label), seed]);
  const blocks: Buffer[] = [];
  for (let a = hmac(labelled); blocks.length * HASH_LENGTH < length; a = hmac(a)) {
    blocks.push(hmac(Buffer.concat([a, labelled])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** RSA decryption without looking at the padding: the secret stands at the end. */
function decryptPremaster(key: KeyObject, encrypted: Uint8Array): Buffer {
  const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encrypted);
  return block.subarray(-PREMASTER_LENGTH);
}

/** The keys of one direction, and how many records it has protected. */
class Direction {
  readonly #key: Buffer;
  readonly #salt: Buffer;
  #sequence = 0n;

  constructor(key: Buffer, salt: Buffer) {
    this.#key = key;
    this.#salt = salt;
  }

  /** Decrypts a whole record (RFC 5246 section 6.2.3.3). Fails when it was changed. */
  open(record: Uint8Array): Buffer {
    const nonceEnd = RECORD_HEADER_LENGTH + EXPLICIT_NONCE_LENGTH;
    const nonce = Buffer.concat([this.#salt, record.subarray(RECORD_HEADER_LENGTH, nonceEnd)]);
    const ciphertext = record.subarray(nonceEnd, -TAG_LENGTH);
    const additional = Buffer.alloc(13);
    additional.writeBigUInt64BE(this.#sequence++);
    additional.set(record.subarray(0, 3), 8);
    additional.writeUInt16BE(ciphertext.length, 11);
    const cipher = createDecipheriv('aes-128-gcm', this.#key, nonce);
    cipher.setAAD(additional).setAuthTag(record.subarray(-TAG_LENGTH));
    return Buffer.concat([cipher.update(ciphertext), cipher.final()]);
  }
}

/** Follows a recorded handshake up to the keys. */
class Eavesdropper {
  readonly plaintext = { client: [] as Buffer[], server: [] as Buffer[] };
  premaster: Buffer | undefined;
  readonly #key: KeyObject;
  readonly #assemblers = { client: new HandshakeAssembler(), server: new HandshakeAssembler() };
  readonly #transcript = createHash(HASH);
  readonly #isProtected = { client: false, server: false };
  #clientRandom: Uint8Array = new Uint8Array(0);
  #serverRandom: Uint8Array = new Uint8Array(0);
  #directions: { readonly [S in Side]: Direction } | undefined;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  see({ from, bytes }: SeenRecord): void {
    const type = bytes[0];
    if (this.#isProtected[from]) {
      const content = this.#directions?.[from].open(bytes);
      if (type === ContentType.application_data && content) this.plaintext[from].push(content);
    } else if (type === ContentType.change_cipher_spec) {
      this.#isProtected[from] = true;
    } else if (type === ContentType.handshake) {
      const assembler = this.#assemblers[from];
      assembler.push(bytes.subarray(RECORD_HEADER_LENGTH));
      for (let next = assembler.next(); next !== undefined; next = assembler.next()) {
        this.#transcript.update(next.message);
        this.#learn(next.type, next.body);
      }
    }
  }

  #learn(type: number, body: Uint8Array): void {
    if (type === HandshakeType.client_hello) {
      this.#clientRandom = decode(clientHello, 'ClientHello', body).random;
    } else if (type === HandshakeType.server_hello) {
      this.#serverRandom = decode(serverHello12, 'ServerHello', body).random;
    } else if (type === HandshakeType.client_key_exchange) {
      const { encryptedPreMasterSecret } = decode(rsaClientKeyExchange, 'ClientKeyExchange', body);
      this.premaster = decryptPremaster(this.#key, encryptedPreMasterSecret);
      this.#directions = this.#deriveKeys(this.premaster);
    }
  }

  /** The extended master secret, and from it the keys (RFC 7627 section 4, RFC 5246 section 6.3). */
  #deriveKeys(premaster: Buffer): { readonly [S in Side]: Direction } {
    const sessionHash = this.#transcript.copy().digest();
    const master = prf(premaster, 'extended master secret', sessionHash, MASTER_LENGTH);
    const randoms = Buffer.concat([this.#serverRandom, this.#clientRandom]);
    const block = prf(master, 'key expansion', randoms, 2 * (KEY_LENGTH + SALT_LENGTH));
    const salts = block.subarray(2 * KEY_LENGTH);
    return {
      client: new Direction(block.subarray(0, KEY_LENGTH), salts.subarray(0, SALT_LENGTH)),
      server: new Direction(block.subarray(KEY_LENGTH, 2 * KEY_LENGTH), salts.subarray(SALT_LENGTH)),
    };
  }
}

/**
 * Decrypts a recorded connection with TLS_RSA_WITH_AES_128_GCM_SHA256 and extended master secret.
 * @param seen every record of the connection, in the order in which they passed.
 * @param key the private key of the server's certificate.
 * @throws {Error} when the recording is of another kind, or not whole.
 */
export function decryptRecording(seen: readonly SeenRecord[], key: KeyObject): Recovery {
  const eavesdropper = new Eavesdropper(key);
  for (const record of seen) eavesdropper.see(record);
  const { premaster, plaintext } = eavesdropper;
  if (premaster === undefined) throw new Error('the recording has no ClientKeyExchange');
  return {
    records: seen.length,
    bytes: seen.reduce((sum, { bytes }) => sum + bytes.length, 0),
    premasterHex: premaster.toString('hex'),
    plaintext: { client: Buffer.concat(plaintext.client), server: Buffer.concat(plaintext.server) },
  };
}
