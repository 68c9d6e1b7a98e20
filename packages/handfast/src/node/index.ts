/** The entry `handfast/node`: TLS on Node's sockets, servers and HTTP, in the shape of `node:tls`. */
export type { CertificateError } from './certificate-error.ts';
export { type ConnectOptions, connect } from './connect.ts';
export {
  type CertificateInput,
  type CredentialOptions,
  type IdentityInput,
  type KeyInput,
  loadCertificates,
  loadIdentities,
  loadIdentity,
  type OneOrMany,
} from './credentials.ts';
export type { EphemeralKeyInfo } from './ephemeral-key.ts';
export {
  type EvidenceFetcher,
  evidenceFetcher,
  type FetchedVerdict,
  type FetcherOptions,
  type FetchingVerifierOptions,
} from './fetch/fetcher.ts';
export type { FetchAnswer, FetchRequest } from './fetch/http.ts';
export type { Contact, ContactPurpose } from './fetch/ledger.ts';
export {
  Agent,
  type AgentOptions,
  createHttpsServer,
  type HttpsRequestOptions,
  HttpsServer,
  type HttpsServerOptions,
  httpsRequest,
} from './https.ts';
export { DEFAULT_CONNECT_TIMEOUT, DEFAULT_HANDSHAKE_TIMEOUT } from './limits.ts';
export {
  type ClientTlsOptions,
  clientTlsConfig,
  type ServerTlsOptions,
  serverTlsConfig,
  type TlsOptions,
} from './options.ts';
export { createServer, Server, type TlsServerOptions } from './server.ts';
export {
  SessionSharing,
  type SessionSharingOptions,
  SharedSessions,
  type SharedSessionsOptions,
  type SharingChannel,
} from './sharing.ts';
export { TLSSocket } from './socket.ts';
export type { SkippedCertificate } from './trust-files.ts';
export { loadRevocationLists, type RevocationListInput, type TrustOptions } from './trust-options.ts';
export { type Removal, TrustStore } from './trust-store.ts';
export {
  type UndiciCallback,
  type UndiciConnectorOptions,
  type UndiciTarget,
  undiciConnector,
} from './undici.ts';
