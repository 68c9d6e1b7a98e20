/** testssl.sh's report, from its JSON. */
import { readFileSync, rmSync } from 'node:fs';
import { type Report, VERSIONS, type Version } from './report.ts';
import { output } from './run.ts';

/** It asks for every suite of every version, with programs of the shell. */
const LIMIT = 300_000;

const NAMES: Readonly<Record<string, Version>> = {
  SSLv2: 'SSLv2',
  SSLv3: 'SSLv3',
  TLS1: 'TLSv1.0',
  TLS1_1: 'TLSv1.1',
  TLS1_2: 'TLSv1.2',
  TLS1_3: 'TLSv1.3',
};

/** `cipher-tls1_2_xc02f`: a version and a number. */
const CIPHER = /^cipher-(ssl2|ssl3|tls1|tls1_1|tls1_2|tls1_3)_x([0-9a-f]+)$/;
const CIPHER_VERSIONS: Readonly<Record<string, Version>> = {
  ssl2: 'SSLv2',
  ssl3: 'SSLv3',
  tls1: 'TLSv1.0',
  tls1_1: 'TLSv1.1',
  tls1_2: 'TLSv1.2',
  tls1_3: 'TLSv1.3',
};

interface Entry {
  readonly id: string;
  readonly finding: string;
}

export async function testssl(port: number, file: string, withOrder: boolean): Promise<Report> {
  rmSync(file, { force: true });
  await output(
    'testssl',
    [
      ...['--jsonfile', file, '--color', '0', '--quiet', '--warnings', 'off', '--ip', '127.0.0.1'],
      ...['--protocols', '--cipher-per-proto', ...(withOrder ? ['--server-preference'] : [])],
      `localhost:${port}`,
    ],
    LIMIT,
  );
  const entries = JSON.parse(readFileSync(file, 'utf8')) as readonly Entry[];
  const offered = entries.flatMap(({ id, finding }) => {
    const version = NAMES[id];
    return version !== undefined && /^offered/.test(finding) ? [version] : [];
  });
  const suites: Partial<Record<Version, string[]>> = {};
  for (const { id } of entries) {
    const [, name = '', number = ''] = CIPHER.exec(id) ?? [];
    const version = CIPHER_VERSIONS[name];
    if (version === undefined) continue;
    suites[version] = [...(suites[version] ?? []), number.padStart(4, '0')];
  }
  const order = entries.find(({ id }) => id === 'cipher_order')?.finding;
  return {
    versions: VERSIONS.filter((version) => offered.includes(version)),
    suites,
    ...(order === undefined ? {} : { serverOrder: /^server/.test(order) }),
  };
}
