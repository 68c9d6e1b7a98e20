/** What a command line says about transparency logs. */
import { ConfigError } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { MAX_TIMESTAMPS, parseLogList, type TransparencyOptions } from 'handfast/x509';
import { readInput, unusable } from '../files.ts';
import { ExitCode, Failure } from '../outcome.ts';

/** The options, as they were parsed. */
export interface TransparencyCommandOptions {
  readonly ctLogs?: string;
  readonly requireScts?: number;
}

/**
 * Reads the list of logs, and how many of them must vouch for the leaf; `undefined` when nobody asks.
 * @throws {Failure} when the file cannot be used, or more is required than its logs could give.
 */
export function readTransparency({ ctLogs, requireScts = 0 }: TransparencyCommandOptions) {
  if (ctLogs === undefined) {
    if (requireScts === 0) return undefined;
    throw new Failure(
      ExitCode.usage,
      '--require-scts needs --ct-logs: say which transparency logs are believed, such as the list at https://www.gstatic.com/ct/log_list/v3/log_list.json',
    );
  }
  const text = readInput('--ct-logs', ctLogs).toString('utf8');
  try {
    const logs = parseLogList(text, nodeProvider);
    const most = Math.min(logs.length, MAX_TIMESTAMPS);
    if (requireScts <= most) return { logs, require: requireScts } satisfies TransparencyOptions;
    throw new Failure(
      ExitCode.usage,
      `--require-scts ${requireScts} is more than the ${logs.length} ${logs.length === 1 ? 'log' : 'logs'} of ${ctLogs} could give (at most ${MAX_TIMESTAMPS} timestamps are looked at).`,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw unusable('--ct-logs', ctLogs, error.message.replace(/^logList[.:] ?/, ''), error);
  }
}
