/** Everything that the demonstration found, as data; the text and the JSON are renderings of it. */
import type { KeyExchangeKind, TlsVersion } from 'handfast';
import type { Side, Tampering } from './relay.ts';
import type { Story } from './story.ts';

/** A certificate that was made for the demonstration. */
export interface CastMember {
  readonly part: 'root' | 'intermediate' | 'server' | 'client';
  readonly name: string;
  readonly keyType: string;
  /** Who signed it. */
  readonly issuer: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

/** Bytes of the application, at both ends and on the way. */
export interface Exchange {
  readonly from: Side;
  /** What the receiving end read, as text. */
  readonly plaintext: string;
  /** The records that carried it, as the observer saw them pass. */
  readonly recordsHex: readonly string[];
  /** Whether the plaintext, or a piece of 8 bytes of it, occurs in anything that passed. */
  readonly plaintextSeen: boolean;
}

export type RefusalName =
  | 'unknown authority'
  | 'other name'
  | 'expired'
  | 'no client certificate'
  | 'older version'
  | 'changed hello'
  | 'changed premaster'
  | 'changed response';

/** A connection that must fail, and how it did. */
export interface Refusal {
  readonly name: RefusalName;
  /** What is wrong, for people. */
  readonly situation: string;
  readonly refusedBy: Side;
  /** The code that the refusal must have, and the one it has; `null` where nothing was refused. */
  readonly expectedCode: string;
  readonly code: string | null;
  /** Why, in the words of the side that refused. */
  readonly message: string;
  /** The decision about the certificate, where there was one. */
  readonly verdict?: unknown;
  /** The alert that the other side heard; `null` where it heard none that it could decrypt. */
  readonly alertHeard: string | null;
  /** How the connection ended on the other side. */
  readonly otherSideCode: string | null;
  /** What the man in the middle changed. */
  readonly tampering?: Tampering;
  /** Whether anything of the response reached the client. */
  readonly responseDelivered: boolean;
  /** Whether all of this is as it must be. */
  readonly asExpected: boolean;
}

/** What the holder of the server's private key makes of the recorded connection, where there is no forward secrecy. */
export interface Afterwards {
  /** How much was recorded. */
  readonly records: number;
  readonly bytes: number;
  /** Decrypted with the private key. */
  readonly premasterHex: string;
  /** What each side had sent, as text. */
  readonly plaintext: { readonly [S in Side]: string };
}

export interface DemoReport {
  /** Whether the connection was made, and every refusal happened, as it must. */
  readonly ok: boolean;
  readonly version: TlsVersion;
  readonly keyExchange: KeyExchangeKind | null;
  readonly cast: readonly CastMember[];
  readonly handshake: Story;
  readonly exchanges: readonly Exchange[];
  /** With RSA key transport only. */
  readonly afterwards?: Afterwards;
  readonly refusals: readonly Refusal[];
  /** What is not as it must be; empty when `ok`. */
  readonly failures: readonly string[];
}
