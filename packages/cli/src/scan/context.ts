/** What the stages of a scan share: the dialer, and what was seen on the way. */
import { nodeProvider } from 'handfast/crypto/node';
import { NamedGroup } from 'handfast/wire';
import type { Dialer } from './dialer.ts';
import type { Answer, Flight } from './flight.ts';
import type { Offer } from './hello.ts';

/** Groups of the key shares for a TLS 1.3 server that does not ask for one. */
const USUAL_SHARES = [NamedGroup.x25519, NamedGroup.secp256r1];

export class ScanContext {
  readonly dialer: Dialer;
  /** Every flight, in the order of arrival. */
  readonly flights: Flight[] = [];
  /** The TLS 1.3 server refuses hellos without a key share, which the RFC allows: then each brings some. */
  needsShares = false;
  readonly #tell: (stage: string) => void;
  readonly #asked = new Map<string, Promise<Answer | undefined>>();

  constructor(dialer: Dialer, tell: (stage: string) => void) {
    this.dialer = dialer;
    this.#tell = tell;
  }

  /** Says what is being asked about. */
  stage(name: string): void {
    this.#tell(name);
  }

  /** Asks, and keeps what the server shows. The same question is put only once. */
  ask(offer: Offer): Promise<Answer | undefined> {
    const key = JSON.stringify([this.needsShares, offer]);
    const asked = this.#asked.get(key) ?? this.askAnew(offer);
    this.#asked.set(key, asked);
    return asked;
  }

  /** Asks, also where the same was asked before. */
  async askAnew(offer: Offer): Promise<Answer | undefined> {
    const answer = await this.dialer.ask(await this.#withShares(offer));
    if (answer?.kind === 'flight') this.flights.push(answer);
    return answer;
  }

  async #withShares(offer: Offer): Promise<Offer> {
    if (offer.version !== 'TLSv1.3' || !this.needsShares) return offer;
    const groups = (offer.groups ?? USUAL_SHARES).filter((group) => nodeProvider.groups.has(group));
    const shares = await Promise.all(
      groups.map(async (group) => {
        const started = await nodeProvider.groups.get(group)?.start();
        return started === undefined ? [] : [{ group, keyExchange: started.share }];
      }),
    );
    return { ...offer, shares: shares.flat() };
  }
}
