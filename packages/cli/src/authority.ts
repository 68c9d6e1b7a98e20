/**
 * A certificate authority for development and demonstration. It lives in memory: private keys are never written
 * anywhere, and with the process the authority is gone.
 */
import 'reflect-metadata'; // needed by @peculiar/x509 before it is loaded
import { KeyObject, webcrypto } from 'node:crypto';
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
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const KEY_ALGORITHMS = {
  'ECDSA P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ECDSA P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  Ed25519: { name: 'Ed25519' },
  'RSA 2048': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
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

async function issue(
  { name, kind, validity, extensions }: Template,
  issuer?: Issuer,
): Promise<{ certificate: X509Certificate; keys: Keys }> {
  const keys = (await webcrypto.subtle.generateKey(KEY_ALGORITHMS[kind], true, ['sign', 'verify'])) as Keys;
  const certificate = await X509CertificateGenerator.create({
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

function authorityExtensions(pathLength?: number): Extension[] {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
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
  static async root(name: string, kind: KeyKind, validity: Validity): Promise<Authority> {
    const template = { name, kind, validity, extensions: authorityExtensions() };
    return new Authority(template, { ...(await issue(template)), kind }, []);
  }

  /** Makes an intermediate that may issue leaf certificates only. */
  async intermediate(name: string, kind: KeyKind, validity: Validity): Promise<Authority> {
    const template = { name, kind, validity, extensions: authorityExtensions(0) };
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
