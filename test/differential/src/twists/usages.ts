/** Twists of basicConstraints, keyUsage and extKeyUsage: what a certificate may be used for. */
import { der } from '../support.ts';
import { find } from '../tree.ts';
import { ANY, AUTHORITIES, INTERMEDIATE, ISSUED, LEAF, options, type Twist, tree } from '../twist.ts';
import { content, removeExtension, toggleCritical, value } from './edits.ts';

const BC: readonly Twist[] = [
  tree('basicConstraints: left out', INTERMEDIATE, ['bc'], ['basicConstraints'], (certificate) =>
    removeExtension(certificate, 'basicConstraints'),
  ),
  tree('basicConstraints: left out of a root', ['root'], ['bc'], ['basicConstraints'], (certificate) =>
    removeExtension(certificate, 'basicConstraints'),
  ),
  options('basicConstraints: no authority', AUTHORITIES, ['bc'], ['basicConstraints'], (given) => {
    given.ca = false;
    delete given.pathLen;
    given.keyUsage = ['keyCertSign', 'cRLSign'];
  }),
  options('basicConstraints: no authority, with a path length', LEAF, ['bc'], 'profile', (given) => {
    given.ca = false;
    given.pathLen = 0;
  }),
  tree('basicConstraints: not critical', AUTHORITIES, ['bc'], 'profile', (certificate) =>
    toggleCritical(certificate, 'basicConstraints'),
  ),
  {
    name: 'basicConstraints: cA written as FALSE',
    places: LEAF,
    touches: ['bc'],
    expect: 'accepted',
    apply: (_, at) => {
      at.options.ca = false;
      at.before.push((certificate) =>
        content(find(certificate, 'basicConstraints.wrapper'), der.sequence(der.boolean(false))),
      );
    },
  },
  options('basicConstraints: a path length that is kept', ['root'], ['bc'], 'accepted', (given) => {
    given.pathLen = 5;
  }),
  {
    name: 'basicConstraints: a path length that is broken below',
    places: INTERMEDIATE,
    touches: ['bc'],
    expect: ['pathLength'],
    apply: (chain) => {
      const root = chain.certificates.at(-1);
      if (root !== undefined) root.options.pathLen = chain.certificates.length - 3;
    },
  },
  value(
    'basicConstraints: a negative path length',
    AUTHORITIES,
    'bc',
    ['integer-negative'],
    'basicConstraints.wrapper',
    (at) => content(at, der.sequence(der.boolean(true), der.integer(-1))),
  ),
  value(
    'basicConstraints: a path length of 5 octets',
    AUTHORITIES,
    'bc',
    ['integer-too-large'],
    'basicConstraints.wrapper',
    (at) => content(at, der.sequence(der.boolean(true), der.integer(0x100000000n))),
  ),
  value(
    'basicConstraints: an element too many',
    AUTHORITIES,
    'bc',
    ['trailing-data'],
    'basicConstraints.wrapper',
    (at) => content(at, der.sequence(der.boolean(true), der.integer(9), der.nullValue())),
  ),
  value(
    'basicConstraints: octets behind it',
    AUTHORITIES,
    'bc',
    ['trailing-data'],
    'basicConstraints.wrapper',
    (at) => content(at, Buffer.concat([der.sequence(der.boolean(true)), Uint8Array.of(0)])),
  ),
  value(
    'basicConstraints: nothing inside',
    AUTHORITIES,
    'bc',
    ['truncated'],
    'basicConstraints.wrapper',
    (at) => content(at, new Uint8Array(0)),
  ),
  options('basicConstraints: the leaf is an authority', LEAF, ['bc', 'ku'], ['basicConstraints'], (given) => {
    given.ca = true;
    given.keyUsage = ['digitalSignature', 'keyCertSign'];
  }),
];

const KU: readonly Twist[] = [
  options('keyUsage: left out', AUTHORITIES, ['ku'], 'profile', (given) => {
    given.keyUsage = null;
  }),
  options('keyUsage: left out of the leaf', LEAF, ['ku'], 'accepted', (given) => {
    given.keyUsage = null;
  }),
  tree('keyUsage: not critical', ANY, ['ku'], 'accepted', (certificate) =>
    toggleCritical(certificate, 'keyUsage'),
  ),
  options('keyUsage: without keyCertSign', AUTHORITIES, ['ku'], ['keyUsage'], (given) => {
    given.keyUsage = ['cRLSign', 'digitalSignature'];
  }),
  options('keyUsage: keyEncipherment only', LEAF, ['ku'], ['keyUsage'], (given) => {
    given.keyUsage = ['keyEncipherment'];
  }),
  options('keyUsage: keyAgreement only', LEAF, ['ku'], ['keyUsage'], (given) => {
    given.keyUsage = ['keyAgreement'];
  }),
  options('keyUsage: nonRepudiation only', LEAF, ['ku'], ['keyUsage'], (given) => {
    given.keyUsage = ['nonRepudiation'];
  }),
  options('keyUsage: the leaf may sign certificates', LEAF, ['ku', 'bc'], 'profile', (given) => {
    given.keyUsage = ['digitalSignature', 'keyCertSign'];
  }),
  options('keyUsage: no bit', ANY, ['ku'], ['extension-value'], (given) => {
    given.keyUsage = [];
  }),
  value('keyUsage: no bit, in an octet', ANY, 'ku', ['extension-value'], 'keyUsage.wrapper', (at) =>
    content(at, der.bitString(Uint8Array.of(0), 7)),
  ),
  tree('keyUsage: zeros behind the last bit', ANY, ['ku'], 'accepted', (certificate) => {
    const bits = find(certificate, 'keyUsage.value');
    bits.content = Buffer.concat([Uint8Array.of(7), bits.content.subarray(1), Uint8Array.of(0)]);
  }),
  value('keyUsage: all bits', AUTHORITIES, 'ku', 'accepted', 'keyUsage.wrapper', (at) =>
    content(at, der.bitString(Uint8Array.of(0xff, 0x80), 7)),
  ),
];

const EKU: readonly Twist[] = [
  options('extKeyUsage: left out', LEAF, ['eku'], 'accepted', (given) => {
    delete given.extKeyUsage;
  }),
  options('extKeyUsage: client only', ISSUED, ['eku'], ['extendedKeyUsage'], (given) => {
    given.extKeyUsage = ['clientAuth'];
  }),
  options('extKeyUsage: client only, of a root', ['root'], ['eku'], ['extendedKeyUsage'], (given) => {
    given.extKeyUsage = ['clientAuth'];
  }),
  options('extKeyUsage: any', LEAF, ['eku'], ['extendedKeyUsage'], (given) => {
    given.extKeyUsage = ['any'];
  }),
  options('extKeyUsage: any, of an authority', AUTHORITIES, ['eku'], 'accepted', (given) => {
    given.extKeyUsage = ['any'];
  }),
  options('extKeyUsage: server, and others', ANY, ['eku'], 'accepted', (given) => {
    given.extKeyUsage = ['codeSigning', '1.2.3.4.5', 'serverAuth'];
  }),
  options('extKeyUsage: unknown only', ISSUED, ['eku'], ['extendedKeyUsage'], (given) => {
    given.extKeyUsage = ['1.2.3.4.5'];
  }),
  options('extKeyUsage: server gated cryptography', ISSUED, ['eku'], ['extendedKeyUsage'], (given) => {
    given.extKeyUsage = ['2.16.840.1.113730.4.1', '1.3.6.1.4.1.311.10.3.3'];
  }),
  tree('extKeyUsage: critical', LEAF, ['eku'], 'accepted', (certificate) =>
    toggleCritical(certificate, 'extKeyUsage'),
  ),
  value('extKeyUsage: no purpose', LEAF, 'eku', ['empty-list'], 'extKeyUsage.wrapper', (at) =>
    content(at, der.sequence()),
  ),
];

export const USAGES: readonly Twist[] = [...BC, ...KU, ...EKU];
