/** Rules for how certificates are made, each at its edge; x509-limbo has the others. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type ProfileRule, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import * as der from '../support/der.ts';
import { type IssueOptions, issue } from '../support/pki.ts';
import { accepts, refuses } from './support.ts';

const ROOT = issue({ subject: 'Root', ca: true });
const FINE: IssueOptions = {
  subject: 'localhost',
  issuer: ROOT,
  dnsNames: ['localhost'],
  extKeyUsage: ['serverAuth'],
};

/** What the rules of one section say of a leaf. */
function judged(profile: readonly ProfileRule[], section: string) {
  const rules = profile.filter(({ source }) => source.endsWith(`section ${section}`));
  assert.ok(rules.length > 0, section);
  return {
    accepts: (change: Partial<IssueOptions>) =>
      accepts([issue({ ...FINE, ...change })], [ROOT], { profile: rules, name: null }),
    refuses: (change: Partial<IssueOptions>, sentence: RegExp) =>
      refuses('profile', sentence, [issue({ ...FINE, ...change })], [ROOT], { profile: rules, name: null }),
  };
}

test('host names are of letters, digits and hyphens (RFC 5280 section 4.2.1.6)', () => {
  for (const profile of [RFC5280_PROFILE, WEB_PKI_PROFILE]) {
    const rule = judged(profile, '4.2.1.6');
    const label = 'a'.repeat(63);
    for (const name of ['a', 'A-1.b', '3com.test', '*.a.test', 'xn--bcher-kva.test', `${label}.test`]) {
      rule.accepts({ dnsNames: [name] });
    }
    for (const name of [
      'foo_bar.test',
      '-a.test',
      'a-.test',
      'a..test',
      '.a.test',
      'a.test.',
      'a.*.test',
      '',
      ' ',
      `a${label}.test`,
    ]) {
      rule.refuses({ dnsNames: ['fine.test', name] }, /which is no host name of letters, digits and hyphens/);
    }
    rule.accepts({ dnsNames: [], ipAddresses: ['192.0.2.1'] });
  }
});

test('a common name is one of the alternative names, character for character (BR section 7.1.4.3)', () => {
  const rule = judged(WEB_PKI_PROFILE, '7.1.4.3');
  const ipAddresses = ['192.0.2.1', '2001:db8::1'];
  for (const subject of ['a.test', '*.b.test', '192.0.2.1', '2001:db8::1']) {
    rule.accepts({ subject, dnsNames: ['a.test', '*.b.test'], ipAddresses });
  }
  rule.accepts({ subject: [['O', 'No common name']] });
  rule.accepts({ subject: 'Ada', dnsNames: [], emails: ['ada@mail.test'] });
  rule.accepts({ subject: 'Ada', dnsNames: [] });
  for (const subject of [
    'b.test',
    'A.test',
    'x.b.test',
    '192.000.2.1',
    '0xC0000201',
    '2001:DB8::1',
    '2001:db8:0::1',
    '',
  ]) {
    rule.refuses(
      { subject: [['CN', subject]], dnsNames: ['a.test', '*.b.test'], ipAddresses },
      /its common name is none of its alternative names/,
    );
  }
  rule.refuses(
    {
      subject: [
        ['CN', 'localhost'],
        ['CN', 'localhost'],
      ],
    },
    /it has 2 common names; one is allowed/,
  );
});

test('eight divides the bits of an RSA key (BR section 6.1.5)', () => {
  const rule = judged(WEB_PKI_PROFILE, '6.1.5');
  const key = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  rule.accepts({ key: 'rsa2048' });
  rule.accepts({ key: 'p256' });
  rule.refuses({ key: key(2052) }, /a number of bits that eight does not divide/);
});

test('constraints of host names have no dot in front (RFC 5280 section 4.2.1.10)', () => {
  const profile = RFC5280_PROFILE.filter(({ source }) => source.endsWith('section 4.2.1.10'));
  for (const kind of ['permitted', 'excluded'] as const) {
    const chain = (dns: string) => {
      const root = issue({ subject: 'Root', ca: true, nameConstraints: { [kind]: [{ dns }] } });
      return [[issue({ ...FINE, issuer: root, dnsNames: ['a.b.test'] })], [root]] as const;
    };
    const [wide, narrow] = kind === 'permitted' ? ['b.test', '.b.test'] : ['c.test', '.c.test'];
    accepts(...chain(wide), { profile, name: 'a.b.test' });
    refuses('profile', /constrains host names with a dot in front/, ...chain(narrow), {
      profile,
      name: 'a.b.test',
    });
    accepts(...chain(narrow), { name: 'a.b.test' });
  }
});

test('profiles refuse a limit on authorities below a certificate that may issue none', () => {
  const root = issue({ subject: 'Root', ca: true });
  const leaf = (options: Partial<IssueOptions>) =>
    issue({
      subject: 'localhost',
      issuer: root,
      dnsNames: ['localhost'],
      extKeyUsage: ['serverAuth'],
      ...options,
    });
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
