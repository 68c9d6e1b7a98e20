/** Finite-field Diffie-Hellman on node:crypto: the groups of RFC 7919, and those that a peer of TLS 1.2 names. */
import {
  createDiffieHellman,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  randomFillSync,
} from 'node:crypto';
import process from 'node:process';
import { fromHex } from '../../wire/bytes.ts';
import { NamedGroup } from '../../wire/registry.ts';
import { DerReader, Tag } from '../../x509/der.ts';
import {
  badFieldShare,
  isSameField,
  padded,
  readFieldShare,
  readFiniteField,
  withoutLeadingZeros,
} from '../finite-field.ts';
import { type FiniteFieldParameters, ffdheParameters } from '../groups.ts';
import type { KeyExchange } from '../provider.ts';
import { asBuffer, plain } from './buffers.ts';
import { integer, tlv } from './der.ts';

/** Our half of one exchange. */
interface KeyPair {
  /** As long as the prime. */
  readonly share: Uint8Array;
  /** The secret of a share in 2..p-2 without leading zeros. Throws where OpenSSL refuses the share. */
  agree(peer: Uint8Array): Uint8Array;
}

/** Makes key pairs of one group. */
type MakeKeyPair = () => KeyPair;

/** dhKeyAgreement (RFC 2631 as PKCS #3 has it), encoded. */
const DH_KEY_AGREEMENT = fromHex('06092a864886f70d010301');
const VERSION_0 = fromHex('020100');

/**
 * Through KeyObjects. `createDiffieHellman` must not see these numbers: unless it knows the prime by heart, it tests
 * whether it is one, for a quarter of a second at 2048 bits and half a minute at 8192; from Node 24 on it knows none.
 * `generateKeyPairSync` takes generators up to 2^31 only, and full-length exponents where short ones are as safe.
 */
function keyObjects({ prime, generator }: FiniteFieldParameters, exponentLength: number): MakeKeyPair {
  const algorithm = tlv(
    Tag.SEQUENCE,
    DH_KEY_AGREEMENT,
    tlv(Tag.SEQUENCE, integer(prime), integer(generator)),
  );
  return () => {
    const exponent = randomFillSync(new Uint8Array(exponentLength));
    // One length for all, in DER too.
    exponent[0] = (exponent[0] ?? 0) | 0x80;
    const pkcs8 = tlv(Tag.SEQUENCE, VERSION_0, algorithm, tlv(Tag.OCTET_STRING, integer(exponent)));
    const privateKey = createPrivateKey({ key: asBuffer(pkcs8), format: 'der', type: 'pkcs8' });
    exponent.fill(0);
    pkcs8.fill(0);
    const exported = plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
    const info = new DerReader(exported).sequence('SubjectPublicKeyInfo');
    info.sequence('AlgorithmIdentifier');
    const ours = new DerReader(info.wholeBytes('subjectPublicKey')).unsignedInteger('public key');
    return {
      share: padded(ours, prime.length),
      agree(peer) {
        const spki = tlv(Tag.SEQUENCE, algorithm, tlv(Tag.BIT_STRING, Uint8Array.of(0), integer(peer)));
        const publicKey = createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' });
        return plain(diffieHellman({ privateKey, publicKey }));
      },
    };
  };
}

/**
 * Through the DiffieHellman class, for primes that OpenSSL knows by heart. OpenSSL 3.0 raises a peer's share to the
 * order of the group before it uses it as a KeyObject, which takes six to sixteen times as long as the rest.
 */
function knownPrime({ prime, generator }: FiniteFieldParameters): MakeKeyPair {
  return () => {
    const ours = createDiffieHellman(prime, generator);
    return {
      share: padded(plain(ours.generateKeys()), prime.length),
      agree: (peer) => plain(ours.computeSecret(peer)),
    };
  };
}

const IS_CLASS_BETTER =
  Number.parseInt(process.versions.node, 10) < 24 && process.versions.openssl?.startsWith('3.0.') === true;

/**
 * Bytes of an exponent where (p - 1) / 2 is known to be prime: twice the group's strength is enough (RFC 7919 section
 * 5.2, of which these are the numbers of bits rounded up).
 */
const KNOWN_LENGTHS: ReadonlyMap<
  number,
  { readonly group: NamedGroup; readonly modp: string; readonly length: number }
> = new Map([
  [256, { group: NamedGroup.ffdhe2048, modp: 'modp14', length: 29 }],
  [384, { group: NamedGroup.ffdhe3072, modp: 'modp15', length: 35 }],
  [512, { group: NamedGroup.ffdhe4096, modp: 'modp16', length: 41 }],
  [768, { group: NamedGroup.ffdhe6144, modp: 'modp17', length: 47 }],
  [1024, { group: NamedGroup.ffdhe8192, modp: 'modp18', length: 50 }],
]);

/** The group of RFC 3526 as node:crypto has it. Many servers use these. */
function modpParameters(name: string): FiniteFieldParameters {
  const group = getDiffieHellman(name);
  return { prime: group.getPrime(), generator: withoutLeadingZeros(group.getGenerator()) };
}

function keyPairsOf(field: FiniteFieldParameters): MakeKeyPair {
  const candidate = KNOWN_LENGTHS.get(field.prime.length);
  const known = candidate && [ffdheParameters(candidate.group), modpParameters(candidate.modp)];
  if (candidate === undefined || !known?.some((parameters) => parameters && isSameField(field, parameters))) {
    return keyObjects(field, field.prime.length - 1);
  }
  return IS_CLASS_BETTER ? knownPrime(field) : keyObjects(field, candidate.length);
}

/** The secret of a share in 2..p-2, as long as the prime. */
function agree({ prime }: FiniteFieldParameters, ours: KeyPair, peer: Uint8Array): Uint8Array {
  try {
    return padded(ours.agree(peer), prime.length);
  } catch (cause) {
    throw badFieldShare(prime, peer, ['a member of the group', 'none'], { cause });
  }
}

/** An exchange in one group. `read` checks a peer's share. */
function exchange(
  field: FiniteFieldParameters,
  read: (prime: Uint8Array, share: Uint8Array) => Uint8Array,
): Pick<KeyExchange, 'start' | 'respond'> {
  const makeKeyPair = keyPairsOf(field);
  return {
    start() {
      const ours = makeKeyPair();
      return { share: ours.share, finish: (share) => agree(field, ours, read(field.prime, share)) };
    },
    respond(share) {
      const peer = read(field.prime, share);
      const ours = makeKeyPair();
      return { share: ours.share, secret: agree(field, ours, peer) };
    },
  };
}

/** Diffie-Hellman with a peer's numbers; see `CryptoProvider.finiteField`. */
export function finiteField(
  prime: Uint8Array,
  generator: Uint8Array,
): Pick<KeyExchange, 'start' | 'respond'> {
  return exchange(readFiniteField(prime, generator), readFieldShare);
}

/** A share of TLS 1.3, which is padded (RFC 9846 section 4.3.8.1). */
function readPaddedShare(prime: Uint8Array, share: Uint8Array): Uint8Array {
  if (share.length !== prime.length) {
    throw badFieldShare(prime, share, [`${prime.length} bytes`, String(share.length)]);
  }
  return readFieldShare(prime, share);
}

/** A group of RFC 7919, whose numbers are computed when it is first used. */
function named(group: NamedGroup): KeyExchange {
  let known: Pick<KeyExchange, 'start' | 'respond'> | undefined;
  const prepared = (): Pick<KeyExchange, 'start' | 'respond'> => {
    known ??= exchange(ffdheParameters(group) as FiniteFieldParameters, readPaddedShare);
    return known;
  };
  return { group, start: () => prepared().start(), respond: (share) => prepared().respond(share) };
}

/** The groups of RFC 7919, or none where the runtime has no Diffie-Hellman keys. */
export function ffdheExchanges(): readonly KeyExchange[] {
  try {
    // A key modulo 23: the import is all that is tried.
    const key = fromHex('301b301306092a864886f70d0103013006020117020105030400020108');
    createPublicKey({ key: asBuffer(key), format: 'der', type: 'spki' });
  } catch {
    return [];
  }
  return [...KNOWN_LENGTHS.values()].map(({ group }) => named(group));
}
