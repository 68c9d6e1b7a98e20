/** `handfast scan`: its options and its help. What it does is loaded when it is asked for. */
import { type Command, Option } from 'commander';
import { HTTPS_PORT, parseAddress } from '../address.ts';
import { addTrustOptions, count, milliseconds } from '../options.ts';
import type { ExitCode } from '../outcome.ts';
import {
  DEFAULT_PROBE_TIMEOUT,
  DEFAULT_SCAN_CONNECTIONS,
  DEFAULT_SCAN_PARALLEL,
  DEFAULT_SCAN_TIME,
  MAX_SCAN_CONNECTIONS,
  MAX_SCAN_PARALLEL,
} from '../scan/limits.ts';
import type { ScanCommandOptions } from '../scan/run.ts';

const DESCRIPTION = `Find out what a TLS server accepts, what it prefers, and what is weak about it.

Versions from SSL 2.0 to TLS 1.3, cipher suites, groups, signature schemes, application protocols,
certificates and the verdict about them, staples and tickets. Old versions and weak suites are found
by their hellos alone: handfast never speaks them. Nothing is attacked, and nothing is sent after a
handshake.`;

const MORE = `
Examples:
  handfast scan example.com
  handfast scan localhost:8443 --ca ca.pem
  handfast scan 192.0.2.1 --name example.com      one of several servers behind a name
  handfast scan example.com --parallel 1 --delay 1
  handfast scan example.com --json | jq .findings

The port is 443 where none is given. All connections go to the address that answered first; a
well-kept server takes some 60 of them, one that accepts everything some 300. Scan only servers that
you may scan.

Exit codes: 0 no problem was found, though perhaps weaknesses; 1 there are problems, or it does not
speak TLS; 2 wrong usage or an unusable file; 3 the network failed.`;

/** Adds the command to `program`. */
export function addScan(program: Command, finish: (exitCode: ExitCode) => void): void {
  const command = program
    .command('scan')
    .summary('find out what a server accepts, and what is weak about it')
    .description(DESCRIPTION)
    .argument('<host[:port]>', 'a name, an IPv4 address, or an IPv6 address in brackets')
    .option('--name <name>', 'the name to ask for and to judge certificates by (default: HOST)');
  addTrustOptions(command)
    .addOption(
      new Option('--timeout <seconds>', 'limit for one connection and its answer')
        .argParser(milliseconds)
        .default(DEFAULT_PROBE_TIMEOUT, `${DEFAULT_PROBE_TIMEOUT / 1000}`),
    )
    .addOption(
      new Option('--max-time <seconds>', 'limit for the whole scan')
        .argParser(milliseconds)
        .default(DEFAULT_SCAN_TIME, `${DEFAULT_SCAN_TIME / 1000}`),
    )
    .addOption(
      new Option(
        '--max-connections <n>',
        `how many connections to make at most, up to ${MAX_SCAN_CONNECTIONS}`,
      )
        .argParser(count(MAX_SCAN_CONNECTIONS))
        .default(DEFAULT_SCAN_CONNECTIONS),
    )
    .addOption(
      new Option('--parallel <n>', `how many connections at a time, up to ${MAX_SCAN_PARALLEL}`)
        .argParser(count(MAX_SCAN_PARALLEL))
        .default(DEFAULT_SCAN_PARALLEL),
    )
    .addOption(
      new Option('--delay <seconds>', 'pause from the start of one connection to the next')
        .argParser(milliseconds)
        .default(0, 'none'),
    )
    .option('--json', 'print one JSON document on stdout and nothing else')
    .addHelpText('after', MORE)
    .action(async (target: string, options: ScanCommandOptions) => {
      const { runScan } = await import('../scan/run.ts');
      finish(await runScan(parseAddress(target, HTTPS_PORT), options));
    });
}
