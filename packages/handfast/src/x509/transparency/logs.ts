/** The logs whose timestamps a caller believes. */
import type { CryptoProvider, PublicKey, SignatureAlgorithm } from '../../crypto/provider.ts';
import { copy, toHex } from '../../wire/bytes.ts';
import { ConfigError } from '../../wire/errors.ts';
import { readPublicKeyInfo } from '../algorithms.ts';
import { toBase64 } from '../base64.ts';
import { checkKey, DEFAULT_STRENGTH } from '../checks.ts';
import { DerError, DerReader } from '../der.ts';

/** A log of certificates, which must not be changed once it was given. Times are milliseconds since 1970. */
export interface TransparencyLog {
  /** DER of its SubjectPublicKeyInfo: ECDSA on P-256, or RSA from 2048 bits (RFC 6962 section 2.1.4). */
  readonly publicKey: Uint8Array;
  /** For sentences. Default: its id in base64, as lists of logs have it. */
  readonly description?: string;
  /** Who runs it. All logs without an operator count as one operator's. */
  readonly operator?: string;
  /**
   * The log takes only certificates that expire (notAfter) at `from` or later, and before `until`. Default: it takes all.
   */
  readonly temporalInterval?: { readonly from: number; readonly until: number };
  /**
   * When the log was given up. Only timestamps from before that count, only inside certificates, and only beside one of a log
   * that is in use: whoever has got hold of an old key can date a timestamp back.
   */
  readonly retiredAt?: number;
}

/** A log, ready to be asked. */
export interface KnownLog {
  /** Hexadecimal digits. */
  readonly id: string;
  /** For sentences. Descriptions hold apostrophes, and most end with the word log. */
  readonly label: string;
  readonly key: PublicKey;
  /** How it signs. */
  readonly algorithm: SignatureAlgorithm;
  readonly log: TransparencyLog;
}

/** A log by its id, for sentences. */
export function unknownLogLabel(logId: Uint8Array): string {
  return `the log ${toBase64(logId)}`;
}

/** SHA-256 of a log's key (RFC 6962 section 3.2), or of an issuer's. */
export function keyHash(publicKey: Uint8Array, provider: Pick<CryptoProvider, 'hash'>): Uint8Array {
  const hash = provider.hash('SHA-256');
  hash.update(publicKey);
  return hash.digest();
}

/** Logs that were read before: lists are long, and the same for every verdict. */
const READ = new WeakMap<TransparencyLog, KnownLog>();

/**
 * The logs by their ids in hexadecimal digits.
 * @throws {ConfigError} when one cannot be a log, or stands there twice.
 */
export function readLogs(
  logs: readonly TransparencyLog[],
  provider: Pick<CryptoProvider, 'hash'>,
): ReadonlyMap<string, KnownLog> {
  const known = new Map<string, KnownLog>();
  for (const [index, log] of logs.entries()) {
    const option = `transparency.logs[${index}]`;
    const one = READ.get(log) ?? readLog(log, option, provider);
    READ.set(log, one);
    if (known.has(one.id)) {
      throw new ConfigError(option, `${option}: the same log (by its key) stands there twice`);
    }
    known.set(one.id, one);
  }
  return known;
}

function readLog(log: TransparencyLog, option: string, provider: Pick<CryptoProvider, 'hash'>): KnownLog {
  const id = keyHash(readBytes(log.publicKey, option), provider);
  checkTimes(log, option);
  const label = log.description === undefined ? unknownLogLabel(id) : `"${log.description}"`;
  // A copy, since only that was checked.
  return { id: toHex(id), label, log: { ...log }, ...readLogKey(log.publicKey, `${option}.publicKey`) };
}

function readBytes(publicKey: unknown, option: string): Uint8Array {
  if (publicKey instanceof Uint8Array) return publicKey;
  throw new ConfigError(
    `${option}.publicKey`,
    `${option}.publicKey: expected the bytes of a SubjectPublicKeyInfo, found ${typeof publicKey}`,
  );
}

function checkTimes({ temporalInterval, retiredAt }: TransparencyLog, option: string): void {
  if (temporalInterval !== undefined && !(temporalInterval.from < temporalInterval.until)) {
    const { from, until } = temporalInterval;
    throw new ConfigError(
      `${option}.temporalInterval`,
      `${option}.temporalInterval: expected a time and a later one in milliseconds since 1970, found ${from} and ${until}`,
    );
  }
  if (retiredAt !== undefined && !Number.isFinite(retiredAt)) {
    throw new ConfigError(
      `${option}.retiredAt`,
      `${option}.retiredAt: expected a time in milliseconds since 1970, found ${retiredAt}`,
    );
  }
}

/**
 * The key of a log, and how it signs.
 * @throws {ConfigError} when a log may not have it.
 */
export function readLogKey(publicKey: Uint8Array, option: string): Pick<KnownLog, 'key' | 'algorithm'> {
  const key = readKey(publicKey, option);
  if (key?.kind === 'ec' && key.curve === 'P-256')
    return { key, algorithm: { kind: 'ecdsa', hash: 'SHA-256' } };
  const strength = checkKey(key, DEFAULT_STRENGTH);
  if (key?.kind === 'rsa' && strength.ok) return { key, algorithm: { kind: 'rsa-pkcs1', hash: 'SHA-256' } };
  const found =
    key?.kind === 'ec' ? `a key on ${key.curve}` : key?.kind === 'rsa' ? strength.sentence : 'another';
  throw new ConfigError(
    option,
    `${option}: a log's key is ECDSA on P-256, or RSA of 2048 bits or more (RFC 6962 section 2.1.4); found ${found}`,
  );
}

function readKey(publicKey: Uint8Array, option: string): PublicKey | undefined {
  const what = 'SubjectPublicKeyInfo';
  try {
    const reader = new DerReader(copy(publicKey));
    const { key } = readPublicKeyInfo(reader);
    reader.finish(what);
    return key;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new ConfigError(option, `${option}: it is no DER-encoded ${what}: ${error.message}`, {
      cause: error,
    });
  }
}
