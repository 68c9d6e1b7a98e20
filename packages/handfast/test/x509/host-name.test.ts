import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { carriesName, matchesDnsName, parseHostName, presentedNames } from '../../src/x509/host-name.ts';
import { type IssueOptions, issue } from '../support/pki.ts';

const certificate = (options: Partial<IssueOptions>) =>
  parseCertificate(issue({ subject: 'x', ...options }).der);

test('host names and addresses are read', () => {
  assert.deepEqual(parseHostName('Example.COM'), { kind: 'dns', text: 'example.com' });
  assert.deepEqual(parseHostName('example.com.'), { kind: 'dns', text: 'example.com' });
  assert.deepEqual(parseHostName('localhost'), { kind: 'dns', text: 'localhost' });
  assert.deepEqual(parseHostName('_dmarc.a-b.xn--bcher-kva.example'), {
    kind: 'dns',
    text: '_dmarc.a-b.xn--bcher-kva.example',
  });
  assert.deepEqual(parseHostName('1.2.3.4'), {
    kind: 'ip',
    text: '1.2.3.4',
    octets: Uint8Array.of(1, 2, 3, 4),
  });
  assert.equal(parseHostName('2001:DB8::1').text, '2001:db8::1');
  assert.equal(parseHostName('fe80::1%eth0').text, 'fe80::1');
  assert.equal(parseHostName('fe80::1%25eth0').text, 'fe80::1');
  assert.equal(parseHostName('::FFFF:192.0.2.1').text, '::ffff:c000:201');
  assert.equal(parseHostName('XN--BCHER-KVA.Example.').text, 'xn--bcher-kva.example');
});

test('wildcards stand for one whole left-most label', () => {
  const matches: readonly (readonly [presented: string, wanted: string, expected: boolean])[] = [
    ['example.com', 'example.com', true],
    ['EXAMPLE.com', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['www.example.com', 'example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.EXAMPLE.com', 'www.example.com', true],
    ['*.example.com', 'xn--bcher-kva.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', '.example.com', false],
    ['w*.example.com', 'www.example.com', false],
    ['*w.example.com', 'www.example.com', false],
    ['w*w.example.com', 'www.example.com', false],
    ['xn--*.example.com', 'xn--a.example.com', false],
    ['www.*.com', 'www.example.com', false],
    ['*.*.com', 'www.example.com', false],
    ['**.example.com', 'www.example.com', false],
    ['*', 'localhost', false],
    ['*', 'example.com', false],
    ['*.', 'localhost', false],
    ['*.com', 'example.com', false],
    ['*t', 'localhost', false],
    ['', 'localhost', false],
    ['example.com.', 'example.com', false],
    ['*.example.com.', 'www.example.com', false],
    ['xn--bcher-kva.example', 'XN--BCHER-KVA.example'.toLowerCase(), true],
    ['XN--BCHER-KVA.example', 'xn--bcher-kva.example', true],
    // A-labels are compared as they stand, right or wrong; nothing is decoded.
    ['xn--bcher-kva.example', 'bucher.example', false],
    ['xn--a.example', 'xn--a.example', true],
    ['xn--\u0062cher-kva.example', 'xn--bcher-kva.example', true],
    ['*.xn--bcher-kva.example', 'www.xn--bcher-kva.example', true],
    ['*.xn--bcher-kva.example', 'www.xn--bchers-kva.example', false],
    ['xn--bcher-*.example', 'xn--bcher-kva.example', false],
    ['*-kva.example', 'xn--bcher-kva.example', false],
    ['example.com\u0000.evil.example', 'example.com', false],
  ];
  for (const [presented, wanted, expected] of matches) {
    assert.equal(matchesDnsName(presented, wanted), expected, `${presented} for ${wanted}`);
  }
});

test('an address is matched by an address only, and a name by a name only', () => {
  const byAddress = certificate({ ipAddresses: ['127.0.0.1', '::1'] });
  const byName = certificate({ dnsNames: ['127.0.0.1', '*.0.0.1', 'localhost'] });
  assert.ok(carriesName(byAddress, parseHostName('127.0.0.1')));
  assert.ok(carriesName(byAddress, parseHostName('0:0::1')));
  assert.ok(!carriesName(byAddress, parseHostName('127.0.0.2')));
  // An IPv4 address is not the IPv6 address that maps it.
  assert.ok(!carriesName(byAddress, parseHostName('::ffff:127.0.0.1')));
  assert.ok(!carriesName(byName, parseHostName('127.0.0.1')));
  assert.ok(carriesName(byName, parseHostName('localhost')));
  assert.ok(!carriesName(byAddress, parseHostName('localhost')));
});

test('neither the subject nor other kinds of names count', () => {
  const other = certificate({ subject: 'localhost', emails: ['localhost'], uris: ['https://localhost/'] });
  assert.ok(!carriesName(other, parseHostName('localhost')));
  assert.deepEqual(presentedNames(other), []);
});

test('the names that a certificate carries are shown without what could deceive', () => {
  const shown = presentedNames(
    certificate({ dnsNames: ['a.test', 'b\u001b[2J.test'], ipAddresses: ['::1'] }),
  );
  assert.deepEqual(shown, ['a.test', 'b\\1b[2J.test', '::1']);
});

test('what is no text is refused by its option', () => {
  assert.throws(() => parseHostName(5 as unknown as string, 'host'), {
    name: 'ConfigError',
    option: 'host',
    message: 'host: expected a host name or an IP address, found 5',
  });
});
