/** What `handfast scan --json` prints: one document. */
import type { Address } from '../address.ts';
import { explain } from '../explain.ts';
import type { Accepted, ScanFacts } from './facts.ts';
import { type Finding, suiteFlaws } from './findings.ts';

function list<T>({ accepted, order, complete }: Accepted<T>): object {
  return { accepted, order, complete };
}

/** The lists that there are. */
function byVersion<T>(lists: readonly (readonly [version: string, found: Accepted<T> | null])[]): object {
  return Object.fromEntries(
    lists.flatMap(([version, found]) => (found === null ? [] : [[version, list(found)]])),
  );
}

/** A scan and its findings. Names are those of the IANA registries. */
export function scanDocument(facts: ScanFacts, findings: readonly Finding[]): object {
  const { host, port, name, remoteAddress, at, versions, connections } = facts;
  return {
    ok: findings.every(({ severity }) => severity !== 'problem'),
    address: { host, port },
    name,
    remoteAddress,
    scannedAt: new Date(at).toISOString(),
    versions: versions.map(({ version, accepted, refusal, suites }) => ({
      version,
      accepted: accepted ?? null,
      refusal: refusal ?? null,
      cipherSuites: suites.accepted.map((suite) => ({ ...suite, weaknesses: suiteFlaws(facts, suite) })),
      ...(version === 'SSLv2' ? { cipherKinds: facts.ssl2CipherKinds } : {}),
      order: suites.order,
      complete: suites.complete,
    })),
    groups: byVersion([
      ['TLSv1.3', facts.groups13],
      [facts.curves?.version ?? 'TLSv1.2', facts.curves],
    ]),
    signatureSchemes: byVersion([
      ['TLSv1.3', facts.schemes13],
      ['TLSv1.2', facts.schemes12],
    ]),
    applicationProtocols: list(facts.protocols),
    chains: facts.chains,
    clientCertificate: facts.clientCertificate,
    olderVersions: facts.legacy,
    tls13: facts.tls13,
    findings,
    connections,
  };
}

/** A scan that could not be made. */
export function failureDocument(address: Address, error: unknown): object {
  const { exitCode, text } = explain(error, address);
  const code = (error as { readonly code?: unknown }).code;
  return {
    ok: false,
    address,
    error: { code: typeof code === 'string' ? code : null, message: text, exitCode },
  };
}
