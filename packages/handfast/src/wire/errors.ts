/**
 * Every way a connection can fail, each with one alert. The table is the only place where an error meets
 * its alert, so the two cannot drift apart (RFC 9846 section 6.2).
 */
import type { AlertName } from './alerts.ts';

/** Error code to the alert that is sent for it; `null` where nothing is sent (the peer is gone, or told us first). */
export const ERROR_ALERTS = {
  // Bytes and structure
  ERR_DECODE: 'decode_error',
  ERR_DUPLICATE_EXTENSION: 'decode_error',
  ERR_HANDSHAKE_TOO_LARGE: 'illegal_parameter',
  ERR_NOT_TLS: 'unexpected_message',
  // Records
  ERR_RECORD_TYPE: 'unexpected_message',
  ERR_RECORD_VERSION: 'protocol_version',
  ERR_RECORD_OVERFLOW: 'record_overflow',
  ERR_BAD_RECORD_MAC: 'bad_record_mac',
  ERR_EMPTY_FRAGMENT: 'unexpected_message',
  ERR_NO_CONTENT_TYPE: 'unexpected_message',
  ERR_UNEXPECTED_CHANGE_CIPHER_SPEC: 'unexpected_message',
  ERR_INTERLEAVED_HANDSHAKE: 'unexpected_message',
  ERR_EXCESS_HANDSHAKE_DATA: 'unexpected_message',
  ERR_TOO_MANY_EMPTY_RECORDS: 'unexpected_message',
  ERR_TOO_MANY_WARNING_ALERTS: 'unexpected_message',
  ERR_TOO_MANY_KEY_UPDATES: 'unexpected_message',
  ERR_TOO_MUCH_EARLY_DATA: 'unexpected_message',
  ERR_KEY_LIMIT: 'internal_error',
  // Order
  ERR_UNEXPECTED_MESSAGE: 'unexpected_message',
  ERR_UNEXPECTED_APPLICATION_DATA: 'unexpected_message',
  // Negotiation
  ERR_PROTOCOL_VERSION: 'protocol_version',
  ERR_NO_SHARED_CIPHER_SUITE: 'handshake_failure',
  ERR_NO_SHARED_GROUP: 'handshake_failure',
  ERR_NO_SHARED_SIGNATURE_SCHEME: 'handshake_failure',
  ERR_NO_CERTIFICATE: 'handshake_failure',
  ERR_UNRECOGNIZED_NAME: 'unrecognized_name',
  ERR_NO_APPLICATION_PROTOCOL: 'no_application_protocol',
  ERR_MISSING_EXTENSION: 'missing_extension',
  ERR_UNSUPPORTED_EXTENSION: 'unsupported_extension',
  ERR_ILLEGAL_PARAMETER: 'illegal_parameter',
  ERR_BAD_KEY_SHARE: 'illegal_parameter',
  ERR_DOWNGRADE: 'illegal_parameter',
  ERR_INAPPROPRIATE_FALLBACK: 'inappropriate_fallback',
  ERR_NO_EXTENDED_MASTER_SECRET: 'handshake_failure',
  ERR_WEAK_KEY_EXCHANGE: 'insufficient_security',
  // Renegotiation
  ERR_INSECURE_RENEGOTIATION: 'handshake_failure',
  ERR_RENEGOTIATION: 'no_renegotiation',
  ERR_TOO_MANY_RENEGOTIATIONS: 'unexpected_message',
  // Authentication
  ERR_BAD_SIGNATURE: 'decrypt_error',
  ERR_BAD_FINISHED: 'decrypt_error',
  ERR_BAD_BINDER: 'decrypt_error',
  ERR_UNKNOWN_PSK: 'unknown_psk_identity',
  ERR_BAD_CERTIFICATE: 'bad_certificate',
  ERR_UNSUPPORTED_CERTIFICATE: 'unsupported_certificate',
  ERR_CERTIFICATE_REQUIRED: 'certificate_required',
  ERR_EMPTY_CERTIFICATE: 'decode_error',
  ERR_CERTIFICATE_EXPIRED: 'certificate_expired',
  ERR_CERTIFICATE_REVOKED: 'certificate_revoked',
  ERR_CERTIFICATE_UNKNOWN: 'certificate_unknown',
  ERR_UNKNOWN_CA: 'unknown_ca',
  ERR_NAME_MISMATCH: 'bad_certificate',
  ERR_BAD_CERTIFICATE_STATUS: 'bad_certificate_status_response',
  ERR_ACCESS_DENIED: 'access_denied',
  // Our own side
  ERR_INTERNAL: 'internal_error',
  ERR_SIGNING_FAILED: 'internal_error',
  ERR_CANCELED: 'user_canceled',
  ERR_HANDSHAKE_TIMEOUT: 'user_canceled',
  // Nothing to send
  ERR_ALERT_RECEIVED: null,
  ERR_TRUNCATED: null,
  ERR_CLOSED: null,
} as const satisfies Record<string, AlertName | null>;

/** The code of a {@link TlsError}. */
export type TlsErrorCode = keyof typeof ERROR_ALERTS;

/** Where an error was found and what it concerns; all values can be printed as JSON. */
export interface ErrorContext {
  /** The handshake message or record in which it was found, such as `ClientHello`. */
  readonly message?: string;
  /** Byte offset inside that message. */
  readonly offset?: number;
  /** The alert that the peer sent, for `ERR_ALERT_RECEIVED`. */
  readonly alertReceived?: AlertName | number;
  /** Whether that alert came under the connection's keys; if not, anyone on the path may have made it. */
  readonly isProtected?: boolean;
  /** The trust decision, for certificate errors: a serialisable verdict. */
  readonly verdict?: unknown;
  readonly [detail: string]: unknown;
}

/**
 * A connection failed: because of what the peer sent, or because this side could not go on.
 * `message` says what was expected, what came, and in which message.
 */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;
  /** The alert that tells the peer, or `null` where none is sent. */
  readonly alert: AlertName | null;
  readonly context: ErrorContext;

  constructor(
    code: TlsErrorCode,
    message: string,
    context: ErrorContext = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.alert = ERROR_ALERTS[code];
    this.context = context;
  }
}

/**
 * The caller asked for something that cannot work: a wrong option, an unusable key, an empty list.
 * Thrown when a configuration is built, never because of what a peer sent.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  /** The option at fault, such as `cert`. */
  readonly option: string;

  constructor(option: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.option = option;
  }
}
