/** Lists of logs in version 3 of the format that Chrome and Apple publish theirs in. */
import type { CryptoProvider } from '../../crypto/provider.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { ConfigError } from '../../wire/errors.ts';
import { fromBase64 } from '../base64.ts';
import { keyHash, readLogKey, type TransparencyLog } from './logs.ts';

type Json = Readonly<Record<string, unknown>>;

/** States whose logs count. */
const IN_USE: ReadonlySet<string> = new Set(['qualified', 'usable', 'readonly']);
/** States of logs that nobody has come to trust yet, or that lost all trust. */
const LEFT_OUT: ReadonlySet<string> = new Set(['pending', 'rejected']);

interface Context {
  readonly provider: Pick<CryptoProvider, 'hash'>;
  /** Where the logs stand that were read already, by their ids. */
  readonly places: Map<string, string>;
}

/**
 * Reads a list of logs: https://www.gstatic.com/ct/log_list/v3/log_list_schema.json. Logs that are qualified, usable or
 * readonly count, those that are retired up to that day; those that are pending, rejected, for tests, or of which the list
 * gives no state are left out. Who made the list, and how old it is, is the caller's to judge.
 * @param json the text of the list.
 * @param provider hashes keys, to compare them with the ids.
 * @throws {ConfigError} when the text is no such list, or when it has no log that counts; its `option` is the place, such as
 * `logList.operators[0].logs[2].key`.
 */
export function parseLogList(
  json: string,
  provider: Pick<CryptoProvider, 'hash'>,
): readonly TransparencyLog[] {
  const place = 'logList';
  const list = readObject(parseJson(json, place), place);
  const context: Context = { provider, places: new Map() };
  const logs = readArray(list, 'operators', place).flatMap((value, index) =>
    readOperator(value, `${place}.operators[${index}]`, context),
  );
  if (logs.length > 0) return logs;
  throw new ConfigError(place, `${place}: it names no log that is qualified, usable, readonly or retired`);
}

function readOperator(value: unknown, place: string, context: Context): readonly TransparencyLog[] {
  const operator = readObject(value, place);
  const name = readText(operator, 'name', place);
  // Logs of the static API (tiled_logs) sign the same timestamps.
  return ['logs', 'tiled_logs'].flatMap((member) =>
    readArray(operator, member, place, member === 'tiled_logs' || 'tiled_logs' in operator).flatMap(
      (log, index) => readLog(log, `${place}.${member}[${index}]`, name, context),
    ),
  );
}

function readLog(
  value: unknown,
  place: string,
  operator: string,
  { provider, places }: Context,
): readonly TransparencyLog[] {
  const log = readObject(value, place);
  const publicKey = readBase64(log, 'key', place);
  readLogKey(publicKey, `${place}.key`);
  const id = keyHash(publicKey, provider);
  if (!equalBytes(readBase64(log, 'log_id', place), id)) {
    throw wrong(`${place}.log_id`, 'the SHA-256 hash of its key', log['log_id']);
  }
  const other = places.get(toHex(id));
  if (other !== undefined) throw wrong(`${place}.key`, `another key than that of ${other}`, log['key']);
  places.set(toHex(id), place);
  const isForTests = log['log_type'] !== undefined && log['log_type'] !== 'prod';
  const state = readState(log, place);
  if (isForTests || state === 'left out') return [];
  const temporalInterval = readInterval(log, place);
  return [
    {
      publicKey,
      operator,
      ...(log['description'] !== undefined && { description: readText(log, 'description', place) }),
      ...(temporalInterval && { temporalInterval }),
      ...state,
    },
  ];
}

function readState(log: Json, place: string): Pick<TransparencyLog, 'retiredAt'> | 'left out' {
  if (log['state'] === undefined) return 'left out';
  const state = readObject(log['state'], `${place}.state`);
  const [name = '', ...others] = Object.keys(state);
  if (others.length === 0 && IN_USE.has(name)) return {};
  if (others.length === 0 && LEFT_OUT.has(name)) return 'left out';
  if (others.length > 0 || name !== 'retired') {
    throw wrong(
      `${place}.state`,
      'one of pending, qualified, usable, readonly, retired, rejected',
      Object.keys(state).join(', '),
    );
  }
  const inside = `${place}.state.retired`;
  return { retiredAt: readTime(readObject(state['retired'], inside), 'timestamp', inside) };
}

function readInterval(log: Json, place: string): TransparencyLog['temporalInterval'] {
  if (log['temporal_interval'] === undefined) return undefined;
  const inside = `${place}.temporal_interval`;
  const interval = readObject(log['temporal_interval'], inside);
  const from = readTime(interval, 'start_inclusive', inside);
  const until = readTime(interval, 'end_exclusive', inside);
  if (from < until) return { from, until };
  throw wrong(inside, 'a start and a later end', interval['end_exclusive']);
}

function parseJson(json: string, place: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(place, `${place}: expected a list of logs in JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function readObject(value: unknown, place: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(place, 'an object', value);
}

function readArray(holder: Json, member: string, place: string, isOptional = false): readonly unknown[] {
  const value = holder[member];
  if (isOptional && value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw wrong(`${place}.${member}`, 'an array', value);
}

function readText(holder: Json, member: string, place: string): string {
  const value = holder[member];
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(`${place}.${member}`, 'a text', value);
}

function readBase64(holder: Json, member: string, place: string): Uint8Array {
  const text = readText(holder, member, place);
  const bytes = fromBase64(text);
  if (bytes === undefined) throw wrong(`${place}.${member}`, 'base64', text);
  return bytes;
}

/** RFC 3339 in UTC, as the schema has it. */
function readTime(holder: Json, member: string, place: string): number {
  const text = readText(holder, member, place);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw wrong(`${place}.${member}`, 'a time such as 2026-11-23T20:12:00Z', text);
  return time;
}

const MAX_SHOWN = 60;

function wrong(place: string, expected: string, found: unknown): ConfigError {
  const text = found === undefined ? 'nothing' : JSON.stringify(found);
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return new ConfigError(place, `${place}: expected ${expected}, found ${shown}`);
}
