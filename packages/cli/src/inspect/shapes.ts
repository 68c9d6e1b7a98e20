/** What the elements of structures are called, in the words of their RFCs. */
import { Tag } from 'handfast/x509';

/** What an element is called, and what stands inside it. */
export interface Shape {
  readonly name: string;
  /** The identifier octet; without it any element fits. */
  readonly tag?: number;
  /** The elements in their order; those whose tag does not fit were left out, as they may be. */
  readonly fields?: readonly Shape[];
  /** All elements are of one shape. */
  readonly each?: Shape;
  /** The elements by the object identifier that comes first, in place of `fields`. */
  readonly choose?: (oid: string) => readonly Shape[];
  /** It is, or may hold, a secret. */
  readonly hidden?: true;
  /** In a structure with secrets: there are none here, whatever stands inside. */
  readonly open?: true;
}

const shape = (name: string, fields?: readonly Shape[], tag?: number): Shape => ({
  name,
  ...(fields && { fields }),
  ...(tag !== undefined && { tag }),
});
const list = (name: string, each: Shape, tag?: number): Shape => ({
  name,
  each,
  ...(tag !== undefined && { tag }),
});

const ALGORITHM = (name: string): Shape => shape(name, [shape('algorithm'), shape('parameters')]);
const NAME = (name: string): Shape =>
  list(
    name,
    list('RelativeDistinguishedName', shape('attribute', [shape('type'), shape('value')])),
    Tag.SEQUENCE,
  );
const PUBLIC_KEY = (name: string): Shape =>
  shape(name, [ALGORITHM('algorithm'), shape('subjectPublicKey')], Tag.SEQUENCE);
const EXTENSION = shape('Extension', [
  shape('extnID', undefined, Tag.OBJECT_IDENTIFIER),
  shape('critical', undefined, Tag.BOOLEAN),
  shape('extnValue', undefined, Tag.OCTET_STRING),
]);
const TIME = (name: string): readonly Shape[] => [
  shape(name, undefined, Tag.UTCTime),
  shape(name, undefined, Tag.GeneralizedTime),
];

const CERTIFICATE = shape('Certificate', [
  shape('tbsCertificate', [
    shape('version', [shape('version')], 0xa0),
    shape('serialNumber', undefined, Tag.INTEGER),
    ALGORITHM('signature'),
    NAME('issuer'),
    shape('validity', [shape('notBefore'), shape('notAfter')], Tag.SEQUENCE),
    NAME('subject'),
    PUBLIC_KEY('subjectPublicKeyInfo'),
    shape('issuerUniqueID', undefined, 0x81),
    shape('subjectUniqueID', undefined, 0x82),
    shape('extensions', [list('Extensions', EXTENSION)], 0xa3),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
]);

const REQUEST = shape('CertificationRequest', [
  shape('certificationRequestInfo', [
    shape('version', undefined, Tag.INTEGER),
    NAME('subject'),
    PUBLIC_KEY('subjectPKInfo'),
    list(
      'attributes',
      shape('attribute', [shape('type'), list('values', list('Extensions', EXTENSION))]),
      0xa0,
    ),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
]);

const REVOCATION_LIST = shape('CertificateList', [
  shape('tbsCertList', [
    shape('version', undefined, Tag.INTEGER),
    ALGORITHM('signature'),
    NAME('issuer'),
    shape('thisUpdate'),
    ...TIME('nextUpdate'),
    list(
      'revokedCertificates',
      shape('entry', [
        shape('userCertificate'),
        shape('revocationDate'),
        list('crlEntryExtensions', EXTENSION),
      ]),
      Tag.SEQUENCE,
    ),
    shape('crlExtensions', [list('Extensions', EXTENSION)], 0xa0),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signatureValue'),
]);

const CERTIFICATE_ID = shape('certID', [
  ALGORITHM('hashAlgorithm'),
  shape('issuerNameHash'),
  shape('issuerKeyHash'),
  shape('serialNumber'),
]);

const EXTENSIONS = (name: string, tag: number): Shape => shape(name, [list('Extensions', EXTENSION)], tag);

const SINGLE_RESPONSE = shape('SingleResponse', [
  CERTIFICATE_ID,
  shape('certStatus good', undefined, 0x80),
  shape(
    'certStatus revoked',
    [shape('revocationTime'), shape('revocationReason', [shape('reason')], 0xa0)],
    0xa1,
  ),
  shape('certStatus unknown', undefined, 0x82),
  shape('thisUpdate', undefined, Tag.GeneralizedTime),
  shape('nextUpdate', [shape('nextUpdate')], 0xa0),
  EXTENSIONS('singleExtensions', 0xa1),
]);

const BASIC_OCSP_RESPONSE = shape('BasicOCSPResponse', [
  shape('tbsResponseData', [
    shape('version', [shape('version')], 0xa0),
    shape('responderID byName', [NAME('name')], 0xa1),
    shape('responderID byKey', [shape('keyHash')], 0xa2),
    shape('producedAt', undefined, Tag.GeneralizedTime),
    list('responses', SINGLE_RESPONSE, Tag.SEQUENCE),
    EXTENSIONS('responseExtensions', 0xa1),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
  shape('certs', [list('certs', CERTIFICATE)], 0xa0),
]);

const OCSP_RESPONSE = shape('OCSPResponse', [
  shape('responseStatus'),
  shape(
    'responseBytes',
    [shape('ResponseBytes', [shape('responseType'), shape('response', [BASIC_OCSP_RESPONSE])])],
    0xa0,
  ),
]);

const OCSP_REQUEST = shape('OCSPRequest', [
  shape('tbsRequest', [
    shape('version', [shape('version')], 0xa0),
    shape('requestorName', [NAME('directoryName')], 0xa1),
    list(
      'requestList',
      shape('Request', [CERTIFICATE_ID, EXTENSIONS('singleRequestExtensions', 0xa0)]),
      Tag.SEQUENCE,
    ),
    EXTENSIONS('requestExtensions', 0xa2),
  ]),
  shape(
    'optionalSignature',
    [
      shape('Signature', [
        ALGORITHM('signatureAlgorithm'),
        shape('signature'),
        shape('certs', [list('certs', CERTIFICATE)], 0xa0),
      ]),
    ],
    0xa0,
  ),
]);

/** No secrets inside. */
const open = (one: Shape): Shape => ({ ...one, open: true });
/** A secret. */
const secret = (name: string): Shape => ({ name, hidden: true });

const OID = (name: string): Shape => shape(name, undefined, Tag.OBJECT_IDENTIFIER);

/** The kinds of bags of RFC 7292 section 4.2, and what each holds. */
const BAG_VALUES: Readonly<Record<string, Shape>> = {
  '1.2.840.113549.1.12.10.1.1': shape('PrivateKeyInfo', [
    shape('version', undefined, Tag.INTEGER),
    open({ ...ALGORITHM('privateKeyAlgorithm'), tag: Tag.SEQUENCE }),
    secret('privateKey'),
  ]),
  '1.2.840.113549.1.12.10.1.2': shape('EncryptedPrivateKeyInfo', [
    open({ ...ALGORITHM('encryptionAlgorithm'), tag: Tag.SEQUENCE }),
    secret('encryptedData'),
  ]),
  '1.2.840.113549.1.12.10.1.3': shape('CertBag', [
    OID('certId'),
    shape('certValue', [shape('x509Certificate', [open(CERTIFICATE)], Tag.OCTET_STRING)], 0xa0),
  ]),
  '1.2.840.113549.1.12.10.1.4': shape('CRLBag', [
    OID('crlId'),
    shape('crlValue', [shape('x509CRL', [open(REVOCATION_LIST)], Tag.OCTET_STRING)], 0xa0),
  ]),
};

/** friendlyName and localKeyId (RFC 2985 section 5.5). */
const OPEN_ATTRIBUTES: ReadonlySet<string> = new Set(['1.2.840.113549.1.9.20', '1.2.840.113549.1.9.21']);

const BAG_ATTRIBUTE: Shape = {
  name: 'attribute',
  choose: (oid) => [
    OID('attrId'),
    OPEN_ATTRIBUTES.has(oid) ? open(shape('attrValues')) : secret('attrValues'),
  ],
};

const SAFE_BAG: Shape = {
  name: 'SafeBag',
  choose: (oid) => {
    const value = BAG_VALUES[oid];
    return [
      OID('bagId'),
      value === undefined ? secret('bagValue') : shape('bagValue', [value], 0xa0),
      list('bagAttributes', BAG_ATTRIBUTE, Tag.SET),
    ];
  },
};

const CONTENT_INFO = shape('ContentInfo', [
  OID('contentType'),
  shape(
    'content',
    [
      shape('data', [list('SafeContents', SAFE_BAG)], Tag.OCTET_STRING),
      shape(
        'EncryptedData',
        [
          shape('version', undefined, Tag.INTEGER),
          shape(
            'encryptedContentInfo',
            [
              OID('contentType'),
              open({ ...ALGORITHM('contentEncryptionAlgorithm'), tag: Tag.SEQUENCE }),
              secret('encryptedContent'),
            ],
            Tag.SEQUENCE,
          ),
        ],
        Tag.SEQUENCE,
      ),
    ],
    0xa0,
  ),
]);

const STORE = shape('PFX', [
  shape('version', undefined, Tag.INTEGER),
  shape(
    'authSafe',
    [
      OID('contentType'),
      shape('content', [shape('data', [list('AuthenticatedSafe', CONTENT_INFO)], Tag.OCTET_STRING)], 0xa0),
    ],
    Tag.SEQUENCE,
  ),
  open(
    shape(
      'macData',
      [shape('mac', [ALGORITHM('digestAlgorithm'), shape('digest')]), shape('macSalt'), shape('iterations')],
      Tag.SEQUENCE,
    ),
  ),
]);

const MESSAGE = shape('ContentInfo', [
  shape('contentType', undefined, Tag.OBJECT_IDENTIFIER),
  shape(
    'content',
    [
      shape('SignedData', [
        shape('version', undefined, Tag.INTEGER),
        list('digestAlgorithms', ALGORITHM('digestAlgorithm'), Tag.SET),
        shape(
          'encapContentInfo',
          [shape('eContentType', undefined, Tag.OBJECT_IDENTIFIER), shape('eContent', undefined, 0xa0)],
          Tag.SEQUENCE,
        ),
        list('certificates', CERTIFICATE, 0xa0),
        list('crls', REVOCATION_LIST, 0xa1),
        shape('signerInfos', undefined, Tag.SET),
      ]),
    ],
    0xa0,
  ),
]);

/** By the kind, as its description calls it. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  certificate: CERTIFICATE,
  'certificate request': REQUEST,
  'revocation list': REVOCATION_LIST,
  'OCSP response': OCSP_RESPONSE,
  'OCSP request': OCSP_REQUEST,
  'PKCS #7 message': MESSAGE,
  'PKCS #12 store': STORE,
  'public key': PUBLIC_KEY('SubjectPublicKeyInfo'),
};

/** Object identifiers of PKCS #5, #7, #9 and #12, which certificates do not have. */
export const PKCS_NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.7.1': 'data',
  '1.2.840.113549.1.7.2': 'signedData',
  '1.2.840.113549.1.7.3': 'envelopedData',
  '1.2.840.113549.1.7.6': 'encryptedData',
  '1.2.840.113549.1.12.10.1.1': 'keyBag',
  '1.2.840.113549.1.12.10.1.2': 'pkcs8ShroudedKeyBag',
  '1.2.840.113549.1.12.10.1.3': 'certBag',
  '1.2.840.113549.1.12.10.1.4': 'crlBag',
  '1.2.840.113549.1.12.10.1.5': 'secretBag',
  '1.2.840.113549.1.12.10.1.6': 'safeContentsBag',
  '1.2.840.113549.1.9.20': 'friendlyName',
  '1.2.840.113549.1.9.21': 'localKeyId',
  '1.2.840.113549.1.9.22.1': 'x509Certificate',
  '1.2.840.113549.1.9.23.1': 'x509CRL',
  '1.2.840.113549.1.5.12': 'PBKDF2',
  '1.2.840.113549.1.5.13': 'PBES2',
  '1.2.840.113549.1.5.14': 'PBMAC1',
  '1.3.6.1.4.1.11591.4.11': 'scrypt',
  '1.2.840.113549.1.12.1.3': 'pbeWithSHAAnd3-KeyTripleDES-CBC',
  '1.2.840.113549.1.12.1.4': 'pbeWithSHAAnd2-KeyTripleDES-CBC',
  '1.2.840.113549.1.12.1.5': 'pbeWithSHAAnd128BitRC2-CBC',
  '1.2.840.113549.1.12.1.6': 'pbeWithSHAAnd40BitRC2-CBC',
  '1.2.840.113549.2.7': 'hmacWithSHA1',
  '1.2.840.113549.2.9': 'hmacWithSHA256',
  '1.2.840.113549.2.10': 'hmacWithSHA384',
  '1.2.840.113549.2.11': 'hmacWithSHA512',
  '2.16.840.1.101.3.4.1.2': 'aes128-CBC',
  '2.16.840.1.101.3.4.1.22': 'aes192-CBC',
  '2.16.840.1.101.3.4.1.42': 'aes256-CBC',
};
