/** Wycheproof files of RSA decryption: the provider's raw operation, and the padding taken off here. */
import type { SigningKey } from '../../src/crypto/provider.ts';
import { equalBytes } from '../../src/wire/bytes.ts';
import { bytes, type Subject, type VectorFile, type VectorGroup } from './wycheproof.ts';

/** RFC 8017 section 7.2.2 step 3: 00 02, at least eight bytes that are not zero, 00, the message. */
function unpadded(block: Uint8Array): Uint8Array | undefined {
  const end = block.indexOf(0, 2);
  return block[0] === 0 && block[1] === 2 && end >= 10 ? block.subarray(end + 1) : undefined;
}

const keys = new WeakMap<VectorGroup, SigningKey>();

function keyOf(subject: Subject, group: VectorGroup): SigningKey {
  const key = keys.get(group) ?? subject.rsaKey(bytes(group, 'privateKeyPkcs8'));
  keys.set(group, key);
  return key;
}

function decryptionFile(subject: Subject, name: string, run: number): VectorFile {
  return {
    name,
    run,
    async check(group, vector) {
      const { rsaDecryptRaw, publicKey } = keyOf(subject, group);
      if (rsaDecryptRaw === undefined || publicKey?.kind !== 'rsa') return 'not offered: the raw operation';
      const block = await rsaDecryptRaw(bytes(vector, 'ct'));
      if (block.length !== publicKey.modulus.length) return 'wrong result';
      const message = unpadded(block);
      if (message === undefined) return 'refused';
      return equalBytes(message, bytes(vector, 'msg')) ? 'accepted' : 'wrong result';
    },
  };
}

export function rsaFiles(subject: Subject): readonly VectorFile[] {
  return [
    decryptionFile(subject, 'rsa_pkcs1_2048_test.json', 67),
    decryptionFile(subject, 'rsa_pkcs1_3072_test.json', 67),
  ];
}
