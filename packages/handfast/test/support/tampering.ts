/**
 * Handshakes in which one side is given something else than its peer sent: messages dropped, repeated, exchanged,
 * replaced, preceded. The coroutines run without a record layer ({@link Bare}), so nothing but the handshake itself can
 * notice. What must happen is the caller's to say ({@link OrderRules}).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../src/trace/events.ts';
import type { AlertName } from '../../src/wire/alerts.ts';
import { equalBytes } from '../../src/wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { Bare, nameOf } from './bare.ts';
import { other, type PairOptions } from './pair.ts';

/** What a receiver has been given: a message, and whether it is what its peer sent for this place. */
export interface Delivery {
  readonly message: Uint8Array;
  readonly isGenuine: boolean;
  /** Whether something that its peer sent before is missing. */
  readonly isAfterGap: boolean;
  /** Which form the message has, where there are several. */
  readonly form?: string | undefined;
}

/** A message of another handshake. */
export interface Foreign {
  readonly message: Uint8Array;
  readonly form?: string;
}

/** Changes what one side receives: `index` counts the messages that its peer sent. */
export type Tamper = (message: Uint8Array, index: number) => readonly Delivery[];

const inPlace = { isAfterGap: false } as const;
export const genuine = (message: Uint8Array): Delivery => ({ ...inPlace, message, isGenuine: true });
export const strange = (message: Uint8Array, form?: string): Delivery => ({
  ...inPlace,
  message,
  isGenuine: false,
  form,
});
export const untouched: Tamper = (message) => [genuine(message)];

/** Both sides, and what each was given before it failed. */
export interface Run {
  readonly sides: Readonly<Record<Role, Bare>>;
  readonly deliveries: Readonly<Record<Role, Delivery[]>>;
}

/** One handshake, in which `receiver` gets what `tamper` makes of the messages. */
export function run(flow: PairOptions, receiver: Role, tamper: Tamper): Run {
  const sides = { server: new Bare('server', flow), client: new Bare('client', flow) };
  const deliveries: Record<Role, Delivery[]> = { client: [], server: [] };
  let index = 0;
  let hasGap = false;
  for (;;) {
    const from: Role = sides.client.outbox.length > 0 ? 'client' : 'server';
    const message = sides[from].outbox.shift();
    if (message === undefined) return { sides, deliveries };
    const to = other(from);
    const given = to === receiver ? tamper(message, index++) : [genuine(message)];
    for (const delivery of given) {
      if (sides[to].error !== undefined) break;
      deliveries[to].push({ ...delivery, isAfterGap: hasGap && to === receiver });
      sides[to].deliver(delivery.message);
    }
    hasGap ||= given.length === 0;
  }
}

export type Outcome = TlsErrorCode | 'waits' | 'completes';

/** What must happen, stated apart from the code. */
export interface OrderRules {
  /** Messages of other handshakes, and messages that belong into none. */
  readonly foreign: readonly Foreign[];
  /** What the rules say about what a receiver was given. */
  readonly expectedOutcome: (flow: PairOptions, receiver: Role, deliveries: readonly Delivery[]) => Outcome;
  /** The messages that each side takes when the handshake is complete. */
  readonly takenAfterwards: Readonly<Record<Role, readonly string[]>>;
}

const ALERTS: Readonly<Partial<Record<TlsErrorCode, AlertName>>> = {
  ERR_UNEXPECTED_MESSAGE: 'unexpected_message',
  ERR_TOO_MANY_RENEGOTIATIONS: 'unexpected_message',
  ERR_ILLEGAL_PARAMETER: 'illegal_parameter',
  ERR_DOWNGRADE: 'illegal_parameter',
  ERR_PROTOCOL_VERSION: 'protocol_version',
  ERR_DECODE: 'decode_error',
  ERR_EMPTY_CERTIFICATE: 'decode_error',
  ERR_CERTIFICATE_REQUIRED: 'certificate_required',
  ERR_NO_CERTIFICATE: 'handshake_failure',
  ERR_BAD_SIGNATURE: 'decrypt_error',
  ERR_BAD_FINISHED: 'decrypt_error',
  ERR_BAD_BINDER: 'decrypt_error',
};

const isFinished = ({ message }: Delivery): boolean => nameOf(message) === 'Finished';

/** Runs one tampered handshake and holds it against the rules. Answers what happened. */
export function check(
  rules: OrderRules,
  what: string,
  flow: PairOptions,
  receiver: Role,
  tamper: Tamper,
): { readonly outcome: Outcome; readonly run: Run } {
  const outcomeOf = run(flow, receiver, tamper);
  const side = outcomeOf.sides[receiver];
  const deliveries = outcomeOf.deliveries[receiver];
  const given = deliveries.map(({ message }) => nameOf(message)).join(', ');
  const outcome = rules.expectedOutcome(flow, receiver, deliveries);
  const where = `${what}; the ${receiver} was given ${given || 'nothing'}`;
  if (outcome === 'completes') {
    assert.equal(side.error, undefined, where);
    assert.ok(side.secured, where);
    return { outcome, run: outcomeOf };
  }
  const hadCompleted = deliveries.slice(0, -1).some(isFinished);
  assert.equal(side.secured !== undefined, hadCompleted, where);
  assert.equal(side.keyChanges.includes('received application'), hadCompleted, where);
  if (outcome === 'waits') {
    assert.equal(side.error, undefined, where);
    return { outcome, run: outcomeOf };
  }
  const { error } = side;
  assert.ok(error instanceof TlsError, `${where}: ${error}, expected ${outcome}`);
  assert.deepEqual([error.code, error.alert], [outcome, ALERTS[outcome]], `${where}: ${error.message}`);
  return { outcome, run: outcomeOf };
}

/** Changes the message at one place. */
function at(target: number, change: (message: Uint8Array) => readonly Delivery[]): Tamper {
  return (message, index) => (index === target ? change(message) : [genuine(message)]);
}

/** Gives the message at one place after the one behind it. */
function exchangedAt(target: number): Tamper {
  let held: Uint8Array | undefined;
  return (message, index) => {
    if (index === target) {
      held = message;
      return [];
    }
    if (index !== target + 1 || held === undefined) return [genuine(message)];
    return [genuine(message), strange(held)];
  };
}

/** The tests of one flow, for one receiver. */
export function testTampering(name: string, flow: PairOptions, receiver: Role, rules: OrderRules): void {
  const baseline = run(flow, receiver, untouched);
  const received = baseline.deliveries[receiver].map(({ message }) => message);
  const outcome = (what: string, tamper: Tamper): Outcome =>
    check(rules, what, flow, receiver, tamper).outcome;

  test(`${name}: untouched, the ${receiver} completes`, () => {
    for (const side of ['client', 'server'] as const) assert.ok(baseline.sides[side].secured);
    assert.equal(outcome('untouched', untouched), 'completes');
  });

  test(`${name}: the ${receiver} misses a message`, () => {
    for (const [i, message] of received.entries()) {
      const dropped = at(i, () => []);
      assert.notEqual(outcome(`${nameOf(message)} dropped`, dropped), 'completes');
    }
  });

  test(`${name}: the ${receiver} gets a message twice`, () => {
    for (const [i, message] of received.entries()) {
      const twice = at(i, (bytes) => [genuine(bytes), strange(bytes)]);
      assert.notEqual(outcome(`${nameOf(message)} twice`, twice), 'completes');
    }
  });

  test(`${name}: the ${receiver} gets two messages in the wrong order`, () => {
    for (const [i, message] of received.entries()) {
      assert.notEqual(outcome(`${nameOf(message)} after the next`, exchangedAt(i)), 'completes');
    }
  });

  test(`${name}: the ${receiver} gets another message in place of one, and before it`, () => {
    const outcomes = new Map<Outcome, number>();
    for (const i of received.keys()) {
      for (const { message: foreign, form } of rules.foreign) {
        for (const change of [
          at(i, (bytes) => [equalBytes(bytes, foreign) ? genuine(bytes) : strange(foreign, form)]),
          at(i, (bytes) => [strange(foreign, form), genuine(bytes)]),
        ]) {
          const happened = outcome(`${nameOf(foreign)} at ${i}`, change);
          outcomes.set(happened, (outcomes.get(happened) ?? 0) + 1);
        }
      }
    }
    assert.ok((outcomes.get('ERR_UNEXPECTED_MESSAGE') ?? 0) > 30);
    assert.ok((outcomes.get('ERR_BAD_FINISHED') ?? 0) >= 1);
  });

  test(`${name}: the ${receiver} gets another message after the handshake`, () => {
    const last = received.length - 1;
    for (const { message: foreign, form } of rules.foreign) {
      const isTaken = rules.takenAfterwards[receiver].includes(nameOf(foreign));
      const afterwards = at(last, (bytes) => [genuine(bytes), strange(foreign, form)]);
      assert.equal(
        outcome(`${nameOf(foreign)} at the end`, afterwards),
        isTaken ? 'completes' : 'ERR_UNEXPECTED_MESSAGE',
      );
    }
  });
}
