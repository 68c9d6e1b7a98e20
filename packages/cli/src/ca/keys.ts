/** Kinds of keys by the names that a command line uses. */
import type { KeyKind } from '../authority.ts';

export const KEY_TYPES = {
  p256: 'ECDSA P-256',
  p384: 'ECDSA P-384',
  p521: 'ECDSA P-521',
  ed25519: 'Ed25519',
  rsa2048: 'RSA 2048',
  rsa3072: 'RSA 3072',
  rsa4096: 'RSA 4096',
} as const satisfies Record<string, KeyKind>;
export type KeyType = keyof typeof KEY_TYPES;

/** Reasons for a revocation (RFC 5280 section 5.3.1) that a whole list can give. */
export const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
