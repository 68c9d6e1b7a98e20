/**
 * Certificates for tests, made on the spot with node:crypto keys: right ones by default, and wrong ones in any
 * way that a test asks for ({@link IssueOptions}). Everything is synchronous.
 */
import {
  createHash,
  createPublicKey,
  constants as cryptoConstants,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { ascii, concat } from '../../src/wire/bytes.ts';
import * as der from './der.ts';

/** Kinds of keys that {@link makeKey} makes. `rsa-pss` is an id-RSASSA-PSS key without restrictions. */
export type KeyKind = 'p256' | 'p384' | 'p521' | 'rsa2048' | 'rsa-pss' | 'ed25519' | 'ed448';

export const KEY_KINDS: readonly KeyKind[] = [
  'p256',
  'p384',
  'p521',
  'rsa2048',
  'rsa-pss',
  'ed25519',
  'ed448',
];

const rsaPool = new Map<string, KeyObject>();

/**
 * A private key. RSA keys are slow to make, so there is one per process for each `slot`: ask for another slot to
 * get another key. All other kinds are fresh at each call.
 */
export function makeKey(kind: KeyKind, slot = 0): KeyObject {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey;
    default: {
      const name = `${kind}/${slot}`;
      const known = rsaPool.get(name);
      if (known !== undefined) return known;
      const { privateKey } =
        kind === 'rsa2048'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
      rsaPool.set(name, privateKey);
      return privateKey;
    }
  }
}

/** A distinguished name: a text is one CN; pairs are RDNs in wire order, such as `[['C', 'CH'], ['CN', 'x']]`. */
export type NameSpec = string | readonly (readonly [type: keyof typeof ATTRIBUTE_OIDS, value: string])[];

const ATTRIBUTE_OIDS = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

/** A GeneralName. `ip` is an address, or inside name constraints a CIDR block; `raw` is a complete TLV. */
export type GeneralNameSpec =
  | { readonly dns: string }
  | { readonly ip: string }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly directory: NameSpec }
  | { readonly registeredId: string }
  | { readonly raw: Uint8Array };

/** The extension by which a certificate demands a stapled OCSP response (RFC 7633). */
export const MUST_STAPLE: ExtensionSpec = {
  oid: '1.3.6.1.5.5.7.1.24',
  value: der.sequence(der.integer(5)),
};

const KEY_USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;
export type KeyUsageSpec = keyof typeof KEY_USAGE_BITS;

const EXTENDED_KEY_USAGE_OIDS: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  any: '2.5.29.37.0',
};

export interface ExtensionSpec {
  readonly oid: string;
  readonly critical?: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** A certificate with its private key, as {@link issue} makes it. */
export interface Issued {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly key: KeyObject;
  /** The private key in PKCS#8 PEM. */
  readonly keyPem: string;
  /** The subject as DER, for those who issue under this certificate. */
  readonly subject: Uint8Array;
}

export interface IssueOptions {
  readonly subject: NameSpec;
  /** The subject's key, or the kind of a new one. Default: a new P-256 key. */
  readonly key?: KeyObject | KeyKind;
  /** Who signs. Default: the certificate itself (self-signed). */
  readonly issuer?: Issued;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly emails?: readonly string[];
  readonly uris?: readonly string[];
  /** More subjectAltNames, after the others. */
  readonly altNames?: readonly GeneralNameSpec[];
  /** Default: true only when the subject is empty (RFC 5280 section 4.2.1.6). */
  readonly altNameCritical?: boolean;
  /** Default: a day ago. */
  readonly notBefore?: Date;
  /** Default: in ninety days. */
  readonly notAfter?: Date;
  /** `true` and `false` write basicConstraints; absent writes none, as most leaves have it. */
  readonly ca?: boolean;
  readonly pathLen?: number;
  /** Default: keyCertSign and cRLSign for a CA, digitalSignature for others. `null` leaves the extension out. */
  readonly keyUsage?: readonly KeyUsageSpec[] | null;
  /** Names such as `serverAuth`, or dotted OIDs. Default: no extension. */
  readonly extKeyUsage?: readonly string[];
  readonly nameConstraints?: {
    readonly permitted?: readonly GeneralNameSpec[];
    readonly excluded?: readonly GeneralNameSpec[];
  };
  /** Written after the others; nothing stops them from being duplicates. */
  readonly extraExtensions?: readonly ExtensionSpec[];
  /** Default: true. `false` leaves out subjectKeyIdentifier and authorityKeyIdentifier. */
  readonly keyIdentifiers?: boolean;
  /** Default: sixteen random bytes. */
  readonly serial?: bigint | number;
  /** Default: by the signer's key (SHA-256; P-384 takes SHA-384, P-521 SHA-512). */
  readonly signatureHash?: SignatureHash;
  /** Signs in place of a key of node:crypto, for algorithms that it may lack. */
  readonly signer?: Signer;
  /** Sign with RSASSA-PSS although the key is a plain RSA key. A `rsa-pss` key always does. */
  readonly pss?: boolean;

  // Ways to be wrong
  /** Sign with this key in place of the issuer's. */
  readonly signWith?: KeyObject;
  /** Claim this issuer name in place of the issuer's subject. */
  readonly issuerName?: NameSpec;
  /** Flip the last bit of the signature. */
  readonly breakSignature?: boolean;
  /** AlgorithmIdentifier inside the TBSCertificate, in place of the true one. */
  readonly innerAlgorithm?: Uint8Array;
  /** AlgorithmIdentifier outside of it. */
  readonly outerAlgorithm?: Uint8Array;
  /** subjectPublicKeyInfo, in place of the key's own. */
  readonly publicKeyInfo?: Uint8Array;
  /** The version field: 0 is v1, which is then not written. Default 2. */
  readonly version?: number;
  /** Changes the TBSCertificate's fields (each a complete TLV) before they are signed. */
  readonly editFields?: (fields: Uint8Array[]) => Uint8Array[];
}

/** Somebody who signs, and the AlgorithmIdentifier that says how. */
export interface Signer {
  readonly algorithm: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export type SignatureHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const DAY = 86_400_000;

/** Makes one certificate. */
export function issue(options: IssueOptions): Issued {
  const { issuer } = options;
  const key = typeof options.key === 'object' ? options.key : makeKey(options.key ?? 'p256');
  const subject = encodeName(options.subject);
  const signer = options.signWith ?? issuer?.key ?? key;
  const hash = options.signatureHash ?? defaultHash(signer);
  const pss = options.pss === true || signer.asymmetricKeyType === 'rsa-pss';
  const algorithm = options.signer?.algorithm ?? signatureAlgorithm(signer, hash, pss);
  const version = options.version ?? 2;
  const now = Date.now();

  const extensions = collectExtensions(options, key, issuer?.key ?? key);
  const fields = [
    version === 0 ? new Uint8Array(0) : der.context(0, der.integer(version)),
    der.integer(options.serial ?? BigInt(`0x40${randomBytes(15).toString('hex')}`)),
    options.innerAlgorithm ?? algorithm,
    options.issuerName === undefined ? (issuer?.subject ?? subject) : encodeName(options.issuerName),
    der.sequence(
      der.time(options.notBefore ?? new Date(now - DAY)),
      der.time(options.notAfter ?? new Date(now + 90 * DAY)),
    ),
    subject,
    options.publicKeyInfo ?? publicKeyInfo(key),
    extensions.length === 0 ? new Uint8Array(0) : der.context(3, der.sequence(...extensions)),
  ];
  const tbs = der.sequence(...(options.editFields?.(fields) ?? fields));
  const signature = options.signer?.sign(tbs) ?? signBytes(signer, hash, pss, tbs);
  if (options.breakSignature === true) {
    signature[signature.length - 1] = (signature[signature.length - 1] ?? 0) ^ 1;
  }
  const certificate = der.sequence(tbs, options.outerAlgorithm ?? algorithm, der.bitString(signature));
  return {
    der: certificate,
    pem: toPem('CERTIFICATE', certificate),
    key,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subject,
  };
}

/** A small hierarchy, valid now: what a client and a server need to authenticate each other. */
export interface TestPki {
  readonly root: Issued;
  readonly intermediate: Issued;
  /** For `localhost`, 127.0.0.1 and ::1. */
  readonly server: Issued;
  readonly client: Issued;
  /** What the server sends: its leaf, then the intermediate. */
  readonly serverChain: readonly Uint8Array[];
  readonly clientChain: readonly Uint8Array[];
  readonly serverChainPem: string;
  readonly clientChainPem: string;
}

const pkis = new Map<KeyKind, TestPki>();

/** The hierarchy in which every key is of one kind; the same object at each call. */
export function testPki(kind: KeyKind = 'p256'): TestPki {
  const known = pkis.get(kind);
  if (known !== undefined) return known;
  const root = issue({ subject: `Test root ${kind}`, key: makeKey(kind, 0), ca: true });
  const intermediate = issue({
    subject: `Test intermediate ${kind}`,
    key: makeKey(kind, 1),
    issuer: root,
    ca: true,
    pathLen: 0,
  });
  const server = issue({
    subject: 'localhost',
    key: makeKey(kind, 2),
    issuer: intermediate,
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
    extKeyUsage: ['serverAuth'],
  });
  const client = issue({
    subject: 'Test client',
    key: makeKey(kind, 2),
    issuer: intermediate,
    emails: ['client@example.test'],
    extKeyUsage: ['clientAuth'],
  });
  const pki: TestPki = {
    root,
    intermediate,
    server,
    client,
    serverChain: [server.der, intermediate.der],
    clientChain: [client.der, intermediate.der],
    serverChainPem: server.pem + intermediate.pem,
    clientChainPem: client.pem + intermediate.pem,
  };
  pkis.set(kind, pki);
  return pki;
}

/** PEM with lines of 64 characters (RFC 7468). */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The subjectPublicKeyInfo of a key's public half. */
export function publicKeyInfo(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

export function encodeName(name: NameSpec): Uint8Array {
  const pairs = typeof name === 'string' ? (name === '' ? [] : [['CN', name] as const]) : name;
  return der.sequence(
    ...pairs.map(([type, value]) => {
      const text =
        type === 'C'
          ? der.printableString(value)
          : type === 'DC' || type === 'emailAddress'
            ? der.ia5String(value)
            : der.utf8String(value);
      return der.set(der.sequence(der.oid(ATTRIBUTE_OIDS[type]), text));
    }),
  );
}

export function encodeGeneralName(name: GeneralNameSpec): Uint8Array {
  if ('email' in name) return der.contextPrimitive(1, ascii(name.email));
  if ('dns' in name) return der.contextPrimitive(2, ascii(name.dns));
  if ('directory' in name) return der.context(4, encodeName(name.directory));
  if ('uri' in name) return der.contextPrimitive(6, ascii(name.uri));
  if ('ip' in name) return der.contextPrimitive(7, encodeIp(name.ip));
  if ('registeredId' in name) return der.contextPrimitive(8, der.oid(name.registeredId).subarray(2));
  return name.raw;
}

/** The octets of an IP address, or of a CIDR block as address and mask (RFC 5280 section 4.2.1.10). */
function encodeIp(text: string): Uint8Array {
  const [address = '', prefix] = text.split('/');
  const octets = address.includes(':') ? encodeIpv6(address) : Uint8Array.from(address.split('.'), Number);
  if (prefix === undefined) return octets;
  const mask = octets.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, Number(prefix) - 8 * i))) & 0xff);
  return concat(octets, mask);
}

function encodeIpv6(text: string): Uint8Array {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail);
  const zeros = text.includes('::') ? 8 - before.length - after.length : 0;
  const all = [...before, ...new Array<number>(zeros).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function collectExtensions(options: IssueOptions, key: KeyObject, issuerKey: KeyObject): Uint8Array[] {
  const extensions: Uint8Array[] = [];
  const add = (oid: string, critical: boolean, value: Uint8Array): void => {
    const flag = critical ? [der.boolean(true)] : [];
    extensions.push(der.sequence(der.oid(oid), ...flag, der.octetString(value)));
  };

  if (options.keyIdentifiers !== false) {
    add('2.5.29.14', false, der.octetString(keyIdentifier(key)));
    if (options.issuer !== undefined) {
      add('2.5.29.35', false, der.sequence(der.contextPrimitive(0, keyIdentifier(issuerKey))));
    }
  }
  if (options.ca !== undefined) {
    const pathLen = options.pathLen === undefined ? [] : [der.integer(options.pathLen)];
    add('2.5.29.19', true, der.sequence(...(options.ca ? [der.boolean(true)] : []), ...pathLen));
  }
  const usage =
    options.keyUsage === undefined
      ? options.ca === true
        ? (['keyCertSign', 'cRLSign'] as const)
        : (['digitalSignature'] as const)
      : options.keyUsage;
  if (usage !== null) add('2.5.29.15', true, der.namedBits(usage.map((bit) => KEY_USAGE_BITS[bit])));
  if (options.extKeyUsage !== undefined) {
    const purposes = options.extKeyUsage.map((name) => der.oid(EXTENDED_KEY_USAGE_OIDS[name] ?? name));
    add('2.5.29.37', false, der.sequence(...purposes));
  }
  const names: GeneralNameSpec[] = [
    ...(options.dnsNames ?? []).map((dns) => ({ dns })),
    ...(options.ipAddresses ?? []).map((ip) => ({ ip })),
    ...(options.emails ?? []).map((email) => ({ email })),
    ...(options.uris ?? []).map((uri) => ({ uri })),
    ...(options.altNames ?? []),
  ];
  if (names.length > 0) {
    const critical = options.altNameCritical ?? options.subject.length === 0;
    add('2.5.29.17', critical, der.sequence(...names.map(encodeGeneralName)));
  }
  if (options.nameConstraints !== undefined) {
    const subtrees = (number: number, list: readonly GeneralNameSpec[] | undefined): Uint8Array[] =>
      list === undefined
        ? []
        : [der.context(number, ...list.map((name) => der.sequence(encodeGeneralName(name))))];
    const { permitted, excluded } = options.nameConstraints;
    add('2.5.29.30', true, der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded)));
  }
  for (const extra of options.extraExtensions ?? []) add(extra.oid, extra.critical === true, extra.value);
  return extensions;
}

/** RFC 7093 section 2, method 1: the leftmost 160 bits of the SHA-256 hash of the key. */
function keyIdentifier(key: KeyObject): Uint8Array {
  return new Uint8Array(createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20));
}

/** The hash that a key signs with unless a test asks for another. */
export function defaultHash(key: KeyObject): SignatureHash {
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 'sha384';
    case 'secp521r1':
      return 'sha512';
    default:
      return 'sha256';
  }
}

const HASH_OIDS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
const RSA_OIDS = { sha1: 5, sha256: 11, sha384: 12, sha512: 13 } as const;
const ECDSA_OIDS = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
} as const;
const SALT_LENGTHS = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

/** RSASSA-PSS-params with one hash throughout (RFC 4055 section 3.1). */
export function pssParameters(hash: SignatureHash, saltLength: number = SALT_LENGTHS[hash]): Uint8Array {
  const hashAlgorithm = der.sequence(der.oid(HASH_OIDS[hash]), der.nullValue());
  const mgf = der.sequence(der.oid('1.2.840.113549.1.1.8'), hashAlgorithm);
  return der.sequence(
    der.context(0, hashAlgorithm),
    der.context(1, mgf),
    der.context(2, der.integer(saltLength)),
  );
}

/** The AlgorithmIdentifier with which `key` signs. */
export function signatureAlgorithm(key: KeyObject, hash: SignatureHash, pss = false): Uint8Array {
  if (pss) return der.sequence(der.oid('1.2.840.113549.1.1.10'), pssParameters(hash));
  switch (key.asymmetricKeyType) {
    case 'ec':
      return der.sequence(der.oid(ECDSA_OIDS[hash]));
    case 'ed25519':
      return der.sequence(der.oid('1.3.101.112'));
    case 'ed448':
      return der.sequence(der.oid('1.3.101.113'));
    default:
      return der.sequence(der.oid(`1.2.840.113549.1.1.${RSA_OIDS[hash]}`), der.nullValue());
  }
}

/** A signature by `key`, as X.509 has it. */
export function signBytes(
  key: KeyObject,
  hash: SignatureHash,
  pss: boolean,
  message: Uint8Array,
): Uint8Array {
  const edwards = key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'ed448';
  const padding = pss
    ? { padding: cryptoConstants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_LENGTHS[hash] }
    : {};
  return new Uint8Array(sign(edwards ? null : hash, message, { key, ...padding }));
}
