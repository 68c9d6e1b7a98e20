/** `handfast ca`: its commands, their options and their help. What they do is loaded when it is asked for. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from 'handfast';
import { KEY_TYPES, REASONS } from '../ca/keys.ts';
import { checkPermit } from '../ca/permits.ts';
import type { CrlOptions, InitOptions, IssueOptions, ListOptions, RevokeOptions } from '../ca/run.ts';
import { count } from '../options.ts';
import type { ExitCode } from '../outcome.ts';

const DESCRIPTION = `A small certificate authority in a folder, for development and tests.

Private keys are written for their owner's eyes only (mode 0600, folders 0700) and are not encrypted.
Nothing is overwritten unless --force is given. Whatever is issued is judged first as a peer would
judge it, and noted in index.jsonl. Nothing is ever installed: how to make systems trust the
authority is printed.`;

const MORE = `
Examples:
  handfast ca init --permit test --permit localhost --permit 127.0.0.0/8
  handfast ca issue localhost 127.0.0.1               for handfast serve --cert ... --key ...
  handfast ca issue Ada --client                      for handfast connect --cert ... --key ...
  handfast ca issue "Team CA" --intermediate --permit team.test
  handfast ca list
  handfast ca revoke handfast-ca/issued/localhost.pem --reason superseded
  handfast ca crl                                     the list that tells others
  handfast ca trust                                   how to make systems trust it

Each command has --help.

Exit codes: 0 fine; 2 wrong usage, or a file cannot be used or written.`;

const EXIT_CODES = '\nExit codes: 0 fine; 2 wrong usage, or a file cannot be used or written.';

const DEFAULT_DIR = 'handfast-ca';
const MAX_DAYS = 36_500;
const DEFAULT_CRL_DAYS = 30;

/** Gathers what an authority may vouch for. */
function permits(text: string, earlier: readonly string[] = []): string[] {
  try {
    checkPermit(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new InvalidArgumentError(
      'Expected a DNS name such as example.test, or a range such as 10.0.0.0/8.',
    );
  }
  return [...earlier, text];
}

function dirOption(): Option {
  return new Option('--dir <dir>', 'the folder of the authority').default(DEFAULT_DIR, DEFAULT_DIR);
}

function keyOption(): Option {
  return new Option('--key <type>', 'the kind of key to make')
    .choices(Object.keys(KEY_TYPES))
    .default('p256', 'p256');
}

const FORCE = 'overwrite what is there';

function addInit(group: Command, finish: (exitCode: ExitCode) => void): void {
  group
    .command('init')
    .summary('make an authority')
    .description('Make an authority: ca.pem, ca.key and index.jsonl in a folder.')
    .addOption(dirOption())
    .option('--name <name>', 'its common name', 'handfast development CA')
    .addOption(keyOption())
    .option('--days <n>', 'how long it is good for (default: 3650)', count(MAX_DAYS))
    .option(
      '--permit <name>',
      'vouch for names below this DNS name, or addresses in this range, only; repeatable',
      permits,
    )
    .option('--force', `${FORCE}; what an authority there has issued is forgotten`)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: InitOptions) => {
      const { runInit } = await import('../ca/run.ts');
      finish(await runInit(options));
    });
}

function addIssue(group: Command, finish: (exitCode: ExitCode) => void): void {
  group
    .command('issue')
    .summary('issue a certificate')
    .description(
      'Issue a certificate with a new key, for a server (host names, *.names, addresses), for a client, or\nfor an intermediate, which becomes an authority in a folder of its own.',
    )
    .argument('<name...>', 'the names of a server; the one name of a client or an intermediate')
    .addOption(dirOption())
    .addOption(new Option('--client', 'for a client').conflicts('intermediate'))
    .option('--intermediate', 'for an authority below this one, which may issue to servers and clients')
    .addOption(keyOption())
    .option(
      '--days <n>',
      'how long it is good for (default: 90; an intermediate 1825), at most as long as its issuer',
      count(MAX_DAYS),
    )
    .option(
      '--permit <name>',
      'an intermediate vouches for names below this DNS name, or addresses in this range, only; repeatable',
      permits,
    )
    .option(
      '--out <dir>',
      'the folder to write to (default: issued/, or intermediates/NAME, beside the authority)',
    )
    .option('--force', FORCE)
    .addHelpText('after', EXIT_CODES)
    .action(async (names: readonly string[], options: IssueOptions) => {
      const { runIssue } = await import('../ca/run.ts');
      finish(await runIssue(names, options));
    });
}

function addRevocation(group: Command, finish: (exitCode: ExitCode) => void): void {
  group
    .command('revoke')
    .summary('note that a certificate is good no more')
    .description('Note that a certificate is good no more. handfast ca crl tells others.')
    .argument('<serial|file>', 'its serial number, as list shows it, or its file')
    .addOption(dirOption())
    .addOption(
      new Option('--reason <reason>', 'why').choices([...REASONS]).default('unspecified', 'unspecified'),
    )
    .addHelpText('after', EXIT_CODES)
    .action(async (what: string, options: RevokeOptions) => {
      const { runRevoke } = await import('../ca/run.ts');
      finish(await runRevoke(what, options));
    });
  group
    .command('crl')
    .summary('write a revocation list')
    .description(
      'Write a list of all certificates that were revoked; crl.pem of the authority takes the place of the one before.',
    )
    .addOption(dirOption())
    .addOption(
      new Option('--days <n>', 'until when the next one comes')
        .argParser(count(MAX_DAYS))
        .default(DEFAULT_CRL_DAYS),
    )
    .option('--out <file>', 'write it there instead')
    .option('--force', FORCE)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: CrlOptions) => {
      const { runCrl } = await import('../ca/run.ts');
      finish(await runCrl(options));
    });
}

function addReports(group: Command, finish: (exitCode: ExitCode) => void): void {
  group
    .command('list')
    .summary('show what was issued')
    .description('Show what was issued, and what became of it.')
    .addOption(dirOption())
    .option('--json', 'print one JSON document on stdout and nothing else')
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ListOptions) => {
      const { runList } = await import('../ca/run.ts');
      finish(await runList(options));
    });
  group
    .command('trust')
    .summary('print how to make systems trust it')
    .description('Print the commands that make systems trust the authority. Nothing is run.')
    .addOption(dirOption())
    .addHelpText('after', EXIT_CODES)
    .action(async (options: { readonly dir: string }) => {
      const { runTrust } = await import('../ca/run.ts');
      finish(await runTrust(options));
    });
}

/** Adds the commands to `program`. */
export function addCa(program: Command, finish: (exitCode: ExitCode) => void): void {
  const group = program
    .command('ca')
    .summary('a certificate authority in a folder, for development')
    .description(DESCRIPTION)
    .addHelpText('after', MORE);
  addInit(group, finish);
  addIssue(group, finish);
  addReports(group, finish);
  addRevocation(group, finish);
}
