/** What each kind of structure says, as rows for people and as data for JSON. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { TlsError } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import {
  type Certificate,
  type CertificateRevocationList,
  type CertificationRequest,
  describeOid,
  type Extension,
  isSelfIssued,
  parseCertificate,
  parseCertificateRevocationList,
  parseCertificationRequest,
  type SubjectPublicKeyInfo,
  serialNumberText,
} from 'handfast/x509';
import { shellWord } from '../render/shell.ts';
import { isoTime } from '../times.ts';
import type { Block } from './input.ts';
import { type Structure, structureOf } from './structure.ts';
import { hex, keyFacts, plain, plainText, publicKeyFacts, sha256, signatureText } from './values.ts';

/** A line of what a structure says. */
export type Row = readonly [label: string, text: string];

/** What a block is and says. */
export interface Description {
  readonly kind: string;
  readonly rows: readonly Row[];
  readonly data: Readonly<Record<string, unknown>>;
  /** Why it could not be read, or not be shown. */
  readonly problem?: string;
  /** It is, or may be, a secret: its bytes are not shown. */
  readonly secret?: true;
}

function problem(kind: string, reason: string, secret?: true): Description {
  return { kind, rows: [], data: {}, problem: reason, ...(secret && { secret }) };
}

interface Signed {
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: Certificate['signatureAlgorithm'];
}

/** Whether a structure is signed with the key that it holds itself; `undefined` when that cannot be said. */
async function isSignedWith(
  { tbs, signature, signatureAlgorithm }: Signed,
  { key }: SubjectPublicKeyInfo,
): Promise<boolean | undefined> {
  if (signatureAlgorithm === undefined || key === undefined) return undefined;
  return (await nodeProvider.verify(signatureAlgorithm, key, tbs, signature)) === true;
}

/** Values of extensions by the names that they have in what was read. */
function extensionValue(holder: object, { oid, value }: Extension): unknown {
  const known = (holder as Readonly<Record<string, unknown>>)[describeOid(oid)];
  return known === undefined ? hex(value) : known;
}

/** Purposes and policies are object identifiers, of which some have names. */
function named(value: unknown): unknown {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
    ? value.map(describeOid)
    : value;
}

/** Hexadecimal digits of an extension that is not understood, as far as they fit on a few lines. */
const MAX_DIGITS = 128;

function shorten(text: string, { value }: Extension): string {
  if (!/^[0-9a-f]+$/.test(text) || text.length <= MAX_DIGITS) return text || '(empty)';
  return `${text.slice(0, MAX_DIGITS)}... (${value.length} bytes)`;
}

interface Extended {
  readonly extensions: ReadonlyMap<string, Extension>;
}

function extensionRows(holder: Extended): Row[] {
  return [...holder.extensions.values()].map((extension): Row => {
    const text = shorten(plainText(named(extensionValue(holder, extension))), extension);
    return [describeOid(extension.oid), extension.critical ? `(critical) ${text}` : text];
  });
}

function extensionData(holder: Extended): unknown[] {
  return [...holder.extensions.values()].map((extension) => ({
    oid: extension.oid,
    name: describeOid(extension.oid) === extension.oid ? null : describeOid(extension.oid),
    critical: extension.critical,
    value: plain(named(extensionValue(holder, extension))),
  }));
}

function keyRows({ type, sha256: fingerprint }: ReturnType<typeof keyFacts>): Row[] {
  return [
    ['public key', type],
    ['key sha256', fingerprint],
  ];
}

async function describeCertificate(der: Uint8Array): Promise<Description> {
  const certificate = parseCertificate(der);
  const { version, subject, issuer, notBefore, notAfter, publicKeyInfo } = certificate;
  const key = publicKeyFacts(publicKeyInfo);
  const signature = signatureText(certificate.signatureAlgorithm, certificate.signatureIdentifier);
  const selfSigned = isSelfIssued(certificate) && (await isSignedWith(certificate, publicKeyInfo)) === true;
  const serialNumber = serialNumberText(certificate);
  const from = isoTime(notBefore.time);
  const until = isoTime(notAfter.time);
  const fingerprint = sha256(certificate.der);
  return {
    kind: 'certificate',
    rows: [
      ['subject', String(subject) || '(none)'],
      ['issuer', `${String(issuer) || '(none)'}${selfSigned ? ' (self-signed)' : ''}`],
      ['serial', serialNumber],
      ['valid from', from],
      ['valid until', until],
      ...keyRows(key),
      ['signed with', signature],
      ['sha256', fingerprint],
      ['version', String(version)],
      ...extensionRows(certificate),
    ],
    data: {
      version,
      subject: String(subject),
      issuer: String(issuer),
      selfSigned,
      serialNumber,
      notBefore: from,
      notAfter: until,
      publicKey: key,
      signatureAlgorithm: signature,
      sha256: fingerprint,
      extensions: extensionData(certificate),
    },
  };
}

/** The attribute that holds the extensions, which are told in full. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** Attributes of requests that have names (RFC 2985). */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
};

async function describeRequest(der: Uint8Array): Promise<Description> {
  const request: CertificationRequest = parseCertificationRequest(der);
  const { subject, publicKeyInfo, attributes } = request;
  const key = publicKeyFacts(publicKeyInfo);
  const signature = signatureText(request.signatureAlgorithm, request.signatureIdentifier);
  const signed = await isSignedWith(request, publicKeyInfo);
  const others = attributes.flatMap((type) => (type === EXTENSION_REQUEST ? [] : [ATTRIBUTES[type] ?? type]));
  const words = { true: 'good: made with its own key', false: 'BAD: not made with its own key' };
  return {
    kind: 'certificate request',
    rows: [
      ['subject', String(subject) || '(none)'],
      ...keyRows(key),
      ['signed with', signature],
      ['signature', signed === undefined ? 'cannot be checked: not supported' : words[`${signed}`]],
      ...(others.length === 0 ? [] : ([['attributes', others.join(', ')]] satisfies Row[])),
      ...extensionRows(request),
    ],
    data: {
      subject: String(subject),
      publicKey: key,
      signatureAlgorithm: signature,
      signatureValid: signed ?? null,
      attributes,
      extensions: extensionData(request),
    },
  };
}

/** Entries that are shown to people; JSON has them all. */
const MAX_ENTRIES = 50;

function revokedText({
  revocationDate,
  reason,
}: CertificateRevocationList['revokedCertificates'][number]): string {
  return `${isoTime(revocationDate)}${reason === undefined ? '' : `, ${reason}`}`;
}

function describeRevocationList(der: Uint8Array): Description {
  const list = parseCertificateRevocationList(der);
  const { issuer, thisUpdate, nextUpdate, revokedCertificates } = list;
  const signature = signatureText(list.signatureAlgorithm, list.signatureIdentifier);
  const from = isoTime(thisUpdate.time);
  const until = nextUpdate === undefined ? undefined : isoTime(nextUpdate.time);
  const more = revokedCertificates.length - MAX_ENTRIES;
  return {
    kind: 'revocation list',
    rows: [
      ['issuer', String(issuer)],
      ['made at', from],
      ['next update', until ?? '(not said)'],
      ['signed with', signature],
      ...extensionRows(list),
      ['revoked', `${revokedCertificates.length}`],
      ...revokedCertificates
        .slice(0, MAX_ENTRIES)
        .map((entry): Row => ['', `${hex(entry.serialNumber)}  ${revokedText(entry)}`]),
      ...(more > 0 ? ([['', `and ${more} more (--json has all)`]] satisfies Row[]) : []),
    ],
    data: {
      issuer: String(issuer),
      thisUpdate: from,
      nextUpdate: until ?? null,
      signatureAlgorithm: signature,
      extensions: extensionData(list),
      revokedCertificates: revokedCertificates.map((entry) => ({
        serialNumber: hex(entry.serialNumber),
        revocationDate: isoTime(entry.revocationDate),
        reason: entry.reason ?? null,
        ...(entry.invalidityDate === undefined ? {} : { invalidityDate: isoTime(entry.invalidityDate) }),
        ...(entry.certificateIssuer === undefined
          ? {}
          : { certificateIssuer: plain(entry.certificateIssuer) }),
      })),
    },
  };
}

function describeKey(kind: string, key: KeyObject): Description {
  const facts = keyFacts(key);
  return {
    kind,
    rows: [
      ['type', facts.type],
      ['key sha256', facts.sha256],
    ],
    data: { publicKey: facts },
    ...(key.type === 'private' && { secret: true }),
  };
}

/** A key that Node cannot read is told in our words: its own may be of no help, and differ from version to version. */
function tryKey(kind: string, read: () => KeyObject): Description {
  const secret = kind === 'private key' ? true : undefined;
  try {
    return describeKey(kind, read());
  } catch {
    return problem(
      kind,
      `the ${kind} is damaged, or of a kind that this version of Node does not read`,
      secret,
    );
  }
}

function encryptedKey(file: string): Description {
  const rows: Row[] = [['encrypted', `openssl pkey -in ${shellWord(file)} -out PLAIN decrypts it`]];
  return { kind: 'private key', rows, data: { encrypted: true }, secret: true };
}

/** Structures that are told, but not read. */
function foreign(structure: Structure, path: string): Description {
  const file = shellWord(path);
  const pem = shellWord(`${path}.pem`);
  switch (structure) {
    case 'pkcs12':
      return problem(
        'PKCS #12 store',
        `handfast does not open PKCS #12; convert it with openssl pkcs12 -in ${file} -out ${pem} -nodes (it asks for the password, and the result holds the key unprotected), then inspect that`,
        true,
      );
    case 'pkcs7':
      return problem(
        'PKCS #7 message',
        `handfast does not read PKCS #7; take its certificates out with openssl pkcs7 -in ${file} -print_certs -out ${pem} (and -inform DER where it is no PEM)`,
      );
    case 'ocsp':
      return problem(
        'OCSP response',
        `handfast does not read OCSP responses; openssl ocsp -respin ${file} -text -noverify does`,
      );
    default:
      return problem(
        'unknown structure',
        'it is neither a certificate, a request, a revocation list nor a key; is the file damaged?',
        true,
      );
  }
}

async function describeDer(structure: Structure, der: Uint8Array, file: string): Promise<Description> {
  const key = Buffer.from(der);
  switch (structure) {
    case 'certificate':
      return describeCertificate(der);
    case 'request':
      return describeRequest(der);
    case 'crl':
      return describeRevocationList(der);
    case 'public key':
      return tryKey('public key', () => createPublicKey({ key, format: 'der', type: 'spki' }));
    case 'pkcs1 public key':
      return tryKey('public key', () => createPublicKey({ key, format: 'der', type: 'pkcs1' }));
    case 'private key':
      return tryKey('private key', () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
    case 'pkcs1 private key':
      return tryKey('private key', () => createPrivateKey({ key, format: 'der', type: 'pkcs1' }));
    case 'sec1 private key':
      return tryKey('private key', () => createPrivateKey({ key, format: 'der', type: 'sec1' }));
    case 'encrypted private key':
      return encryptedKey(file);
    default:
      return foreign(structure, file);
  }
}

const KINDS: { readonly [S in Structure]?: string } = {
  certificate: 'certificate',
  request: 'certificate request',
  crl: 'revocation list',
};

/** What PEM labels are known to hold something else than the DER that is read here. */
function byLabel(label: string, file: string): Description | undefined {
  if (label === 'OPENSSH PRIVATE KEY') {
    return problem(
      'OpenSSH private key',
      'handfast does not read the format of OpenSSH; convert a copy with ssh-keygen -p -m PKCS8 -f COPY',
      true,
    );
  }
  if (/^(?:EC|DH|X9.42 DH|DSA) PARAMETERS$/.test(label)) {
    return { kind: 'parameters', rows: [['label', label]], data: { label } };
  }
  return label === 'PKCS12' ? foreign('pkcs12', file) : undefined;
}

async function read({ file, label = '', der, problem: broken }: Block): Promise<Description> {
  if (broken === 'encrypted') return encryptedKey(file);
  const told = byLabel(label, file);
  if (told !== undefined) return told;
  if (der === undefined) {
    const reason = broken?.reason ?? 'it is empty';
    return problem(label.toLowerCase() || 'block', reason, true);
  }
  const structure = structureOf(der);
  try {
    return await describeDer(structure, der, file);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return problem(KINDS[structure] ?? structure, error.message);
  }
}

/** Reads a block; whatever is wrong with it is part of the answer. */
export async function describeBlock(block: Block): Promise<Description> {
  const description = await read(block);
  // Whatever it looks like when it is damaged: what was called a private key is a secret.
  return block.label?.includes('PRIVATE KEY') ? { ...description, secret: true } : description;
}
