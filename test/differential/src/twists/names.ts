/** Twists of names: those of the leaf for hosts, and the distinguished names of subjects and issuers. */
import { HOST } from '../base.ts';
import { replace } from '../plan.ts';
import { der, type GeneralNameSpec, pki } from '../support.ts';
import { find } from '../tree.ts';
import {
  AUTHORITIES,
  type Expectation,
  INTERMEDIATE,
  ISSUED,
  LEAF,
  options,
  type Twist,
  tree,
} from '../twist.ts';

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const raw = (encoding: Uint8Array): GeneralNameSpec => ({ raw: encoding });
const dnsName = (text: string): GeneralNameSpec => raw(der.contextPrimitive(2, latin(text)));
const otherName = (oid: string, value: Uint8Array): GeneralNameSpec =>
  raw(der.context(0, der.oid(oid), der.context(0, value)));

/** A leaf with these alternative names, asked for a name. */
function san(
  name: string,
  expect: Expectation,
  names: readonly GeneralNameSpec[],
  { wanted = HOST, subject = true }: { readonly wanted?: string; readonly subject?: boolean } = {},
): Twist {
  return {
    name: `names: ${name}`,
    places: LEAF,
    touches: ['san', 'subject'],
    expect,
    apply: (chain, { options: given }) => {
      delete given.dnsNames;
      if (names.length > 0) given.altNames = names;
      if (!subject) given.subject = [['O', 'Nobody']];
      chain.name = wanted;
    },
  };
}

const right = { dns: HOST } as const;

const HOSTS: readonly Twist[] = [
  san('another host', ['name'], [{ dns: 'other.example.test' }]),
  san('the host below', ['name'], [{ dns: `a.${HOST}` }]),
  san('the host above', ['name'], [{ dns: 'example.test' }]),
  san('in capitals', 'accepted', [{ dns: HOST.toUpperCase() }]),
  san('a wildcard', 'accepted', [{ dns: '*.example.test' }]),
  san('a wildcard for a deeper host', ['name'], [{ dns: '*.example.test' }], { wanted: 'a.b.example.test' }),
  san('a wildcard for its parent', ['name'], [{ dns: '*.example.test' }], { wanted: 'example.test' }),
  san('a wildcard below a top-level domain', ['name'], [{ dns: '*.test' }], { wanted: 'example.test' }),
  san('a wildcard in the middle', ['name'], [{ dns: 'www.*.test' }]),
  san('a wildcard as a part of a label', ['name'], [{ dns: 'w*.example.test' }]),
  san('two wildcards', ['name'], [{ dns: '*.*.test' }]),
  san('a wildcard alone', ['name'], [{ dns: '*' }]),
  san('a dot at the end', ['name'], [{ dns: `${HOST}.` }]),
  san('a dot at the beginning', ['name'], [{ dns: '.example.test' }]),
  san('a NUL inside', ['name'], [dnsName(`${HOST}\0.evil.test`)]),
  san('a space at the end', ['name'], [dnsName(`${HOST} `)]),
  san('an A-label', 'accepted', [{ dns: 'xn--bcher-kva.example.test' }], {
    wanted: 'xn--bcher-kva.example.test',
  }),
  san('an underscore', 'profile', [{ dns: 'my_host.example.test' }], { wanted: 'my_host.example.test' }),
  san('an address', 'accepted', [right, { ip: '192.0.2.7' }], { wanted: '192.0.2.7' }),
  san('an address of version 6', 'accepted', [right, { ip: '2001:db8::7' }], { wanted: '2001:db8::7' }),
  san('another address', ['name'], [right, { ip: '192.0.2.8' }], { wanted: '192.0.2.7' }),
  san('an address as a dNSName', ['name'], [{ dns: '192.0.2.7' }], { wanted: '192.0.2.7' }),
  san('an address, mapped into version 6', ['name'], [{ ip: '::ffff:c000:207' }], { wanted: '192.0.2.7' }),
  san('only in the common name', ['name'], []),
  san('in the common name, beside an address', ['name'], [{ ip: '192.0.2.7' }]),
  san('in the common name, beside a mail address', ['name'], [{ email: 'someone@example.test' }]),
  san('in the common name, beside another host', ['name'], [{ dns: 'other.example.test' }]),
  san('no subject', 'accepted', [right], { subject: false }),
  san('as a URI', ['name'], [{ uri: `https://${HOST}/` }], { subject: false }),
];

const KINDS: readonly Twist[] = [
  san('with a mail address', 'accepted', [right, { email: 'someone@example.test' }]),
  san('with a URI', 'accepted', [right, { uri: 'https://example.test/x' }]),
  san('with a URI without a host', 'accepted', [right, { uri: 'urn:example:x' }]),
  san('with a directory name', 'accepted', [right, { directory: 'Someone' }]),
  san('with a registered identifier', 'accepted', [right, { registeredId: '1.2.3.4' }]),
  san('with another kind of name', 'accepted', [right, otherName('1.2.3.4', der.utf8String('x'))]),
  san('with an X.400 address', 'accepted', [right, raw(der.context(3, der.sequence()))]),
  san('with an EDI party', 'accepted', [right, raw(der.context(5, der.context(1, der.utf8String('x'))))]),
  san('with an empty dNSName', 'profile', [right, dnsName('')]),
  san('with a dNSName that is a space', 'profile', [right, dnsName(' ')]),
  san('with a mail address that is none', 'accepted', [right, { email: 'nobody' }]),
  san('with a URI that is none', 'accepted', [right, { uri: 'http://[::' }]),
  san('with a dNSName that is not ASCII', ['string-encoding'], [right, dnsName('b\xfccher.test')]),
  san(
    'with a mail address that is not ASCII',
    ['string-encoding'],
    [right, raw(der.contextPrimitive(1, latin('j\xf6rg@example.test')))],
  ),
  san(
    'with an address of 5 octets',
    ['general-name'],
    [right, raw(der.contextPrimitive(7, new Uint8Array(5)))],
  ),
  san(
    'with an address and a mask',
    ['general-name'],
    [right, raw(der.contextPrimitive(7, new Uint8Array(8)))],
  ),
  san('with a name of kind [9]', ['general-name'], [right, raw(der.contextPrimitive(9, latin('x')))]),
  san('with an empty otherName', ['truncated'], [right, raw(der.context(0))]),
  {
    name: 'names: none in the list',
    places: LEAF,
    touches: ['san', 'subject'],
    expect: ['empty-list'],
    apply: (_, { options: given }) => {
      delete given.dnsNames;
      given.extraExtensions = [{ oid: '2.5.29.17', value: der.sequence() }];
    },
  },
  options('names: critical, beside a subject', LEAF, ['san'], 'accepted', (given) => {
    given.altNameCritical = true;
  }),
  options('names: critical, without a subject', LEAF, ['san', 'subject'], 'accepted', (given) => {
    given.subject = '';
  }),
  options('names: not critical, without a subject', LEAF, ['san', 'subject'], 'profile', (given) => {
    given.subject = '';
    given.altNameCritical = false;
  }),
];

/** A subject of one common name, written in some type. */
const commonName = (value: Uint8Array): Uint8Array =>
  der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), value)));
const bmp = (text: string): Uint8Array => der.tlv(der.Tag.bmpString, Buffer.from(text, 'utf16le').swap16());
const universal = (text: string): Uint8Array =>
  der.tlv(der.Tag.universalString, ...[...text].map((c) => Uint8Array.of(0, 0, 0, c.charCodeAt(0))));

/** The issuer's name, written otherwise in what it issued than it writes it itself. */
function spelling(name: string, expect: Expectation, own: Uint8Array, other: Uint8Array): Twist {
  return {
    name: `issuer: ${name}`,
    places: AUTHORITIES,
    touches: ['subject', 'issuer'],
    expect,
    apply: (chain, at) => {
      at.before.push((certificate) => {
        replace(find(certificate, 'subject'), commonName(own));
        if (at.place === 'root') replace(find(certificate, 'issuer'), commonName(own));
      });
      const below = chain.certificates[chain.certificates.indexOf(at) - 1];
      below?.before.push((certificate) => replace(find(certificate, 'issuer'), commonName(other)));
    },
  };
}

const { utf8String, printableString } = der;
const teletex = (text: string): Uint8Array => der.tlv(der.Tag.teletexString, latin(text));

const DISTINGUISHED: readonly Twist[] = [
  spelling(
    'UTF8String for PrintableString',
    'accepted',
    printableString('Some Authority'),
    utf8String('Some Authority'),
  ),
  spelling('BMPString for UTF8String', 'accepted', utf8String('Some Authority'), bmp('Some Authority')),
  spelling(
    'UniversalString for UTF8String',
    'accepted',
    utf8String('Some Authority'),
    universal('Some Authority'),
  ),
  spelling(
    'TeletexString for UTF8String',
    'accepted',
    utf8String('Some Authority'),
    teletex('Some Authority'),
  ),
  spelling('other capitals', 'accepted', utf8String('Some Authority'), utf8String('SOME authority')),
  spelling('other capitals beyond ASCII', 'accepted', utf8String('Jörg Ümlaut'), utf8String('JÖRG ümlaut')),
  spelling('more white space', 'accepted', utf8String('Some Authority'), utf8String(' Some   Authority ')),
  spelling('other widths', 'accepted', utf8String('Some Authority'), utf8String('Ｓome Authority')),
  spelling('composed and decomposed', 'accepted', utf8String('Jörg'), utf8String('Jo\u0308rg')),
  spelling(
    'other invisible characters',
    'accepted',
    utf8String('SomeAuthority'),
    utf8String('Some\u00adAutho\u200brity\u0007'),
  ),
  spelling('other case foldings', 'accepted', utf8String('Straße'), utf8String('STRASSE')),
  spelling('another name', ['issuer'], utf8String('Some Authority'), utf8String('Other Authority')),
  spelling('a longer name', ['issuer'], utf8String('Some Authority'), utf8String('Some Authority 2')),
  spelling('white space left out', ['issuer'], utf8String('Some Authority'), utf8String('SomeAuthority')),
  spelling('the same, not a string', 'accepted', der.integer(7), der.integer(7)),
  spelling(
    'the same in an IA5String',
    'accepted',
    der.ia5String('Some Authority'),
    der.ia5String('Some Authority'),
  ),
  spelling(
    'the same, but not UTF-8',
    ['string-encoding'],
    der.tlv(0x0c, latin('\xc3(')),
    der.tlv(0x0c, latin('\xc3(')),
  ),
  spelling(
    'the same, a BMPString of odd length',
    ['string-encoding'],
    der.tlv(0x1e, latin('abc')),
    der.tlv(0x1e, latin('abc')),
  ),
  spelling(
    'the same, a PrintableString with an @',
    'accepted',
    printableString('a@b'),
    printableString('a@b'),
  ),
  spelling(
    'the same, a PrintableString not ASCII',
    ['string-encoding'],
    der.tlv(0x13, latin('J\xf6rg')),
    der.tlv(0x13, latin('J\xf6rg')),
  ),
  spelling('the same, an empty string', 'accepted', utf8String(''), utf8String('')),
  tree('subject: steps with several attributes, sorted', ISSUED, ['subject'], 'accepted', (certificate) =>
    replace(find(certificate, 'subject'), severalAttributes(true)),
  ),
  tree('subject: steps with several attributes, not sorted', ISSUED, ['subject'], 'accepted', (certificate) =>
    replace(find(certificate, 'subject'), severalAttributes(false)),
  ),
  tree('subject: a step without attributes', ISSUED, ['subject'], ['empty-list'], (certificate) =>
    replace(find(certificate, 'subject'), der.sequence(der.set())),
  ),
  tree('subject: a country of three letters', LEAF, ['subject'], 'accepted', (certificate) =>
    replace(find(certificate, 'subject'), pki.encodeName([['C', 'CHE']])),
  ),
  tree('subject: a text of 300 characters', LEAF, ['subject'], 'accepted', (certificate) =>
    replace(find(certificate, 'subject'), pki.encodeName([['O', 'x'.repeat(300)]])),
  ),
  {
    name: 'issuer: empty',
    places: INTERMEDIATE,
    touches: ['issuer'],
    expect: ['emptyName', 'issuer'],
    apply: (_, at) => at.before.push((certificate) => replace(find(certificate, 'issuer'), der.sequence())),
  },
  {
    name: 'issuer: empty, of a root',
    places: ['root'],
    touches: ['issuer'],
    expect: ['emptyName', 'issuer'],
    apply: (_, at) => at.before.push((certificate) => replace(find(certificate, 'issuer'), der.sequence())),
  },
];

/** In a SET OF the shorter encoding comes first (X.690 section 11.6). */
function severalAttributes(sorted: boolean): Uint8Array {
  const short = der.sequence(der.oid('2.5.4.3'), utf8String('a'));
  const long = der.sequence(der.oid('2.5.4.10'), utf8String('example'));
  return der.sequence(der.set(...(sorted ? [short, long] : [long, short])));
}

export const NAMES: readonly Twist[] = [...HOSTS, ...KINDS, ...DISTINGUISHED];
