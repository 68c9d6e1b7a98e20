/** Every message of every TLS 1.2 flow with DHE is tampered with; the rules are in order12-rules.ts. */
import { testOrder } from './order12-rules.ts';

testOrder('DHE');
