/** NSS's `selfserv` and `tstclnt`, as Debian packages them. Keys and roots live in a database of NSS's own. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { basename } from 'node:path';
import { CipherSuite } from 'handfast';
import { programVersion } from '../../peers/find.ts';
import { PeerProcess } from '../../peers/process.ts';
import type { Authority, Credentials } from '../../pki.ts';
import type { GroupName, SuiteName } from '../axes.ts';
import { certificateCurves } from '../cell.ts';
import { neverEncryptThenMac, noCcm, noEd448, noMlKem, noX448, ownOrder } from './lacks.ts';
import type { Job, Peer, Report } from './peer.ts';
import { engage, engageServer } from './process-engagement.ts';
import { request } from './talk.ts';

const FAILURE = /^(?:tstclnt|selfserv): .*(?:error|failed|refused).*$/im;

const GROUPS: Readonly<Partial<Record<GroupName, string>>> = {
  x25519: 'x25519',
  secp256r1: 'P256',
  secp384r1: 'P384',
  secp521r1: 'P521',
  ffdhe2048: 'FF2048',
  ffdhe3072: 'FF3072',
  ffdhe4096: 'FF4096',
  ffdhe6144: 'FF6144',
  ffdhe8192: 'FF8192',
};

/** Bits of a curve; 256 for X25519 too. */
const bits = (group: GroupName | undefined): number => Number(/secp(\d+)/.exec(group ?? '')?.[1] ?? 256);

/** One database for each certificate: NSS has one nickname for each subject, and many certificates here have the same. */
class Database {
  readonly path: string;
  /** Under which the certificate is there, with its key. */
  readonly nickname: string | undefined;
  readonly #trusted = new Set<string>();

  constructor(folder: string, credentials: Credentials | undefined) {
    this.path = `sql:${folder}`;
    mkdirSync(folder);
    run('certutil', ['-N', '-d', this.path, '--empty-password']);
    if (credentials !== undefined) this.nickname = this.#hold(credentials);
  }

  /** Trusts an authority to issue for servers and for clients. */
  trust({ file }: Authority): void {
    if (this.#trusted.has(file)) return;
    run('certutil', ['-A', '-d', this.path, '-n', basename(file), '-t', 'CT,C,', '-i', file]);
    this.#trusted.add(file);
  }

  #hold({ leafFile, intermediateFile, keyFile }: Credentials): string {
    const name = basename(leafFile, '.pem');
    const bundle = `${leafFile}.p12`;
    run('openssl', [
      ...['pkcs12', '-export', '-name', name, '-inkey', keyFile, '-in', leafFile],
      ...['-certfile', intermediateFile, '-out', bundle, '-passout', 'pass:handfast'],
    ]);
    run('pk12util', ['-d', this.path, '-i', bundle, '-W', 'handfast', '-K', '']);
    return name;
  }
}

function run(path: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(path, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${path} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

const databases = new Map<string, Database>();

function databaseFor({ credentials, authority, scratch }: Job): Database {
  const key = credentials?.leafFile ?? '';
  const database = databases.get(key) ?? new Database(`${scratch}-nss`, credentials);
  databases.set(key, database);
  if (authority !== undefined) database.trust(authority);
  return database;
}

const cipher = (suite: SuiteName): string =>
  `:${CipherSuite[suite].toString(16).padStart(4, '0').toUpperCase()}`;

function common(job: Job): string[] {
  const { cell, terms } = job;
  const { path, nickname } = databaseFor(job);
  const versions = terms.versions.map((version) => version.replace('TLSv', 'tls'));
  return [
    ...['-d', path, '-v', '-V', `${versions[0]}:${versions.at(-1)}`],
    ...['-c', terms.suites.map(cipher).join('')],
    ...['-I', terms.groups.map((group) => GROUPS[group]).join(',')],
    ...['-J', terms.schemes.join(',')],
    ...(cell.extendedMasterSecret ? ['-G'] : []),
    ...(nickname === undefined ? [] : ['-n', nickname]),
  ];
}

/** selfserv needs a port, and takes none that the kernel chooses. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `SSL version 3.3` is TLS 1.2. */
function report({ log }: PeerProcess): Report {
  const minor = /SSL version 3\.(\d)/.exec(log)?.[1];
  return minor === undefined ? {} : { version: `TLSv1.${Number(minor) - 1}` };
}

export const nss: Peer = {
  name: 'nss',
  library: 'NSS',
  version: () =>
    ['selfserv', 'tstclnt', 'certutil', 'pk12util', 'openssl'].every((name) => isInstalled(name))
      ? (programVersion('dpkg-query', ['-s', 'libnss3'], /^Version: (?:\d+:)?([\d.]+)/m) ?? '')
      : undefined,
  lacks: [
    noCcm('NSS'),
    noMlKem('NSS 3.87'),
    noX448('NSS'),
    noEd448('NSS'),
    { schemes: /^ed25519$/, reason: 'NSS 3.87 has no Ed25519' },
    neverEncryptThenMac('NSS'),
    ownOrder('NSS'),
    {
      role: 'client',
      when: ({ suite, group, ...cell }) =>
        suite.keyExchange === 'ECDHE' &&
        certificateCurves({ ...cell, suite, group, client: undefined }).some(
          (curve) => bits(curve) > bits(group?.name),
        ),
      reason: 'selfserv takes no curve that is weaker than the one of its key',
    },
    { when: ({ alpn }) => alpn, role: 'server', reason: 'tstclnt has no option for ALPN' },
  ],
  tellable: () => ['versions', 'suites', 'groups', 'schemes'],
  async serve(job) {
    const { alpn, authority } = job;
    const process = new PeerProcess(
      'selfserv',
      [
        ...['-p', String(await freePort())],
        // DHE, with the groups of RFC 7919 for clients that name them.
        ...['-H', '1'],
        ...(authority === undefined ? [] : ['-r', '-r']),
        ...(alpn.length > 0 ? ['-Q'] : []),
        ...common(job),
      ],
      { failure: FAILURE },
    );
    return engageServer(process, { talk: request, closes: true, report });
  },
  async dial(job) {
    const process = new PeerProcess(
      'tstclnt',
      [
        ...['-h', '127.0.0.1', '-p', String(job.port), '-a', job.name],
        // Names its finite fields.
        ...(job.cell.suite.keyExchange === 'DHE' ? ['-H'] : []),
        ...common(job),
      ],
      { failure: FAILURE },
    );
    return engage(process, { report });
  },
  stop() {},
};

function isInstalled(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}
