/** Twists of the chain as a whole: which certificates there are, and in which order they are sent. */
import { NOW } from '../base.ts';
import { keyOf } from '../keys.ts';
import type { Chain, Maker, Place } from '../plan.ts';
import { pki } from '../support.ts';
import { EVERYTHING, type Expectation, INTERMEDIATE, LEAF, type Twist } from '../twist.ts';

const DAY = 86_400_000;

/** These change nothing about the path that everybody finds. */
const BESIDE_OTHERS: ReadonlySet<string> = new Set([
  'in reverse order',
  'an intermediate twice',
  'with its root',
  'with the leaf once more',
  'with a stranger',
  'another root of the same name is trusted too',
]);

function structure(
  name: string,
  places: readonly Place[],
  expect: Expectation,
  change: (chain: Chain, make: Maker, index: number, choice: number) => void,
): Twist {
  return {
    name: `chain: ${name}`,
    places,
    touches: BESIDE_OTHERS.has(name) ? ['structure'] : [EVERYTHING],
    expect,
    apply: (plan, at, choice) => {
      const index = plan.certificates.indexOf(at);
      plan.finish.push((chain, make) => change(chain, make, index, choice));
    },
  };
}

/** Puts a certificate before or behind the others. */
function add(chain: Chain, certificate: Uint8Array, choice: number): void {
  if (choice % 2 === 0) chain.sent.unshift(certificate);
  else chain.sent.push(certificate);
}

/** Another root of the same name, with a key of its own. */
function otherRoot({ plan }: Maker): ReturnType<typeof pki.issue> {
  const { options } = plan.certificates.at(-1) ?? { options: undefined };
  return pki.issue({ subject: options?.subject ?? 'Root', key: keyOf('p384', 'stranger'), ca: true });
}

function stranger(): ReturnType<typeof pki.issue> {
  return pki.issue({ subject: 'Stranger', key: keyOf('p256', 'stranger'), ca: true });
}

export const STRUCTURE: readonly Twist[] = [
  structure('an intermediate is missing', INTERMEDIATE, ['issuer'], (chain, _make, index) => {
    chain.sent.splice(index - 1, 1);
  }),
  structure('in reverse order', INTERMEDIATE, 'accepted', (chain) => {
    chain.sent.reverse();
  }),
  structure('an intermediate twice', INTERMEDIATE, 'accepted', (chain, _make, index) => {
    const twice = chain.sent[index - 1];
    if (twice !== undefined) chain.sent.push(twice);
  }),
  structure('with its root', LEAF, 'accepted', (chain, _make, _index, choice) => {
    for (const root of chain.roots) add(chain, root, choice | 1);
  }),
  structure('with the leaf once more', LEAF, 'accepted', (chain) => {
    chain.sent.push(chain.leaf);
  }),
  structure('with a stranger', LEAF, 'accepted', (chain, _make, _index, choice) => {
    add(chain, stranger().der, choice);
  }),
  structure('the root is not trusted', LEAF, ['issuer'], (chain) => {
    chain.roots = [stranger().der];
  }),
  structure('the root is sent and not trusted', LEAF, ['issuer'], (chain) => {
    chain.sent.push(...chain.roots);
    chain.roots = [stranger().der];
  }),
  structure('another root of the same name is trusted', LEAF, ['signature'], (chain, make) => {
    chain.roots = [otherRoot(make).der];
  }),
  structure(
    'another root of the same name is trusted too',
    LEAF,
    'accepted',
    (chain, make, _index, choice) => {
      const other = otherRoot(make).der;
      chain.roots = choice % 2 === 0 ? [other, ...chain.roots] : [...chain.roots, other];
    },
  ),
  structure(
    'with an expired twin of an intermediate',
    INTERMEDIATE,
    'accepted',
    (chain, make, index, choice) => {
      const twin = make.again(index, { serial: 77, notAfter: new Date(NOW - DAY) });
      add(chain, twin.der, choice);
    },
  ),
  structure(
    'with a twin of an intermediate that is no authority',
    INTERMEDIATE,
    'accepted',
    (chain, make, index, choice) => {
      const { pathLen: _, ...options } = make.plan.certificates[index]?.options ?? { subject: '' };
      const issuer = make.issued[index + 1];
      const twin = pki.issue({ ...options, ...(issuer && { issuer }), serial: 77, ca: false });
      add(chain, twin.der, choice);
    },
  ),
  structure(
    'with an intermediate of the same name and another key',
    INTERMEDIATE,
    'accepted',
    (chain, make, index, choice) => {
      const { options } = make.plan.certificates[index] ?? { options: { subject: '' } };
      const issuer = make.issued[index + 1];
      const twin = pki.issue({
        ...options,
        key: keyOf('p384', 'stranger'),
        ...(issuer && { issuer }),
        serial: 77,
      });
      add(chain, twin.der, choice);
    },
  ),
  structure(
    'with an intermediate of the same name and another key, without key identifiers',
    INTERMEDIATE,
    'accepted',
    (chain, make, index, choice) => {
      const { options } = make.plan.certificates[index] ?? { options: { subject: '' } };
      const issuer = make.issued[index + 1];
      const twin = pki.issue({
        ...options,
        key: keyOf('p384', 'stranger'),
        ...(issuer && { issuer }),
        serial: 77,
        keyIdentifiers: false,
      });
      add(chain, twin.der, choice);
    },
  ),
  structure(
    'an intermediate is cross-signed by a stranger',
    INTERMEDIATE,
    'accepted',
    (chain, make, index, choice) => {
      add(chain, make.again(index, { issuer: stranger(), serial: 78 }).der, choice);
    },
  ),
  structure(
    'an intermediate is cross-signed by another that is trusted',
    INTERMEDIATE,
    'accepted',
    (chain, make, index) => {
      const root = stranger();
      chain.sent[index - 1] = make.again(index, { issuer: root, serial: 78 }).der;
      chain.roots = [root.der];
    },
  ),
  structure('a loop of cross-signed authorities', INTERMEDIATE, 'accepted', (chain, make, index, choice) => {
    const { key } = make.plan.certificates[index]?.options ?? {};
    const [root, own] = [make.issued.at(-1), make.issued[index]];
    if (root === undefined || own === undefined || key === undefined) return;
    const { options } = make.plan.certificates.at(-1) ?? { options: undefined };
    if (options === undefined) return;
    const { signatureHash: _hash, pss: _pss, ...rest } = options;
    add(chain, pki.issue({ ...rest, issuer: own, serial: 79 }).der, choice);
  }),
  structure('an intermediate is trusted, and no root', INTERMEDIATE, 'accepted', (chain, make, index) => {
    const trusted = make.issued[index];
    chain.roots = trusted === undefined ? [] : [trusted.der];
  }),
  structure('a leaf issued by a leaf', LEAF, ['basicConstraints'], (chain, make) => {
    const [leaf] = make.issued;
    if (leaf === undefined) return;
    const {
      signatureHash: _hash,
      pss: _pss,
      publicKeyInfo: _info,
      ...rest
    } = make.plan.certificates[0]?.options ?? { subject: '' };
    chain.sent.unshift(leaf.der);
    chain.leaf = pki.issue({
      ...rest,
      subject: 'Below a leaf',
      key: keyOf('p256', 'stranger'),
      issuer: leaf,
    }).der;
  }),
  structure('a leaf that signed itself', LEAF, ['issuer'], (chain, make) => {
    const {
      signatureHash: _hash,
      pss: _pss,
      ...rest
    } = make.plan.certificates[0]?.options ?? { subject: '' };
    chain.leaf = pki.issue({ ...rest, subject: 'Alone' }).der;
  }),
  structure('a leaf that is trusted itself', LEAF, 'accepted', (chain) => {
    chain.roots = [chain.leaf];
    chain.sent = [];
  }),
  structure('a leaf that signed itself and is trusted', LEAF, 'accepted', (chain, make) => {
    const {
      signatureHash: _hash,
      pss: _pss,
      ...rest
    } = make.plan.certificates[0]?.options ?? { subject: '' };
    chain.leaf = pki.issue({ ...rest, subject: 'Alone' }).der;
    chain.roots = [chain.leaf];
    chain.sent = [];
  }),
];
