/** What OpenSSL, and those who copied its options, call suites, groups and schemes. */
import { type GroupName, SUITES, type SuiteName } from '../axes.ts';
import type { Tellable } from './peer.ts';

const CIPHERS: ReadonlyMap<SuiteName, string> = new Map(
  SUITES.map(({ name, version, keyExchange, authentication, cipher, hash }) => {
    if (version === 'TLSv1.3') return [name, name];
    const bulk = cipher
      .replace('AES_', 'AES')
      .replace('_CBC', '')
      .replace('CCM_8', 'CCM8')
      .replaceAll('_', '-');
    const parts = keyExchange === 'RSA' ? [bulk] : [keyExchange, authentication, bulk];
    if (!/CCM|CHACHA/.test(cipher)) parts.push(hash);
    return [name, parts.join('-')];
  }),
);

export const cipherName = (suite: SuiteName): string => CIPHERS.get(suite) ?? suite;

/**
 * OpenSSL's list for TLS 1.2, which must not be empty, whatever the version. Level 0, since it counts the short tags
 * of CCM_8 as weak.
 */
export function cipherList(suites: readonly SuiteName[]): string {
  const names = suites.filter((suite) => suite.includes('_WITH_')).map(cipherName);
  return [...(names.length > 0 ? names : ['DEFAULT']), '@SECLEVEL=0'].join(':');
}

/** OpenSSL's list for TLS 1.3. */
export const suiteList = (suites: readonly SuiteName[]): string =>
  suites.filter((suite) => !suite.includes('_WITH_')).join(':');

const CURVES: Readonly<Partial<Record<GroupName, string>>> = {
  x25519: 'X25519',
  x448: 'X448',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** What `-groups` and `ecdhCurve` take. */
export const curveName = (group: GroupName): string => CURVES[group] ?? group;

/** A client of OpenSSL names no finite fields in TLS 1.2. */
export const openSslTellable: Tellable = ({ keyExchange }, role) =>
  keyExchange === 'DHE' && role === 'server'
    ? ['versions', 'suites', 'schemes']
    : ['versions', 'suites', 'groups', 'schemes'];
