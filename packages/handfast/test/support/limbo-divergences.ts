/** Where handfast knowingly says something else than a case of x509-limbo. */
import type { Outcome } from './limbo.ts';

/** A case in which handfast does not end as expected, on purpose. */
export interface Divergence {
  /** What handfast says. */
  readonly ours: Outcome;
  readonly why: string;
}

const SIGNS_CERTIFICATES_ONLY =
  'the leaf is an authority whose key may sign certificates only: the end of a path for RFC 5280, but nothing that can sign a handshake; Go accepts it, rustls refuses it';
const COMMON_NAME =
  'its common name example.com is none of its alternative names, which BR section 7.1.4.3 forbids and webpki::cn::not-in-san wants refused';
const LIST_NUMBER =
  'what RFC 5280 section 5.2.3 says of the number binds those who make revocation lists; section 6.3, by which a list counts, does not ask for it, and an extension that is processed may be critical; rustls accepts it too';

/**
 * By the id of the case. Expectations may differ between versions of the suite: what ends as expected needs no explanation.
 * Not here, since they end as expected, are the wildcards of public suffixes in webpki::san: handfast does not carry the
 * Public Suffix List, and refuses some of them for their common names alone.
 */
export const DIVERGENCES: Readonly<Record<string, Divergence>> = {
  'crl::crlnumber-critical': { ours: 'SUCCESS', why: LIST_NUMBER },
  'crl::crlnumber-missing': { ours: 'SUCCESS', why: LIST_NUMBER },
  'pathlen::validation-ignores-pathlen-in-leaf': { ours: 'FAILURE', why: SIGNS_CERTIFICATES_ONLY },
  'rfc5280::ca-as-leaf': { ours: 'FAILURE', why: SIGNS_CERTIFICATES_ONLY },
  'rfc5280::nc::permitted-dn-match': {
    ours: 'FAILURE',
    why: 'the leaf has a directoryName only, so it cannot carry the DNS name that the case asks for',
  },
  'rfc5280::validity::notafter-fractional': {
    ours: 'FAILURE',
    why: 'milliseconds after notAfter are after it; the case itself calls the other reading, by whole seconds, no clear winner: Go refuses it as we do, rustls accepts it',
  },
  'webpki::nc::nc-permits-dns-san-pattern': { ours: 'FAILURE', why: COMMON_NAME },
  'webpki::san::exact-localhost-ip-san': { ours: 'FAILURE', why: COMMON_NAME },
  'webpki::san::leftmost-wildcard-san': { ours: 'FAILURE', why: COMMON_NAME },
};
