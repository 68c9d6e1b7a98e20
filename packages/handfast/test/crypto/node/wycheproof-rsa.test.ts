import { testVectorFiles } from '../wycheproof.ts';
import { rsaFiles } from '../wycheproof-rsa.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(rsaFiles(nodeSubject));
