/** Keys from passwords, with a bound on the work that a file can ask for. */
import { hash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { MAX_PASSWORD_ROUNDS, MAX_SCRYPT_MEMORY } from '../limits.ts';

/** A file asks for more work than is done for it. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/** What one PKCS #12 round costs, which runs in JavaScript, in rounds of PBKDF2. */
const PKCS12_ROUND = 3;

/** The work that is left for one file. */
export class Work {
  #left = MAX_PASSWORD_ROUNDS;

  /** @throws {TooMuchWork} when there is not enough left. */
  spend(rounds: number): void {
    if (rounds > this.#left) {
      throw new TooMuchWork(
        `its iteration counts ask for more work than is done for one file (${MAX_PASSWORD_ROUNDS} rounds)`,
      );
    }
    this.#left -= rounds;
  }
}

/** Hashes as node:crypto calls them, with the lengths in bytes of their output and of their block. */
export const HASHES = {
  md5: { name: 'MD5', output: 16, block: 64 },
  sha1: { name: 'SHA-1', output: 20, block: 64 },
  sha224: { name: 'SHA-224', output: 28, block: 64 },
  sha256: { name: 'SHA-256', output: 32, block: 64 },
  sha384: { name: 'SHA-384', output: 48, block: 128 },
  sha512: { name: 'SHA-512', output: 64, block: 128 },
} as const;
export type Hash = keyof typeof HASHES;

/**
 * A password in the two forms that PKCS #12 knows: BMPString with its zero at the end for its own derivation (RFC 7292
 * appendix B.1), UTF-8 for those of PKCS #5. `undefined` is none at all, which the first tells from an empty one.
 */
export function passwordBytes(password: string | undefined): { readonly bmp: Buffer; readonly utf8: Buffer } {
  if (password === undefined) return { bmp: Buffer.alloc(0), utf8: Buffer.alloc(0) };
  return { bmp: Buffer.from(`${password}\0`, 'utf16le').swap16(), utf8: Buffer.from(password, 'utf8') };
}

/** What a derived key is for (RFC 7292 appendix B.3). */
export const Pkcs12Use = { key: 1, iv: 2, mac: 3 } as const;

interface Pkcs12Parameters {
  readonly hash: Hash;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Repeats bytes up to a multiple of the block length; of nothing there is nothing. */
function fill(bytes: Uint8Array, block: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes);
}

/** Adds `summand` and one to each block of `value`, as big-endian numbers modulo their size. */
function addToBlocks(value: Buffer, summand: Buffer): void {
  for (let start = 0; start < value.length; start += summand.length) {
    let carry = 1;
    for (let i = summand.length - 1; i >= 0; i--) {
      const sum = (value[start + i] as number) + (summand[i] as number) + carry;
      value[start + i] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}

/** The key derivation of PKCS #12 (RFC 7292 appendix B.2). */
export function pkcs12Key(
  work: Work,
  { hash: name, salt, iterations }: Pkcs12Parameters,
  password: string | undefined,
  use: number,
  length: number,
): Buffer {
  const { output, block } = HASHES[name];
  const diversifier = Buffer.alloc(block, use);
  const seed = Buffer.concat([fill(salt, block), fill(passwordBytes(password).bmp, block)]);
  const parts: Buffer[] = [];
  for (let have = 0; have < length; have += output) {
    work.spend(PKCS12_ROUND * iterations);
    let digest = hash(name, Buffer.concat([diversifier, seed]), 'buffer');
    for (let round = 1; round < iterations; round++) digest = hash(name, digest, 'buffer');
    parts.push(digest);
    addToBlocks(seed, Buffer.alloc(block, digest));
  }
  return Buffer.concat(parts).subarray(0, length);
}

interface Pbkdf2Parameters {
  readonly prf: Hash;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** PBKDF2 (RFC 8018 section 5.2). */
export function pbkdf2Key(
  work: Work,
  { prf, salt, iterations }: Pbkdf2Parameters,
  password: string | undefined,
  length: number,
): Buffer {
  work.spend(iterations * Math.ceil(length / HASHES[prf].output));
  return pbkdf2Sync(passwordBytes(password).utf8, salt, iterations, length, prf);
}

export interface ScryptParameters {
  readonly salt: Uint8Array;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** Bytes that one pass of scrypt moves in the time of a round of PBKDF2, roughly. */
const SCRYPT_BYTES_PER_ROUND = 1_024;

/** scrypt (RFC 7914). */
export function scryptKey(
  work: Work,
  { salt, cost, blockSize, parallelization }: ScryptParameters,
  password: string | undefined,
  length: number,
): Buffer {
  const memory = 128 * blockSize * (cost + parallelization);
  if (memory > MAX_SCRYPT_MEMORY) {
    throw new TooMuchWork(`its scrypt parameters ask for ${memory} bytes of memory`);
  }
  work.spend(Math.ceil((128 * blockSize * cost * parallelization) / SCRYPT_BYTES_PER_ROUND));
  return scryptSync(passwordBytes(password).utf8, salt, length, {
    cost,
    blockSize,
    parallelization,
    maxmem: 2 * MAX_SCRYPT_MEMORY,
  });
}
