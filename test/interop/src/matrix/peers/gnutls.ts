/** GnuTLS's command-line programs, as Debian packages them. */
import { writeFileSync } from 'node:fs';
import { programVersion } from '../../peers/find.ts';
import { PeerProcess } from '../../peers/process.ts';
import { type GroupName, type Scheme, type SchemeName, SUITES, type SuiteName } from '../axes.ts';
import { noMlKem } from './lacks.ts';
import type { Job, Peer } from './peer.ts';
import { engage, engageServer } from './process-engagement.ts';
import { echo } from './talk.ts';

const FAILURE = /^.*(?:Fatal error|Error in handshake|Error while receiving|fatal alert).*$/im;

const SCHEMES: Readonly<Partial<Record<SchemeName, string>>> = {
  ecdsa_secp256r1_sha256: 'ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256',
  ecdsa_secp384r1_sha384: 'ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA384',
  ecdsa_secp521r1_sha512: 'ECDSA-SECP521R1-SHA512:+SIGN-ECDSA-SHA512',
  ed25519: 'EDDSA-ED25519',
  ed448: 'EDDSA-ED448',
  rsa_pss_rsae_sha256: 'RSA-PSS-RSAE-SHA256',
  rsa_pss_rsae_sha384: 'RSA-PSS-RSAE-SHA384',
  rsa_pss_rsae_sha512: 'RSA-PSS-RSAE-SHA512',
  rsa_pss_pss_sha256: 'RSA-PSS-SHA256',
  rsa_pss_pss_sha384: 'RSA-PSS-SHA384',
  rsa_pss_pss_sha512: 'RSA-PSS-SHA512',
  rsa_pkcs1_sha256: 'RSA-SHA256',
  rsa_pkcs1_sha384: 'RSA-SHA384',
  rsa_pkcs1_sha512: 'RSA-SHA512',
};

/** A priority string names the parts of suites, and not suites. */
function parts(name: SuiteName): string[] {
  const suite = SUITES.find((known) => known.name === name);
  if (suite === undefined) return [];
  const { keyExchange, authentication, cipher, hash } = suite;
  const exchange = keyExchange === 'RSA' ? 'RSA' : `${keyExchange}-${authentication}`;
  const mac = cipher.endsWith('CBC') ? (hash === 'SHA' ? 'SHA1' : hash) : 'AEAD';
  return [
    ...(keyExchange === undefined ? [] : [`+${exchange}`]),
    `+${cipher.replace('CCM_8', 'CCM-8').replaceAll('_', '-')}`,
    `+${mac}`,
  ];
}

const groupName = (group: GroupName): string => `+GROUP-${group.toUpperCase()}`;

function priority({ cell, terms, preference }: Job): string {
  return [
    ...['NONE', '+COMP-NULL', '+CTYPE-X509'],
    ...terms.versions.toReversed().map((version) => `+VERS-TLS${version.slice(4)}`),
    ...new Set(terms.suites.flatMap(parts)),
    ...terms.groups.map(groupName),
    ...terms.schemes.map((scheme) => `+SIGN-${SCHEMES[scheme]}`),
    ...(preference === 'server' ? ['%SERVER_PRECEDENCE'] : []),
    ...(cell.encryptThenMac ? [] : ['%NO_ETM']),
    ...(cell.extendedMasterSecret ? [] : ['%NO_SESSION_HASH']),
  ].join(':');
}

function common(job: Job): string[] {
  const { credentials, authority, alpn } = job;
  return [
    `--priority=${priority(job)}`,
    ...(credentials === undefined
      ? []
      : ['--x509certfile', credentials.chainFile, '--x509keyfile', credentials.keyFile]),
    ...(authority === undefined ? [] : ['--x509cafile', authority.file]),
    ...alpn.flatMap((protocol) => ['--alpn', protocol]),
  ];
}

const isEdwards = (scheme: Scheme | undefined): boolean => scheme?.name.startsWith('ed') === true;

export const gnutls: Peer = {
  name: 'gnutls',
  library: 'GnuTLS',
  version: () =>
    programVersion('gnutls-serv', ['--version'], /(\d+\.\d+\.\d+)/) &&
    programVersion('gnutls-cli', ['--version'], /(\d+\.\d+\.\d+)/),
  lacks: [
    noMlKem('GnuTLS'),
    {
      role: 'client',
      when: ({ suite, scheme, client, narrow }) =>
        suite.version === 'TLSv1.2' && narrow === 'theirs' && isEdwards(scheme) && isEdwards(client),
      reason: 'gnutls-serv with EdDSA alone asks for no type of certificate, which RFC 5246 does not allow',
    },
  ],
  tellable: () => ['versions', 'suites', 'groups', 'schemes'],
  serve(job) {
    const process = new PeerProcess(
      'gnutls-serv',
      [
        ...['--echo', '--crlf', '--port', '0', ...common(job)],
        ...(job.authority === undefined
          ? ['--disable-client-cert']
          : ['--require-client-cert', '--verify-client-cert']),
      ],
      { failure: FAILURE },
    );
    return engageServer(process, { talk: echo, closes: true });
  },
  async dial(job) {
    const logFile = `${job.scratch}.log`;
    writeFileSync(logFile, '');
    const process = new PeerProcess(
      'gnutls-cli',
      [
        ...['--port', String(job.port), '--logfile', logFile],
        ...['--sni-hostname', job.name, '--verify-hostname', job.name],
        ...common(job),
        '127.0.0.1',
      ],
      { failure: FAILURE, file: logFile },
    );
    return engage(process);
  },
  stop() {},
};
