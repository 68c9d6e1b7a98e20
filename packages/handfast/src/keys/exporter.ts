/** Exported keying material (RFC 9846 section 7.5; RFC 5705). */
import { EMPTY } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { type Hkdf, MAX_LABEL_LENGTH } from './hkdf.ts';
import { emptyTranscriptHash } from './schedule13.ts';

/** TLS-Exporter of one connection. */
export class Exporter {
  readonly #hkdf: Hkdf;
  readonly #secret: Uint8Array;

  /** @param secret `exporter_secret`, or `early_exporter_secret`. */
  constructor(hkdf: Hkdf, secret: Uint8Array) {
    this.#hkdf = hkdf;
    this.#secret = secret;
  }

  /**
   * Keying material for another protocol.
   * @param label a registered or private label, 1 to 249 ASCII characters.
   * @param context of any length; absent and empty give the same material.
   * @param length in bytes, up to 255 times the hash length.
   * @throws {ConfigError} when an argument is out of these bounds.
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const hkdf = this.#hkdf;
    if (!/^[\x20-\x7e]+$/.test(label) || label.length > MAX_LABEL_LENGTH) {
      throw new ConfigError(
        'label',
        `expected an exporter label of 1 to ${MAX_LABEL_LENGTH} printable ASCII characters, found ${JSON.stringify(label)}`,
      );
    }
    const limit = 255 * hkdf.hashLength;
    if (!Number.isInteger(length) || length < 1 || length > limit) {
      throw new ConfigError('length', `expected a length of 1 to ${limit} bytes, found ${length}`);
    }
    const labelSecret = hkdf.deriveSecret(this.#secret, label, emptyTranscriptHash(hkdf));
    return hkdf.expandLabel(labelSecret, 'exporter', hkdf.digest(context ?? EMPTY), length);
  }
}
