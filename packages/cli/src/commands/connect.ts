/** `handfast connect`: its options and its help. What it does is loaded when it is asked for. */
import { type Command, Option } from 'commander';
import { HTTPS_PORT, parseAddress } from '../address.ts';
import type { ConnectCommandOptions } from '../connect/run.ts';
import { addNegotiationOptions } from '../negotiation.ts';
import { addFetchingOptions, addTrustOptions, milliseconds, protocols, requestPath } from '../options.ts';
import type { ExitCode } from '../outcome.ts';

const DESCRIPTION = `Open a TLS connection, verify the server, and talk to it.

What you type (or pipe in) goes to the server, what it sends goes to stdout; everything about the
connection goes to stderr. The server must prove that it is HOST, or the name given with --servername.`;

const MORE = `
Examples:
  handfast connect example.com                       who is there, and what was agreed
  handfast connect example.com --get /               a page over HTTPS
  handfast connect localhost:8443 --ca ca.pem        trust a certificate authority of your own
  handfast connect [::1]:8443 --servername localhost --ca ca.pem
  handfast connect example.com --get / --trace       every message, byte by byte
  handfast connect old.example --tls 1.2 --policy legacy     a server of another age
  handfast connect example.com --fetch --require-status leaf     was its certificate revoked?
  handfast connect example.com --session s --get /   the second time without certificates
  handfast connect example.com --json | jq .verdict  the same for programs

The port is 443 where none is given. When the input ends, the server is told (close_notify), and what it
still sends is printed until it closes, or is silent for the time of --timeout.

Exit codes: 0 fine; 1 the peer was refused, or refused us; 2 wrong usage or an unusable file;
3 the network failed (nothing listens, unknown name, out of time, connection cut).`;

/** Milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/** Adds the command to `program`. */
export function addConnect(program: Command, finish: (exitCode: ExitCode) => void): void {
  const command = program
    .command('connect')
    .summary('open a connection as a client, and show it')
    .description(DESCRIPTION)
    .argument('<host[:port]>', 'a name, an IPv4 address, or an IPv6 address in brackets')
    .optionsGroup('Who is who:');
  addTrustOptions(command)
    .option('--servername <name>', 'the name that the server must prove to have (default: HOST)')
    .option('--cert <file>', 'certificate chain (PEM) to show when the server asks, with --key')
    .option('--key <file>', 'its private key (PEM)');
  addFetchingOptions(command)
    .addOption(
      new Option('--require-status <which>', 'whose status must be known: refused unless it is')
        .choices(['never', 'leaf', 'chain'])
        .default('never', 'never'),
    )
    .optionsGroup('What to do:')
    .option('--session <file>', 'go on with the session in this file, and leave the next one there')
    .option(
      '--early-data <file>',
      'send this file before the server has answered (0-RTT), if the session allows it',
    )
    .option('--psk <file>', 'offer the pre-shared keys of this file, lines of NAME:KEY in hexadecimal')
    .option('--get <path>', 'send an HTTP GET and print the body', requestPath)
    .option('--alpn <names>', 'application protocols to offer, such as h2,http/1.1', protocols)
    .addOption(
      new Option('--timeout <seconds>', 'limit for connecting, and for silence afterwards')
        .argParser(milliseconds)
        .default(DEFAULT_TIMEOUT, `${DEFAULT_TIMEOUT / 1000}`),
    )
    .optionsGroup('What to show:')
    .option('--trace', 'show every record and message on stderr, decoded, with bytes')
    .option('--json', 'print one JSON document on stdout and nothing else; reads no input')
    .option('--keylog <file>', 'append the secrets for Wireshark (SSLKEYLOGFILE itself is not read)');
  addNegotiationOptions(command)
    .addHelpText('after', MORE)
    .action(async (target: string, options: ConnectCommandOptions) => {
      const { runConnect } = await import('../connect/run.ts');
      finish(await runConnect(parseAddress(target, HTTPS_PORT), options));
    });
}
