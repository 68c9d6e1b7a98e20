/** TLS 1.3, cut anywhere. */
import { RECORDED_13 } from '../support/recorded.ts';
import { testChunking } from './chunking.ts';

testChunking(RECORDED_13);
