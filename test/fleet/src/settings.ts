/** What the parent tells a server process, and what it hears from it. */
export interface Settings {
  readonly cert: string;
  readonly key: string;
  readonly redisUrl: string;
  readonly namespace: string;
  /** In base64. */
  readonly keyEncryptionKey: string;
  readonly rotateAfter: number;
  /** The guard is the fleet's, or each process has its own: to see that the suite would notice. */
  readonly guard: 'shared' | 'own';
  /** Sessions lie in tickets or in Redis. */
  readonly keep: 'tickets' | 'store';
}

export type Message =
  | { readonly type: 'listening'; readonly port: number; readonly shared: boolean }
  | { readonly type: 'early'; readonly text: string }
  | { readonly type: 'problem'; readonly text: string };

/** By how much early data may be late, in milliseconds: shorter than the default, so that the suite need not wait long. */
export const EARLY_WINDOW = 1_500;
/** How far clocks may be apart here, where there is one clock. */
export const CLOCK_SKEW = 500;
/** How long after a beginning of Redis's memory early data is taken again. */
export const WARM_UP: number = EARLY_WINDOW + 2 * CLOCK_SKEW;
