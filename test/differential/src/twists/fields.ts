/** Twists of the fields that every certificate has: version, serial number, validity, unique identifiers. */
import { NOW } from '../base.ts';
import { type Place, replace } from '../plan.ts';
import { der } from '../support.ts';
import { type CertificateTree, element, find } from '../tree.ts';
import { ANY, AUTHORITIES, INTERMEDIATE, ISSUED, LEAF, options, type Twist, tree } from '../twist.ts';

const DAY = 86_400_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The profile says nothing of how somebody numbers its own root. */
const notOfRoots = (place: Place): 'accepted' | 'profile' => (place === 'root' ? 'accepted' : 'profile');

const serial = (name: string, expect: Twist['expect'], value: bigint): Twist =>
  options(`serialNumber: ${name}`, ANY, ['serialNumber'], expect, (given) => {
    given.serial = value;
  });

/** A validity whose times are other TLVs; `which` is 0 for notBefore and 1 for notAfter. */
function time(
  name: string,
  expect: Twist['expect'],
  which: 'notBefore' | 'notAfter',
  encoding: () => Uint8Array,
): Twist {
  return tree(`validity: ${name}`, ANY, ['validity'], expect, (certificate) =>
    replace(find(certificate, `validity.${which}`), encoding()),
  );
}

const utc = (value: string) => (): Uint8Array => der.tlv(der.Tag.utcTime, text(value));
const generalized = (value: string) => (): Uint8Array => der.tlv(der.Tag.generalizedTime, text(value));

/** Removes one of the parts of the signed part. */
function remove({ tbs }: CertificateTree, field: string): void {
  tbs.children = (tbs.children ?? []).filter((part) => part.field !== field);
}

function insertBefore({ tbs }: CertificateTree, field: string, encoding: Uint8Array): void {
  const parts = tbs.children ?? [];
  const index = parts.findIndex((part) => part.field === field);
  parts.splice(index < 0 ? parts.length : index, 0, element(encoding, 'inserted'));
}

function setVersion(certificate: CertificateTree, number: number | undefined): void {
  remove(certificate, 'version');
  if (number !== undefined) {
    insertBefore(certificate, 'serialNumber', der.context(0, der.integer(number)));
  }
}

const uniqueIdentifier = (number: 1 | 2): Uint8Array =>
  der.contextPrimitive(number, Uint8Array.of(0, 0x5a, 0x5a));

/** All that extensions would have said. */
const EXTENSIONS = ['extensions', 'version', 'san', 'bc', 'ku', 'eku', 'nc', 'policies', 'keyIds', 'extra'];

export const FIELDS: readonly Twist[] = [
  serial('negative', ['serialNumber'], -0x1234n),
  serial('zero', notOfRoots, 0n),
  serial('of 20 octets', 'accepted', 0x7fn << 152n),
  serial('of 21 octets', notOfRoots, 0x7fn << 160n),
  serial('of 20 octets with the top bit set', notOfRoots, 0xffn << 152n),
  tree('serialNumber: without content', ANY, ['serialNumber'], ['integer-empty'], (certificate) =>
    replace(find(certificate, 'serialNumber'), der.tlv(der.Tag.integer)),
  ),

  tree('version: 1, written', ANY, EXTENSIONS, ['default-encoded'], (certificate) =>
    setVersion(certificate, 0),
  ),
  tree('version: 1, with extensions', ANY, EXTENSIONS, ['version'], (certificate) =>
    setVersion(certificate, undefined),
  ),
  tree('version: 2, with extensions', ANY, EXTENSIONS, ['version'], (certificate) =>
    setVersion(certificate, 1),
  ),
  tree('version: 4', ANY, EXTENSIONS, ['version'], (certificate) => setVersion(certificate, 3)),
  tree('version: negative', ANY, EXTENSIONS, ['integer-negative'], (certificate) =>
    setVersion(certificate, -1),
  ),
  tree('version: 1, an authority', INTERMEDIATE, EXTENSIONS, ['basicConstraints'], (certificate) => {
    setVersion(certificate, undefined);
    remove(certificate, 'extensions');
  }),
  tree('version: 1, a root', ['root'], EXTENSIONS, 'profile', (certificate) => {
    setVersion(certificate, undefined);
    remove(certificate, 'extensions');
  }),
  tree('version: 3, without extensions', INTERMEDIATE, EXTENSIONS, ['basicConstraints'], (certificate) =>
    remove(certificate, 'extensions'),
  ),
  tree('unique identifiers: in version 3', ANY, ['uniqueIds'], 'accepted', (certificate, choice) =>
    insertBefore(certificate, 'extensions', uniqueIdentifier(choice % 2 === 0 ? 1 : 2)),
  ),
  tree(
    'unique identifiers: in the wrong order',
    ANY,
    ['uniqueIds'],
    ['unexpected-tag', 'trailing-data'],
    (certificate) => {
      insertBefore(certificate, 'extensions', uniqueIdentifier(2));
      insertBefore(certificate, 'extensions', uniqueIdentifier(1));
    },
  ),
  tree(
    'unique identifiers: in version 1',
    ['root'],
    [...EXTENSIONS, 'uniqueIds'],
    ['version'],
    (certificate) => {
      setVersion(certificate, undefined);
      remove(certificate, 'extensions');
      insertBefore(certificate, 'extensions', uniqueIdentifier(1));
    },
  ),

  options('validity: over', ANY, ['validity'], ['notAfter'], (given) => {
    given.notAfter = new Date(NOW - 2 * DAY);
  }),
  options('validity: not begun', ANY, ['validity'], ['notBefore'], (given) => {
    given.notBefore = new Date(NOW + 2 * DAY);
  }),
  options('validity: ends before it begins', ANY, ['validity'], ['notBefore', 'notAfter'], (given) => {
    given.notBefore = new Date(NOW + 2 * DAY);
    given.notAfter = new Date(NOW - 2 * DAY);
  }),
  options('validity: from 1950', ANY, ['validity'], 'accepted', (given) => {
    given.notBefore = new Date(Date.UTC(1950, 0, 1));
  }),
  options('validity: from 1970', ANY, ['validity'], 'accepted', (given) => {
    given.notBefore = new Date(0);
  }),
  options('validity: until 9999', ANY, ['validity'], 'accepted', (given) => {
    given.notAfter = new Date(Date.UTC(9999, 11, 31, 23, 59, 59));
  }),
  options('validity: until 2049, the last of UTCTime', ANY, ['validity'], 'accepted', (given) => {
    given.notAfter = new Date(Date.UTC(2049, 11, 31, 23, 59, 59));
  }),
  time('a GeneralizedTime before 2050', 'profile', 'notBefore', generalized('20200101000000Z')),
  time('a GeneralizedTime before 1950', 'profile', 'notBefore', generalized('19000101000000Z')),
  time('UTCTime without seconds', ['time-form'], 'notBefore', utc('2001010000Z')),
  time('UTCTime with an offset', ['time-form'], 'notBefore', utc('200101000000+0000')),
  time('UTCTime without Z', ['time-form'], 'notBefore', utc('200101000000')),
  time('UTCTime with a letter', ['time-form'], 'notBefore', utc('2001O1000000Z')),
  time('GeneralizedTime with a fraction', ['time-form'], 'notAfter', generalized('20600101000000.5Z')),
  time('GeneralizedTime with an offset', ['time-form'], 'notAfter', generalized('20600101000000+0100')),
  time('GeneralizedTime without seconds', ['time-form'], 'notAfter', generalized('206001010000Z')),
  time('GeneralizedTime without Z', ['time-form'], 'notAfter', generalized('20600101000000')),
  time('the 30th of February', ['time-value'], 'notBefore', utc('200230000000Z')),
  time('month 13', ['time-value'], 'notBefore', utc('201301000000Z')),
  time('day 0', ['time-value'], 'notBefore', utc('200100000000Z')),
  time('hour 24', ['time-value'], 'notBefore', utc('200101240000Z')),
  time('second 60', ['time-value'], 'notBefore', utc('161231235960Z')),
  time('the 29th of February of a year without', ['time-value'], 'notAfter', generalized('21000229000000Z')),
  time('a text of another type', ['unexpected-tag'], 'notBefore', () => der.printableString('200101000000Z')),
  tree('validity: a third time', ISSUED, ['validity'], ['trailing-data'], (certificate) => {
    const validity = find(certificate, 'validity');
    validity.children?.push(element(der.time(new Date(NOW)), 'validity.third'));
  }),
  tree('validity: one time only', LEAF, ['validity'], ['truncated'], (certificate) => {
    find(certificate, 'validity').children?.pop();
  }),
  tree('the signed part: an element too many at its end', ANY, ['end'], ['trailing-data'], ({ tbs }) => {
    tbs.children?.push(element(der.nullValue(), 'beyond'));
  }),
  {
    name: 'certificate: octets behind it',
    places: ANY,
    touches: ['after'],
    expect: ['trailing-data'],
    apply: (_, at, choice) => {
      at.whole = (encoding) => Buffer.concat([encoding, Buffer.alloc(1 + (choice % 3))]);
    },
  },
  options('empty subject', AUTHORITIES, ['subject'], ['emptyName'], (given) => {
    given.subject = '';
  }),
];
