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
  handfast demo --resume                         what the second connection saves
  handfast demo --early-data                     and what the first message can carry already
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
  readonly resume?: true;
  readonly earlyData?: true;
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
    .option('--resume', 'show instead what a resumed session saves')
    .option('--early-data', 'the same, with early data (0-RTT)')
    .option('--json', 'the same as data: one JSON document on stdout')
    .addHelpText('after', MORE)
    .action(async ({ tls, rsaKeyExchange = false, resume, earlyData, json }: DemoCommandOptions) => {
      if (rsaKeyExchange && tls === 'TLSv1.3') {
        throw new Failure(ExitCode.usage, '--rsa-key-exchange: TLS 1.3 has no such thing; give --tls 1.2.');
      }
      if (resume || earlyData) {
        finish(await showSavings(tls ?? 'TLSv1.3', { rsaKeyExchange, earlyData: earlyData === true, json }));
        return;
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

interface SavingsOptions {
  readonly rsaKeyExchange: boolean;
  readonly earlyData: boolean;
  readonly json: true | undefined;
}

/** Measures what sessions save, and shows it. */
async function showSavings(
  version: TlsVersion,
  { rsaKeyExchange, earlyData, json }: SavingsOptions,
): Promise<ExitCode> {
  if (rsaKeyExchange)
    throw new Failure(
      ExitCode.usage,
      '--rsa-key-exchange shows a handshake; leave --resume and --early-data away.',
    );
  if (earlyData && version === 'TLSv1.2')
    throw new Failure(ExitCode.usage, '--early-data: TLS 1.2 has no such thing; leave --tls away.');
  const [{ makeCast, SERVER_NAME }, { variantFor }, { playSavings }, { savingsText }] = await Promise.all([
    import('../demo/scenes.ts'),
    import('../demo/variant.ts'),
    import('../demo/savings.ts'),
    import('../demo/savings-text.ts'),
  ]);
  const report = playSavings(await makeCast(variantFor(version, false)), SERVER_NAME, version, earlyData);
  const style = styleFor(process.stdout, process.env);
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : savingsText(style, report));
  return report.ok ? ExitCode.fine : ExitCode.refused;
}
