/** Bounds on the files that the command line reads. */

/** Bytes of a file of certificates or keys: a hundred times the list of all public authorities. */
export const MAX_FILE_SIZE = 16_777_216;

/** Bytes of a file of revocation lists: one at its limit of 32 MiB, with the third more that PEM takes, and some. */
export const MAX_EVIDENCE_FILE_SIZE = 50_331_648;

/** Certificates that one OCSP request asks about: nearly always one. */
export const MAX_OCSP_REQUESTS = 100;
