/** `handfast inspect`: its options and its help. What it does is loaded when it is asked for. */
import type { Command } from 'commander';
import type { InspectCommandOptions } from '../inspect/run.ts';
import type { ExitCode } from '../outcome.ts';

const DESCRIPTION = `Show what is in files: certificates, certificate requests, revocation lists, OCSP responses and
requests, public and private keys; in PEM, any number of them in one file, or in DER; PKCS #12
stores (.p12, .pfx), and the certificates of PKCS #7 messages (.p7b, .p7c).

What a block is, is told by its structure, whatever its label says. Of private keys the type, the
size and the fingerprint of the public key are shown, and never the private parts. Nothing is
judged here: that is what handfast verify does.`;

const MORE = `
Examples:
  handfast inspect chain.pem
  handfast inspect server.key server.pem           do the two have the same key sha256?
  handfast inspect request.csr --hex               every byte, with its meaning beside it
  handfast inspect answer.ocsp                     whom an OCSP response is about, and who signed it
  handfast inspect store.p12 --passphrase-file pw  certificates, keys, and whether it was changed
  handfast inspect chain.pem --json | jq .blocks[].notAfter
  openssl s_client -connect example.com:443 </dev/null | handfast inspect -

Files are PEM or DER; - is the standard input. Passwords come from a file or the environment, since
every user of a machine can read command lines; an empty one is tried anyway.

Exit codes: 0 everything was read; 2 wrong usage, or a file or a part of it cannot be used.`;

/** Adds the command to `program`. */
export function addInspect(program: Command, finish: (exitCode: ExitCode) => void): void {
  program
    .command('inspect')
    .summary('show what is in files of certificates and keys')
    .description(DESCRIPTION)
    .argument('<file...>', 'PEM or DER')
    .option('--hex', 'every byte of the DER, with its offset and its meaning; never those of private keys')
    .option(
      '--passphrase-file <file>',
      'the password of stores and encrypted keys: its first line; otherwise the environment variable HANDFAST_PASSPHRASE',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', MORE)
    .action(async (files: readonly string[], options: InspectCommandOptions) => {
      const { runInspect } = await import('../inspect/run.ts');
      finish(await runInspect(files, options));
    });
}
