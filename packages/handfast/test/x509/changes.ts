/** Ways to change a certificate before it is signed. */
import * as der from '../support/der.ts';
import type { IssueOptions } from '../support/pki.ts';

export const base = { subject: 'x', dnsNames: ['x.test'] } as const;
export const extension = (oid: string, value: Uint8Array): Partial<IssueOptions> => ({
  keyUsage: null,
  dnsNames: [],
  keyIdentifiers: false,
  extraExtensions: [{ oid, value }],
});
export const replaceField = (index: number, value: Uint8Array): Partial<IssueOptions> => ({
  editFields: (fields) => fields.with(index, value),
});
export const algorithm = (value: Uint8Array): Partial<IssueOptions> => ({
  innerAlgorithm: value,
  outerAlgorithm: value,
});
export const keyInfo = (oid: string, parameters: Uint8Array, bits: Uint8Array): Partial<IssueOptions> => ({
  publicKeyInfo: der.sequence(der.sequence(der.oid(oid), parameters), der.bitString(bits)),
});
export const NOTHING = new Uint8Array(0);
export const EC = '1.2.840.10045.2.1';
export const RSA = '1.2.840.113549.1.1.1';
export const P256 = der.oid('1.2.840.10045.3.1.7');
export const PSS = '1.2.840.113549.1.1.10';
export const rsaKey = der.sequence(der.integer(1n << 2047n), der.integer(65537));
