import { testVectorFiles } from '../wycheproof.ts';
import { mlKemFiles } from '../wycheproof-ml-kem.ts';
import { nativeSubject, nobleSubject } from './ml-kem.ts';

testVectorFiles(mlKemFiles(nobleSubject), ', @noble/post-quantum');
if (nativeSubject !== undefined) testVectorFiles(mlKemFiles(nativeSubject), ', node:crypto');
