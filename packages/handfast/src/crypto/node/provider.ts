/** The crypto provider on node:crypto: every operation answers at once. */
import { randomFillSync } from 'node:crypto';
import type { CryptoProvider } from '../provider.ts';
import { aead, aeads } from './aead.ts';
import { cbc, cbcs } from './cbc.ts';
import { finiteField } from './finite-field.ts';
import { groups } from './groups.ts';
import { hash, hmac } from './hash.ts';
import { mlDsa } from './ml-dsa.ts';
import { rsaEncrypt } from './rsa-encryption.ts';
import { verify } from './verify.ts';

/** The platform's own crypto, for Node, Deno and Bun. */
export const nodeProvider: CryptoProvider = {
  name: 'node',
  hash,
  hmac,
  aeads,
  aead,
  cbcs,
  cbc,
  groups,
  finiteField,
  mlDsa,
  verify,
  rsaEncrypt,
  random: (length) => randomFillSync(new Uint8Array(length)),
};
