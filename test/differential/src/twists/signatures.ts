/** Twists of keys, algorithms and signatures. */
import { constants, sign } from 'node:crypto';
import { keyOf, type OddKey } from '../keys.ts';
import { type CertificatePlan, type ChainPlan, type Place, replace } from '../plan.ts';
import { der, pki, type SignatureHash } from '../support.ts';
import { find } from '../tree.ts';
import { ANY, type Expectation, ISSUED, options, type Twist } from '../twist.ts';

/** A certificate in a chain whose issuer has a key of one kind. */
function signedBy(
  kind: 'p256' | 'p384' | 'rsa2048' | 'rsaPss' | 'ed25519',
  name: string,
  expect: Expectation,
  apply: (at: CertificatePlan, choice: number) => void,
): Twist {
  return {
    name: `signature: ${name}`,
    places: ISSUED,
    touches: ['signature', 'issuer key'],
    expect,
    apply: (chain, at, choice) => {
      giveKey(chain, at, kind);
      apply(at, choice);
    },
  };
}

/** The issuer's key is of this kind; what is signed with it is signed as befits it. */
function giveKey(chain: ChainPlan, at: CertificatePlan, kind: Parameters<typeof keyOf>[0]): void {
  const index = chain.certificates.indexOf(at);
  const issuer = chain.certificates[index + 1];
  if (issuer === undefined) return;
  issuer.options.key = keyOf(
    kind,
    index + 1 === chain.certificates.length - 1 ? 'root' : index === 0 ? 'intermediate' : 'second',
  );
  const signed = issuer.place === 'root' ? [at, issuer] : [at];
  for (const { options: given } of signed) {
    delete given.signatureHash;
    delete given.pss;
  }
}

const RSA = '1.2.840.113549.1.1';
const rsaAlgorithm = (number: number, parameters: readonly Uint8Array[] = [der.nullValue()]): Uint8Array =>
  der.sequence(der.oid(`${RSA}.${number}`), ...parameters);
const ecdsa = (hash: number, ...parameters: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(`1.2.840.10045.4.3.${hash}`), ...parameters);

/** Both places where the algorithm is named. */
function algorithm(at: CertificatePlan, encoding: Uint8Array): void {
  at.options.innerAlgorithm = encoding;
  at.options.outerAlgorithm = encoding;
}

const HASH_OIDS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const;
const hashOf = (hash: keyof typeof HASH_OIDS): Uint8Array =>
  der.sequence(der.oid(HASH_OIDS[hash]), der.nullValue());
const mgf1 = (hash: keyof typeof HASH_OIDS): Uint8Array => der.sequence(der.oid(`${RSA}.8`), hashOf(hash));
const pss = (...parts: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(`${RSA}.10`), der.sequence(...parts));

function signPss(at: CertificatePlan, saltLength: number, hash: SignatureHash = 'sha256'): void {
  at.sign = (key, tbs) => sign(hash, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

const ALGORITHMS: readonly Twist[] = [
  signedBy('rsa2048', 'SHA-1', ['weakSignature'], ({ options: given }) => {
    given.signatureHash = 'sha1';
  }),
  signedBy('p256', 'SHA-1 with ECDSA', ['weakSignature'], ({ options: given }) => {
    given.signatureHash = 'sha1';
  }),
  signedBy('rsa2048', 'MD5', ['signatureAlgorithm'], (at) => {
    algorithm(at, rsaAlgorithm(4));
    at.sign = (key, tbs) => sign('md5', tbs, key);
  }),
  signedBy('rsa2048', 'SHA-224', ['signatureAlgorithm'], (at) => {
    algorithm(at, rsaAlgorithm(14));
    at.sign = (key, tbs) => sign('sha224', tbs, key);
  }),
  signedBy('p256', 'SHA-384 on P-256', 'accepted', ({ options: given }) => {
    given.signatureHash = 'sha384';
  }),
  signedBy('p384', 'SHA-256 on P-384', 'accepted', ({ options: given }) => {
    given.signatureHash = 'sha256';
  }),
  signedBy('rsa2048', 'RSA without parameters', 'accepted', (at) => algorithm(at, rsaAlgorithm(11, []))),
  signedBy('rsa2048', 'RSA with parameters that are not NULL', ['unexpected-tag'], (at) =>
    algorithm(at, rsaAlgorithm(11, [der.sequence()])),
  ),
  signedBy('p256', 'ECDSA with the parameters NULL', ['algorithm-parameters'], (at) =>
    algorithm(at, ecdsa(2, der.nullValue())),
  ),
  signedBy('ed25519', 'Ed25519 with the parameters NULL', ['algorithm-parameters'], (at) =>
    algorithm(at, der.sequence(der.oid('1.3.101.112'), der.nullValue())),
  ),
  signedBy('rsa2048', 'another algorithm outside', ['algorithm-mismatch'], ({ options: given }) => {
    given.outerAlgorithm = rsaAlgorithm(12);
  }),
  signedBy('rsa2048', 'another algorithm inside', ['algorithm-mismatch'], ({ options: given }) => {
    given.innerAlgorithm = rsaAlgorithm(12);
  }),
  signedBy('rsa2048', 'NULL inside, nothing outside', ['algorithm-mismatch'], ({ options: given }) => {
    given.outerAlgorithm = rsaAlgorithm(11, []);
  }),
  signedBy('p256', 'another hash than is said', ['signature'], (at) => algorithm(at, ecdsa(3))),
  signedBy('rsa2048', 'ECDSA said, RSA made', ['signature'], (at) => algorithm(at, ecdsa(2))),
  signedBy('p256', 'an algorithm that nobody knows', ['signatureAlgorithm'], (at) =>
    algorithm(at, der.sequence(der.oid('1.2.3.4.5'))),
  ),
];

const PSS: readonly Twist[] = [
  signedBy('rsa2048', 'PSS with a salt of 20 octets', 'accepted', (at) => {
    algorithm(at, pss(der.context(0, hashOf('sha256')), der.context(1, mgf1('sha256'))));
    signPss(at, 20);
  }),
  signedBy('rsa2048', 'PSS with a salt of 0 octets', 'accepted', (at) => {
    algorithm(
      at,
      pss(der.context(0, hashOf('sha256')), der.context(1, mgf1('sha256')), der.context(2, der.integer(0))),
    );
    signPss(at, 0);
  }),
  signedBy('rsa2048', 'PSS with another salt than is said', ['signature'], (at) => {
    algorithm(
      at,
      pss(der.context(0, hashOf('sha256')), der.context(1, mgf1('sha256')), der.context(2, der.integer(20))),
    );
    signPss(at, 32);
  }),
  signedBy('rsa2048', 'PSS with a negative salt', ['integer-negative'], (at) => {
    algorithm(
      at,
      pss(der.context(0, hashOf('sha256')), der.context(1, mgf1('sha256')), der.context(2, der.integer(-1))),
    );
    signPss(at, 32);
  }),
  signedBy('rsa2048', 'PSS with another mask hash than is said', ['signature'], (at) => {
    algorithm(
      at,
      pss(der.context(0, hashOf('sha256')), der.context(1, mgf1('sha384')), der.context(2, der.integer(32))),
    );
    signPss(at, 32);
  }),
  signedBy('rsa2048', 'PSS without parameters', ['algorithm-parameters'], (at) => {
    algorithm(at, der.sequence(der.oid(`${RSA}.10`)));
    signPss(at, 20, 'sha1');
  }),
  signedBy('rsa2048', 'PSS with SHA-1 for everything', ['weakSignature'], (at) => {
    algorithm(at, pss());
    signPss(at, 20, 'sha1');
  }),
  signedBy('rsa2048', 'PSS with its trailer written', ['default-encoded'], (at) => {
    algorithm(
      at,
      pss(
        der.context(0, hashOf('sha256')),
        der.context(1, mgf1('sha256')),
        der.context(2, der.integer(32)),
        der.context(3, der.integer(1)),
      ),
    );
    signPss(at, 32);
  }),
  signedBy('rsaPss', 'PKCS #1 by a key for PSS', ['signature'], (at) => {
    algorithm(at, rsaAlgorithm(11));
  }),
];

const VALUES: readonly Twist[] = [
  options('signature: broken', ISSUED, ['signature'], ['signature'], (given) => {
    given.breakSignature = true;
  }),
  options('signature: by a stranger', ISSUED, ['signature', 'issuer key'], ['signature'], (given) => {
    given.signWith = keyOf('p256', 'stranger');
  }),
  {
    name: 'signature: empty',
    places: ISSUED,
    touches: ['signature'],
    expect: ['signature'],
    apply: (_, at) =>
      at.after.push((tree) => replace(find(tree, 'signatureValue'), der.bitString(new Uint8Array(0)))),
  },
  {
    name: 'signature: with unused bits',
    places: ISSUED,
    touches: ['signature'],
    expect: ['bit-string-unused-bits', 'bit-string-padding'],
    apply: (_, at) =>
      at.after.push((tree) => {
        find(tree, 'signatureValue').content[0] = 1;
      }),
  },
  signedBy('p256', 'ECDSA with an octet behind it', ['signature'], (at) => {
    at.sign = (key, tbs) => Buffer.concat([sign('sha256', tbs, key), Uint8Array.of(0)]);
  }),
  signedBy('p256', 'ECDSA in the form of IEEE P1363', ['signature'], (at) => {
    at.sign = (key, tbs) => sign('sha256', tbs, { key, dsaEncoding: 'ieee-p1363' });
  }),
  signedBy('p256', 'ECDSA with a length that is too long', ['signature'], (at) => {
    at.sign = (key, tbs) => {
      const made = sign('sha256', tbs, key);
      return Buffer.concat([Uint8Array.of(0x30, 0x81, made.length - 2), made.subarray(2)]);
    };
  }),
  signedBy('p256', 'ECDSA with r = s = 0', ['signature'], (at) => {
    at.sign = () => der.sequence(der.integer(0), der.integer(0));
  }),
  signedBy('rsa2048', 'RSA with an octet in front', ['signature'], (at) => {
    at.sign = (key, tbs) => Buffer.concat([Uint8Array.of(0), sign('sha256', tbs, key)]);
  }),
  signedBy('ed25519', 'Ed25519 with an octet behind it', ['signature'], (at) => {
    at.sign = (key, tbs) => Buffer.concat([sign(null, tbs, key), Uint8Array.of(0)]);
  }),
];

/** A key of its own for a certificate; whom it issued for is signed with it. */
function key(name: string, kind: OddKey, places: readonly Place[], expect: Expectation): Twist {
  return {
    name: `key: ${name}`,
    places,
    touches: ['key', 'issuer key', 'signature'],
    expect,
    apply: (chain, at) => {
      const below = chain.certificates[chain.certificates.indexOf(at) - 1];
      if (below !== undefined) giveKey(chain, below, kind);
      else at.options.key = keyOf(kind, 'leaf');
    },
  };
}

/** A leaf with a public key that is written by hand. */
function publicKey(name: string, expect: Expectation, encoding: () => Uint8Array): Twist {
  return options(`key: ${name}`, ['leaf'], ['key'], expect, (given) => {
    given.publicKeyInfo = encoding();
  });
}

const point = (): Uint8Array => pki.publicKeyInfo(keyOf('p256', 'leaf')).slice(-65);
const ecKey = (bits: Uint8Array, curve: Uint8Array = der.oid('1.2.840.10045.3.1.7')): Uint8Array =>
  der.sequence(der.sequence(der.oid('1.2.840.10045.2.1'), curve), der.bitString(bits));
const rsaKey = (
  modulus: bigint,
  exponent: bigint,
  parameters: readonly Uint8Array[] = [der.nullValue()],
): Uint8Array =>
  der.sequence(
    rsaAlgorithm(1, parameters),
    der.bitString(der.sequence(der.integer(modulus), der.integer(exponent))),
  );
const MODULUS = (): bigint => {
  const { n } = keyOf('rsa2048', 'leaf').export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex')}`);
};

const KEYS: readonly Twist[] = [
  key('RSA of 1024 bits', 'rsa1024', ANY, ['weakKey']),
  key('RSA of 2040 bits', 'rsa2040', ANY, ['weakKey']),
  key('RSA with the exponent 3', 'rsaExponent3', ANY, 'accepted'),
  key('P-224', 'p224', ANY, ['publicKey']),
  key('secp256k1', 'secp256k1', ANY, ['publicKey']),
  key('brainpoolP256r1', 'brainpool', ANY, ['publicKey']),
  publicKey('a compressed point', ['publicKey'], () =>
    ecKey(Buffer.concat([Uint8Array.of(2 + ((point().at(-1) ?? 0) & 1)), point().subarray(1, 33)])),
  ),
  publicKey('a hybrid point', ['public-key'], () =>
    ecKey(Buffer.concat([Uint8Array.of(6 + ((point().at(-1) ?? 0) & 1)), point().subarray(1)])),
  ),
  publicKey('a point that is too short', ['public-key'], () => ecKey(point().subarray(0, 64))),
  publicKey('a point that is not on its curve', ['publicKey'], () => {
    const wrong = point();
    wrong[64] = (wrong[64] ?? 0) ^ 1;
    return ecKey(wrong);
  }),
  publicKey('a point on no curve', ['publicKey'], () => ecKey(point(), der.nullValue())),
  publicKey('a curve that nobody knows', ['publicKey'], () => ecKey(point(), der.oid('1.2.3.4.5'))),
  publicKey('of a kind that nobody knows', ['publicKey'], () =>
    der.sequence(der.sequence(der.oid('1.2.3.4.5')), der.bitString(point())),
  ),
  publicKey('RSA without parameters', ['algorithm-parameters'], () => rsaKey(MODULUS(), 65537n, [])),
  publicKey('RSA with an even exponent', ['publicKey'], () => rsaKey(MODULUS(), 65536n)),
  publicKey('RSA with the exponent 1', ['publicKey'], () => rsaKey(MODULUS(), 1n)),
  publicKey('RSA with an exponent of 40 bits', ['publicKey'], () => rsaKey(MODULUS(), (1n << 39n) + 1n)),
  publicKey('RSA with a negative modulus', ['integer-negative'], () => rsaKey(-MODULUS(), 65537n)),
  publicKey('RSA with an even modulus', 'accepted', () => rsaKey(MODULUS() - 1n, 65537n)),
  publicKey('Ed25519 of 31 octets', ['public-key'], () =>
    der.sequence(der.sequence(der.oid('1.3.101.112')), der.bitString(new Uint8Array(31))),
  ),
  publicKey('X25519', ['publicKey'], () =>
    der.sequence(der.sequence(der.oid('1.3.101.110')), der.bitString(new Uint8Array(32))),
  ),
  {
    name: 'key: DSA',
    places: ['leaf'],
    touches: ['key'],
    expect: ['publicKey'],
    apply: (_, at) => {
      at.options.publicKeyInfo = pki.publicKeyInfo(keyOf('dsa', 'leaf'));
    },
  },
];

export const SIGNATURES: readonly Twist[] = [...ALGORITHMS, ...PSS, ...VALUES, ...KEYS];
