/** Every loop, buffer and budget of a connection that a peer can drive, each with its source. */

/** Plaintext bytes in one record (RFC 9846 section 5.1). */
export const MAX_PLAINTEXT_LENGTH = 1 << 14;

/** Ciphertext bytes in one TLS 1.3 record (RFC 9846 section 5.2). */
export const MAX_CIPHERTEXT_LENGTH = MAX_PLAINTEXT_LENGTH + 256;

/** Ciphertext bytes in one TLS 1.2 record (RFC 5246 section 6.2.3). */
export const MAX_CIPHERTEXT_LENGTH_12 = MAX_PLAINTEXT_LENGTH + 2048;

/** Bytes of a handshake message other than Certificate. Large hybrid key shares stay far below it; the protocol allows 16 MiB. */
export const MAX_HANDSHAKE_MESSAGE_LENGTH = 1 << 16;

/** Bytes of a Certificate message (BoringSSL's and OpenSSL's default for a certificate chain: 100 KiB). */
export const MAX_CERTIFICATE_MESSAGE_LENGTH = 100 * 1024;

/** Records without content in a row (BoringSSL: 32). */
export const MAX_EMPTY_RECORDS = 32;

/** Warning alerts in a row, which TLS 1.2 peers may send (BoringSSL: 4). */
export const MAX_WARNING_ALERTS = 4;

/** KeyUpdate messages in a row without application data between them (BoringSSL: 32). */
export const MAX_KEY_UPDATES = 32;

/** Wishes for another handshake (HelloRequest, ClientHello) that one TLS 1.2 connection declines (as MAX_WARNING_ALERTS). */
export const MAX_RENEGOTIATION_ATTEMPTS = 4;

/** Dummy ChangeCipherSpec records in one handshake (RFC 9846 section 5 wants one; BoringSSL allows 32). */
export const MAX_CHANGE_CIPHER_SPECS = 32;

/** Servers whose group a client remembers from a HelloRetryRequest. */
export const MAX_REMEMBERED_KEY_SHARES = 256;

/** NewSessionTicket messages that a client reads between two pieces of application data. */
export const MAX_SESSION_TICKETS = 32;

/** Milliseconds after a peer was authenticated in which its sessions may be resumed, and the sessions of those: seven days. */
export const MAX_SESSION_AGE = 604_800_000;

/** Tickets that a server sends on one connection, however many a client asks for (RFC 9149 section 3: servers set a limit). */
export const MAX_TICKETS_SENT = 8;

/** Pre-shared keys of a ClientHello that a server looks at: the first ones. */
export const MAX_OFFERED_PSKS = 8;

/** Records sealed with one AES-GCM key: 2^24.5, whatever their size (RFC 9846 section 5.5). TLS 1.2 has no KeyUpdate, so a connection ends here. */
export const MAX_AES_GCM_RECORDS = 23_726_566;

/** Records after which an AES-GCM key is replaced, well before its limit: 2^23 (rustls does the same). */
export const AES_GCM_KEY_UPDATE_RECORDS = 1 << 23;

/** Records sealed with one AES-CCM key: 2^23 (RFC 9147 section 4.5.3). */
export const MAX_AES_CCM_RECORDS = 1 << 23;

/** Records after which an AES-CCM key is replaced: half of its limit. */
export const AES_CCM_KEY_UPDATE_RECORDS = 1 << 22;

/** Bits that a Diffie-Hellman prime of TLS 1.2 must have at least: 2048 (RFC 9325 section 4.2.1). */
export const MIN_DH_PRIME_BITS = 2048;

/** Bits of a Diffie-Hellman prime of TLS 1.2: as many as ffdhe8192 has, the largest group of RFC 7919. Work grows with the cube. */
export const MAX_DH_PRIME_BITS = 8192;

/** Records sealed with one AES-CBC key: as with AES-GCM, which keeps blocks of 128 bits from colliding but with a chance of 2^-57. */
export const MAX_AES_CBC_RECORDS: number = MAX_AES_GCM_RECORDS;

/** Bytes of early data that a server skips, as they stand on the wire: twice the 16384 that OpenSSL's tickets allow, or where its own allow more, twice that. */
export const MAX_SKIPPED_EARLY_DATA = 1 << 15;

/** Values of a peer's list (suites, groups, schemes, protocols) that choices and errors name: all that an honest peer lists. */
export const MAX_LISTED_NAMES = 128;

/** The highest sequence number: 2^53 - 1, up to which numbers are exact; the protocol's own end is 2^64 - 1 (RFC 9846 section 5.3). */
export const MAX_SEQUENCE_NUMBER: number = Number.MAX_SAFE_INTEGER;
