/**
 * What an endpoint may negotiate: a policy, and what the caller's own lists put in its place. What cannot work is found
 * here, when the configuration is built, and said in a sentence.
 */
import { groupKind } from '../crypto/groups.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import {
  certificateVerifyAlgorithm,
  isCertificateScheme,
  SIGNATURE_SCHEMES,
} from '../crypto/signature-schemes.ts';
import { CIPHER_SUITES, type CipherSuite12Info, type CipherSuiteInfo } from '../keys/cipher-suites.ts';
import { DEFAULT_POLICY, type Policy, RSA_KEY_EXCHANGE_SUITES } from '../policy/policies.ts';
import type { Role } from '../trace/events.ts';
import { ConfigError } from '../wire/errors.ts';
import {
  type CipherSuite,
  cipherSuiteName,
  groupName,
  type NamedGroup,
  type SignatureScheme,
  signatureSchemeName,
  type TlsVersion,
} from '../wire/registry.ts';
import { requireKnown, requireOneOf } from './config-checks.ts';

/** Options about what may be negotiated; each takes the place of what the policy says. */
export interface NegotiationOptions {
  /** What may be negotiated, as a whole. Default: `DEFAULT_POLICY`, which is `intermediate-2026`. */
  readonly policy?: Policy;
  /** Versions, in any order; the newest that both sides speak is taken. Default: the policy's that have a suite. */
  readonly versions?: readonly TlsVersion[];
  /** Cipher suites of all versions, best first. Default: the policy's, as far as the provider has them. */
  readonly cipherSuites?: readonly CipherSuite[];
  /** Key-exchange groups, best first. Default: the policy's, as far as the provider has them. */
  readonly groups?: readonly NamedGroup[];
  /** Schemes that the peer may sign with, best first. Default: the policy's. */
  readonly signatureSchemes?: readonly SignatureScheme[];
  /**
   * Schemes that certificates in the peer's chain may be signed with.
   * Default: the policy's, or `signatureSchemes` and RSA PKCS #1 with SHA-2 where these are given.
   */
  readonly certificateSignatureSchemes?: readonly SignatureScheme[];
  /**
   * RSA key transport in TLS 1.2 (RFC 5246 section 7.4.7.1), which has no forward secrecy. `true` adds its AES-GCM
   * suites, last, where no `cipherSuites` are given. Default: the policy's, which is false in all but `legacy`.
   */
  readonly allowRsaKeyExchange?: boolean;
  /** Refuse TLS 1.2 peers without extended_master_secret (RFC 7627). Default: the policy's, true in all but `legacy`. */
  readonly requireExtendedMasterSecret?: boolean;
  /** Refuse TLS 1.2 peers that do not signal RFC 5746. Default: the policy's, true in all but `legacy`. */
  readonly requireSecureRenegotiation?: boolean;
}

/** The same, complete and checked. */
export type Negotiable = {
  readonly [K in keyof Omit<NegotiationOptions, 'policy'>]-?: Exclude<NegotiationOptions[K], undefined>;
} & {
  readonly policy: Policy;
};

const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

/**
 * Checks what an endpoint may negotiate and fills in what the policy says.
 * @throws {ConfigError} when something cannot work; the message names the option and says why.
 */
export function negotiable(options: NegotiationOptions, provider: CryptoProvider, role: Role): Negotiable {
  const policy = checkPolicy(options.policy === undefined ? DEFAULT_POLICY : options.policy);
  requireBooleans(options);
  const by = `the crypto provider '${provider.name}'`;
  const allowRsaKeyExchange = options.allowRsaKeyExchange ?? policy.allowRsaKeyExchange;
  const groups = listOf(
    options.groups,
    policy.groups,
    'groups',
    groupName,
    (group) => provider.groups.has(group),
    by,
  );
  const schemes = listOf(
    options.signatureSchemes,
    policy.signatureSchemes,
    'signatureSchemes',
    signatureSchemeName,
    (scheme) => SIGNATURE_SCHEMES.has(scheme),
    'TLS 1.2 or TLS 1.3',
  );
  const suites = suitesOf(options, policy, allowRsaKeyExchange, provider, by);
  const flaw = (info: CipherSuiteInfo): string | undefined => flawOf(info, groups, schemes, role);
  const versions = versionsOf(options, policy, suites, flaw);
  if (options.allowRsaKeyExchange && !versions.includes('TLSv1.2')) {
    throw new ConfigError(
      'allowRsaKeyExchange',
      `allowRsaKeyExchange: there is no RSA key transport in ${versions.join(', ')}; it needs TLSv1.2`,
    );
  }
  const chosen = suites.filter((info) => versions.includes(info.version));
  if (options.cipherSuites !== undefined) {
    // Those of a version that falls away, too: it may be their flaws that it falls away for.
    const wanted = options.versions ?? policy.versions;
    refuseFlawed(
      suites.filter((info) => wanted.includes(info.version)),
      flaw,
    );
  }
  return {
    policy,
    versions,
    cipherSuites: chosen.filter((info) => flaw(info) === undefined).map(({ suite }) => suite),
    groups: groupsFor(versions, groups),
    signatureSchemes: schemes.filter((scheme) => versions.includes('TLSv1.2') || isFor13(scheme)),
    certificateSignatureSchemes: requireKnown(
      'certificateSignatureSchemes',
      options.certificateSignatureSchemes ??
        (options.signatureSchemes === undefined
          ? policy.certificateSignatureSchemes
          : [...new Set([...schemes, ...policy.certificateSignatureSchemes.filter(isPkcs1)])]),
      signatureSchemeName,
      isCertificateScheme,
      'X.509',
    ),
    allowRsaKeyExchange,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret ?? policy.requireExtendedMasterSecret,
    requireSecureRenegotiation: options.requireSecureRenegotiation ?? policy.requireSecureRenegotiation,
  };
}

const LISTS_OF_POLICY = [
  'versions',
  'cipherSuites',
  'groups',
  'keyShares',
  'signatureSchemes',
  'certificateSignatureSchemes',
] as const;

function checkPolicy(policy: Policy): Policy {
  const isObject = typeof policy === 'object' && policy !== null;
  const missing = isObject ? LISTS_OF_POLICY.find((list) => !Array.isArray(policy[list])) : undefined;
  if (isObject && missing === undefined) return policy;
  const other = typeof policy === 'string' ? `'${policy}'` : String(policy);
  const found = missing === undefined ? other : `one without ${missing}`;
  throw new ConfigError(
    'policy',
    `policy: expected a policy, such as POLICIES['modern-2026'], found ${found}`,
  );
}

/** What lets less safe peers in must be said clearly: not by a text such as 'false', which counts as true. */
function requireBooleans(options: NegotiationOptions): void {
  for (const option of BOOLEANS) {
    if (options[option] !== undefined) requireOneOf(option, options[option], [true, false]);
  }
}

const BOOLEANS = [
  'allowRsaKeyExchange',
  'requireExtendedMasterSecret',
  'requireSecureRenegotiation',
] as const;

/** The caller's list, all of which must be there, or what is there of the policy's. */
function listOf<T>(
  own: readonly T[] | undefined,
  policys: readonly T[],
  option: string,
  name: (value: T) => string,
  known: (value: T) => boolean,
  by: string,
): readonly T[] {
  return requireKnown(option, own ?? policys.filter(known), name, known, by);
}

function suitesOf(
  { cipherSuites, allowRsaKeyExchange }: NegotiationOptions,
  policy: Policy,
  isRsaAllowed: boolean,
  provider: CryptoProvider,
  by: string,
): readonly CipherSuiteInfo[] {
  const known = (suite: CipherSuite): boolean => {
    const info = CIPHER_SUITES.get(suite);
    return info !== undefined && hasCipher(provider, info);
  };
  const policys = allowRsaKeyExchange
    ? [...new Set([...policy.cipherSuites, ...RSA_KEY_EXCHANGE_SUITES])]
    : policy.cipherSuites;
  const suites = listOf(cipherSuites, policys, 'cipherSuites', cipherSuiteName, known, by);
  const infos = suites.flatMap((suite) => CIPHER_SUITES.get(suite) ?? []);
  if (isRsaAllowed) return infos;
  const [transport] = infos.filter(isKeyTransport);
  if (cipherSuites !== undefined && transport !== undefined) {
    throw new ConfigError(
      'cipherSuites',
      `cipherSuites: ${transport.name} has no forward secrecy; if a peer can do no better, set allowRsaKeyExchange too`,
    );
  }
  return infos.filter((info) => !isKeyTransport(info));
}

/** TLS 1.2 on its own has no use for groups that only TLS 1.3 knows; where there are no others, no suite needs one. */
function groupsFor(versions: readonly TlsVersion[], groups: readonly NamedGroup[]): readonly NamedGroup[] {
  if (versions.includes('TLSv1.3')) return groups;
  const known = groups.filter((group) => ['ecdhe', 'ffdhe'].includes(groupKind(group) ?? ''));
  return known.length > 0 ? known : groups;
}

function hasCipher({ aeads, cbcs }: CryptoProvider, info: CipherSuiteInfo): boolean {
  if (info.version === 'TLSv1.3') return aeads.has(info.aead);
  return info.cipher.kind === 'aead' ? aeads.has(info.cipher.aead) : cbcs.has(info.cipher.cbc);
}

function isKeyTransport(info: CipherSuiteInfo): boolean {
  return info.version === 'TLSv1.2' && info.keyExchange === 'RSA';
}

/** What a suite may lack. */
const LISTS_FOR_SUITES = ['signatureSchemes', 'groups'] as const;

/** Newest first. Where the caller names none, those of the policy that something can be negotiated in. */
function versionsOf(
  options: NegotiationOptions,
  policy: Policy,
  suites: readonly CipherSuiteInfo[],
  flaw: (info: CipherSuiteInfo) => string | undefined,
): readonly TlsVersion[] {
  const wanted = requireKnown(
    'versions',
    options.versions ?? policy.versions,
    String,
    (version) => VERSIONS.includes(version),
    'handfast, which speaks TLSv1.2 and TLSv1.3',
  );
  const works = (version: TlsVersion): boolean =>
    suites.some((info) => info.version === version && flaw(info) === undefined);
  const working = VERSIONS.filter((version) => wanted.includes(version) && works(version));
  const broken = wanted.filter((version) => !works(version));
  const missing = broken.find((version) => suites.some((info) => info.version === version)) ?? broken[0];
  if (missing !== undefined && (options.versions !== undefined || working.length === 0)) {
    const hasSuites = suites.some((info) => info.version === missing);
    const causes = ['cipherSuites', ...(hasSuites ? LISTS_FOR_SUITES : []), 'versions'] as const;
    const option = causes.find((name) => options[name] !== undefined) ?? 'policy';
    const whose = options.cipherSuites === undefined ? ` of the policy '${policy.name}'` : '';
    throw new ConfigError(
      option,
      `${option}: ${missing} cannot be negotiated: ${whyNot(missing, suites, whose, flaw)}`,
    );
  }
  return working;
}

function whyNot(
  version: TlsVersion,
  suites: readonly CipherSuiteInfo[],
  whose: string,
  flaw: (info: CipherSuiteInfo) => string | undefined,
): string {
  const own = suites.filter((info) => info.version === version);
  const flaws = [...new Set(own.map(flaw))];
  if (flaws.length > 0) {
    return flaws
      .map((one) =>
        needs(
          own.filter((info) => flaw(info) === one),
          one,
        ),
      )
      .join('; ');
  }
  const others = suites.map(({ name }) => name);
  return `none of the cipher suites${whose} belongs to it (${others.slice(0, 4).join(', ')}${others.length > 4 ? ', ...' : ''})`;
}

/** Which suites need what, in a few words: a policy has many. */
function needs([first, ...others]: readonly CipherSuiteInfo[], flaw: string | undefined): string {
  return others.length === 0
    ? `${first?.name} needs ${flaw}`
    : `${first?.name} and ${others.length} more need ${flaw}`;
}

function refuseFlawed(
  suites: readonly CipherSuiteInfo[],
  flaw: (info: CipherSuiteInfo) => string | undefined,
): void {
  const flawed = suites.find((info) => flaw(info) !== undefined);
  if (flawed !== undefined) {
    throw new ConfigError('cipherSuites', `cipherSuites: ${needs([flawed], flaw(flawed))}`);
  }
}

/**
 * What a suite needs that these groups and schemes have not, if there is anything. A suite of TLS 1.2 says how the server
 * signs, and a server's schemes are those of its clients, who sign as they like.
 */
function flawOf(
  info: CipherSuiteInfo,
  groups: readonly NamedGroup[],
  schemes: readonly SignatureScheme[],
  role: Role,
): string | undefined {
  if (info.version === 'TLSv1.3') {
    return schemes.some(isFor13)
      ? undefined
      : `a signature scheme of TLSv1.3, and there is none among ${schemes.map(signatureSchemeName).join(', ')}`;
  }
  return groupFlaw(info, groups) ?? (role === 'client' ? schemeFlaw(info, schemes) : undefined);
}

function groupFlaw({ keyExchange }: CipherSuite12Info, groups: readonly NamedGroup[]): string | undefined {
  if (keyExchange === 'RSA') return undefined;
  const [kind, what] =
    keyExchange === 'ECDHE'
      ? ['ecdhe', 'an elliptic curve']
      : ['ffdhe', 'a finite field (ffdhe2048 or larger)'];
  if (groups.some((group) => groupKind(group) === kind)) return undefined;
  return `${what}, and there is none among the groups ${groups.map(groupName).join(', ')}`;
}

function schemeFlaw(
  { keyExchange, authentication }: CipherSuite12Info,
  schemes: readonly SignatureScheme[],
): string | undefined {
  if (keyExchange === 'RSA') return undefined;
  const fits = (scheme: SignatureScheme): boolean =>
    SIGNATURE_SCHEMES.get(scheme)?.keyKind.startsWith('rsa') === (authentication === 'RSA');
  if (schemes.some(fits)) return undefined;
  return `a signature scheme for ${authentication} keys, and there is none among ${schemes.map(signatureSchemeName).join(', ')}`;
}

function isFor13(scheme: SignatureScheme): boolean {
  return certificateVerifyAlgorithm(scheme) !== undefined;
}

function isPkcs1(scheme: SignatureScheme): boolean {
  return SIGNATURE_SCHEMES.get(scheme)?.algorithm.kind === 'rsa-pkcs1';
}
