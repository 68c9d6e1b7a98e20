/** What judges have in common: each answers, for every chain, whether it accepts it, and what it says of it. */
import type { Chain } from '../plan.ts';

export interface Answer {
  readonly ok: boolean;
  /** Why not; the rule or reason for handfast, its own words for others. */
  readonly says: string;
}

/** The others; handfast is judged beside them. */
export const JUDGES = ['openssl', 'gnutls', 'go', 'node'] as const;
export type JudgeName = (typeof JUDGES)[number];

export interface Judge {
  /** The version of what answers; `undefined` where it is not installed. */
  version(): string | undefined;
  /** One answer for each chain, in their order. */
  judge(chains: readonly Chain[], folder: string): Promise<readonly Answer[]>;
}

export function pem(certificates: readonly Uint8Array[]): string {
  return certificates
    .map((certificate) => {
      const lines =
        Buffer.from(certificate)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    })
    .join('');
}
