/**
 * A certificate authority for development and demonstration. It lives in memory: nothing here writes a private key
 * anywhere. `ca/` keeps one in files.
 */
import 'reflect-metadata'; // needed by @peculiar/x509 before it is loaded
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { ConfigError } from 'handfast';
import { nameConstraints } from './name-constraints.ts';

cryptoProvider.set(webcrypto);

function rsa(modulusLength: number) {
  const publicExponent = Uint8Array.of(1, 0, 1);
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent } as const;
}

const KEY_ALGORITHMS = {
  'ECDSA P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ECDSA P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'ECDSA P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
  'RSA 2048': rsa(2048),
  'RSA 3072': rsa(3072),
  'RSA 4096': rsa(4096),
} as const;
export type KeyKind = keyof typeof KEY_ALGORITHMS;

export const DAY_MS = 24 * 60 * 60 * 1000;

/** Certificates start this much earlier than now, for clocks that lag. */
const CLOCK_SKEW_MS = 60 * 60 * 1000;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From an hour ago for `days` days. */
export function validFor(days: number): Validity {
  const now = Date.now();
  return { notBefore: new Date(now - CLOCK_SKEW_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** A certificate with its private key. */
export interface Credential {
  readonly name: string;
  readonly kind: KeyKind;
  readonly validity: Validity;
  /** The certificate alone, as PEM. */
  readonly certificate: string;
  /** The certificate and the intermediates above it, leaf first, without the root: what a TLS peer sends. */
  readonly chain: string;
  readonly key: KeyObject;
}

export interface LeafRequest {
  /** The subject's common name. */
  readonly name: string;
  /** Host names and IP addresses for the subjectAltName; none for a client. */
  readonly hosts?: readonly string[];
  readonly usage: 'server' | 'client';
  readonly kind: KeyKind;
  readonly validity: Validity;
}

interface Keys {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

interface Issuer {
  readonly certificate: X509Certificate;
  readonly keys: Keys;
  readonly kind: KeyKind;
}

interface Template {
  readonly name: string;
  readonly kind: KeyKind;
  readonly validity: Validity;
  readonly extensions: readonly Extension[];
}

/** 128 random bits; CA/Browser Forum BR section 7.1 asks for 64. The first octet is not zero, so that the INTEGER is minimal. */
function serialNumber(): string {
  let octets = randomBytes(16);
  while (octets[0] === 0) octets = randomBytes(16);
  return octets.toString('hex');
}

async function issue(
  { name, kind, validity, extensions }: Template,
  issuer?: Issuer,
): Promise<{ certificate: X509Certificate; keys: Keys }> {
  const keys = (await webcrypto.subtle.generateKey(KEY_ALGORITHMS[kind], true, ['sign', 'verify'])) as Keys;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [name] }],
    ...(issuer === undefined ? { issuer: [{ CN: [name] }] } : { issuer: issuer.certificate.subjectName }),
    ...validity,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: KEY_ALGORITHMS[issuer?.kind ?? kind],
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(issuer === undefined ? [] : [await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey)]),
    ],
  });
  return { certificate, keys };
}

function authorityExtensions(permit: readonly string[], pathLength?: number): Extension[] {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ...(permit.length === 0 ? [] : [nameConstraints(permit)]),
  ];
}

/** The kind of a key that was read from a file; `undefined` when no authority is made with such keys. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): KeyKind | undefined {
  const { namedCurve, modulusLength } = asymmetricKeyDetails;
  const curves: Readonly<Record<string, KeyKind>> = {
    prime256v1: 'ECDSA P-256',
    secp384r1: 'ECDSA P-384',
    secp521r1: 'ECDSA P-521',
  };
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (asymmetricKeyType === 'ec') return curves[namedCurve ?? ''];
  const kind = `RSA ${modulusLength}`;
  return asymmetricKeyType === 'rsa' && kind in KEY_ALGORITHMS ? (kind as KeyKind) : undefined;
}

/** RSA keys may decrypt, too: RSA key transport of TLS 1.2 needs that (RFC 5246 section 7.4.2). */
function keyUsage(kind: KeyKind): KeyUsageFlags {
  const { digitalSignature, keyEncipherment } = KeyUsageFlags;
  return kind.startsWith('RSA') ? digitalSignature | keyEncipherment : digitalSignature;
}

/** Issues certificates: a root, or an intermediate below one. Made by {@link Authority.root}. */
export class Authority {
  readonly name: string;
  readonly kind: KeyKind;
  readonly validity: Validity;
  /** This authority's own certificate, as PEM. */
  readonly certificate: string;
  readonly #issuer: Issuer;
  /** The intermediates from this one upward, without the root. */
  readonly #path: readonly string[];

  private constructor(template: Template, issuer: Issuer, path: readonly string[]) {
    this.name = template.name;
    this.kind = template.kind;
    this.validity = template.validity;
    this.certificate = issuer.certificate.toString('pem');
    this.#issuer = issuer;
    this.#path = path;
  }

  /** Makes a self-signed root. */
  static async root(
    name: string,
    kind: KeyKind,
    validity: Validity,
    permit: readonly string[] = [],
  ): Promise<Authority> {
    const template = { name, kind, validity, extensions: authorityExtensions(permit) };
    return new Authority(template, { ...(await issue(template)), kind }, []);
  }

  /**
   * Takes up an authority that was made before.
   * @param path its own certificate and those above it, without the root; empty for a root.
   * @throws {ConfigError} `key` when the key is of a kind that authorities are not made with.
   */
  static async load(certificatePem: string, key: KeyObject, path: readonly string[]): Promise<Authority> {
    const kind = kindOf(key);
    if (kind === undefined)
      throw new ConfigError('key', 'key: authorities are not made with keys of this kind');
    const certificate = new X509Certificate(certificatePem);
    const { subjectName, notBefore, notAfter } = certificate;
    const algorithm = KEY_ALGORITHMS[kind];
    const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
    const keys: Keys = {
      publicKey: await certificate.publicKey.export(algorithm, ['verify']),
      privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    };
    const template = {
      name: subjectName.getField('CN')[0] ?? '',
      kind,
      validity: { notBefore, notAfter },
      extensions: [],
    };
    return new Authority(template, { certificate, keys, kind }, path);
  }

  /** The private key, for those who keep it. */
  get key(): KeyObject {
    return KeyObject.from(this.#issuer.keys.privateKey);
  }

  /** This authority's certificate and those above it, without the root, as PEM; empty for a root. */
  get chain(): string {
    return this.#path.join('\n');
  }

  /** Makes an intermediate that may issue leaf certificates only. */
  async intermediate(
    name: string,
    kind: KeyKind,
    validity: Validity,
    permit: readonly string[] = [],
  ): Promise<Authority> {
    const template = { name, kind, validity, extensions: authorityExtensions(permit, 0) };
    const issued = await issue(template, this.#issuer);
    return new Authority(template, { ...issued, kind }, [issued.certificate.toString('pem'), ...this.#path]);
  }

  /** Makes a leaf certificate for a server or a client. */
  async leaf({ name, hosts = [], usage, kind, validity }: LeafRequest): Promise<Credential> {
    const alternativeNames = hosts.map((host) => ({
      type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
      value: host,
    }));
    const extensions = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(keyUsage(kind), true),
      new ExtendedKeyUsageExtension([
        usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
      ]),
      ...(alternativeNames.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternativeNames)]),
    ];
    const issued = await issue({ name, kind, validity, extensions }, this.#issuer);
    const certificate = issued.certificate.toString('pem');
    return {
      name,
      kind,
      validity,
      certificate,
      chain: [certificate, ...this.#path].join('\n'),
      key: KeyObject.from(issued.keys.privateKey),
    };
  }
}
