/** How a server chooses, where both versions choose alike. Every choice comes with its reason. */
import { latin1, printable } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import {
  CipherSuite,
  isGrease,
  ProtocolVersion,
  type SignatureScheme,
  signatureSchemeName,
  type TlsVersion,
  versionName,
} from '../../wire/registry.ts';
import { carriesName } from '../../x509/host-name.ts';
import type { Preference, ServerConfig } from '../config.ts';
import type { HandshakeContext } from '../context.ts';
import { guarded, type Handshake } from '../driver.ts';
import type { Identity } from '../identity.ts';
import { listed } from '../listed.ts';
import { missing } from '../refusals.ts';

export type ServerContext = HandshakeContext<ServerConfig>;

/** What both sides have, in the order that counts. */
export function shared<T>(preference: Preference, own: readonly T[], offered: readonly T[]): readonly T[] {
  const [first, second] = preference === 'server' ? [own, offered] : [offered, own];
  const others = new Set(second);
  return first.filter((value) => others.has(value));
}

export function orderReason(preference: Preference): string {
  return preference === 'server'
    ? "the first in the server's order that the client offers"
    : "the first in the client's order that the server takes";
}

/** The versions that a client offers (RFC 9846 section 4.3.1; before TLS 1.3 it named its newest only). */
function offeredVersions({ extensions, legacyVersion }: ClientHello): readonly number[] {
  // RFC 9846 section 4.3.1 "version negotiation and MUST use only the supported_versions extension to
  // determine client", "also support TLS 1.2 MUST negotiate TLS 1.2 or prior"
  // RFC 9846 appendix E.2 "the server MUST negotiate using that extension", "the server MUST negotiate the
  // minimum of"
  return extensions.supportedVersions ?? [Math.min(legacyVersion, ProtocolVersion['TLSv1.2'])];
}

/**
 * Chooses the newest version that both speak.
 * @throws {TlsError} `ERR_PROTOCOL_VERSION` when there is none, `ERR_INAPPROPRIATE_FALLBACK` when the client offers less
 * than it can although this server speaks more (RFC 7507 section 3).
 */
export function chooseVersion(h: ServerContext, hello: ClientHello): TlsVersion {
  const { versions } = h.config;
  const offered = offeredVersions(hello);
  const names = listed(
    offered.filter((version) => !isGrease(version)),
    versionName,
  );
  const message = 'ClientHello';
  // RFC 9846 appendix E.2 "the server MUST abort the handshake with a protocol_version"
  // RFC 5246 appendix E.1 "it MUST reply according to the highest version", "client_version, it MUST send a
  // protocol_version alert"
  const chosen = versions.find((version) => offered.includes(ProtocolVersion[version]));
  if (chosen === undefined) {
    throw new TlsError(
      'ERR_PROTOCOL_VERSION',
      `the client offers ${names.join(', ') || 'no version that there is'}, this server speaks ${versions.join(' and ')} only`,
      { message, offered: names },
    );
  }
  const isFallback = hello.cipherSuites.includes(CipherSuite.TLS_FALLBACK_SCSV);
  if (isFallback && chosen !== versions[0]) {
    throw new TlsError(
      'ERR_INAPPROPRIATE_FALLBACK',
      `the client says that it fell back to ${chosen} after a failure, and this server speaks ${versions[0]}; ` +
        'somebody on the path may have made the first attempt fail',
      { message, offered: names },
    );
  }
  h.choose({
    phase: 'hello',
    what: 'version',
    chosen,
    offered: listed(offered, versionName),
    reason: 'the newest that both speak',
  });
  return chosen;
}

/** Chooses the application protocol (RFC 7301 section 3.2): none if either side names none, an error if none is shared. */
export function chooseApplicationProtocol(h: ServerContext, hello: ClientHello): string | undefined {
  const { applicationProtocols, preference } = h.config;
  const offered = hello.extensions.applicationLayerProtocolNegotiation;
  if (offered === undefined || applicationProtocols.length === 0) return undefined;
  const [chosen] = shared(preference, applicationProtocols, offered.map(latin1));
  const names = listed(offered, printable);
  if (chosen === undefined) {
    throw new TlsError(
      'ERR_NO_APPLICATION_PROTOCOL',
      `no application protocol in common: the client offers ${names.join(', ')}; the server speaks ${applicationProtocols.join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  h.choose({
    phase: 'hello',
    what: 'application protocol',
    chosen,
    offered: names,
    reason: orderReason(preference),
  });
  return chosen;
}

/** Identities that may be shown: those that carry the name that the client wants, and the others. */
export interface IdentityCandidates {
  readonly named: readonly Identity[];
  readonly others: readonly Identity[];
}

export function* identityCandidates(h: ServerContext, hello: ClientHello): Handshake<IdentityCandidates> {
  const { identities, selectIdentity, requireKnownServerName } = h.config;
  const { serverName } = hello.extensions;
  if (selectIdentity !== undefined) {
    const selected = yield* guarded(() => selectIdentity(hello), 'ERR_INTERNAL', 'selectIdentity');
    if (selected === undefined) throw unrecognizedName(serverName);
    return { named: [selected], others: [] };
  }
  if (serverName === undefined) return { named: [], others: identities };
  const named = identities.filter((identity) => carries(identity, serverName));
  if (named.length === 0 && requireKnownServerName) throw unrecognizedName(serverName);
  return { named, others: identities.filter((identity) => !named.includes(identity)) };
}

function carries({ chain: [leaf] }: Identity, serverName: string): boolean {
  return leaf !== undefined && carriesName(leaf, { kind: 'dns', text: serverName.toLowerCase() });
}

/** Notes which certificate was chosen, and why. */
export function tellIdentity(
  h: ServerContext,
  { extensions: { serverName } }: ClientHello,
  identity: Identity,
  isVerifiable: boolean,
): void {
  const reason =
    serverName === undefined
      ? 'the client named no server'
      : carries(identity, serverName)
        ? `it carries the name ${serverName}`
        : `no certificate carries the name ${serverName}`;
  h.choose({
    phase: 'certificate',
    what: 'certificate',
    chosen: identity.chain[0]?.subject.toString() ?? '',
    offered: serverName === undefined ? [] : [serverName],
    reason: isVerifiable
      ? reason
      : `${reason}; the client does not say that it can verify the signatures of this chain, but there is none better`,
  });
}

/** Notes what the server signs with. */
export function tellSignatureScheme(
  h: ServerContext,
  { extensions: { signatureAlgorithms = [] } }: ClientHello,
  scheme: SignatureScheme,
): void {
  h.choose({
    phase: 'certificate',
    what: 'signature scheme',
    chosen: signatureSchemeName(scheme),
    offered: listed(signatureAlgorithms, signatureSchemeName),
    reason: "the first that the certificate's key can sign with and the client takes",
  });
}

/** Notes that the client proved who it is. */
export function tellClientSignature(h: ServerContext, scheme: SignatureScheme): void {
  h.choose({
    phase: 'certificate',
    what: 'client authentication',
    chosen: signatureSchemeName(scheme),
    offered: h.config.signatureSchemes.map(signatureSchemeName),
    reason: 'the client signed with it',
  });
}

function unrecognizedName(serverName: string | undefined): TlsError {
  if (serverName === undefined) return missing('ClientHello', 'server_name');
  return new TlsError(
    'ERR_UNRECOGNIZED_NAME',
    `there is no certificate for the server name '${serverName}'`,
    { message: 'ClientHello' },
  );
}
