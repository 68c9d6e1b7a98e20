/** What several stacks lack. */

import { isCbc, type Version } from '../axes.ts';
import type { Cell } from '../cell.ts';
import type { Lack } from './peer.ts';

export const noCcm = (who: string): Lack => ({ suites: /_CCM/, reason: `${who} has no AES-CCM` });

export const noDhe = (who: string): Lack => ({ suites: /_DHE_/, reason: `${who} has no DHE in TLS 1.2` });

export const noFfdhe = (who: string): Lack => ({
  groups: /^ffdhe/,
  reason: `${who} has no finite-field groups`,
});

export const noX448 = (who: string): Lack => ({ groups: /^x448$/, reason: `${who} has no X448` });

export const noEd448 = (who: string): Lack => ({ schemes: /^ed448$/, reason: `${who} has no Ed448` });

export const noPssKeys = (who: string): Lack => ({
  schemes: /^rsa_pss_pss_/,
  reason: `${who} has no id-RSASSA-PSS keys`,
});

export const noMlKem = (who: string): Lack => ({ groups: /MLKEM/, reason: `${who} has no ML-KEM` });

export const alwaysExtendedMasterSecret = (who: string): Lack => ({
  when: ({ suite, extendedMasterSecret }: Cell) => suite.version === 'TLSv1.2' && !extendedMasterSecret,
  reason: `${who} cannot be told to leave the extended master secret out`,
});

export const alwaysEncryptThenMac = (who: string): Lack => ({
  when: ({ suite, encryptThenMac }: Cell) => isCbc(suite) && !encryptThenMac,
  reason: `${who} cannot be told to leave encrypt-then-MAC out`,
});

export const neverEncryptThenMac = (who: string): Lack => ({
  when: ({ suite, encryptThenMac }: Cell) => isCbc(suite) && encryptThenMac,
  reason: `${who} has no encrypt-then-MAC`,
});

/** Of those who have an order of their own, where a contest would ask for another one. */
export function ownOrder(
  who: string,
  of: Partial<Pick<Lack, 'role'>> & { over?: 'suite' | 'group'; version?: Version } = {},
): Lack {
  const { role, over, version } = of;
  return {
    ...(role && { role }),
    when: ({ contest, suite }: Cell) =>
      contest !== undefined &&
      (over === undefined || contest.over === over) &&
      (version === undefined || suite.version === version),
    reason: `${who} keeps to an order of its own${over === undefined ? '' : ` of ${over}s`}${version === undefined ? '' : ` in ${version}`}`,
  };
}
