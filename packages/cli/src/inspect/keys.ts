/** Keys: of private ones only what their public half says. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { encryptionData, encryptionText } from '../pkcs12/algorithms.ts';
import { NO_PASSWORD, openEncryptedKey } from '../pkcs12/open.ts';
import { shellWord } from '../render/shell.ts';
import { type Description, problem, type Row } from './description.ts';
import { malformed } from './malformed.ts';
import { keyFacts } from './values.ts';

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

/** A public key as DER. */
export function describePublicKey(der: Uint8Array, type: 'spki' | 'pkcs1'): Description {
  return tryKey('public key', () => createPublicKey({ key: Buffer.from(der), format: 'der', type }));
}

/** A private key as DER, which is not encrypted. */
export function describePrivateKey(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): Description {
  return tryKey('private key', () => createPrivateKey({ key: Buffer.from(der), format: 'der', type }));
}

/** A private key that is encrypted in the old way of OpenSSL, which no standard describes. */
export function oldEncryptedKey(file: string): Description {
  const rows: Row[] = [['encrypted', `openssl pkey -in ${shellWord(file)} -out PLAIN decrypts it`]];
  return { kind: 'private key', rows, data: { encrypted: true }, secret: true };
}

/**
 * An EncryptedPrivateKeyInfo, opened if the password is there.
 * @throws {Malformed} when it is.
 */
export function describeEncryptedKey(der: Uint8Array, password: string | undefined): Description {
  const { encryption, key } = malformed('the encrypted key', () => openEncryptedKey(der, password));
  const row: Row = ['encrypted', encryptionText(encryption)];
  const data = { encrypted: true, encryption: encryptionData(encryption) };
  if ('der' in key) {
    const inside = describePrivateKey(key.der, 'pkcs8');
    key.der.fill(0);
    return { ...inside, rows: [...inside.rows, row], data: { ...inside.data, ...data } };
  }
  const kind = 'private key';
  // Whoever gives no password may only want to know what it is.
  if (password === undefined && key.problem === NO_PASSWORD) {
    const how: Row = ['', 'with its password (--passphrase-file FILE) its type and size are shown'];
    return { kind, rows: [row, how], data, secret: true };
  }
  return { ...problem(kind, key.problem, true), rows: [row], data };
}
