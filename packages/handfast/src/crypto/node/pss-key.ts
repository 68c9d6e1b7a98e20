/** RSA keys whose own parameters say how PSS is done: the way to tell node:crypto a mask hash of its own. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex } from '../../wire/bytes.ts';
import { Tag } from '../../x509/der.ts';
import type { HashName } from '../provider.ts';
import { asBuffer } from './buffers.ts';
import { integer, tlv } from './der.ts';

/** Object identifiers, encoded. */
const ID_RSASSA_PSS = fromHex('06092a864886f70d01010a');
const ID_MGF1 = fromHex('06092a864886f70d010108');
const HASH_OID: Readonly<Record<HashName, Uint8Array>> = {
  'SHA-1': fromHex('06052b0e03021a'),
  'SHA-256': fromHex('0609608648016503040201'),
  'SHA-384': fromHex('0609608648016503040202'),
  'SHA-512': fromHex('0609608648016503040203'),
};
const NULL = fromHex('0500');

/**
 * An id-RSASSA-PSS public key with the parameters given (RFC 4055 sections 1.2 and 3.1).
 * `verify` of node:crypto has no option for the mask's hash, but obeys such a key.
 */
export function pssKeyObject(
  modulus: Uint8Array,
  exponent: Uint8Array,
  parameters: { readonly hash: HashName; readonly mgfHash: HashName; readonly saltLength: number },
): KeyObject {
  const hash = tlv(Tag.SEQUENCE, HASH_OID[parameters.hash], NULL);
  const mask = tlv(Tag.SEQUENCE, ID_MGF1, tlv(Tag.SEQUENCE, HASH_OID[parameters.mgfHash], NULL));
  const salt = integer(Uint8Array.of(parameters.saltLength));
  const algorithm = tlv(
    Tag.SEQUENCE,
    ID_RSASSA_PSS,
    tlv(Tag.SEQUENCE, tlv(0xa0, hash), tlv(0xa1, mask), tlv(0xa2, salt)),
  );
  const publicKey = tlv(Tag.SEQUENCE, integer(modulus), integer(exponent));
  const spki = tlv(Tag.SEQUENCE, algorithm, tlv(Tag.BIT_STRING, Uint8Array.of(0), publicKey));
  return createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' });
}
