/** handfast's report, from `handfast scan --json`. */
import { hexSuite, type Report, type Version } from './report.ts';
import { output } from './run.ts';
import { LAUNCHER } from './servers.ts';

const LIMIT = 120_000;

interface List {
  readonly accepted: readonly string[];
}

/** The parts of the document that are compared. */
interface Document {
  readonly versions: readonly {
    readonly version: Version;
    readonly accepted: boolean;
    readonly cipherSuites: readonly {
      readonly number: number;
      readonly bits?: number;
      readonly name: string;
    }[];
    readonly order: string | null;
  }[];
  readonly groups: Readonly<Partial<Record<Version, List>>>;
  readonly signatureSchemes: Readonly<Partial<Record<Version, List>>>;
  readonly olderVersions: Readonly<
    Record<'compression' | 'fallbackScsv' | 'secureRenegotiation', boolean | null>
  >;
  readonly findings: readonly { readonly id: string; readonly severity: string }[];
  readonly connections: { readonly used: number; readonly stopped: string | null };
}

export interface OurReport extends Report {
  /** Identifiers of problems and weaknesses. */
  readonly faults: readonly string[];
  readonly connections: number;
}

function lists(found: Document['groups']): Partial<Record<Version, readonly string[]>> {
  return Object.fromEntries(Object.entries(found).map(([version, list]) => [version, list.accepted]));
}

function known<K extends string>(name: K, value: boolean | null): Partial<Record<K, boolean>> {
  return value === null ? {} : ({ [name]: value } as Record<K, boolean>);
}

export async function ours(port: number, authorities: string): Promise<OurReport> {
  const args = [LAUNCHER, 'scan', `127.0.0.1:${port}`, '--name', 'localhost', '--ca', authorities, '--json'];
  const text = await output(process.execPath, args, LIMIT);
  const document = JSON.parse(text) as Document;
  if (document.connections.stopped !== null)
    throw new Error(`the scan stopped: ${document.connections.stopped}`);
  const { versions, olderVersions, findings } = document;
  const spoken = versions.filter(({ accepted }) => accepted);
  const bits = spoken
    .flatMap(({ cipherSuites }) => cipherSuites)
    .flatMap(({ bits: size, name }) => (size === undefined || name.includes('EXPORT') ? [] : [size]));
  const orders = spoken.flatMap(({ version, order }) =>
    version === 'TLSv1.3' || order === null ? [] : [order],
  );
  return {
    versions: spoken.map(({ version }) => version).toReversed(),
    suites: Object.fromEntries(
      spoken.map(({ version, cipherSuites }) => [
        version,
        cipherSuites.map(({ number }) => hexSuite(number)),
      ]),
    ),
    groups: lists(document.groups),
    schemes: lists(document.signatureSchemes),
    ...(orders.length === 0 ? {} : { serverOrder: orders.every((order) => order === 'server') }),
    ...known('compression', olderVersions.compression),
    ...known('fallbackScsv', olderVersions.fallbackScsv),
    ...known('secureRenegotiation', olderVersions.secureRenegotiation),
    ...(bits.length === 0 ? {} : { fieldBits: Math.min(...bits) }),
    faults: findings.filter(({ severity }) => severity !== 'note').map(({ id }) => id),
    connections: document.connections.used,
  };
}
