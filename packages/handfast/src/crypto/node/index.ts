/** The entry `handfast/crypto/node`: primitives and private keys on node:crypto. */
export { nodeProvider } from './provider.ts';
export { type SigningKeyInput, type SigningKeyOptions, signingKey } from './signing-key.ts';
