/** Fetches what a verdict lacks: the status of certificates (OCSP, revocation lists) and issuers that were not sent. */
import { randomBytes } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { nodeProvider } from '../../crypto/node/index.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { settingsDigest } from '../../handshake/trust-settings.ts';
import { type ChainVerifierOptions, chainVerifier, type PeerVerifier } from '../../handshake/verifier.ts';
import { ConfigError } from '../../wire/errors.ts';
import { MAX_REVOCATION_LIST_LENGTH } from '../../x509/limits.ts';
import type { VerifyOptions } from '../../x509/path.ts';
import { capital } from '../../x509/path-report.ts';
import type { Verdict } from '../../x509/verdict.ts';
import {
  DEFAULT_CACHE_BYTES,
  DEFAULT_CONTACT_TIMEOUT,
  DEFAULT_CONTACTS,
  DEFAULT_FETCH_TIMEOUT,
  MAX_CONTACTS,
  MAX_MILLISECONDS,
} from '../limits.ts';
import { Exchanges } from './exchanges.ts';
import { type FetchAnswer, type FetchRequest, fetchOverHttp } from './http.ts';
import { Inquiry } from './inquiry.ts';
import { type Contact, type ContactPurpose, Ledger } from './ledger.ts';

/** What a fetcher fetches, and how. Nothing is on by itself. */
export interface FetcherOptions {
  /** Ask OCSP responders about the certificates of a path that holds otherwise (RFC 6960, RFC 5019). Default: false. */
  readonly ocsp?: boolean | undefined;
  /**
   * Fetch revocation lists, and the deltas that they name, for certificates whose status nobody else told (RFC 5280
   * section 4.2.1.13). Default: false.
   */
  readonly crls?: boolean | undefined;
  /**
   * Fetch issuers that nobody sent, by the URLs in the certificates below them (caIssuers, RFC 5280 section 4.2.2.1). What
   * comes is one more candidate for a place in the path, and never a trust anchor. Since nothing is known of the certificates
   * at that moment, anybody can choose these URLs. Default: false.
   */
  readonly issuers?: boolean | undefined;
  /**
   * Ask OCSP responders for fresh answers, by a nonce, and take no others. Most public responders have none to give. Such
   * answers are not remembered. Default: false.
   */
  readonly nonce?: boolean | undefined;
  /** Milliseconds for one request, from the look-up of the name to the last byte. Default: {@link DEFAULT_CONTACT_TIMEOUT}. */
  readonly timeout?: number | undefined;
  /** Milliseconds for all requests of one verdict. Default: {@link DEFAULT_FETCH_TIMEOUT}. */
  readonly totalTimeout?: number | undefined;
  /** Requests that one verdict may cause, redirects included, at most {@link MAX_CONTACTS}. Default: {@link DEFAULT_CONTACTS}. */
  readonly maxContacts?: number | undefined;
  /**
   * Bytes of a revocation list, at most `MAX_REVOCATION_LIST_LENGTH` of handfast/x509, which is the default: reading that many
   * takes seconds, in which nothing else runs.
   */
  readonly maxListBytes?: number | undefined;
  /** Bytes of statuses to remember, and of issuers up to `MAX_ISSUER_CACHE_BYTES`; 0 for none. Default: {@link DEFAULT_CACHE_BYTES}. */
  readonly cacheBytes?: number | undefined;
  /** Told of every contact as it ends. What it throws ends the verdict, and the handshake that waits for it. */
  readonly onContact?: ((contact: Contact) => void) | undefined;
  /**
   * Connect to addresses that are not of the public Internet too: loopback, private and link-local ones. For intranets whose
   * responders have them; whoever sends a certificate can then have requests sent to any machine in there. Default: false.
   */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Finds the addresses of names, as `dns.lookup` does, which is the default. Addresses are checked whoever finds them. */
  readonly lookup?: LookupFunction | undefined;
  /**
   * Sends requests in place of `node:http`, through a proxy for example. It follows no redirects and keeps to `maxBytes` and
   * `signal`; which addresses are connected to is then its own matter.
   */
  readonly fetch?: ((request: FetchRequest) => PromiseLike<FetchAnswer>) | undefined;
  /** The clock by which answers are remembered, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** A verdict, and whom it was asked of. Plain data. */
export type FetchedVerdict = Verdict & { readonly contacts: readonly Contact[] };

/** Options of {@link EvidenceFetcher.peerVerifier}: those of `chainVerifier`. */
export interface FetchingVerifierOptions extends Omit<ChainVerifierOptions, 'provider' | 'judge'> {
  /** Default: the provider on `node:crypto`. */
  readonly provider?: CryptoProvider;
}

/** Judges certificates, and fetches what is missing. Its answers are remembered from one verdict to the next. */
export interface EvidenceFetcher {
  /**
   * As `verify` of handfast/x509, after which it looks for what the verdict lacks, and judges again. Everything that comes is
   * judged by the same rules. What does not come is no fault of the certificate, unless `revocation.require` says otherwise.
   * @throws {ConfigError} as `verify`.
   */
  verify(question: VerifyOptions): Promise<FetchedVerdict>;
  /**
   * A verifier for handshakes, as `chainVerifier` makes it, that fetches. Its verdicts have `contacts`.
   * @throws {ConfigError} when an option makes no sense.
   */
  peerVerifier(options: FetchingVerifierOptions): PeerVerifier;
}

/**
 * Makes a fetcher. Share one: it remembers answers, and sends one request for many who ask the same.
 * @throws {ConfigError} when an option makes no sense, or nothing is switched on.
 */
export function evidenceFetcher(options: FetcherOptions): EvidenceFetcher {
  const { ocsp = false, crls = false, issuers = false, nonce = false, now = Date.now, onContact } = options;
  if (!ocsp && !crls && !issuers) {
    throw new ConfigError(
      'ocsp',
      'ocsp: nothing is switched on; give at least one of ocsp, crls and issuers',
    );
  }
  const { allowPrivateAddresses = false, lookup } = options;
  const exchanges = new Exchanges({
    fetch: options.fetch ?? ((request) => fetchOverHttp(request, { allowPrivateAddresses, lookup })),
    timeout: wholeNumber('timeout', options.timeout ?? DEFAULT_CONTACT_TIMEOUT, 1, MAX_MILLISECONDS),
    cacheBytes: wholeNumber('cacheBytes', options.cacheBytes ?? DEFAULT_CACHE_BYTES, 0),
    now,
  });
  const limits = {
    maxContacts: wholeNumber('maxContacts', options.maxContacts ?? DEFAULT_CONTACTS, 1, MAX_CONTACTS),
    totalTimeout: wholeNumber(
      'totalTimeout',
      options.totalTimeout ?? DEFAULT_FETCH_TIMEOUT,
      1,
      MAX_MILLISECONDS,
    ),
    onContact,
  };
  const maxListBytes = wholeNumber(
    'maxListBytes',
    options.maxListBytes ?? MAX_REVOCATION_LIST_LENGTH,
    1,
    MAX_REVOCATION_LIST_LENGTH,
  );
  const verify = async (question: VerifyOptions): Promise<FetchedVerdict> => {
    const asked =
      question.revocation?.nonce ?? (nonce ? new Uint8Array(randomBytes(NONCE_LENGTH)) : undefined);
    const ledger = new Ledger(exchanges, limits);
    try {
      const inquiry = new Inquiry(
        question,
        { ocsp, crls, issuers, maxListBytes, nonce: asked },
        exchanges,
        ledger,
      );
      const verdict = await inquiry.run();
      return { ...verdict, sentence: withTried(verdict, ledger), contacts: ledger.contacts };
    } finally {
      ledger.close();
    }
  };
  return {
    verify,
    peerVerifier: ({ provider = nodeProvider, ...rules }) => {
      const fetching = chainVerifier({ ...rules, provider, judge: verify });
      const { authorities } = fetching;
      let settings: Uint8Array | undefined;
      return {
        verify: (request) => fetching.verify(request),
        ...(authorities && { authorities }),
        // What is fetched is a setting of trust like the others, and the same for every fetcher that fetches so.
        get settings() {
          settings ??= settingsDigest(provider, [
            chainVerifier({ ...rules, provider }).settings,
            { ...options, onContact: undefined, now: undefined },
          ]);
          return settings;
        },
      };
    },
  };
}

/** RFC 9654 section 2.1 recommends it. */
const NONCE_LENGTH = 32;

function wholeNumber(option: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError(
    option,
    `${option}: expected a whole number from ${least} to ${most}, found ${String(value)}`,
  );
}

/** Failures that a sentence tells; the report has all of them. */
const MAX_TOLD = 3;

/** The verdict's sentence, and what was asked in vain where the verdict lacks just that. */
function withTried(verdict: Verdict, { contacts, exhausted }: Ledger): string {
  const lacked = lackedBy(verdict);
  const failed = contacts.filter(
    ({ outcome, purpose, certificate }) =>
      (outcome === 'failed' || outcome === 'refused') && lacked(purpose, certificate),
  );
  const told = failed.slice(0, MAX_TOLD).map(({ sentence }) => sentence);
  if (failed.length > told.length) told.push(`${failed.length - told.length} more requests were in vain`);
  if (exhausted !== undefined && !verdict.ok) told.push(`no more was asked, since ${exhausted}`);
  return told.length === 0 ? verdict.sentence : `${verdict.sentence} ${capital(told.join('; '))}.`;
}

/** Whether a verdict could have been another with what a contact was for. */
function lackedBy(verdict: Verdict): (purpose: ContactPurpose, certificate: string) => boolean {
  const unknown = new Set(
    verdict.path
      .filter(({ role, checks }) => role !== 'anchor' && !checks.some(({ rule }) => rule === 'revocation'))
      .map(({ subject }) => subject),
  );
  const wantsStatus = verdict.ok || verdict.rule === 'revocationStatus';
  return (purpose, certificate) =>
    purpose === 'issuer' ? !verdict.ok && !wantsStatus : wantsStatus && unknown.has(certificate);
}
