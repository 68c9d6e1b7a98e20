/**
 * What must have arrived before Finished when a session of TLS 1.2 goes on: every message of every flow is dropped, repeated,
 * exchanged with its neighbour, replaced by and preceded by every other message, in both roles. The coroutines run without a
 * record layer, so nothing but the handshake itself can notice.
 *
 * The rules, stated here apart from the code; 1, 3 and 7 are those of `order12-rules.ts`:
 *
 * 1. A HelloRequest is as if it had not come for a client that knows the version, as often as the limit allows. A
 *    ClientHello after the handshake is declined likewise. Anywhere else they are messages that may not come.
 * 2. A message that may not come now is refused with ERR_UNEXPECTED_MESSAGE ({@link admitted}). A ServerHello of another
 *    handshake does not have the id of the session: its client waits for a certificate.
 * 3. A hello of TLS 1.3 is refused by the version, or by what else betrays it; a message that is read as what it is not is
 *    refused for its bytes.
 * 4. Any other departure from what the peer sent makes Finished fail with ERR_BAD_FINISHED.
 * 5. Where nothing more arrives, the receiver waits, and has not completed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { MessageOrder } from '../../src/handshake/order.ts';
import { MAX_RENEGOTIATION_ATTEMPTS } from '../../src/policy/limits.ts';
import { MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import type { Role } from '../../src/trace/events.ts';
import { HandshakeType } from '../../src/wire/registry.ts';
import { nameOf } from '../support/bare.ts';
import { shortMessage } from '../support/cheats.ts';
import { flowOf, foreignMessages12, MALFORMED, OF_TLS13 } from '../support/order12.ts';
import { type Acquainted, acquainted } from '../support/sessions.ts';
import {
  type Delivery,
  type OrderRules,
  type Outcome,
  run,
  testTampering,
  untouched,
} from '../support/tampering.ts';

/** A flow, and what its server sends besides. */
interface Flow {
  readonly options: Acquainted;
  readonly hasTicket: boolean;
}

const client = { applicationProtocols: ['ours', 'theirs'] };
const keys = new TicketKeyRing({ provider: nodeProvider });

function sessionOf(keyExchange: 'ECDHE' | 'RSA', more: object = {}, store = {}): Acquainted {
  const server = {
    applicationProtocols: ['ours'],
    tickets: { keys, ...store },
    earlyData: undefined as never,
    ...more,
  };
  return acquainted(flowOf(keyExchange, { client, server }));
}

const FLOWS: Readonly<Record<string, Flow>> = {
  'a ticket': { options: sessionOf('ECDHE'), hasTicket: true },
  'a ticket of an RSA key exchange': { options: sessionOf('RSA'), hasTicket: true },
  'a ticket of a client with a certificate': {
    options: sessionOf('ECDHE', { clientAuthentication: 'require' }),
    hasTicket: true,
  },
  'an id': {
    options: sessionOf('ECDHE', {}, { store: new MemorySessionStore({ now: Date.now }) }),
    hasTicket: false,
  },
};

/** The messages that may come after `seen`. */
function admitted(
  { hasTicket, options }: Flow,
  receiver: Role,
  seen: readonly Delivery[],
): readonly string[] {
  const [hello] = seen;
  const last = seen.at(-1);
  const name = last && nameOf(last.message);
  if (name === 'Finished') return [];
  if (receiver === 'client') {
    if (hello === undefined) return ['HelloRetryRequest', 'ServerHello'];
    if (!hello.isGenuine) return ['Certificate'];
    return name === 'ServerHello' && hasTicket ? ['NewSessionTicket'] : ['Finished'];
  }
  if (hello === undefined) return ['ClientHello'];
  if (hello.isGenuine) return ['Finished'];
  // A strange hello leads to a full handshake. With RSA its client notices at the end only
  if (name === 'ClientKeyExchange') return ['Finished'];
  return [options.server.clientAuthentication === undefined ? 'ClientKeyExchange' : 'Certificate'];
}

/** What the rules say about what a receiver was given. */
function expectedOutcome(flow: Flow, receiver: Role, deliveries: readonly Delivery[]): Outcome {
  const again = receiver === 'client' ? 'HelloRequest' : 'ClientHello';
  const seen: Delivery[] = [];
  let wishes = 0;
  let hasDeparted = false;
  for (const delivery of deliveries) {
    const { message, isGenuine, isAfterGap, form } = delivery;
    const name = nameOf(message);
    const last = seen.at(-1);
    const isOver = last !== undefined && nameOf(last.message) === 'Finished';
    if (name === again && (isOver || (receiver === 'client' && last !== undefined))) {
      if (++wishes > MAX_RENEGOTIATION_ATTEMPTS) return 'ERR_TOO_MANY_RENEGOTIATIONS';
      continue;
    }
    if (!admitted(flow, receiver, seen).includes(name)) return 'ERR_UNEXPECTED_MESSAGE';
    if (form === OF_TLS13) return /Hello/.test(name) ? 'ERR_PROTOCOL_VERSION' : 'ERR_DECODE';
    if (form === MALFORMED) return 'ERR_DECODE';
    hasDeparted ||= !isGenuine || isAfterGap;
    if (hasDeparted && name === 'Finished') return 'ERR_BAD_FINISHED';
    if (name === 'Finished') wishes = 0;
    seen.push(delivery);
  }
  const last = seen.at(-1);
  return last !== undefined && nameOf(last.message) === 'Finished' ? 'completes' : 'waits';
}

/** Another ticket than the server sent, beside the messages of other handshakes. */
const FOREIGN = [
  ...foreignMessages12(),
  { message: shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 1, 9) },
  { message: shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0) },
];

test('in every flow the session goes on', () => {
  for (const [name, { options, hasTicket }] of Object.entries(FLOWS)) {
    const { sides, deliveries } = run(options, 'client', untouched);
    for (const role of ['client', 'server'] as const) {
      assert.equal(sides[role].secured?.established.resumed, true, name);
    }
    const names = deliveries.client.map(({ message }) => nameOf(message));
    assert.deepEqual(names, ['ServerHello', ...(hasTicket ? ['NewSessionTicket'] : []), 'Finished']);
  }
});

for (const [name, flow] of Object.entries(FLOWS)) {
  const rules: OrderRules = {
    foreign: FOREIGN,
    expectedOutcome: (_options, receiver, deliveries) => expectedOutcome(flow, receiver, deliveries),
    takenAfterwards: { client: ['HelloRequest'], server: ['ClientHello'] },
  };
  for (const receiver of ['client', 'server'] as const) testTampering(name, flow.options, receiver, rules);
}

test('Finished does not count where a session goes on that was not found, whatever else was proved', () => {
  for (const [role, hello] of [
    ['client', 'ServerHello'],
    ['server', 'ClientHello'],
  ] as const) {
    const order = new MessageOrder(role);
    order.facts.sessionResumed = true;
    order.admit(hello);
    order.follow('TLSv1.2');
    for (const proof of [
      'trusted certificate',
      'CertificateVerify',
      'ServerKeyExchange',
      'pre-shared key',
    ] as const) {
      order.prove(proof);
    }
    assert.throws(() => order.admit('Finished'), {
      code: 'ERR_INTERNAL',
      message: /has not proved: earlier session/,
    });
  }
});
