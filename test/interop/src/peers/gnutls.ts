/** GnuTLS's command-line programs, as Debian packages them. */
import type { Group } from '../ours.ts';
import { programVersion } from './find.ts';
import type { Peer, PeerSetup } from './peer.ts';
import { PeerProcess } from './process.ts';

const GROUPS: Readonly<Record<Group, string>> = {
  x25519: 'X25519',
  secp256r1: 'SECP256R1',
  secp384r1: 'SECP384R1',
  secp521r1: 'SECP521R1',
};

const FAILURE = /^.*(?:Fatal error|Error in handshake|Error while receiving|fatal alert).*$/im;

function priority(setup: PeerSetup): string {
  const groups = setup.groups?.map((group) => `:+GROUP-${GROUPS[group]}`).join('');
  return `--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3${groups === undefined ? '' : `:-GROUP-ALL${groups}`}`;
}

function common(setup: PeerSetup): string[] {
  const { credentials, authority, alpn = [] } = setup;
  return [
    priority(setup),
    ...(credentials === undefined
      ? []
      : ['--x509certfile', credentials.chainFile, '--x509keyfile', credentials.keyFile]),
    ...(authority === undefined ? [] : ['--x509cafile', authority.file]),
    ...alpn.flatMap((protocol) => ['--alpn', protocol]),
  ];
}

export const gnutls: Peer = {
  name: 'gnutls',
  limits: [
    {
      cases: ['update/theirs', 'bulk/receive', 'close/theirs', 'close/half-ours', 'close/half-theirs'],
      role: 'client',
      reason: 'gnutls-serv takes no input: it only echoes, and ends when we do',
    },
    {
      cases: ['close/ours', 'close/half-ours', 'close/half-theirs'],
      role: 'server',
      reason: 'gnutls-cli closes the network connection at our close_notify, without one of its own',
    },
    {
      cases: ['bulk/send'],
      role: 'server',
      reason: 'gnutls-cli prints byte by byte, 1 MB/s; gnutls-serv takes and returns the 64 MiB',
    },
  ],
  version: () =>
    programVersion('gnutls-serv', ['--version'], /(\d+\.\d+\.\d+)/) &&
    programVersion('gnutls-cli', ['--version'], /(\d+\.\d+\.\d+)/),
  echoes: true,
  async serve(setup) {
    const process = new PeerProcess(
      'gnutls-serv',
      [
        ...['--echo', '--crlf', '--port', '0', ...common(setup)],
        ...(setup.demandClientCertificate === true
          ? ['--require-client-cert', '--verify-client-cert']
          : ['--disable-client-cert']),
        ...(setup.alpn === undefined ? [] : ['--alpn-fatal']),
      ],
      { failure: FAILURE },
    );
    return { process, port: await process.listeningPort() };
  },
  dial(setup) {
    const logFile = `${setup.scratch}.log`;
    return new PeerProcess(
      'gnutls-cli',
      [
        ...['--port', String(setup.port), '--logfile', logFile],
        ...(setup.commands === true ? ['--inline-commands'] : []),
        ...['--sni-hostname', setup.name, '--verify-hostname', setup.name],
        ...common(setup),
        '127.0.0.1',
      ],
      { failure: FAILURE, ended: /Peer has closed the GnuTLS connection/, file: logFile },
    );
  },
  keyUpdate(process) {
    process.write('^rekey^\n');
    return true;
  },
};
