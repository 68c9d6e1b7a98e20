import { testVectorFiles } from '../wycheproof.ts';
import { symmetricFiles } from '../wycheproof-symmetric.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(symmetricFiles(nodeSubject));
