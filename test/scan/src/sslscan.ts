/** sslscan's report, from its XML. */
import { type Report, VERSIONS, type Version } from './report.ts';
import { output } from './run.ts';

const LIMIT = 120_000;

type Attributes = Readonly<Record<string, string>>;

/** The attributes of every element of this name; sslscan writes each on a line of its own. */
function elements(xml: string, name: string): Attributes[] {
  return Array.from(xml.matchAll(new RegExp(`<${name} ([^>]*)/>`, 'g')), ([, text = '']) =>
    Object.fromEntries(
      Array.from(text.matchAll(/(\w+)="([^"]*)"/g), ([, key = '', value = '']) => [key, value]),
    ),
  );
}

function byVersion(
  list: readonly Attributes[],
  read: (attributes: Attributes) => string,
): Partial<Record<Version, string[]>> {
  const found: Partial<Record<Version, string[]>> = {};
  for (const attributes of list) {
    const version = attributes['sslversion'] as Version;
    found[version] = [...(found[version] ?? []), read(attributes)];
  }
  return found;
}

function versionOf({ type, version }: Attributes): Version {
  return (type === 'ssl' ? `SSLv${version}` : `TLSv${version}`) as Version;
}

/** `secp256r1 (NIST P-256)` is secp256r1. */
function plainName({ name = '' }: Attributes): string {
  return name.replace(/ \(.*/, '');
}

export async function sslscan(port: number, withoutGroups: boolean): Promise<Report> {
  const options = ['--xml=-', '--show-sigs', ...(withoutGroups ? ['--no-groups'] : [])];
  const args = [...options, '--sni-name=localhost', `127.0.0.1:${port}`];
  const xml = await output('sslscan', args, LIMIT);
  const enabled = new Set(
    elements(xml, 'protocol').flatMap((protocol) =>
      protocol['enabled'] === '1' ? [versionOf(protocol)] : [],
    ),
  );
  const ciphers = elements(xml, 'cipher');
  const bits = ciphers.flatMap(({ dhebits }) => (dhebits === undefined ? [] : [Number(dhebits)]));
  const is = (name: string, attribute: string): boolean | undefined => {
    const [found] = elements(xml, name);
    return found === undefined ? undefined : found[attribute] === '1';
  };
  const fallbackScsv = is('fallback', 'supported');
  const compression = is('compression', 'supported');
  // It renegotiates to find out, and says nothing where the server refuses that, as it should.
  const secureRenegotiation = is('renegotiation', 'supported') ? is('renegotiation', 'secure') : undefined;
  return {
    versions: VERSIONS.filter((version) => enabled.has(version)),
    suites: byVersion(ciphers, ({ id = '' }) => id.slice(2).toLowerCase()),
    groups: byVersion(elements(xml, 'group'), plainName),
    schemes: byVersion(
      // Before TLS 1.2 nothing says how a server signs.
      elements(xml, 'connection-signature-algorithm').filter(({ name }) => name !== 'ANY'),
      plainName,
    ),
    ...(compression === undefined ? {} : { compression }),
    ...(fallbackScsv === undefined ? {} : { fallbackScsv }),
    ...(secureRenegotiation === undefined ? {} : { secureRenegotiation }),
    ...(bits.length === 0 ? {} : { fieldBits: Math.min(...bits) }),
  };
}
