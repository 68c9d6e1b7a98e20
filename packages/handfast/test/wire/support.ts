/** What the tests of the wire room share. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromHex } from '../../src/wire/bytes.ts';
import type { Codec, SampleSource } from '../../src/wire/codec.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { certificate } from '../../src/wire/messages/certificate.ts';
import { certificateRequest } from '../../src/wire/messages/certificate-request.ts';
import { certificateRequest12 } from '../../src/wire/messages/certificate-request12.ts';
import { certificateStatus } from '../../src/wire/messages/certificate-status.ts';
import { certificateVerify } from '../../src/wire/messages/certificate-verify.ts';
import { certificate12 } from '../../src/wire/messages/certificate12.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import {
  dheClientKeyExchange,
  ecdheClientKeyExchange,
  rsaClientKeyExchange,
} from '../../src/wire/messages/client-key-exchange.ts';
import { encryptedExtensions } from '../../src/wire/messages/encrypted-extensions.ts';
import { endOfEarlyData } from '../../src/wire/messages/end-of-early-data.ts';
import { finished } from '../../src/wire/messages/finished.ts';
import { helloRequest } from '../../src/wire/messages/hello-request.ts';
import { keyUpdate } from '../../src/wire/messages/key-update.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { newSessionTicket12 } from '../../src/wire/messages/new-session-ticket12.ts';
import { helloRetryRequest, serverHello, serverHello12 } from '../../src/wire/messages/server-hello.ts';
import { serverHelloDone } from '../../src/wire/messages/server-hello-done.ts';
import {
  dheServerKeyExchange,
  ecdheServerKeyExchange,
  serverDhParams,
  serverEcdhParams,
} from '../../src/wire/messages/server-key-exchange.ts';
import { HandshakeType } from '../../src/wire/registry.ts';

/** The messages of TLS 1.3, by name. */
export const MESSAGES_13: ReadonlyMap<string, Codec<unknown>> = new Map<string, unknown>([
  ['ClientHello', clientHello],
  ['ServerHello', serverHello],
  ['HelloRetryRequest', helloRetryRequest],
  ['EncryptedExtensions', encryptedExtensions],
  ['CertificateRequest', certificateRequest],
  ['Certificate', certificate],
  ['CertificateVerify', certificateVerify],
  ['Finished', finished],
  ['NewSessionTicket', newSessionTicket],
  ['EndOfEarlyData', endOfEarlyData],
  ['KeyUpdate', keyUpdate],
]) as ReadonlyMap<string, Codec<unknown>>;

/** The messages, and the structs signed in them, that TLS 1.2 alone has. */
export const MESSAGES_12: ReadonlyMap<string, Codec<unknown>> = new Map<string, unknown>([
  ['HelloRequest', helloRequest],
  ['ServerHello12', serverHello12],
  ['Certificate12', certificate12],
  ['CertificateStatus', certificateStatus],
  ['ServerECDHParams', serverEcdhParams],
  ['ServerDHParams', serverDhParams],
  ['ServerKeyExchange (ECDHE)', ecdheServerKeyExchange],
  ['ServerKeyExchange (DHE)', dheServerKeyExchange],
  ['CertificateRequest12', certificateRequest12],
  ['ServerHelloDone', serverHelloDone],
  ['ClientKeyExchange (ECDHE)', ecdheClientKeyExchange],
  ['ClientKeyExchange (DHE)', dheClientKeyExchange],
  ['ClientKeyExchange (RSA)', rsaClientKeyExchange],
  ['NewSessionTicket12', newSessionTicket12],
]) as ReadonlyMap<string, Codec<unknown>>;

/** Every message, by name. */
export const MESSAGES: ReadonlyMap<string, Codec<unknown>> = new Map([...MESSAGES_13, ...MESSAGES_12]);

/** The numbers of the messages by name, where the number alone does not tell which struct follows. */
export const TYPES: Readonly<Record<string, number>> = {
  HelloRequest: HandshakeType.hello_request,
  ClientHello: HandshakeType.client_hello,
  EncryptedExtensions: HandshakeType.encrypted_extensions,
  CertificateRequest: HandshakeType.certificate_request,
  CertificateRequest12: HandshakeType.certificate_request,
  Certificate: HandshakeType.certificate,
  Certificate12: HandshakeType.certificate,
  CertificateStatus: HandshakeType.certificate_status,
  CertificateVerify: HandshakeType.certificate_verify,
  'ServerKeyExchange (ECDHE)': HandshakeType.server_key_exchange,
  'ServerKeyExchange (DHE)': HandshakeType.server_key_exchange,
  ServerHelloDone: HandshakeType.server_hello_done,
  'ClientKeyExchange (ECDHE)': HandshakeType.client_key_exchange,
  'ClientKeyExchange (DHE)': HandshakeType.client_key_exchange,
  'ClientKeyExchange (RSA)': HandshakeType.client_key_exchange,
  Finished: HandshakeType.finished,
  NewSessionTicket: HandshakeType.new_session_ticket,
  NewSessionTicket12: HandshakeType.new_session_ticket,
  EndOfEarlyData: HandshakeType.end_of_early_data,
  KeyUpdate: HandshakeType.key_update,
};

/** Random choices that follow from a seed alone (splitmix32), so that a failure can be replayed. */
export function sampleSource(seed: number): SampleSource {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return { below: (limit) => next() % limit };
}

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0x7fffffff });

/** A number in hexadecimal, of `size` bytes. */
export function be(length: number, size: number): string {
  return length.toString(16).padStart(2 * size, '0');
}

/** One extension in hexadecimal. */
export function ext(type: number, data: string): string {
  return be(type, 2) + be(data.length / 2, 2) + data;
}

/** An extension block in hexadecimal. */
export function block(...extensions: readonly string[]): Uint8Array {
  const all = extensions.join('');
  return fromHex(be(all.length / 2, 2) + all);
}

/** The code of the TlsError that an action throws, if it does. */
export function codeOf(action: () => unknown): TlsErrorCode | 'accepted' {
  try {
    action();
    return 'accepted';
  } catch (error) {
    assert(error instanceof TlsError, String(error));
    return error.code;
  }
}
