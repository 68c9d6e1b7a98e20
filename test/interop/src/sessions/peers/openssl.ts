/** OpenSSL's command line, as Debian packages it. */
import { writeFileSync } from 'node:fs';
import { openssl as program } from '../../peers/openssl.ts';
import { PeerProcess } from '../../peers/process.ts';
import { EARLY, EXPORT_LABEL, EXPORT_LENGTH, groupsOf, MAX_EARLY, type Report } from '../terms.ts';
import type { Peer, PeerSetup } from './peer.ts';
import { accountOf, ProcessVisit } from './process-visit.ts';

const READING = { failure: /^.*(?:\berror:|SSL alert number).*$/m };
const VERSIONS = { 'TLSv1.2': '-tls1_2', 'TLSv1.3': '-tls1_3' } as const;
const CURVES = { x25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' } as const;

function common({ terms, credentials, authority }: PeerSetup, side: 'client' | 'server'): string[] {
  const psk = terms.psk?.[side];
  const groups = groupsOf(terms, side).map((group) => CURVES[group]);
  return [
    VERSIONS[terms.version],
    ...['-groups', groups.join(':'), '-keymatexport', EXPORT_LABEL, '-keymatexportlen', `${EXPORT_LENGTH}`],
    ...(terms.by === 'id' ? ['-no_ticket'] : []),
    ...(psk === undefined ? [] : ['-psk', psk.key, '-psk_identity', psk.identity]),
    ...(credentials === undefined
      ? []
      : [
          ...['-cert', credentials.leafFile, '-cert_chain', credentials.intermediateFile],
          ...['-key', credentials.keyFile],
        ]),
    ...(authority === undefined ? [] : ['-CAfile', authority.file, '-verify_return_error']),
  ];
}

/** What both programs say of a connection, in what they have said since it began. */
async function read({ received }: PeerProcess, from: number, early: RegExp): Promise<Report> {
  await received.holds('Keying material: ', from);
  const text = received.text.slice(from);
  return {
    resumed: /^Reused/m.test(text),
    early: early.test(text) ? 'accepted' : 'rejected',
    exported: /Keying material: ([0-9A-F]+)/.exec(text)?.[1]?.toLowerCase(),
  };
}

export const openssl: Peer = {
  name: program.name,
  version: program.version,
  limits: [],
  tells: ['resumed', 'early', 'exported'],
  async serve(setup) {
    const { terms, authority } = setup;
    const process = new PeerProcess(
      'openssl',
      [
        ...['s_server', '-accept', '127.0.0.1:0', '-naccept', terms.psk ? '1' : '2'],
        ...(authority === undefined ? [] : ['-Verify', '4']),
        ...(terms.early === undefined ? [] : ['-early_data', '-max_early_data', String(MAX_EARLY)]),
        // Its record of early data takes a ticket away at the first of two ClientHellos.
        ...(terms.retry === undefined ? [] : ['-no_anti_replay']),
        ...common(setup, 'server'),
      ],
      READING,
    );
    return {
      port: await process.listeningPort(),
      async visit() {
        const { received } = process;
        const from = received.text.length;
        return new ProcessVisit(process, {
          report: () => read(process, from, /^Early data received:/m),
          ended: () => received.holds('DONE', from),
        });
      },
      get account() {
        return accountOf([process]);
      },
      stop: () => process.kill(),
    };
  },
  dial(setup) {
    const { terms, scratch } = setup;
    const session = `${scratch}.session`;
    const early = `${scratch}.early`;
    writeFileSync(early, EARLY);
    const processes: PeerProcess[] = [];
    return {
      async visit() {
        const isFirst = processes.length === 0;
        const process = new PeerProcess(
          'openssl',
          [
            ...['s_client', '-connect', `127.0.0.1:${setup.port}`],
            ...['-servername', setup.name, '-verify_hostname', setup.name],
            ...(isFirst ? ['-sess_out', session] : ['-sess_in', session]),
            ...(!isFirst && terms.early ? ['-early_data', early] : []),
            ...common(setup, 'client'),
            '-no_ign_eof',
          ],
          READING,
        );
        processes.push(process);
        return new ProcessVisit(process, {
          report: () => read(process, 0, /^Early data was accepted/m),
          ended: () => process.exit(),
        });
      },
      get account() {
        return accountOf(processes);
      },
      stop() {
        for (const process of processes) process.kill();
      },
    };
  },
  stop() {},
};
