/** Twists of name constraints: those of an authority, and the names of the leaf that they speak about. */
import { HOST } from '../base.ts';
import { der, type GeneralNameSpec, pki } from '../support.ts';
import { AUTHORITIES, type Expectation, LEAF, options, type Twist } from '../twist.ts';

interface Subtrees {
  readonly permitted?: readonly GeneralNameSpec[];
  readonly excluded?: readonly GeneralNameSpec[];
}

/** An authority with constraints, and above all a leaf with these names beside that of its host. */
function constrained(
  name: string,
  expect: Expectation,
  nameConstraints: Subtrees,
  names: readonly GeneralNameSpec[] = [],
): Twist {
  return {
    name: `nameConstraints: ${name}`,
    places: AUTHORITIES,
    touches: ['nc', 'san', 'subject'],
    expect,
    apply: (chain, { options: given }) => {
      given.nameConstraints = nameConstraints;
      const [leaf] = chain.certificates;
      if (leaf !== undefined && names.length > 0) leaf.options.altNames = names;
    },
  };
}

/** An authority with constraints that are written by hand. */
function written(name: string, expect: Expectation, value: Uint8Array, critical = true): Twist {
  return options(`nameConstraints: ${name}`, AUTHORITIES, ['nc', 'san', 'subject'], expect, (given) => {
    given.extraExtensions = [...(given.extraExtensions ?? []), { oid: '2.5.29.30', critical, value }];
  });
}

const VIOLATED = ['nameConstraints'] as const;
const test = { dns: 'test' } as const;

const raw = (encoding: Uint8Array): GeneralNameSpec => ({ raw: encoding });
const otherName = raw(der.context(0, der.oid('1.2.3.4'), der.context(0, der.utf8String('x'))));
const x400 = raw(der.context(3, der.sequence()));
const mail = (email: string): readonly GeneralNameSpec[] => [{ email }];
const uri = (text: string): readonly GeneralNameSpec[] => [{ uri: text }];
const ip = (text: string): readonly GeneralNameSpec[] => [{ ip: text }];

const base = (name: GeneralNameSpec, ...more: readonly Uint8Array[]): Uint8Array =>
  der.sequence(pki.encodeGeneralName(name), ...more);
const permitted = (...bases: readonly Uint8Array[]): Uint8Array => der.context(0, ...bases);

const DNS: readonly Twist[] = [
  constrained('a domain is permitted', 'accepted', { permitted: [{ dns: 'example.test' }] }),
  constrained('the host itself and its parent are permitted', 'accepted', {
    permitted: [{ dns: HOST }, { dns: 'example.test' }],
  }),
  constrained('another domain is permitted', VIOLATED, { permitted: [{ dns: 'other.test' }] }),
  constrained('a domain is permitted that ends alike', VIOLATED, { permitted: [{ dns: 'ample.test' }] }),
  constrained('one of two names is permitted', VIOLATED, { permitted: [{ dns: HOST }] }),
  constrained('a domain is permitted, in capitals', 'accepted', { permitted: [{ dns: 'EXAMPLE.Test' }] }),
  constrained('every host is permitted', 'accepted', { permitted: [{ dns: '' }] }),
  constrained('every host is excluded', VIOLATED, { excluded: [{ dns: '' }] }),
  constrained('a domain is excluded', VIOLATED, { excluded: [{ dns: 'example.test' }] }),
  constrained('another domain is excluded', 'accepted', { excluded: [{ dns: 'other.test' }] }),
  constrained('a domain is permitted and a part of it excluded', VIOLATED, {
    permitted: [test],
    excluded: [{ dns: HOST }],
  }),
  constrained('hosts below a domain are permitted', 'profile', { permitted: [{ dns: '.test' }] }),
  constrained('hosts below a domain are permitted, and not itself', VIOLATED, {
    permitted: [{ dns: '.example.test' }],
  }),
  constrained('a wildcard within', 'accepted', { permitted: [test] }, [{ dns: '*.a.test' }]),
  constrained('a wildcard of which a part is excluded', VIOLATED, { excluded: [{ dns: 'b.a.test' }] }, [
    { dns: '*.a.test' },
  ]),
  constrained(
    'a wildcard of which a part is permitted',
    VIOLATED,
    { permitted: [{ dns: 'example.test' }, { dns: 'b.a.test' }] },
    [{ dns: '*.a.test' }],
  ),
  constrained('a constraint with a wildcard', VIOLATED, { permitted: [{ dns: '*.test' }] }),
  constrained('a constraint that is no host', VIOLATED, {
    permitted: [test, { dns: 'a b' }],
    excluded: [{ dns: 'a b' }],
  }),
];

const ADDRESSES: readonly Twist[] = [
  constrained('an address within', 'accepted', { permitted: ip('192.0.2.0/24') }, ip('192.0.2.9')),
  constrained('an address without', VIOLATED, { permitted: ip('192.0.2.0/24') }, ip('198.51.100.9')),
  constrained('an excluded address', VIOLATED, { excluded: ip('192.0.2.0/24') }, ip('192.0.2.9')),
  constrained(
    'an address beside one that is excluded',
    'accepted',
    { excluded: ip('192.0.2.8/32') },
    ip('192.0.2.9'),
  ),
  constrained(
    'an address of version 6 within',
    'accepted',
    { permitted: ip('2001:db8::/32') },
    ip('2001:db8::1'),
  ),
  constrained(
    'an address of version 6, and version 4 permitted',
    VIOLATED,
    { permitted: ip('192.0.2.0/24') },
    ip('2001:db8::1'),
  ),
  constrained('every address is excluded', VIOLATED, { excluded: ip('0.0.0.0/0') }, ip('192.0.2.9')),
  constrained('addresses, and the leaf has none', 'accepted', { permitted: ip('192.0.2.0/24') }),
];

const MAIL: readonly Twist[] = [
  constrained(
    'a mail address itself',
    'accepted',
    { permitted: mail('a@example.test') },
    mail('a@example.test'),
  ),
  constrained(
    'a mail address with a host in capitals',
    'accepted',
    { permitted: mail('a@example.test') },
    mail('a@EXAMPLE.test'),
  ),
  constrained(
    'a mail address in capitals',
    VIOLATED,
    { permitted: mail('a@example.test') },
    mail('A@example.test'),
  ),
  constrained(
    'a mail address on a host',
    'accepted',
    { permitted: mail('example.test') },
    mail('a@example.test'),
  ),
  constrained(
    'a mail address on a host below',
    VIOLATED,
    { permitted: mail('example.test') },
    mail('a@mx.example.test'),
  ),
  constrained(
    'a mail address on a host below that is permitted',
    'accepted',
    { permitted: mail('.example.test') },
    mail('a@mx.example.test'),
  ),
  constrained(
    'a mail address elsewhere',
    VIOLATED,
    { permitted: mail('example.test') },
    mail('a@other.test'),
  ),
  constrained(
    'an excluded mail address',
    VIOLATED,
    { excluded: mail('example.test') },
    mail('a@example.test'),
  ),
  constrained('a mail address that is none', VIOLATED, { permitted: mail('example.test') }, mail('nobody')),
  {
    name: 'nameConstraints: a mail address in the subject',
    places: AUTHORITIES,
    touches: ['nc', 'san', 'subject'],
    expect: VIOLATED,
    apply: (chain, { options: given }) => {
      given.nameConstraints = { permitted: mail('example.test') };
      const [leaf] = chain.certificates;
      if (leaf !== undefined) leaf.options.subject = [['emailAddress', 'a@other.test']];
    },
  },
];

const URIS: readonly Twist[] = [
  constrained(
    'a URI on a host',
    'accepted',
    { permitted: uri('example.test') },
    uri('https://example.test/x'),
  ),
  constrained(
    'a URI on a host below',
    VIOLATED,
    { permitted: uri('example.test') },
    uri('https://www.example.test/x'),
  ),
  constrained(
    'a URI on a host below that is permitted',
    'accepted',
    { permitted: uri('.example.test') },
    uri('https://www.example.test:8443/x'),
  ),
  constrained('a URI elsewhere', VIOLATED, { permitted: uri('example.test') }, uri('https://other.test/x')),
  constrained(
    'an excluded URI',
    VIOLATED,
    { excluded: uri('.example.test') },
    uri('https://www.example.test/x'),
  ),
  constrained(
    'a URI with an address for a host',
    VIOLATED,
    { permitted: uri('example.test') },
    uri('https://192.0.2.7/x'),
  ),
  constrained('a URI without a host', VIOLATED, { permitted: uri('example.test') }, uri('urn:example:x')),
  constrained(
    'a URI with a user who looks like a host',
    VIOLATED,
    { permitted: uri('example.test') },
    uri('https://example.test@other.test/'),
  ),
];

/** The subject of the leaf is `C=CH, O=Example, CN=...`. */
function directory(
  name: string,
  expect: Expectation,
  subtrees: Subtrees,
  names?: readonly GeneralNameSpec[],
): Twist {
  const inner = constrained(name, expect, subtrees, names);
  return {
    ...inner,
    apply: (chain, at, choice) => {
      inner.apply(chain, at, choice);
      for (const { place, options: given } of chain.certificates.slice(0, chain.certificates.indexOf(at))) {
        given.subject = [
          ['C', 'CH'],
          ['O', 'Example'],
          ['CN', place === 'leaf' ? HOST : `Authority ${given.serial}`],
        ];
      }
    },
  };
}
const dir = (...pairs: readonly (readonly ['C' | 'O' | 'CN', string])[]): readonly GeneralNameSpec[] => [
  { directory: pairs },
];

const DIRECTORY: readonly Twist[] = [
  directory('a directory name within', 'accepted', { permitted: dir(['C', 'CH'], ['O', 'Example']) }),
  directory('a directory name within, in capitals', 'accepted', {
    permitted: dir(['C', 'CH'], ['O', 'EXAMPLE']),
  }),
  directory('a directory name elsewhere', VIOLATED, { permitted: dir(['C', 'CH'], ['O', 'Other']) }),
  directory('a directory name in another order', VIOLATED, { permitted: dir(['O', 'Example'], ['C', 'CH']) }),
  directory('an excluded directory name', VIOLATED, { excluded: dir(['C', 'CH']) }),
  directory('an excluded directory name that is longer', 'accepted', {
    excluded: dir(['C', 'CH'], ['O', 'Example'], ['CN', 'x']),
  }),
  directory('every directory name is excluded', VIOLATED, { excluded: dir() }),
  directory('every directory name is permitted', 'accepted', { permitted: dir() }),
  directory(
    'an alternative directory name elsewhere',
    VIOLATED,
    { permitted: dir(['C', 'CH']) },
    dir(['C', 'DE']),
  ),
];

const FORMS: readonly Twist[] = [
  constrained('other kinds, and the leaf has none', 'accepted', {
    permitted: [{ registeredId: '1.2.3' }, otherName],
  }),
  constrained(
    'a kind that cannot be checked is permitted',
    VIOLATED,
    { permitted: [{ registeredId: '1.2.3' }] },
    [{ registeredId: '1.2.3' }],
  ),
  constrained('another name', VIOLATED, { permitted: [otherName] }, [otherName]),
  constrained('another name is excluded', VIOLATED, { excluded: [otherName] }, [otherName]),
  constrained('an X.400 address is excluded', VIOLATED, { excluded: [x400] }, [x400]),
  written('not critical', 'profile', der.sequence(permitted(base(test))), false),
  written('not critical, and broken', VIOLATED, der.sequence(permitted(base({ dns: 'other.test' }))), false),
  written('empty', ['empty-list'], der.sequence()),
  written('an empty list', ['empty-list'], der.sequence(permitted())),
  written(
    'a minimum of 0, written',
    ['extension-value'],
    der.sequence(permitted(base(test, der.contextPrimitive(0, Uint8Array.of(0))))),
  ),
  written(
    'a minimum of 1',
    ['extension-value'],
    der.sequence(permitted(base(test, der.contextPrimitive(0, Uint8Array.of(1))))),
  ),
  written(
    'a maximum',
    ['extension-value'],
    der.sequence(permitted(base(test, der.contextPrimitive(1, Uint8Array.of(3))))),
  ),
  written(
    'the excluded before the permitted',
    ['trailing-data'],
    der.sequence(der.context(1, base({ dns: 'x.test' })), permitted(base(test))),
  ),
  written(
    'an address without a mask',
    ['general-name'],
    der.sequence(permitted(base(test), base({ ip: '192.0.2.1' }))),
  ),
  written(
    'a mask with a hole',
    ['general-name'],
    der.sequence(
      permitted(base(test), base(raw(der.contextPrimitive(7, Uint8Array.of(192, 0, 2, 0, 255, 0, 255, 0))))),
    ),
  ),
  written(
    'a host that is not ASCII',
    ['string-encoding'],
    der.sequence(permitted(base(test), base(raw(der.contextPrimitive(2, Uint8Array.of(0xfc)))))),
  ),
  options('nameConstraints: of a leaf', LEAF, ['nc'], 'profile', (given) => {
    given.nameConstraints = { permitted: [test] };
  }),
];

export const CONSTRAINTS: readonly Twist[] = [...DNS, ...ADDRESSES, ...MAIL, ...URIS, ...DIRECTORY, ...FORMS];
