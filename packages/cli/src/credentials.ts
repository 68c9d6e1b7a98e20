/** Certificates and keys that a command line names, read and checked; failures name the file. */
import { ConfigError, type Identity, TlsError } from 'handfast';
import { loadCertificates, loadIdentity } from 'handfast/node';
import type { Certificate } from 'handfast/x509';
import { readInput, unusable } from './files.ts';
import { STRUCTURE_NAMES, structureOf } from './inspect/structure.ts';
import { ExitCode, Failure } from './outcome.ts';

/** The error's text without the name of the library's option in front. */
function reason(error: ConfigError | TlsError): string {
  const prefix = error instanceof ConfigError ? `${error.option}: ` : '';
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}

function isUnusable(error: unknown): error is ConfigError | TlsError {
  return error instanceof ConfigError || error instanceof TlsError;
}

/**
 * The certificates of a file's content, in its order.
 * @param option as on the command line; empty for an argument.
 * @throws {Failure} when there is none, or one is malformed.
 */
export function certificatesIn(option: string, path: string, content: Buffer): Certificate[] {
  try {
    return loadCertificates('ca', content);
  } catch (error) {
    if (isUnusable(error)) throw unusable(option, path, otherKind(content) ?? reason(error), error);
    throw error;
  }
}

/** What a file is, where it is DER and no certificate. */
function otherKind(content: Buffer): string | undefined {
  const found = structureOf(content);
  if (found === 'certificate' || found === 'unknown') return undefined;
  return `expected certificates, found ${STRUCTURE_NAMES[found]}; handfast inspect shows what is in it`;
}

/**
 * Reads certificate chains and their keys, the first with the first and so on.
 * @throws {Failure} when they cannot be read, do not belong together, or one is missing.
 */
export function readIdentities(certificates: readonly string[], keys: readonly string[]): Identity[] {
  if (certificates.length !== keys.length) {
    throw new Failure(
      ExitCode.usage,
      `--cert and --key belong together: found ${certificates.length} of --cert and ${keys.length} of --key.`,
    );
  }
  return certificates.map((certificate, i) => {
    const keyPath = keys[i] as string;
    const input = { cert: readInput('--cert', certificate), key: readInput('--key', keyPath) };
    try {
      return loadIdentity(input);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      const atKey = error instanceof ConfigError && error.option === 'key';
      if (!atKey) throw unusable('--cert', certificate, reason(error), error);
      const advice = input.key.includes('ENCRYPTED')
        ? 'it is encrypted; decrypt it first, for example with openssl pkey -in KEY -out PLAIN'
        : reason(error);
      throw unusable('--key', keyPath, advice, error);
    }
  });
}
