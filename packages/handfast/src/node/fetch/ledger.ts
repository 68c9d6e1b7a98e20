/** What one verdict may contact, and the report of what it did. */
import type { Certificate } from '../../x509/certificate.ts';
import { describe } from '../../x509/path-report.ts';
import { MAX_REDIRECTS } from '../limits.ts';
import type { Answer, Evidence, Exchanges, Question } from './exchanges.ts';
import { ContactFailure, fetchableUrl } from './http.ts';

/** What is looked for: the status of a certificate, or its issuer. */
export type ContactPurpose = 'ocsp' | 'crl' | 'delta' | 'issuer';

/** One request, or what was known in place of one. Plain data. */
export interface Contact {
  readonly url: string;
  readonly purpose: ContactPurpose;
  /** Subject of the certificate that names the URL, or whose revocation list does. */
  readonly certificate: string;
  /**
   * `fetched`: something of the right kind came; whether it is believed is for the verdict. `redirected`: the next contact is
   * where to. `failed`: nothing usable came. `refused`: nothing was sent.
   */
  readonly outcome: 'fetched' | 'redirected' | 'failed' | 'refused';
  /** What happened, in one sentence without its full stop. */
  readonly sentence: string;
  /** Of the body that was used. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** Whether no request was sent for it: the answer was known, or asked for by somebody else at that moment. */
  readonly fromCache: boolean;
}

export interface LedgerSettings {
  readonly maxContacts: number;
  /** Milliseconds for all contacts together. */
  readonly totalTimeout: number;
  readonly onContact?: ((contact: Contact) => void) | undefined;
}

/** Why something is asked. */
interface Reason {
  readonly purpose: ContactPurpose;
  readonly about: Certificate;
}

/** What is asked, about which certificate. */
export interface Errand<T extends Evidence> extends Reason {
  /** As it stands in the certificate. */
  readonly url: string;
  readonly question: (url: URL) => Question<T>;
}

export interface Fetched<T extends Evidence> {
  readonly evidence: T;
  readonly question: Question<T>;
  readonly answer: Answer<T>;
}

/** Thrown and caught in here: one more request would be one too many. */
class SpentError extends Error {}

const SERVERS: Readonly<Record<ContactPurpose, string>> = {
  ocsp: 'OCSP responder',
  crl: 'server of revocation lists',
  delta: 'server of delta revocation lists',
  issuer: "server of issuers' certificates",
};

export class Ledger {
  readonly contacts: Contact[] = [];
  readonly #exchanges: Exchanges;
  readonly #settings: LedgerSettings;
  readonly #deadline = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #left: number;
  #exhausted: string | undefined;

  constructor(exchanges: Exchanges, settings: LedgerSettings) {
    this.#exchanges = exchanges;
    this.#settings = settings;
    this.#left = settings.maxContacts;
    this.#timer = setTimeout(() => this.#deadline.abort(), settings.totalTimeout);
    this.#timer.unref();
  }

  /** Why nothing more is asked, once that is so. */
  get exhausted(): string | undefined {
    return this.#exhausted;
  }

  /** Ends what is still under way. */
  close(): void {
    clearTimeout(this.#timer);
    this.#deadline.abort();
  }

  /** Runs an errand, redirects included; `undefined` when nothing came of it, which the report then says. */
  async fetch<T extends Evidence>(errand: Errand<T>): Promise<Fetched<T> | undefined> {
    let question: Question<T>;
    try {
      question = errand.question(fetchableUrl(errand.url));
    } catch (error) {
      if (!(error instanceof ContactFailure)) throw error;
      this.#tell(errand, errand.url, { outcome: 'refused', what: error.message });
      return undefined;
    }
    for (let redirects = 0; this.#mayGoOn(); redirects++) {
      const answer = await this.#ask(errand, question, redirects);
      if (answer?.kind === 'evidence') return { evidence: answer.evidence, question, answer };
      if (answer?.kind !== 'redirect') return undefined;
      question = { ...question, url: answer.to };
    }
    return undefined;
  }

  /** Whether there is time left. */
  #mayGoOn(): boolean {
    if (!this.#deadline.signal.aborted) return true;
    this.#exhausted ??= `the ${this.#settings.totalTimeout / 1000} s for all requests were over`;
    return false;
  }

  /** One request; `undefined` when it led to nothing. */
  async #ask<T extends Evidence>(
    errand: Errand<T>,
    question: Question<T>,
    redirects: number,
  ): Promise<Answer<T> | undefined> {
    const { url } = question;
    // What OCSP adds to the URL in the certificate tells people nothing.
    const place = redirects === 0 ? errand.url : url;
    const began = performance.now();
    const tell = (outcome: Contact['outcome'], what: string, bytes = 0, fromCache = false): void =>
      this.#tell(errand, url, {
        place,
        outcome,
        what,
        bytes,
        milliseconds: Math.round(performance.now() - began),
        fromCache,
      });
    try {
      const { answer, fromCache } = await this.#exchanges.ask(question, this.#deadline.signal, () =>
        this.#spend(),
      );
      if (answer.kind === 'evidence') tell('fetched', `sent ${answer.bytes} bytes`, answer.bytes, fromCache);
      else if (answer.kind === 'failure') {
        tell(answer.refused ? 'refused' : 'failed', answer.what, 0, fromCache);
      } else if (redirects === MAX_REDIRECTS) {
        tell('failed', `redirected to yet another place after ${redirects} others`, 0, fromCache);
        return undefined;
      } else {
        tell('redirected', `redirected to ${printableUrl(answer.to)}`, 0, fromCache);
        return { kind: 'redirect', to: this.#checked(errand, answer.to) };
      }
      return answer;
    } catch (error) {
      if (error instanceof SpentError) return undefined;
      if (!(error instanceof ContactFailure)) throw error;
      if (!error.refused) {
        this.#mayGoOn();
        tell('failed', `did not answer before ${this.#exhausted}`);
      }
      return undefined;
    }
  }

  /** Where a redirect leads to, if anything is fetched from there. */
  #checked(errand: Reason, url: string): string {
    try {
      return fetchableUrl(url).href;
    } catch (error) {
      if (error instanceof ContactFailure)
        this.#tell(errand, url, { outcome: 'refused', what: error.message });
      throw error;
    }
  }

  #spend(): void {
    if (this.#left === 0) {
      this.#exhausted ??= `the ${this.#settings.maxContacts} requests that one verdict may cause were used up`;
      throw new SpentError();
    }
    this.#left--;
  }

  #tell(
    { purpose, about }: Reason,
    url: string,
    {
      outcome,
      what,
      place = url,
      bytes = 0,
      milliseconds = 0,
      fromCache = false,
    }: Pick<Contact, 'outcome'> & Partial<Contact> & { readonly what: string; readonly place?: string },
  ): void {
    const contact: Contact = {
      url: printableUrl(url),
      purpose,
      certificate: about.subject.toString(),
      outcome,
      sentence: `the ${SERVERS[purpose]} for ${describe(about)} at ${printableUrl(place)} ${what}`,
      bytes,
      milliseconds,
      fromCache,
    };
    this.contacts.push(contact);
    this.#settings.onContact?.(contact);
  }
}

/** Strangers write URLs: control characters are not for terminals, and nobody reads to the end of long ones. */
function printableUrl(url: string): string {
  const plain = url.replace(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character));
  return plain.length > 300 ? `${plain.slice(0, 300)}...` : plain;
}
