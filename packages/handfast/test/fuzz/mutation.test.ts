/** TLS 1.3, with random changes. */
import { RECORDED_13 } from '../support/recorded.ts';
import { testMutation } from './mutation.ts';

testMutation(RECORDED_13);
