/** Peers that are compiled from source of ours, into the folder of the peers. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PEERS_FOLDER, programVersion } from '../../peers/find.ts';
import { certificateCurves } from '../cell.ts';
import { Agent, jobFields } from './agent.ts';
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
import type { Job, Peer } from './peer.ts';

const source = (folder: string): string =>
  fileURLToPath(new URL(`../../../../agents/${folder}`, import.meta.url));

/** Runs a compiler. @throws with what it said when it fails. */
function compile(path: string, args: readonly string[], cwd: string, env: Record<string, string>): void {
  mkdirSync(PEERS_FOLDER, { recursive: true });
  const { status, stderr, error } = spawnSync(path, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${path} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

/** An agent that is compiled before its first connection. */
interface Lazy {
  readonly agent: Agent;
  stop(): void;
}

function lazily(make: () => Agent): Lazy {
  let made: Agent | undefined;
  return {
    get agent() {
      made ??= make();
      return made;
    },
    stop: () => made?.stop(),
  };
}

/** Go's own folder is not on every PATH; hybrids other than X25519MLKEM768 came with Go 1.26. */
const GO = ['go', '/usr/local/go/bin/go'].find(
  (path) => programVersion(path, ['version'], /go(1\.(?:2[6-9]|[3-9]\d)\S*)/) !== undefined,
);

export const goProgram: Lazy = lazily(() => {
  const binary = `${PEERS_FOLDER}/go-matrix-agent`;
  compile(GO ?? 'go', ['build', '-o', binary, '.'], source('go'), {
    GOFLAGS: '-mod=mod',
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
  });
  return new Agent(binary, []);
});

export const go: Peer = {
  name: 'go',
  library: 'crypto/tls',
  isOptional: true,
  version: () => GO && programVersion(GO, ['version'], /go(1\.\S+)/),
  lacks: [
    noCcm('crypto/tls'),
    noDhe('crypto/tls'),
    noFfdhe('crypto/tls'),
    noX448('crypto/tls'),
    noEd448('crypto/tls'),
    noPssKeys('crypto/tls'),
    { suites: /_CBC_SHA384$|_256_CBC_SHA256$/, reason: 'crypto/tls has CBC with AES-256 for SHA-1 only' },
    { groups: /^MLKEM/, reason: 'crypto/tls has ML-KEM in hybrids only' },
    neverEncryptThenMac('crypto/tls'),
    alwaysExtendedMasterSecret('crypto/tls'),
    ownOrder('crypto/tls'),
    {
      role: 'client',
      when: (cell) => cell.narrow === 'ours' && certificateCurves(cell).length > 0,
      reason: 'crypto/tls has an order of groups of its own, and may choose the curve of a certificate',
    },
  ],
  tellable: ({ version }) =>
    version === 'TLSv1.3' ? ['versions', 'groups'] : ['versions', 'suites', 'groups'],
  serve: async (job) => goProgram.agent.serve(jobFields(job)),
  dial: async (job) => goProgram.agent.dial(job, jobFields(job)),
  stop: () => goProgram.stop(),
};

const javaVersion = (): string | undefined =>
  programVersion('javac', ['--version'], /javac (\d+\S*)/) &&
  programVersion('java', ['--version'], /^\w+ (\d+\S*)/);

function javaProgram(...properties: readonly string[]): Lazy {
  return lazily(() => {
    const folder = `${PEERS_FOLDER}/jsse`;
    compile('javac', ['-d', folder, 'MatrixAgent.java'], source('java'), {});
    // Many short connections: start fast, and compile little.
    return new Agent('java', ['-XX:TieredStopAtLevel=1', ...properties, '-cp', folder, 'MatrixAgent']);
  });
}

/** Whether to offer the extended master secret is for a whole process to say. */
const java = javaProgram();
const javaWithoutExtendedMasterSecret = javaProgram('-Djdk.tls.useExtendedMasterSecret=false');
const javaFor = ({ cell }: Job): Agent =>
  (cell.extendedMasterSecret ? java : javaWithoutExtendedMasterSecret).agent;

/** SSLParameters.setNamedGroups came with Java 20, setSignatureSchemes with Java 19. */
const JAVA_WITH_LISTS = 20;

export const jsse: Peer = {
  name: 'jsse',
  library: 'JSSE',
  isOptional: true,
  version: javaVersion,
  lacks: [noCcm('JSSE'), noMlKem('JSSE'), neverEncryptThenMac('JSSE'), ownOrder('JSSE', { over: 'group' })],
  wantsSchemesOfChains: true,
  tellable: () =>
    Number.parseInt(javaVersion() ?? '', 10) >= JAVA_WITH_LISTS
      ? ['versions', 'suites', 'groups', 'schemes']
      : ['versions', 'suites'],
  serve: async (job) => javaFor(job).serve(jobFields(job)),
  dial: async (job) => javaFor(job).dial(job, jobFields(job)),
  stop() {
    java.stop();
    javaWithoutExtendedMasterSecret.stop();
  },
};
