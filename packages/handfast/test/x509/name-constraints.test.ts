import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as der from '../support/der.ts';
import { type GeneralNameSpec, type Issued, type IssueOptions, issue, testPki } from '../support/pki.ts';
import { accepts, refuses } from './support.ts';

const { root } = testPki();

type Constraints = NonNullable<IssueOptions['nameConstraints']>;

/** A constrained intermediate over one leaf, and whether the chain is accepted. */
function chain(nameConstraints: Constraints, leaf: Partial<IssueOptions>): [Issued, Issued] {
  const authority = issue({ subject: 'Constrained', issuer: root, ca: true, nameConstraints });
  return [issue({ subject: '', issuer: authority, ...leaf }), authority];
}

const client = { purpose: 'client' } as const;

function permits(nameConstraints: Constraints, leaf: Partial<IssueOptions>): void {
  accepts(chain(nameConstraints, leaf), [root], client);
}

function forbids(nameConstraints: Constraints, leaf: Partial<IssueOptions>, words: RegExp): void {
  refuses('nameConstraints', words, chain(nameConstraints, leaf), [root], client);
}

/** For a constraint: names that it covers, names that it does not, and names that cannot be compared with it. */
interface Table {
  readonly constraint: GeneralNameSpec;
  readonly covers: readonly GeneralNameSpec[];
  readonly leaves: readonly GeneralNameSpec[];
  readonly confuses?: readonly GeneralNameSpec[];
}

const dns = (...names: string[]): GeneralNameSpec[] => names.map((name) => ({ dns: name }));
const email = (...names: string[]): GeneralNameSpec[] => names.map((name) => ({ email: name }));
const uri = (...names: string[]): GeneralNameSpec[] => names.map((name) => ({ uri: name }));
const ip = (...names: string[]): GeneralNameSpec[] => names.map((name) => ({ ip: name }));

const TABLES: readonly Table[] = [
  {
    constraint: { dns: 'Example.com' },
    covers: dns(
      'example.com',
      'EXAMPLE.COM',
      'www.example.com',
      'a.b.example.com',
      '*.example.com',
      '*.a.example.com',
    ),
    leaves: dns('example.org', 'notexample.com', 'com', 'example.com.evil.test'),
    confuses: dns(
      '.example.com',
      'example.com.',
      'www..example.com',
      'ex ample.com',
      '',
      'w*.example.com',
      'a\u0000.example.com',
    ),
  },
  {
    constraint: { dns: '.example.com' },
    covers: dns('www.example.com', 'a.b.example.com', '*.example.com'),
    leaves: dns('example.com', 'notexample.com', '*.com.test'),
  },
  { constraint: { dns: '' }, covers: dns('example.com', '*.a.test'), leaves: [] },
  {
    constraint: { ip: '192.0.2.0/25' },
    covers: ip('192.0.2.0', '192.0.2.127'),
    leaves: ip('192.0.2.128', '192.0.3.1', '::c000:201'),
  },
  { constraint: { ip: '0.0.0.0/0' }, covers: ip('255.255.255.255'), leaves: ip('::') },
  {
    constraint: { ip: '2001:db8::/33' },
    covers: ip('2001:db8:7fff::1'),
    leaves: ip('2001:db8:8000::1', '32.1.13.184'),
  },
  {
    constraint: { email: 'me@Example.com' },
    covers: email('me@example.com', 'me@EXAMPLE.com'),
    leaves: email('Me@example.com', 'you@example.com', 'me@www.example.com'),
    confuses: email('example.com', '@example.com', 'a@b@example.com', '"me"@example.com', 'me@', ''),
  },
  {
    constraint: { email: 'example.com' },
    covers: email('anyone@example.com'),
    leaves: email('anyone@www.example.com', 'example.com@evil.test'),
  },
  {
    constraint: { email: '.example.com' },
    covers: email('anyone@www.example.com', 'anyone@a.b.example.com'),
    leaves: email('anyone@example.com', 'anyone@notexample.com'),
  },
  {
    constraint: { uri: 'example.com' },
    covers: uri('https://example.com', 'https://EXAMPLE.com:443/x?y#z', 'ftp://me:you@example.com/'),
    leaves: uri(
      'https://www.example.com/',
      'https://evil.test/example.com',
      'https://example.com@evil.test/',
      'https://xn--bcher-kva.example/',
      'x://a?@example.com',
    ),
    confuses: uri(
      'urn:example.com',
      'https:///x',
      'https://127.0.0.1/',
      'https://[::1]/',
      'mailto:me@example.com',
      '//example.com',
      'https://exa mple.com/',
      'https://ex%61mple.com/',
      // Some parsers see the host before the backslash, others the one behind the at sign.
      'https://evil.test\\@example.com/',
      'https://a@evil.test@example.com/',
      'https://example.com:80:80/',
      'https://2130706433/',
      'https://127.1/',
      'https://0x7f000001/',
    ),
  },
  {
    constraint: { uri: '.example.com' },
    covers: uri('https://www.example.com/', 'https://a.b.example.com'),
    leaves: uri('https://example.com/', 'https://notexample.com/'),
  },
  {
    constraint: {
      directory: [
        ['C', 'CH'],
        ['O', 'Tell'],
      ],
    },
    covers: [
      {
        directory: [
          ['C', 'CH'],
          ['O', 'tell'],
          ['CN', 'x'],
        ],
      },
      {
        directory: [
          ['C', 'ch'],
          ['O', 'Tell'],
        ],
      },
    ],
    leaves: [
      {
        directory: [
          ['O', 'Tell'],
          ['C', 'CH'],
        ],
      },
      { directory: [['C', 'CH']] },
      { directory: 'x' },
    ],
  },
];

for (const { constraint, covers, leaves, confuses = [] } of TABLES) {
  const shown = JSON.stringify(constraint);
  for (const name of covers) {
    test(`${shown} covers ${JSON.stringify(name)}`, () => {
      permits({ permitted: [constraint] }, { altNames: [name] });
      forbids({ excluded: [constraint] }, { altNames: [name] }, /is excluded \(by/);
    });
  }
  for (const name of leaves) {
    test(`${shown} does not cover ${JSON.stringify(name)}`, () => {
      forbids({ permitted: [constraint] }, { altNames: [name] }, /is not among the permitted names/);
      permits({ excluded: [constraint] }, { altNames: [name] });
    });
  }
  for (const name of confuses) {
    test(`${shown} and ${JSON.stringify(name)} cannot be compared, so neither way is it accepted`, () => {
      forbids({ permitted: [constraint] }, { altNames: [name] }, /cannot be compared/);
      forbids({ excluded: [constraint] }, { altNames: [name] }, /cannot be compared/);
    });
  }
}

test('a wildcard that reaches into an excluded name is excluded, and one that reaches out of a permitted one too', () => {
  forbids({ excluded: dns('secret.example.com') }, { dnsNames: ['*.example.com'] }, /is excluded/);
  forbids({ permitted: dns('www.example.com') }, { dnsNames: ['*.example.com'] }, /not among the permitted/);
  permits({ excluded: dns('secret.example.org') }, { dnsNames: ['*.example.com'] });
});

test('constraints that are malformed refuse every name of their kind, and no others', () => {
  for (const bad of dns('*.example.com', 'exa mple.com', '..example.com')) {
    forbids({ permitted: [bad] }, { dnsNames: ['www.example.com'] }, /cannot be compared/);
    forbids({ excluded: [bad] }, { dnsNames: ['www.example.com'] }, /cannot be compared/);
    permits({ permitted: [bad] }, { ipAddresses: ['127.0.0.1'] });
  }
  forbids({ excluded: email('a@b@c.test') }, { emails: ['me@c.test'] }, /cannot be compared/);
});

test('each kind is constrained by itself', () => {
  const both: Constraints = { permitted: [...dns('a.test'), ...ip('10.0.0.0/8')] };
  permits(both, {
    dnsNames: ['x.a.test'],
    ipAddresses: ['10.1.1.1'],
    emails: ['me@b.test'],
    uris: ['urn:x'],
  });
  forbids(both, { dnsNames: ['x.a.test'], ipAddresses: ['11.1.1.1'] }, /IP:11\.1\.1\.1/);
  forbids(both, { dnsNames: ['x.a.test', 'b.test'] }, /DNS:b\.test/);
});

test('what is permitted and excluded is excluded; one of several permitted names suffices', () => {
  forbids({ permitted: dns('a.test'), excluded: dns('x.a.test') }, { dnsNames: ['x.a.test'] }, /is excluded/);
  permits({ permitted: dns('a.test', 'b.test') }, { dnsNames: ['x.b.test', 'x.a.test'] });
});

test('the subject counts as a directory name, and its mail addresses as mail addresses', () => {
  const inside = { directory: [['O', 'Tell']] } as const;
  const subject = [
    ['O', 'Tell'],
    ['emailAddress', 'me@b.test'],
  ] as const;
  permits({ permitted: [inside] }, { subject });
  forbids({ permitted: [inside] }, { subject: 'x' }, /DirName:CN=x/);
  forbids({ permitted: [inside] }, { subject, altNames: [{ directory: 'x' }] }, /DirName:CN=x/);
  forbids({ permitted: email('a.test') }, { subject }, /email:me@b\.test/);
  forbids({ excluded: email('b.test') }, { subject, dnsNames: ['b.test'] }, /email:me@b\.test/);
});

test('the common name is no host name', () => {
  permits({ excluded: dns('a.test') }, { subject: 'a.test', dnsNames: ['b.test'] });
});

test('kinds that cannot be checked are refused when the authority insists and such a name is there', () => {
  const other: GeneralNameSpec = {
    raw: der.context(0, der.oid('1.2.3'), der.context(0, der.utf8String('x'))),
  };
  const registered: GeneralNameSpec = { registeredId: '1.2.3' };
  for (const kind of [other, registered]) {
    forbids({ permitted: [kind] }, { altNames: [kind] }, /of which it has one, cannot be checked/);
    forbids({ excluded: [kind] }, { altNames: [kind] }, /of which it has one, cannot be checked/);
    permits({ excluded: [kind] }, { dnsNames: ['a.test'] });
  }
  const value = der.sequence(der.context(1, der.sequence((other as { raw: Uint8Array }).raw)));
  const lenient = issue({
    subject: 'Lenient',
    issuer: root,
    ca: true,
    extraExtensions: [{ oid: '2.5.29.30', value }],
  });
  accepts([issue({ subject: 'x', issuer: lenient, altNames: [other] }), lenient], [root], client);
});

test('constraints on mail addresses hold for international ones (RFC 9598)', () => {
  const mailbox = (value: Uint8Array): GeneralNameSpec => ({
    raw: der.context(0, der.oid('1.3.6.1.5.5.7.8.9'), der.context(0, value)),
  });
  const me = mailbox(der.utf8String('m\u00fcller@xn--bcher-kva.example'));
  const domain = email('xn--bcher-kva.example');
  permits({ permitted: domain }, { altNames: [me] });
  forbids({ excluded: domain }, { altNames: [me] }, /is excluded/);
  forbids({ permitted: email('a.test') }, { altNames: [me] }, /is not among the permitted names/);
  permits({ excluded: email('a.test') }, { altNames: [me] });
  permits({ permitted: dns('a.test') }, { altNames: [me] });
  // Hosts are compared as A-labels, and what is no mail address with none.
  for (const odd of [
    mailbox(der.utf8String('m\u00fcller@b\u00fccher.example')),
    mailbox(der.utf8String('b\u00fccher.example')),
    // In lower case a kelvin is k.
    mailbox(der.utf8String('m\u00fcller@xn--bcher-\u212ava.example')),
    mailbox(der.integer(1)),
    mailbox(der.tlv(0x0c, Uint8Array.of(0xff))),
  ]) {
    forbids({ permitted: domain }, { altNames: [odd] }, /cannot be compared/);
    forbids({ excluded: domain }, { altNames: [odd] }, /cannot be compared/);
  }
});

test('constraints on international mail addresses themselves cannot be checked (RFC 9598 defines none)', () => {
  const mailbox: GeneralNameSpec = {
    raw: der.context(0, der.oid('1.3.6.1.5.5.7.8.9'), der.context(0, der.utf8String('m\u00fcller@a.test'))),
  };
  for (const side of ['permitted', 'excluded'] as const) {
    forbids({ [side]: [mailbox] }, { altNames: [mailbox] }, /of which it has one, cannot be checked/);
    permits({ [side]: [mailbox] }, { emails: ['me@a.test'] });
  }
});

test('A-labels are compared without regard to case, as every host is', () => {
  const constraint = { permitted: dns('XN--BCHER-KVA.example') };
  permits(constraint, { dnsNames: ['www.xn--bcher-kva.EXAMPLE'] });
  forbids(constraint, { dnsNames: ['xn--bchers-kva.example'] }, /not among the permitted/);
});

test('hosts that are longer than any name in DNS cannot be compared', () => {
  const long = `${'a.'.repeat(200)}example.com`;
  forbids({ permitted: dns('example.com') }, { dnsNames: [long] }, /cannot be compared/);
  forbids({ excluded: dns(long) }, { dnsNames: ['example.org'] }, /cannot be compared/);
  forbids({ permitted: email('example.com') }, { emails: [`me@${long}`] }, /cannot be compared/);
});

test('constraints that are not critical hold as well', () => {
  const value = der.sequence(der.context(1, der.sequence(der.contextPrimitive(2, Buffer.from('a.test')))));
  const authority = issue({
    subject: 'A',
    issuer: root,
    ca: true,
    extraExtensions: [{ oid: '2.5.29.30', value }],
  });
  const leaf = issue({ subject: 'x', issuer: authority, dnsNames: ['x.a.test'] });
  refuses('nameConstraints', /is excluded/, [leaf, authority], [root], client);
});

test('constraints hold for everything below, and only add up', () => {
  const top = issue({
    subject: 'Top',
    issuer: root,
    ca: true,
    nameConstraints: { permitted: dns('a.test') },
  });
  const wider = issue({
    subject: 'Wider',
    issuer: top,
    ca: true,
    nameConstraints: { permitted: dns('a.test', 'b.test') },
  });
  const leaf = (name: string) => issue({ subject: 'x', issuer: wider, dnsNames: [name] });
  accepts([leaf('x.a.test'), wider, top], [root], client);
  refuses(
    'nameConstraints',
    /intermediate 'CN=Top'.*DNS:x\.b\.test/,
    [leaf('x.b.test'), wider, top],
    [root],
    client,
  );
  const narrower = issue({
    subject: 'Narrower',
    issuer: top,
    ca: true,
    nameConstraints: { permitted: dns('y.a.test') },
  });
  const below = issue({ subject: 'x', issuer: narrower, dnsNames: ['x.a.test'] });
  refuses('nameConstraints', /intermediate 'CN=Narrower'/, [below, narrower, top], [root], client);
});

test("an intermediate's own names are constrained by those above it", () => {
  const anchor = issue({ subject: 'Anchor', ca: true, nameConstraints: { excluded: dns('a.test') } });
  const named = issue({ subject: 'Named', issuer: anchor, ca: true, dnsNames: ['x.a.test'] });
  const leaf = issue({ subject: 'x', issuer: named, dnsNames: ['b.test'] });
  refuses(
    'nameConstraints',
    /trust anchor.*vouch for the certificate of 'CN=Named'/,
    [leaf, named],
    [anchor],
    client,
  );
});

test('self-issued authorities are exempt, a self-issued leaf is not', () => {
  const anchor = issue({ subject: 'Anchor', ca: true, nameConstraints: { permitted: dns('a.test') } });
  const rollover = issue({ subject: 'Anchor', issuer: anchor, ca: true, dnsNames: ['b.test'] });
  const leaf = issue({ subject: 'x', issuer: rollover, dnsNames: ['x.a.test'] });
  accepts([leaf, rollover], [anchor], client);
  const selfIssued = issue({ subject: 'Anchor', issuer: anchor, dnsNames: ['b.test'] });
  refuses('nameConstraints', /DNS:b\.test/, [selfIssued], [anchor], client);
});

test('the sentence says who may not vouch for whom, and why', () => {
  const { sentence, source, certificate } = refuses(
    'nameConstraints',
    /./,
    chain({ permitted: ip('10.0.0.0/8') }, { subject: 'host', ipAddresses: ['192.0.2.1'] }),
    [root],
    client,
  );
  assert.equal(
    sentence,
    "The intermediate 'CN=Constrained': it may not vouch for the certificate of 'CN=host': " +
      'IP:192.0.2.1 is not among the permitted names (such as IP:10.0.0.0/8).',
  );
  assert.equal(source, 'RFC 5280 section 6.1.3 (b)');
  assert.equal(certificate, 'CN=Constrained');
});
