/** Reading private keys: what was given, and where it is not a private key, what it is instead. */
import { createPrivateKey, createPublicKey, KeyObject, X509Certificate } from 'node:crypto';
import { latin1 } from '../../wire/bytes.ts';
import { ConfigError } from '../../wire/errors.ts';
import { DerReader } from '../../x509/der.ts';
import { describeOid } from '../../x509/oids.ts';
import { NO_ML_DSA_SCHEMES } from '../signature-schemes.ts';
import { asBuffer } from './buffers.ts';

/** PEM text, PEM or DER bytes, or a KeyObject. */
export type PrivateKeyInput = string | Uint8Array | KeyObject;

type Passphrase = string | Uint8Array | undefined;

const PRIVATE_LABELS: ReadonlySet<string> = new Set([
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
]);

const EXPECTED = 'expected a PEM private key (-----BEGIN PRIVATE KEY-----)';

interface Block {
  readonly label: string;
  readonly text: string;
}

function pemBlocks(text: string): readonly Block[] {
  const pattern = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
  return [...text.matchAll(pattern)].map((match) => ({ label: match[1] ?? '', text: match[0] }));
}

/** The bytes between the lines of a block, whatever they are. */
function derOf({ text }: Block): Uint8Array {
  return Buffer.from(text.replace(/-----.*?-----/g, ''), 'base64');
}

/** The message for PEM text in which no private key was found. */
function noKeyIn(text: string, blocks: readonly Block[]): string {
  const labels = blocks.map((block) => block.label);
  if (labels.some((label) => label.includes('CERTIFICATE'))) {
    return `${EXPECTED}, found a certificate; give the key that belongs to it`;
  }
  if (labels.some((label) => label.includes('PUBLIC KEY'))) {
    return `${EXPECTED}, found a public key; give the private half`;
  }
  if (labels.includes('OPENSSH PRIVATE KEY')) {
    return `${EXPECTED}, found an OpenSSH key; convert a copy with ssh-keygen -p -m PKCS8 -f COPY`;
  }
  if (labels.length > 0) return `${EXPECTED}, found ${labels.map((label) => `"${label}"`).join(', ')}`;
  const begin = /-----BEGIN [A-Z0-9 ]+-----/.exec(text);
  if (begin !== null) return `${EXPECTED}, found ${begin[0]} without its END line: the text is cut off`;
  return `${EXPECTED}, found ${text.length} characters without any PEM block; give the content of the key file, not its name`;
}

function decode(
  data: string | Buffer,
  type: 'pkcs8' | 'pkcs1' | 'sec1' | undefined,
  passphrase: Passphrase,
): KeyObject {
  return createPrivateKey({
    key: data,
    format: type === undefined ? 'pem' : 'der',
    ...(type !== undefined && { type }),
    ...(passphrase !== undefined && {
      passphrase: typeof passphrase === 'string' ? passphrase : asBuffer(passphrase),
    }),
  });
}

const ML_DSA_NAME = /^ML-DSA-/;

/** Whether bytes are a private key of ML-DSA (RFC 9881 section 6), which Node before 24.6 cannot read. */
function isMlDsaKey(der: Uint8Array): boolean {
  try {
    const key = new DerReader(der).sequence('PrivateKeyInfo');
    key.integer('version');
    return ML_DSA_NAME.test(describeOid(key.sequence('privateKeyAlgorithm').oid('privateKeyAlgorithm')));
  } catch {
    return false;
  }
}

/** What went wrong with bytes that should hold a private key. */
function undecodable(
  option: string,
  cause: unknown,
  encrypted: boolean,
  passphrase: Passphrase,
  der: Uint8Array,
): ConfigError {
  const { message } = cause as Error;
  if (encrypted && passphrase === undefined) {
    return new ConfigError(option, 'the private key is encrypted; give its passphrase', { cause });
  }
  if (encrypted) {
    return new ConfigError(
      option,
      `the encrypted private key could not be decrypted: the passphrase is wrong, or the key is damaged (${message})`,
      { cause },
    );
  }
  if (isMlDsaKey(der)) return new ConfigError(option, NO_ML_DSA_SCHEMES, { cause });
  return new ConfigError(
    option,
    `the private key could not be decoded: it is damaged, or of a kind that this runtime does not support (${message})`,
    { cause },
  );
}

function fromPem(text: string, option: string, passphrase: Passphrase): KeyObject {
  const blocks = pemBlocks(text);
  const keys = blocks.filter((block) => PRIVATE_LABELS.has(block.label));
  const [key] = keys;
  if (key === undefined) throw new ConfigError(option, noKeyIn(text, blocks));
  if (keys.length > 1) {
    throw new ConfigError(option, `expected one private key, found ${keys.length} in the same PEM text`);
  }
  try {
    return decode(key.text, undefined, passphrase);
  } catch (cause) {
    const encrypted = key.label.startsWith('ENCRYPTED') || key.text.includes('Proc-Type: 4,ENCRYPTED');
    throw undecodable(option, cause, encrypted, passphrase, derOf(key));
  }
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function fromDer(der: Buffer, option: string, passphrase: Passphrase): KeyObject {
  for (const type of ['pkcs1', 'sec1'] as const) {
    try {
      return decode(der, type, undefined);
    } catch {
      // Another structure, or none of them: the last attempt tells.
    }
  }
  try {
    return decode(der, 'pkcs8', passphrase);
  } catch (cause) {
    if (succeeds(() => new X509Certificate(der))) {
      throw new ConfigError(
        option,
        'expected a private key, found a certificate in DER; give the key that belongs to it',
      );
    }
    if (succeeds(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))) {
      throw new ConfigError(
        option,
        'expected a private key, found a public key in DER; give the private half',
      );
    }
    throw undecodable(option, cause, isEncryptedPkcs8(der), passphrase, der);
  }
}

/** EncryptedPrivateKeyInfo starts with an AlgorithmIdentifier, every other private key with a version (RFC 5958). */
function isEncryptedPkcs8(der: Uint8Array): boolean {
  const lengthOctet = der[1] ?? 0;
  const content = lengthOctet < 0x80 ? 2 : 2 + (lengthOctet & 0x7f);
  return der[0] === 0x30 && der[content] === 0x30;
}

/**
 * A copy that shares nothing with the caller's object: Node before 22 can deadlock while it inspects a key that
 * it generated itself moments ago (see montgomery.ts).
 */
function detached(key: KeyObject, option: string): KeyObject {
  if (key.type !== 'private') {
    throw new ConfigError(option, `expected a private key, found a ${key.type} KeyObject`);
  }
  return decode(key.export({ type: 'pkcs8', format: 'der' }), 'pkcs8', undefined);
}

/**
 * Reads a private key.
 * @throws {ConfigError} for everything that is not one private key.
 */
export function readPrivateKey(input: PrivateKeyInput, option: string, passphrase: Passphrase): KeyObject {
  if (input instanceof KeyObject) return detached(input, option);
  if (typeof input === 'string') return fromPem(input, option, passphrase);
  if (!(input instanceof Uint8Array)) {
    throw new ConfigError(
      option,
      `expected a private key as PEM text, bytes or a KeyObject, found ${input === null ? 'null' : typeof input}`,
    );
  }
  const text = latin1(input);
  return text.includes('-----BEGIN ') || input[0] !== 0x30
    ? fromPem(text, option, passphrase)
    : fromDer(asBuffer(input), option, passphrase);
}
