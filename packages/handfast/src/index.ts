/** handfast: a TLS stack without I/O. Sockets and streams sit on top, in `handfast/node` and its siblings. */
export {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type EarlyData,
  type ServerTarget,
  type TlsConnection,
} from './connection.ts';
export type {
  Aead,
  AeadName,
  Awaitable,
  Cbc,
  CbcName,
  CryptoProvider,
  EcCurve,
  Hash,
  HashName,
  KeyExchange,
  KeyExchangeOffer,
  PublicKey,
  SignatureAlgorithm,
  SigningKey,
} from './crypto/provider.ts';
export { KeyShareMemory } from './handshake/client/key-share-memory.ts';
export {
  type ClientAuthentication,
  type ClientConfig,
  type ClientOptions,
  clientConfig,
  type EndpointOptions,
  type Preference,
  type ServerConfig,
  type ServerOptions,
  serverConfig,
} from './handshake/config.ts';
export type { Observers } from './handshake/context.ts';
export type { AuthenticatedPeer, Established, KeyExchangeKind, OwnProof } from './handshake/established.ts';
export { createIdentity, type Identity, type IdentityOptions } from './handshake/identity.ts';
export type { Customization, MessageName, Messages } from './handshake/messages.ts';
export type { NegotiationOptions } from './handshake/negotiable.ts';
export type { PskKeyExchangeMode } from './handshake/psk13.ts';
export type { EarlyDataOptions, TicketOptions } from './handshake/session-options.ts';
export {
  type ChainVerifierOptions,
  chainVerifier,
  type KeyUse,
  type PeerVerifier,
  type VerificationRequest,
} from './handshake/verifier.ts';
export { DEFAULT_POLICY, POLICIES, type Policy, type PolicyName } from './policy/policies.ts';
export type { Epoch, RecordInfo } from './record/types.ts';
export { type PaddingPolicy, padToMultipleOf } from './record/writer.ts';
export type { ExternalPsk, PskHash } from './session/external-psk.ts';
export { MemoryReplayGuard, type MemoryReplayGuardOptions, type ReplayGuard } from './session/replay.ts';
export {
  type ClientSession,
  decodeClientSession,
  encodeClientSession,
  type Session,
} from './session/session.ts';
export {
  type ClientSessionStore,
  MemoryClientSessions,
  type MemoryClientSessionsOptions,
  MemorySessionStore,
  type MemorySessionStoreOptions,
  type SessionStore,
} from './session/store.ts';
export {
  type TicketKey,
  TicketKeyRing,
  type TicketKeyRingOptions,
  type TicketKeys,
} from './session/tickets.ts';
export type * from './trace/events.ts';
export { AlertDescription, type AlertName, alertMeaning, alertName } from './wire/alerts.ts';
export type { Field } from './wire/codec.ts';
export { ConfigError, type ErrorContext, TlsError, type TlsErrorCode } from './wire/errors.ts';
export type { CertificateRequest } from './wire/messages/certificate-request.ts';
export type { ClientHello } from './wire/messages/client-hello.ts';
export type { NewSessionTicket } from './wire/messages/new-session-ticket.ts';
export {
  CipherSuite,
  cipherSuiteName,
  contentTypeName,
  groupName,
  NamedGroup,
  SignatureScheme,
  signatureSchemeName,
  type TlsVersion,
} from './wire/registry.ts';
