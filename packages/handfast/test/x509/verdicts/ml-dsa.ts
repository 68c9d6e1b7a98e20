/** About certificates with ML-DSA keys and signatures (RFC 9881). */
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import { issueWith, makeMlDsaKey } from '../../support/ml-dsa.ts';
import type { IssueOptions } from '../../support/pki.ts';
import type { Question } from '../support.ts';
import { type Cases, of } from './case.ts';

const root = issueWith(makeMlDsaKey('ML-DSA-44'), { subject: 'Post-quantum root', ca: true });
const below = (more: Partial<IssueOptions>, question?: Question) => {
  const leaf = issueWith(makeMlDsaKey('ML-DSA-65'), {
    subject: 'localhost',
    dnsNames: ['localhost'],
    issuer: root,
    ...more,
  });
  return of([leaf], question, [root]);
};

export const ML_DSA: Cases = {
  'a right chain': () => below({}),
  'a key that shall encrypt': () => below({ keyUsage: ['digitalSignature', 'keyEncipherment'] }),
  'a provider that cannot verify it': () => below({}, { provider: { ...nodeProvider, mlDsa: new Set() } }),
};
