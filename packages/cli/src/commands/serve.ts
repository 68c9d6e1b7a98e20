/** `handfast serve`: its options and its help. What it does is loaded when it is asked for. */
import { type Command, Option } from 'commander';
import { addNegotiationOptions } from '../negotiation.ts';
import { collect, listeningPort, protocols, ticketCount } from '../options.ts';
import type { ExitCode } from '../outcome.ts';
import type { ServeCommandOptions } from '../serve/run.ts';

const DESCRIPTION = `Serve over TLS: a folder, an echo, another server, or (without any of these) a page
that shows each visitor its own handshake.

Without --cert, a certificate for localhost is made on the spot, and the lines are printed that make
curl and handfast trust it. Its keys exist in memory only and are gone when the server stops.`;

const MORE = `
Examples:
  handfast serve                                     each visitor's handshake, on port 8443
  handfast serve --root public --port 443 --host 0.0.0.0 --cert chain.pem --key key.pem
  handfast serve --cert a.pem --key a.key --cert b.pem --key b.key     two names, or two kinds of keys
  handfast serve --proxy localhost:8080              TLS in front of a plain server
  handfast serve --echo --client-ca ca.pem --require-client-cert
  handfast serve --tls 1.2 --allow-rsa-key-exchange  for clients that can do no better

Of several certificates, the one is shown that carries the name which the client asks for and whose key
can sign what the client accepts; the first is the default. Ctrl-C stops: open requests are finished first.

Exit codes: 0 stopped by a signal; 2 wrong usage or an unusable file; 3 cannot listen.`;

/** Adds the command to `program`. */
export function addServe(program: Command, finish: (exitCode: ExitCode) => void): void {
  const command = program
    .command('serve')
    .summary('serve files, an echo, or a proxy over TLS')
    .description(DESCRIPTION)
    .optionsGroup('What to serve, and where:')
    .addOption(new Option('--root <dir>', 'serve the files of a folder').conflicts(['echo', 'proxy']))
    .addOption(new Option('--echo', 'send everything back').conflicts(['root', 'proxy']))
    .addOption(
      new Option('--proxy <host:port>', 'pass everything on to a plain TCP server').conflicts([
        'root',
        'echo',
      ]),
    )
    .option('--port <port>', 'port to listen on; 0 takes a free one', listeningPort, 8443)
    .option('--host <address>', 'address to listen on; 0.0.0.0 or :: for all', '127.0.0.1')
    .optionsGroup('Who is who:')
    .option(
      '--cert <file>',
      'certificate chain, leaf first (PEM); repeatable, the n-th with the n-th --key',
      collect,
    )
    .option('--key <file>', 'its private key (PEM)', collect)
    .option('--ca-out <file>', 'where to write the CA certificate of the certificate made on the spot')
    .option(
      '--client-ca <path>',
      'ask clients for a certificate from these authorities (files or folders); repeatable',
      collect,
    )
    .option('--require-client-cert', 'refuse clients without a certificate; needs --client-ca')
    .option('--psk-file <file>', 'take the pre-shared keys of this file, lines of NAME:KEY in hexadecimal')
    .optionsGroup('Sessions:')
    .option('--tickets <number>', 'tickets for each new connection, 0 for none (default: 2)', ticketCount)
    .option('--early-data', 'take early data (0-RTT) of resumed connections, each once at most');
  addNegotiationOptions(command)
    .option('--alpn <names>', 'application protocols to accept, best first', protocols)
    .addOption(
      new Option('--prefer <side>', 'whose order decides among what both have')
        .choices(['server', 'client'])
        .default('server', 'server'),
    )
    .addHelpText('after', MORE)
    .action(async (options: ServeCommandOptions) => {
      const { runServe } = await import('../serve/run.ts');
      finish(await runServe(options));
    });
}
