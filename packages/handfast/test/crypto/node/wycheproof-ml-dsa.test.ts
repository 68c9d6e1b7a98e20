import { hasNativeMlDsa } from '../../../src/crypto/node/ml-dsa.ts';
import { testVectorFiles } from '../wycheproof.ts';
import { mlDsaFiles } from '../wycheproof-ml-dsa.ts';
import { nobleSubject } from './ml-dsa.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(mlDsaFiles(nodeSubject));
// Where node:crypto has none, that was noble.
if (hasNativeMlDsa()) testVectorFiles(mlDsaFiles(nobleSubject), ', @noble/post-quantum');
