/** Ways to cheat in a handshake of TLS 1.2. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SigningKey } from '../../src/crypto/provider.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { Customization } from '../../src/handshake/messages.ts';
import { concat } from '../../src/wire/bytes.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import {
  type ServerDhParams,
  type ServerEcdhParams,
  serverDhParams,
  serverEcdhParams,
} from '../../src/wire/messages/server-key-exchange.ts';
import type { SignatureScheme } from '../../src/wire/registry.ts';
import { withMore } from './flows12.ts';
import { withKey } from './identities.ts';
import type { PairOptions } from './pair.ts';

type Sign = SigningKey['sign'];

/** Both randoms, in front of the parameters that a server signs (RFC 5246 section 7.4.3). */
const RANDOMS_LENGTH = 64;

/** The flow's server, with this done to its only identity. */
export function withIdentity(flow: PairOptions, change: (identity: Identity) => Identity): PairOptions {
  const [identity] = flow.server?.identities ?? [];
  if (identity === undefined) throw new Error('the flow has no server identity');
  return withMore(flow, { server: { identities: [change(identity)] } });
}

/** The flow's server, which signs in another way. */
export function serverSigning(flow: PairOptions, change: (sign: Sign) => Sign): PairOptions {
  return withIdentity(flow, (identity) =>
    withKey(identity, (key) => ({ ...key, sign: change(key.sign.bind(key)) })),
  );
}

/** The flow's server, with other parameters in its ServerKeyExchange: signed as they should be, by the right key. */
export function withEcdhParams(
  flow: PairOptions,
  change: (params: ServerEcdhParams) => ServerEcdhParams,
): PairOptions {
  const signing = serverSigning(flow, (right) => (scheme, content) => {
    const params = decode(serverEcdhParams, 'ServerECDHParams', content.subarray(RANDOMS_LENGTH));
    return right(
      scheme,
      concat(content.subarray(0, RANDOMS_LENGTH), encode(serverEcdhParams, change(params))),
    );
  });
  const customize: Customization = {
    EcdheServerKeyExchange: (message) => ({ ...message, params: change(message.params) }),
  };
  return withMore(signing, { server: { customize } });
}

/** As {@link withEcdhParams}, for finite fields. */
export function withDhParams(
  flow: PairOptions,
  change: (params: ServerDhParams) => ServerDhParams,
): PairOptions {
  const signing = serverSigning(flow, (right) => (scheme, content) => {
    const params = decode(serverDhParams, 'ServerDHParams', content.subarray(RANDOMS_LENGTH));
    return right(scheme, concat(content.subarray(0, RANDOMS_LENGTH), encode(serverDhParams, change(params))));
  });
  const customize: Customization = {
    DheServerKeyExchange: (message) => ({ ...message, params: change(message.params) }),
  };
  return withMore(signing, { server: { customize } });
}

/** Signatures that are wrong, whatever is signed; each made from the right way to sign with a P-256 key. */
export function wrongSignatures12(): Readonly<Record<string, (sign: Sign, key: KeyObject) => Sign>> {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const over =
    (change: (content: Uint8Array) => Uint8Array) =>
    (right: Sign): Sign =>
    (scheme, content) =>
      right(scheme, change(content));
  const changed =
    (change: (signature: Uint8Array) => Uint8Array) =>
    (right: Sign): Sign =>
    (scheme, content) =>
      change(right(scheme, content) as Uint8Array);
  return {
    'by another key': () => (_scheme, content) => new Uint8Array(sign('sha256', content, stranger)),
    'over something else': over((content) => flipped(content, content.length - 1)),
    'over something else in front': over((content) => flipped(content, 0)),
    'over more': over((content) => concat(content, Uint8Array.of(0))),
    'over less': over((content) => content.slice(0, -1)),
    'over nothing': over(() => new Uint8Array()),
    'as TLS 1.3 does, with a context': over((content) =>
      concat(
        new Uint8Array(64).fill(0x20),
        new TextEncoder().encode('TLS 1.3, server CertificateVerify\0'),
        content,
      ),
    ),
    'with another hash': (_right, key) => (_scheme, content) => new Uint8Array(sign('sha384', content, key)),
    'with SHA-1': (_right, key) => (_scheme, content) => new Uint8Array(sign('sha1', content, key)),
    'in the fixed-length form of IEEE P1363': (_right, key) => (_scheme, content) =>
      new Uint8Array(sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' })),
    empty: changed(() => new Uint8Array()),
    truncated: changed((signature) => signature.slice(0, -1)),
    'cut in half': changed((signature) => signature.slice(0, signature.length / 2)),
    'longer by a byte': changed((signature) => concat(signature, Uint8Array.of(0))),
    'of zeros': changed((signature) => signature.map(() => 0)),
    'of the numbers zero': () => () => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0),
    'of the numbers one': () => () => Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1),
    'changed in one bit': changed((signature) => flipped(signature, signature.length - 1)),
  };
}

/** The same bytes with one bit changed. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** The other way round: what is claimed of a signature, in either message that has one. */
export function claiming(algorithm: SignatureScheme): Customization {
  return {
    EcdheServerKeyExchange: (message) => ({ ...message, algorithm }),
    DheServerKeyExchange: (message) => ({ ...message, algorithm }),
    CertificateVerify: (message) => ({ ...message, algorithm }),
  };
}

/** A big-endian number of so many bytes. */
export function numberBytes(
  value: bigint,
  length = Math.max(1, Math.ceil(value.toString(16).length / 2)),
): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));
}

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
