/** What a TLS 1.2 server chooses among what a client offers: suite, group and certificate hang together. */
import { CURVE_GROUPS, groupKind } from '../../crypto/groups.ts';
import { type CipherSuite12Info, TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import {
  cipherSuiteName,
  groupName,
  NamedGroup,
  type SignatureScheme,
  signatureSchemeName,
} from '../../wire/registry.ts';
import type { Handshake } from '../driver.ts';
import type { Identity } from '../identity.ts';
import { listed } from '../listed.ts';
import { bestSuited, mostPresentable } from '../selection.ts';
import {
  type IdentityCandidates,
  identityCandidates,
  orderReason,
  type ServerContext,
  shared,
  tellIdentity,
  tellSignatureScheme,
} from './choose.ts';

/** A suite with all that it needs. */
export interface Choice12 {
  readonly suite: CipherSuite12Info;
  readonly identity: Identity;
  /** Absent with RSA key transport. */
  readonly group?: NamedGroup;
  /** The scheme of ServerKeyExchange; absent with RSA key transport. */
  readonly signatureScheme?: SignatureScheme;
}

/**
 * Chooses the first suite, in the order that counts, for which there is a group and a certificate: among the
 * certificates that carry the server's name first.
 * @throws {TlsError} `ERR_NO_SHARED_CIPHER_SUITE`, or what else is missing for every suite that both have.
 */
export function* chooseSuite12(h: ServerContext, hello: ClientHello): Handshake<Choice12> {
  const { preference } = h.config;
  const own = h.config.cipherSuites.filter((suite) => TLS12_CIPHER_SUITES.has(suite));
  const suites = shared(preference, own, hello.cipherSuites).flatMap(
    (suite) => TLS12_CIPHER_SUITES.get(suite) ?? [],
  );
  if (suites.length === 0) {
    throw new TlsError(
      'ERR_NO_SHARED_CIPHER_SUITE',
      `no cipher suite in common for TLSv1.2: the client offers ${listed(hello.cipherSuites, cipherSuiteName).join(', ')}; ` +
        `the server takes ${own.map(cipherSuiteName).join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  const candidates = yield* identityCandidates(h, hello);
  const choice =
    firstThatWorks(h, hello, suites, candidates.named) ?? firstThatWorks(h, hello, suites, candidates.others);
  if (choice === undefined) throw nothingWorks(h, hello, suites, candidates);
  tell(h, hello, choice);
  return choice;
}

type Found = Choice12 & { readonly isVerifiable: boolean };

function firstThatWorks(
  h: ServerContext,
  hello: ClientHello,
  suites: readonly CipherSuite12Info[],
  identities: readonly Identity[],
): Found | undefined {
  for (const suite of suites) {
    const group = groupFor(h, hello, suite);
    if (group === undefined && suite.keyExchange !== 'RSA') continue;
    const found = identityFor(hello, suite, identities);
    if (found !== undefined) return { suite, ...(group === undefined ? {} : { group }), ...found };
  }
  return undefined;
}

/** The certificate for a suite, and what it signs with; key transport signs nothing. */
function identityFor(
  hello: ClientHello,
  suite: CipherSuite12Info,
  identities: readonly Identity[],
): Pick<Found, 'identity' | 'signatureScheme' | 'isVerifiable'> | undefined {
  if (suite.keyExchange === 'RSA') {
    return mostPresentable(
      identities.filter(({ canDecrypt }) => canDecrypt),
      hello.extensions,
    );
  }
  const fitting = identities.filter(({ chain: [leaf] }) => {
    const key = leaf?.publicKeyInfo.key;
    if (suite.authentication === 'RSA') return key?.kind.startsWith('rsa');
    // A client's supported_groups speak of certificates too (RFC 8422 section 5.1.1).
    return key?.kind === 'ec' ? offersCurve(hello, CURVE_GROUPS[key.curve]) : key?.kind.startsWith('ed');
  });
  return bestSuited(fitting, hello.extensions, 'TLSv1.2');
}

/** A client that names no groups leaves the curve to the server (RFC 8422 section 4). */
function offersCurve({ extensions: { supportedGroups } }: ClientHello, group: NamedGroup): boolean {
  return supportedGroups === undefined || supportedGroups.includes(group);
}

/**
 * The group for a suite: among those that both have. A client that names no curves may be given P-256, which all have;
 * one that names no finite fields knows none by name, and may be given any (RFC 7919 section 4).
 */
function groupFor(h: ServerContext, hello: ClientHello, suite: CipherSuite12Info): NamedGroup | undefined {
  const { groups, preference } = h.config;
  const { supportedGroups } = hello.extensions;
  const offered = supportedGroups ?? [NamedGroup.secp256r1];
  switch (suite.keyExchange) {
    case 'ECDHE':
      return shared(preference, ofKind(groups, 'ecdhe'), offered)[0];
    case 'DHE': {
      const own = ofKind(groups, 'ffdhe');
      const named = offered.some(isFiniteField);
      return named ? shared(preference, own, offered)[0] : own[0];
    }
    case 'RSA':
      return undefined;
  }
}

/** The code points that RFC 7919 section 2 sets aside for finite fields. */
function isFiniteField(group: NamedGroup): boolean {
  return group >> 8 === 1;
}

function ofKind(groups: readonly NamedGroup[], kind: 'ecdhe' | 'ffdhe'): readonly NamedGroup[] {
  return groups.filter((group) => groupKind(group) === kind);
}

/** Why none of the suites that both have can be used: the group, or the certificate. */
function nothingWorks(
  h: ServerContext,
  hello: ClientHello,
  suites: readonly CipherSuite12Info[],
  { named, others }: IdentityCandidates,
): TlsError {
  const { supportedGroups = [], signatureAlgorithms } = hello.extensions;
  const names = suites.map(({ name }) => name).join(', ');
  const lacksGroup = suites.every(
    (suite) => suite.keyExchange !== 'RSA' && groupFor(h, hello, suite) === undefined,
  );
  if (lacksGroup) {
    // RFC 7919 section 4 has an alert of its own for a client that named finite fields.
    const hasFields =
      suites.some(({ keyExchange }) => keyExchange === 'DHE') && supportedGroups.some(isFiniteField);
    return new TlsError(
      hasFields ? 'ERR_WEAK_KEY_EXCHANGE' : 'ERR_NO_SHARED_GROUP',
      `no group in common for ${names}: the client offers ${listed(supportedGroups, groupName).join(', ')}; ` +
        `the server takes ${h.config.groups.map(groupName).join(', ')}`,
      { message: 'ClientHello' },
    );
  }
  const kinds = [...named, ...others].map(({ chain: [leaf] }) => leaf?.publicKeyInfo.key?.kind ?? 'unknown');
  const schemes =
    signatureAlgorithms === undefined
      ? 'names no signature schemes, which means SHA-1 (RFC 5246 section 7.4.1.4.1)'
      : `takes the signature schemes ${listed(signatureAlgorithms, signatureSchemeName).join(', ')}`;
  return new TlsError(
    'ERR_NO_SHARED_SIGNATURE_SCHEME',
    `no certificate of this server goes with ${names}: the client ${schemes}; the server's certificates hold ` +
      `${[...new Set(kinds)].join(', ')} keys (those of a chain with SHA-1 are only for clients that ask for it)`,
    { message: 'ClientHello' },
  );
}

function tell(h: ServerContext, hello: ClientHello, choice: Found): void {
  const { suite, group, identity, signatureScheme, isVerifiable } = choice;
  const { supportedGroups } = hello.extensions;
  const reason = orderReason(h.config.preference);
  h.choose({
    phase: 'hello',
    what: 'cipher suite',
    chosen: suite.name,
    offered: listed(hello.cipherSuites, cipherSuiteName),
    reason: `${reason}, and that goes with ${group === undefined ? '' : 'a group and '}a certificate`,
  });
  if (group !== undefined) {
    h.choose({
      phase: 'key exchange',
      what: 'group',
      chosen: groupName(group),
      offered: listed(supportedGroups ?? [], groupName),
      reason: supportedGroups?.includes(group)
        ? reason
        : 'the client names no group of this kind, which leaves it to the server',
    });
  }
  tellIdentity(h, hello, identity, isVerifiable);

  if (signatureScheme !== undefined) tellSignatureScheme(h, hello, signatureScheme);
}
