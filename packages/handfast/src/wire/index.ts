/**
 * The entry `handfast/wire`: the messages and extensions of TLS as codecs, the registries' numbers and names, and the
 * errors and alerts. For scanners, sniffers and test tools; a connection does all of it by itself.
 */
export { AlertDescription, type AlertName, alertMeaning, alertName, isErrorAlert } from './alerts.ts';
export {
  type Codec,
  checked,
  decode,
  decodeWithFields,
  empty,
  enclosed,
  encode,
  type Field,
  fixed,
  type Infer,
  opaque,
  Reader,
  rest,
  type SampleSource,
  shown,
  struct,
  uint,
  uint8,
  uint16,
  uint32,
  vector,
  Writer,
} from './codec.ts';
export { ConfigError, ERROR_ALERTS, type ErrorContext, TlsError, type TlsErrorCode } from './errors.ts';
export {
  type ExtensionContext,
  type Extensions,
  extensionBlock,
  type RawExtension,
} from './extensions/block.ts';
export { EMPTY_OCSP_REQUEST, STATUS_TYPE_OCSP } from './extensions/status-request.ts';
export { type Certificate, certificate } from './messages/certificate.ts';
export { type CertificateRequest, certificateRequest } from './messages/certificate-request.ts';
export { type CertificateRequest12, certificateRequest12 } from './messages/certificate-request12.ts';
export { type CertificateStatus, certificateStatus } from './messages/certificate-status.ts';
export { type CertificateVerify, certificateVerify } from './messages/certificate-verify.ts';
export { type Certificate12, certificate12 } from './messages/certificate12.ts';
export { type ClientHello, clientHello } from './messages/client-hello.ts';
export {
  type DheClientKeyExchange,
  dheClientKeyExchange,
  type EcdheClientKeyExchange,
  ecdheClientKeyExchange,
  type RsaClientKeyExchange,
  rsaClientKeyExchange,
} from './messages/client-key-exchange.ts';
export { type EncryptedExtensions, encryptedExtensions } from './messages/encrypted-extensions.ts';
export {
  encodeHandshake,
  HANDSHAKE_HEADER_LENGTH,
  type MessageContext,
  messageFields,
} from './messages/index.ts';
export { type NewSessionTicket, newSessionTicket } from './messages/new-session-ticket.ts';
export { type NewSessionTicket12, newSessionTicket12 } from './messages/new-session-ticket12.ts';
export {
  type AnyServerHello,
  decodeServerHello,
  HELLO_RETRY_REQUEST_RANDOM,
  type HelloRetryRequest,
  helloRetryRequest,
  type ServerHello,
  type ServerHello12,
  serverHello,
  serverHello12,
} from './messages/server-hello.ts';
export {
  type DheServerKeyExchange,
  dheServerKeyExchange,
  type EcdheServerKeyExchange,
  ecdheServerKeyExchange,
  type ServerDhParams,
  type ServerEcdhParams,
  serverDhParams,
  serverEcdhParams,
} from './messages/server-key-exchange.ts';
export {
  CipherSuite,
  type CipherSuiteName,
  ContentType,
  cipherSuiteName,
  contentTypeName,
  ExtensionType,
  extensionName,
  groupName,
  HandshakeType,
  handshakeTypeName,
  isGrease,
  messageName,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
  signatureSchemeName,
  versionName,
} from './registry.ts';
