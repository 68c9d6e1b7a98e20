/** IANA numbers and names of TLS (RFC 9846 appendix B, RFC 9847). Names are spelled as the registries spell them. */

function reverse<T extends Readonly<Record<string, number>>>(
  table: T,
): ReadonlyMap<number, keyof T & string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}

/** A number as its registry's name, or as `kind(0x1a2b)` where the registry does not know it. */
function describe(kind: string, names: ReadonlyMap<number, string>, value: number, digits: number): string {
  return names.get(value) ?? `${kind}(0x${value.toString(16).padStart(digits, '0')})`;
}

/** Protocol versions as they stand on the wire. */
export const ProtocolVersion = {
  SSLv3: 0x0300,
  'TLSv1.0': 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
} as const;

/** The versions that handfast speaks. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Record content types (RFC 9846 section 5.1). */
export const ContentType = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
} as const;

/** Handshake message types (RFC 9846 section 4). */
export const HandshakeType = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_url: 21,
  certificate_status: 22,
  key_update: 24,
  message_hash: 254,
} as const;

/** Extension numbers (IANA "TLS ExtensionType Values"); those that handfast decodes, and those worth a name. */
export const ExtensionType = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  use_srtp: 14,
  heartbeat: 15,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  delegated_credential: 34,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  oid_filters: 48,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  quic_transport_parameters: 57,
  ticket_request: 58,
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const;

/**
 * Cipher suites of TLS 1.3 (RFC 9846 appendix B.4) and of TLS 1.2 (RFC 5246 appendix A.5, RFC 5288, RFC 5289, RFC 6655,
 * RFC 7251, RFC 7905, RFC 8422), and the signalling values that a ClientHello may carry (RFC 5746, RFC 7507).
 */
export const CipherSuite = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_AES_128_CCM_SHA256: 0x1304,
  TLS_AES_128_CCM_8_SHA256: 0x1305,
  TLS_RSA_WITH_AES_128_CBC_SHA: 0x002f,
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA: 0x0033,
  TLS_RSA_WITH_AES_256_CBC_SHA: 0x0035,
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA: 0x0039,
  TLS_RSA_WITH_AES_128_CBC_SHA256: 0x003c,
  TLS_RSA_WITH_AES_256_CBC_SHA256: 0x003d,
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA256: 0x0067,
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: 0x006b,
  TLS_RSA_WITH_AES_128_GCM_SHA256: 0x009c,
  TLS_RSA_WITH_AES_256_GCM_SHA384: 0x009d,
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: 0x009e,
  TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: 0x009f,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV: 0x00ff,
  TLS_FALLBACK_SCSV: 0x5600,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 0xc009,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 0xc00a,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 0xc013,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 0xc014,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 0xc023,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: 0xc024,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 0xc027,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384: 0xc028,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_RSA_WITH_AES_128_CCM: 0xc09c,
  TLS_RSA_WITH_AES_256_CCM: 0xc09d,
  TLS_DHE_RSA_WITH_AES_128_CCM: 0xc09e,
  TLS_DHE_RSA_WITH_AES_256_CCM: 0xc09f,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM: 0xc0ac,
  TLS_ECDHE_ECDSA_WITH_AES_256_CCM: 0xc0ad,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: 0xc0ae,
  TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8: 0xc0af,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
  TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xccaa,
} as const;

/** A cipher suite's number on the wire. */
export type CipherSuite = number;
export type CipherSuiteName = keyof typeof CipherSuite;

/** Key-exchange groups (IANA "TLS Supported Groups"). */
export const NamedGroup = {
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  x25519: 0x001d,
  x448: 0x001e,
  ffdhe2048: 0x0100,
  ffdhe3072: 0x0101,
  ffdhe4096: 0x0102,
  ffdhe6144: 0x0103,
  ffdhe8192: 0x0104,
  MLKEM768: 0x0201,
  MLKEM1024: 0x0202,
  SecP256r1MLKEM768: 0x11eb,
  X25519MLKEM768: 0x11ec,
  SecP384r1MLKEM1024: 0x11ed,
} as const;

/** A group's number on the wire. */
export type NamedGroup = number;
/** Signature schemes (RFC 9846 section 4.3.3). */
export const SignatureScheme = {
  rsa_pkcs1_sha1: 0x0201,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha256: 0x0401,
  rsa_pkcs1_sha384: 0x0501,
  rsa_pkcs1_sha512: 0x0601,
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  ecdsa_secp521r1_sha512: 0x0603,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
} as const;

/** A signature scheme's number on the wire. */
export type SignatureScheme = number;

/** Kinds of key that a client may authenticate with in TLS 1.2 (IANA "TLS ClientCertificateType Identifiers"). */
export const ClientCertificateType = {
  rsa_sign: 1,
  dss_sign: 2,
  rsa_fixed_dh: 3,
  dss_fixed_dh: 4,
  ecdsa_sign: 64,
  rsa_fixed_ecdh: 65,
  ecdsa_fixed_ecdh: 66,
} as const;

/** Encodings of points on curves (RFC 8422 section 5.1.2); all but the first are history. */
export const EcPointFormat = {
  uncompressed: 0,
  ansiX962_compressed_prime: 1,
  ansiX962_compressed_char2: 2,
} as const;

const versionNames = reverse(ProtocolVersion);
const contentTypeNames = reverse(ContentType);
const handshakeTypeNames = reverse(HandshakeType);
const extensionNames = reverse(ExtensionType);
const cipherSuiteNames = reverse(CipherSuite);
const groupNames = reverse(NamedGroup);
const schemeNames = reverse(SignatureScheme);
const clientCertificateTypeNames = reverse(ClientCertificateType);
const ecPointFormatNames = reverse(EcPointFormat);

/** GREASE values (RFC 8701) are of the form 0x?a?a with equal bytes. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

function named(kind: string, names: ReadonlyMap<number, string>): (value: number) => string {
  return (value) => describe(isGrease(value) ? 'GREASE' : kind, names, value, 4);
}

/** `TLSv1.3` for 0x0304. */
export const versionName: (value: number) => string = named('version', versionNames);
/** `x25519` for 0x001d. */
export const groupName: (value: number) => string = named('group', groupNames);
/** `ecdsa_secp256r1_sha256` for 0x0403. */
export const signatureSchemeName: (value: number) => string = named('scheme', schemeNames);
/** `TLS_AES_128_GCM_SHA256` for 0x1301. */
export const cipherSuiteName: (value: number) => string = named('suite', cipherSuiteNames);
/** `key_share` for 51. */
export const extensionName: (value: number) => string = named('extension', extensionNames);
/** `client_hello` for 1. */
export const handshakeTypeName = (value: number): string => describe('type', handshakeTypeNames, value, 2);
/** `ecdsa_sign` for 64. */
export const clientCertificateTypeName = (value: number): string =>
  describe('certificate type', clientCertificateTypeNames, value, 2);
/** `uncompressed` for 0. */
export const ecPointFormatName = (value: number): string =>
  describe('point format', ecPointFormatNames, value, 2);
/** `handshake` for 22. */
export const contentTypeName = (value: number): string => describe('content', contentTypeNames, value, 2);

const MESSAGE_NAMES: ReadonlyMap<number, string> = new Map([
  [HandshakeType.hello_request, 'HelloRequest'],
  [HandshakeType.client_hello, 'ClientHello'],
  [HandshakeType.server_hello, 'ServerHello'],
  [HandshakeType.new_session_ticket, 'NewSessionTicket'],
  [HandshakeType.end_of_early_data, 'EndOfEarlyData'],
  [HandshakeType.encrypted_extensions, 'EncryptedExtensions'],
  [HandshakeType.certificate, 'Certificate'],
  [HandshakeType.server_key_exchange, 'ServerKeyExchange'],
  [HandshakeType.certificate_request, 'CertificateRequest'],
  [HandshakeType.server_hello_done, 'ServerHelloDone'],
  [HandshakeType.certificate_verify, 'CertificateVerify'],
  [HandshakeType.client_key_exchange, 'ClientKeyExchange'],
  [HandshakeType.finished, 'Finished'],
  [HandshakeType.certificate_status, 'CertificateStatus'],
  [HandshakeType.key_update, 'KeyUpdate'],
]);

/** `ClientHello` for 1: the struct's name in the RFC, as prose uses it. */
export function messageName(type: number): string {
  return MESSAGE_NAMES.get(type) ?? handshakeTypeName(type);
}
