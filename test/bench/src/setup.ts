/** What every measurement has in common: TLS 1.3, x25519, AES-128-GCM, ECDSA P-256, leaf + intermediate + root. */
import type * as Der from '../../../packages/handfast/test/support/der.ts';
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

async function support<T>(file: string): Promise<T> {
  return (await import(new URL(`../test/support/${file}`, import.meta.resolve('handfast')).href)) as T;
}

/** Certificates, and the DER of what they hold. */
export const pki: typeof TestPki = await support<typeof TestPki>('pki.js');
export const der: typeof Der = await support<typeof Der>('der.js');

/** Plain data, so that it can be given to another process. */
export interface Setup {
  readonly name: string;
  readonly rootPem: string;
  readonly chainPem: string;
  readonly keyPem: string;
}

export function makeSetup(): Setup {
  const { root, server, serverChainPem } = pki.testPki('p256');
  return { name: 'localhost', rootPem: root.pem, chainPem: serverChainPem, keyPem: server.keyPem };
}
