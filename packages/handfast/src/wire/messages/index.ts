/** The TLS 1.3 handshake messages, and the frame that they share (RFC 9846 section 4). */
import { type Codec, decodeWithFields, type Field, Writer } from '../codec.ts';
import { HandshakeType, messageName } from '../registry.ts';
import { certificate } from './certificate.ts';
import { certificateRequest } from './certificate-request.ts';
import { certificateVerify } from './certificate-verify.ts';
import { clientHello } from './client-hello.ts';
import { encryptedExtensions } from './encrypted-extensions.ts';
import { endOfEarlyData } from './end-of-early-data.ts';
import { finished } from './finished.ts';
import { keyUpdate } from './key-update.ts';
import { newSessionTicket } from './new-session-ticket.ts';
import { serverHelloFields } from './server-hello.ts';

/** Type and length: 1 + 3 bytes in front of every handshake message. */
export const HANDSHAKE_HEADER_LENGTH = 4;

const CODECS: ReadonlyMap<number, Codec<unknown>> = new Map<number, Codec<unknown>>([
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
 * The fields of a TLS 1.3 handshake message with their byte ranges, counted from the start of its header;
 * `undefined` for a message of another version.
 * @throws {TlsError} `ERR_DECODE` when the body is malformed.
 */
export function messageFields(message: Uint8Array): readonly Field[] | undefined {
  const type = message[0] as number;
  const body = message.subarray(HANDSHAKE_HEADER_LENGTH);
  const codec = CODECS.get(type);
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
