/** The rules that a single certificate is held to, each a small function that answers with a {@link Check}. */
import { HASH_LENGTH, type HashName, type MlDsaParameterSet, type PublicKey } from '../crypto/provider.ts';
import { ConfigError } from '../wire/errors.ts';
import { keyName } from './algorithms.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { checkPolicyMappings } from './certificate-policies.ts';
import { isOnCurve } from './curves.ts';
import type { KeyUsage } from './extensions.ts';
import { carriesName, HOST_NAME_SOURCES, type HostName, presentedNames } from './host-name.ts';
import { MAX_RSA_EXPONENT_BITS, MAX_RSA_MODULUS_BITS } from './limits.ts';
import { describeOid, ExtensionOid, isObjectIdentifier, PurposeOid } from './oids.ts';
import type { ProfileRule } from './profiles.ts';
import { type Check, check, type JudgedCertificate } from './verdict.ts';

/**
 * What a certificate is used for: to be a TLS server or client, another purpose of extKeyUsage by its dotted object identifier,
 * or anything.
 */
export type Purpose = 'server' | 'client' | 'any' | { readonly extKeyUsage: string };

/** @throws {ConfigError} when it is none. */
export function readPurpose(purpose: Purpose): Purpose {
  const known =
    typeof purpose === 'object' && purpose !== null
      ? isObjectIdentifier(purpose.extKeyUsage)
      : ['server', 'client', 'any'].includes(purpose);
  if (known) return purpose;
  throw new ConfigError(
    'purpose',
    `purpose: expected 'server', 'client', 'any' or { extKeyUsage: a dotted object identifier }, found ${JSON.stringify(purpose)}`,
  );
}

/** What counts as too weak. */
export interface StrengthPolicy {
  /** Shortest RSA modulus in bits. Default: 2048. */
  readonly minRsaBits: number;
  /** Hashes that signatures may be made with. Default: the SHA-2 family. */
  readonly signatureHashes: readonly HashName[];
}

/** RFC 9325 section 4.5, and the CA/Browser Forum's Baseline Requirements section 6.1.5. */
export const DEFAULT_STRENGTH: StrengthPolicy = {
  minRsaBits: 2048,
  signatureHashes: ['SHA-256', 'SHA-384', 'SHA-512'],
};

/** What all rules may look at. */
export interface Situation {
  readonly purpose: Purpose;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly strength: StrengthPolicy;
  readonly profile: readonly ProfileRule[];
  /** The parameter sets of ML-DSA that the provider verifies. */
  readonly mlDsa: ReadonlySet<MlDsaParameterSet>;
  /** What the leaf's key is to do; absent when nothing in particular. */
  readonly keyUsage?: KeyUsage;
}

/** Extensions that the rules below, or the path builder, act on: only these may be critical. */
const PROCESSED: ReadonlySet<string> = new Set([
  ExtensionOid.basicConstraints,
  ExtensionOid.keyUsage,
  ExtensionOid.extKeyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.nameConstraints,
  ExtensionOid.certificatePolicies,
  ExtensionOid.policyMappings,
  ExtensionOid.policyConstraints,
  ExtensionOid.inhibitAnyPolicy,
]);

/** The rules for every certificate of a path, anchors included. */
export function checkAnywhere(
  certificate: Certificate,
  situation: Situation,
  role: JudgedCertificate['role'],
): readonly Check[] {
  return [
    ...checkValidity(certificate, situation.at),
    checkCriticalExtensions(certificate),
    checkKey(certificate.publicKeyInfo.key, situation.strength),
    ...checkMlDsaKeyUsage(certificate),
    checkSerialNumber(certificate),
    checkNames(certificate, role),
    ...checkPolicyMappings(certificate),
    ...checkProfile(certificate, situation.profile, role),
  ];
}

function checkSerialNumber({ serialNumber }: Certificate): Check {
  const ok = (serialNumber[0] as number) < 0x80;
  return check(
    'serialNumber',
    ok,
    ok ? 'its serial number is not negative' : 'its serial number is negative',
  );
}

/** Without a name nobody could be meant: the issuer always has one, and so has the subject of an authority. */
function checkNames({ issuer, subject }: Certificate, role: JudgedCertificate['role']): Check {
  if (issuer.empty) return check('emptyName', false, 'it does not say who issued it (the issuer is empty)');
  const ok = role === 'leaf' || !subject.empty;
  return check('emptyName', ok, ok ? 'it says who issued it' : 'it is an authority without a name');
}

/** The profile's breaches, or that there are none. */
function checkProfile(
  certificate: Certificate,
  profile: readonly ProfileRule[],
  role: JudgedCertificate['role'],
): readonly Check[] {
  if (profile.length === 0) return [];
  const breaches = profile.flatMap(({ rule = 'profile', source, roles, breach }) => {
    const sentence = roles.includes(role) ? breach(certificate) : undefined;
    return sentence === undefined ? [] : [check(rule, false, sentence, source)];
  });
  return breaches.length > 0 ? breaches : [check('profile', true, 'it keeps to the profile')];
}

function checkValidity({ notBefore, notAfter }: Certificate, at: number): readonly Check[] {
  const hasBegun = at >= notBefore.time;
  const lasts = at <= notAfter.time;
  const from = isoTime(notBefore.time);
  const until = isoTime(notAfter.time);
  return [
    check(
      'notBefore',
      hasBegun,
      hasBegun ? `valid since ${from}` : `not valid before ${from}, and it is ${isoTime(at)}`,
    ),
    check(
      'notAfter',
      lasts,
      lasts ? `valid until ${until}` : `expired at ${until}, and it is ${isoTime(at)}`,
    ),
  ];
}

const two = (number: number): string => (number < 10 ? `0${number}` : `${number}`);

/** `2026-11-23T20:12:00Z`: whole seconds, as certificates have them. */
export function isoTime(time: number): string {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  // A verdict has a dozen times, and this is three times as fast as toISOString.
  return year >= 1000 && year <= 9999
    ? `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}Z`
    : `${date.toISOString().slice(0, -'.000Z'.length)}Z`;
}

function checkCriticalExtensions({ extensions }: Certificate): Check {
  const unknown = [...extensions.values()].find(({ critical, oid }) => critical && !PROCESSED.has(oid));
  return check(
    'criticalExtension',
    unknown === undefined,
    unknown === undefined
      ? 'every critical extension was processed'
      : `the extension ${describeOid(unknown.oid)} is critical, and handfast does not process it`,
  );
}

/** Whether a key is of a supported kind, and strong enough. */
export function checkKey(key: PublicKey | undefined, { minRsaBits }: StrengthPolicy): Check {
  if (key === undefined) {
    return check('publicKey', false, 'its public key is of a kind or on a curve that is not supported');
  }
  if (key.kind === 'ec' && !isOnCurve(key.curve, key.point)) {
    return check('publicKey', false, `its public key is not a point on the curve ${key.curve}`);
  }
  if (key.kind !== 'rsa' && key.kind !== 'rsa-pss') {
    return check('weakKey', true, `its key (${keyName(key)}) is strong enough`);
  }
  const bits = bitLength(key.modulus);
  if (bits > MAX_RSA_MODULUS_BITS) {
    return check(
      'publicKey',
      false,
      `its RSA key has ${bits} bits; at most ${MAX_RSA_MODULUS_BITS} are accepted`,
    );
  }
  const exponentBits = bitLength(key.exponent);
  if (exponentBits < 2 || exponentBits > MAX_RSA_EXPONENT_BITS || ((key.exponent.at(-1) ?? 0) & 1) === 0) {
    return check(
      'publicKey',
      false,
      `its RSA key has an exponent that is even, or not of 2 to ${MAX_RSA_EXPONENT_BITS} bits`,
    );
  }
  const ok = bits >= minRsaBits;
  return check(
    'weakKey',
    ok,
    `its RSA key has ${bits} bits${ok ? '' : `; at least ${minRsaBits} are required`}`,
  );
}

/** Of a big-endian number without leading zeros. */
function bitLength(number: Uint8Array): number {
  return number.length === 0 ? 0 : 8 * number.length - Math.clz32(number[0] as number) + 24;
}

/** What the keyUsage of an ML-DSA key must have one of; it may have no other (RFC 9881 section 5). */
const ML_DSA_KEY_USAGES: ReadonlySet<KeyUsage> = new Set([
  'digitalSignature',
  'nonRepudiation',
  'keyCertSign',
  'cRLSign',
]);

function checkMlDsaKeyUsage({ publicKeyInfo: { key }, keyUsage }: Certificate): readonly Check[] {
  if (key?.kind !== 'ml-dsa' || keyUsage === undefined) return [];
  const others = keyUsage.filter((usage) => !ML_DSA_KEY_USAGES.has(usage));
  const ok = others.length === 0 && keyUsage.length > 0;
  const sentence = ok
    ? `its ${key.parameterSet} key is for signatures only`
    : `its ${key.parameterSet} key can make signatures only, and its keyUsage is ${others.join(', ') || 'empty'}`;
  return [check('keyUsage', ok, sentence, 'RFC 9881 section 5')];
}

/** The algorithm that a certificate, or another structure, was signed with. */
export function checkSignatureAlgorithm(
  signed: Pick<Certificate, 'signatureAlgorithm' | 'signatureIdentifier'>,
  { strength: { signatureHashes }, mlDsa }: Pick<Situation, 'strength' | 'mlDsa'>,
): Check {
  const algorithm = signed.signatureAlgorithm;
  if (algorithm === undefined) {
    const name = describeOid(signed.signatureIdentifier.oid);
    return check(
      'signatureAlgorithm',
      false,
      `it is signed with ${name}, which is not supported or is broken`,
    );
  }
  if (algorithm.kind === 'ml-dsa') {
    const ok = mlDsa.has(algorithm.parameterSet);
    const what = `it is signed with ${algorithm.parameterSet}`;
    return check('signatureAlgorithm', ok, ok ? what : `${what}, which this runtime cannot verify`);
  }
  if (!('hash' in algorithm)) return check('signatureAlgorithm', true, `it is signed with ${algorithm.kind}`);
  const ok = signatureHashes.includes(algorithm.hash);
  const what = `it is signed with ${algorithm.kind} and ${algorithm.hash} (${8 * HASH_LENGTH[algorithm.hash]} bits)`;
  return check('weakSignature', ok, ok ? what : `${what}, which is too weak`);
}

function purposeOid(purpose: Exclude<Purpose, 'any'>): string {
  if (typeof purpose === 'object') return purpose.extKeyUsage;
  return purpose === 'server' ? PurposeOid.serverAuth : PurposeOid.clientAuth;
}

function checkPurpose({ extKeyUsage }: Certificate, purpose: Purpose, anyCounts: boolean): Check {
  if (purpose === 'any') return check('extendedKeyUsage', true, 'no particular purpose is asked for');
  if (extKeyUsage === undefined) return check('extendedKeyUsage', true, 'its purposes are not restricted');
  const oid = purposeOid(purpose);
  const name = describeOid(oid);
  const ok = extKeyUsage.includes(oid) || (anyCounts && extKeyUsage.includes(PurposeOid.anyExtendedKeyUsage));
  return check(
    'extendedKeyUsage',
    ok,
    ok
      ? `its purposes include ${name}`
      : `it may be used for ${extKeyUsage.map(describeOid).join(', ')} only, not for ${name}`,
  );
}

/** The rules for the certificate at the end of a path. */
export function checkLeaf(
  certificate: Certificate,
  situation: Situation,
  name: HostName | undefined,
): readonly Check[] {
  return [
    ...(situation.keyUsage === undefined ? [] : [checkKeyUsage(certificate, situation.keyUsage)]),
    checkPurpose(certificate, situation.purpose, false),
    ...(name === undefined ? [] : [checkName(certificate, name)]),
  ];
}

/** What a leaf's key does in a handshake, in words. */
const KEY_USES: Partial<Readonly<Record<KeyUsage, string>>> = {
  digitalSignature: 'sign a handshake',
  keyEncipherment: 'decrypt a secret that was encrypted under it',
};

function checkKeyUsage({ keyUsage }: Certificate, needed: KeyUsage): Check {
  const ok = keyUsage === undefined || keyUsage.includes(needed);
  const use = KEY_USES[needed] ?? `be used for ${needed}`;
  return check(
    'keyUsage',
    ok,
    ok
      ? `its key may ${use}`
      : `its key may be used for ${keyUsage?.length ? `${keyUsage.join(', ')} only` : 'nothing that is known here'}, not to ${use}`,
  );
}

function checkName(certificate: Certificate, name: HostName): Check {
  const source = HOST_NAME_SOURCES[name.kind];
  if (carriesName(certificate, name)) return check('name', true, `it carries the name ${name.text}`, source);
  const names = presentedNames(certificate);
  const found =
    names.length === 0
      ? 'it carries no names for servers at all (the common name does not count)'
      : `it is for ${names.slice(0, 8).join(', ')}${names.length > 8 ? `, and ${names.length - 8} more` : ''}`;
  return check('name', false, `it does not carry the name '${name.text}': ${found}`, source);
}

/** The rules for a certificate that vouches for another, wherever it stands. */
export function checkAuthority(certificate: Certificate, situation: Situation): readonly Check[] {
  const { keyUsage, basicConstraints, version } = certificate;
  const isAuthority = basicConstraints?.ca === true;
  const signs = keyUsage === undefined || keyUsage.includes('keyCertSign');
  return [
    check(
      'basicConstraints',
      isAuthority,
      isAuthority
        ? 'it is an authority'
        : `it is not an authority (${version === 3 ? 'basicConstraints does not say CA' : `version ${version} cannot say so`}), so it may not vouch for others`,
    ),
    check(
      'keyUsage',
      signs,
      signs
        ? 'its key may sign certificates'
        : 'its key may not sign certificates (keyUsage lacks keyCertSign)',
    ),
    checkPurpose(certificate, situation.purpose, true),
  ];
}

/** pathLenConstraint counts the intermediates below, without self-issued ones and without the leaf. */
export function checkPathLength(limit: number | undefined, below: readonly Certificate[]): Check {
  const count = below.slice(1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (limit === undefined)
    return check('pathLength', true, 'the number of authorities below it is not limited');
  return check(
    'pathLength',
    count <= limit,
    `it allows ${limit} ${limit === 1 ? 'authority' : 'authorities'} below it, and there ${count === 1 ? 'is' : 'are'} ${count}`,
  );
}
