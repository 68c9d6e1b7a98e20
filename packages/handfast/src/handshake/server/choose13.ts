/** What a TLS 1.3 server chooses among what a client offers. Every choice comes with its reason. */
import type { HashName } from '../../crypto/provider.ts';
import { type CipherSuite13Info, TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { cipherSuiteName, groupName, type NamedGroup, signatureSchemeName } from '../../wire/registry.ts';
import type { Handshake } from '../driver.ts';
import { listed } from '../listed.ts';
import { bestSuited, type Suited, schemesIn } from '../selection.ts';
import {
  identityCandidates,
  orderReason,
  type ServerContext,
  shared,
  tellIdentity,
  tellSignatureScheme,
} from './choose.ts';

/** The suites that both have, in the order that counts. */
export function sharedCipherSuites(h: ServerContext, hello: ClientHello): readonly CipherSuite13Info[] {
  const { preference, cipherSuites } = h.config;
  return shared(preference, cipherSuites, hello.cipherSuites).flatMap(
    (suite) => TLS13_CIPHER_SUITES.get(suite) ?? [],
  );
}

/**
 * The suite: the first that both have.
 * @param hash of the pre-shared key, which a suite must go with.
 */
export function chooseCipherSuite(h: ServerContext, hello: ClientHello, hash?: HashName): CipherSuite13Info {
  const { preference } = h.config;
  const cipherSuites = h.config.cipherSuites.filter((suite) => TLS13_CIPHER_SUITES.has(suite));
  const info = sharedCipherSuites(h, hello).find((suite) => hash === undefined || suite.hash === hash);
  // RFC 9846 section 4.2.1 "it MUST abort the handshake with either a handshake_failure"
  // RFC 9846 section 2.1 "the server MUST abort the handshake with an appropriate"
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
    reason:
      hash === undefined
        ? orderReason(preference)
        : `${orderReason(preference)}, and that goes with its pre-shared key`,
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
  const sent = keyShare.map((entry) => entry.group);
  const group = shared(preference, groups, sent)[0] ?? shared(preference, groups, supportedGroups)[0];
  if (group === undefined) {
    throw new TlsError(
      'ERR_NO_SHARED_GROUP',
      `no key-exchange group in common: the client offers ${listed(supportedGroups, groupName).join(', ')}; ` +
        `the server takes ${groups.map(groupName).join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  // RFC 9846 section 4.3.8 "Servers MUST NOT send a KeyShareEntry for any group"
  // RFC 9846 section 2 "the server's share MUST be in the same group"
  // RFC 9846 section 4.2.1 "the server MUST respond with a HelloRetryRequest"
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

/** Chooses the certificate to show and the scheme to sign with: among those that carry the name first, then among all. */
export function* chooseIdentity(h: ServerContext, hello: ClientHello): Handshake<Suited> {
  const { signatureAlgorithms = [] } = hello.extensions;
  const { named, others } = yield* identityCandidates(h, hello);
  const chosen =
    bestSuited(named, hello.extensions, 'TLSv1.3') ?? bestSuited(others, hello.extensions, 'TLSv1.3');
  if (chosen === undefined) {
    const ours = [...named, ...others].flatMap((identity) => schemesIn('TLSv1.3', identity));
    throw new TlsError(
      'ERR_NO_SHARED_SIGNATURE_SCHEME',
      `no signature scheme in common: the client takes ${listed(signatureAlgorithms, signatureSchemeName).join(', ')}; ` +
        `the server's certificates can sign with ${[...new Set(ours)].map(signatureSchemeName).join(', ')} (those of a chain with SHA-1 are only for clients that ask for it)`,
      { message: 'ClientHello' },
    );
  }
  const { identity, signatureScheme } = chosen;
  tellIdentity(h, hello, identity, chosen.isVerifiable);
  tellSignatureScheme(h, hello, signatureScheme);
  return chosen;
}
