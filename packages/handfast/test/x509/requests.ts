/** Certification requests, whose fields may be changed before they are signed. */
import { sign } from 'node:crypto';
import * as der from '../support/der.ts';
import { encodeGeneralName, encodeName, makeKey, publicKeyInfo, signatureAlgorithm } from '../support/pki.ts';

export const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
export const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const KEY = makeKey('p256');

export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(type), der.set(...values));
export const names = der.sequence(
  der.sequence(der.oid('2.5.29.17'), der.octetString(der.sequence(encodeGeneralName({ dns: 'a.test' })))),
);

/** A request whose fields may be replaced. */
export function request(
  change: (fields: Uint8Array[]) => readonly Uint8Array[] = (fields) => fields,
): Uint8Array {
  const info = der.sequence(
    ...change([
      der.integer(0),
      encodeName('a.test'),
      publicKeyInfo(KEY),
      der.context(0, attribute(CHALLENGE_PASSWORD, der.utf8String('x')), attribute(EXTENSION_REQUEST, names)),
    ]),
  );
  const signature = sign('sha256', info, KEY);
  return der.sequence(info, signatureAlgorithm(KEY, 'sha256'), der.bitString(signature));
}

export const replace =
  (index: number, ...values: readonly Uint8Array[]) =>
  (fields: Uint8Array[]): readonly Uint8Array[] => [
    ...fields.slice(0, index),
    ...values,
    ...fields.slice(index + 1),
  ];
