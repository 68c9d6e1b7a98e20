/** The cipher suites of TLS 1.3 that handfast speaks (RFC 9846 appendix B.4). */
import type { AeadName, HashName } from '../crypto/provider.ts';
import { CipherSuite, type CipherSuiteName } from '../wire/registry.ts';

/** What a cipher suite stands for. */
export interface CipherSuiteInfo {
  readonly suite: CipherSuite;
  readonly name: CipherSuiteName;
  readonly aead: AeadName;
  /** The hash function of the transcript and of HKDF. */
  readonly hash: HashName;
}

const SUITES: readonly CipherSuiteInfo[] = [
  {
    suite: CipherSuite.TLS_AES_128_GCM_SHA256,
    name: 'TLS_AES_128_GCM_SHA256',
    aead: 'AES-128-GCM',
    hash: 'SHA-256',
  },
  {
    suite: CipherSuite.TLS_AES_256_GCM_SHA384,
    name: 'TLS_AES_256_GCM_SHA384',
    aead: 'AES-256-GCM',
    hash: 'SHA-384',
  },
  {
    suite: CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    name: 'TLS_CHACHA20_POLY1305_SHA256',
    aead: 'CHACHA20-POLY1305',
    hash: 'SHA-256',
  },
];

/** By number. */
export const TLS13_CIPHER_SUITES: ReadonlyMap<CipherSuite, CipherSuiteInfo> = new Map(
  SUITES.map((info) => [info.suite, info]),
);
