/** The messages that an endpoint makes, by name, and the hook by which a caller has the last word on them. */
import type { Infer } from '../wire/codec.ts';
import { certificate } from '../wire/messages/certificate.ts';
import { certificateRequest } from '../wire/messages/certificate-request.ts';
import { certificateRequest12 } from '../wire/messages/certificate-request12.ts';
import { certificateStatus } from '../wire/messages/certificate-status.ts';
import { certificateVerify } from '../wire/messages/certificate-verify.ts';
import { certificate12 } from '../wire/messages/certificate12.ts';
import { clientHello } from '../wire/messages/client-hello.ts';
import {
  dheClientKeyExchange,
  ecdheClientKeyExchange,
  rsaClientKeyExchange,
} from '../wire/messages/client-key-exchange.ts';
import { encryptedExtensions } from '../wire/messages/encrypted-extensions.ts';
import { endOfEarlyData } from '../wire/messages/end-of-early-data.ts';
import { finished } from '../wire/messages/finished.ts';
import { newSessionTicket } from '../wire/messages/new-session-ticket.ts';
import { newSessionTicket12 } from '../wire/messages/new-session-ticket12.ts';
import { helloRetryRequest, serverHello, serverHello12 } from '../wire/messages/server-hello.ts';
import { serverHelloDone } from '../wire/messages/server-hello-done.ts';
import { dheServerKeyExchange, ecdheServerKeyExchange } from '../wire/messages/server-key-exchange.ts';
import { HandshakeType } from '../wire/registry.ts';

/** The messages by name: their number, and how they are written. A name that ends in 12 is the form of TLS 1.2. */
export const MESSAGES = {
  ClientHello: { type: HandshakeType.client_hello, codec: clientHello },
  HelloRetryRequest: { type: HandshakeType.server_hello, codec: helloRetryRequest },
  ServerHello: { type: HandshakeType.server_hello, codec: serverHello },
  ServerHello12: { type: HandshakeType.server_hello, codec: serverHello12 },
  EncryptedExtensions: { type: HandshakeType.encrypted_extensions, codec: encryptedExtensions },
  CertificateRequest: { type: HandshakeType.certificate_request, codec: certificateRequest },
  CertificateRequest12: { type: HandshakeType.certificate_request, codec: certificateRequest12 },
  Certificate: { type: HandshakeType.certificate, codec: certificate },
  Certificate12: { type: HandshakeType.certificate, codec: certificate12 },
  CertificateStatus: { type: HandshakeType.certificate_status, codec: certificateStatus },
  EcdheServerKeyExchange: { type: HandshakeType.server_key_exchange, codec: ecdheServerKeyExchange },
  DheServerKeyExchange: { type: HandshakeType.server_key_exchange, codec: dheServerKeyExchange },
  ServerHelloDone: { type: HandshakeType.server_hello_done, codec: serverHelloDone },
  EcdheClientKeyExchange: { type: HandshakeType.client_key_exchange, codec: ecdheClientKeyExchange },
  DheClientKeyExchange: { type: HandshakeType.client_key_exchange, codec: dheClientKeyExchange },
  RsaClientKeyExchange: { type: HandshakeType.client_key_exchange, codec: rsaClientKeyExchange },
  CertificateVerify: { type: HandshakeType.certificate_verify, codec: certificateVerify },
  EndOfEarlyData: { type: HandshakeType.end_of_early_data, codec: endOfEarlyData },
  Finished: { type: HandshakeType.finished, codec: finished },
  NewSessionTicket12: { type: HandshakeType.new_session_ticket, codec: newSessionTicket12 },
  NewSessionTicket: { type: HandshakeType.new_session_ticket, codec: newSessionTicket },
} as const;

/** The names of the messages that an endpoint makes. */
export type MessageName = keyof typeof MESSAGES;

/** The struct of each message. */
export type Messages = { readonly [N in MessageName]: Infer<(typeof MESSAGES)[N]['codec']> };

/**
 * The last word on the messages that this side sends, for those who must control their bytes: a function may
 * reorder, add raw extensions, or remove. It sees each message once (the ClientHello twice after a
 * HelloRetryRequest) and answers what is sent instead. What it adds, the caller answers for.
 */
export type Customization = { readonly [N in MessageName]?: (message: Messages[N]) => Messages[N] };
