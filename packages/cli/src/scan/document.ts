/** What `handfast scan --json` prints: one document. */
import type { Address } from '../address.ts';
import { explain } from '../explain.ts';
import type { Accepted, ScanFacts } from './facts.ts';
import { type Finding, suiteFlaws } from './findings.ts';

function list<T>(found: Accepted<T> | null): object | null {
  return found && { accepted: found.accepted, order: found.order, complete: found.complete };
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
    groups: { 'TLSv1.3': list(facts.groups13), 'TLSv1.2': list(facts.groups12) },
    signatureSchemes: { 'TLSv1.3': list(facts.schemes13), 'TLSv1.2': list(facts.schemes12) },
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
