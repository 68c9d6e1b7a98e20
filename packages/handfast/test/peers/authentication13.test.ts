/** Certificates, signatures and Finished of TLS 1.3, in both roles. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { signedContent } from '../../src/handshake/authentication13.ts';
import type { Role } from '../../src/trace/events.ts';
import { ascii, concat } from '../../src/wire/bytes.ts';
import { ExtensionType, HandshakeType, SignatureScheme } from '../../src/wire/registry.ts';
import { other } from '../support/pair.ts';
import { type Cases, peersIn } from './case.ts';
import {
  body,
  changed,
  dropped,
  emptied,
  extensions,
  flipped,
  instead,
  lengthened,
  message,
  shortened,
  signing,
  without,
  withRawExtension,
} from './deeds.ts';
import type { Deed } from './peer.ts';
import {
  BAD_CERTIFICATE,
  BAD_FINISHED,
  BAD_SIGNATURE,
  CERTIFICATE_REQUIRED,
  DECODE,
  EMPTY_CERTIFICATE,
  ILLEGAL,
  MISSING,
  TWICE,
  UNEXPECTED,
  UNSUPPORTED,
} from './refusals.ts';

const EMPTY = new Uint8Array();
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const SYNTAX = 'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"';
const VERIFY =
  'RFC 9846 section 4.5.2 "The receiver of a CertificateVerify message MUST verify the signature field", "the receiver MUST terminate the handshake with a decrypt_error alert"';
const SENDS_VERIFY: Readonly<Record<Role, string>> = {
  server: 'RFC 9846 section 4.5.2 "Servers MUST send this message when authenticating via a certificate"',
  client: 'RFC 9846 section 4.5.2 "Clients MUST send this message whenever authenticating via a certificate"',
};
const SENDS_CERTIFICATE: Readonly<Record<Role, string>> = {
  server: 'RFC 9846 section 4.5.1 "The server MUST send a Certificate message whenever"',
  client: 'RFC 9846 section 4.5.1 "The client MUST send a Certificate message if and only if"',
};
const ALGORITHM: Readonly<Record<Role, string>> = {
  server:
    'RFC 9846 section 4.5.2 "the signature algorithm MUST be one offered in the client\'s signature_algorithms extension"',
  client: 'RFC 9846 section 4.5.2 "MUST be one of those present in the supported_signature_algorithms field"',
};
const COMPATIBLE = 'RFC 9846 section 4.5.2 "the signature algorithm MUST be compatible with the key"';
const FINISHED =
  'RFC 9846 section 4.5.3 "Recipients of Finished messages MUST verify that the contents are correct", "if incorrect MUST terminate the connection with a decrypt_error alert"';
const CONTENT = 'RFC 9846 section 4.5.2 "The digital signature is then computed over the concatenation"';

/** The same entry with one thing different, first in the list. */
const leaf = (change: (der: Uint8Array) => Uint8Array): Deed =>
  changed('Certificate', (m) => ({
    ...m,
    certificateList: m.certificateList.map((entry, i) =>
      i === 0 ? { ...entry, certData: change(entry.certData) } : entry,
    ),
  }));
const leafExtension = (type: number, ...data: readonly number[]): Deed =>
  changed('Certificate', (m) => ({
    ...m,
    certificateList: m.certificateList.map((entry, i) =>
      i === 0 ? { ...entry, extensions: { unknown: [{ type, data: Uint8Array.from(data) }] } } : entry,
    ),
  }));
const claiming = (algorithm: SignatureScheme): Deed =>
  changed('CertificateVerify', (m) => ({ ...m, algorithm }));
const signature = (change: (bytes: Uint8Array) => Uint8Array): Deed =>
  changed('CertificateVerify', (m) => ({ ...m, signature: change(m.signature) }));
const over = (change: (content: Uint8Array) => Uint8Array): Deed =>
  signing((right) => (scheme, content) => right(scheme, change(content)));
const verifyData = (change: (bytes: Uint8Array) => Uint8Array): Deed =>
  changed('Finished', (m) => ({ verifyData: change(m.verifyData) }));

/** What either side can do wrong with its certificate. */
function certificates(role: Role): Cases {
  return {
    'RFC 9846 section 4.5.1 "this field SHALL be zero length"': {
      'a context, during the handshake': [
        changed('Certificate', (m) => ({ ...m, certificateRequestContext: Uint8Array.of(1) })),
        ILLEGAL,
      ],
    },
    'RFC 9846 section 4.5.1.2 "The certificate type MUST be X.509v3"': {
      'something that is no certificate': [leaf(() => Uint8Array.of(0x30, 0)), BAD_CERTIFICATE],
      'a certificate with a byte more': [leaf((der) => concat(der, Uint8Array.of(0))), BAD_CERTIFICATE],
      'a certificate with a byte less': [leaf((der) => der.slice(0, -1)), BAD_CERTIFICATE],
    },
    'RFC 9846 section 4.5.1 "opaque cert_data<1..2^24-1>"': {
      'a certificate without bytes': [
        instead('Certificate', message(HandshakeType.certificate, Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 0, 0))),
        DECODE,
      ],
    },
    'RFC 9846 section 4.5.1 "the end-entity certificate which MUST be first", "The sender\'s certificate MUST come in the first CertificateEntry in the list"':
      {
        'the issuer in front': [
          changed('Certificate', (m) => ({ ...m, certificateList: m.certificateList.toReversed() })),
          BAD_SIGNATURE,
        ],
      },
    'RFC 9846 section 4.3 "Implementations MUST NOT send extension responses", "an endpoint MUST abort the handshake with an unsupported_extension alert"':
      {
        'an extension that nobody knows beside the certificate': [leafExtension(0xfff0), UNSUPPORTED],
      },
    'RFC 9846 section 4.3 "which is not specified for the message in which it appears"': {
      'a key share beside the certificate': [leafExtension(ExtensionType.key_share, 0, 29, 0, 1, 1), ILLEGAL],
      'ALPN beside the certificate': [
        leafExtension(ExtensionType.application_layer_protocol_negotiation, 0, 5, 4, ...ascii('ours')),
        ILLEGAL,
      ],
    },
    'RFC 9846 section 4.3 "There MUST NOT be more than one extension of the same type"': {
      'one twice beside the certificate': [
        body('Certificate', (bytes) => concat(bytes.slice(0, 4), doubled(bytes.slice(4)))),
        TWICE,
      ],
    },
    [SYNTAX]: {
      'Certificate a byte short': [shortened('Certificate'), DECODE],
      'Certificate a byte long': [lengthened('Certificate'), DECODE],
      'Certificate without content': [emptied('Certificate'), DECODE],
      'Certificate in the form of TLS 1.2': [body('Certificate', (bytes) => bytes.slice(1)), DECODE],
      'CertificateVerify a byte short': [shortened('CertificateVerify'), DECODE],
      'CertificateVerify a byte long': [lengthened('CertificateVerify'), DECODE],
      'CertificateVerify without content': [emptied('CertificateVerify'), DECODE],
      'CertificateVerify in a form older than TLS 1.2': [
        body('CertificateVerify', (bytes) => bytes.slice(2)),
        DECODE,
      ],
    },
    [SENDS_VERIFY[role]]: {
      'a Certificate without CertificateVerify': [dropped('CertificateVerify'), UNEXPECTED],
    },
    [SENDS_CERTIFICATE[role]]: {
      'a CertificateVerify without Certificate': [dropped('Certificate'), UNEXPECTED],
    },
    [VERIFY]: {
      'by the key of a stranger': [
        signing(() => (_scheme, content) => new Uint8Array(sign('sha256', content, stranger))),
        BAD_SIGNATURE,
      ],
      'one bit of it changed': [signature(flipped(-1)), BAD_SIGNATURE],
      'no signature': [signature(() => EMPTY), BAD_SIGNATURE],
      'a part of it': [signature((bytes) => bytes.slice(0, -1)), BAD_SIGNATURE],
      'more than it': [signature((bytes) => concat(bytes, Uint8Array.of(0))), BAD_SIGNATURE],
      'the numbers zero': [signature(() => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)), BAD_SIGNATURE],
      'negative numbers': [signature((bytes) => bytes.with(4, 0xff)), BAD_SIGNATURE],
      zeros: [signature((bytes) => bytes.map(() => 0)), BAD_SIGNATURE],
    },
    [CONTENT]: {
      'another transcript': [over(flipped(-1)), BAD_SIGNATURE],
      "the other side's context string": [
        over((content) => signedContent(other(role), content.slice(-32))),
        BAD_SIGNATURE,
      ],
      'no context string': [over((content) => content.slice(-32)), BAD_SIGNATURE],
      'no spaces in front': [over((content) => content.slice(64)), BAD_SIGNATURE],
      'a space less': [over((content) => content.slice(1)), BAD_SIGNATURE],
      'no zero before the hash': [
        over((content) => concat(content.slice(0, -33), content.slice(-32))),
        BAD_SIGNATURE,
      ],
      nothing: [over(() => EMPTY), BAD_SIGNATURE],
    },
    [ALGORITHM[role]]: {
      'a number that nobody knows': [claiming(0x0999 as SignatureScheme), ILLEGAL],
      'ECDSA with SHA-224, which was never offered': [claiming(0x0303 as SignatureScheme), ILLEGAL],
    },
    'RFC 9846 section 4.5.2 "The SHA-1 algorithm MUST NOT be used in any signatures of CertificateVerify messages"':
      {
        'ECDSA with SHA-1': [claiming(SignatureScheme.ecdsa_sha1), ILLEGAL],
      },
    'RFC 9846 section 4.3.3 "not defined for use in signed TLS handshake messages"': {
      'PKCS #1 version 1.5': [claiming(SignatureScheme.rsa_pkcs1_sha256), ILLEGAL],
    },
    [COMPATIBLE]: {
      'P-384 is claimed of a P-256 key': [claiming(SignatureScheme.ecdsa_secp384r1_sha384), ILLEGAL],
      'RSA-PSS is claimed of a P-256 key': [claiming(SignatureScheme.rsa_pss_rsae_sha256), ILLEGAL],
      'Ed25519 is claimed of a P-256 key': [claiming(SignatureScheme.ed25519), ILLEGAL],
    },
  };
}

/** The first entry's extensions, written twice over; the lengths around them to match. */
function doubled(list: Uint8Array): Uint8Array {
  const length = ((list[0] as number) << 16) | ((list[1] as number) << 8) | (list[2] as number);
  const at = 3 + length;
  const more = Uint8Array.of(0, 8, 0xff, 0xf0, 0, 0, 0xff, 0xf0, 0, 0);
  return concat(list.slice(0, at), more, list.slice(at + 2, -8));
}

const finished: Cases = {
  [FINISHED]: {
    'its first bit is wrong': [verifyData(flipped(0)), BAD_FINISHED],
    'its last bit is wrong': [verifyData(flipped(-1)), BAD_FINISHED],
    zeros: [verifyData((bytes) => bytes.map(() => 0)), BAD_FINISHED],
  },
  'RFC 9846 section 4.5.3 "opaque verify_data[Hash.length]"': {
    'a byte less': [verifyData((bytes) => bytes.slice(1)), DECODE],
    'a byte more': [verifyData((bytes) => concat(bytes, EMPTY, Uint8Array.of(0))), DECODE],
    'the length of another hash': [verifyData((bytes) => concat(bytes, bytes.slice(0, 16))), DECODE],
    'the length of TLS 1.2': [verifyData((bytes) => bytes.slice(0, 12)), DECODE],
    nothing: [verifyData(() => EMPTY), DECODE],
  },
};

peersIn('TLS 1.3', 'server', certificates('server'), finished, {
  'RFC 9846 section 4.5.1.3 "If the server supplies an empty Certificate message"': {
    'it does': [changed('Certificate', (m) => ({ ...m, certificateList: [] })), EMPTY_CERTIFICATE],
    'and no CertificateVerify': [
      instead('Certificate', message(HandshakeType.certificate, new Uint8Array(4))),
      EMPTY_CERTIFICATE,
    ],
  },
  'RFC 9846 section 4.5.1.1 "extension from the server MUST be a CertificateStatus structure"': {
    'a staple of another type': [leafExtension(ExtensionType.status_request, 2, 0, 0, 1, 1), ILLEGAL],
    'an empty staple': [leafExtension(ExtensionType.status_request, 1, 0, 0, 0), DECODE],
  },
  'RFC 6962 section 3.3 "SerializedSCT sct_list <1..2^16-1>"': {
    'no timestamp': [leafExtension(ExtensionType.signed_certificate_timestamp, 0, 0), DECODE],
  },
  'RFC 6962 section 3.3 "opaque SerializedSCT<1..2^16-1>"': {
    'a timestamp without bytes': [
      leafExtension(ExtensionType.signed_certificate_timestamp, 0, 2, 0, 0),
      DECODE,
    ],
  },
});

peersIn('TLS 1.3 with a client certificate', 'client', certificates('client'), finished, {
  'RFC 9846 section 4.5.1.3 "or abort the handshake with a certificate_required alert"': {
    'an empty Certificate': [
      changed('Certificate', (m) => ({ ...m, certificateList: [] })),
      CERTIFICATE_REQUIRED,
    ],
  },
  'RFC 9846 section 4.5.1 "MUST correspond to extensions in the CertificateRequest message"': {
    'a staple that nobody asked for': [
      leafExtension(ExtensionType.status_request, 1, 0, 0, 1, 1),
      UNSUPPORTED,
    ],
    'timestamps that nobody asked for': [
      leafExtension(ExtensionType.signed_certificate_timestamp, 0, 3, 0, 1, 1),
      UNSUPPORTED,
    ],
  },
});

peersIn('TLS 1.3', 'client', finished);

peersIn('TLS 1.3 with a client certificate that may be left out', 'client', {
  'RFC 9846 section 4.5.1 "the client MUST send a Certificate message containing no certificates"': {
    'it sends none': [dropped('Certificate'), UNEXPECTED],
  },
  'RFC 9846 section 4.5.2 "when the Certificate message is non-empty"': {
    'CertificateVerify behind an empty Certificate': [
      instead('Finished', message(HandshakeType.certificate_verify, Uint8Array.of(4, 3, 0, 0))),
      UNEXPECTED,
    ],
  },
});

peersIn('TLS 1.3 with a client certificate', 'server', {
  'RFC 9846 section 4.4.2 "certificate_request_context", "This field SHALL be zero length"': {
    'a context during the handshake': [
      changed('CertificateRequest', (m) => ({ ...m, certificateRequestContext: Uint8Array.of(1) })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.4.2 "The signature_algorithms extension MUST be specified"': {
    'it is not': [extensions('CertificateRequest', without('signatureAlgorithms')), MISSING],
  },
  'RFC 9846 section 4.4.2 "Clients MUST ignore unrecognized extensions"': {
    'one that nobody knows': [withRawExtension('CertificateRequest', 0xfff0, 1), 'goes on'],
    'a GREASE extension': [withRawExtension('CertificateRequest', 0x8a8a), 'goes on'],
  },
  'RFC 9846 section 4.3 "which is not specified for the message in which it appears"': {
    'a key share': [withRawExtension('CertificateRequest', ExtensionType.key_share, 0, 29, 0, 1, 1), ILLEGAL],
    supported_groups: [
      withRawExtension('CertificateRequest', ExtensionType.supported_groups, 0, 2, 0, 29),
      ILLEGAL,
    ],
    early_data: [withRawExtension('CertificateRequest', ExtensionType.early_data), ILLEGAL],
  },
  'RFC 9846 section 4.3.5 "Any given OID MUST NOT appear more than once in the filters list"': {
    'keyUsage twice': [
      withRawExtension(
        'CertificateRequest',
        ExtensionType.oid_filters,
        0,
        16,
        ...[5, 6, 3, 0x55, 0x1d, 0x0f, 0, 0],
        ...[5, 6, 3, 0x55, 0x1d, 0x0f, 0, 0],
      ),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.5 "the client MUST ignore and skip any unrecognized certificate extension OIDs"': {
    'an extension that nobody knows': [
      withRawExtension(
        'CertificateRequest',
        ExtensionType.oid_filters,
        0,
        8,
        5,
        6,
        3,
        0x55,
        0x1d,
        0x7e,
        0,
        0,
      ),
      'goes on',
    ],
  },
  'RFC 9846 section 6 "an out-of-range length"': {
    'no signature scheme': [
      changed('CertificateRequest', (m) => ({
        ...m,
        extensions: { unknown: [{ type: 13, data: Uint8Array.of(0, 0) }] },
      })),
      DECODE,
    ],
    'an empty list of authorities': [
      withRawExtension('CertificateRequest', ExtensionType.certificate_authorities, 0, 0),
      DECODE,
    ],
  },
  [SYNTAX]: {
    'CertificateRequest a byte short': [shortened('CertificateRequest'), DECODE],
    'CertificateRequest a byte long': [lengthened('CertificateRequest'), DECODE],
    'CertificateRequest in the form of TLS 1.2': [
      body('CertificateRequest', () => Uint8Array.of(1, 64, 0, 2, 4, 3, 0, 0)),
      DECODE,
    ],
  },
});

peersIn('TLS 1.3 with staples', 'server', {
  'RFC 9846 section 4.5.1 "Extensions in the Certificate message from the server MUST correspond to ones from the ClientHello"':
    {
      'an extension that nobody knows beside the staples': [
        changed('Certificate', (m) => ({
          ...m,
          certificateList: m.certificateList.map((entry) => ({
            ...entry,
            extensions: { ...entry.extensions, unknown: [{ type: 0xfff0, data: EMPTY }] },
          })),
        })),
        UNSUPPORTED,
      ],
    },
  'RFC 9846 section 4.5.1.1 "extension from the server MUST be a CertificateStatus structure"': {
    'a staple of another type, beside timestamps': [
      changed('Certificate', (m) => ({
        ...m,
        certificateList: m.certificateList.map((entry) => ({
          ...entry,
          extensions: { unknown: [{ type: 5, data: Uint8Array.of(9, 0, 0, 1, 1) }] },
        })),
      })),
      ILLEGAL,
    ],
  },
});
