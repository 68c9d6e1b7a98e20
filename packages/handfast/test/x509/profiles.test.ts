import { test } from 'node:test';
import { RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import * as der from '../support/der.ts';
import { type IssueOptions, issue } from '../support/pki.ts';
import { accepts, refuses } from './support.ts';

test('profiles refuse a limit on authorities below a certificate that may issue none', () => {
  const root = issue({ subject: 'Root', ca: true });
  const leaf = (options: Partial<IssueOptions>) =>
    issue({ subject: 'x', issuer: root, dnsNames: ['localhost'], extKeyUsage: ['serverAuth'], ...options });
  const limited = leaf({ ca: false, pathLen: 0 });
  for (const profile of [RFC5280_PROFILE, WEB_PKI_PROFILE]) {
    refuses('profile', /limits the number of authorities below it/, [limited], [root], { profile });
    accepts([leaf({ ca: false })], [root], { profile });
  }
  // By default what an authority writes into its leaves is not held against them.
  accepts([limited], [root]);
});

test('a limit needs keyCertSign, where there is keyUsage', () => {
  const basicConstraints = der.sequence(der.boolean(true), der.integer(0));
  const root = issue({
    subject: 'Root',
    keyUsage: ['cRLSign', 'digitalSignature'],
    dnsNames: ['localhost'],
    extraExtensions: [{ oid: '2.5.29.19', critical: true, value: basicConstraints }],
  });
  const words = /limits the number of authorities below it/;
  refuses('profile', words, [root], [root], { profile: RFC5280_PROFILE });
});
