/**
 * The key schedule of TLS 1.3 (RFC 9846 section 7.1). Three classes stand for the three secrets on the left side
 * of the RFC's diagram, so that a derivation can only be asked of the secret that it belongs to:
 *
 *     EarlySecret.from(hkdf, psk)     0, PSK --> HKDF-Extract = Early Secret
 *       .handshakeSecret(shared)      "derived", shared secret --> HKDF-Extract = Handshake Secret
 *       .mainSecret()                 "derived", 0 --> HKDF-Extract = Main Secret
 *
 * Each `transcriptHash` is the hash of the messages that the diagram names. Nothing is derived before it is asked for.
 */
import type { HashName } from '../crypto/provider.ts';
import { EMPTY } from '../wire/bytes.ts';
import type { Hkdf } from './hkdf.ts';

/** Values that depend on the hash function alone, and are no secrets. */
interface Constants {
  /** "0" of the diagram. */
  readonly zeros: Uint8Array;
  /** Transcript-Hash(""). */
  readonly emptyHash: Uint8Array;
  /** Early Secret where there is no PSK. */
  readonly earlySecretWithoutPsk: Uint8Array;
  /** Derive-Secret(., "derived", "") of it. */
  readonly derivedWithoutPsk: Uint8Array;
}

const constants = new Map<HashName, Constants>();

function constantsOf(hkdf: Hkdf): Constants {
  let values = constants.get(hkdf.hash);
  if (values === undefined) {
    const zeros = new Uint8Array(hkdf.hashLength);
    const emptyHash = hkdf.digest(EMPTY);
    const earlySecretWithoutPsk = hkdf.extract(zeros, zeros);
    const derivedWithoutPsk = hkdf.deriveSecret(earlySecretWithoutPsk, 'derived', emptyHash);
    values = { zeros, emptyHash, earlySecretWithoutPsk, derivedWithoutPsk };
    constants.set(hkdf.hash, values);
  }
  return values;
}

/** Transcript-Hash(""), the context of secrets that stand for no message. */
export function emptyTranscriptHash(hkdf: Hkdf): Uint8Array {
  return constantsOf(hkdf).emptyHash;
}

/** Where a PSK comes from: configured, the resumption of a session, or the importer of RFC 9258. */
export type PskOrigin = 'external' | 'resumption' | 'imported';

const BINDER_LABEL: Readonly<Record<PskOrigin, string>> = {
  external: 'ext binder',
  resumption: 'res binder',
  imported: 'imp binder',
};

/** The Early Secret: what a PSK alone can derive. */
export class EarlySecret {
  readonly #hkdf: Hkdf;
  readonly #secret: Uint8Array;

  private constructor(hkdf: Hkdf, secret: Uint8Array) {
    this.#hkdf = hkdf;
    this.#secret = secret;
  }

  /** The Early Secret of a PSK, or of none. */
  static from(hkdf: Hkdf, psk?: Uint8Array): EarlySecret {
    const { zeros, earlySecretWithoutPsk } = constantsOf(hkdf);
    return new EarlySecret(hkdf, psk === undefined ? earlySecretWithoutPsk : hkdf.extract(zeros, psk));
  }

  /** `binder_key`; a binder is the {@link finishedVerifyData} under it (section 4.3.11.2; RFC 9258 section 5.2). */
  binderKey(origin: PskOrigin): Uint8Array {
    const { emptyHash } = constantsOf(this.#hkdf);
    return this.#hkdf.deriveSecret(this.#secret, BINDER_LABEL[origin], emptyHash);
  }

  /** `client_early_traffic_secret`, from ClientHello. */
  clientEarlyTrafficSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'c e traffic', transcriptHash);
  }

  /** `early_exporter_secret`, from ClientHello. */
  earlyExporterSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'e exp master', transcriptHash);
  }

  /** The Handshake Secret, given the secret of the key exchange; without one (`psk_ke`) it is zeros. */
  handshakeSecret(sharedSecret?: Uint8Array): HandshakeSecret {
    const { zeros, emptyHash, earlySecretWithoutPsk, derivedWithoutPsk } = constantsOf(this.#hkdf);
    const salt =
      this.#secret === earlySecretWithoutPsk
        ? derivedWithoutPsk
        : this.#hkdf.deriveSecret(this.#secret, 'derived', emptyHash);
    return new HandshakeSecret(this.#hkdf, this.#hkdf.extract(salt, sharedSecret ?? zeros));
  }
}

/** The Handshake Secret: it protects the rest of the handshake. */
export class HandshakeSecret {
  readonly #hkdf: Hkdf;
  readonly #secret: Uint8Array;

  constructor(hkdf: Hkdf, secret: Uint8Array) {
    this.#hkdf = hkdf;
    this.#secret = secret;
  }

  /** `client_handshake_traffic_secret`, from ClientHello...ServerHello. */
  clientTrafficSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'c hs traffic', transcriptHash);
  }

  /** `server_handshake_traffic_secret`, from ClientHello...ServerHello. */
  serverTrafficSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 's hs traffic', transcriptHash);
  }

  /** The Main Secret. */
  mainSecret(): MainSecret {
    const { zeros, emptyHash } = constantsOf(this.#hkdf);
    const salt = this.#hkdf.deriveSecret(this.#secret, 'derived', emptyHash);
    return new MainSecret(this.#hkdf, this.#hkdf.extract(salt, zeros));
  }
}

/** The Main Secret: it protects application data, and is what exporters and resumption start from. */
export class MainSecret {
  readonly #hkdf: Hkdf;
  readonly #secret: Uint8Array;

  constructor(hkdf: Hkdf, secret: Uint8Array) {
    this.#hkdf = hkdf;
    this.#secret = secret;
  }

  /** `client_application_traffic_secret_0`, from ClientHello...server Finished. */
  clientTrafficSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'c ap traffic', transcriptHash);
  }

  /** `server_application_traffic_secret_0`, from ClientHello...server Finished. */
  serverTrafficSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 's ap traffic', transcriptHash);
  }

  /** `exporter_secret`, from ClientHello...server Finished. */
  exporterSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'exp master', transcriptHash);
  }

  /** `resumption_secret`, from ClientHello...client Finished. */
  resumptionSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#hkdf.deriveSecret(this.#secret, 'res master', transcriptHash);
  }
}
