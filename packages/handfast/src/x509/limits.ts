/**
 * Bounds on the work and memory that somebody else's certificates can cause, each with its source. Path
 * building is exponential in the worst case, so every loop that a peer can drive ends at one of these.
 */

/**
 * Signatures checked for one verdict. rustls-webpki (`Budget`) and Go (`maxChainSignatureChecks`) both use 100;
 * a real path needs two to four. Most cost well below a millisecond; ML-DSA costs 1 to 3 where the runtime lacks it, and a
 * Certificate message has room for some 60 issuers with ML-DSA keys.
 */
export const MAX_SIGNATURE_CHECKS = 100;

/**
 * Candidate issuers looked at for one verdict. rustls-webpki allows 200,000 calls, Chromium 20 iterations; a
 * cross-signed hierarchy needs some dozens.
 */
export const MAX_CANDIDATE_ISSUERS = 2_000;

/**
 * Comparisons of a name with a name constraint for one verdict (rustls-webpki: 250,000). A directory name counts as many as
 * the constraint has steps.
 */
export const MAX_NAME_COMPARISONS = 250_000;

/**
 * Steps of policy processing for one verdict (policies, mappings, and edges of the graph). It grows with the size of the
 * extensions (RFC 9618 section 3.2), and a message has room for some 10,000 policies; but every path is processed anew.
 */
export const MAX_POLICY_STEPS = 100_000;

/**
 * Intermediates that may stand between leaf and anchor, self-issued ones not counted (the initial max_path_length
 * of RFC 5280 section 6.1.2 (k)). rustls-webpki allows 6; public hierarchies have one or two.
 */
export const MAX_PATH_LENGTH = 8;

/** Certificates in one path, self-issued ones included: bounds the recursion of the path builder. */
export const MAX_PATH_CERTIFICATES = 16;

/** Certificates considered as intermediates for one verdict (OpenSSL's depth limit is 100). */
export const MAX_INTERMEDIATES = 100;

/** Refused paths that a verdict reports in full; the others are counted. */
export const MAX_REPORTED_PATHS = 8;

/**
 * Characters of a sentence in a verdict. Names stand in it that anybody may have written, as long as they like, and it ends up in
 * logs; what handfast itself says takes some hundred. The names are whole in the path.
 */
export const MAX_SENTENCE_LENGTH = 2_000;

/** RSA moduli: verification time grows with the square of the length. Go's crypto/tls and ring stop at 8192 bits. */
export const MAX_RSA_MODULUS_BITS = 8192;

/** RSA public exponents: ring allows 33 bits, Go 31; real keys use 65537. */
export const MAX_RSA_EXPONENT_BITS = 33;

/** Content octets of an object identifier; the longest in use (2.25.UUID) take some twenty. */
export const MAX_OID_OCTETS = 64;

/** Revocation lists that one verdict looks at: each authority of a path has one, or some parts of one. */
export const MAX_REVOCATION_LISTS = 100;

/** Bytes of a revocation list; the largest of public authorities have had some 30 MB. */
export const MAX_REVOCATION_LIST_LENGTH = 33_554_432;

/** Entries of a revocation list: as many as fit into that many bytes in practice. */
export const MAX_REVOCATION_LIST_ENTRIES = 1_000_000;

/**
 * Pairs of a distribution point and a revocation list that one verdict looks at. A certificate has one or two points, but
 * who makes it may write thousands.
 */
export const MAX_REVOCATION_SCOPES = 5_000;

/** OCSP responses that one verdict looks at. */
export const MAX_OCSP_RESPONSES = 100;

/** Bytes of an OCSP response: with the responder's certificates they take some 2 to 10 kB. */
export const MAX_OCSP_RESPONSE_LENGTH = 65_536;

/** Certificates in an OCSP response: one is needed, the responder's. */
export const MAX_OCSP_CERTIFICATES = 8;

/** Certificates that one OCSP response speaks of: nearly always one. */
export const MAX_OCSP_SINGLE_RESPONSES = 100;

/**
 * Timestamps of transparency logs that one verdict looks at: a certificate carries two to six, and each may cost a signature.
 */
export const MAX_TIMESTAMPS = 32;

/** Timestamps that do not count of which a verdict tells the reasons; the others are counted. */
export const MAX_REPORTED_TIMESTAMPS = 8;

/**
 * Milliseconds that clocks may differ by, where the times of revocation lists, OCSP responses and timestamps are held against
 * ours: five minutes, as OpenSSL's tools allow.
 */
export const DEFAULT_CLOCK_TOLERANCE = 300_000;
