/** The crypto provider on node:crypto: every operation answers at once. */
import { randomFillSync } from 'node:crypto';
import type { CryptoProvider } from '../provider.ts';
import { aead, aeads } from './aead.ts';
import { groups } from './groups.ts';
import { hash, hmac } from './hash.ts';
import { verify } from './verify.ts';

/** The platform's own crypto, for Node, Deno and Bun. */
export const nodeProvider: CryptoProvider = {
  name: 'node',
  hash,
  hmac,
  aeads,
  aead,
  groups,
  verify,
  random: (length) => randomFillSync(new Uint8Array(length)),
};
