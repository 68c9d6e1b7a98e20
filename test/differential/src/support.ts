/** The library's test support, whose compiled files lie outside of the package's public entries and are found beside them. */
import type * as Der from '../../../packages/handfast/test/support/der.ts';
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

async function support<T>(file: string): Promise<T> {
  return (await import(new URL(`../test/support/${file}`, import.meta.resolve('handfast')).href)) as T;
}

/** Writes DER. */
export const der: typeof Der = await support<typeof Der>('der.js');
/** Issues certificates. */
export const pki: typeof TestPki = await support<typeof TestPki>('pki.js');

export type IssueOptions = TestPki.IssueOptions;
export type Issued = TestPki.Issued;
export type SignatureHash = TestPki.SignatureHash;
export type GeneralNameSpec = TestPki.GeneralNameSpec;
export type NameSpec = TestPki.NameSpec;
