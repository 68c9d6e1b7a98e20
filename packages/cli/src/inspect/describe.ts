/** What each kind of structure says, as rows for people and as data for JSON. */
import { TlsError } from 'handfast';
import { describeCertificate, describeMessage, describeRequest } from './certificates.ts';
import { type Description, problem } from './description.ts';
import type { Block } from './input.ts';
import { describeEncryptedKey, describePrivateKey, describePublicKey, oldEncryptedKey } from './keys.ts';
import { Malformed } from './malformed.ts';
import { describeOcspRequest, describeOcspResponse } from './ocsp.ts';
import { describeRevocationList } from './revocation-list.ts';
import { describeStore } from './store.ts';
import { type Structure, structureOf } from './structure.ts';

/** What nothing is known of may be anything. */
function unknown(): Description {
  return problem(
    'unknown structure',
    'it is neither a certificate, a request, a revocation list, an OCSP response, a PKCS #7 or PKCS #12 file nor a key; is the file damaged?',
    true,
  );
}

async function describeDer(
  structure: Structure,
  der: Uint8Array,
  file: string,
  password: string | undefined,
): Promise<Description> {
  switch (structure) {
    case 'certificate':
      return describeCertificate(der);
    case 'request':
      return describeRequest(der);
    case 'crl':
      return describeRevocationList(der);
    case 'ocsp':
      return describeOcspResponse(der);
    case 'ocsp request':
      return describeOcspRequest(der);
    case 'public key':
      return describePublicKey(der, 'spki');
    case 'pkcs1 public key':
      return describePublicKey(der, 'pkcs1');
    case 'private key':
      return describePrivateKey(der, 'pkcs8');
    case 'pkcs1 private key':
      return describePrivateKey(der, 'pkcs1');
    case 'sec1 private key':
      return describePrivateKey(der, 'sec1');
    case 'encrypted private key':
      return describeEncryptedKey(der, password);
    case 'pkcs12':
      return describeStore(der, file, password);
    case 'pkcs7':
      return describeMessage(der);
    default:
      return unknown();
  }
}

const KINDS: { readonly [S in Structure]?: string } = {
  certificate: 'certificate',
  request: 'certificate request',
  crl: 'revocation list',
  ocsp: 'OCSP response',
  'ocsp request': 'OCSP request',
  pkcs7: 'PKCS #7 message',
  pkcs12: 'PKCS #12 store',
};

/** What may hold a key, damaged or not. */
const SECRETS: ReadonlySet<Structure> = new Set(['pkcs12', 'encrypted private key']);

/** What PEM labels are known to hold something else than the DER that is read here. */
function byLabel(label: string): Description | undefined {
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
  return undefined;
}

async function read(
  { file, label = '', der, problem: broken }: Block,
  password: string | undefined,
): Promise<Description> {
  if (broken === 'encrypted') return oldEncryptedKey(file);
  const told = byLabel(label);
  if (told !== undefined) return told;
  if (der === undefined) {
    const reason = broken?.reason ?? 'it is empty';
    return problem(label.toLowerCase() || 'block', reason, true);
  }
  const structure = structureOf(der);
  try {
    return await describeDer(structure, der, file, password);
  } catch (error) {
    if (!(error instanceof TlsError || error instanceof Malformed)) throw error;
    return problem(KINDS[structure] ?? structure, error.message, SECRETS.has(structure) || undefined);
  }
}

/**
 * Reads a block; whatever is wrong with it is part of the answer.
 * @param password for what is encrypted, where one is given.
 */
export async function describeBlock(block: Block, password?: string): Promise<Description> {
  const description = await read(block, password);
  // Whatever it looks like when it is damaged: what was called a private key is a secret.
  return block.label?.includes('PRIVATE KEY') ? { ...description, secret: true } : description;
}
