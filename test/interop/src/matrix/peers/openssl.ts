/** OpenSSL's command line, as Debian packages it. */
import { writeFileSync } from 'node:fs';
import { programVersion } from '../../peers/find.ts';
import { PeerProcess } from '../../peers/process.ts';
import { dhParameters } from './dh-parameters.ts';
import { alwaysExtendedMasterSecret, noMlKem } from './lacks.ts';
import { cipherList, curveName, openSslTellable, suiteList } from './openssl-names.ts';
import type { Job, Peer } from './peer.ts';
import { engage, engageServer } from './process-engagement.ts';

const READING = { failure: /^.*(?:\berror:|SSL alert number).*$/m };

const VERSION_OPTIONS = { 'TLSv1.2': '-tls1_2', 'TLSv1.3': '-tls1_3' } as const;

function common({ cell, terms, credentials, authority, alpn }: Job): string[] {
  const { versions, suites, groups, schemes } = terms;
  const [version] = versions;
  return [
    ...(versions.length === 1 && version !== undefined ? [VERSION_OPTIONS[version]] : []),
    ...['-cipher', cipherList(suites)],
    ...(suiteList(suites) === '' ? [] : ['-ciphersuites', suiteList(suites)]),
    ...['-groups', groups.map(curveName).join(':')],
    ...['-sigalgs', schemes.join(':')],
    ...(cell.encryptThenMac ? [] : ['-no_etm']),
    ...(credentials === undefined
      ? []
      : [
          ...['-cert', credentials.leafFile, '-cert_chain', credentials.intermediateFile],
          ...['-key', credentials.keyFile],
        ]),
    ...(authority === undefined ? [] : ['-CAfile', authority.file, '-verify_return_error']),
    ...(alpn.length === 0 ? [] : ['-alpn', alpn.join(',')]),
    '-quiet',
  ];
}

/** The DHE group of a server, which comes from a file. */
function dhOptions({ cell: { suite, group }, scratch }: Job): string[] {
  const pem = suite.keyExchange === 'DHE' && group !== undefined ? dhParameters(group.name) : undefined;
  if (pem === undefined) return [];
  writeFileSync(scratch, pem);
  return ['-dhparam', scratch];
}

export const openssl: Peer = {
  name: 'openssl',
  library: 'OpenSSL 3.0',
  version: () => programVersion('openssl', ['version'], /(\d+\.\d+\.\d+)/),
  lacks: [noMlKem('OpenSSL 3.0'), alwaysExtendedMasterSecret("OpenSSL's command line")],
  tellable: openSslTellable,
  serve(job) {
    const process = new PeerProcess(
      'openssl',
      [
        ...['s_server', '-accept', '127.0.0.1:0', '-naccept', '1'],
        ...(job.authority === undefined ? [] : ['-Verify', '4']),
        ...(job.preference === 'server' ? ['-serverpref'] : []),
        ...dhOptions(job),
        ...common(job),
      ],
      READING,
    );
    return engageServer(process, { closes: true });
  },
  async dial(job) {
    const process = new PeerProcess(
      'openssl',
      [
        ...['s_client', '-connect', `127.0.0.1:${job.port}`],
        ...['-servername', job.name, '-verify_hostname', job.name],
        ...common(job),
        '-no_ign_eof',
      ],
      READING,
    );
    return engage(process, { closes: true });
  },
  stop() {},
};
