import { testVectorFiles } from '../wycheproof.ts';
import { mlDsaFiles } from '../wycheproof-ml-dsa.ts';
import { nativeSubject, nobleSubject } from './ml-dsa.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(mlDsaFiles(nodeSubject));
testVectorFiles(mlDsaFiles(nobleSubject), ', @noble/post-quantum');
if (nativeSubject !== undefined) testVectorFiles(mlDsaFiles(nativeSubject), ', node:crypto');
