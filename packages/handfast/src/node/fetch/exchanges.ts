/** The requests of one fetcher: remembered, shared by all who ask the same at a time, and bounded in number, size and time. */
import { STATUS_CODES } from 'node:http';

import { TlsError } from '../../wire/errors.ts';
import type { Certificate } from '../../x509/certificate.ts';
import type { CertificateRevocationList } from '../../x509/revocation/crl.ts';
import type { OcspResponse } from '../../x509/revocation/ocsp.ts';
import {
  FAILURE_CACHE_TIME,
  MAX_CACHE_TIME,
  MAX_CONCURRENT_CONTACTS,
  MAX_ISSUER_CACHE_BYTES,
} from '../limits.ts';
import { Cache } from './cache.ts';
import { ContactFailure, type FetchAnswer, type FetchRequest } from './http.ts';
import { Turns } from './turns.ts';

/** What can be fetched. */
export type Evidence = readonly Certificate[] | OcspResponse | CertificateRevocationList;

/** What is asked for, and how the answer is read. */
export interface Question<T extends Evidence> {
  /** Two questions whose kinds and URLs are the same may share an answer. */
  readonly kind: string;
  readonly url: string;
  readonly method: FetchRequest['method'];
  readonly headers: FetchRequest['headers'];
  readonly body?: Uint8Array;
  readonly maxBytes: number;
  /** Whether nobody else may have the answer: it repeats a nonce. */
  readonly isUnique: boolean;
  /** @throws {ContactFailure | TlsError} when the body is something else. */
  readonly read: (body: Uint8Array) => T;
  /** Until when the evidence holds, in milliseconds since 1970; `undefined` when it does not say so. */
  readonly holdsUntil: (evidence: T) => number | undefined;
}

/** What came of it. */
export type Answer<T> =
  | { readonly kind: 'evidence'; readonly evidence: T; readonly bytes: number; readonly at: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'failure'; readonly refused: boolean; readonly what: string };

export interface Reply<T> {
  readonly answer: Answer<T>;
  /** Whether nothing was sent for this question. */
  readonly fromCache: boolean;
}

export interface ExchangeSettings {
  readonly fetch: (request: FetchRequest) => PromiseLike<FetchAnswer>;
  /** Milliseconds for one request. */
  readonly timeout: number;
  readonly cacheBytes: number;
  readonly now: () => number;
}

/**
 * Strangers choose where issuers are fetched from, and authorities where statuses are: each have their own turns and their own
 * memory, so that no flood of strange certificates keeps a revocation from being noticed.
 */
interface Lane {
  readonly cache: Cache<Answer<Evidence>>;
  readonly turns: Turns;
}

/** The kind of questions about issuers. */
export const ISSUER = 'issuer';

interface Running {
  readonly answer: Promise<Answer<Evidence>>;
  readonly controller: AbortController;
  waiters: number;
}

export class Exchanges {
  readonly #settings: ExchangeSettings;
  readonly #issuers: Lane;
  readonly #statuses: Lane;
  readonly #running = new Map<string, Running>();

  constructor(settings: ExchangeSettings) {
    this.#settings = settings;
    const lane = (bytes: number): Lane => ({
      cache: new Cache(bytes, settings.now),
      turns: new Turns(MAX_CONCURRENT_CONTACTS),
    });
    this.#issuers = lane(Math.min(settings.cacheBytes, MAX_ISSUER_CACHE_BYTES));
    this.#statuses = lane(settings.cacheBytes);
  }

  #laneOf({ kind }: Pick<Question<never>, 'kind'>): Lane {
    return kind === ISSUER ? this.#issuers : this.#statuses;
  }

  /**
   * Asks, unless the answer is known or on its way. When all who wait for an answer have left, the request is given up.
   * @param deadline aborted when this asker leaves.
   * @param spend called before anything is sent; what it throws ends the question.
   * @throws {ContactFailure} when the deadline has come.
   */
  async ask<T extends Evidence>(
    question: Question<T>,
    deadline: AbortSignal,
    spend: () => void,
  ): Promise<Reply<T>> {
    const key = keyOf(question);
    const known = question.isUnique ? undefined : this.#laneOf(question).cache.get(key);
    // A key has one kind, and a kind one type of evidence.
    if (known !== undefined) return { answer: known as Answer<T>, fromCache: true };
    const shared = question.isUnique ? undefined : this.#running.get(key);
    if (shared === undefined) spend();
    const running = shared ?? this.#start(question as unknown as Question<Evidence>, key);
    running.waiters++;
    try {
      const answer = (await orAborted(running.answer, deadline)) as Answer<T>;
      return { answer, fromCache: shared !== undefined };
    } finally {
      if (--running.waiters === 0) {
        this.#forget(key, running);
        running.controller.abort();
      }
    }
  }

  /** Remembers evidence that has proved good for as long as it holds; what is not confirmed is soon asked for anew. */
  confirm<T extends Evidence>(question: Question<T>, answer: Answer<T>): void {
    if (answer.kind !== 'evidence' || question.isUnique) return;
    const { evidence, bytes, at } = answer;
    const until = Math.min(question.holdsUntil(evidence) ?? Number.POSITIVE_INFINITY, at + MAX_CACHE_TIME);
    this.#laneOf(question).cache.set(keyOf(question), answer, bytes, until);
  }

  #start(question: Question<Evidence>, key: string): Running {
    const controller = new AbortController();
    const answer = this.#run(question, key, controller).finally(() => this.#forget(key, running));
    answer.catch(() => {}); // whoever still waits hears of it
    const running: Running = { answer, controller, waiters: 0 };
    if (!question.isUnique) this.#running.set(key, running);
    return running;
  }

  #forget(key: string, running: Running): void {
    if (this.#running.get(key) === running) this.#running.delete(key);
  }

  async #run(
    question: Question<Evidence>,
    key: string,
    controller: AbortController,
  ): Promise<Answer<Evidence>> {
    const { timeout, fetch, now } = this.#settings;
    const { url, method, headers, body, maxBytes } = question;
    const pass = await this.#laneOf(question).turns.take((turn) => orAborted(turn, controller.signal));
    let isOutOfTime = false;
    const timer = setTimeout(() => {
      isOutOfTime = true;
      controller.abort();
    }, timeout);
    timer.unref();
    let answer: Answer<Evidence>;
    try {
      const { signal } = controller;
      const request = { url, method, headers, maxBytes, signal, ...(body && { body }) };
      answer = interpret(question, await orAborted(fetch(request), signal), now());
    } catch (error) {
      if (controller.signal.aborted && !isOutOfTime) throw error;
      answer = isOutOfTime ? failure(`did not answer within ${timeout / 1000} s`) : failureOf(error);
    } finally {
      clearTimeout(timer);
      pass();
    }
    this.#remember(question, key, answer);
    return answer;
  }

  #remember(question: Question<Evidence>, key: string, answer: Answer<Evidence>): void {
    if (question.isUnique) return;
    const { cache } = this.#laneOf(question);
    const soon = this.#settings.now() + FAILURE_CACHE_TIME;
    if (answer.kind !== 'evidence') {
      cache.set(key, answer, 0, soon);
      return;
    }
    // Not confirmed yet: whoever is on the way to the server can answer in its place.
    const holdsUntil = question.holdsUntil(answer.evidence) ?? soon;
    cache.set(key, answer, answer.bytes, Math.min(soon, holdsUntil));
  }
}

function keyOf({ kind, method, url }: Pick<Question<never>, 'kind' | 'method' | 'url'>): string {
  return `${kind} ${method} ${url}`;
}

/** The value, or a failure as soon as the signal is aborted. */
function orAborted<T>(value: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new ContactFailure('was not waited for'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    value.then(resolve, reject).then(() => signal.removeEventListener('abort', onAbort));
  });
}

function failure(what: string, refused = false): Answer<never> {
  return { kind: 'failure', refused, what };
}

/** A caller's own `fetch` may throw anything. */
function failureOf(error: unknown): Answer<never> {
  if (error instanceof ContactFailure) return failure(error.message, error.refused);
  return failure(`could not be asked (${error instanceof Error ? error.message : String(error)})`);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);
/** See Other: what is there is asked for with GET (RFC 9110 section 15.4.4). */
const SEE_OTHER = 303;

function interpret(question: Question<Evidence>, answer: FetchAnswer, at: number): Answer<Evidence> {
  const { status, location, contentEncoding = 'identity', body } = answer;
  if (location !== undefined && (REDIRECTS.has(status) || (status === SEE_OTHER && !question.body))) {
    return URL.canParse(location, question.url)
      ? { kind: 'redirect', to: new URL(location, question.url).href }
      : failure('redirected to something that is no URL');
  }
  if (status !== 200) return failure(`answered ${status} (${STATUS_CODES[status] ?? 'no known status'})`);
  if (contentEncoding.toLowerCase() !== 'identity') {
    return failure(`compressed its answer (${JSON.stringify(contentEncoding.slice(0, 30))}), unasked`);
  }
  if (body.length > question.maxBytes) return failure(`sent more than ${question.maxBytes} bytes`);
  try {
    return { kind: 'evidence', evidence: question.read(body), bytes: body.length, at };
  } catch (error) {
    if (error instanceof ContactFailure) return failure(error.message);
    if (!(error instanceof TlsError)) throw error;
    return failure(`answered with something else: ${error.message}`);
  }
}
