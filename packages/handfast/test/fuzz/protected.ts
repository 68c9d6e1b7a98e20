/**
 * Peers that know the keys and change their messages at random inside the protection, so that no MAC catches it: the
 * handshake itself must.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import type { PairOptions } from '../support/pair.ts';
import { cheatingPeerOf } from '../support/puppet.ts';

/** A change to one message: which one, where in it, and what becomes of it. */
const change = fc.record({
  message: fc.nat(5),
  kind: fc.constantFrom('flip', 'flip', 'set', 'drop', 'insert', 'cut', 'type', 'length'),
  at: fc.nat(2000),
  value: fc.integer({ min: 1, max: 255 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The changed message; never the same as before. */
function apply(message: Uint8Array, { kind, at, value }: Change): Uint8Array {
  const start = at % message.length;
  const replace = (index: number, byte: number): Uint8Array =>
    message.map((old, i) => (i === index ? byte : old));
  switch (kind) {
    case 'flip':
      return replace(start, (message[start] ?? 0) ^ (1 << (value & 7)));
    case 'set':
      return replace(start, value === message[start] ? value - 1 : value);
    case 'drop':
      return concat(message.slice(0, start), message.slice(start + 1));
    case 'insert':
      return concat(message.slice(0, start), Uint8Array.of(value), message.slice(start));
    case 'cut':
      return message.slice(0, start);
    case 'type':
      return replace(0, value === message[0] ? value - 1 : value);
    case 'length':
      return replace(3, (message[3] ?? 0) ^ value);
  }
}

/** Changes the body and lets the header tell its length, so that what is inside is looked at. */
function applyInside(message: Uint8Array, inside: Change): Uint8Array {
  if (message.length <= 4 || inside.kind === 'type' || inside.kind === 'length')
    return apply(message, inside);
  const body = apply(message.slice(4), inside);
  return concat(
    Uint8Array.of(message[0] ?? 0, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff),
    body,
  );
}

/** @param expected errors that some of the changes must lead to. */
export function testProtected(
  flows: Readonly<Record<string, PairOptions>>,
  expected: readonly TlsErrorCode[],
): void {
  for (const [flow, options] of Object.entries(flows)) {
    for (const victim of ['client', 'server'] as const) {
      test(`${flow}: a ${victim} whose peer changes one message inside its protection`, () => {
        const codes = new Set<string>();
        fc.assert(
          fc.property(change, fc.boolean(), (how, isInside) => {
            const puppet = cheatingPeerOf(victim, options);
            let count = 0;
            let wasChanged = false;
            puppet.alter = (message) => {
              if (count++ !== how.message) return message;
              wasChanged = true;
              return isInside ? applyInside(message, how) : apply(message, how);
            };
            try {
              puppet.complete();
            } catch {
              // The puppet's own code stumbles over the victim's alert, or finds nothing to go on with.
            }
            puppet.exchange();
            const { error } = puppet.victim;
            if (!wasChanged) {
              assert.deepEqual(puppet.events, ['established']);
              return;
            }
            assert.equal(puppet.victim.established, undefined);
            assert.deepEqual(puppet.events, error === undefined ? [] : ['error']);
            if (error === undefined) return;
            assert.ok(error instanceof TlsError);
            assert.notEqual(error.code, 'ERR_INTERNAL', error.stack);
            codes.add(error.code);
          }),
          { numRuns: 200 },
        );
        for (const code of expected) assert.ok(codes.has(code), code);
      });

      test(`${flow}: a ${victim} whose peer sends anything in protected records, after the handshake`, () => {
        const types = [...Object.values(ContentType), 24, 255]; // not 0, which would be padding
        const header = fc.constantFrom(
          HandshakeType.key_update,
          HandshakeType.new_session_ticket,
          0,
          1,
          13,
          20,
        );
        const content = fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc
            .tuple(header, fc.uint8Array({ maxLength: 60 }))
            .map(([type, body]) => concat(Uint8Array.of(type, 0, 0, body.length), body)),
        );
        const records = fc.array(fc.tuple(fc.constantFrom(...types), content), { maxLength: 8 });
        fc.assert(
          fc.property(records, (list) => {
            const puppet = cheatingPeerOf(victim, options).complete();
            for (const [type, bytes] of list) puppet.record(type, bytes);
            puppet.exchange();
            const { error } = puppet.victim;
            if (error !== undefined) assert.notEqual(error.code, 'ERR_INTERNAL', error.stack);
            assert.equal(puppet.events[0], 'established');
            const dataRecords = list.filter(
              ([type, { length }]) => type === ContentType.application_data && length > 0,
            );
            assert.ok(puppet.events.filter((event) => event === 'data').length <= dataRecords.length);
          }),
          { numRuns: 80 },
        );
      });
    }
  }
}
