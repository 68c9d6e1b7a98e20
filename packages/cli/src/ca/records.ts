/** The index of an authority: a line of JSON for everything that it did, only ever added to. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { unusable, unwritable } from '../files.ts';
import type { Revocation } from './revocation-list.ts';

export type Usage = 'server' | 'client' | 'intermediate';
export type Reason = Revocation['reason'];

/** A certificate that was issued. Times are ISO 8601. */
export interface Issued {
  readonly event: 'issued';
  readonly serialNumber: string;
  readonly usage: Usage;
  /** The first is the subject's common name. */
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly certificate: string;
}

/** A certificate that was revoked. */
export interface Revoked {
  readonly event: 'revoked';
  readonly serialNumber: string;
  readonly time: string;
  readonly reason: Reason;
}

/** A revocation list that was made. */
export interface ListMade {
  readonly event: 'crl';
  readonly number: number;
  readonly time: string;
}

export type Event = Issued | Revoked | ListMade;

function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false;
  const event = value as Partial<Record<string, unknown>>;
  const has = (...texts: readonly string[]): boolean =>
    texts.every((name) => typeof event[name] === 'string');
  switch (event['event']) {
    case 'issued':
      return (
        has('serialNumber', 'usage', 'notBefore', 'notAfter', 'certificate') && Array.isArray(event['names'])
      );
    case 'revoked':
      return has('serialNumber', 'time', 'reason');
    case 'crl':
      return has('time') && Number.isSafeInteger(event['number']);
    default:
      return false;
  }
}

function parseLine(path: string, line: string, index: number): Event {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (isEvent(value)) return value;
  throw unusable('', path, `its line ${index + 1} is no record of this authority; is it damaged?`);
}

/** What was issued, revoked and listed. */
export class Records {
  readonly #path: string;
  readonly #events: Event[];

  /** @throws {Failure} when the file cannot be read. */
  constructor(path: string) {
    this.#path = path;
    let text: string;
    try {
      text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    } catch (error) {
      throw unusable('', path, (error as Error).message, error);
    }
    this.#events = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line, i) => parseLine(path, line, i));
  }

  /** @throws {Failure} when it cannot be written. */
  add(event: Event): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(event)}\n`, { mode: 0o600 });
    } catch (error) {
      throw unwritable('', this.#path, error);
    }
    this.#events.push(event);
  }

  get issued(): readonly Issued[] {
    return this.#events.filter((event) => event.event === 'issued');
  }

  get revoked(): ReadonlyMap<string, Revoked> {
    return new Map(
      this.#events.flatMap((event) => (event.event === 'revoked' ? [[event.serialNumber, event]] : [])),
    );
  }

  /** For the next revocation list. */
  get nextNumber(): number {
    return 1 + Math.max(0, ...this.#events.map((event) => (event.event === 'crl' ? event.number : 0)));
  }
}
