/** Keys: of private ones only what their public half says. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { shellWord } from '../render/shell.ts';
import { type Description, problem, type Row } from './description.ts';
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

/** A key that only its password opens. */
export function encryptedKey(file: string): Description {
  const rows: Row[] = [['encrypted', `openssl pkey -in ${shellWord(file)} -out PLAIN decrypts it`]];
  return { kind: 'private key', rows, data: { encrypted: true }, secret: true };
}
