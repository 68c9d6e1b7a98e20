/** TLS 1.3 between sides that have met before, with random changes. */
import { RECORDED_SESSIONS } from '../support/recorded.ts';
import { testMutation } from './mutation.ts';

testMutation(RECORDED_SESSIONS);
