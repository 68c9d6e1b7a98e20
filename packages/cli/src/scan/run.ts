/** What `handfast scan` does: asks a server everything, and tells what it found. */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { chainVerifier } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { parseHostName } from 'handfast/x509';
import { type Address, formatAddress } from '../address.ts';
import { readTrust } from '../authorities.ts';
import { explain } from '../explain.ts';
import type { TrustCommandOptions } from '../options.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { printable } from '../render/layout.ts';
import { styleFor } from '../render/style.ts';
import { failureDocument, scanDocument } from './document.ts';
import type { ScanFacts } from './facts.ts';
import { findingsOf } from './findings.ts';
import { Progress } from './progress.ts';
import { scan } from './scan.ts';
import { scanLines } from './text.ts';

/** The command's options, as they were parsed. */
export interface ScanCommandOptions extends TrustCommandOptions {
  readonly name?: string;
  readonly timeout: number;
  readonly maxTime: number;
  readonly maxConnections: number;
  readonly parallel: number;
  readonly delay: number;
  readonly json?: true;
}

/** The name in the form that certificates have it; checked, so that a mistake is told before anything is sent. */
function nameOf(host: string, name: string | undefined): string {
  if (name === '') throw new Failure(ExitCode.usage, '--name needs a name.');
  const given = name ?? host;
  const ascii = /[^\0-\x7f]/.test(given) ? domainToASCII(given) || given : given.replace(/%.*$/, '');
  parseHostName(ascii, name === undefined ? 'host' : 'name');
  return ascii;
}

async function ask(address: Address, options: ScanCommandOptions): Promise<ScanFacts> {
  const { timeout, maxTime, maxConnections, parallel, delay } = options;
  const name = nameOf(address.host, options.name);
  const verifier = chainVerifier({ provider: nodeProvider, anchors: readTrust(options).anchors });
  const isTerminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  const watched = isTerminal && options.json === undefined;
  const progress = new Progress(
    watched ? process.stderr : undefined,
    styleFor(process.stderr, process.env),
    printable(formatAddress(address)),
  );
  try {
    return await scan({
      ...address,
      name,
      serverName: isIP(name) === 0 ? name : undefined,
      ...{ timeout, maxTime, maxConnections, parallel, delay },
      verifier,
      at: Date.now(),
      onStage: (stage) => progress.stage(stage),
      onConnection: (used) => progress.connection(used),
    });
  } finally {
    progress.done();
  }
}

function print(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Scans and tells.
 * @throws {Failure} when the server cannot be scanned, in plain words.
 */
export async function runScan(address: Address, options: ScanCommandOptions): Promise<ExitCode> {
  let facts: ScanFacts;
  try {
    facts = await ask(address, options);
  } catch (error) {
    const { exitCode, text } = explain(error, address);
    if (options.json && exitCode !== ExitCode.usage) print(failureDocument(address, error));
    throw error instanceof Failure ? error : new Failure(exitCode, text, { cause: error });
  }
  const findings = findingsOf(facts);
  if (options.json) print(scanDocument(facts, findings));
  else
    process.stdout.write(`${scanLines(styleFor(process.stdout, process.env), facts, findings).join('\n')}\n`);
  return findings.some(({ severity }) => severity === 'problem') ? ExitCode.refused : ExitCode.fine;
}
