/** What a scan found out: plain data, which the report, the findings and the JSON document are made from. */
import type { Verdict } from 'handfast/x509';
import type { CertificateSummary } from '../render/verdict.ts';
import type { StopReason } from './dialer.ts';
import type { Version } from './hello.ts';

/** Whose order decides: the server's, the client's, or a mix of both (such as groups of equals). */
export type Order = 'server' | 'client' | 'mixed';

/** A list that was asked for item by item. */
export interface Accepted<T> {
  /** In the order in which the server chose them, best first. */
  readonly accepted: readonly T[];
  /** `null` where there was nothing to choose between. */
  readonly order: Order | null;
  /** Whether everything was asked that there is to ask. */
  readonly complete: boolean;
}

export interface SuiteFacts {
  readonly number: number;
  readonly name: string;
  /** The group, or the size of a finite field or of an export key, that came with it. */
  readonly group?: string;
  readonly bits?: number;
}

export interface VersionFacts {
  readonly version: Version | 'SSLv2';
  /** `undefined` when there was no time or connection left to ask. */
  readonly accepted: boolean | undefined;
  /** How it was refused: an alert's name, `closed`, `silent`, another version, or what was wrong with the answer. */
  readonly refusal?: string;
  readonly suites: Accepted<SuiteFacts>;
}

/** A chain that the server shows, and what a client thinks of it. */
export interface ChainFacts {
  /** Such as `RSA 2048` or `ECDSA P-256`. */
  readonly key: string;
  /** The versions in which it was shown. */
  readonly versions: readonly Version[];
  readonly certificates: readonly CertificateSummary[];
  readonly verdict: Verdict;
  readonly ocspStaple: boolean;
  /** The leaf demands a stapled OCSP response (RFC 7633). */
  readonly mustStaple: boolean;
  /** How signed certificate timestamps come: how many in the handshake, and whether in the certificate. */
  readonly timestamps: { readonly inHandshake: number; readonly inCertificate: boolean };
}

/** What handshakes before TLS 1.3 show of themselves; `null` where nothing was asked that would tell. */
export interface LegacyFacts {
  readonly secureRenegotiation: boolean | null;
  readonly extendedMasterSecret: boolean | null;
  /** Whether every CBC suite comes with it; `null` without CBC suites. */
  readonly encryptThenMac: boolean | null;
  readonly compression: boolean | null;
  readonly heartbeat: boolean | null;
  readonly sessionId: boolean | null;
  readonly sessionTicket: boolean | null;
  /** `null` where there is no higher version to protect, or no lower one to fall back to. */
  readonly fallbackScsv: boolean | null;
  /** The sentinel in the hello of an older version (RFC 9846 section 4.2.3); `null` without TLS 1.3 and an older one. */
  readonly downgradeSentinel: boolean | null;
  /** The same ephemeral key twice. */
  readonly reusesEphemeralKeys: boolean | null;
}

/** What a whole TLS 1.3 handshake shows. */
export interface Tls13Facts {
  readonly ok: boolean;
  /** Why it failed. */
  readonly error?: string;
  readonly tickets: number;
  /** Seconds; the longest of the tickets. */
  readonly ticketLifetime?: number;
  /** Bytes of 0-RTT data that a ticket allows; 0 for none. */
  readonly earlyData: number;
}

/** Everything. */
export interface ScanFacts {
  readonly host: string;
  readonly port: number;
  /** The name that was asked for and that certificates are judged by. */
  readonly name: string;
  readonly remoteAddress: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Newest first. */
  readonly versions: readonly VersionFacts[];
  /** Cipher kinds of SSL 2.0. */
  readonly ssl2CipherKinds: readonly string[];
  readonly groups13: Accepted<string> | null;
  /** The curves of the newest version before TLS 1.3 that is accepted. */
  readonly curves: (Accepted<string> & { readonly version: Version }) | null;
  readonly schemes13: Accepted<string> | null;
  readonly schemes12: Accepted<string> | null;
  readonly protocols: Accepted<string>;
  readonly chains: readonly ChainFacts[];
  readonly clientCertificate: 'not asked for' | 'asked for' | 'required';
  readonly legacy: LegacyFacts;
  /** `null` without TLS 1.3. */
  readonly tls13: Tls13Facts | null;
  readonly connections: {
    readonly used: number;
    readonly limit: number;
    /** Questions that the server did not answer, although asked twice: they count as refused. */
    readonly unanswered: number;
    /** Why not everything was asked. */
    readonly stopped: StopReason | null;
  };
}
