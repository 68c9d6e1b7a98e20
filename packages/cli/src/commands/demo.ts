/** `handfast demo`: its options and its help. What it does is loaded when it is asked for. */
import { type Command, InvalidArgumentError } from 'commander';
import type { TlsVersion } from 'handfast';
import { tlsVersion } from '../negotiation.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { styleFor } from '../render/style.ts';

const DESCRIPTION = `Watch a TLS handshake in its three phases.

A certificate authority, a server and a client are made in memory. Client and server talk HTTPS over
loopback sockets, with an observer between them, and prove to each other who they are. Then
connections that must not succeed are tried, some of them attacked by a man in the middle.`;

const MORE = `
Examples:
  handfast demo                                  TLS 1.3, with a key exchange against quantum computers
  handfast demo --tls 1.2
  handfast demo --tls 1.2 --rsa-key-exchange     the classic one: a secret under the server's public key,
                                                 and who reads it years later
  handfast demo | less                           in colour: FORCE_COLOR=1 handfast demo | less -R
  handfast demo --json | jq .refusals            for programs

Exit codes: 0 all of it happened as it must; 1 something did not.`;

function version(text: string): TlsVersion {
  const known = tlsVersion(text);
  if (known === undefined) throw new InvalidArgumentError('Expected 1.2 or 1.3.');
  return known;
}

interface DemoCommandOptions {
  readonly tls?: TlsVersion;
  readonly rsaKeyExchange?: boolean;
  readonly json?: true;
}

/** Adds the command to `program`. */
export function addDemo(program: Command, finish: (exitCode: ExitCode) => void): void {
  program
    .command('demo')
    .summary('watch a handshake in its three phases, and refusals')
    .description(DESCRIPTION)
    .option('--tls <version>', 'the protocol version to show: 1.2 or 1.3 (default: 1.3)', version)
    .option('--rsa-key-exchange', 'show RSA key transport, which TLS 1.2 has, and what is wrong with it')
    .option('--json', 'the same as data: one JSON document on stdout')
    .addHelpText('after', MORE)
    .action(async ({ tls, rsaKeyExchange = false, json }: DemoCommandOptions) => {
      if (rsaKeyExchange && tls === 'TLSv1.3') {
        throw new Failure(ExitCode.usage, '--rsa-key-exchange: TLS 1.3 has no such thing; give --tls 1.2.');
      }
      const [{ playDemo }, { variantFor }, { demoText }] = await Promise.all([
        import('../demo/play.ts'),
        import('../demo/variant.ts'),
        import('../demo/text.ts'),
      ]);
      const variant = variantFor(tls ?? (rsaKeyExchange ? 'TLSv1.2' : 'TLSv1.3'), rsaKeyExchange);
      const report = await playDemo(variant);
      const style = styleFor(process.stdout, process.env);
      process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : demoText(style, report));
      finish(report.ok ? ExitCode.fine : ExitCode.refused);
    });
}
