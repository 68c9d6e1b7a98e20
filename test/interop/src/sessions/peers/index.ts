import { bun, deno, go, node20, node26 } from './agents.ts';
import { gnutls } from './gnutls.ts';
import { openssl } from './openssl.ts';
import type { Peer } from './peer.ts';

export const PEERS: readonly Peer[] = [node20, node26, bun, deno, openssl, gnutls, go];
