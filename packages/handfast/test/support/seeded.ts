/** A provider that decides everything by a seed, so that a conversation can be had again, byte for byte. */
import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider, KeyExchange, PublicKey } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { sampleSource } from '../wire/support.ts';
import { numberBytes, toNumber } from './cheats12.ts';
import { fixedKeyExchange } from './rfc8448.ts';

const powers = new Map<string, bigint>();

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const name = `${base} ${exponent}`;
  let result = powers.get(name);
  if (result === undefined) {
    result = 1n;
    let square = base;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = (result * square) % modulus;
      square = (square * square) % modulus;
    }
    powers.set(name, result);
  }
  return result;
}

/** Diffie-Hellman with one exponent for all, and node:crypto's checks of what it is given. */
function fixedFiniteField(exponent: bigint): CryptoProvider['finiteField'] {
  return (prime, generator) => {
    const checks = nodeProvider.finiteField(prime, generator);
    const p = toNumber(prime);
    const share = numberBytes(power(toNumber(generator), exponent, p), prime.length);
    const agree = (peer: Uint8Array): Uint8Array => {
      checks.respond(peer);
      return numberBytes(power(toNumber(peer), exponent, p), prime.length);
    };
    return {
      start: () => ({ share, finish: agree }),
      respond: (peer) => ({ share, secret: agree(peer) }),
    };
  };
}

function publicKeyObject({ modulus, exponent }: Extract<PublicKey, { kind: 'rsa' }>): KeyObject {
  const [n, e] = [base64url(modulus), base64url(exponent)];
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** A provider whose choices follow from a seed. Ed25519 keys sign without any, and so does RSA PKCS #1. */
export function seededProvider(seed: number): CryptoProvider {
  const { below } = sampleSource(seed);
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
  const exchanges = [NamedGroup.x25519, NamedGroup.secp256r1].map((group) =>
    fixedKeyExchange(group, random(32)),
  );
  const ffdhe2048 = nodeProvider.groups.get(NamedGroup.ffdhe2048) as KeyExchange; // TLS 1.2 asks for its numbers
  return {
    ...nodeProvider,
    random,
    groups: new Map([...exchanges, ffdhe2048].map((exchange) => [exchange.group, exchange])),
    finiteField: fixedFiniteField(toNumber(random(29))),
    rsaEncrypt: (key, message) => {
      nodeProvider.rsaEncrypt(key, message); // refuses keys that nothing can be encrypted to
      const padding = Uint8Array.from(
        { length: key.modulus.length - message.length - 3 },
        () => 1 + below(255),
      );
      const block = concat(Uint8Array.of(0, 2), padding, Uint8Array.of(0), message);
      return new Uint8Array(
        publicEncrypt({ key: publicKeyObject(key), padding: constants.RSA_NO_PADDING }, block),
      );
    },
  };
}
