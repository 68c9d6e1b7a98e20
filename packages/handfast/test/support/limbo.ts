/** The cases of C2SP/x509-limbo: how a file of them is read, and what handfast says about each. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureAlgorithm } from '../../src/crypto/provider.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import type { Purpose } from '../../src/x509/checks.ts';
import type { KeyUsage } from '../../src/x509/extensions.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import { verify } from '../../src/x509/path.ts';
import { readCertificates, readPem } from '../../src/x509/pem.ts';
import { type ProfileRule, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';

export type Outcome = 'SUCCESS' | 'FAILURE';

/** A name that the peer must have. */
interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822';
  readonly value: string;
}

/** One case. Lists that restrict nothing are empty. */
export interface LimboCase {
  readonly id: string;
  /** Whom the certificate is of. */
  readonly purpose: 'server' | 'client';
  readonly trusted: readonly string[];
  readonly intermediates: readonly string[];
  readonly leaf: string;
  readonly crls: readonly string[];
  /** Milliseconds since 1970; absent: now. */
  readonly at?: number;
  readonly signatureAlgorithms: readonly string[];
  readonly keyUsage: readonly KeyUsage[];
  readonly purposes: readonly Purpose[];
  readonly names: readonly PeerName[];
  readonly maxPathLength?: number;
  readonly expected: Outcome;
}

/** What is wrong with a file, in words. */
export class LimboError extends Error {}

/**
 * Reads a file of cases, of any version since 2023.
 * @throws {LimboError} which names the case and the field.
 */
export function readLimbo(text: string): readonly LimboCase[] {
  let suite: unknown;
  try {
    suite = JSON.parse(text);
  } catch (error) {
    throw new LimboError(`expected JSON: ${(error as Error).message}`);
  }
  const { version, testcases } = fields(suite, 'the file');
  if (version !== 1) throw new LimboError(`version: expected 1, found ${JSON.stringify(version)}`);
  if (!Array.isArray(testcases) || testcases.length === 0) {
    throw new LimboError('testcases: expected a list of cases');
  }
  const ids = new Set<string>();
  return testcases.map((entry: unknown, i) => {
    const found = readCase(entry, i);
    if (ids.has(found.id)) throw new LimboError(`${found.id}: there are two cases of this name`);
    ids.add(found.id);
    return found;
  });
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new LimboError(`${what}: expected an object, found ${shown(value)}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}

/** `null`, as older files have it, is an empty list. */
function texts(found: Fields, id: string, field: string): string[] {
  const value = found[field] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new LimboError(`${id}: ${field}: expected a list of texts, found ${shown(value)}`);
}

function oneOf<T extends string>(
  found: Fields,
  id: string,
  field: string,
  known: Readonly<Record<string, T>>,
): T {
  const value = known[String(found[field])];
  if (value !== undefined) return value;
  throw new LimboError(
    `${id}: ${field}: expected ${Object.keys(known).join(' or ')}, found ${shown(found[field])}`,
  );
}

function each<T>(
  values: readonly string[],
  id: string,
  field: string,
  known: Readonly<Record<string, T>>,
): T[] {
  return values.map((value) => {
    const meaning = known[value];
    if (meaning !== undefined) return meaning;
    throw new LimboError(`${id}: ${field}: ${shown(value)} is not known`);
  });
}

function readCase(entry: unknown, i: number): LimboCase {
  const found = fields(entry, `case ${i + 1}`);
  const { id, peer_certificate: leaf, validation_time: time, max_chain_depth: depth } = found;
  if (typeof id !== 'string' || id === '') throw new LimboError(`case ${i + 1}: it has no id`);
  if (typeof leaf !== 'string')
    throw new LimboError(`${id}: peer_certificate: expected a text, found ${shown(leaf)}`);
  const at = time === null || time === undefined ? undefined : Date.parse(String(time));
  if (Number.isNaN(at)) throw new LimboError(`${id}: validation_time: expected a time, found ${shown(time)}`);
  if (depth !== null && depth !== undefined && !(Number.isSafeInteger(depth) && Number(depth) >= 0)) {
    throw new LimboError(`${id}: max_chain_depth: expected a number from 0, found ${shown(depth)}`);
  }
  const purpose = oneOf(found, id, 'validation_kind', { SERVER: 'server', CLIENT: 'client' });
  const list = (field: string) => texts(found, id, field);
  return {
    id,
    purpose,
    leaf,
    trusted: list('trusted_certs'),
    intermediates: list('untrusted_intermediates'),
    crls: list('crls'),
    signatureAlgorithms: each(list('signature_algorithms'), id, 'signature_algorithms', SIGNATURE_NAMES),
    keyUsage: each(list('key_usage'), id, 'key_usage', KEY_USAGES),
    purposes: each(list('extended_key_usage'), id, 'extended_key_usage', PURPOSES),
    names: readNames(found, id),
    expected: oneOf(found, id, 'expected_result', { SUCCESS: 'SUCCESS', FAILURE: 'FAILURE' }),
    ...(at !== undefined && { at }),
    ...(typeof depth === 'number' && { maxPathLength: depth }),
  };
}

function readNames(found: Fields, id: string): PeerName[] {
  const { expected_peer_name: one, expected_peer_names: many } = found;
  const names = [...(one ? [one] : []), ...(Array.isArray(many) ? many : [])];
  return names.map((name: unknown) => {
    const { value, ...rest } = fields(name, `${id}: expected_peer_name`);
    if (typeof value !== 'string') throw new LimboError(`${id}: expected_peer_name: it has no value`);
    return { value, kind: oneOf(rest, id, 'kind', { DNS: 'DNS', IP: 'IP', RFC822: 'RFC822' }) };
  });
}

const SHA: Readonly<Record<string, string>> = {
  SHA1: 'SHA-1',
  SHA256: 'SHA-256',
  SHA384: 'SHA-384',
  SHA512: 'SHA-512',
};

/** The signature algorithms of the format; those that handfast does not know stand for none. */
const SIGNATURE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['RSA', 'ECDSA', 'DSA'].flatMap((key) =>
      ['MD5', 'SHA1', 'SHA224', 'SHA256', 'SHA384', 'SHA512'].map((hash) => `${key}_WITH_${hash}`),
    ),
    ...['RSA', 'ECDSA'].flatMap((key) =>
      ['224', '256', '384', '512'].map((bits) => `${key}_WITH_SHA3_${bits}`),
    ),
    'RSASSA_PSS',
    'ED25519',
    'ED448',
    'GOSTR3411_94_WITH_3410_2001',
    'GOSTR3410_2012_WITH_3411_2012_256',
    'GOSTR3410_2012_WITH_3411_2012_512',
  ].map((name) => [name, name]),
);

function signatureName(algorithm: SignatureAlgorithm): string {
  switch (algorithm.kind) {
    case 'rsa-pss':
      return 'RSASSA_PSS';
    case 'rsa-pkcs1':
    case 'ecdsa': {
      const [hash] = Object.entries(SHA).find(([, name]) => name === algorithm.hash) ?? ['?'];
      return `${algorithm.kind === 'ecdsa' ? 'ECDSA' : 'RSA'}_WITH_${hash}`;
    }
    default:
      return algorithm.kind.toUpperCase();
  }
}

const KEY_USAGES: Readonly<Record<string, KeyUsage>> = {
  digitalSignature: 'digitalSignature',
  contentCommitment: 'nonRepudiation',
  keyEncipherment: 'keyEncipherment',
  dataEncipherment: 'dataEncipherment',
  keyAgreement: 'keyAgreement',
  keyCertSign: 'keyCertSign',
  cRLSign: 'cRLSign',
  encipherOnly: 'encipherOnly',
  decipherOnly: 'decipherOnly',
};

const PURPOSES: Readonly<Record<string, Purpose>> = {
  anyExtendedKeyUsage: 'any',
  serverAuth: 'server',
  clientAuth: 'client',
  codeSigning: { extKeyUsage: PurposeOid.codeSigning },
  emailProtection: { extKeyUsage: PurposeOid.emailProtection },
  timeStamping: { extKeyUsage: PurposeOid.timeStamping },
  OCSPSigning: { extKeyUsage: PurposeOid.OCSPSigning },
};

/**
 * The profile that a name space speaks for: RFC 5280, or the CA/Browser Forum. They contradict each other, so no single
 * profile can agree with all cases. Others ask for no profile: what is held when nothing is asked for.
 */
const PROFILES: Readonly<Record<string, readonly ProfileRule[]>> = {
  invalid: RFC5280_PROFILE,
  pathlen: RFC5280_PROFILE,
  pathological: RFC5280_PROFILE,
  rfc5280: RFC5280_PROFILE,
  webpki: WEB_PKI_PROFILE,
};

export function profileOf({ id }: LimboCase): readonly ProfileRule[] | undefined {
  return PROFILES[id.split('::')[0] ?? ''];
}

/** What handfast says about a case. */
export interface Judgement {
  readonly outcome: Outcome;
  /** The verdict's sentence. */
  readonly sentence: string;
}

const parsed = new Map<string, Certificate>();

function certificateOf(pem: string): Certificate {
  let certificate = parsed.get(pem);
  if (certificate === undefined) {
    const [first, ...more] = readCertificates(pem, 'limbo');
    if (first === undefined || more.length > 0) throw new LimboError('expected one certificate in each text');
    certificate = first;
    // Suites of thousands of cases share a root.
    if (parsed.size < 1000) parsed.set(pem, certificate);
  }
  return certificate;
}

/**
 * Judges a case.
 * @param profile default: that of its name space.
 */
export function judgeCase(
  limbo: LimboCase,
  profile: readonly ProfileRule[] | undefined = profileOf(limbo),
): Judgement {
  try {
    const leaf = certificateOf(limbo.leaf);
    const names = limbo.names.filter(({ kind }) => kind !== 'RFC822');
    // Everything that the case asks for must be granted, and `verify` takes one of each.
    for (const purpose of limbo.purposes.length > 0 ? limbo.purposes : [limbo.purpose]) {
      for (const keyUsage of limbo.keyUsage.length > 0 ? limbo.keyUsage : [undefined]) {
        for (const name of names.length > 0 ? names.map(({ value }) => value) : [null]) {
          const verdict = verify({
            provider: limited(limbo.signatureAlgorithms),
            leaf,
            intermediates: limbo.intermediates.map(certificateOf),
            anchors: limbo.trusted.map((pem) => ({ certificate: certificateOf(pem) })),
            at: limbo.at ?? Date.now(),
            purpose,
            name,
            ...(keyUsage && { keyUsage }),
            ...(profile && { profile }),
            ...(limbo.maxPathLength !== undefined && { maxPathLength: limbo.maxPathLength }),
            ...(limbo.crls.length > 0 && { revocation: { crls: listsOf(limbo), require: 'chain' } }),
          });
          if (!('ok' in verdict)) throw new Error('a synchronous provider gives a verdict at once');
          if (!verdict.ok) return { outcome: 'FAILURE', sentence: verdict.sentence };
        }
      }
    }
    const missing = limbo.names.find((name) => name.kind === 'RFC822' && !carriesMailbox(leaf, name.value));
    if (missing !== undefined) {
      return { outcome: 'FAILURE', sentence: `it does not carry the mailbox '${missing.value}'` };
    }
    return { outcome: 'SUCCESS', sentence: 'it was accepted' };
  } catch (error) {
    // What cannot be read is refused; anything else would be a defect.
    if (error instanceof ConfigError) return { outcome: 'FAILURE', sentence: error.message };
    throw error;
  }
}

/** A provider for which signatures by other algorithms are not valid. */
function limited(names: readonly string[]): Pick<typeof nodeProvider, 'verify' | 'hash'> {
  if (names.length === 0) return nodeProvider;
  return {
    hash: (name) => nodeProvider.hash(name),
    verify: (algorithm, ...rest) =>
      names.includes(signatureName(algorithm)) && nodeProvider.verify(algorithm, ...rest),
  };
}

function listsOf({ crls }: LimboCase) {
  return crls.flatMap((pem) => readPem(pem, 'crls').map(({ der }) => parseCertificateRevocationList(der)));
}

/** Mailboxes are compared as RFC 5280 section 7.5 has it: the host without regard to case, the rest exactly. */
function carriesMailbox({ subjectAltName = [] }: Certificate, mailbox: string): boolean {
  const folded = (text: string) => text.replace(/@[^@]*$/, (host) => host.toLowerCase());
  return subjectAltName.some(
    (entry) => entry.kind === 'rfc822Name' && folded(entry.value) === folded(mailbox),
  );
}
