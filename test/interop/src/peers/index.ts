import { curl } from './curl.ts';
import { gnutls } from './gnutls.ts';
import { openssl } from './openssl.ts';
import type { Peer } from './peer.ts';
import { bun, deno, node26 } from './runtimes.ts';

export const PEERS: readonly Peer[] = [node26, bun, deno, openssl, gnutls, curl];
