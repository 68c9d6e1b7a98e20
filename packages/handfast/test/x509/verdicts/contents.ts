/** About what certificates say: dates, keys, names, uses, constraints, policies, and the profiles of authorities. */
import { RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../../src/x509/profiles.ts';
import * as der from '../../support/der.ts';
import { type ExtensionSpec, type IssueOptions, issue, makeKey } from '../../support/pki.ts';
import { ANY, constraints, mappings, P, policies } from '../policy-values.ts';
import {
  authority,
  below,
  type Cases,
  client,
  FUTURE,
  intermediate,
  leaf,
  of,
  ofLeaf,
  ownRoot,
  PAST,
  root,
  server,
} from './case.ts';

function rsaKeyInfo(bits: number, exponent = 65537n): Uint8Array {
  const modulus = (1n << BigInt(bits - 1)) + 1n;
  const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue());
  return der.sequence(algorithm, der.bitString(der.sequence(der.integer(modulus), der.integer(exponent))));
}
const DSA = der.sequence(der.sequence(der.oid('1.2.840.10040.4.1')), der.bitString(Uint8Array.of(5, 0)));
const OFF_CURVE = der.sequence(
  der.sequence(der.oid('1.2.840.10045.2.1'), der.oid('1.2.840.10045.3.1.7')),
  der.bitString(Uint8Array.of(4, ...new Uint8Array(64))),
);
const MD5 = der.sequence(der.oid('1.2.840.113549.1.1.4'), der.nullValue());
const unknownCritical: ExtensionSpec = { oid: '1.2.3.4', critical: true, value: der.nullValue() };

/** The same breach in a leaf, in an intermediate, and in the anchor. */
function everywhere(what: string, more: Partial<IssueOptions>): Cases {
  const anchored = () => {
    const own = ownRoot('Own root', more);
    return of([leaf({ issuer: own })], {}, [own]);
  };
  return {
    [what]: () => ofLeaf(more),
    [`${what}: the intermediate`]: () => below(more),
    [`${what}: the anchor`]: anchored,
  };
}

export const CERTIFICATES: Cases = {
  ...everywhere('not valid yet', FUTURE),
  ...everywhere('expired', PAST),
  'expired: the anchor, of which a newer twin was sent': () => {
    const key = makeKey('p256');
    const [old, twin] = [ownRoot('Own root', { key, ...PAST }), ownRoot('Own root', { key })];
    return of([leaf({ issuer: twin }), twin], {}, [old]);
  },
  'expired: the anchor above an intermediate': () => {
    const own = ownRoot('Own root', PAST);
    const a = authority('A', { issuer: own });
    return of([leaf({ issuer: a }), a], {}, [own]);
  },
  ...everywhere('a negative serial number', { serial: -5 }),
  ...everywhere('an unknown critical extension', { extraExtensions: [unknownCritical] }),
  ...everywhere('a key that is not supported', { publicKeyInfo: DSA }),
  'a long RSA key': () => ofLeaf({ publicKeyInfo: rsaKeyInfo(16384) }),
  'an even exponent': () => ofLeaf({ publicKeyInfo: rsaKeyInfo(2048, 65536n) }),
  ...everywhere('a key that is not on its curve', { publicKeyInfo: OFF_CURVE }),
  ...everywhere('a short RSA key', { publicKeyInfo: rsaKeyInfo(1024) }),
  'a signature over MD5': () => ofLeaf({ innerAlgorithm: MD5, outerAlgorithm: MD5 }),
  'a signature over MD5: the intermediate': () => below({ innerAlgorithm: MD5, outerAlgorithm: MD5 }),
  'a signature over SHA-1': () => ofLeaf({ signatureHash: 'sha1' }),
  'a signature over SHA-1: the intermediate': () => below({ signatureHash: 'sha1' }),
  'an issuer without a name': () => {
    const nameless = ownRoot('');
    return of([leaf({ issuer: nameless })], {}, [nameless]);
  },
  'an authority without a name': () => {
    const nameless = issue({ subject: '', issuer: root, ca: true });
    return of([leaf({ issuer: nameless, issuerName: '' }), nameless], {
      // Its leaf says that it was issued by nobody, which is told of the leaf alone.
      purpose: 'any',
    });
  },
};

export const USES: Cases = {
  'another name': () => of([server, intermediate], { name: 'other.test' }),
  'another address': () => of([server, intermediate], { name: '192.0.2.1' }),
  'no name at all': () => of([leaf({ dnsNames: [] }), intermediate]),
  'many other names': () =>
    ofLeaf({ dnsNames: Array.from({ length: 12 }, (_, i) => `n${i}.test`) }, { name: 'other.test' }),
  'an authority as its own server': () => ofLeaf({ ca: true, keyUsage: ['digitalSignature', 'keyCertSign'] }),
  'an intermediate that is no authority': () => below({ ca: false, keyUsage: null }),
  'an intermediate of version 1': () => {
    const old = issue({ subject: 'A', issuer: root, version: 0, keyUsage: null, keyIdentifiers: false });
    return of([leaf({ issuer: old }), old]);
  },
  'no authority may stand below': () => {
    const first = authority('A', { pathLen: 0 });
    const second = authority('B', { issuer: first });
    return of([leaf({ issuer: second }), second, first]);
  },
  'one authority may stand below': () => {
    const first = authority('A', { pathLen: 1 });
    const second = authority('B', { issuer: first });
    const third = authority('C', { issuer: second });
    return of([leaf({ issuer: third }), third, second, first]);
  },
  'more intermediates than the caller accepts': () => of([server, intermediate], { maxPathLength: 0 }),
  'a key that may not sign': () => ofLeaf({ keyUsage: ['keyAgreement'] }),
  'a key that may do nothing that is known': () =>
    ofLeaf({ keyUsage: null, extraExtensions: [{ oid: '2.5.29.15', value: der.namedBits([9]) }] }),
  'a key that may not decrypt': () => of([server, intermediate], { keyUsage: 'keyEncipherment' }),
  'a key that may not agree on keys': () => of([server, intermediate], { keyUsage: 'keyAgreement' }),
  'an authority whose key may not sign certificates': () => below({ keyUsage: ['cRLSign'] }),
  'a client as a server': () => of([client, intermediate], { name: null }),
  'a server as a client': () => of([server, intermediate], { purpose: 'client' }),
  'a server for a purpose by its number': () =>
    of([server, intermediate], { purpose: { extKeyUsage: '1.3.6.1.5.5.7.3.3' } }),
  'an authority for other purposes': () => below({ extKeyUsage: ['codeSigning', 'emailProtection'] }),
};

export const NAMES: Cases = {
  'a name that is not permitted': () => below({ nameConstraints: { permitted: [{ dns: 'a.test' }] } }),
  'a name that is excluded': () => below({ nameConstraints: { excluded: [{ dns: 'localhost' }] } }),
  'a name that cannot be compared': () => {
    const a = authority('A', { nameConstraints: { excluded: [{ dns: 'a.test' }] } });
    return of([leaf({ issuer: a, dnsNames: ['localhost', 'a..test'] }), a]);
  },
  'a name of a kind that cannot be compared': () => {
    const a = authority('A', { nameConstraints: { excluded: [{ registeredId: '1.2.3' }] } });
    return of([leaf({ issuer: a, altNames: [{ registeredId: '1.2.3.4' }] }), a]);
  },
  'a leaf without a subject that is not permitted': () => {
    const a = authority('A', { nameConstraints: { permitted: [{ dns: 'a.test' }] } });
    return of([leaf({ subject: '', issuer: a }), a]);
  },
  'a leaf without a subject': () => ofLeaf({ subject: '' }, { name: 'other.test' }),
  'names that the caller does not permit': () =>
    of([server, intermediate], {
      nameConstraints: { permitted: [{ kind: 'dNSName', value: 'a.test' }] },
    }),
  'names that the caller excludes, of an intermediate': () => {
    const a = authority('A', { dnsNames: ['a.test'] });
    return of([leaf({ issuer: a }), a], {
      nameConstraints: { excluded: [{ kind: 'dNSName', value: 'a.test' }] },
    });
  },
};

const explicit = { policies: { initialExplicitPolicy: true } } as const;
const wanting = (...userInitialPolicySet: string[]) => ({
  policies: { userInitialPolicySet, initialExplicitPolicy: true },
});
/** A leaf with one policy below an authority with others. */
const under = (above: readonly ExtensionSpec[], of1: readonly ExtensionSpec[]) => {
  const a = authority('A', { extraExtensions: above });
  return [leaf({ issuer: a, extraExtensions: of1 }), a];
};

export const POLICIES: Cases = {
  'no policies, and one is required': () => of([server, intermediate], explicit),
  'no policies, and an authority requires one': () => of(under([constraints({ require: 0 })], [])),
  'other policies than those above': () => of(under([policies(P(1))], [policies(P(2))]), explicit),
  'other policies than those that are wanted': () =>
    of(under([policies(ANY)], [policies(P(1))]), wanting(P(2))),
  'none of many policies that are wanted': () =>
    of(
      under([policies(ANY)], [policies(...Array.from({ length: 12 }, (_, i) => P(i)))]),
      wanting(...Array.from({ length: 12 }, (_, i) => P(100 + i))),
    ),
  'a policy that the leaf itself requires': () =>
    of(under([policies(P(1))], [policies(P(2)), constraints({ require: 0 })])),
  'policies that end in the middle': () => {
    const a = authority('A', { extraExtensions: [policies(P(1))] });
    const b = authority('B', { issuer: a });
    return of([leaf({ issuer: b, extraExtensions: [policies(P(1))] }), b, a], explicit);
  },
  'a mapping to anyPolicy': () => of(under([policies(ANY), mappings([P(1), ANY])], [policies(P(1))])),
};

const rfc5280 = { profile: RFC5280_PROFILE };
const webPki = { profile: WEB_PKI_PROFILE };
/** A leaf below an anchor that was made in this way. */
const anchored = (more: Partial<IssueOptions>, question = rfc5280) => {
  const own = ownRoot('Own root', more);
  return of([leaf({ issuer: own, keyIdentifiers: true, extKeyUsage: ['serverAuth'] })], question, [own]);
};
const extension = (oid: string, value: Uint8Array, critical = false): ExtensionSpec => ({
  oid,
  value,
  critical,
});
const [KEY_IDENTIFIER, AUTHORITY_KEY] = ['2.5.29.14', '2.5.29.35'];
const subjectKey = extension(KEY_IDENTIFIER, der.octetString(Uint8Array.of(1)));
const authorityKey = (...fields: Uint8Array[]) => extension(AUTHORITY_KEY, der.sequence(...fields));
const keyOne = der.contextPrimitive(0, Uint8Array.of(1));

export const PROFILES: Cases = {
  'a leaf that limits the authorities below it': () =>
    ofLeaf(
      {
        keyUsage: ['digitalSignature'],
        extraExtensions: [extension('2.5.29.19', der.sequence(der.integer(0)), true)],
      },
      rfc5280,
    ),
  'host names that are constrained with a dot in front': () =>
    anchored({ nameConstraints: { excluded: [{ dns: '.a.test' }] } }),
  'an RSA key of an odd number of bits': () => ofLeaf({ publicKeyInfo: rsaKeyInfo(2049) }, webPki),
  'a host name with an underscore': () =>
    ofLeaf({ extKeyUsage: ['serverAuth'], dnsNames: ['localhost', 'a_b.test'] }, webPki),
  'two common names': () =>
    ofLeaf(
      {
        extKeyUsage: ['serverAuth'],
        subject: [
          ['CN', 'localhost'],
          ['CN', 'localhost'],
        ],
      },
      webPki,
    ),
  'another common name': () => ofLeaf({ extKeyUsage: ['serverAuth'], subject: 'Ada' }, webPki),
  'the serial number zero': () => ofLeaf({ serial: 0 }, rfc5280),
  'a long serial number': () => ofLeaf({ serial: 1n << 168n }, rfc5280),
  'GeneralizedTime too early': () =>
    ofLeaf(
      {
        editFields: (fields) =>
          fields.map((field, i) =>
            i === 4
              ? der.sequence(der.generalizedTime(PAST.notBefore), der.generalizedTime(FUTURE.notAfter))
              : field,
          ),
      },
      rfc5280,
    ),
  'no authorityKeyIdentifier': () => ofLeaf({ keyIdentifiers: false }, rfc5280),
  'an authority without subjectKeyIdentifier': () => anchored({ keyIdentifiers: false }),
  'an authority without keyUsage': () => anchored({ keyUsage: null }),
  'no subject, and alternative names that are not critical': () =>
    ofLeaf({ subject: '', altNameCritical: false }, rfc5280),
  'basicConstraints that are not critical': () =>
    anchored({
      ca: undefined,
      keyUsage: ['keyCertSign'],
      extraExtensions: [extension('2.5.29.19', der.sequence(der.boolean(true)))],
    } as never),
  'policyConstraints that are not critical': () =>
    anchored({ extraExtensions: [{ ...constraints({ require: 5 }), critical: false }] }),
  'inhibitAnyPolicy that is not critical': () =>
    anchored({ extraExtensions: [extension('2.5.29.54', der.integer(1))] }),
  'nameConstraints that are not critical': () =>
    anchored({
      extraExtensions: [
        extension(
          '2.5.29.30',
          der.sequence(
            der.context(1, der.sequence(der.contextPrimitive(2, new TextEncoder().encode('a.test')))),
          ),
        ),
      ],
    }),
  'a leaf whose key may sign certificates': () =>
    ofLeaf({ keyUsage: ['digitalSignature', 'keyCertSign'] }, rfc5280),
  'a leaf with name constraints': () =>
    ofLeaf({ nameConstraints: { permitted: [{ dns: 'localhost' }] } }, rfc5280),
  'a root with extKeyUsage': () => anchored({ extKeyUsage: ['serverAuth'] }, webPki),
  'a root whose authorityKeyIdentifier has no key': () =>
    anchored(
      {
        keyIdentifiers: false,
        extraExtensions: [subjectKey, authorityKey()],
      },
      webPki,
    ),
  'a root whose authorityKeyIdentifier has a serial number': () =>
    anchored(
      {
        keyIdentifiers: false,
        extraExtensions: [
          subjectKey,
          authorityKey(
            keyOne,
            der.context(1, der.context(4, der.sequence())),
            der.contextPrimitive(2, Uint8Array.of(1)),
          ),
        ],
      },
      webPki,
    ),
  'a root whose authorityKeyIdentifier is of another key': () =>
    anchored(
      {
        keyIdentifiers: false,
        extraExtensions: [subjectKey, authorityKey(der.contextPrimitive(0, Uint8Array.of(2)))],
      },
      webPki,
    ),
  'a leaf without extKeyUsage': () => ofLeaf({}, webPki),
  'a leaf whose extKeyUsage is critical': () =>
    ofLeaf(
      {
        extraExtensions: [extension('2.5.29.37', der.sequence(der.oid('1.3.6.1.5.5.7.3.1')), true)],
      },
      webPki,
    ),
  'a leaf for any purpose': () => ofLeaf({ extKeyUsage: ['serverAuth', 'any'] }, webPki),
  'a subject, and alternative names that are critical': () =>
    ofLeaf({ extKeyUsage: ['serverAuth'], altNameCritical: true }, webPki),
};
