/**
 * What a session is bound to: a digest of the settings by which a peer is judged. A session is resumed only where they are
 * the same as when the peer was judged, so that no change of trust is undone by a ticket.
 */
import type { CryptoProvider } from '../crypto/provider.ts';
import { ascii, toHex } from '../wire/bytes.ts';
import { DEFAULT_PROFILE, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../x509/profiles.ts';
import type { ClientConfig, ServerConfig } from './config.ts';
import type { Identity } from './identity.ts';
import type { PeerVerifier } from './verifier.ts';

/** Values that are functions, or hold some, and mean the same in every process. */
const KNOWN: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [DEFAULT_PROFILE, 'default profile'],
  [RFC5280_PROFILE, 'RFC 5280 profile'],
  [WEB_PKI_PROFILE, 'web PKI profile'],
]);

/** What nobody can read, such as a function, is the same as itself only, and in this process only. */
const NAMES = new WeakMap<object, string>();

/** Something that is to be told by which it is, and not by what it holds. */
class Itself {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

/** What certificates, names and revocation lists have in common. */
interface Encoded {
  readonly der: Uint8Array;
}

function isEncoded(value: object): value is Encoded {
  return (value as Partial<Encoded>).der instanceof Uint8Array;
}

/** A text between quotes, in ASCII. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Of certificates and lists, which never change: a store of authorities is read once for all configurations. */
const DIGEST_OF_ENCODED = new WeakMap<object, string>();

/** Writes values so that equal texts mean equal values. */
class Writer {
  readonly #provider: CryptoProvider;

  constructor(provider: CryptoProvider) {
    this.#provider = provider;
  }

  digest(bytes: Uint8Array): Uint8Array {
    const hash = this.#provider.hash('SHA-256');
    hash.update(bytes);
    return hash.digest();
  }

  text(value: unknown): string {
    const known = KNOWN.get(value);
    if (known !== undefined) return `<${known}>`;
    if (value instanceof Uint8Array) return `<bytes ${toHex(this.digest(value))}>`;
    if (Array.isArray(value)) return `[${value.map((one) => this.text(one)).join()}]`;
    if (typeof value === 'function') return this.#ownName(value);
    if (typeof value === 'object' && value !== null) return this.#object(value);
    return typeof value === 'string' ? quoted(value) : String(value);
  }

  #object(value: object): string {
    if (value instanceof Itself) return this.#ownName(value.value);
    if (isEncoded(value)) return this.#encoded(value);
    if (Object.getPrototypeOf(value) !== Object.prototype) return this.#ownName(value);
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields
      .map(([name, field]) => `${quoted(name)}:${this.text(field)}`)
      .sort()
      .join()}}`;
  }

  #encoded(value: Encoded): string {
    let text = DIGEST_OF_ENCODED.get(value);
    if (text === undefined) {
      text = `<der ${toHex(this.digest(value.der))}>`;
      DIGEST_OF_ENCODED.set(value, text);
    }
    return text;
  }

  #ownName(value: object): string {
    let name = NAMES.get(value);
    if (name === undefined) {
      name = `<only here ${toHex(this.#provider.random(16))}>`;
      NAMES.set(value, name);
    }
    return name;
  }
}

/**
 * A digest of any settings, 32 bytes: equal for equal values, in every process. Functions and instances of classes that
 * have no DER form are equal to themselves alone.
 */
export function settingsDigest(provider: CryptoProvider, settings: unknown): Uint8Array {
  const writer = new Writer(provider);
  return writer.digest(ascii(writer.text(settings)));
}

/** What its verdicts depend on; a verifier that does not say is the same as itself alone, and not as others of its class. */
function verifierSettings(verifier: PeerVerifier | undefined): unknown {
  return verifier?.settings ?? (verifier && new Itself(verifier));
}

/** The signatures that count, in whatever order they are preferred. */
function acceptedSchemes({
  signatureSchemes,
  certificateSignatureSchemes,
}: ClientConfig | ServerConfig): unknown {
  return [signatureSchemes, certificateSignatureSchemes].map((schemes) => [...schemes].sort());
}

const DIGESTS = new WeakMap<ClientConfig | ServerConfig, Uint8Array>();

function remembered<C extends ClientConfig | ServerConfig>(config: C, settings: () => unknown): Uint8Array {
  let digest = DIGESTS.get(config);
  if (digest === undefined) {
    digest = settingsDigest(config.provider, settings());
    DIGESTS.set(config, digest);
  }
  return digest;
}

/** What a client's sessions are bound to: how it judges servers, and who it shows itself to be. */
export function clientTrust(config: ClientConfig): Uint8Array {
  const { verifier, identities, selectIdentity, requestOcspResponse, requestSignedCertificateTimestamps } =
    config;
  return remembered(config, () => ({
    role: 'client',
    verifier: verifierSettings(verifier),
    schemes: acceptedSchemes(config),
    identities: identities.map(({ chain }) => chain),
    selectIdentity,
    requestOcspResponse,
    requestSignedCertificateTimestamps,
  }));
}

/**
 * What a server's sessions are bound to: whether it asks for certificates, and how it judges them; and the certificate that
 * it showed. Servers that share ticket keys are not all the same: whoever is on the path must not be able to lead a client,
 * with its ticket of one, to another that has no certificate for the name.
 */
export function serverTrust(config: ServerConfig, { chain: [leaf] }: Identity): Uint8Array {
  const { clientAuthentication, verifier, provider } = config;
  const judging = remembered(config, () => ({
    role: 'server',
    clientAuthentication,
    ...(clientAuthentication === 'none'
      ? {}
      : { verifier: verifierSettings(verifier), schemes: acceptedSchemes(config) }),
  }));
  return settingsDigest(provider, { judging, shown: leaf });
}
