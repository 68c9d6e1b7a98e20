import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/wire/bytes.ts';
import { DerReader } from '../../src/x509/der.ts';
import { describeGeneralName, readGeneralName } from '../../src/x509/general-name.ts';
import { formatIpAddress, parseIpAddress } from '../../src/x509/ip-address.ts';
import { type DistinguishedName, readName } from '../../src/x509/name.ts';
import * as der from '../support/der.ts';
import { encodeGeneralName, encodeName, type NameSpec } from '../support/pki.ts';

const read = (bytes: Uint8Array): DistinguishedName => readName(new DerReader(bytes), 'name');
const name = (spec: NameSpec): DistinguishedName => read(encodeName(spec));
const single = (type: string, value: Uint8Array): Uint8Array =>
  der.sequence(der.set(der.sequence(der.oid(type), value)));
const CN = '2.5.4.3';

test('names are shown as RFC 4514 says', () => {
  const full = name([
    ['C', 'CH'],
    ['O', 'Tell, Sons + "Co"'],
    ['CN', ' #apple '],
  ]);
  assert.equal(String(full), 'CN=\\ #apple\\ ,O=Tell\\, Sons \\+ \\"Co\\",C=CH');
  assert.equal(full.label, ' #apple ');
  assert.equal(JSON.stringify({ full }), JSON.stringify({ full: String(full) }));
  assert.equal(String(name('')), '');
  assert.equal(String(read(single('1.2.3', der.utf8String('x')))), '1.2.3=#0c0178');
  assert.equal(String(read(single(CN, der.integer(5)))), 'CN=#020105');
  const two = der.sequence(
    der.set(
      der.sequence(der.oid(CN), der.utf8String('a')),
      der.sequence(der.oid('2.5.4.10'), der.utf8String('b')),
    ),
  );
  assert.equal(String(read(two)), 'CN=a+O=b');
});

test('what could deceive a reader or a terminal is escaped', () => {
  assert.equal(String(name('a\u001b[31m\u0000b')), 'CN=a\\1b[31m\\00b');
  assert.equal(String(name('txt.\u202egpj')), 'CN=txt.\\u{202e}gpj');
  assert.equal(name('a\nb').label, 'a\\0ab');
});

test('names are compared without regard to case, spaces, width and string type', () => {
  const reference = name('Example  Authority');
  for (const value of [
    der.printableString('example authority'),
    der.utf8String(' EXAMPLE AUTHORITY '),
    der.utf8String('\uff25xample Authority'),
    der.tlv(der.Tag.bmpString, Uint8Array.from(Buffer.from('Example Authority', 'utf16le').swap16())),
    der.tlv(der.Tag.teletexString, Buffer.from('Example Authority')),
  ]) {
    assert.ok(read(single(CN, value)).equals(reference), toHex(value));
  }
  assert.ok(!name('ExampleAuthority').equals(reference));
  assert.ok(!read(single('2.5.4.10', der.utf8String('Example Authority'))).equals(reference));
  assert.ok(
    !name([
      ['CN', 'Example Authority'],
      ['CN', 'x'],
    ]).equals(reference),
  );
});

test('names are prepared as RFC 4518 says before they are compared', () => {
  const equal = (one: string, ...others: readonly string[]): void => {
    for (const other of others) assert.ok(name(one).equals(name(other)), `${one} and ${other}`);
  };
  const differ = (one: string, ...others: readonly string[]): void => {
    for (const other of others) assert.ok(!name(one).equals(name(other)), `${one} and ${other}`);
  };
  // Case folding, not lower case (RFC 3454 appendix B.2).
  equal('STRASSE 5', 'stra\u00dfe 5', 'Stra\u1e9ee 5');
  equal('\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c2', '\u03bf\u03b4\u03bf\u03c3');
  equal('\u212a', 'k');
  differ('fi', 'f\u0131');
  // Compatibility forms, and marks written in one piece or in two.
  equal('office', 'o\ufb03ce', '\uff2fFFICE');
  equal('M\u00fcller', 'm\u0075\u0308ller');
  differ('Muller', 'M\u00fcller');
  // What nobody sees counts for nothing; every kind of space is one.
  equal(
    'Tell',
    'Te\u00adll',
    'Te\u200bll',
    '\ufeffTell',
    'Te\u0000ll',
    'Te\ufe0fll',
    'T\u034fell',
    'T\u202eell',
  );
  equal('A B', 'A\u00a0B', 'A\u3000\u2003B', 'A\tB', 'A\u0085B', ' A  B ');
  differ('AB', 'A\u00a0B', 'A\nB');
});

test('no value can pass for another structure', () => {
  const one = name([
    ['CN', 'a'],
    ['CN', 'b'],
  ]);
  for (const text of ['a,CN=b', 'a\u0000b', 'a2.5.4.31=b', 'a+CN=b'])
    assert.ok(!name(text).equals(one), text);
  const both = der.sequence(
    der.set(der.sequence(der.oid(CN), der.utf8String('a')), der.sequence(der.oid(CN), der.utf8String('b'))),
  );
  assert.ok(!read(both).equals(one));
});

test('being within another name goes step by step', () => {
  const base = name([
    ['C', 'CH'],
    ['O', 'Tell'],
  ]);
  assert.ok(
    name([
      ['C', 'ch'],
      ['O', 'TELL'],
      ['CN', 'x'],
    ]).isWithin(base),
  );
  assert.ok(base.isWithin(base));
  assert.ok(base.isWithin(name('')));
  assert.ok(
    !name([
      ['O', 'Tell'],
      ['C', 'CH'],
    ]).isWithin(base),
  );
  assert.ok(!name([['C', 'CH']]).isWithin(base));
});

test('all UTF-8 that there is is read', () => {
  for (const text of [
    'z',
    '\u00fc',
    '\u0800',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    'Z\u00fcrich \u{1f512}',
  ]) {
    assert.deepEqual(name(text).texts(CN), [text]);
  }
});

test('general names of every kind', () => {
  const other = der.context(0, der.oid('1.3.6.1.4.1.311.20.2.3'), der.context(0, der.utf8String('me')));
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [other, 'otherName:1.3.6.1.4.1.311.20.2.3'],
    [encodeGeneralName({ email: 'a@b.test' }), 'email:a@b.test'],
    [encodeGeneralName({ dns: 'b.test' }), 'DNS:b.test'],
    [der.context(3), 'x400Address'],
    [encodeGeneralName({ directory: 'x' }), 'DirName:CN=x'],
    [der.context(5), 'ediPartyName'],
    [encodeGeneralName({ uri: 'https://b.test/' }), 'URI:https://b.test/'],
    [encodeGeneralName({ ip: '::1' }), 'IP:::1'],
    [encodeGeneralName({ registeredId: '1.2.3' }), 'RegisteredID:1.2.3'],
  ];
  for (const [bytes, text] of cases) {
    assert.equal(describeGeneralName(readGeneralName(new DerReader(bytes), 'name')), text);
  }
  const range = readGeneralName(new DerReader(encodeGeneralName({ ip: '10.0.0.0/9' })), 'name', 'constraint');
  assert.equal(describeGeneralName(range), 'IP:10.0.0.0/9');
});

test('IP addresses are read and written', () => {
  const cases: readonly (readonly [text: string, hex: string, shown?: string])[] = [
    ['127.0.0.1', '7f000001'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1::3:4:5:6:7:8', '00010000000300040005000600070008', '1:0:3:4:5:6:7:8'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:0:0:1:0:0:0:1', '20010000000000010000000000000001', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['10:0:0:100:0:0:0:10', '00100000000001000000000000000010', '10:0:0:100::10'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304', '::ffff:102:304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304', '1:2:3:4:5:6:102:304'],
    ['ABCD::EF', 'abcd00000000000000000000000000ef', 'abcd::ef'],
  ];
  for (const [text, hex, shown = text] of cases) {
    const octets = parseIpAddress(text);
    assert.ok(octets, text);
    assert.equal(toHex(octets), hex, text);
    assert.equal(formatIpAddress(octets), shown);
  }
});

test('what is no IP address is not taken for one', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x7f.0.0.1',
    '127.1',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    ':1:2:3:4:5:6:7',
    '[::1]',
    '::1%lo',
    '-1::',
  ]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});
