/** Where Node's X509Certificate and handfast disagree. */
import type { Class } from '../compare.ts';
import { changed, KEY_IDENTIFIERS, MALFORMED, mutation, these } from './names.ts';

const RULES_OF_PATHS =
  /^(?:anchors|weakSignature|signatureAlgorithm|publicKey|weakKey|serialNumber|emptyName|notBefore|notAfter|criticalExtension|basicConstraints|pathLength|keyUsage|extendedKeyUsage|nameConstraints|certificatePolicies|policyMappings)$/;

export const NODE: readonly Class[] = [
  {
    judge: 'node',
    side: 'laxer',
    about: /./,
    says: RULES_OF_PATHS,
    what: 'rules about paths, times and strength, which X509Certificate is not asked about',
    why: 'it knows certificates and links between two of them; `node:tls` has no other way to ask for a path',
  },
  {
    judge: 'node',
    side: 'laxer',
    about: /./,
    says: MALFORMED,
    what: 'what is malformed: X509Certificate reads BER, and extensions only when they are asked for',
    why: 'RFC 5280 section 4.1: certificates are DER; each reason is among the classes of OpenSSL, which Node reads with',
  },
  {
    judge: 'node',
    side: 'laxer',
    about: these('names: a wildcard as a part of a label'),
    says: /^name$/,
    what: 'wildcards that are only a part of a label',
    why: 'RFC 9525 section 6.3; `checkHost` has an option against them',
  },
  {
    judge: 'node',
    side: 'stricter',
    about: these(
      /authorityKeyIdentifier: (?:of another key|by .+)/,
      'subjectKeyIdentifier: another',
      'subjectKeyIdentifier: empty',
      changed(KEY_IDENTIFIERS),
    ),
    says: /^no way to a root$/,
    what: 'key identifiers, issuers and serial numbers that do not match, which `checkIssued` takes for a condition',
    why: 'RFC 5280 section 4.2.1.1: they facilitate building; section 6.1.3 validates by name and signature',
  },
  {
    judge: 'node',
    side: 'stricter',
    about: these(/issuer: other .+/, 'issuer: composed and decomposed', changed(/(?:issuer|subject)\.value/)),
    says: /^no way to a root$/,
    what: 'issuers whose names are equal only after string preparation',
    why: 'RFC 5280 section 7.1, RFC 4518 section 2',
  },
  {
    judge: 'node',
    side: 'stricter',
    about: these(
      'issuer: the same, not a string',
      mutation('tag of another (?:type|class)', /(?:issuer|subject)\.value/),
    ),
    says: /PEM routines|asn1/,
    what: 'attributes of names that are no strings',
    why: 'RFC 5280 section 4.1.2.4: the value is ANY, in general a DirectoryString; handfast compares others octet for octet',
  },
];
