/**
 * What must have arrived before Finished: every message of every flow is dropped, repeated, exchanged with its
 * neighbour, replaced by and preceded by every other message, in both roles. The coroutines run without a record
 * layer, so nothing but the handshake itself can notice.
 *
 * What must happen is computed by these rules, which are stated here apart from the code:
 *
 * 1. A message that may not come now is refused with ERR_UNEXPECTED_MESSAGE ({@link admitted}).
 * 2. A hello that may come now but is not the peer's right one is refused with ERR_ILLEGAL_PARAMETER; a server cannot
 *    know a strange first ClientHello for one, but then its client refuses the answer.
 * 3. A certificate that is missing from Certificate is refused: by a client always, by a server that requires one.
 * 4. Any other departure from what the peer sent makes the next proof fail: ERR_BAD_SIGNATURE for CertificateVerify,
 *    ERR_BAD_FINISHED for Finished.
 * 5. Where nothing more arrives, the receiver waits, and has not completed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageOrder } from '../../src/handshake/order.ts';
import type { Role } from '../../src/trace/events.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { HandshakeType, messageName, NamedGroup } from '../../src/wire/registry.ts';
import { nameOf } from '../support/bare.ts';
import { identityOf } from '../support/identities.ts';
import { foreignMessages, isEmptyCertificate } from '../support/order13.ts';
import type { PairOptions } from '../support/pair.ts';
import {
  type Delivery,
  genuine,
  type OrderRules,
  type Outcome,
  run,
  strange,
  testTampering,
} from '../support/tampering.ts';

const COOKIE_SECRET = new Uint8Array(32).fill(1);
const identities = [identityOf('client')];

/** Every flow of a full handshake. The client offers two protocols, so that foreign answers can differ in one. */
function flowsWith(protocol: string): Readonly<Record<string, PairOptions>> {
  const shows = { applicationProtocols: ['ours', 'theirs'], identities };
  const declines = { applicationProtocols: ['ours', 'theirs'] };
  const server = { applicationProtocols: [protocol] };
  const groups = [NamedGroup.secp256r1];
  return {
    plain: { client: shows, server },
    'client certificate required': { client: shows, server: { ...server, clientAuthentication: 'require' } },
    'client certificate requested': { client: shows, server: { ...server, clientAuthentication: 'request' } },
    'client certificate declined': {
      client: declines,
      server: { ...server, clientAuthentication: 'request' },
    },
    HelloRetryRequest: { client: shows, server: { ...server, groups } },
    cookie: { client: shows, server: { ...server, cookieSecret: COOKIE_SECRET, alwaysRetry: true } },
    'HelloRetryRequest, cookie and client certificate': {
      client: shows,
      server: { ...server, groups, cookieSecret: COOKIE_SECRET, clientAuthentication: 'require' },
    },
  };
}

const FLOWS = flowsWith('ours');

/** The messages that may come after `seen`, for a receiver in a flow. */
function admitted(flow: PairOptions, receiver: Role, seen: readonly Delivery[]): readonly string[] {
  const names = seen.map(({ message }) => nameOf(message));
  const last = names.at(-1);
  if (last === 'Finished' || (names.includes('Finished') && last !== undefined)) {
    return receiver === 'client' ? ['KeyUpdate', 'NewSessionTicket'] : ['KeyUpdate'];
  }
  return receiver === 'client' ? (AFTER_AT_CLIENT[last ?? ''] ?? []) : admittedAtServer(flow, seen, last);
}

const AFTER_AT_CLIENT: Readonly<Record<string, readonly string[]>> = {
  '': ['HelloRetryRequest', 'ServerHello'],
  HelloRetryRequest: ['ServerHello'],
  ServerHello: ['EncryptedExtensions'],
  EncryptedExtensions: ['CertificateRequest', 'Certificate'],
  CertificateRequest: ['Certificate'],
  Certificate: ['CertificateVerify'],
  CertificateVerify: ['Finished'],
};

function admittedAtServer(
  { server = {} }: PairOptions,
  seen: readonly Delivery[],
  last: string | undefined,
): readonly string[] {
  const isRetried = server.groups !== undefined || server.alwaysRetry === true;
  const isAsked = server.clientAuthentication !== undefined;
  if (last === undefined || (isRetried && seen.length === 1)) return ['ClientHello'];
  if (last === 'ClientHello') return [isAsked ? 'Certificate' : 'Finished'];
  if (last === 'Certificate' && !isEmptyCertificate(seen.at(-1)?.message)) return ['CertificateVerify'];
  return ['Finished'];
}

/** What the rules say about what a receiver was given. */
function expectedOutcome(flow: PairOptions, receiver: Role, deliveries: readonly Delivery[]): Outcome {
  let hasDeparted = false;
  for (const [i, { message, isGenuine, isAfterGap }] of deliveries.entries()) {
    const name = nameOf(message);
    if (!admitted(flow, receiver, deliveries.slice(0, i)).includes(name)) return 'ERR_UNEXPECTED_MESSAGE';
    const isFirstClientHello = name === 'ClientHello' && i === 0;
    hasDeparted ||= !isGenuine || isAfterGap;
    if (hasDeparted && /Hello/.test(name) && !isFirstClientHello) return 'ERR_ILLEGAL_PARAMETER';
    if (isEmptyCertificate(message) && name === 'Certificate') {
      if (receiver === 'client') return 'ERR_EMPTY_CERTIFICATE';
      if (flow.server?.clientAuthentication === 'require') return 'ERR_CERTIFICATE_REQUIRED';
    }
    if (hasDeparted && name === 'CertificateVerify') return 'ERR_BAD_SIGNATURE';
    if (hasDeparted && name === 'Finished') return 'ERR_BAD_FINISHED';
  }
  return deliveries.some(({ message }) => nameOf(message) === 'Finished') ? 'completes' : 'waits';
}

const FOREIGN = foreignMessages(flowsWith('theirs'));

test('there is a foreign message of every type', () => {
  const names = new Set(FOREIGN.map(nameOf));
  for (const type of Object.values(HandshakeType)) assert.ok(names.has(messageName(type)), messageName(type));
  assert.ok(names.has('HelloRetryRequest'));
  assert.equal(FOREIGN.filter(isEmptyCertificate).length, 1);
});

const RULES: OrderRules = {
  foreign: FOREIGN.map((message) => ({ message })),
  expectedOutcome,
  takenAfterwards: { client: ['KeyUpdate', 'NewSessionTicket'], server: ['KeyUpdate'] },
};

for (const [name, flow] of Object.entries(FLOWS)) {
  for (const receiver of ['client', 'server'] as const) testTampering(name, flow, receiver, RULES);
}

test('a strange first ClientHello leads to an answer that its client refuses', () => {
  for (const flow of Object.values(FLOWS)) {
    const foreign = FOREIGN.find((message) => nameOf(message) === 'ClientHello');
    assert.ok(foreign);
    const { sides } = run(flow, 'server', (message, index) => [
      index === 0 ? strange(foreign) : genuine(message),
    ]);
    assert.ok(sides.client.error instanceof TlsError);
    assert.equal(sides.client.error.code, 'ERR_ILLEGAL_PARAMETER');
    assert.equal(sides.server.secured, undefined);
  }
});

test('Finished does not count before the peer has proved what it must, even if every message came', () => {
  const messages = {
    client: ['ServerHello', 'EncryptedExtensions', 'Certificate', 'CertificateVerify'],
    server: ['ClientHello', 'Certificate', 'CertificateVerify'],
  };
  for (const role of ['client', 'server'] as const) {
    for (const proofs of [[], ['trusted certificate'], ['CertificateVerify']] as const) {
      const order = new MessageOrder(role);
      Object.assign(order.facts, { certificateRequested: true, certificateShown: true });
      for (const message of messages[role]) {
        order.admit(message);
        if (/^(Client|Server)Hello$/.test(message)) order.follow('TLSv1.3');
      }
      for (const proof of proofs) order.prove(proof);
      assert.throws(() => order.admit('Finished'), { code: 'ERR_INTERNAL', message: /has not proved/ });
    }
  }
  // A server that requires a certificate is not content with a client that shows none.
  const order = new MessageOrder('server');
  Object.assign(order.facts, { certificateRequested: true, certificateRequired: true });
  order.admit('ClientHello');
  order.follow('TLSv1.3');
  order.admit('Certificate');
  assert.throws(() => order.admit('Finished'), { code: 'ERR_INTERNAL', message: /has not proved/ });
});
