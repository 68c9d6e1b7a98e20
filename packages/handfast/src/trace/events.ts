/**
 * What a connection tells about itself. Every record, message, choice, secret and trust decision is one event;
 * the command line, the JSON report and the web page are renderings of these.
 */
import type { Epoch, RecordInfo } from '../record/types.ts';
import type { AlertName } from '../wire/alerts.ts';
import type { Field } from '../wire/codec.ts';
import type { TlsError } from '../wire/errors.ts';
import type { Verdict } from '../x509/verdict.ts';

/** The three phases of a handshake, and what comes after it. */
export type Phase = 'hello' | 'certificate' | 'key exchange' | 'application';

/** Seen from this side. */
export type Direction = 'sent' | 'received';

/** The side of a connection. */
export type Role = 'client' | 'server';

/** One record, as it stood on the wire. */
export interface RecordEvent extends RecordInfo {
  readonly type: 'record';
  readonly direction: Direction;
}

/** One whole handshake message. */
export interface MessageEvent {
  readonly type: 'message';
  readonly direction: Direction;
  readonly phase: Phase;
  /** The message type's number (RFC 9846 section 4). */
  readonly messageType: number;
  /** The struct's name, such as `ClientHello` or `HelloRetryRequest`. */
  readonly name: string;
  /** Header and body. */
  readonly bytes: Uint8Array;
  /** The decoded fields with their byte ranges in `bytes`; empty where the body cannot be decoded. */
  readonly fields: readonly Field[];
}

/** One thing that the two sides agreed on. */
export interface ChoiceEvent {
  readonly type: 'choice';
  readonly phase: Phase;
  readonly what:
    | 'version'
    | 'cipher suite'
    | 'group'
    | 'signature scheme'
    | 'server name'
    | 'application protocol'
    | 'certificate'
    | 'client authentication'
    | 'hello retry'
    | 'session'
    | 'early data';
  readonly chosen: string;
  /** What the client offered, in its order, by name. */
  readonly offered: readonly string[];
  /** One sentence: why this one. */
  readonly reason: string;
}

/** A secret was derived: its NSS key-log label and its bytes. Emitted only when secrets were asked for. */
export interface SecretEvent {
  readonly type: 'secret';
  readonly label: string;
  readonly clientRandom: Uint8Array;
  readonly secret: Uint8Array;
}

/** From here on one direction uses new keys. */
export interface KeysEvent {
  readonly type: 'keys';
  readonly direction: Direction;
  readonly epoch: Epoch;
  /** How often the application keys were updated, 0 for the first. */
  readonly generation: number;
  readonly cipherSuite: string;
}

/** The peer's certificate was judged. */
export interface VerdictEvent {
  readonly type: 'verdict';
  readonly phase: 'certificate';
  /** Whose certificate. */
  readonly peer: Role;
  readonly verdict: Verdict;
}

/** A proof was checked and held: a signature of CertificateVerify or ServerKeyExchange, or a Finished MAC. */
export interface ProofEvent {
  readonly type: 'proof';
  readonly phase: Phase;
  readonly what: 'CertificateVerify' | 'ServerKeyExchange' | 'Finished';
  /** Who proved it. */
  readonly by: Role;
  /** One sentence: what it proves. */
  readonly detail: string;
}

/** An alert was sent or received (RFC 9846 section 6). */
export interface AlertEvent {
  readonly type: 'alert';
  readonly direction: Direction;
  readonly level: 'warning' | 'fatal';
  /** The alert's name, or its number where the registry has none. */
  readonly description: AlertName | number;
}

/** Application data passed; the bytes themselves go to the application only. */
export interface DataEvent {
  readonly type: 'data';
  readonly direction: Direction;
  readonly length: number;
}

/** The handshake is complete. */
export interface EstablishedEvent {
  readonly type: 'established';
}

/** The connection failed. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly error: TlsError;
}

/** Any event; `type` tells which. */
export type TraceEvent =
  | RecordEvent
  | MessageEvent
  | ChoiceEvent
  | SecretEvent
  | KeysEvent
  | VerdictEvent
  | ProofEvent
  | AlertEvent
  | DataEvent
  | EstablishedEvent
  | ErrorEvent;

/** Receives the events of one connection, in order. */
export type TraceListener = (event: TraceEvent) => void;
