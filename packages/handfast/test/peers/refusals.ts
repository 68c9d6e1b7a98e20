/** What an honest side must say to a deed: its error, and the alert that tells it. */
import type { AlertName } from '../../src/wire/alerts.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';

/** The error, and the alert; none where the peer told first, or is gone. */
export type Refusal = readonly [code: TlsErrorCode, alert: AlertName | null];

export {
  BAD_FINISHED,
  BAD_KEY_SHARE,
  BAD_MAC,
  BAD_SIGNATURE,
  CHANGE_CIPHER_SPEC,
  DECODE,
  EXCESS,
  ILLEGAL,
  INTERLEAVED,
  MISSING,
  UNEXPECTED,
  UNSUPPORTED,
} from '../support/cheats.ts';

export const VERSION: Refusal = ['ERR_PROTOCOL_VERSION', 'protocol_version'];
export const DOWNGRADE: Refusal = ['ERR_DOWNGRADE', 'illegal_parameter'];
export const FALLBACK: Refusal = ['ERR_INAPPROPRIATE_FALLBACK', 'inappropriate_fallback'];
export const TWICE: Refusal = ['ERR_DUPLICATE_EXTENSION', 'decode_error'];
export const NO_SUITE: Refusal = ['ERR_NO_SHARED_CIPHER_SUITE', 'handshake_failure'];
export const NO_GROUP: Refusal = ['ERR_NO_SHARED_GROUP', 'handshake_failure'];
export const NO_SCHEME: Refusal = ['ERR_NO_SHARED_SIGNATURE_SCHEME', 'handshake_failure'];
export const NO_PROTOCOL: Refusal = ['ERR_NO_APPLICATION_PROTOCOL', 'no_application_protocol'];
export const NO_MASTER: Refusal = ['ERR_NO_EXTENDED_MASTER_SECRET', 'handshake_failure'];
export const INSECURE: Refusal = ['ERR_INSECURE_RENEGOTIATION', 'handshake_failure'];
export const EMPTY_CERTIFICATE: Refusal = ['ERR_EMPTY_CERTIFICATE', 'decode_error'];
export const CERTIFICATE_REQUIRED: Refusal = ['ERR_CERTIFICATE_REQUIRED', 'certificate_required'];
export const NO_CERTIFICATE: Refusal = ['ERR_NO_CERTIFICATE', 'handshake_failure'];
export const BAD_CERTIFICATE: Refusal = ['ERR_BAD_CERTIFICATE', 'bad_certificate'];
export const BAD_BINDER: Refusal = ['ERR_BAD_BINDER', 'decrypt_error'];
export const DATA: Refusal = ['ERR_UNEXPECTED_APPLICATION_DATA', 'unexpected_message'];
export const TOO_EARLY: Refusal = ['ERR_TOO_MUCH_EARLY_DATA', 'unexpected_message'];
export const OVERFLOW: Refusal = ['ERR_RECORD_OVERFLOW', 'record_overflow'];
export const TOO_LARGE: Refusal = ['ERR_HANDSHAKE_TOO_LARGE', 'illegal_parameter'];
export const RECORD_TYPE: Refusal = ['ERR_RECORD_TYPE', 'unexpected_message'];
export const RECORD_VERSION: Refusal = ['ERR_RECORD_VERSION', 'protocol_version'];
export const EMPTY_FRAGMENT: Refusal = ['ERR_EMPTY_FRAGMENT', 'unexpected_message'];
export const NO_TYPE: Refusal = ['ERR_NO_CONTENT_TYPE', 'unexpected_message'];
export const EMPTY_RECORDS: Refusal = ['ERR_TOO_MANY_EMPTY_RECORDS', 'unexpected_message'];
export const WARNINGS: Refusal = ['ERR_TOO_MANY_WARNING_ALERTS', 'unexpected_message'];
export const KEY_UPDATES: Refusal = ['ERR_TOO_MANY_KEY_UPDATES', 'unexpected_message'];
export const RENEGOTIATIONS: Refusal = ['ERR_TOO_MANY_RENEGOTIATIONS', 'unexpected_message'];
export const WEAK: Refusal = ['ERR_WEAK_KEY_EXCHANGE', 'insufficient_security'];
/** The peer told first, so that nothing is told it. */
export const ENDED: Refusal = ['ERR_ALERT_RECEIVED', null];
