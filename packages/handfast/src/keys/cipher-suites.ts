/** The cipher suites that handfast speaks, and what each stands for. */
import type { AeadName, CbcName, HashName } from '../crypto/provider.ts';
import { CipherSuite, type CipherSuiteName } from '../wire/registry.ts';

/** How records are protected: by an authenticated cipher, or by CBC with an HMAC beside it (RFC 5246 section 6.2.3.2). */
export type CipherInfo =
  | { readonly kind: 'aead'; readonly aead: AeadName }
  | {
      readonly kind: 'cbc';
      readonly cbc: CbcName;
      /** The hash function of the HMAC. */
      readonly mac: HashName;
    };

/** How the premaster secret of TLS 1.2 comes about; in TLS 1.3 the cipher suite does not say. */
export type KeyExchange12 = 'ECDHE' | 'DHE' | 'RSA';

/** A cipher suite of TLS 1.3 (RFC 9846 appendix B.4). */
export interface CipherSuite13Info {
  readonly suite: CipherSuite;
  readonly name: CipherSuiteName;
  readonly version: 'TLSv1.3';
  readonly aead: AeadName;
  /** The hash function of the transcript and of HKDF. */
  readonly hash: HashName;
}

/** A cipher suite of TLS 1.2 (RFC 5246 appendix C). */
export interface CipherSuite12Info {
  readonly suite: CipherSuite;
  readonly name: CipherSuiteName;
  readonly version: 'TLSv1.2';
  readonly keyExchange: KeyExchange12;
  /** The kind of key that the server's certificate must hold; `ECDSA` includes EdDSA (RFC 8422 section 2.1). */
  readonly authentication: 'ECDSA' | 'RSA';
  readonly cipher: CipherInfo;
  /** The hash function of the PRF and of the transcript. */
  readonly hash: HashName;
}

/** What a cipher suite stands for; `version` tells which of the two it is. */
export type CipherSuiteInfo = CipherSuite13Info | CipherSuite12Info;

function suite13(name: CipherSuiteName, aead: AeadName, hash: HashName): CipherSuite13Info {
  return { suite: CipherSuite[name], name, version: 'TLSv1.3', aead, hash };
}

function suite12(
  name: CipherSuiteName,
  keyExchange: KeyExchange12,
  authentication: 'ECDSA' | 'RSA',
  cipher: CipherInfo,
  hash: HashName,
): CipherSuite12Info {
  return { suite: CipherSuite[name], name, version: 'TLSv1.2', keyExchange, authentication, cipher, hash };
}

function byNumber<T extends CipherSuiteInfo>(suites: readonly T[]): ReadonlyMap<CipherSuite, T> {
  return new Map(suites.map((info) => [info.suite, info]));
}

/** The cipher suites of TLS 1.3, by number. */
export const TLS13_CIPHER_SUITES: ReadonlyMap<CipherSuite, CipherSuite13Info> = byNumber([
  suite13('TLS_AES_128_GCM_SHA256', 'AES-128-GCM', 'SHA-256'),
  suite13('TLS_AES_256_GCM_SHA384', 'AES-256-GCM', 'SHA-384'),
  suite13('TLS_CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305', 'SHA-256'),
  suite13('TLS_AES_128_CCM_SHA256', 'AES-128-CCM', 'SHA-256'),
  suite13('TLS_AES_128_CCM_8_SHA256', 'AES-128-CCM-8', 'SHA-256'),
]);

const AES_128_GCM: CipherInfo = { kind: 'aead', aead: 'AES-128-GCM' };
const AES_256_GCM: CipherInfo = { kind: 'aead', aead: 'AES-256-GCM' };
const CHACHA20: CipherInfo = { kind: 'aead', aead: 'CHACHA20-POLY1305' };
const AES_128_CCM: CipherInfo = { kind: 'aead', aead: 'AES-128-CCM' };
const AES_256_CCM: CipherInfo = { kind: 'aead', aead: 'AES-256-CCM' };
const AES_128_CCM_8: CipherInfo = { kind: 'aead', aead: 'AES-128-CCM-8' };
const AES_256_CCM_8: CipherInfo = { kind: 'aead', aead: 'AES-256-CCM-8' };
const AES_128_CBC_SHA: CipherInfo = { kind: 'cbc', cbc: 'AES-128-CBC', mac: 'SHA-1' };
const AES_256_CBC_SHA: CipherInfo = { kind: 'cbc', cbc: 'AES-256-CBC', mac: 'SHA-1' };
const AES_128_CBC_SHA256: CipherInfo = { kind: 'cbc', cbc: 'AES-128-CBC', mac: 'SHA-256' };
const AES_256_CBC_SHA256: CipherInfo = { kind: 'cbc', cbc: 'AES-256-CBC', mac: 'SHA-256' };
const AES_256_CBC_SHA384: CipherInfo = { kind: 'cbc', cbc: 'AES-256-CBC', mac: 'SHA-384' };

/** The cipher suites of TLS 1.2, by number. */
export const TLS12_CIPHER_SUITES: ReadonlyMap<CipherSuite, CipherSuite12Info> = byNumber([
  suite12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE', 'ECDSA', AES_128_GCM, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE', 'ECDSA', AES_256_GCM, 'SHA-384'),
  suite12('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE', 'ECDSA', CHACHA20, 'SHA-256'),
  suite12('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE', 'RSA', AES_128_GCM, 'SHA-256'),
  suite12('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE', 'RSA', AES_256_GCM, 'SHA-384'),
  suite12('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE', 'RSA', CHACHA20, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'ECDHE', 'ECDSA', AES_128_CCM, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_256_CCM', 'ECDHE', 'ECDSA', AES_256_CCM, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE', 'ECDSA', AES_128_CCM_8, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ECDHE', 'ECDSA', AES_256_CCM_8, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DHE', 'RSA', AES_128_GCM, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'DHE', 'RSA', AES_256_GCM, 'SHA-384'),
  suite12('TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'DHE', 'RSA', CHACHA20, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_128_CCM', 'DHE', 'RSA', AES_128_CCM, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_256_CCM', 'DHE', 'RSA', AES_256_CCM, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_128_GCM_SHA256', 'RSA', 'RSA', AES_128_GCM, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_256_GCM_SHA384', 'RSA', 'RSA', AES_256_GCM, 'SHA-384'),
  suite12('TLS_RSA_WITH_AES_128_CCM', 'RSA', 'RSA', AES_128_CCM, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_256_CCM', 'RSA', 'RSA', AES_256_CCM, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE', 'ECDSA', AES_128_CBC_SHA256, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE', 'ECDSA', AES_256_CBC_SHA384, 'SHA-384'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE', 'ECDSA', AES_128_CBC_SHA, 'SHA-256'),
  suite12('TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE', 'ECDSA', AES_256_CBC_SHA, 'SHA-256'),
  suite12('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE', 'RSA', AES_128_CBC_SHA256, 'SHA-256'),
  suite12('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE', 'RSA', AES_256_CBC_SHA384, 'SHA-384'),
  suite12('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE', 'RSA', AES_128_CBC_SHA, 'SHA-256'),
  suite12('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE', 'RSA', AES_256_CBC_SHA, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_128_CBC_SHA256', 'DHE', 'RSA', AES_128_CBC_SHA256, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', 'DHE', 'RSA', AES_256_CBC_SHA256, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'DHE', 'RSA', AES_128_CBC_SHA, 'SHA-256'),
  suite12('TLS_DHE_RSA_WITH_AES_256_CBC_SHA', 'DHE', 'RSA', AES_256_CBC_SHA, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_128_CBC_SHA256', 'RSA', 'RSA', AES_128_CBC_SHA256, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_256_CBC_SHA256', 'RSA', 'RSA', AES_256_CBC_SHA256, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_128_CBC_SHA', 'RSA', 'RSA', AES_128_CBC_SHA, 'SHA-256'),
  suite12('TLS_RSA_WITH_AES_256_CBC_SHA', 'RSA', 'RSA', AES_256_CBC_SHA, 'SHA-256'),
]);

/** The cipher suites of both versions, by number. */
export const CIPHER_SUITES: ReadonlyMap<CipherSuite, CipherSuiteInfo> = new Map<CipherSuite, CipherSuiteInfo>(
  [...TLS13_CIPHER_SUITES, ...TLS12_CIPHER_SUITES],
);
