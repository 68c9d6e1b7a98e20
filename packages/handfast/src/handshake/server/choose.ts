/** How a server chooses among what a client offers. Every choice comes with its reason. */
import { type CipherSuite13Info, TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { latin1, printable } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { cipherSuiteName, groupName, type NamedGroup, signatureSchemeName } from '../../wire/registry.ts';
import { carriesName } from '../../x509/host-name.ts';
import type { Preference, ServerConfig } from '../config.ts';
import type { HandshakeContext } from '../context.ts';
import { guarded, type Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import type { Identity } from '../identity.ts';
import { listed } from '../listed.ts';
import { missing } from '../refusals.ts';
import { bestSuited, type Suited } from '../selection.ts';

export type ServerContext = HandshakeContext<ServerConfig>;

/** The first of `own` or of `offered` that the other side has too, by whose order counts. */
function firstShared<T>(preference: Preference, own: readonly T[], offered: readonly T[]): T | undefined {
  return preference === 'server'
    ? own.find((value) => offered.includes(value))
    : offered.find((value) => own.includes(value));
}

function orderReason(preference: Preference): string {
  return preference === 'server'
    ? "the first in the server's order that the client offers"
    : "the first in the client's order that the server takes";
}

export function chooseCipherSuite(h: ServerContext, hello: ClientHello): CipherSuite13Info {
  const { cipherSuites, preference } = h.config;
  const chosen = firstShared(preference, cipherSuites, hello.cipherSuites);
  const info = chosen === undefined ? undefined : TLS13_CIPHER_SUITES.get(chosen);
  if (info === undefined) {
    throw new TlsError(
      'ERR_NO_SHARED_CIPHER_SUITE',
      `no cipher suite in common: the client offers ${listed(hello.cipherSuites, cipherSuiteName).join(', ')}; ` +
        `the server takes ${cipherSuites.map(cipherSuiteName).join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  h.choose({
    phase: 'hello',
    what: 'cipher suite',
    chosen: info.name,
    offered: listed(hello.cipherSuites, cipherSuiteName),
    reason: orderReason(preference),
  });
  return info;
}

/** The group, and the client's share for it; without a share the client must be asked to retry. */
export interface GroupChoice {
  readonly group: NamedGroup;
  readonly share?: Uint8Array;
}

/**
 * Chooses the group: among those that the client sent a share for, if there is one that the server takes, since
 * that saves a round trip (RFC 9846 section 4.3.8); otherwise among all that it supports.
 */
export function chooseGroup(h: ServerContext, hello: ClientHello): GroupChoice {
  const { groups, preference } = h.config;
  const { supportedGroups = [], keyShare = [] } = hello.extensions;
  const shared = firstShared(
    preference,
    groups,
    keyShare.map(({ group }) => group),
  );
  const group = shared ?? firstShared(preference, groups, supportedGroups);
  if (group === undefined) {
    throw new TlsError(
      'ERR_NO_SHARED_GROUP',
      `no key-exchange group in common: the client offers ${listed(supportedGroups, groupName).join(', ')}; ` +
        `the server takes ${groups.map(groupName).join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  const share = keyShare.find((entry) => entry.group === group)?.keyExchange;
  h.choose({
    phase: 'key exchange',
    what: 'group',
    chosen: groupName(group),
    offered: listed(supportedGroups, groupName),
    reason:
      share === undefined
        ? `${orderReason(preference)}; the client sent no share for it, so it must retry`
        : `${orderReason(preference)}, among those that it sent a key share for`,
  });
  return { group, ...(share === undefined ? {} : { share }) };
}

/** Chooses the application protocol (RFC 7301 section 3.2): none if either side names none, an error if none is shared. */
export function chooseApplicationProtocol(h: ServerContext, hello: ClientHello): string | undefined {
  const { applicationProtocols, preference } = h.config;
  const offered = hello.extensions.applicationLayerProtocolNegotiation;
  if (offered === undefined || applicationProtocols.length === 0) return undefined;
  const chosen = firstShared(preference, applicationProtocols, offered.map(latin1));
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

/** Chooses the certificate to show and the scheme to sign with: among those that carry the name first, then among all. */
export function* chooseIdentity(
  h: ServerContext,
  hello: ClientHello,
): Handshake<NonNullable<Established['own']>> {
  const { serverName, signatureAlgorithms = [] } = hello.extensions;
  const { named, others } = yield* identityCandidates(h, hello);
  const chosen = bestSuited(named, hello.extensions) ?? bestSuited(others, hello.extensions);
  if (chosen === undefined) {
    const ours = [...named, ...others].flatMap(({ schemes }) => schemes.map(signatureSchemeName));
    throw new TlsError(
      'ERR_NO_SHARED_SIGNATURE_SCHEME',
      `no signature scheme in common: the client takes ${listed(signatureAlgorithms, signatureSchemeName).join(', ')}; ` +
        `the server's certificates can sign with ${[...new Set(ours)].join(', ')} (those of a chain with SHA-1 are only for clients that ask for it)`,
      { message: 'ClientHello' },
    );
  }
  const { identity, signatureScheme } = chosen;
  h.choose({
    phase: 'certificate',
    what: 'certificate',
    chosen: identity.chain[0]?.subject.toString() ?? '',
    offered: serverName === undefined ? [] : [serverName],
    reason: identityReason(chosen, serverName),
  });
  h.choose({
    phase: 'certificate',
    what: 'signature scheme',
    chosen: signatureSchemeName(signatureScheme),
    offered: listed(signatureAlgorithms, signatureSchemeName),
    reason: "the first that the certificate's key can sign with and the client takes",
  });
  return { identity, signatureScheme };
}

/** Identities that may be shown: those that carry the name, and the others. */
function* identityCandidates(
  h: ServerContext,
  hello: ClientHello,
): Handshake<{ readonly named: readonly Identity[]; readonly others: readonly Identity[] }> {
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

function identityReason({ identity, isVerifiable }: Suited, serverName: string | undefined): string {
  const reason =
    serverName === undefined
      ? 'the client named no server'
      : carries(identity, serverName)
        ? `it carries the name ${serverName}`
        : `no certificate carries the name ${serverName}`;
  return isVerifiable
    ? reason
    : `${reason}; the client does not say that it can verify the signatures of this chain, but there is none better`;
}

function unrecognizedName(serverName: string | undefined): TlsError {
  if (serverName === undefined) return missing('ClientHello', 'server_name');
  return new TlsError(
    'ERR_UNRECOGNIZED_NAME',
    `there is no certificate for the server name '${serverName}'`,
    { message: 'ClientHello' },
  );
}
