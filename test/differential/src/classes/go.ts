/** Where Go's crypto/x509 and handfast disagree. */
import type { Class } from '../compare.ts';
import { changed, mutation, these } from './names.ts';

const laxer = (about: RegExp, says: RegExp, what: string, why: string): Class => ({
  judge: 'go',
  side: 'laxer',
  about,
  says,
  what,
  why,
});
const stricter = (about: RegExp, says: RegExp, what: string, why: string): Class => ({
  judge: 'go',
  side: 'stricter',
  about,
  says,
  what,
  why,
});

export const GO: readonly Class[] = [
  laxer(
    these(
      'the signed part: an element too many at its end',
      'validity: a third time',
      'basicConstraints: an element too many',
      'basicConstraints: octets behind it',
      mutation(
        '(?:an element more inside|twice|swapped with the next|string in segments|tag of another class|tag of another type|tag in the long form)',
      ),
    ),
    /^(?:trailing-data|general-name|unexpected-tag|truncated)$/,
    'elements behind the last one that a structure has, and behind the value of an extension',
    'RFC 5280 section 4.1: the structures have no room for more',
  ),
  laxer(
    these('extensions: critical written as FALSE', 'signature: PSS with its trailer written'),
    /^default-encoded$/,
    'values that are written although they are the default',
    'X.690 section 11.5',
  ),
  laxer(
    these(
      'validity: UTCTime without seconds',
      'validity: GeneralizedTime with an offset',
      mutation('time without seconds'),
    ),
    /^time-form$/,
    'times without seconds, or with an offset',
    'RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2',
  ),
  laxer(
    these(
      'version: 1, with extensions',
      'version: 1, written',
      'version: 2, with extensions',
      'unique identifiers: in version 1',
      mutation('left out', /version/),
      changed(/version/),
    ),
    /^(?:version|default-encoded)$/,
    'extensions and unique identifiers in versions that have none, and version 1 written',
    'RFC 5280 sections 4.1.2.1, 4.1.2.8 and 4.1.2.9',
  ),
  laxer(
    these(
      'extension: authorityInfoAccess, empty',
      'authorityKeyIdentifier: by an empty list of issuers',
      'extKeyUsage: no purpose',
      'policies: none in the list',
      'policies: constraints without any',
      'subject: a step without attributes',
      'keyUsage: no bit',
      'keyUsage: no bit, in an octet',
      mutation('left out', /(?:issuer|subject)\.attribute|extKeyUsage\.inside/),
      changed(/keyUsage\.value/),
    ),
    /^(?:empty-list|extension-value|bit-string-.*)$/,
    'lists without an entry, and keyUsage without a bit or with zeros behind the last one',
    'RFC 5280 section 4.2 and appendix A: SIZE (1..MAX); section 4.2.1.3: at least one bit; X.690 section 11.2',
  ),
  laxer(
    these(
      'names: with a name of kind [9]',
      'names: with an empty otherName',
      'names: an address, mapped into version 6',
      changed(/subjectAltName\.inside/),
    ),
    /^(?:general-name|truncated|name|trailing-data|unexpected-tag)$/,
    'alternative names of kinds that do not exist, or empty; an IPv4 address in the form of IPv6',
    'RFC 5280 section 4.2.1.6',
  ),
  laxer(
    these('names: a wildcard below a top-level domain'),
    /^name$/,
    'a wildcard for all hosts below a top-level domain',
    'RFC 6125 section 7.2; CA/Browser Forum BR section 3.2.2.6',
  ),
  laxer(
    these(
      'nameConstraints: a minimum of 0, written',
      'nameConstraints: a minimum of 1',
      'nameConstraints: a maximum',
    ),
    /^extension-value$/,
    'the minimum and maximum of name constraints',
    'RFC 5280 section 4.2.1.10: minimum must be zero, and maximum absent',
  ),
  laxer(
    these(
      'nameConstraints: a URI on a host below',
      'nameConstraints: a mail address on a host below',
      'nameConstraints: a mail address in the subject',
      'nameConstraints: a URI without a host',
      'nameConstraints: a mail address that is none',
    ),
    /^nameConstraints$/,
    'hosts of URIs and mail addresses that stand for all below, and mail addresses in the subject',
    'RFC 5280 section 4.2.1.10: a host is a particular host; and the legacy attribute is held to them too',
  ),
  laxer(
    these('basicConstraints: a path length of 5 octets', 'policies: a negative number of certificates'),
    /^integer-(?:too-large|negative)$/,
    'numbers of certificates beyond 31 bits, or negative ones of a root',
    'RFC 5280 sections 4.2.1.9 and 4.2.1.14: INTEGER (0..MAX); no path is so long',
  ),
  laxer(
    these('basicConstraints: the leaf is an authority'),
    /^basicConstraints$/,
    'an authority that stands for a server itself',
    'CA/Browser Forum BR section 7.1.2.7.8',
  ),
  laxer(
    these('policies: a mapping from any', 'policies: required, and there are none'),
    /^(?:policyMappings|certificatePolicies)$/,
    'what a root says of policies',
    'RFC 5280 section 6.1: what an anchor says may be an input; handfast holds a certificate that is one to its own words',
  ),
  laxer(
    these('extKeyUsage: any'),
    /^extendedKeyUsage$/,
    'a server certificate for any purpose',
    'RFC 5280 section 4.2.1.12: applications may require a particular purpose; CA/Browser Forum BR section 7.1.2.7.10',
  ),
  laxer(
    these('extension: cRLDistributionPoints, critical'),
    /^criticalExtension$/,
    'critical distribution points, while no revocation list is asked for',
    'RFC 5280 section 4.2: reject what is critical and not processed',
  ),
  laxer(
    these(
      'keyUsage: keyEncipherment only',
      'keyUsage: keyAgreement only',
      'keyUsage: nonRepudiation only',
      'keyUsage: without keyCertSign',
      changed(/keyUsage\.value/),
    ),
    /^keyUsage$/,
    'what a key may be used for, which Go leaves to others',
    'RFC 8446 section 4.4.2.2 and RFC 5280 section 4.2.1.3',
  ),
  laxer(
    these('empty subject', 'issuer: empty, of a root', mutation('left out', /(?:issuer|subject)\.step/)),
    /^emptyName$/,
    'an authority without a name, or a root without an issuer',
    'RFC 5280 sections 4.1.2.4 and 4.1.2.6',
  ),
  laxer(
    these('key: RSA of 1024 bits', 'key: RSA of 2040 bits'),
    /^weakKey$/,
    'RSA keys below 2048 bits: Go asks for 1024, and only in a handshake',
    'CA/Browser Forum BR section 6.1.5',
  ),
  laxer(
    these(
      'key: DSA',
      'key: P-224',
      'key: X25519',
      'key: of a kind that nobody knows',
      'key: RSA with an even exponent',
      'key: RSA with an exponent of 40 bits',
      'key: RSA with the exponent 1',
      'key: RSA with an even modulus',
      changed(/publicKey\.(?:algorithm\.oid|rsa)/),
      mutation(
        '(?:left out|integer padded|integer without content|swapped with the next)',
        /publicKey\.(?:rsa|algorithm\.\w+)/,
      ),
    ),
    /^(?:publicKey|weakKey|integer-.*|algorithm-parameters)$/,
    'keys that TLS does not sign with, or that are worth nothing',
    'RFC 8446 section 4.2.3; RFC 8017 section 3.1',
  ),
  laxer(
    these('signature: ECDSA with the parameters NULL', 'signature: RSA with parameters that are not NULL'),
    /^(?:algorithm-parameters|unexpected-tag)$/,
    'parameters where an algorithm has none, or others than it has',
    'RFC 5758 section 3.2, RFC 4055 section 5',
  ),
  stricter(
    these(
      /issuer: (?:UTF8String|BMPString|TeletexString|UniversalString) for .+/,
      /issuer: other .+/,
      'issuer: more white space',
      'issuer: composed and decomposed',
      changed(/(?:issuer|subject)\.value/),
    ),
    /certificate signed by unknown authority|unsupported string type/,
    'issuers whose names are written otherwise: Go compares octets, and does not know UniversalString',
    'RFC 5280 section 7.1, RFC 4518 section 2',
  ),
  stricter(
    these('issuer: the same, a PrintableString with an @', changed(/(?:issuer|subject)\.value/)),
    /invalid PrintableString/,
    'a PrintableString with characters that it does not have',
    'RFC 5280 section 7.1: names are compared by their characters; many authorities wrote @ and * so, and nothing depends on it',
  ),
  stricter(
    these(
      'issuer: the same, not a string',
      mutation('tag of another (?:type|class)', /(?:issuer|subject)\.value/),
    ),
    /unsupported string type/,
    'attributes of names that are no strings',
    'RFC 5280 section 4.1.2.4: the value is ANY, in general a DirectoryString; handfast compares others octet for octet',
  ),
  stricter(
    these(
      /nameConstraints: (?:a|every|an excluded) directory name .+/,
      'nameConstraints: other kinds, and the leaf has none',
    ),
    /unhandled critical extension/,
    'constraints on directory names and on kinds that the names below have none of',
    'RFC 5280 section 4.2.1.10: reject where an instance of that name form appears below; directory names must be supported',
  ),
  stricter(
    these('names: with a URI that is none', changed(/subjectAltName\.inside/)),
    /cannot parse URI|cannot parse rfc822Name|invalid/,
    'URIs that are none, beside the host that was asked for',
    'RFC 9525 section 6.3: each name is compared; this one is equal to none, and name constraints refuse it',
  ),
  stricter(
    these('signature: PSS with a salt of 0 octets', 'signature: PSS with a salt of 20 octets'),
    /algorithm unimplemented/,
    'PSS with a salt that is not as long as the hash',
    'RFC 4055 section 3.1: saltLength is free',
  ),
];
