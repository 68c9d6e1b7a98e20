/** Errors of every kind in one or two plain sentences: what happened, and what to do about it. */
import { type AlertName, ConfigError, TlsError, type TlsErrorCode } from 'handfast';
import type { Verdict } from 'handfast/x509';
import { type Address, formatAddress } from './address.ts';
import { ExitCode, Failure } from './outcome.ts';
import { briefly } from './render/layout.ts';
import { commandWording } from './wording.ts';

/** What to do about an error that has a usual cause. */
const ADVICE: { readonly [C in TlsErrorCode]?: string } = {
  ERR_NOT_TLS: 'Is this the right port?',
  ERR_UNKNOWN_CA: 'Authorities to trust are named with --ca FILE.',
  ERR_NAME_MISMATCH: 'Another name is asked for with --servername NAME.',
};

/** What to do when the peer sent one of these alerts. */
const ALERT_ADVICE: { readonly [A in AlertName]?: string } = {
  protocol_version: 'It takes none of the versions that were offered; handfast scan tells which it takes.',
  handshake_failure:
    'Perhaps nothing that was offered suits it: handfast scan tells what does, and --policy legacy offers more.',
  insufficient_security: 'It wants something stronger than what was offered: try another --policy.',
  certificate_required: 'Show it one with --cert FILE and --key FILE.',
  unrecognized_name: 'Ask for another name with --servername NAME.',
  no_application_protocol: 'Offer another with --alpn.',
};

const SYSTEM: Readonly<Record<string, (where: string) => string>> = {
  ECONNREFUSED: (where) =>
    `Nothing listens on ${where} (connection refused). Is the server running, and the port right?`,
  ENOTFOUND: (where) => `The name in ${where} cannot be resolved. Is it spelled right?`,
  EAI_AGAIN: (where) => `The name in ${where} cannot be resolved right now. Is the network up?`,
  ETIMEDOUT: (where) => `${where} does not answer. Is the address right, and no firewall between?`,
  EHOSTUNREACH: (where) => `There is no way to ${where}. Is the network up?`,
  ENETUNREACH: (where) => `There is no way to ${where}. Is the network up?`,
  ECONNRESET: (where) => `${where} broke the connection without a word (reset). Does it speak TLS?`,
  EPIPE: (where) => `${where} broke the connection while we were writing.`,
  EINVAL: (where) => `${where} cannot be used as an address here. Is it complete?`,
  EADDRINUSE: (where) => `The port in ${where} is in use. Choose another with --port, or stop who uses it.`,
  EADDRNOTAVAIL: (where) => `${where} is not an address of this machine. Choose another with --host.`,
  EACCES: (where) => `This user may not listen on ${where}. Choose a port above 1023 with --port.`,
};

export interface Explanation {
  readonly exitCode: ExitCode;
  /** One or two sentences, safe to print. */
  readonly text: string;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function explainTls(error: TlsError, where: string | undefined): Explanation {
  const { alertReceived } = error.context;
  const advice = alertReceived === undefined ? ADVICE[error.code] : ALERT_ADVICE[alertReceived as AlertName];
  const network = error.code === 'ERR_HANDSHAKE_TIMEOUT' || error.code === 'ERR_TRUNCATED';
  const verdict = error.context.verdict as Verdict | undefined;
  const isRefused = verdict?.ok === false;
  const what = isRefused ? verdict.sentence : commandWording(error.message);
  const told = `${what.replace(/\.$/, '')} (${error.code}).${isRefused ? ` ${verdict.advice}` : ''}`;
  return {
    exitCode: network ? ExitCode.network : ExitCode.refused,
    text:
      where === undefined ? told : [`${where}: ${told}`, ...(advice === undefined ? [] : [advice])].join(' '),
  };
}

function explainAny(error: unknown, where: string | undefined): Explanation {
  if (error instanceof Failure) return { exitCode: error.exitCode, text: sentence(error.message) };
  if (error instanceof ConfigError) {
    return { exitCode: ExitCode.usage, text: sentence(commandWording(error.message, error.option)) };
  }
  if (error instanceof TlsError) return explainTls(error, where);
  // Several addresses of one host were tried, and all failed.
  if (error instanceof AggregateError && error.errors.length > 0) return explainAny(error.errors[0], where);
  const code = (error as { readonly code?: unknown } | null)?.code;
  const exitCode = typeof code === 'string' ? ExitCode.network : ExitCode.refused;
  const known = typeof code === 'string' ? SYSTEM[code] : undefined;
  if (known !== undefined) return { exitCode, text: sentence(known(where ?? 'the peer')) };
  const message = error instanceof Error ? error.message : String(error);
  const told =
    typeof code === 'string' ? message : `internal error: ${message} (HANDFAST_DEBUG=1 shows where)`;
  return { exitCode, text: sentence(where === undefined ? told : `${where}: ${told}`) };
}

/**
 * An error in plain words.
 * @param address the peer that a client called, or where a server was to listen; without it, nothing is advised.
 */
export function explain(error: unknown, address?: Address): Explanation {
  const { exitCode, text } = explainAny(error, address && formatAddress(address));
  return { exitCode, text: briefly(text) };
}
