/** Wycheproof files of key agreement: raw points, the form that TLS has. */

import { equalBytes } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { bytes, type Subject, type Vector, type VectorFile } from './wycheproof.ts';

function agreementFile(
  subject: Subject,
  name: string,
  run: number,
  group: NamedGroup,
  acceptable: (vector: Vector) => 'accepted' | 'refused',
): VectorFile {
  return {
    name,
    run,
    acceptable,
    async check(_group, vector) {
      if (!subject.provider.groups.has(group)) return 'not offered: the group';
      try {
        const secret = await subject.sharedSecret(group, bytes(vector, 'private'), bytes(vector, 'public'));
        return equalBytes(secret, bytes(vector, 'shared')) ? 'accepted' : 'wrong result';
      } catch (error) {
        if (error instanceof TlsError && error.code === 'ERR_BAD_KEY_SHARE') return 'refused';
        throw error;
      }
    },
  };
}

/** The only acceptable vectors are compressed points, which TLS 1.3 does not have (RFC 9846 section 4.3.8.2). */
function compressed(vector: Vector): 'refused' {
  if (!vector.flags?.includes('CompressedPoint')) throw new Error(`unexpected flags ${vector.flags}`);
  return 'refused';
}

/**
 * RFC 7748 accepts points of the twist and numbers above the prime. The all-zero secret, which is what points of
 * small order give, must be refused (RFC 9846 section 7.4.2).
 */
function montgomery(vector: Vector): 'accepted' | 'refused' {
  return /^0+$/.test(String(vector['shared'])) ? 'refused' : 'accepted';
}

export function agreementFiles(subject: Subject): readonly VectorFile[] {
  const { secp256r1, secp384r1, secp521r1, x25519, x448 } = NamedGroup;
  return [
    agreementFile(subject, 'ecdh_secp256r1_ecpoint_test.json', 355, secp256r1, compressed),
    agreementFile(subject, 'ecdh_secp384r1_ecpoint_test.json', 790, secp384r1, compressed),
    agreementFile(subject, 'ecdh_secp521r1_ecpoint_test.json', 661, secp521r1, compressed),
    agreementFile(subject, 'x25519_test.json', 518, x25519, montgomery),
    agreementFile(subject, 'x448_test.json', 510, x448, montgomery),
  ];
}
