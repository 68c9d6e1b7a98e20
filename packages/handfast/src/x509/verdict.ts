/** The answer to "is this peer who it claims to be?". */
import { TlsError, type TlsErrorCode } from '../wire/errors.ts';

/** Accepted, or refused with a reason for people. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: TlsErrorCode; readonly sentence: string };

/** The connection's error for a refusal. */
export function verdictError(verdict: Verdict & { readonly ok: false }): TlsError {
  return new TlsError(verdict.code, verdict.sentence, { message: 'Certificate', verdict });
}
