/** Values of command-line options. */
import { type Command, InvalidArgumentError } from 'commander';
import { parsePort } from './address.ts';
import { Failure } from './outcome.ts';

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Gathers object identifiers. */
export function collectOids(text: string, earlier: readonly string[] = []): string[] {
  if (!/^[0-2](?:\.(?:0|[1-9]\d*))+$/.test(text)) {
    throw new InvalidArgumentError('Expected a dotted object identifier, such as 2.23.140.1.2.1.');
  }
  return [...earlier, text];
}

const MAX_SECONDS = 86_400;

/** A limit in seconds, as milliseconds. */
export function milliseconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new InvalidArgumentError(`Expected seconds, more than 0 and at most ${MAX_SECONDS}.`);
  }
  return Math.ceil(seconds * 1000);
}

/** Makes a parser for a number of things, at least 1 and at most `most`. */
export function count(most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > most) throw new InvalidArgumentError(`Expected a number from 1 to ${most}.`);
    return number;
  };
}

/** A number of tickets. */
export function ticketCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= MAX_TICKETS) return count;
  throw new InvalidArgumentError(`Expected a number from 0 to ${MAX_TICKETS}.`);
}

/** As many as the library sends at most. */
const MAX_TICKETS = 8;

/** A port to listen on; 0 lets the system choose. */
export function listeningPort(text: string): number {
  try {
    return parsePort(text, 0);
  } catch (error) {
    if (error instanceof Failure) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** `h2,http/1.1`: application protocols, best first. */
export function protocols(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !/^[\x21-\x7e]{1,255}$/.test(name))) {
    throw new InvalidArgumentError('Expected names with commas between them, such as h2,http/1.1.');
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is named twice.`);
  return names;
}

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A date, which begins at midnight UTC, or a time with its zone: milliseconds since 1970. */
export function moment(text: string): number {
  const date = MOMENT.exec(text)?.[1];
  const time = date === undefined ? Number.NaN : Date.parse(text);
  // Date.parse takes the 30th of February for a day in March.
  if (date === undefined || Number.isNaN(time) || !new Date(date).toISOString().startsWith(date)) {
    throw new InvalidArgumentError(
      'Expected a date such as 2026-11-24, or a time with its zone such as 2026-11-24T12:00:00Z.',
    );
  }
  return time;
}

/** The path of an HTTP request. */
export function requestPath(text: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(text)) {
    throw new InvalidArgumentError('Expected a path that begins with /, in ASCII and without spaces.');
  }
  return text;
}

/** The options that let a verdict fetch what it lacks, as they were parsed. */
export interface FetchingCommandOptions {
  readonly fetch?: true;
  readonly allowPrivateAddresses?: true;
}

/** Adds them to a command. */
export function addFetchingOptions(command: Command): Command {
  return command
    .optionsGroup('Whom to ask (over http; they learn which certificate is judged, and by whom):')
    .option('--fetch', 'ask for what is missing: OCSP responses, revocation lists, issuers')
    .option('--allow-private-addresses', 'with --fetch: on this machine and in its own networks, too');
}

/** Whom to trust, as it was parsed. */
export interface TrustCommandOptions {
  readonly ca?: readonly string[];
  readonly systemCa?: true;
}

/** Adds the options that say whom to trust. */
export function addTrustOptions(command: Command): Command {
  return command
    .option(
      '--ca <path>',
      'trust these authorities instead of the public ones: a file (PEM, or one in DER), or a folder of such files; repeatable',
      collect,
    )
    .option('--system-ca', "trust this system's authorities instead of Node's; those of --ca as well");
}
