/** Which versions a server speaks: found out by their hellos alone, since handfast itself speaks no broken ones. */
import { alertName, TlsError } from 'handfast/wire';
import type { ScanContext } from './context.ts';
import type { Answer, Listener } from './flight.ts';
import { VERSIONS, type Version } from './hello.ts';
import { MAX_OFFERED_SUITES } from './limits.ts';
import type { Ending } from './probe.ts';
import { Ssl2Reader, ssl2HelloRecord } from './ssl2.ts';
import { SUITES, type Suite } from './suites.ts';

const AGE: Readonly<Record<Suite['since'], number>> = { SSLv3: 1, 'TLSv1.2': 2, 'TLSv1.3': 3 };

/** What nearly every server has stands in the first hello, so that the others are refused at once. */
function isCommon({ keyExchange = '', cipher }: Suite): boolean {
  return (
    /^(ECDHE_RSA|ECDHE_ECDSA|DHE_RSA|RSA)$/.test(keyExchange) &&
    /^(AES|CHACHA20|3DES|RC4_128|CAMELLIA)/.test(cipher)
  );
}

/** Best first: as a sensible client offers them. */
function byStrength(a: Suite, b: Suite): number {
  const rank = ({ mode, keyExchange = '', bits }: Suite): number =>
    (mode === 'AEAD' ? 1000 : 0) + (/^EC?DHE/.test(keyExchange) ? 500 : 0) + bits;
  return rank(b) - rank(a) || a.number - b.number;
}

/** The suites that a version knows, in the portions in which they are offered. */
export function portions(version: Version): readonly (readonly number[])[] {
  const isThirteen = version === 'TLSv1.3';
  const limit = version === 'TLSv1.2' ? 2 : 1;
  const known = [...SUITES.values()].filter(({ since }) =>
    isThirteen ? since === 'TLSv1.3' : AGE[since] <= limit,
  );
  const sorted = known.toSorted((a, b) => Number(isCommon(b)) - Number(isCommon(a)) || byStrength(a, b));
  const numbers = sorted.map(({ number }) => number);
  const count = Math.ceil(numbers.length / MAX_OFFERED_SUITES);
  return Array.from({ length: count }, (_, i) =>
    numbers.slice(i * MAX_OFFERED_SUITES, (i + 1) * MAX_OFFERED_SUITES),
  );
}

/** What a server made of a version. */
export interface VersionAnswer {
  readonly version: Version | 'SSLv2';
  readonly accepted: boolean | undefined;
  readonly refusal?: string;
  /** Of SSL 2.0. */
  readonly cipherKinds?: readonly string[];
}

/** How a refusal reads in a report. */
function refusalOf(answer: Exclude<Answer, { kind: 'unreachable' }>): string {
  switch (answer.kind) {
    case 'flight':
      return `answers with ${answer.version}`;
    case 'alert':
      return `alert ${alertName(answer.description) ?? answer.description}`;
    case 'garbled':
      return `breaks the rules: ${answer.error.message}`;
    default:
      return answer.kind;
  }
}

/** Asks for one version, with all that it knows; a server may have none of the common suites. */
export async function askVersion(context: ScanContext, version: Version): Promise<VersionAnswer> {
  let last: VersionAnswer = { version, accepted: undefined };
  for (const suites of portions(version)) {
    const answer = await context.ask({ version, suites });
    if (answer === undefined || answer.kind === 'unreachable') return last;
    if (answer.kind === 'flight' && answer.version === version) return { version, accepted: true };
    last = { version, accepted: false, refusal: refusalOf(answer) };
    // Another portion could help only where the suites were the reason.
    if (!(answer.kind === 'alert' && alertName(answer.description) === 'handshake_failure')) break;
  }
  const knowsVersion = last.refusal !== undefined && !/protocol_version|answers with/.test(last.refusal);
  if (version !== 'TLSv1.3' || context.needsShares || !knowsVersion) return last;
  context.needsShares = true;
  const again = await askVersion(context, version);
  if (!again.accepted) context.needsShares = false;
  return again;
}

/** Asks for SSL 2.0. */
export async function askSsl2({ dialer }: ScanContext): Promise<VersionAnswer> {
  const version = 'SSLv2';
  const answer = await dialer.send(ssl2HelloRecord(), new Ssl2Reader());
  if (answer === undefined) return { version, accepted: undefined };
  switch (answer.kind) {
    case 'unreachable':
      return { version, accepted: undefined };
    case 'hello':
      return { version, accepted: true, cipherKinds: answer.cipherKinds };
    default:
      return { version, accepted: false, refusal: answer.kind };
  }
}

/**
 * Asks the first question alone: what is not there, or no TLS server, is asked no more.
 * @throws {Error} when there is no connection; {@link TlsError} `ERR_NOT_TLS` when something else answers.
 */
async function askFirst(context: ScanContext, version: Version): Promise<VersionAnswer> {
  const [suites = []] = portions(version);
  const answer = await context.ask({ version, suites });
  if (answer?.kind === 'unreachable') throw answer.error;
  if (answer?.kind === 'garbled' && answer.error.code === 'ERR_NOT_TLS') throw answer.error;
  return askVersion(context, version);
}

/** Asks for all versions. */
export async function askVersions(context: ScanContext): Promise<readonly VersionAnswer[]> {
  context.stage('versions');
  const [newest, ...older] = VERSIONS;
  const first = await askFirst(context, newest);
  const rest = await Promise.all([...older.map((version) => askVersion(context, version)), askSsl2(context)]);
  return [first, ...rest];
}

/** An answer to plain HTTP, so that a web server that speaks it here is recognised. */
class HttpReader implements Listener<{ readonly kind: 'http' }> {
  #text = '';

  push(bytes: Uint8Array): { readonly kind: 'http' } | undefined {
    this.#text += Buffer.from(bytes.subarray(0, 8)).toString('latin1');
    return this.#text.startsWith('HTTP/') ? { kind: 'http' } : undefined;
  }
}

const HTTP_REQUEST = Buffer.from('HEAD / HTTP/1.0\r\n\r\n');

/**
 * Looks for the reason where a server speaks no version at all.
 * @throws {TlsError} `ERR_NOT_TLS` when it speaks HTTP.
 */
export async function refuseHttp({ dialer }: ScanContext): Promise<void> {
  const answer: { readonly kind: 'http' } | Ending | undefined = await dialer.send(
    HTTP_REQUEST,
    new HttpReader(),
  );
  if (answer?.kind !== 'http') return;
  throw new TlsError(
    'ERR_NOT_TLS',
    'the server speaks plain HTTP on this port, not TLS: connect to its TLS port (443 is usual)',
  );
}
