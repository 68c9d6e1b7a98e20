/** The `handfast` command: its subcommands, their options and their help. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCa } from './commands/ca.ts';
import { addConnect } from './commands/connect.ts';
import { addDemo } from './commands/demo.ts';
import { addInspect } from './commands/inspect.ts';
import { addScan } from './commands/scan.ts';
import { addServe } from './commands/serve.ts';
import { addVerify } from './commands/verify.ts';
import { explain } from './explain.ts';
import { ExitCode, Failure } from './outcome.ts';
import { wrap } from './render/layout.ts';
import { styleFor } from './render/style.ts';

const ABOUT = `TLS that shows itself: connect, serve, scan, and watch a handshake in its three phases.

Every connection that carries data is verified, its host name included; there is no option to skip
that.`;

const MORE = `
Examples:
  handfast demo                           a handshake told step by step, and refusals
  handfast connect example.com            who is there, and what was agreed
  handfast connect example.com --get /    a page over HTTPS
  handfast serve --root public            a folder over HTTPS, with a certificate made on the spot
  handfast scan example.com               what it accepts, what it prefers, and what is weak
  handfast verify chain.pem --name example.com    would a connection accept it, and why
  handfast inspect chain.pem server.key   what is in them, and which key belongs to which certificate
  handfast ca init                        an authority of your own, for development

Exit codes: 0 fine; 1 the peer was refused, or refused us, or has problems; 2 wrong usage or an
unusable file; 3 the network failed. HANDFAST_DEBUG=1 shows where in the code an error arose.`;

const HELP_WIDTH = 100;

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function makeProgram(finish: (exitCode: ExitCode) => void): Command {
  const program = new Command('handfast')
    .description(ABOUT)
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', MORE)
    .configureHelp({ helpWidth: HELP_WIDTH })
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'handfast: ')),
    })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  addDemo(program, finish);
  addConnect(program, finish);
  addServe(program, finish);
  addScan(program, finish);
  addVerify(program, finish);
  addInspect(program, finish);
  addCa(program, finish);
  return program;
}

/** Says what went wrong on stderr: plain sentences, and the stack only when it is asked for. */
function complain(error: unknown): ExitCode {
  const { exitCode, text } = explain(error);
  const { width } = styleFor(process.stderr, process.env);
  process.stderr.write(
    `${process.stderr.isTTY ? wrap(`handfast: ${text}`, width).join('\n') : `handfast: ${text}`}\n`,
  );
  if (process.env['HANDFAST_DEBUG'] === '1') console.error(error);
  return exitCode;
}

function watchOutputs(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads our output may stop reading (`| head`): that is no failure.
    if (error.code === 'EPIPE') process.exit(ExitCode.fine);
    const reason = error.code === 'ENOSPC' ? 'the disk is full' : error.message;
    process.exit(complain(new Failure(ExitCode.usage, `The output cannot be written: ${reason}.`)));
  });
  // What is said about a connection may find no reader; the connection goes on.
  process.stderr.on('error', () => {});
}

/**
 * Runs one command.
 * @param args the command line without the program's own name.
 * @returns the exit code.
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  watchOutputs();
  let exitCode: ExitCode = ExitCode.fine;
  const program = makeProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has told what is wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.fine : ExitCode.usage;
    return complain(error);
  }
}
