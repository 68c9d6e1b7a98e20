import { testVectorFiles } from '../wycheproof.ts';
import { agreementFiles } from '../wycheproof-agreement.ts';
import { nodeSubject } from './subject.ts';

testVectorFiles(agreementFiles(nodeSubject));
