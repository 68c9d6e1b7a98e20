/**
 * TLS 1.2, beside the tests of each key exchange (order12-rules.ts): HelloRequests among the messages, ClientHellos behind
 * them, and what must be proved although every message came.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageOrder, type Proof } from '../../src/handshake/order.ts';
import { MAX_RENEGOTIATION_ATTEMPTS } from '../../src/policy/limits.ts';
import type { Role } from '../../src/trace/events.ts';
import { HandshakeType, messageName } from '../../src/wire/registry.ts';
import { nameOf } from '../support/bare.ts';
import { shortMessage } from '../support/cheats.ts';
import { flowsOf, isEmptyCertificate12, KEY_EXCHANGES } from '../support/order12.ts';
import type { PairOptions } from '../support/pair.ts';
import { check, genuine, run, strange, type Tamper } from '../support/tampering.ts';
import { FOREIGN, RULES } from './order12-rules.ts';

const HELLO_REQUEST = shortMessage(HandshakeType.hello_request);

test('there is a foreign message of every type, and of every form that differs', () => {
  const names = FOREIGN.map(({ message }) => nameOf(message));
  for (const type of Object.values(HandshakeType)) {
    assert.ok(names.includes(messageName(type)), messageName(type));
  }
  const count = (wanted: string): number => names.filter((name) => name === wanted).length;
  assert.ok(count('HelloRetryRequest') === 1);
  assert.ok(count('ServerHello') >= 5 && count('ServerKeyExchange') >= 3 && count('ClientKeyExchange') >= 4);
  assert.equal(FOREIGN.filter(({ message }) => isEmptyCertificate12(message)).length, 1);
});

/** Adds HelloRequests before the message at one place, or behind the last. */
function withHelloRequests(place: number, count: number): Tamper {
  const requests = Array.from({ length: count }, () => strange(HELLO_REQUEST));
  return (message, index) => {
    if (index === place) return [...requests, genuine(message)];
    return nameOf(message) === 'Finished' && index < place
      ? [genuine(message), ...requests]
      : [genuine(message)];
  };
}

for (const keyExchange of KEY_EXCHANGES) {
  for (const [name, flow] of Object.entries(flowsOf(keyExchange))) {
    test(`${keyExchange}, ${name}: a few HelloRequests change nothing, wherever they come; more end the connection`, () => {
      const length = run(flow, 'client', (message) => [genuine(message)]).deliveries.client.length;
      for (let place = 0; place <= length; place++) {
        for (const count of [1, MAX_RENEGOTIATION_ATTEMPTS, MAX_RENEGOTIATION_ATTEMPTS + 1]) {
          const what = `${count} HelloRequests at ${place}`;
          const tampered = check(RULES, what, flow, 'client', withHelloRequests(place, count));
          const isTooMany = count > MAX_RENEGOTIATION_ATTEMPTS;
          const outcome = isTooMany ? 'ERR_TOO_MANY_RENEGOTIATIONS' : 'completes';
          assert.equal(tampered.outcome, place === 0 ? 'ERR_UNEXPECTED_MESSAGE' : outcome, what);
          // Only after the handshake is there something to decline.
          const declined = place === length ? Math.min(count, MAX_RENEGOTIATION_ATTEMPTS) : 0;
          const warnings = Array.from({ length: declined }, () => 'no_renegotiation');
          assert.deepEqual(tampered.run.sides.client.warnings, warnings, what);
        }
      }
    });
  }
}

test('HelloRequests are counted over the whole handshake, and anew after it', () => {
  const flow = flowsOf('ECDHE')['plain'] as PairOptions;
  const each: Tamper = (message, index) =>
    index === 0 ? [genuine(message)] : [strange(HELLO_REQUEST), genuine(message)];
  const rest = (count: number): Tamper => {
    const more = Array.from({ length: count }, () => strange(HELLO_REQUEST));
    return (message, index) =>
      nameOf(message) === 'Finished' ? [genuine(message), ...more] : each(message, index);
  };
  // One each before Certificate, ServerKeyExchange and ServerHelloDone, one before Finished: as many as may be.
  assert.equal(MAX_RENEGOTIATION_ATTEMPTS, 4);
  assert.equal(check(RULES, 'one before each', flow, 'client', each).outcome, 'completes');
  const twice: Tamper = (message, index) => [...each(message, index).slice(0, -1), ...each(message, index)];
  assert.equal(check(RULES, 'two before each', flow, 'client', twice).outcome, 'ERR_TOO_MANY_RENEGOTIATIONS');
  assert.equal(check(RULES, 'and after', flow, 'client', rest(4)).outcome, 'completes');
  assert.equal(check(RULES, 'and after', flow, 'client', rest(5)).outcome, 'ERR_TOO_MANY_RENEGOTIATIONS');
});

test('a server declines a few more ClientHellos after the handshake', () => {
  for (const keyExchange of KEY_EXCHANGES) {
    const flow = flowsOf(keyExchange)['plain'] as PairOptions;
    for (const count of [1, MAX_RENEGOTIATION_ATTEMPTS, MAX_RENEGOTIATION_ATTEMPTS + 1]) {
      const hello = FOREIGN.find(({ message }) => nameOf(message) === 'ClientHello');
      assert.ok(hello);
      const more = Array.from({ length: count }, () => strange(hello.message));
      const tamper: Tamper = (message) =>
        nameOf(message) === 'Finished' ? [genuine(message), ...more] : [genuine(message)];
      const { outcome, run: happened } = check(RULES, `${count} more`, flow, 'server', tamper);
      assert.equal(outcome, count > MAX_RENEGOTIATION_ATTEMPTS ? 'ERR_TOO_MANY_RENEGOTIATIONS' : 'completes');
      const declined = Math.min(count, MAX_RENEGOTIATION_ATTEMPTS);
      assert.deepEqual(
        happened.sides.server.warnings,
        Array.from({ length: declined }, () => 'no_renegotiation'),
      );
    }
  }
});

test('a HelloRequest with something in it is refused', () => {
  const flow = flowsOf('ECDHE')['plain'] as PairOptions;
  for (const when of ['Certificate', 'Finished']) {
    const { sides } = run(flow, 'client', (message) =>
      nameOf(message) === when
        ? [genuine(message), strange(shortMessage(HandshakeType.hello_request, 0))]
        : [genuine(message)],
    );
    assert.equal((sides.client.error as { code?: string } | undefined)?.code, 'ERR_DECODE');
  }
});

test('Finished does not count before the peer has proved what it must, even if every message came', () => {
  const messages: Readonly<Record<Role, readonly string[]>> = {
    client: ['ServerHello', 'Certificate', 'ServerKeyExchange', 'ServerHelloDone'],
    server: ['ClientHello', 'Certificate', 'ClientKeyExchange', 'CertificateVerify'],
  };
  const needed: readonly (readonly [Role, boolean, readonly Proof[]])[] = [
    ['client', true, ['trusted certificate', 'ServerKeyExchange']],
    ['client', false, ['trusted certificate', 'premaster secret under the certificate']],
    ['server', true, ['trusted certificate', 'CertificateVerify']],
  ];
  const all = [...new Set(needed.flatMap(([, , proofs]) => proofs))];
  for (const [role, keyIsEphemeral, proofs] of needed) {
    // All that may be proved but one of those that must be.
    for (const missing of [undefined, ...proofs]) {
      const order = new MessageOrder(role);
      Object.assign(order.facts, { certificateRequested: true, certificateShown: true, keyIsEphemeral });
      for (const message of messages[role]) {
        if (message === 'ServerKeyExchange' && !keyIsEphemeral) continue;
        order.admit(message);
        if (/^(Client|Server)Hello$/.test(message)) order.follow('TLSv1.2');
      }
      for (const proof of all) if (proof !== missing) order.prove(proof);
      const finish = (): void => order.admit('Finished');
      if (missing === undefined) finish();
      else
        assert.throws(finish, {
          code: 'ERR_INTERNAL',
          message: `Finished arrived, but the peer has not proved: ${missing}`,
        });
    }
  }
  // A server that requires a certificate is not content with a client that shows none.
  const order = new MessageOrder('server');
  Object.assign(order.facts, { certificateRequested: true, certificateRequired: true });
  order.admit('ClientHello');
  order.follow('TLSv1.2');
  for (const message of ['Certificate', 'ClientKeyExchange']) order.admit(message);
  assert.throws(() => order.admit('Finished'), { code: 'ERR_INTERNAL', message: /has not proved/ });
});
