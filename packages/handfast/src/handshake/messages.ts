/** The messages that a TLS 1.3 endpoint makes, by name, and the hook by which a caller has the last word on them. */
import type { Infer } from '../wire/codec.ts';
import { certificate } from '../wire/messages/certificate.ts';
import { certificateRequest } from '../wire/messages/certificate-request.ts';
import { certificateVerify } from '../wire/messages/certificate-verify.ts';
import { clientHello } from '../wire/messages/client-hello.ts';
import { encryptedExtensions } from '../wire/messages/encrypted-extensions.ts';
import { finished } from '../wire/messages/finished.ts';
import { helloRetryRequest, serverHello } from '../wire/messages/server-hello.ts';
import { HandshakeType } from '../wire/registry.ts';

/** The messages by name: their number, and how they are written. */
export const MESSAGES = {
  ClientHello: { type: HandshakeType.client_hello, codec: clientHello },
  HelloRetryRequest: { type: HandshakeType.server_hello, codec: helloRetryRequest },
  ServerHello: { type: HandshakeType.server_hello, codec: serverHello },
  EncryptedExtensions: { type: HandshakeType.encrypted_extensions, codec: encryptedExtensions },
  CertificateRequest: { type: HandshakeType.certificate_request, codec: certificateRequest },
  Certificate: { type: HandshakeType.certificate, codec: certificate },
  CertificateVerify: { type: HandshakeType.certificate_verify, codec: certificateVerify },
  Finished: { type: HandshakeType.finished, codec: finished },
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
