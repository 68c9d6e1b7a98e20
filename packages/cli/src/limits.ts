/** Bounds on the files that the command line reads. */

/** Bytes of a file of certificates or keys: a hundred times the list of all public authorities. */
export const MAX_FILE_SIZE = 16_777_216;

/** Bytes of a file of revocation lists: one at its limit of 32 MiB, with the third more that PEM takes, and some. */
export const MAX_EVIDENCE_FILE_SIZE = 50_331_648;

/** Certificates that one OCSP request asks about: nearly always one. */
export const MAX_OCSP_REQUESTS = 100;

/** Bytes of a PKCS #12 store: the largest stores of public authorities have some 200 kB. */
export const MAX_STORE_LENGTH = 4_194_304;

/** Elements inside each other in a PKCS #12 store, outside of what is encrypted or wrapped: some ten are needed. */
export const MAX_STORE_DEPTH = 32;

/** Elements of one layer of a PKCS #12 store: an entry has some twenty. */
export const MAX_STORE_ELEMENTS = 100_000;

/** Certificates, keys and other entries of a PKCS #12 store. */
export const MAX_STORE_ENTRIES = 2_000;

/** Parts of a PKCS #12 store, each encrypted by itself: two as a rule. */
export const MAX_STORE_PARTS = 100;

/**
 * The work that a file's passwords may cost, in rounds of PBKDF2; one of the PKCS #12 key derivation counts as three, and
 * the limit is some ten seconds. OpenSSL writes 2048 rounds, Java 10,000, GnuTLS and NSS 600,000 for each key.
 */
export const MAX_PASSWORD_ROUNDS = 10_000_000;

/** Bytes of memory that scrypt may take (RFC 7914): OpenSSL's own limit is 32 MiB. */
export const MAX_SCRYPT_MEMORY = 67_108_864;

/** Bytes of a key for PBMAC1 (RFC 9579): OpenSSL's are as long as the hash, 64 at most. */
export const MAX_MAC_KEY_LENGTH = 512;

/** Bytes of a file that holds a password. */
export const MAX_PASSPHRASE_LENGTH = 4_096;

/** Elements of a structure that `--hex` names; the contents of further ones are shown as bytes. A certificate has some 100. */
export const MAX_DUMP_ELEMENTS = 100_000;
