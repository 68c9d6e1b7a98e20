/** GnuTLS's command-line programs, as Debian packages them. */
import { writeFileSync } from 'node:fs';
import { gnutls as program } from '../../peers/gnutls.ts';
import { PeerProcess } from '../../peers/process.ts';
import { EARLY, EXPORT_LABEL, EXPORT_LENGTH, groupsOf, MAX_EARLY, type Report } from '../terms.ts';
import type { Peer, PeerSetup } from './peer.ts';
import { accountOf, ProcessVisit } from './process-visit.ts';

const READING = {
  failure: /^.*(?:Fatal error|Error in handshake|Error while receiving|fatal alert).*$/im,
};
const VERSIONS = { 'TLSv1.2': '+VERS-TLS1.2', 'TLSv1.3': '+VERS-TLS1.3' } as const;

function common({ terms, credentials, authority }: PeerSetup, side: 'client' | 'server'): string[] {
  const groups = groupsOf(terms, side).map((group) => `+GROUP-${group.toUpperCase()}`);
  const priority = [
    ...['NORMAL', '-VERS-ALL', VERSIONS[terms.version], '-GROUP-ALL', ...groups],
    ...(terms.psk === undefined ? [] : ['+ECDHE-PSK']),
  ];
  return [
    `--priority=${priority.join(':')}`,
    ...['--keymatexport', EXPORT_LABEL, '--keymatexportsize', String(EXPORT_LENGTH)],
    ...(terms.by === 'id' ? ['--noticket'] : []),
    ...(credentials === undefined
      ? []
      : ['--x509certfile', credentials.chainFile, '--x509keyfile', credentials.keyFile]),
    ...(authority === undefined ? [] : ['--x509cafile', authority.file]),
  ];
}

const EXPORTED = /Key material: ([0-9a-f]+)\n/;

/** What gnutls-cli says between its two connections. */
const AGAIN = 'Connecting again';

function read(text: string): Report {
  return {
    resumed: text.includes('This is a resumed session'),
    exported: EXPORTED.exec(text)?.[1],
  };
}

export const gnutls: Peer = {
  name: program.name,
  version: program.version,
  limits: [
    {
      cases: ['psk/unknown'],
      role: 'client',
      reason:
        'gnutls-serv ends connections with a key that it does not know, in place of showing its certificate',
    },
    {
      cases: ['0-rtt/retry'],
      role: 'client',
      reason: 'GnuTLS, as a server, does not skip early data after its HelloRetryRequest',
    },
    {
      cases: ['0-rtt/retry'],
      role: 'server',
      reason: 'GnuTLS, as a client, encrypts its second ClientHello with the keys of early data',
    },
  ],
  tells: ['resumed', 'exported'],
  hidesEarlyData: true,
  async serve(setup) {
    const { terms, authority, scratch } = setup;
    const psk = terms.psk?.server;
    if (psk !== undefined) writeFileSync(`${scratch}.psk`, `${psk.identity}:${psk.key}\n`);
    const process = new PeerProcess(
      'gnutls-serv',
      [
        ...['--echo', '--crlf', '--port', '0', ...common(setup, 'server')],
        ...(authority === undefined
          ? ['--disable-client-cert']
          : ['--require-client-cert', '--verify-client-cert']),
        ...(terms.early === undefined ? [] : ['--earlydata', '--maxearlydata', String(MAX_EARLY)]),
        ...(psk === undefined ? [] : ['--pskpasswd', `${scratch}.psk`]),
      ],
      READING,
    );
    return {
      port: await process.listeningPort(),
      async visit() {
        const { received } = process;
        const from = received.text.length;
        return new ProcessVisit(process, {
          talk: 'echo',
          async report() {
            await received.holds('Key material: ', from);
            return read(received.text.slice(from));
          },
          // It serves on, and says nothing when a connection ends.
          ended: async () => undefined,
        });
      },
      get account() {
        return accountOf([process]);
      },
      stop: () => process.kill(),
    };
  },
  /** One process for both connections. In the first it only waits for a session. */
  dial(setup) {
    const { terms, name, port, scratch } = setup;
    const early = `${scratch}.early`;
    writeFileSync(early, EARLY);
    const psk = terms.psk?.client;
    const process = new PeerProcess(
      'gnutls-cli',
      [
        ...['--port', String(port)],
        ...['--sni-hostname', name, '--verify-hostname', name, ...common(setup, 'client')],
        ...(psk === undefined
          ? ['--resume', ...(terms.version === 'TLSv1.3' ? ['--waitresumption'] : [])]
          : ['--pskusername', psk.identity, '--pskkey', psk.key]),
        ...(terms.early === undefined ? [] : ['--earlydata', early]),
        '127.0.0.1',
      ],
      READING,
    );
    const { received } = process;
    let visits = 0;
    return {
      async visit() {
        const number = visits++;
        const first = number === 0 && psk === undefined;
        return new ProcessVisit(process, {
          ...(first ? { talk: 'none' as const } : { endsFirst: true }),
          async report() {
            const from = number === 0 ? 0 : received.text.indexOf(AGAIN);
            await received.holds('Key material: ', Math.max(from, 0));
            return read(received.text.split(AGAIN)[number] ?? '');
          },
          ended: () => (first ? Promise.resolve() : process.exit()),
        });
      },
      get account() {
        return accountOf([process]);
      },
      stop: () => process.kill(),
    };
  },
  stop() {},
};
