/**
 * What must come of a handshake in memory, by the rules and not by the library: the newest version that both have; then
 * the first that works by the order of whose preference counts.
 */
import type { KeyKind } from '../../pki.ts';
import {
  GROUPS,
  type Group,
  type GroupName,
  SCHEMES,
  type SchemeName,
  SUITES,
  type Suite,
  type Version,
} from '../axes.ts';
import { CURVES } from '../cell.ts';
import type { ClientSide, Match, ServerSide, Side } from './terms.ts';

/** What both sides agree on. */
export interface Agreement {
  readonly version: Version;
  readonly suite: string;
  readonly group: GroupName | undefined;
  readonly serverScheme: SchemeName | undefined;
  readonly clientScheme: SchemeName | undefined;
  readonly alpn: string | undefined;
  readonly retried: boolean;
}

/** The server's error, and the alert with which the client hears of it. */
export interface Refusal {
  readonly code: string;
  readonly alert: string;
}

/** A configuration that is refused when it is built, and the option that is named. */
export interface Misfit {
  readonly option: string;
}

export type Expected = Agreement | Refusal | Misfit;

const failure = (code: string): Refusal => ({ code, alert: 'handshake_failure' });

/** What both have, in the order that counts. */
function shared<T>({ preference }: ServerSide, own: readonly T[], offered: readonly T[]): readonly T[] {
  return preference === 'server'
    ? own.filter((value) => offered.includes(value))
    : offered.filter((value) => own.includes(value));
}

/** How each kind of key prefers to sign; the ECDSA schemes of other curves only where TLS 1.2 allows them. */
function schemesOfKey(key: KeyKind, version: Version): readonly SchemeName[] {
  const own = SCHEMES.filter((scheme) => scheme.key === key && scheme.versions.includes(version));
  const foreign = SCHEMES.filter(
    ({ name }) => version === 'TLSv1.2' && key in CURVES && name.startsWith('ecdsa'),
  );
  return [...new Set([...own, ...foreign].map(({ name }) => name))];
}

/** What the certificates of a key are signed with. */
const CHAINS: Readonly<Partial<Record<KeyKind, SchemeName>>> = {
  p256: 'ecdsa_secp256r1_sha256',
  rsa2048: 'rsa_pkcs1_sha256',
  ed25519: 'ed25519',
};

/**
 * How the first key signs that can as the other side takes it. Those whose certificates are of the kind that the other
 * side says it can verify come before the others; without `inChains` it can verify all.
 */
function signature(
  keys: readonly KeyKind[],
  taken: readonly SchemeName[],
  version: Version,
  inChains?: readonly SchemeName[],
): SchemeName | undefined {
  const isVerifiable = (key: KeyKind): boolean => inChains?.some((scheme) => scheme === CHAINS[key]) ?? true;
  const ranked = [...keys.filter(isVerifiable), ...keys.filter((key) => !isVerifiable(key))];
  const signing = ranked.map((key) => schemesOfKey(key, version).find((name) => taken.includes(name)));
  return signing.find((scheme) => scheme !== undefined);
}

/** What the client signs with, or how it is refused. */
function clientSignature({ client, server }: Match, version: Version): SchemeName | Refusal | undefined {
  if (server.clientAuthentication === 'none') return undefined;
  // TLS 1.2 has no list of its own for certificates there.
  const inChains = version === 'TLSv1.2' ? server.schemes : undefined;
  const scheme = signature(client.keys, server.schemes, version, inChains);
  if (scheme !== undefined || server.clientAuthentication === 'request') return scheme;
  return version === 'TLSv1.3'
    ? { code: 'ERR_CERTIFICATE_REQUIRED', alert: 'certificate_required' }
    : failure('ERR_NO_CERTIFICATE');
}

function suitesOf({ suites }: Side, version: Version): readonly string[] {
  return suites.filter((name) => SUITES.some((suite) => suite.name === name && suite.version === version));
}

const ofKind = (groups: readonly GroupName[], kind: Group['kind']): readonly GroupName[] =>
  groups.filter((name) => GROUPS.some((group) => group.name === name && group.kind === kind));

type Choice = Pick<Agreement, 'suite' | 'group' | 'serverScheme' | 'retried'>;

function choose13({ client, server }: Match): Choice | Refusal {
  const [suite] = shared(server, suitesOf(server, 'TLSv1.3'), suitesOf(client, 'TLSv1.3'));
  if (suite === undefined) return failure('ERR_NO_SHARED_CIPHER_SUITE');
  // A share saves a round trip, so it counts more than the order.
  const [ready] = shared(server, server.groups, client.shares);
  const group = ready ?? shared(server, server.groups, client.groups)[0];
  if (group === undefined) return failure('ERR_NO_SHARED_GROUP');
  const serverScheme = signature(server.keys, client.schemes, 'TLSv1.3');
  if (serverScheme === undefined) return failure('ERR_NO_SHARED_SIGNATURE_SCHEME');
  return { suite, group, serverScheme, retried: ready === undefined };
}

/** The group of a suite of TLS 1.2. A client that names no finite field may be given any (RFC 7919 section 4). */
function group12({ keyExchange }: Suite, client: ClientSide, server: ServerSide): GroupName | undefined {
  if (keyExchange === 'ECDHE') return shared(server, ofKind(server.groups, 'ecdhe'), client.groups)[0];
  const own = ofKind(server.groups, 'ffdhe');
  return ofKind(client.groups, 'ffdhe').length > 0 ? shared(server, own, client.groups)[0] : own[0];
}

/** Keys that go with a suite of TLS 1.2; the client's groups speak of certificates as well (RFC 8422 section 5.1.1). */
function keys12(
  { authentication }: Suite,
  { groups }: ClientSide,
  keys: readonly KeyKind[],
): readonly KeyKind[] {
  return keys.filter((key) => {
    if (authentication === 'RSA') return key.startsWith('rsa');
    const curve = CURVES[key];
    return curve === undefined ? key.startsWith('ed') : groups.includes(curve);
  });
}

function choose12({ client, server }: Match): Choice | Refusal {
  const names = shared(server, suitesOf(server, 'TLSv1.2'), suitesOf(client, 'TLSv1.2'));
  if (names.length === 0) return failure('ERR_NO_SHARED_CIPHER_SUITE');
  const suites = SUITES.filter(({ name }) => names.includes(name));
  let hasGroup = false;
  for (const name of names) {
    const suite = suites.find((entry) => entry.name === name) as Suite;
    if (suite.keyExchange === 'RSA') {
      hasGroup = true;
      if (!server.keys.includes('rsa2048')) continue;
      return { suite: name, group: undefined, serverScheme: undefined, retried: false };
    }
    const group = group12(suite, client, server);
    if (group === undefined) continue;
    hasGroup = true;
    const serverScheme = signature(keys12(suite, client, server.keys), client.schemes, 'TLSv1.2');
    if (serverScheme !== undefined) return { suite: name, group, serverScheme, retried: false };
  }
  if (hasGroup) return failure('ERR_NO_SHARED_SIGNATURE_SCHEME');
  // A client that names finite fields hears that none of its groups is acceptable (RFC 7919 section 4).
  return suites.some(({ keyExchange }) => keyExchange === 'DHE') && ofKind(client.groups, 'ffdhe').length > 0
    ? { code: 'ERR_WEAK_KEY_EXCHANGE', alert: 'insufficient_security' }
    : failure('ERR_NO_SHARED_GROUP');
}

/** Whether a certificate with this key could ever be shown. */
function isOfUse(key: KeyKind, { versions, suites }: ServerSide): boolean {
  const isRsa = key.startsWith('rsa');
  return (
    versions.includes('TLSv1.3') ||
    SUITES.some(({ name, authentication }) => suites.includes(name) && (authentication === 'RSA') === isRsa)
  );
}

/** What must come of it. */
export function expectedOf(match: Match): Expected {
  const { client, server } = match;
  if (!server.keys.every((key) => isOfUse(key, server))) return { option: 'identities' };
  const version = (['TLSv1.3', 'TLSv1.2'] as const).find(
    (entry) => client.versions.includes(entry) && server.versions.includes(entry),
  );
  if (version === undefined) return { code: 'ERR_PROTOCOL_VERSION', alert: 'protocol_version' };
  const choice = version === 'TLSv1.3' ? choose13(match) : choose12(match);
  if ('code' in choice) return choice;
  const [alpn] = shared(server, server.alpn, client.alpn);
  if (alpn === undefined && client.alpn.length > 0 && server.alpn.length > 0) {
    return { code: 'ERR_NO_APPLICATION_PROTOCOL', alert: 'no_application_protocol' };
  }
  const clientScheme = clientSignature(match, version);
  if (typeof clientScheme === 'object') return clientScheme;
  return { version, ...choice, clientScheme, alpn };
}
