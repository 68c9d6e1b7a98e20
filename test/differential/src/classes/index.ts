/** The table of known disagreements: a disagreement that none of these explains fails the run. */
import type { Class } from '../compare.ts';
import { GNUTLS } from './gnutls.ts';
import { GO } from './go.ts';
import { NODE } from './node.ts';
import { OPENSSL } from './openssl.ts';

export const CLASSES: readonly Class[] = [...OPENSSL, ...GNUTLS, ...GO, ...NODE];
