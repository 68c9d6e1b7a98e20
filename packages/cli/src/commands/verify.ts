/** `handfast verify`: its options and its help. What it does is loaded when it is asked for. */
import { type Command, Option } from 'commander';
import { addFetchingOptions, addTrustOptions, collect, collectOids, count, moment } from '../options.ts';
import type { ExitCode } from '../outcome.ts';
import type { VerifyCommandOptions } from '../verify/run.ts';

const DESCRIPTION = `Judge a certificate chain from files, as a connection would, and without any network
unless --fetch is given.

The first certificate of the first file is the one that is judged; all others, of all files, are
intermediates in any order. What vouches for them is --ca or --system-ca, or the public authorities
that Node trusts. Every check is shown with the document that demands it; there is no option to leave one out.`;

const MORE = `
Examples:
  handfast verify chain.pem --name example.com
  handfast verify leaf.pem intermediates.pem --name example.com --ca root.pem
  handfast verify client.pem --purpose client --ca clients-ca.pem
  handfast verify chain.pem --name example.com --at 2027-01-01     still good on New Year's Day?
  handfast verify chain.pem --name example.com --profile web-pki   as public authorities must be
  handfast verify chain.pem --name example.com --crl ca.crl --require-status leaf
  handfast verify chain.pem --name example.com --ocsp answer.der   judged by the responder's answer
  handfast verify chain.pem --name example.com --ct-logs log_list.json --require-scts 2
  handfast verify leaf.pem --name example.com --fetch --require-status chain    asks who knows
  handfast verify signer.pem --purpose codeSigning --ca root.pem
  openssl s_client -connect example.com:443 -showcerts </dev/null |
    handfast verify - --name example.com

Files are PEM, or one certificate in DER; - is the standard input.

Exit codes: 0 accepted; 1 refused; 2 wrong usage or an unusable file.`;

/** Adds the command to `program`. */
export function addVerify(program: Command, finish: (exitCode: ExitCode) => void): void {
  const command = program
    .command('verify')
    .summary('judge a certificate chain in files')
    .description(DESCRIPTION)
    .argument('<file...>', 'the chain, leaf first; more files for intermediates')
    .optionsGroup('The question:')
    .option('--name <host>', 'the host name or address that the certificate must carry')
    .addOption(
      new Option(
        '--purpose <purpose>',
        'what it is to be used for: server (needs --name), client, any, codeSigning, emailProtection, timeStamping, OCSPSigning, or a dotted object identifier',
      ).default('server', 'server'),
    );
  addTrustOptions(command)
    .addOption(
      new Option('--at <time>', 'judge as of a date or a time with its zone (default: now)').argParser(
        moment,
      ),
    )
    .addOption(
      new Option('--profile <profile>', 'rules for how certificates are made')
        .choices(['default', 'rfc5280', 'web-pki'])
        .default('default', 'default'),
    )
    .option(
      '--certificate-policy <oid>',
      'require a certificate policy (dotted); repeatable, any of them will do',
      collectOids,
    )
    .optionsGroup('Whether it was revoked:')
    .option('--crl <file>', 'revocation lists (PEM, or one in DER); repeatable', collect)
    .option('--ocsp <file>', 'OCSP responses (DER, or PEM); repeatable', collect)
    .option(
      '--stapled <file>',
      'the OCSP response that the server sent along: as in a connection, it must be a good one',
    )
    .addOption(
      new Option(
        '--require-status <which>',
        'whose status must be known; who is known to be revoked is refused anyway',
      )
        .choices(['never', 'leaf', 'chain'])
        .default('never', 'never'),
    )
    .optionsGroup('Whether it is public:')
    .option(
      '--ct-logs <file>',
      'the transparency logs that are believed: a list as browsers publish it (JSON)',
    )
    .addOption(
      new Option(
        '--require-scts <n>',
        'how many of them must vouch for it (default: 0, they are told)',
      ).argParser(count(99)),
    );
  addFetchingOptions(command)
    .optionsGroup('What to show:')
    .option('--json', 'print one JSON document on stdout and nothing else')
    .addHelpText('after', MORE)
    .action(async (files: readonly string[], options: VerifyCommandOptions) => {
      const { runVerify } = await import('../verify/run.ts');
      finish(await runVerify(files, options));
    });
}
