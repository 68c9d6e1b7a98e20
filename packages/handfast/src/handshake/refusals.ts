/** The refusals that both sides make of several messages; each says what was expected and what came. */
import { TlsError, type TlsErrorCode } from '../wire/errors.ts';
import { versionName } from '../wire/registry.ts';

function refusal(code: TlsErrorCode, message: string, text: string): TlsError {
  return new TlsError(code, `${message}: ${text}`, { message });
}

/** A value that is well-formed and wrong. */
export function illegal(message: string, text: string): TlsError {
  return refusal('ERR_ILLEGAL_PARAMETER', message, text);
}

/** An extension that must be there. */
export function missing(message: string, extension: string): TlsError {
  return refusal('ERR_MISSING_EXTENSION', message, `expected ${extension}, found none`);
}

/** An answer to an extension that was not sent. */
export function unsolicited(message: string, extension: string): TlsError {
  return refusal(
    'ERR_UNSUPPORTED_EXTENSION',
    message,
    `it answers the extension ${extension}, which was not sent`,
  );
}

/** `legacy_version` has one value since TLS 1.3 (RFC 9846 sections 4.2.2 and 4.2.3). */
export function wrongLegacyVersion(message: string, found: number): TlsError {
  const text = `expected the legacy version TLSv1.2, found ${versionName(found)}`;
  return refusal('ERR_PROTOCOL_VERSION', message, text);
}

/** Only a client may have nothing to show. */
export function emptyCertificate(): TlsError {
  return refusal('ERR_EMPTY_CERTIFICATE', 'Certificate', 'a server must show a certificate, found none');
}
