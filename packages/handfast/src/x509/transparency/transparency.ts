/** Whether logs vouch that a certificate is public (RFC 6962 section 3): what is asked, and what counts. */
import type { CryptoProvider } from '../../crypto/provider.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { ConfigError, TlsError } from '../../wire/errors.ts';
import { encodePublicKeyInfo } from '../algorithms.ts';
import type { Budget, Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import { isoTime } from '../checks.ts';
import { DEFAULT_CLOCK_TOLERANCE, MAX_REPORTED_TIMESTAMPS, MAX_TIMESTAMPS } from '../limits.ts';
import type { Authority } from '../revocation/context.ts';
import { type OcspResponse, parseOcspResponse } from '../revocation/ocsp.ts';
import { type Check, check } from '../verdict.ts';
import { type KnownLog, keyHash, readLogs, type TransparencyLog, unknownLogLabel } from './logs.ts';
import { certificateEntry, precertificateEntry, signedBytes } from './signed-entry.ts';
import {
  embeddedTimestamps,
  ocspTimestamps,
  parseSignedCertificateTimestamp,
  type SignedCertificateTimestamp,
} from './timestamps.ts';

/**
 * Which logs are believed, and how many must vouch for the leaf. Timestamps in the leaf and in the OCSP responses at hand are
 * found there. A leaf that is an anchor itself is trusted as it is: no log is asked about it.
 */
export interface TransparencyOptions {
  readonly logs: readonly TransparencyLog[];
  /** Timestamps that came with the leaf, each a SerializedSCT, as a handshake has them. Default: none. */
  readonly timestamps?: readonly Uint8Array[];
  /** How many different logs must vouch for the leaf. Default: 0, so that timestamps are told and not required. */
  readonly require?: number;
  /** How many different operators must run them. Default: 0. */
  readonly requireOperators?: number;
  /** Milliseconds that clocks may differ by. Default: {@link DEFAULT_CLOCK_TOLERANCE}. */
  readonly clockTolerance?: number;
}

/** What is demanded, checked. */
interface Demands {
  readonly logs: ReadonlyMap<string, KnownLog>;
  readonly timestamps: readonly Uint8Array[];
  readonly require: number;
  readonly requireOperators: number;
  readonly clockTolerance: number;
}

/** @throws {ConfigError} when the options make no sense, or ask for more than all logs together could give. */
export function readTransparency(
  options: TransparencyOptions,
  provider: Pick<CryptoProvider, 'hash'>,
): Demands {
  const { timestamps = [], require = 0, requireOperators = 0 } = options;
  const { clockTolerance = DEFAULT_CLOCK_TOLERANCE } = options;
  const logs = readLogs(options.logs, provider);
  const fail = (name: string, expected: string, found: unknown): never => {
    throw new ConfigError(
      `transparency.${name}`,
      `transparency.${name}: expected ${expected}, found ${found}`,
    );
  };
  const count = (name: string, value: number, known: number, what: string): void => {
    const most = Math.min(known, MAX_TIMESTAMPS);
    if (!(Number.isSafeInteger(value) && value >= 0 && value <= most)) {
      fail(
        name,
        `a number from 0 to ${most} (${known} ${what} are known, and ${MAX_TIMESTAMPS} timestamps looked at)`,
        value,
      );
    }
  };
  count('require', require, logs.size, 'logs');
  count('requireOperators', requireOperators, operators([...logs.values()]), 'operators');
  if (!(clockTolerance >= 0 && clockTolerance < Number.POSITIVE_INFINITY)) {
    fail('clockTolerance', 'milliseconds, 0 or more', clockTolerance);
  }
  if (!timestamps.every((timestamp) => timestamp instanceof Uint8Array)) {
    fail('timestamps', 'arrays of bytes', 'something else');
  }
  return { logs, timestamps, require, requireOperators, clockTolerance };
}

function operators(logs: readonly KnownLog[]): number {
  return new Set(logs.map(({ log }) => log.operator)).size;
}

export interface TransparencyContext {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly provider: Pick<CryptoProvider, 'hash'>;
  readonly budget: Budget;
  readonly ocspResponses: readonly OcspResponse[];
  /** DER of the response that the peer stapled. */
  readonly stapled?: Uint8Array | undefined;
}

/** A timestamp, and where it stood. */
interface Found {
  readonly bytes: Uint8Array;
  readonly place: 'in the certificate' | 'in an OCSP response' | 'beside the certificate';
}

/** A timestamp that a known log has signed for the leaf. */
interface Valid extends Pick<Found, 'place'> {
  readonly log: KnownLog;
  readonly timestamp: number;
}

export class Transparency {
  readonly #demands: Demands;
  readonly #context: TransparencyContext;
  /** By the issuer's key, which is all that the answer depends on. */
  readonly #known = new Map<string, readonly Check[]>();

  constructor(options: TransparencyOptions, context: TransparencyContext) {
    this.#demands = readTransparency(options, context.provider);
    this.#context = context;
  }

  /** The checks of a leaf whose issuer is known. The last of them says whether what is demanded is there. */
  *judge(leaf: Certificate, issuer: Authority): Judging<readonly Check[]> {
    const publicKey = issuer.certificate?.publicKeyInfo.der ?? encodePublicKeyInfo(issuer.key);
    const issuerKeyHash = publicKey && keyHash(publicKey, this.#context.provider);
    const name = issuerKeyHash === undefined ? '' : toHex(issuerKeyHash);
    let checks = this.#known.get(name);
    if (checks === undefined) {
      checks = yield* this.#judge(leaf, issuerKeyHash);
      this.#known.set(name, checks);
    }
    return checks;
  }

  *#judge(leaf: Certificate, issuerKeyHash: Uint8Array | undefined): Judging<readonly Check[]> {
    const reasons: string[] = [];
    const all = this.#collect(leaf, reasons);
    const entries = new Entries(leaf, issuerKeyHash);
    const valid = new Map<string, Valid>();
    for (const found of all) {
      const answer = yield* this.#read(found, leaf, entries, valid);
      if (typeof answer === 'string') reasons.push(answer);
      else valid.set(answer.log.id, answer);
    }
    const isInUse = ({ log }: Valid): boolean => log.log.retiredAt === undefined;
    const anyInUse = [...valid.values()].some(isInUse);
    const counted = [...valid.values()].filter((one) => anyInUse || isInUse(one));
    for (const { log, place } of anyInUse ? [] : valid.values()) {
      reasons.push(`that of ${log.label} ${place} (the log was retired, and none in use vouches beside it)`);
    }
    return [...counted.map(tell), this.#conclude(counted, reasons)];
  }

  /** Timestamps, each once, the leaf's own first; of those beyond the limit only how many there are. */
  #collect(leaf: Certificate, reasons: string[]): readonly Found[] {
    const all = new Map<string, Found>();
    let leftOut = 0;
    const add = (place: Found['place'], read: () => readonly Uint8Array[]): void => {
      try {
        for (const bytes of read()) {
          const name = toHex(bytes);
          if (all.has(name)) continue;
          if (all.size < MAX_TIMESTAMPS) all.set(name, { bytes, place });
          else leftOut++;
        }
      } catch (error) {
        if (!(error instanceof TlsError)) throw error;
        reasons.push(`those ${place} (${error.message})`);
      }
    };
    add('in the certificate', () => embeddedTimestamps(leaf));
    add('beside the certificate', () => this.#demands.timestamps);
    for (const response of this.#responses()) {
      if (response.status !== 'successful') continue;
      for (const single of response.basic.responses) {
        if (!equalBytes(single.certificateId.serialNumber, leaf.serialNumber)) continue;
        add('in an OCSP response', () => ocspTimestamps(single));
      }
    }
    if (leftOut > 0) reasons.push(`${leftOut} more (at most ${MAX_TIMESTAMPS} are looked at)`);
    return [...all.values()];
  }

  #responses(): readonly OcspResponse[] {
    const { ocspResponses, stapled } = this.#context;
    if (stapled === undefined) return ocspResponses;
    try {
      return [...ocspResponses, parseOcspResponse(stapled)];
    } catch (error) {
      // That it is malformed is told where its status is asked for.
      if (!(error instanceof TlsError)) throw error;
      return ocspResponses;
    }
  }

  /** A timestamp that is valid, or why it does not count. */
  *#read(
    { bytes, place }: Found,
    leaf: Certificate,
    entries: Entries,
    valid: ReadonlyMap<string, Valid>,
  ): Judging<Valid | string> {
    let timestamp: SignedCertificateTimestamp;
    try {
      timestamp = parseSignedCertificateTimestamp(bytes);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      return `one ${place} (${error.message})`;
    }
    const log = this.#demands.logs.get(toHex(timestamp.logId));
    const because = (reason: string): string =>
      `that of ${log?.label ?? unknownLogLabel(timestamp.logId)} ${place} (${reason})`;
    if (log === undefined) return because('no such log is known here');
    if (valid.has(log.id)) return because('another of that log counts already');
    const objection = this.#objection(timestamp, place, leaf, log);
    if (objection !== undefined) return because(objection);
    const entry = entries.of(place);
    if (typeof entry === 'string') return because(entry);
    const { algorithm, key } = log;
    const signed = {
      signatureAlgorithm: algorithm,
      tbs: signedBytes(timestamp, entry),
      signature: timestamp.signature,
    };
    if (!(yield* this.#context.budget.isSigned(signed, key))) {
      return because('the log did not sign it for this certificate under this issuer');
    }
    return { log, place, timestamp: timestamp.timestamp };
  }

  /** What is wrong with a timestamp, whoever signed it. */
  #objection(
    { timestamp, signatureAlgorithm }: SignedCertificateTimestamp,
    place: Found['place'],
    { notAfter }: Certificate,
    { algorithm, log }: KnownLog,
  ): string | undefined {
    const { temporalInterval, retiredAt } = log;
    if (signatureAlgorithm?.kind !== algorithm.kind) return 'it is not signed as that log signs';
    if (timestamp > this.#context.at + this.#demands.clockTolerance) {
      return `it is from ${timeText(timestamp)}, which has not come yet`;
    }
    if (temporalInterval !== undefined) {
      const { from, until } = temporalInterval;
      if (notAfter.time < from || notAfter.time >= until) {
        return `the log takes certificates that expire from ${timeText(from)} to before ${timeText(until)}`;
      }
    }
    if (retiredAt === undefined) return undefined;
    if (timestamp >= retiredAt) return `the log was retired at ${timeText(retiredAt)}, before it`;
    return place === 'in the certificate'
      ? undefined
      : `the log was retired at ${timeText(retiredAt)}, and whoever sends it today could have got a newer one`;
  }

  #conclude(counted: readonly Valid[], reasons: readonly string[]): Check {
    const { require, requireOperators } = this.#demands;
    const logs = counted.map(({ log }) => log);
    const ok = logs.length >= require && operators(logs) >= requireOperators;
    const have = logs.length === 0 ? 'no log that is known here' : logNumber(logs.length, operators(logs));
    const needed = logNumber(require, requireOperators);
    const demand = require + requireOperators === 0 ? '' : `; ${needed} must`;
    const shown = reasons.slice(0, MAX_REPORTED_TIMESTAMPS);
    const more = reasons.length > shown.length ? `; and ${reasons.length - shown.length} more` : '';
    const why =
      reasons.length > 0
        ? `; timestamps that do not count: ${shown.join('; ')}${more}`
        : logs.length === 0
          ? '; it came without any timestamp'
          : '';
    const verb = logs.length > 1 ? 'have' : 'has';
    return check('transparency', ok, `${have} ${verb} promised to publish it${demand}${why}`);
  }
}

/** What a log may have signed, or why that cannot be put together. */
class Entries {
  readonly #leaf: Certificate;
  readonly #issuerKeyHash: Uint8Array | undefined;
  #whole: Uint8Array | undefined;
  #precertificate: Uint8Array | undefined;

  constructor(leaf: Certificate, issuerKeyHash: Uint8Array | undefined) {
    this.#leaf = leaf;
    this.#issuerKeyHash = issuerKeyHash;
  }

  of(place: Found['place']): Uint8Array | string {
    if (this.#leaf.der.length > MAX_ENTRY_LENGTH) return 'the certificate is longer than logs can sign';
    if (place !== 'in the certificate') {
      this.#whole ??= certificateEntry(this.#leaf);
      return this.#whole;
    }
    if (this.#issuerKeyHash === undefined) {
      return 'the key of its issuer is not known in the form that was signed';
    }
    this.#precertificate ??= precertificateEntry(this.#leaf, this.#issuerKeyHash);
    return this.#precertificate;
  }
}

/** Bytes of the longest certificate that an entry has room for: its length takes three bytes. */
const MAX_ENTRY_LENGTH = 0xffffff;

/** `2 logs of 1 operator`. */
function logNumber(logs: number, operators: number): string {
  return operators === 0 ? plural(logs, 'log') : `${plural(logs, 'log')} of ${plural(operators, 'operator')}`;
}

function tell({ log, place, timestamp }: Valid): Check {
  return check(
    'transparency',
    true,
    `${log.label} has promised to publish it, says its timestamp of ${timeText(timestamp)} ${place}`,
  );
}

/** The last moment that a Date knows. */
const LAST_MOMENT = 8.64e15;

function timeText(time: number): string {
  return Math.abs(time) <= LAST_MOMENT ? isoTime(time) : 'a time beyond all calendars';
}

function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
