/** What the tests of the library make: certificates, revocation lists, OCSP responses and timestamps of any kind, right and wrong. */
import type * as Der from '../../../handfast/test/support/der.ts';
import type * as Evidence from '../../../handfast/test/support/evidence.ts';
import type * as MlDsa from '../../../handfast/test/support/ml-dsa.ts';
import type * as Pki from '../../../handfast/test/support/pki.ts';
import type * as Revocation from '../../../handfast/test/support/revocation.ts';
import type * as Transparency from '../../../handfast/test/support/transparency.ts';

/** The compiled files lie outside of the package's public entries, and are found beside them. */
async function support<T>(file: string): Promise<T> {
  return (await import(new URL(`../test/support/${file}`, import.meta.resolve('handfast')).href)) as T;
}

export const der: typeof Der = await support<typeof Der>('der.js');
export const { issue, testPki, toPem } = await support<typeof Pki>('pki.js');
export const { issueWith, makeMlDsaKey } = await support<typeof MlDsa>('ml-dsa.js');
export const { makeList, makeOcspResponse, ocspFailure } = await support<typeof Revocation>('revocation.js');
export const { embedded, inOcsp, issueLogged, makeLog, makeTimestamp, timestampList } =
  await support<typeof Transparency>('transparency.js');
export const { accessInfo, evidenceServer } = await support<typeof Evidence>('evidence.js');
