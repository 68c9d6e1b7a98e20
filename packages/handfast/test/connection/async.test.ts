/** Providers, keys, verifiers and callbacks that answer with promises, in any order: the outcome is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { serverHandshake } from '../../src/handshake/server/handshake.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import type { Role } from '../../src/trace/events.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { ContentType, NamedGroup } from '../../src/wire/registry.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import { accepting, identityOf, withKey } from '../support/identities.ts';
import { Later, lateKey, lateProvider, lateVerifier } from '../support/later.ts';
import { connectedPair, Pair, type PairEvent, type PairOptions, text } from '../support/pair.ts';
import { cheatingServer } from '../support/puppet.ts';
import { sampleSource } from '../wire/support.ts';

const LATE = ['aead', 'groups', 'verify', 'key', 'verifier', 'selectIdentity'] as const;
type LatePart = (typeof LATE)[number];

/** Client authentication and a HelloRetryRequest, with the parts that are named answering late. */
function lateOptions(parts: readonly LatePart[], later: Later): PairOptions {
  const late = (part: LatePart): boolean => parts.includes(part);
  const provider = lateProvider(nodeProvider, later, {
    aead: late('aead'),
    groups: late('groups'),
    verify: late('verify'),
  });
  const verifier = late('verifier') ? lateVerifier(accepting, later) : accepting;
  const identity = (role: Role) =>
    late('key') ? withKey(identityOf(role), (key) => lateKey(key, later)) : identityOf(role);
  const select = (role: Role) =>
    late('selectIdentity')
      ? { selectIdentity: () => later.run(() => identity(role)) }
      : { identities: [identity(role)] };
  return {
    client: { provider, verifier, applicationProtocols: ['h2'], ...select('client') },
    server: {
      provider,
      verifier,
      applicationProtocols: ['h2'],
      groups: [NamedGroup.secp256r1],
      clientAuthentication: 'require',
      ...select('server'),
    },
  };
}

/** Events without what differs between any two connections. */
function comparable(events: readonly PairEvent[]): unknown[] {
  return events.map((event) => {
    if (event.type === 'data') return new TextDecoder().decode(event.data);
    if (event.type === 'error') return [event.error.code, event.error.message];
    if (event.type !== 'established') return event.type;
    const { peer, own, ...facts } = event.established;
    return { ...facts, peer: peer?.signatureScheme, own: own?.signatureScheme };
  });
}

/** Data that was sent too early, data in both directions, KeyUpdates and both ends closed. */
function converse(pair: Pair): void {
  pair.client.send(text('early'));
  pair.server.send(text('early too'));
}
function converseMore(pair: Pair): void {
  pair.client.updateKeys(true);
  pair.client.send(text('after the first update'));
  pair.server.updateKeys(false);
  pair.server.send(text('from the server'));
  pair.client.close();
  pair.server.send(text('the last word'));
  pair.server.close();
}

function expectedEvents(): Record<Role, unknown[]> {
  const pair = new Pair(lateOptions([], new Later()));
  converse(pair);
  pair.run();
  converseMore(pair);
  pair.run();
  return { client: comparable(pair.eventsOf('client')), server: comparable(pair.eventsOf('server')) };
}

const COMBINATIONS: readonly (readonly LatePart[])[] = [
  ...LATE.map((part) => [part]),
  LATE.filter((part) => part !== 'aead'),
  LATE,
];

for (const parts of COMBINATIONS) {
  test(`late answers from ${parts.join(', ')}, in forty orders`, async () => {
    const expected = expectedEvents();
    assert.ok(expected.client.length >= 5);
    for (let seed = 1; seed <= 40; seed++) {
      const { below } = sampleSource(seed);
      const later = new Later();
      const pair = new Pair(lateOptions(parts, later));
      const step = (): void => later.release(below(later.size));
      converse(pair);
      await pair.runUntil(() => pair.isSettled, step);
      pair.establishedOn('client');
      pair.establishedOn('server');
      converseMore(pair);
      await pair.runUntil(() => pair.client.hasEnded && pair.server.hasEnded, step);
      assert.deepEqual(comparable(pair.eventsOf('client')), expected.client);
      assert.deepEqual(comparable(pair.eventsOf('server')), expected.server);
      assert.equal(later.size, 0);
    }
  });
}

test('what is ready travels while a remote key signs', () => {
  const later = new Later();
  const pair = new Pair({
    server: { identities: [withKey(identityOf('server'), (key) => lateKey(key, later))] },
    trace: true,
  }).run();
  const received = pair.trace.client.flatMap((event) =>
    event.type === 'message' && event.direction === 'received' ? [event.name] : [],
  );
  assert.deepEqual(received, ['ServerHello', 'EncryptedExtensions', 'Certificate']);
  assert.equal(later.size, 1);
});

/** Operations that fail, and what becomes of it. */
const failing = {
  'a key that throws': (role: Role, fail: () => never) => ({
    [role]: { identities: [withKey(identityOf(role), (key) => ({ ...key, sign: fail }))] },
  }),
  'a verifier that throws': (role: Role, fail: () => never) => ({
    [role]: { verifier: { verify: fail } },
  }),
  'selectIdentity that throws': (role: Role, fail: () => never) => ({
    [role]: { selectIdentity: fail },
  }),
};

for (const [what, options] of Object.entries(failing)) {
  for (const role of ['client', 'server'] as const) {
    for (const isLate of [false, true]) {
      test(`${what} on the ${role}${isLate ? ', late' : ''}: internal_error, and the reason is kept`, async () => {
        const cause = new Error('the HSM is on fire');
        const later = new Later();
        const fail = (): never => {
          throw cause;
        };
        const failLate = (): never => later.run(fail) as never;
        const broken: Pick<PairOptions, Role> = options(role, isLate ? failLate : fail);
        const pair = new Pair({
          client: { identities: [identityOf('client')], ...broken.client },
          server: { clientAuthentication: 'require', ...broken.server },
        });
        await pair.runUntil(
          () => pair.client.error !== undefined && pair.server.error !== undefined,
          () => later.release(0),
        );
        const code = what === 'a key that throws' ? 'ERR_SIGNING_FAILED' : 'ERR_INTERNAL';
        const error = pair.errorOf(role, code);
        assert.match(error.message, /the HSM is on fire/);
        assert.equal(error.cause, cause);
        assert.equal(error.alert, 'internal_error');
        const peer = pair.errorOf(role === 'client' ? 'server' : 'client', 'ERR_ALERT_RECEIVED');
        assert.equal(peer.context.alertReceived, 'internal_error');
      });
    }
  }
}

test('callbacks that answer with something else than they should accept nobody', () => {
  for (const answer of [undefined, null, true, 1, {}, { ok: 1 }, { ok: 'yes' }, [], () => ({ ok: true })]) {
    for (const role of ['client', 'server'] as const) {
      const verifier = { verify: () => answer as never };
      const pair = new Pair({
        client: { identities: [identityOf('client')], ...(role === 'client' && { verifier }) },
        server: { clientAuthentication: 'require', ...(role === 'server' && { verifier }) },
      }).run();
      assert.match(pair.errorOf(role, 'ERR_INTERNAL').message, /the verifier must answer with a verdict/);
      assert.equal(pair.side(role).established, undefined);
    }
    const selecting = new Pair({ server: { selectIdentity: () => answer as never } }).run();
    assert.ok(selecting.server.error);
    assert.equal(selecting.client.established, undefined);
    const signing = withKey(identityOf('server'), (key) => ({ ...key, sign: () => answer as never }));
    const unsigned = new Pair({ server: { identities: [signing] } }).run();
    assert.ok(unsigned.server.error);
    assert.equal(unsigned.client.established, undefined);
  }
});

test("data right behind the server's Finished waits until the client has done its part", async () => {
  for (const isLate of [false, true]) {
    const later = new Later();
    const identity = isLate
      ? withKey(identityOf('client'), (key) => lateKey(key, later))
      : identityOf('client');
    const server = cheatingServer({
      client: { identities: [identity] },
      server: { clientAuthentication: 'require' },
    });
    const handshake = serverHandshake(server.h);
    handshake.next();
    handshake.next(server.nextMessage()); // the server's flight is out, and its application keys are in place
    server.record(ContentType.application_data, text('welcome'));
    server.exchange();
    if (isLate) {
      assert.deepEqual(server.events, []);
      later.release(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(server.events, ['established', 'data']);
  }
});

test('a TlsError from a callback is kept as it is', () => {
  const error = new TlsError('ERR_ACCESS_DENIED', 'not today');
  const pair = new Pair({
    server: {
      selectIdentity: () => {
        throw error;
      },
    },
  }).run();
  assert.equal(pair.errorOf('server', 'ERR_ACCESS_DENIED'), error);
  assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'access_denied');
});

test('a provider that cannot make a key share fails the client at once, or later', async () => {
  const groups = new Map(nodeProvider.groups);
  const later = new Later();
  const fail = (): never => {
    throw new Error('out of entropy');
  };
  const options = (start: () => never): PairOptions => {
    const respond = fail;
    groups.set(NamedGroup.x25519, { group: NamedGroup.x25519, start, respond });
    return { client: { provider: { ...nodeProvider, groups } } };
  };
  assert.throws(
    () => new Pair(options(fail)),
    (error) =>
      error instanceof TlsError && error.code === 'ERR_INTERNAL' && /out of entropy/.test(error.message),
  );
  const pair = new Pair(options(() => later.run(fail) as never));
  await pair.runUntil(
    () => pair.client.error !== undefined,
    () => later.release(0),
  );
  assert.match(pair.errorOf('client', 'ERR_INTERNAL').message, /out of entropy/);
});

test('a connection that was aborted stays silent when its promise settles', async () => {
  for (const outcome of [() => identityOf('server'), () => Promise.reject(new Error('too late'))]) {
    const later = new Later();
    const pair = new Pair({ server: { selectIdentity: () => later.run(outcome) } }).run();
    const error = new TlsError('ERR_HANDSHAKE_TIMEOUT', 'the handshake took too long');
    pair.server.abort(error);
    pair.run();
    const { length } = pair.events;
    later.release(0);
    await new Promise((resolve) => setImmediate(resolve));
    pair.run();
    assert.equal(pair.events.length, length);
    assert.equal(pair.errorOf('server', 'ERR_HANDSHAKE_TIMEOUT'), error);
  }
});

test('the end of the network is noticed when the promise has settled', async () => {
  const later = new Later();
  const pair = new Pair({ client: { verifier: lateVerifier(accepting, later) } }).run();
  pair.client.receiveEnd();
  assert.equal(pair.client.error, undefined);
  // All of the server's flight has arrived, so the handshake completes before the end counts.
  later.release(0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(pair.typesOf('client'), ['established', 'error']);
  pair.errorOf('client', 'ERR_TRUNCATED');
});

test('handlers may call back into the connection; events keep the order of the wire', async () => {
  for (const isLate of [false, true]) {
    const later = new Later();
    const provider = isLate ? lateProvider(nodeProvider, later, { aead: true }) : nodeProvider;
    const order: string[] = [];
    const rest: Uint8Array[] = [];
    const pair: Pair = new Pair({
      client: { provider },
      server: { provider },
      handlers: {
        server: {
          onData: (data) => {
            const name = new TextDecoder().decode(data);
            order.push(`${name} begins`);
            for (const bytes of rest.splice(0)) pair.server.receive(bytes);
            order.push(`${name} ends`);
          },
        },
      },
    });
    const step = (): void => later.release(0);
    await pair.runUntil(() => pair.isSettled, step);
    for (const word of ['one', 'two', 'three']) pair.client.send(text(word));
    const records: Uint8Array[] = [];
    while (records.length < 3) {
      records.push(...pair.client.takeOutgoing());
      if (records.length === 3) break;
      step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [first = new Uint8Array(), ...others] = records;
    rest.push(...others);
    pair.server.receive(first);
    await pair.runUntil(() => order.length === 6, step);
    assert.deepEqual(
      order,
      ['one', 'two', 'three'].flatMap((word) => [`${word} begins`, `${word} ends`]),
    );
  }
});

/** What some libraries give in place of a promise: it calls back at once, and again, and then changes its mind. */
function restless<T>(value: T): PromiseLike<T> {
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: an object with a `then` is the point
    then: (settle: (value: T) => unknown, fail: (error: unknown) => unknown) => {
      settle(value);
      settle(value);
      fail(new Error('too late'));
    },
  };
  return thenable as unknown as PromiseLike<T>;
}

test('what settles twice counts once: signatures, verdicts, choices, records', async () => {
  const { aead, verify } = nodeProvider;
  const provider: CryptoProvider = {
    ...nodeProvider,
    verify: (...question) => restless(verify(...question)) as PromiseLike<boolean>,
    aead: (name, key) => {
      const direct = aead(name, key);
      return {
        seal: (...args) => restless(direct.seal(...args)) as PromiseLike<Uint8Array>,
        open: (...args) => restless(direct.open(...args)) as PromiseLike<Uint8Array | undefined>,
      };
    },
  };
  const verifier: PeerVerifier = { verify: (request) => restless(accepting.verify(request) as Verdict) };
  const own = (role: Role) => ({
    provider,
    verifier,
    selectIdentity: () =>
      restless(
        withKey(identityOf(role), ({ schemes, sign }) => ({
          schemes,
          sign: (...args) => restless(sign(...args)) as PromiseLike<Uint8Array>,
        })),
      ),
  });
  const pair = new Pair({
    client: own('client'),
    server: { ...own('server'), clientAuthentication: 'require' },
  });
  converse(pair);
  await pair.runUntil(() => pair.isSettled);
  converseMore(pair);
  await pair.runUntil(() => pair.client.hasEnded && pair.server.hasEnded);
  const { client, server } = expectedEvents();
  const types = (side: Role) => comparable(pair.eventsOf(side)).slice(1);
  assert.deepEqual([types('client'), types('server')], [client.slice(1), server.slice(1)]);
});

test('a pair with nothing late needs no turn of the event loop', () => {
  assert.equal(connectedPair().isSettled, true);
});
