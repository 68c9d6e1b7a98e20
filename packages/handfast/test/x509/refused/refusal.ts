import type { DerReason } from '../../../src/x509/der.ts';

/** Something that is refused when it is read. */
export interface Refusal {
  readonly what: string;
  /** Why; `option` for what a caller gives, which a ConfigError refuses. */
  readonly reason: DerReason | 'option';
  readonly parse: () => unknown;
  /** The code of the connection's error that it becomes; absent where readers speak for themselves. */
  readonly code?: 'ERR_BAD_CERTIFICATE' | 'ERR_BAD_CERTIFICATE_STATUS';
  /** The byte at fault, where the case is about that. */
  readonly offset?: number;
  /** Bytes of the input, beyond which no fault lies. */
  readonly length?: number;
}
