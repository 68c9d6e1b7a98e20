/** Cases of a table: what a peer does, against which rule, and what the honest side must make of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../src/trace/events.ts';
import { concat, latin1 } from '../../src/wire/bytes.ts';
import { other } from '../support/pair.ts';
import { FLOWS, type FlowName } from './flows.ts';
import { type Deed, LAST_WORDS, Peer, SECRET } from './peer.ts';
import type { Refusal } from './refusals.ts';

/**
 * What must become of a conversation: it is refused; it goes on as if nothing were; it ends in order, and what
 * comes then is not heard; or the victim waits, and the transport ends.
 */
export type Outcome = Refusal | 'goes on' | 'ends' | 'waits';

export interface More {
  /** What the victim's handlers were told before they were told the error. Default: nothing, or `established` for what comes afterwards. */
  readonly before?: readonly string[];
  /** The peer cannot read the alert: its keys are not those of the victim, or it has had too many alerts before. */
  readonly alertIsUnreadable?: true;
}

/** What a peer does, and what must come of it. */
export type Case = readonly [deed: Deed, outcome: Outcome, more?: More];

/** By the rule, in the RFC's words, and by the deed in ours. */
export type Cases = Readonly<Record<string, Readonly<Record<string, Case>>>>;

const controlled = new Set<string>();

/** Tests of one peer in one flow. The first in a flow is the honest peer, with whom everything goes on. */
export function peersIn(flow: FlowName, role: Role, ...tables: readonly Cases[]): void {
  const where = `${flow}, by the ${role}`;
  if (!controlled.has(where)) {
    controlled.add(where);
    test(`${where}: nothing is done, and everything goes on`, () => {
      const peer = new Peer(role, FLOWS[flow]()).run();
      assertGoesOn(peer, flow);
      assertIsTheFlow(peer, flow);
    });
  }
  for (const [rule, cases] of tables.flatMap((table) => Object.entries(table))) {
    for (const [what, one] of Object.entries(cases)) {
      test(`${rule}: ${what} (${where})`, () => play(flow, role, one));
    }
  }
}

function play(flow: FlowName, role: Role, [deed, outcome, more]: Case): void {
  const peer = new Peer(role, FLOWS[flow](), deed).run();
  assert.ok(peer.deeds > 0, 'the deed was not done');
  if (outcome === 'goes on') assertGoesOn(peer, flow);
  else if (outcome === 'ends') assertEnded(peer);
  else if (outcome === 'waits') assertWaited(peer, more);
  else assertRefused(peer, outcome, deed, more);
}

/** The flow is what its name says: else the cases in it would be about something else. */
function assertIsTheFlow(peer: Peer, flow: FlowName): void {
  const {
    version,
    resumed,
    helloRetried,
    peer: shown,
    pskIdentity,
    earlyData,
  } = peer.victim.established ?? {};
  assert.equal(version, flow.includes('TLS 1.2') ? 'TLSv1.2' : 'TLSv1.3');
  const isEarly = flow.startsWith('early data');
  assert.equal(resumed, flow.includes('resumed') || isEarly);
  assert.equal(helloRetried, flow.includes('HelloRetryRequest') || flow.includes('cookie'));
  assert.equal(pskIdentity !== undefined, flow.includes('external key'));
  const isShown =
    peer.role === 'server' ? !flow.includes('external key') : flow.endsWith('client certificate');
  assert.equal(shown !== undefined, isShown);
  assert.equal(earlyData, isEarly ? (flow.includes('refused') ? 'rejected' : 'accepted') : undefined);
}

/** What the victim is told when all is well. */
function honestEvents(peer: Peer, flow: FlowName): string[] {
  const hearsEarly = flow === 'early data' && other(peer.role) === 'server';
  return [...(hearsEarly ? ['early data'] : []), 'established', 'data', 'end'];
}

function assertGoesOn(peer: Peer, flow: FlowName): void {
  const { victim } = peer;
  assert.equal(victim.error, undefined, victim.error?.message);
  assert.equal(peer.failure, undefined, String(peer.failure));
  assert.ok(victim.established !== undefined, 'the victim has not completed its handshake');
  const events = peer.events.filter((event, i) => event !== 'data' || peer.events[i - 1] !== 'data');
  assert.deepEqual(events, honestEvents(peer, flow));
  assert.ok(latin1(concat(...peer.delivered)).endsWith(LAST_WORDS));
  assert.ok(saysSecret(peer));
}

function assertEnded(peer: Peer): void {
  assert.equal(peer.victim.error, undefined, peer.victim.error?.message);
  assert.deepEqual(peer.events, ['established', 'end']);
  assert.deepEqual(peer.delivered, []);
}

function assertWaited(peer: Peer, more: More = {}): void {
  const { victim } = peer;
  assert.equal(victim.error?.code, 'ERR_TRUNCATED', victim.error?.message ?? 'the victim has not failed');
  assert.deepEqual(peer.events, [...(more.before ?? []), 'error']);
  assertUntouched(peer, more.before ?? []);
}

function assertRefused(peer: Peer, [code, alert]: Refusal, deed: Deed, more: More = {}): void {
  const { victim } = peer;
  const { error } = victim;
  assert.ok(error !== undefined, 'the victim has not refused');
  assert.deepEqual([error.code, error.alert], [code, alert], error.message);
  const before = more.before ?? (deed.afterwards === undefined ? [] : ['established']);
  assert.deepEqual(peer.events, [...before, 'error'], error.message);
  assertUntouched(peer, before);
  if (alert === null || more.alertIsUnreadable === true)
    assert.ok(peer.alerts.every(({ level }) => level === 1));
  else
    assert.deepEqual(peer.alerts.at(-1), { level: 2, name: alert }, `alerts: ${JSON.stringify(peer.alerts)}`);
  // Nothing is read, told or said afterwards
  const told = peer.events.length;
  victim.receive(new Uint8Array(100).fill(22));
  victim.receiveEnd();
  assert.equal(peer.events.length, told);
  assert.deepEqual(victim.takeOutgoing(), []);
}

const saysSecret = ({ heard }: Peer): boolean => latin1(concat(...heard)).includes(SECRET);

/** A victim that has not completed its handshake has told nobody a secret, and none that failed believes what came after. */
function assertUntouched(peer: Peer, before: readonly string[]): void {
  const wasEstablished = before.includes('established');
  assert.equal(peer.victim.established !== undefined, wasEstablished);
  if (!wasEstablished) assert.ok(!saysSecret(peer), 'the victim told its secret');
  assert.ok(!latin1(concat(...peer.delivered)).includes(LAST_WORDS), 'what came afterwards was delivered');
}
