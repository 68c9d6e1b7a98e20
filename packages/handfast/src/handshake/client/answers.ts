/** What a client makes of a server's answers, in both versions: each must have been offered. */
import type { CipherSuiteInfo } from '../../keys/cipher-suites.ts';
import { equalBytes, latin1, printable } from '../../wire/bytes.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { cipherSuiteName, type TlsVersion, versionName } from '../../wire/registry.ts';
import { illegal } from '../refusals.ts';
import type { ClientContext, Offer } from './client-hello.ts';

/** Notes the version and the cipher suite, which the server chose. */
export function tellVersion(
  h: ClientContext,
  hello: ClientHello,
  version: TlsVersion,
  suite: CipherSuiteInfo,
): void {
  h.choose({
    phase: 'hello',
    what: 'version',
    chosen: version,
    offered: (hello.extensions.supportedVersions ?? [hello.legacyVersion]).map(versionName),
    reason:
      version === 'TLSv1.3'
        ? 'the server chose it in supported_versions'
        : 'the server chose it in its hello, and shows no sign that it was led to an older version',
  });
  h.choose({
    phase: 'hello',
    what: 'cipher suite',
    chosen: suite.name,
    offered: hello.cipherSuites.map(cipherSuiteName),
    reason: 'the server chose it from the offer',
  });
}

/**
 * The application protocol that the server chose, if it chose one (RFC 7301 section 3.2).
 * @param message the message in which it says so.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER` when it was not offered.
 */
export function chosenProtocol(
  h: ClientContext,
  offer: Offer,
  message: string,
  answer: readonly Uint8Array[] | undefined,
): string | undefined {
  const [chosen] = answer ?? [];
  if (chosen === undefined) return undefined;
  const offered = offer.hello.extensions.applicationLayerProtocolNegotiation ?? [];
  const protocol = latin1(chosen);
  if (!offered.some((name) => equalBytes(name, chosen))) {
    throw illegal(
      message,
      `the server chose the application protocol '${printable(chosen)}', which the client did not offer`,
    );
  }
  h.choose({
    phase: 'hello',
    what: 'application protocol',
    chosen: protocol,
    offered: offered.map(latin1),
    reason: 'the server chose it from the offer',
  });
  return protocol;
}
