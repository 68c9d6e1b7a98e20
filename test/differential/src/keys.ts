/** Private keys, made once in each run: RSA keys take long. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Place } from './plan.ts';

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;

/** Keys that anybody should accept. */
const GOOD = {
  p256: () => ec('P-256'),
  p384: () => ec('P-384'),
  p521: () => ec('P-521'),
  rsa2048: () => rsa(2048),
  rsa3072: () => rsa(3072),
  rsaPss: () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  ed448: () => generateKeyPairSync('ed448').privateKey,
} as const;

/** Keys that are too weak, or that not everybody knows. */
const ODD = {
  rsa1024: () => rsa(1024),
  rsa2040: () => rsa(2040),
  p224: () => ec('secp224r1'),
  secp256k1: () => ec('secp256k1'),
  brainpool: () => ec('brainpoolP256r1'),
  dsa: () => generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey,
  rsaExponent3: () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey,
} as const;

export type GoodKey = keyof typeof GOOD;
export type OddKey = keyof typeof ODD;

/** More often those that are more common, and fast. */
export const COMMON_KEYS: readonly GoodKey[] = [
  ...Array<GoodKey>(20).fill('p256'),
  'p384',
  'p521',
  'rsa2048',
  'rsa2048',
  'rsa3072',
  'rsaPss',
  'ed25519',
  'ed448',
];

const made = new Map<string, KeyObject>();

/** @param slot who holds it: keys of different slots differ. */
export function keyOf(kind: GoodKey | OddKey, slot: Place | 'second' | 'stranger'): KeyObject {
  const name = `${kind}/${slot}`;
  let key = made.get(name);
  if (key === undefined) {
    key = { ...GOOD, ...ODD }[kind]();
    made.set(name, key);
  }
  return key;
}
