/**
 * How a ticket key stands in Redis: `format(1) || name(16) || opensUntil(8) || sealed(key(32) || sealsFrom(8) || sealsUntil(8))`, in
 * base64. What stands in the clear is bound to the rest, so that nobody without a key-encryption key makes a ticket key, or
 * lets one live longer.
 */
import type { TicketKey } from 'handfast';
import type { KeyEncryption } from './key-encryption.ts';

const FORMAT = 1;
const NAME_LENGTH = 16;
const KEY_LENGTH = 32;
const HEAD_LENGTH = 1 + NAME_LENGTH + 8;
const BODY_LENGTH = KEY_LENGTH + 16;
/** An entry is some 150 bytes; what is much longer is none. */
const MAX_TEXT_LENGTH = 1_000;

/** What stands in the clear, which everybody can write. */
export interface EntryHead {
  /** In hexadecimal digits. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly opensUntil: number;
}

export interface KeyEntry {
  readonly key: TicketKey;
  /** Whether the first key-encryption key had sealed it. */
  readonly isCurrent: boolean;
}

/** The name of a ticket key in hexadecimal digits. */
export function nameOf({ name }: TicketKey): string {
  return Buffer.from(name).toString('hex');
}

/** A ticket key as text for Redis. @param namespace the entry is good there alone. */
export function writeEntry(encryption: KeyEncryption, namespace: string, key: TicketKey): string {
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUInt8(FORMAT, 0);
  head.set(key.name, 1);
  head.writeBigUInt64BE(BigInt(key.opensUntil), 1 + NAME_LENGTH);
  const body = Buffer.alloc(BODY_LENGTH);
  body.set(key.key, 0);
  body.writeBigUInt64BE(BigInt(key.sealsFrom), KEY_LENGTH);
  body.writeBigUInt64BE(BigInt(key.sealsUntil), KEY_LENGTH + 8);
  const sealed = encryption.seal('ticket key', contextOf(namespace, head), body);
  return Buffer.concat([head, sealed]).toString('base64');
}

/** What an entry says in the clear; `undefined` when it is none of this format. */
export function readHead(entry: unknown): EntryHead | undefined {
  const bytes = bytesOf(entry);
  if (bytes === undefined) return undefined;
  const opensUntil = Number(bytes.readBigUInt64BE(1 + NAME_LENGTH));
  if (!Number.isSafeInteger(opensUntil)) return undefined;
  return { name: bytes.subarray(1, 1 + NAME_LENGTH).toString('hex'), opensUntil };
}

/** The ticket key of an entry; `undefined` for what is damaged, or sealed under keys that are not known. Never throws. */
export function readEntry(
  encryption: KeyEncryption,
  namespace: string,
  entry: unknown,
): KeyEntry | undefined {
  const bytes = bytesOf(entry);
  const head = readHead(entry);
  if (bytes === undefined || head === undefined) return undefined;
  const context = contextOf(namespace, bytes.subarray(0, HEAD_LENGTH));
  const opened = encryption.open('ticket key', context, bytes.subarray(HEAD_LENGTH));
  if (opened?.plaintext.length !== BODY_LENGTH) return undefined;
  const body = Buffer.from(opened.plaintext);
  const key: TicketKey = {
    name: new Uint8Array(bytes.subarray(1, 1 + NAME_LENGTH)),
    key: new Uint8Array(body.subarray(0, KEY_LENGTH)),
    sealsFrom: Number(body.readBigUInt64BE(KEY_LENGTH)),
    sealsUntil: Number(body.readBigUInt64BE(KEY_LENGTH + 8)),
    opensUntil: head.opensUntil,
  };
  return { key, isCurrent: opened.isCurrent };
}

function bytesOf(entry: unknown): Buffer | undefined {
  if (typeof entry !== 'string' || entry.length > MAX_TEXT_LENGTH) return undefined;
  const bytes = Buffer.from(entry, 'base64');
  return bytes.length >= HEAD_LENGTH && bytes[0] === FORMAT ? bytes : undefined;
}

function contextOf(namespace: string, head: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`handfast fleet ${namespace}\n`), head]);
}
