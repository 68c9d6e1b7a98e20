/** The servers: well and badly configured, of four makes. */
import { fileURLToPath } from 'node:url';
import type { Credentials, Workshop } from './pki.ts';
import { output, type Running, start } from './run.ts';

export interface TestServer {
  readonly name: string;
  /** Identifiers of the problems and weaknesses that handfast must find: these and no others. */
  readonly faults: readonly string[];
  /** Whose order decides is compared too, which takes testssl.sh a while. */
  readonly compareOrder?: boolean;
  /** sslscan does not ask for groups: it waits for three seconds at each, and finds none. */
  readonly withoutGroups?: boolean;
  /** What another scanner does not see here, and why; the comparison is left out. */
  readonly blind?: Readonly<Partial<Record<'sslscan' | 'testssl', Readonly<Record<string, string>>>>>;
  start(workshop: Workshop, port: number): Promise<Running>;
}

export const LAUNCHER: string = fileURLToPath(
  new URL('../../../../packages/cli/bin/handfast.js', import.meta.url),
);

function nginx(name: string, workshop: Workshop, port: number, settings: string): Promise<Running> {
  const { rsa, ecdsa, folder } = workshop;
  const identities = [rsa, ecdsa].map(
    ({ chain, key }) => `ssl_certificate ${chain};\n    ssl_certificate_key ${key};`,
  );
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = workshop.write(
    `${name}.conf`,
    `daemon off;
master_process off;
pid ${folder}/${name}.pid;
error_log stderr error;
events {}
http {
  access_log off;
  ${paths.map((path) => `${path}_temp_path ${folder}/${name}-${path};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl${settings.includes('TLSv1.3') ? ' http2' : ''};
    ${identities.join('\n    ')}
    ${settings}
  }
}
`,
  );
  return start('nginx', ['-p', folder, '-c', configuration], port);
}

function show({ leaf, intermediate, key }: Credentials): string[] {
  return ['-cert', leaf, '-cert_chain', intermediate, '-key', key];
}

function sServer(port: number, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  return start('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-www', ...args], port, env);
}

/** Milliseconds for a tool that prepares something. */
const PREPARATION_LIMIT = 60_000;

async function selfserv(workshop: Workshop, port: number, args: readonly string[]): Promise<Running> {
  const { rsa, folder } = workshop;
  const database = `sql:${folder}`;
  const archive = `${folder}/rsa.p12`;
  const pack = [
    'pkcs12',
    '-export',
    '-in',
    rsa.leaf,
    '-inkey',
    rsa.key,
    '-name',
    'rsa',
    '-passout',
    'pass:x',
  ];
  await output('certutil', ['-N', '-d', database, '--empty-password'], PREPARATION_LIMIT);
  await output('openssl', [...pack, '-certfile', rsa.intermediate, '-out', archive], PREPARATION_LIMIT);
  await output('pk12util', ['-i', archive, '-d', database, '-W', 'x', '-K', ''], PREPARATION_LIMIT);
  const running = await start('selfserv', ['-n', 'rsa', '-p', `${port}`, '-d', database, ...args], port);
  // With its first handshake it makes a finite field, which may take longer than a scanner waits.
  await output('openssl', ['s_client', '-connect', `127.0.0.1:${port}`], PREPARATION_LIMIT);
  return running;
}

/** sslscan counts every answer to a hello with one scheme, signed or not. */
const UNSIGNED = {
  schemes: 'its hellos name no groups, so that the server takes a suite in which nothing is signed',
};
const WITHOUT_KEY = {
  suites: 'it asks through OpenSSL, whose client offers no pre-shared key unless it is given one',
};
const WITHOUT_EXTENDED_MASTER_SECRET = {
  versions: 'its hello lacks extended master secret, which handfast serve requires (RFC 7627)',
};

const WEAK_SUITES = ['no-forward-secrecy'];
const OLD_VERSIONS = ['version-tlsv1.0', 'version-tlsv1.1'];

export const SERVERS: readonly TestServer[] = [
  {
    name: 'handfast serve',
    faults: [],
    blind: { sslscan: WITHOUT_EXTENDED_MASTER_SECRET, testssl: WITHOUT_EXTENDED_MASTER_SECRET },
    compareOrder: true,
    start: ({ rsa, ecdsa }, port) => {
      const identities = [ecdsa, rsa].flatMap(({ chain, key }) => ['--cert', chain, '--key', key]);
      return start(process.execPath, [LAUNCHER, 'serve', '--port', `${port}`, ...identities], port);
    },
  },
  {
    name: 'nginx, well configured',
    faults: [],
    compareOrder: true,
    start: (workshop, port) =>
      nginx(
        'good',
        workshop,
        port,
        `ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_prefer_server_ciphers on;`,
      ),
  },
  {
    name: "nginx, Debian's default",
    faults: [...WEAK_SUITES, 'short-tag', 'client-order'],
    blind: { sslscan: UNSIGNED },
    compareOrder: true,
    start: (workshop, port) => nginx('default', workshop, port, 'ssl_protocols TLSv1.2 TLSv1.3;'),
  },
  {
    name: 'nginx, everything on',
    faults: [
      ...OLD_VERSIONS,
      ...WEAK_SUITES,
      'null-cipher',
      'anonymous-key-exchange',
      'short-tag',
      'sha1-signature',
    ],
    blind: { sslscan: UNSIGNED },
    start: (workshop, port) =>
      nginx(
        'bad',
        workshop,
        port,
        `ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
    ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0;
    ssl_prefer_server_ciphers on;`,
      ),
  },
  {
    name: 'OpenSSL, TLS 1.0 alone',
    faults: ['version-tlsv1.0', 'no-current-version', ...WEAK_SUITES],
    start: ({ rsa }, port) =>
      sServer(port, [...show(rsa), '-tls1', '-cipher', 'ALL:!aNULL:@SECLEVEL=0', '-serverpref']),
  },
  {
    name: 'OpenSSL, TLS 1.3 alone, rare choices',
    faults: ['short-tag'],
    start: ({ ecdsa }, port) =>
      sServer(port, [
        ...show(ecdsa),
        '-tls1_3',
        ...['-ciphersuites', 'TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256:TLS_AES_256_GCM_SHA384'],
        ...['-groups', 'P-384:X448:ffdhe3072', '-serverpref'],
      ]),
  },
  {
    name: 'OpenSSL, field of 1024 bits',
    faults: ['small-finite-field', 'sha1-signature'],
    start: ({ rsa, smallField }, port) => {
      const suites = ['-cipher', 'DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0'];
      return sServer(port, [...show(rsa), '-tls1_2', ...suites, '-dhparam', smallField]);
    },
  },
  {
    name: 'OpenSSL, nobody authenticated',
    blind: { sslscan: UNSIGNED },
    faults: ['anonymous-key-exchange', 'null-cipher', 'small-finite-field'],
    start: (_workshop, port) =>
      sServer(port, ['-nocert', '-tls1_2', '-cipher', 'aNULL:!PSK:!SRP:@SECLEVEL=0']),
  },
  {
    name: 'OpenSSL, RSA key transport',
    blind: { sslscan: UNSIGNED },
    faults: [...WEAK_SUITES, 'no-extended-master-secret', 'cbc-mac-then-encrypt'],
    start: (workshop, port) => {
      const configuration = workshop.write(
        'old.cnf',
        'openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nOptions = -ExtendedMasterSecret, -EncryptThenMac\n',
      );
      const suites = ['-cipher', 'AES128-GCM-SHA256:AES256-SHA256:AES128-SHA'];
      return sServer(port, [...show(workshop.rsa), '-tls1_2', ...suites], { OPENSSL_CONF: configuration });
    },
  },
  {
    name: 'OpenSSL, pre-shared keys',
    blind: { sslscan: { ...UNSIGNED, ...WITHOUT_KEY }, testssl: WITHOUT_KEY },
    faults: [...WEAK_SUITES, 'null-cipher', 'small-finite-field', 'short-tag', 'client-order'],
    start: (_workshop, port) =>
      sServer(port, ['-nocert', '-tls1_2', '-psk', '00112233', '-cipher', 'PSK:@SECLEVEL=0']),
  },
  {
    name: 'NSS, from SSL 3.0 on',
    withoutGroups: true,
    faults: [
      'version-sslv3',
      ...OLD_VERSIONS,
      ...WEAK_SUITES,
      'null-cipher',
      'short-key',
      'rc4',
      'small-finite-field',
      'small-blocks',
      'cbc-mac-then-encrypt',
      'ephemeral-key-reuse',
      'sha1-signature',
    ],
    start: (workshop, port) =>
      selfserv(workshop, port, [
        ...['-V', 'ssl3:tls1.2', '-H', '1', '-W', '1', '-U', '1', '-G'],
        ...['-c', 'cdeinpruvxyz:C013:C011:C012:C02F'],
      ]),
  },
];
