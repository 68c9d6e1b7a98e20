/** Twists of extensions as such, of key identifiers, and of policies. */
import { der } from '../support.ts';
import { element, find } from '../tree.ts';
import {
  ANY,
  AUTHORITIES,
  type Expectation,
  INTERMEDIATE,
  ISSUED,
  LEAF,
  type Twist,
  tree,
} from '../twist.ts';
import { content, type Extra, extension, removeExtension, toggleCritical, value } from './edits.ts';

const UNKNOWN = '1.3.6.1.4.1.55555.1';
const AIA = '1.3.6.1.5.5.7.1.1';
const uri = der.contextPrimitive(6, Buffer.from('http://ca.example.test/x'));
const accessDescription = der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), uri));
const distributionPoints = der.sequence(der.sequence(der.context(0, der.context(0, uri))));

const FRAMES: readonly Twist[] = [
  extension('extension: unknown', ANY, 'extra', 'accepted', { oid: UNKNOWN, value: der.nullValue() }),
  extension('extension: unknown, not DER inside', ANY, 'extra', 'accepted', {
    oid: UNKNOWN,
    value: Uint8Array.of(0xff, 0x80),
  }),
  extension('extension: unknown and critical', ANY, 'extra', ['criticalExtension'], {
    oid: UNKNOWN,
    critical: true,
    value: der.nullValue(),
  }),
  extension('extension: authorityInfoAccess', ANY, 'extra', 'accepted', {
    oid: AIA,
    value: accessDescription,
  }),
  extension('extension: authorityInfoAccess, critical', ANY, 'extra', ['criticalExtension'], {
    oid: AIA,
    critical: true,
    value: accessDescription,
  }),
  extension('extension: authorityInfoAccess, empty', ANY, 'extra', ['empty-list'], {
    oid: AIA,
    value: der.sequence(),
  }),
  extension('extension: cRLDistributionPoints', ISSUED, 'extra', 'accepted', {
    oid: '2.5.29.31',
    value: distributionPoints,
  }),
  extension('extension: cRLDistributionPoints, critical', ISSUED, 'extra', ['criticalExtension'], {
    oid: '2.5.29.31',
    critical: true,
    value: distributionPoints,
  }),
  extension('extension: signed certificate timestamps', LEAF, 'extra', 'accepted', {
    oid: '1.3.6.1.4.1.11129.2.4.2',
    value: der.octetString(Uint8Array.of(0, 0)),
  }),
  extension('extension: precertificate poison', LEAF, 'extra', ['criticalExtension'], {
    oid: '1.3.6.1.4.1.11129.2.4.3',
    critical: true,
    value: der.nullValue(),
  }),
  extension('extension: OCSP no check', LEAF, 'extra', 'accepted', {
    oid: '1.3.6.1.5.5.7.48.1.5',
    value: der.nullValue(),
  }),
  extension('extension: policyMappings of a leaf, malformed', LEAF, 'extra', ['unexpected-tag'], {
    oid: '2.5.29.33',
    value: der.oid('1.2.3.4'),
  }),
  extension('extension: issuerAltName', ANY, 'extra', 'accepted', {
    oid: '2.5.29.18',
    value: der.sequence(uri),
  }),
  tree('extensions: the same twice', ANY, ['extensions'], ['duplicate-extension'], (certificate, choice) => {
    const list = find(certificate, 'extensions').children?.[0]?.children ?? [];
    const twice = list[choice % list.length];
    if (twice !== undefined) list.push(twice);
  }),
  tree('extensions: an unknown one twice', ANY, ['extensions'], ['duplicate-extension'], (certificate) => {
    const list = find(certificate, 'extensions').children?.[0]?.children;
    const frame = der.sequence(der.oid(`${UNKNOWN}.2`), der.octetString(der.nullValue()));
    list?.push(element(frame, 'twice'), element(frame, 'twice'));
  }),
  tree('extensions: in reverse order', ANY, ['extensions'], 'accepted', (certificate) => {
    find(certificate, 'extensions').children?.[0]?.children?.reverse();
  }),
  tree(
    'extensions: an empty list',
    INTERMEDIATE,
    ['extensions', 'bc', 'ku', 'eku', 'nc', 'policies', 'keyIds', 'extra'],
    ['empty-list'],
    (certificate) => {
      const list = find(certificate, 'extensions').children?.[0];
      if (list !== undefined) list.children = [];
    },
  ),
  tree('extensions: critical written as FALSE', ANY, ['extensions'], ['default-encoded'], (certificate) => {
    const frame = find(certificate, 'subjectKeyIdentifier.frame');
    frame.children?.splice(1, 0, element(der.boolean(false), 'subjectKeyIdentifier.critical'));
  }),
  tree('extensions: critical written as 01', ANY, ['extensions'], ['boolean-value'], (certificate) => {
    find(certificate, 'keyUsage.critical').content = Uint8Array.of(1);
  }),
];

const identifier = (octets: number): Uint8Array => new Uint8Array(20).fill(octets);
const authorityKey = (...parts: readonly Uint8Array[]): Uint8Array => der.sequence(...parts);
const aki = (name: string, expect: Expectation, encoding: Uint8Array): Twist =>
  value(`authorityKeyIdentifier: ${name}`, ISSUED, 'keyIds', expect, 'authorityKeyIdentifier.wrapper', (at) =>
    content(at, encoding),
  );
const someone = der.context(
  1,
  der.context(4, der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String('X'))))),
);

const KEY_IDS: readonly Twist[] = [
  tree('authorityKeyIdentifier: left out', ISSUED, ['keyIds'], 'profile', (certificate) =>
    removeExtension(certificate, 'authorityKeyIdentifier'),
  ),
  tree('subjectKeyIdentifier: left out', AUTHORITIES, ['keyIds'], 'profile', (certificate) =>
    removeExtension(certificate, 'subjectKeyIdentifier'),
  ),
  tree('subjectKeyIdentifier: left out of the leaf', LEAF, ['keyIds'], 'accepted', (certificate) =>
    removeExtension(certificate, 'subjectKeyIdentifier'),
  ),
  value(
    'subjectKeyIdentifier: another',
    AUTHORITIES,
    'keyIds',
    'accepted',
    'subjectKeyIdentifier.wrapper',
    (at) => content(at, der.octetString(identifier(7))),
  ),
  value(
    'subjectKeyIdentifier: empty',
    AUTHORITIES,
    'keyIds',
    'accepted',
    'subjectKeyIdentifier.wrapper',
    (at) => content(at, der.octetString(new Uint8Array(0))),
  ),
  tree('subjectKeyIdentifier: critical', AUTHORITIES, ['keyIds'], ['criticalExtension'], (certificate) =>
    toggleCritical(certificate, 'subjectKeyIdentifier'),
  ),
  tree('authorityKeyIdentifier: critical', ISSUED, ['keyIds'], ['criticalExtension'], (certificate) =>
    toggleCritical(certificate, 'authorityKeyIdentifier'),
  ),
  aki('of another key', 'accepted', authorityKey(der.contextPrimitive(0, identifier(9)))),
  aki('without any field', 'profile', authorityKey()),
  aki(
    'by another issuer and serial number',
    'profile',
    authorityKey(someone, der.contextPrimitive(2, Uint8Array.of(5))),
  ),
  aki('by an issuer without a serial number', 'profile', authorityKey(someone)),
  aki(
    'by an empty list of issuers',
    ['empty-list'],
    authorityKey(der.context(1), der.contextPrimitive(2, Uint8Array.of(5))),
  ),
];

const POLICY = '1.3.6.1.4.1.55555.2.1';
const ANY_POLICY = '2.5.29.32.0';
const info = (oid: string, ...qualifiers: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(oid), ...(qualifiers.length > 0 ? [der.sequence(...qualifiers)] : []));
const policies = (...oids: readonly string[]): Extra => ({
  oid: '2.5.29.32',
  value: der.sequence(...oids.map((oid) => info(oid))),
});
const constraints = (...parts: readonly Uint8Array[]): Extra => ({
  oid: '2.5.29.36',
  critical: true,
  value: der.sequence(...parts),
});
const cps = der.sequence(der.oid('1.3.6.1.5.5.7.2.1'), der.ia5String('http://ca.example.test/cps'));

const POLICIES: readonly Twist[] = [
  extension('policies: one', ANY, 'policies', 'accepted', policies(POLICY)),
  extension('policies: any', ANY, 'policies', 'accepted', policies(ANY_POLICY)),
  extension('policies: with a qualifier', ANY, 'policies', 'accepted', {
    oid: '2.5.29.32',
    value: der.sequence(info(POLICY, cps)),
  }),
  extension('policies: the same twice', ANY, 'policies', ['duplicate-policy'], policies(POLICY, POLICY)),
  extension('policies: none in the list', ANY, 'policies', ['empty-list'], policies()),
  extension(
    'policies: required, and there are none',
    AUTHORITIES,
    'policies',
    ['certificatePolicies'],
    constraints(der.contextPrimitive(0, Uint8Array.of(0))),
  ),
  extension(
    'policies: required further down than anybody is',
    AUTHORITIES,
    'policies',
    'accepted',
    constraints(der.contextPrimitive(0, Uint8Array.of(9))),
  ),
  extension(
    'policies: constraints without any',
    AUTHORITIES,
    'policies',
    ['extension-value', 'empty-list'],
    constraints(),
  ),
  extension('policies: any is inhibited, and nobody needs it', AUTHORITIES, 'policies', 'accepted', {
    oid: '2.5.29.54',
    critical: true,
    value: der.integer(0),
  }),
  extension('policies: a negative number of certificates', AUTHORITIES, 'policies', ['integer-negative'], {
    oid: '2.5.29.54',
    critical: true,
    value: der.integer(-1),
  }),
  extension('policies: a mapping from any', INTERMEDIATE, 'policies', ['policyMappings'], {
    oid: '2.5.29.33',
    critical: true,
    value: der.sequence(der.sequence(der.oid(ANY_POLICY), der.oid(POLICY))),
  }),
  {
    name: 'policies: required, and all have one',
    places: ['root'],
    touches: ['policies', 'all policies'],
    expect: 'accepted',
    apply: (chain) => {
      for (const { place, options: given } of chain.certificates) {
        const own =
          place === 'root' ? constraints(der.contextPrimitive(0, Uint8Array.of(0))) : policies(POLICY);
        given.extraExtensions = [...(given.extraExtensions ?? []), own];
      }
    },
  },
];

export const EXTENSIONS: readonly Twist[] = [...FRAMES, ...KEY_IDS, ...POLICIES];
