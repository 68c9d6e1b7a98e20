/** `handfast demo`: its options and its help. What it does is loaded when it is asked for. */
import type { Command } from 'commander';
import { ExitCode } from '../outcome.ts';
import { styleFor } from '../render/style.ts';

const DESCRIPTION = `Watch a TLS 1.3 handshake in its three phases.

A certificate authority, a server and a client are made in memory. Client and server talk HTTPS over
loopback sockets, with an observer between them, and prove to each other who they are. Then six
connections that must not succeed are tried, two of them attacked by a man in the middle.`;

const MORE = `
Examples:
  handfast demo                           for people; pipe it through less -R with FORCE_COLOR=1
  handfast demo --json | jq .refusals     for programs

Exit codes: 0 all of it happened as it must; 1 something did not.`;

/** Adds the command to `program`. */
export function addDemo(program: Command, finish: (exitCode: ExitCode) => void): void {
  program
    .command('demo')
    .summary('watch a handshake in its three phases, and six refusals')
    .description(DESCRIPTION)
    .option('--json', 'the same as data: one JSON document on stdout')
    .addHelpText('after', MORE)
    .action(async ({ json }: { readonly json?: true }) => {
      const { playDemo } = await import('../demo/scenes.ts');
      const { demoText } = await import('../demo/text.ts');
      const report = await playDemo();
      const style = styleFor(process.stdout, process.env);
      process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : demoText(style, report));
      finish(report.ok ? ExitCode.fine : ExitCode.refused);
    });
}
