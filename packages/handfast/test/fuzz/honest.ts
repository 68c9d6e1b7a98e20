/** Whatever two honest sides do, in whatever order and however the network delivers it, no byte is lost and nothing fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Role } from '../../src/trace/events.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { other, Pair, type PairOptions } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

type Action =
  | { readonly act: 'send'; readonly side: Role; readonly length: number }
  | { readonly act: 'update'; readonly side: Role; readonly isRequested: boolean }
  | { readonly act: 'move'; readonly side: Role }
  | { readonly act: 'close'; readonly side: Role };

const side = fc.constantFrom(...ROLES);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant('send' as const), side, length: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('send' as const), side, length: fc.nat(70_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('update' as const), side, isRequested: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('move' as const), side }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('close' as const), side }) },
);

export const endpoint = fc.record({
  maxFragmentLength: fc.integer({ min: 64, max: 16384 }),
  recordsPerKey: fc.integer({ min: 1, max: 20 }),
  padding: fc.nat(300).map((most) => (length: number) => (length * 31) % (most + 1)),
});

/** Cuts into pieces of one length. */
export const inSteps =
  (step: number): NonNullable<PairOptions['cut']> =>
  (bytes) =>
    Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.slice(i * step, (i + 1) * step));

/** Any conversation under any of these options. */
export function testHonest(name: string, options: fc.Arbitrary<PairOptions>): void {
  test(name, () => {
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 60 }), (chosen, actions) => {
        const pair = new Pair(chosen);
        const sent: Record<Role, Uint8Array[]> = { client: [], server: [] };
        const isClosed: Record<Role, boolean> = { client: false, server: false };
        let fill = 0;
        for (const step of actions) {
          const connection = pair.side(step.side);
          if (step.act === 'move') pair.move(step.side);
          else if (isClosed[step.side]) continue;
          else if (step.act === 'send') {
            const data = new Uint8Array(step.length).fill(++fill & 0xff);
            sent[step.side].push(data);
            connection.send(data);
          } else if (step.act === 'update') {
            if (connection.established?.version === 'TLSv1.3') connection.updateKeys(step.isRequested);
          } else {
            isClosed[step.side] = true;
            connection.close();
          }
        }
        for (const role of ROLES) pair.side(role).close();
        pair.run();
        for (const role of ROLES) {
          assert.equal(pair.side(role).error, undefined, pair.side(role).error?.message);
          assert.equal(pair.side(role).hasEnded, true);
          assert.equal(toHex(pair.dataOf(role)), toHex(concat(...sent[other(role)])));
          assert.equal(pair.typesOf(role).indexOf('established'), 0);
          assert.equal(pair.typesOf(role).at(-1), 'end');
        }
      }),
      { numRuns: 120 },
    );
  });
}
