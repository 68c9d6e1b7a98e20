import { go, jsse } from './built.ts';
import { gnutls } from './gnutls.ts';
import { nss } from './nss.ts';
import { openssl } from './openssl.ts';
import type { Peer } from './peer.ts';
import { bun, deno, node20, node26 } from './runtimes.ts';

export const PEERS: readonly Peer[] = [node20, node26, bun, deno, openssl, gnutls, nss, go, jsse];
