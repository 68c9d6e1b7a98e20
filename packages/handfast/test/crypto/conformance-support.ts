/** What the parts of the conformance suite share. */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import {
  type Awaitable,
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  type PublicKey,
} from '../../src/crypto/provider.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { readPublicKeyInfo } from '../../src/x509/algorithms.ts';
import { DerReader } from '../../src/x509/der.ts';

export const HASHES = Object.keys(HASH_LENGTH) as HashName[];
/** As OpenSSL spells them. */
export const OPENSSL_HASHES: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
export const CURVES: readonly EcCurve[] = ['P-256', 'P-384', 'P-521'];
export const ABC = ascii('abc');

/** An array that nobody else writes to: not a Buffer, whose `slice` shares memory. */
export function assertPlain(bytes: Uint8Array): void {
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
}

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

export function publicKeyOf(key: KeyObject): PublicKey {
  const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  const { key: publicKey } = readPublicKeyInfo(new DerReader(spki));
  assert.ok(publicKey);
  return publicKey;
}

export async function assertBadShare(what: string, action: () => Awaitable<unknown>): Promise<void> {
  await assert.rejects(
    async () => action(),
    (error) =>
      error instanceof TlsError && error.code === 'ERR_BAD_KEY_SHARE' && error.alert === 'illegal_parameter',
    what,
  );
}
