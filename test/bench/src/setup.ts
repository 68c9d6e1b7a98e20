/** What every measurement has in common: TLS 1.3, x25519, AES-128-GCM, ECDSA P-256, leaf + intermediate + root. */
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

const support = new URL('../test/support/pki.js', import.meta.resolve('handfast'));
const { testPki } = (await import(support.href)) as typeof TestPki;

/** Plain data, so that it can be given to another process. */
export interface Setup {
  readonly name: string;
  readonly rootPem: string;
  readonly chainPem: string;
  readonly keyPem: string;
}

export function makeSetup(): Setup {
  const { root, server, serverChainPem } = testPki('p256');
  return { name: 'localhost', rootPem: root.pem, chainPem: serverChainPem, keyPem: server.keyPem };
}
