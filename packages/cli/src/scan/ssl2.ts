/** SSL 2.0, which has a hello of its own: just enough to ask whether a server still answers it. */
import { randomBytes } from 'node:crypto';
import type { Listener } from './flight.ts';

/** The cipher kinds of SSL 2.0: RC4, RC2, IDEA, DES, triple DES. */
const CIPHER_KINDS: ReadonlyMap<number, string> = new Map([
  [0x010080, 'SSL_CK_RC4_128_WITH_MD5'],
  [0x020080, 'SSL_CK_RC4_128_EXPORT40_WITH_MD5'],
  [0x030080, 'SSL_CK_RC2_128_CBC_WITH_MD5'],
  [0x040080, 'SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5'],
  [0x050080, 'SSL_CK_IDEA_128_CBC_WITH_MD5'],
  [0x060040, 'SSL_CK_DES_64_CBC_WITH_MD5'],
  [0x0700c0, 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5'],
]);

const CLIENT_HELLO = 1;
const SERVER_HELLO = 4;
const VERSION = 0x0002;
const CHALLENGE_LENGTH = 16;
const HEADER_LENGTH = 2;
/** Type, session id hit, certificate type, version, and three lengths. */
const SERVER_HELLO_LENGTH = 11;

/** A CLIENT-HELLO in a record of its own: two bytes of length, the highest bit set. */
export function ssl2HelloRecord(): Uint8Array {
  const kinds = [...CIPHER_KINDS.keys()].flatMap((kind) => [kind >> 16, (kind >> 8) & 0xff, kind & 0xff]);
  const header = [CLIENT_HELLO, 0, VERSION, 0, kinds.length, 0, 0, 0, CHALLENGE_LENGTH];
  const body = [...header, ...kinds, ...randomBytes(CHALLENGE_LENGTH)];
  return Uint8Array.of(0x80 | (body.length >> 8), body.length & 0xff, ...body);
}

export type Ssl2Answer =
  | { readonly kind: 'hello'; readonly cipherKinds: readonly string[] }
  | { readonly kind: 'refused' };

/** Reads the answer: a SERVER-HELLO with the cipher kinds that both have, or anything else. */
export class Ssl2Reader implements Listener<Ssl2Answer> {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): Ssl2Answer | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const bytes = this.#bytes;
    if (bytes.length < HEADER_LENGTH + 1) return undefined;
    const length = bytes.readUInt16BE(0) & 0x7fff;
    if (
      ((bytes[0] as number) & 0x80) === 0 ||
      bytes[HEADER_LENGTH] !== SERVER_HELLO ||
      length < SERVER_HELLO_LENGTH
    ) {
      return { kind: 'refused' };
    }
    if (bytes.length < HEADER_LENGTH + length) return undefined;
    return serverHello(bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + length));
  }
}

function serverHello(body: Buffer): Ssl2Answer {
  const certificateLength = body.readUInt16BE(5);
  const kindsLength = body.readUInt16BE(7);
  const start = SERVER_HELLO_LENGTH + certificateLength;
  if (body.readUInt16BE(3) !== VERSION || start + kindsLength > body.length) return { kind: 'refused' };
  const cipherKinds: string[] = [];
  for (let at = start; at + 3 <= start + kindsLength; at += 3) {
    const kind = body.readUIntBE(at, 3);
    cipherKinds.push(CIPHER_KINDS.get(kind) ?? `0x${kind.toString(16).padStart(6, '0')}`);
  }
  return { kind: 'hello', cipherKinds };
}
