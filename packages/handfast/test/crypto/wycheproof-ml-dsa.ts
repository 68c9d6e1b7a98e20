/** Wycheproof files of ML-DSA verification. */
import type { MlDsaParameterSet, PublicKey } from '../../src/crypto/provider.ts';
import { bytes, type Subject, type VectorFile } from './wycheproof.ts';

function verifyFile(
  subject: Subject,
  parameterSet: MlDsaParameterSet,
  name: string,
  run: number,
): VectorFile {
  return {
    name,
    run,
    async check(group, vector) {
      // Certificates have none (RFC 9881 section 3).
      if (vector['ctx'] !== undefined) return 'not offered: contexts';
      const key: PublicKey = { kind: 'ml-dsa', parameterSet, key: bytes(group, 'publicKey') };
      const algorithm = { kind: 'ml-dsa', parameterSet } as const;
      const [message, signature] = [bytes(vector, 'msg'), bytes(vector, 'sig')];
      return (await subject.provider.verify(algorithm, key, message, signature)) ? 'accepted' : 'refused';
    },
  };
}

export function mlDsaFiles(subject: Subject): readonly VectorFile[] {
  return [
    verifyFile(subject, 'ML-DSA-44', 'mldsa_44_verify_test.json', 172),
    verifyFile(subject, 'ML-DSA-65', 'mldsa_65_verify_test.json', 202),
    verifyFile(subject, 'ML-DSA-87', 'mldsa_87_verify_test.json', 233),
  ];
}
