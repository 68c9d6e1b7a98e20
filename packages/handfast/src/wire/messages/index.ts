/** The handshake messages of both versions, and the frame that they share (RFC 9846 section 4, RFC 5246 section 7.4). */
import { type Codec, decodeWithFields, type Field, Writer } from '../codec.ts';
import { HandshakeType, messageName } from '../registry.ts';
import { certificate } from './certificate.ts';
import { certificateRequest } from './certificate-request.ts';
import { certificateRequest12 } from './certificate-request12.ts';
import { certificateStatus } from './certificate-status.ts';
import { certificateVerify } from './certificate-verify.ts';
import { certificate12 } from './certificate12.ts';
import { clientHello } from './client-hello.ts';
import { dheClientKeyExchange, ecdheClientKeyExchange, rsaClientKeyExchange } from './client-key-exchange.ts';
import { encryptedExtensions } from './encrypted-extensions.ts';
import { endOfEarlyData } from './end-of-early-data.ts';
import { finished } from './finished.ts';
import { helloRequest } from './hello-request.ts';
import { keyUpdate } from './key-update.ts';
import { newSessionTicket } from './new-session-ticket.ts';
import { newSessionTicket12 } from './new-session-ticket12.ts';
import { serverHelloFields } from './server-hello.ts';
import { serverHelloDone } from './server-hello-done.ts';
import { dheServerKeyExchange, ecdheServerKeyExchange } from './server-key-exchange.ts';

/** Type and length: 1 + 3 bytes in front of every handshake message. */
export const HANDSHAKE_HEADER_LENGTH = 4;

/** ServerHello is in neither table: its bytes say which of its three kinds it is. */
const CODECS_13: ReadonlyMap<number, Codec<unknown>> = new Map<number, Codec<unknown>>([
  [HandshakeType.client_hello, clientHello],
  [HandshakeType.new_session_ticket, newSessionTicket],
  [HandshakeType.end_of_early_data, endOfEarlyData],
  [HandshakeType.encrypted_extensions, encryptedExtensions],
  [HandshakeType.certificate, certificate],
  [HandshakeType.certificate_request, certificateRequest],
  [HandshakeType.certificate_verify, certificateVerify],
  [HandshakeType.finished, finished],
  [HandshakeType.key_update, keyUpdate],
]);

const CODECS_12: ReadonlyMap<number, Codec<unknown>> = new Map<number, Codec<unknown>>([
  [HandshakeType.hello_request, helloRequest],
  [HandshakeType.client_hello, clientHello],
  [HandshakeType.new_session_ticket, newSessionTicket12],
  [HandshakeType.certificate, certificate12],
  [HandshakeType.certificate_status, certificateStatus],
  [HandshakeType.certificate_request, certificateRequest12],
  [HandshakeType.server_hello_done, serverHelloDone],
  [HandshakeType.certificate_verify, certificateVerify],
  [HandshakeType.finished, finished],
]);

/** The messages of TLS 1.2 that differ with the key exchange; with RSA there is no ServerKeyExchange. */
const CODECS_BY_KEY_EXCHANGE: Readonly<
  Record<NonNullable<MessageContext['keyExchange']>, ReadonlyMap<number, Codec<unknown>>>
> = {
  ECDHE: new Map<number, Codec<unknown>>([
    [HandshakeType.server_key_exchange, ecdheServerKeyExchange],
    [HandshakeType.client_key_exchange, ecdheClientKeyExchange],
  ]),
  DHE: new Map<number, Codec<unknown>>([
    [HandshakeType.server_key_exchange, dheServerKeyExchange],
    [HandshakeType.client_key_exchange, dheClientKeyExchange],
  ]),
  RSA: new Map<number, Codec<unknown>>([[HandshakeType.client_key_exchange, rsaClientKeyExchange]]),
};

/** What must be known of a connection to tell how its messages are written. */
export interface MessageContext {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** In TLS 1.2, what the cipher suite says. */
  readonly keyExchange?: 'ECDHE' | 'DHE' | 'RSA' | undefined;
}

function codecOf(type: number, { version, keyExchange }: MessageContext): Codec<unknown> | undefined {
  if (version === 'TLSv1.3') return CODECS_13.get(type);
  const byKeyExchange = keyExchange === undefined ? undefined : CODECS_BY_KEY_EXCHANGE[keyExchange];
  return CODECS_12.get(type) ?? byKeyExchange?.get(type);
}

/**
 * A whole handshake message: its header and its body.
 * @throws {RangeError} when the value does not fit its declaration.
 */
export function encodeHandshake<T>(type: number, codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  writer.uint(1, type);
  writer.prefixed(3, 0, 0xffffff, () => codec.write(writer, value));
  return writer.finish();
}

/**
 * The fields of a handshake message with their byte ranges, counted from the start of its header; `undefined` for a
 * message that the version, or the key exchange, does not have.
 * @param context the connection's version and key exchange. Default: TLS 1.3.
 * @throws {TlsError} `ERR_DECODE` and its relatives, when the body is malformed.
 */
export function messageFields(
  message: Uint8Array,
  context: MessageContext = { version: 'TLSv1.3' },
): readonly Field[] | undefined {
  const type = message[0] as number;
  const body = message.subarray(HANDSHAKE_HEADER_LENGTH);
  const codec = codecOf(type, context);
  if (codec === undefined && type !== HandshakeType.server_hello) return undefined;
  const fields =
    codec === undefined ? serverHelloFields(body) : decodeWithFields(codec, messageName(type), body).fields;
  return fields.map((field) => shifted(field, HANDSHAKE_HEADER_LENGTH));
}

function shifted({ start, end, fields, ...field }: Field, by: number): Field {
  return {
    ...field,
    start: start + by,
    end: end + by,
    ...(fields === undefined ? {} : { fields: fields.map((inner) => shifted(inner, by)) }),
  };
}
