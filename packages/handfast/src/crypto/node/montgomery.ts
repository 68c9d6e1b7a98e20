/** X25519 and X448 (RFC 7748) on node:crypto, as groups of TLS (RFC 9846 section 4.3.8.2). */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import process from 'node:process';
import { TlsError } from '../../wire/errors.ts';
import { NamedGroup } from '../../wire/registry.ts';
import type { KeyExchange } from '../provider.ts';
import { fromBase64url, plain, toBase64url } from './buffers.ts';

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly share: Uint8Array;
}

const CURVES = {
  x25519: { group: NamedGroup.x25519, crv: 'X25519', length: 32 },
  x448: { group: NamedGroup.x448, crv: 'X448', length: 56 },
} as const;
type CurveName = keyof typeof CURVES;

/** `u` of a public key. Only for keys that node:crypto did not generate itself; see {@link importedKeyPair}. */
function publicBytes(key: KeyObject): Uint8Array {
  return fromBase64url(key.export({ format: 'jwk' }).x);
}

function generatedKeyPair(name: CurveName): KeyPair {
  // The overloads of generateKeyPairSync take one name each, not a union.
  const { privateKey, publicKey } =
    name === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('x448');
  return { privateKey, share: publicBytes(publicKey) };
}

/**
 * Node before 22 can deadlock while it exports a generated key as JWK: it holds the key's lock while it
 * allocates, and a garbage collection at that moment finalises the generator, which wants the same lock. Every
 * other export costs more than the key generation. So the scalar is drawn here, and imported without its
 * public half, which these versions compute and do not ask for.
 */
function importedKeyPair(name: CurveName): KeyPair {
  const { crv, length } = CURVES[name];
  const scalar = randomFillSync(new Uint8Array(length));
  const jwk = { kty: 'OKP', crv, x: '', d: toBase64url(scalar) };
  scalar.fill(0);
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { privateKey, share: publicBytes(createPublicKey(privateKey)) };
}

const makeKeyPair = Number.parseInt(process.versions.node, 10) < 24 ? importedKeyPair : generatedKeyPair;

/** The shared secret of our key pair and the peer's share; see `KeyExchangeOffer.finish`. */
export function montgomerySecret(name: CurveName, privateKey: KeyObject, peerShare: Uint8Array): Uint8Array {
  const { crv, length } = CURVES[name];
  if (peerShare.length !== length) {
    throw new TlsError(
      'ERR_BAD_KEY_SHARE',
      `expected ${length} bytes as the ${name} key share, found ${peerShare.length}`,
      { group: name, length: peerShare.length },
    );
  }
  let secret: Uint8Array;
  try {
    const jwk = { kty: 'OKP', crv, x: toBase64url(peerShare) };
    secret = diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) });
  } catch (cause) {
    // OpenSSL refuses the all-zero result itself; other libraries behind node:crypto need not.
    throw smallOrder(name, { cause });
  }
  let bits = 0;
  for (const byte of secret) bits |= byte;
  if (bits === 0) throw smallOrder(name);
  return plain(secret);
}

/** RFC 9846 section 7.4.2: the all-zero shared secret must be refused. */
function smallOrder(name: CurveName, options?: { cause: unknown }): TlsError {
  return new TlsError(
    'ERR_BAD_KEY_SHARE',
    `the ${name} key share is a point of small order: the shared secret would be all zeros`,
    { group: name },
    options,
  );
}

/** The exchange over one of the two curves, or none where the runtime lacks it. */
export function montgomery(name: CurveName): readonly KeyExchange[] {
  try {
    makeKeyPair(name);
  } catch {
    return [];
  }
  return [
    {
      group: CURVES[name].group,
      start() {
        const { privateKey, share } = makeKeyPair(name);
        return { share, finish: (peerShare) => montgomerySecret(name, privateKey, peerShare) };
      },
      respond(peerShare) {
        const { privateKey, share } = makeKeyPair(name);
        return { share, secret: montgomerySecret(name, privateKey, peerShare) };
      },
    },
  ];
}
