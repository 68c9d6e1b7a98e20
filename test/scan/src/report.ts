/** What a scanner says about a server, in one form for all scanners. */

export const VERSIONS = ['SSLv2', 'SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type Version = (typeof VERSIONS)[number];

/** Facts that a scanner does not tell are absent. */
export interface Report {
  readonly versions: readonly Version[];
  /** Numbers in hexadecimal, `c02f`, for each version, in the scanner's order. */
  readonly suites: Readonly<Partial<Record<Version, readonly string[]>>>;
  /** Names of groups, by the version they are for. */
  readonly groups?: Readonly<Partial<Record<Version, readonly string[]>>>;
  readonly schemes?: Readonly<Partial<Record<Version, readonly string[]>>>;
  readonly serverOrder?: boolean;
  readonly compression?: boolean;
  readonly fallbackScsv?: boolean;
  readonly secureRenegotiation?: boolean;
  /** Bits of the finite field, where one is used. */
  readonly fieldBits?: number;
}

export function hexSuite(number: number): string {
  return number.toString(16).padStart(4, '0');
}
