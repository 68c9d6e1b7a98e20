/** The errors of refused certificates, with the names that programs know from OpenSSL and `node:tls`. */
import type { TlsError } from '../wire/errors.ts';
import { type OpensslErrorCode, opensslErrorCode } from '../x509/openssl-codes.ts';
import type { Verdict } from '../x509/verdict.ts';

/** The error of a connection whose peer's certificate was refused; `context.verdict` has the whole decision. */
export interface CertificateError extends TlsError {
  /**
   * OpenSSL's name for what is wrong (X509_V_ERR_* without the prefix). `node:tls` reports some of these names as
   * `UNSPECIFIED`, and a wrong host name as `ERR_TLS_CERT_ALTNAME_INVALID`.
   */
  readonly opensslCode: OpensslErrorCode;
}

/** Makes a {@link CertificateError} of an error where it is about a refused certificate. */
export function nameRefusal(error: TlsError): OpensslErrorCode | undefined {
  const verdict = error.context.verdict as Verdict | undefined;
  if (verdict?.ok !== false) return undefined;
  const opensslCode = opensslErrorCode(verdict);
  Object.assign(error, { opensslCode });
  return opensslCode;
}
