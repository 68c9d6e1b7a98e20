/** Exported keying material (RFC 5705; RFC 9846 section 7.5). */
import { EMPTY } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { type Hkdf, MAX_LABEL_LENGTH } from './hkdf.ts';
import type { Prf12 } from './prf12.ts';
import { emptyTranscriptHash } from './schedule13.ts';

/** The exporter of one connection. */
export interface Exporter {
  /**
   * Keying material for another protocol.
   * @param label a registered or private label, 1 to 249 printable ASCII characters. In TLS 1.2 it may be none of
   * those that TLS derives its own secrets with.
   * @param context of any length in TLS 1.3, where absent and empty give the same material; up to 65535 bytes in
   * TLS 1.2, where they do not.
   * @param length in bytes, up to 255 times the hash length.
   * @throws {ConfigError} when an argument is out of these bounds.
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
}

/** The bounds are those of TLS 1.3 in both versions, so that what works with one works with the other. */
function checkArguments(label: string, length: number, hashLength: number): void {
  if (!/^[\x20-\x7e]+$/.test(label) || label.length > MAX_LABEL_LENGTH) {
    throw new ConfigError(
      'label',
      `expected an exporter label of 1 to ${MAX_LABEL_LENGTH} printable ASCII characters, found ${JSON.stringify(label)}`,
    );
  }
  const limit = 255 * hashLength;
  if (!Number.isInteger(length) || length < 1 || length > limit) {
    throw new ConfigError('length', `expected a length of 1 to ${limit} bytes, found ${length}`);
  }
}

/** TLS-Exporter of TLS 1.3 (RFC 9846 section 7.5). */
export class Exporter13 implements Exporter {
  readonly #hkdf: Hkdf;
  readonly #secret: Uint8Array;

  /** @param secret `exporter_secret`, or `early_exporter_secret`. */
  constructor(hkdf: Hkdf, secret: Uint8Array) {
    this.#hkdf = hkdf;
    this.#secret = secret;
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const hkdf = this.#hkdf;
    checkArguments(label, length, hkdf.hashLength);
    const labelSecret = hkdf.deriveSecret(this.#secret, label, emptyTranscriptHash(hkdf));
    return hkdf.expandLabel(labelSecret, 'exporter', hkdf.digest(context ?? EMPTY), length);
  }
}

/**
 * Labels that TLS 1.2 derives its own secrets with, from the same master secret or from the premaster secret: nobody
 * else may have what they give (RFC 5705 section 4, and the IANA registry "TLS Exporter Labels").
 */
const RESERVED_LABELS: ReadonlySet<string> = new Set([
  'client finished',
  'server finished',
  'master secret',
  'extended master secret',
  'key expansion',
]);

const MAX_CONTEXT_LENGTH = 0xffff;

/** The exporter of TLS 1.2 (RFC 5705 section 4). */
export class Exporter12 implements Exporter {
  readonly #prf: Prf12;
  readonly #masterSecret: Uint8Array;
  readonly #clientRandom: Uint8Array;
  readonly #serverRandom: Uint8Array;

  /** @param masterSecret an extended one: others are not bound to their handshake, and nothing may be exported from them (RFC 7627 section 5.4). */
  constructor(prf: Prf12, masterSecret: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array) {
    this.#prf = prf;
    this.#masterSecret = masterSecret;
    this.#clientRandom = clientRandom;
    this.#serverRandom = serverRandom;
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    checkArguments(label, length, this.#prf.hashLength);
    if (RESERVED_LABELS.has(label)) {
      throw new ConfigError(
        'label',
        `expected a label that TLS 1.2 does not use itself, found ${JSON.stringify(label)}`,
      );
    }
    const seeds = [this.#clientRandom, this.#serverRandom];
    if (context !== undefined) {
      if (context.length > MAX_CONTEXT_LENGTH) {
        throw new ConfigError(
          'context',
          `expected a context of at most ${MAX_CONTEXT_LENGTH} bytes in TLS 1.2, found ${context.length}`,
        );
      }
      seeds.push(Uint8Array.of(context.length >> 8, context.length & 0xff), context);
    }
    return this.#prf.prf(this.#masterSecret, label, length, ...seeds);
  }
}
