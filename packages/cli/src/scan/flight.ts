/** What a server answers to a ClientHello: read as it comes, and taken apart as far as it is in the clear. */
import { HandshakeAssembler, type HandshakeMessage, type RawRecord, RecordFramer } from 'handfast/record';
import {
  AlertDescription,
  type AnyServerHello,
  ContentType,
  certificate12,
  certificateStatus,
  decode,
  decodeServerHello,
  HandshakeType,
  opaque,
  ProtocolVersion,
  rest,
  serverDhParams,
  serverEcdhParams,
  struct,
  TlsError,
  uint16,
} from 'handfast/wire';
import type { Version } from './hello.ts';
import { SUITES } from './suites.ts';

/** What the server said about the key exchange, before TLS 1.3 in ServerKeyExchange. */
export interface KeyExchangeFacts {
  /** The named group. */
  readonly group?: number;
  /** The bits of a finite field's prime, or of an export RSA key. */
  readonly bits?: number;
  /** The server's half, in hexadecimal: the same twice means that it is not fresh. */
  readonly publicKey: string;
  /** How it is signed; the message says so since TLS 1.2. */
  readonly scheme?: number;
}

/** A server went along with what was offered. */
export interface Flight {
  readonly kind: 'flight';
  readonly version: Version;
  readonly suite: number;
  /** The hello as it came: its random, session id, compression and extensions. */
  readonly hello: AnyServerHello;
  /** The group of a TLS 1.3 server, whether it wants a second hello or not. */
  readonly group?: number;
  /** DER-encoded certificates, leaf first; in TLS 1.3 they are encrypted. */
  readonly chain?: readonly Uint8Array[];
  /** The stapled OCSP response. */
  readonly ocspResponse?: Uint8Array;
  readonly keyExchange?: KeyExchangeFacts;
  /** The server asks for a client certificate. */
  readonly asksForCertificate: boolean;
}

/** How a probe ended. */
export type Answer =
  | Flight
  /** It refused with an alert. */
  | { readonly kind: 'alert'; readonly description: number }
  /** It closed the connection, or broke it. */
  | { readonly kind: 'closed' }
  /** It did not answer in time. */
  | { readonly kind: 'silent' }
  /** What it sent is no TLS, or breaks TLS's rules. */
  | { readonly kind: 'garbled'; readonly error: TlsError }
  /** There was no connection. */
  | { readonly kind: 'unreachable'; readonly error: Error };

/** Reads the bytes of one connection and says when it has heard enough. */
export interface Listener<T> {
  /** Takes bytes; answers when nothing more is needed. */
  push(bytes: Uint8Array): T | undefined;
}

const VERSION_OF: ReadonlyMap<number, Version> = new Map(
  Object.entries(ProtocolVersion).map(([name, number]) => [number, name as Version]),
);

const ecdh = struct({ params: serverEcdhParams, rest });
const dh = struct({ params: serverDhParams, rest });
const pskHint = struct({ hint: opaque(0, 0xffff), rest });
const exportRsa = struct({ modulus: opaque(1, 0xffff), exponent: opaque(1, 0xffff), rest });
const signed = struct({ scheme: uint16, rest });

/** Bits of a number, leading zeros not counted. */
export function bitLength(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (bytes.length - start) * 8 - Math.clz32(bytes[start] as number) + 24;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** ServerKeyExchange (RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279), read by what the suite makes of it. */
function readKeyExchange(body: Uint8Array, suite: number, version: Version): KeyExchangeFacts | undefined {
  const { keyExchange = '' } = SUITES.get(suite) ?? {};
  const name = 'ServerKeyExchange';
  const hasHint = keyExchange.includes('PSK');
  const params = hasHint ? decode(pskHint, name, body).rest : body;
  // Nobody signs where there is no certificate.
  const isSigned = version === 'TLSv1.2' && !hasHint && !keyExchange.includes('anon');
  const scheme = (after: Uint8Array): { readonly scheme?: number } =>
    isSigned ? { scheme: decode(signed, name, after).scheme } : {};
  if (/^ECDHE|^ECDH_anon/.test(keyExchange)) {
    const { params: found, rest: after } = decode(ecdh, name, params);
    return { group: found.namedCurve, publicKey: hex(found.publicKey), ...scheme(after) };
  }
  if (/^DHE|^DH_anon|^PSK_DHE/.test(keyExchange)) {
    const { params: found, rest: after } = decode(dh, name, params);
    return { bits: bitLength(found.dhP), publicKey: hex(found.dhYs), ...scheme(after) };
  }
  if (/^RSA_EXPORT/.test(keyExchange)) {
    const { modulus } = decode(exportRsa, name, params);
    return { bits: bitLength(modulus), publicKey: hex(modulus) };
  }
  return undefined;
}

/** Reads the answer to a ClientHello, up to ServerHelloDone, or up to where TLS 1.3 encrypts. */
export class FlightReader implements Listener<Answer> {
  readonly #framer = new RecordFramer();
  readonly #assembler = new HandshakeAssembler();
  #hello: AnyServerHello | undefined;
  #version: Version | undefined;
  #chain: readonly Uint8Array[] | undefined;
  #ocspResponse: Uint8Array | undefined;
  #keyExchange: KeyExchangeFacts | undefined;
  #asksForCertificate = false;

  push(bytes: Uint8Array): Answer | undefined {
    this.#framer.push(bytes);
    try {
      return this.#read();
    } catch (error) {
      if (error instanceof TlsError) return { kind: 'garbled', error };
      throw error;
    }
  }

  #read(): Answer | undefined {
    for (let record = this.#framer.next(); record !== undefined; record = this.#framer.next()) {
      const answer = this.#record(record);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #record({ type, fragment }: RawRecord): Answer | undefined {
    if (type === ContentType.alert) return this.#alert(fragment);
    if (type !== ContentType.handshake) {
      throw new TlsError(
        'ERR_UNEXPECTED_MESSAGE',
        `expected the server's hello, found a record of type ${type}`,
      );
    }
    this.#assembler.push(fragment);
    for (let message = this.#assembler.next(); message !== undefined; message = this.#assembler.next()) {
      const answer = this.#message(message);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #alert([level, description = 0]: Uint8Array): Answer | undefined {
    if (description === AlertDescription.close_notify) return { kind: 'closed' };
    const isWarning = level === 1; // such as unrecognized_name, after which servers go on (RFC 6066 section 3)
    return isWarning ? undefined : { kind: 'alert', description };
  }

  #message({ type, body }: HandshakeMessage): Answer | undefined {
    if (type === HandshakeType.server_hello && this.#hello === undefined) return this.#serverHello(body);
    const [hello, version] = [this.#hello, this.#version];
    if (hello === undefined || version === undefined) {
      throw new TlsError('ERR_UNEXPECTED_MESSAGE', `expected a ServerHello, found a message of type ${type}`);
    }
    switch (type) {
      case HandshakeType.certificate:
        this.#chain = decode(certificate12, 'Certificate', body).certificateList;
        return undefined;
      case HandshakeType.certificate_status:
        this.#ocspResponse = decode(certificateStatus, 'CertificateStatus', body).response;
        return undefined;
      case HandshakeType.server_key_exchange:
        this.#keyExchange = readKeyExchange(body, hello.hello.cipherSuite, version);
        return undefined;
      case HandshakeType.certificate_request:
        this.#asksForCertificate = true;
        return undefined;
      case HandshakeType.server_hello_done:
        return this.#flight(hello, version);
      default:
        throw new TlsError(
          'ERR_UNEXPECTED_MESSAGE',
          `expected ServerHelloDone, found a message of type ${type}`,
        );
    }
  }

  #serverHello(body: Uint8Array): Answer | undefined {
    const hello = decodeServerHello(body);
    const number =
      hello.kind === 'ServerHello12' ? hello.hello.legacyVersion : hello.hello.extensions.supportedVersions;
    const version = number === undefined ? undefined : VERSION_OF.get(number);
    if (version === undefined) {
      throw new TlsError('ERR_PROTOCOL_VERSION', `expected a version from SSLv3 to TLSv1.3, found ${number}`);
    }
    this.#hello = hello;
    this.#version = version;
    return hello.kind === 'ServerHello12' ? undefined : this.#flight(hello, version);
  }

  #flight(hello: AnyServerHello, version: Version): Flight {
    return {
      kind: 'flight',
      version,
      suite: hello.hello.cipherSuite,
      hello,
      ...groupOf(hello),
      ...(this.#chain && { chain: this.#chain }),
      ...(this.#ocspResponse && { ocspResponse: this.#ocspResponse }),
      ...(this.#keyExchange && { keyExchange: this.#keyExchange }),
      asksForCertificate: this.#asksForCertificate,
    };
  }
}

function groupOf(answer: AnyServerHello): { readonly group?: number } {
  switch (answer.kind) {
    case 'HelloRetryRequest': {
      const share = answer.hello.extensions.keyShare;
      return share === undefined ? {} : { group: share.selectedGroup };
    }
    case 'ServerHello': {
      const share = answer.hello.extensions.keyShare;
      return share === undefined ? {} : { group: share.group };
    }
    case 'ServerHello12':
      return {};
  }
}
