import { testVectorFiles } from '../wycheproof.ts';
import { signatureFiles } from '../wycheproof-signatures.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(signatureFiles(nodeSubject));
