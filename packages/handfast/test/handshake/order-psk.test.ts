/**
 * What must have arrived before Finished where a pre-shared key stands for certificates: every message of every flow is
 * dropped, repeated, exchanged with its neighbour, replaced by and preceded by every other message, in both roles. The
 * coroutines run without a record layer, so nothing but the handshake itself can notice.
 *
 * The rules, stated here apart from the code:
 *
 * 1. A message that may not come now is refused with ERR_UNEXPECTED_MESSAGE ({@link admitted}): no certificate, and no
 *    request for one, may come; EndOfEarlyData must come where early data was taken, and nowhere else.
 * 2. A hello that may come now but is not the peer's right one is refused with ERR_ILLEGAL_PARAMETER; but the first
 *    ClientHello again, in place of the second, has a binder that knows nothing of what came between. A server cannot know a
 *    strange first ClientHello for one, but then its client refuses the answer.
 * 3. Any other departure from what the peer sent makes Finished fail with ERR_BAD_FINISHED.
 * 4. Where nothing more arrives, the receiver waits, and has not completed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { MessageOrder } from '../../src/handshake/order.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import type { Role } from '../../src/trace/events.ts';
import { ascii, equalBytes } from '../../src/wire/bytes.ts';
import { HandshakeType, messageName, NamedGroup } from '../../src/wire/registry.ts';
import { nameOf } from '../support/bare.ts';
import { foreignMessages } from '../support/order13.ts';
import { type PairOptions, text } from '../support/pair.ts';
import { acquainted, later, withEarlyData } from '../support/sessions.ts';
import {
  type Delivery,
  type OrderRules,
  type Outcome,
  run,
  testTampering,
  untouched,
} from '../support/tampering.ts';

const EXTERNAL = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(7) };
const groups = [NamedGroup.secp256r1];
const applicationProtocols = ['ours', 'theirs'];

/** A flow, and what is to be known of it. */
interface Flow {
  readonly options: PairOptions;
  readonly isRetried?: true;
  readonly isEarlyDataTaken?: true;
}

function flowsWith(protocol: string): Readonly<Record<string, Flow>> {
  const client = { applicationProtocols };
  const server = { applicationProtocols: [protocol] };
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const known = later(acquainted({ client, server: { ...server, tickets: { keys } } }), {
    server: { tickets: { keys, count: 0 } },
  });
  const early = withEarlyData(known, text('early'));
  const keyOnly = { pskKeyExchangeModes: ['psk_ke'] } as const;
  const external = { client: { ...client, psks: [EXTERNAL] }, server: { ...server, psks: [EXTERNAL] } };
  return {
    'a session': { options: known },
    'a session, after HelloRetryRequest': { options: later(known, { server: { groups } }), isRetried: true },
    'a session without key exchange': { options: later(known, { client: keyOnly, server: keyOnly }) },
    'early data that is taken': { options: early, isEarlyDataTaken: true },
    'early data that is refused': { options: later(early, { server: { earlyData: undefined as never } }) },
    'early data, and HelloRetryRequest': { options: later(early, { server: { groups } }), isRetried: true },
    'an external key': { options: external },
  };
}

const FLOWS = flowsWith('ours');

/** The messages that may come after `seen`, for a receiver in a flow. */
function admitted(flow: Flow, receiver: Role, seen: readonly Delivery[]): readonly string[] {
  const names = seen.map(({ message }) => nameOf(message));
  const last = names.at(-1);
  if (names.includes('Finished'))
    return receiver === 'client' ? ['KeyUpdate', 'NewSessionTicket'] : ['KeyUpdate'];
  return receiver === 'client' ? (AFTER_AT_CLIENT[last ?? ''] ?? []) : admittedAtServer(flow, seen, last);
}

const AFTER_AT_CLIENT: Readonly<Record<string, readonly string[]>> = {
  '': ['HelloRetryRequest', 'ServerHello'],
  HelloRetryRequest: ['ServerHello'],
  ServerHello: ['EncryptedExtensions'],
  EncryptedExtensions: ['Finished'],
};

function admittedAtServer(
  { isRetried, isEarlyDataTaken }: Flow,
  seen: readonly Delivery[],
  last: string | undefined,
): readonly string[] {
  if (last === undefined || (isRetried && seen.length === 1)) return ['ClientHello'];
  return last === 'ClientHello' && isEarlyDataTaken && seen[0]?.isGenuine ? ['EndOfEarlyData'] : ['Finished'];
}

/** What the rules say about what a receiver was given. */
function expectedOutcome(flow: Flow, receiver: Role, deliveries: readonly Delivery[]): Outcome {
  const [first] = deliveries;
  const offersEarlyData = flow.options.target !== undefined;
  let hasDeparted = false;
  for (const [i, { message, isGenuine, isAfterGap }] of deliveries.entries()) {
    const name = nameOf(message);
    if (!admitted(flow, receiver, deliveries.slice(0, i)).includes(name)) return 'ERR_UNEXPECTED_MESSAGE';
    hasDeparted ||= !isGenuine || isAfterGap;
    if (hasDeparted && /Hello/.test(name) && !(name === 'ClientHello' && i === 0)) {
      const isAgain = i > 0 && first?.isGenuine && equalBytes(message, first.message);
      return isAgain && !offersEarlyData ? 'ERR_BAD_BINDER' : 'ERR_ILLEGAL_PARAMETER';
    }
    if (hasDeparted && name === 'Finished') return 'ERR_BAD_FINISHED';
  }
  return deliveries.some(({ message }) => nameOf(message) === 'Finished') ? 'completes' : 'waits';
}

const FOREIGN = foreignMessages({
  ...Object.fromEntries(Object.entries(flowsWith('theirs')).map(([name, { options }]) => [name, options])),
  certificates: {
    server: { applicationProtocols: ['theirs'], clientAuthentication: 'request' },
    client: { applicationProtocols },
  },
});

test('there is a foreign message of every type', () => {
  const names = new Set(FOREIGN.map(nameOf));
  for (const type of Object.values(HandshakeType)) assert.ok(names.has(messageName(type)), messageName(type));
  assert.ok(names.has('HelloRetryRequest'));
});

test('the flows are what they are called', () => {
  for (const [name, { options, isRetried, isEarlyDataTaken }] of Object.entries(FLOWS)) {
    const { sides } = run(options, 'client', untouched);
    const established = sides.client.secured?.established;
    assert.ok(established, name);
    assert.equal(established.resumed || established.pskIdentity !== undefined, true, name);
    assert.equal(established.helloRetried, isRetried === true, name);
    assert.equal(established.earlyData === 'accepted', isEarlyDataTaken === true, name);
  }
});

for (const [name, flow] of Object.entries(FLOWS)) {
  const rules: OrderRules = {
    foreign: FOREIGN.map((message) => ({ message })),
    expectedOutcome: (_options, receiver, deliveries) => expectedOutcome(flow, receiver, deliveries),
    takenAfterwards: { client: ['KeyUpdate', 'NewSessionTicket'], server: ['KeyUpdate'] },
  };
  for (const receiver of ['client', 'server'] as const) testTampering(name, flow.options, receiver, rules);
}

test('Finished does not count where a pre-shared key was chosen and not proved, whatever else was', () => {
  const messages = { client: ['ServerHello', 'EncryptedExtensions'], server: ['ClientHello'] };
  for (const role of ['client', 'server'] as const) {
    for (const proofs of [[], ['trusted certificate', 'CertificateVerify', 'earlier session']] as const) {
      const order = new MessageOrder(role);
      order.facts.pskChosen = true;
      for (const message of messages[role]) {
        order.admit(message);
        if (/^(Client|Server)Hello$/.test(message)) order.follow('TLSv1.3');
      }
      for (const proof of proofs) order.prove(proof);
      assert.throws(() => order.admit('Finished'), {
        code: 'ERR_INTERNAL',
        message: /has not proved: pre-shared key/,
      });
    }
  }
});
