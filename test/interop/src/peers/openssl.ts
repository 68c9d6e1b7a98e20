/** OpenSSL's command line, as Debian packages it. */
import { GROUPS, type Group } from '../ours.ts';
import { programVersion } from './find.ts';
import type { Peer, PeerSetup } from './peer.ts';
import { PeerProcess } from './process.ts';

const CURVES: Readonly<Record<Group, string>> = {
  x25519: 'X25519',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

const PATTERNS = { failure: /^.*(?:\berror:|SSL alert number).*$/m };

function common(setup: PeerSetup): string[] {
  const { credentials, authority, alpn } = setup;
  const groups = setup.groups ?? GROUPS;
  return [
    '-tls1_3',
    ...['-groups', groups.map((group) => CURVES[group]).join(':')],
    ...(setup.commands === true ? [] : ['-quiet']),
    ...(credentials === undefined
      ? []
      : [
          ...['-cert', credentials.leafFile, '-cert_chain', credentials.intermediateFile],
          ...['-key', credentials.keyFile],
        ]),
    ...(authority === undefined ? [] : ['-CAfile', authority.file, '-verify_return_error']),
    ...(alpn === undefined ? [] : ['-alpn', alpn.join(',')]),
  ];
}

export const openssl: Peer = {
  name: 'openssl',
  limits: [
    {
      cases: ['close/half-ours', 'close/half-theirs'],
      reason: 's_server and s_client end when either side has sent close_notify',
    },
  ],
  version: () => programVersion('openssl', ['version'], /(\d+\.\d+\.\d+)/),
  async serve(setup) {
    const process = new PeerProcess(
      'openssl',
      [
        ...['s_server', '-accept', '127.0.0.1:0', '-naccept', '1'],
        ...(setup.demandClientCertificate === true ? ['-Verify', '4'] : []),
        ...common(setup),
      ],
      PATTERNS,
    );
    return { process, port: await process.listeningPort() };
  },
  dial: (setup) =>
    new PeerProcess(
      'openssl',
      [
        ...['s_client', '-connect', `127.0.0.1:${setup.port}`],
        ...['-servername', setup.name, '-verify_hostname', setup.name],
        ...common(setup),
        '-no_ign_eof',
      ],
      PATTERNS,
    ),
  keyUpdate(process, requestPeerUpdate) {
    process.write(requestPeerUpdate ? 'K\n' : 'k\n');
    return requestPeerUpdate;
  },
};
