/** Handlers that call back into their connection, from every event: what they do takes its turn, and a failure is the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionHandlers, TlsConnection } from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { Awaitable } from '../../src/crypto/provider.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import type { Role } from '../../src/trace/events.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { Later, lateProvider } from '../support/later.ts';
import { other, Pair, type PairOptions, text } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

/** Longer than two records of the pair below. */
const LONG =
  'a sentence that is cut into several records, none of which may be separated from the next; '.repeat(2);

/** Connections that a handler has closed: the conversation says no more on them. */
const closed = new WeakSet<TlsConnection>();

/** Each side speaks, renews its keys and those of its peer, speaks again and closes, as far as both still can. */
async function converse(pair: Pair, later: Later): Promise<void> {
  const act = async (
    side: Role,
    ...acts: readonly ((connection: TlsConnection) => void)[]
  ): Promise<void> => {
    const connection = pair.side(side);
    for (const step of acts) if (connection.error === undefined && !closed.has(connection)) step(connection);
    await pair.runUntil(
      () => later.size === 0,
      () => later.release(0),
    );
  };
  await act('client');
  for (const side of ROLES) {
    await act(side, (connection) => connection.send(text(LONG)));
    await act(
      side,
      (connection) => connection.updateKeys(true),
      (connection) => connection.send(text('and')),
    );
  }
  for (const side of ROLES) await act(side, (connection) => connection.close());
}

interface Observed {
  readonly pair: Pair;
  /** What `side` was told, in its order: handlers and trace events alike. */
  readonly told: string[];
}

/** A pair, one side of which calls `act` when it is told the event number `at`. */
async function conversation(
  side: Role,
  isLate: boolean,
  at: number,
  act: (connection: TlsConnection) => void,
): Promise<Observed> {
  const told: string[] = [];
  const later = new Later();
  const provider = isLate ? lateProvider(nodeProvider, later, { aead: true, groups: true }) : nodeProvider;
  let count = 0;
  const note = (what: string): void => {
    told.push(what);
    if (count++ === at) act(pair.side(side));
  };
  const handlers: ConnectionHandlers = {
    onTrace: (event) => {
      // The ClientHello is made before there is a connection to call.
      if (side === 'server' || isReady) note(`trace ${event.type}`);
    },
    onKeyLog: () => note('key log'),
    onData: () => note('data'),
    onEstablished: () => note('established'),
    onEnd: () => note('end'),
    onOutgoing: () => note('outgoing'),
    onError: () => note('error'),
  };
  let isReady = false;
  const small = { provider, maxFragmentLength: 64 };
  const options: PairOptions = {
    client: { ...small, identities: [identityOf('client')] },
    server: { ...small, clientAuthentication: 'require' },
    handlers: { [side]: handlers },
  };
  const pair: Pair = new Pair(options);
  isReady = true;
  await converse(pair, later);
  return { pair, told };
}

for (const side of ROLES) {
  for (const isLate of [false, true]) {
    const late = isLate ? ', with promises' : '';
    /** Every event, or every fifth where each takes many turns of the event loop. */
    const everyEvent = async (visit: (at: number) => Promise<void>): Promise<void> => {
      const { told, pair } = await conversation(side, isLate, -1, () => {});
      assert.equal(pair.side(side).hasEnded, true);
      assert.ok(told.length > 80, `${told.length} events`);
      for (let at = 0; at < told.length; at += isLate ? 5 : 1) await visit(at);
    };

    test(`the ${side} aborts inside any event: the peer hears the alert, the owner nothing more${late}`, async () => {
      await everyEvent(async (at) => {
        const error = new TlsError('ERR_ACCESS_DENIED', 'not for you');
        const { pair, told } = await conversation(side, isLate, at, (connection) => connection.abort(error));
        const what = `event ${at}: ${told[at]}; then ${told.slice(at + 1).join(', ')}`;
        if (told[at] === 'error') return;
        assert.equal(pair.side(side).error, error, what);
        const end = told.lastIndexOf('error');
        assert.equal(told.indexOf('error'), end, what);
        assert.ok(
          told.slice(end + 1).every((event) => event === 'outgoing'),
          what,
        );
        assert.ok(!told.slice(at + 1).includes('established'), what);
        pair.run();
        const peer = pair.side(other(side));
        if (peer.hasEnded || peer.error === undefined) return; // it was told close_notify before
        // Between ServerHello and the change of keys, an alert cannot be sent in a way that the client can read.
        if (side === 'server' && peer.error.code === 'ERR_BAD_RECORD_MAC') {
          assert.equal(peer.established, undefined, what);
          return;
        }
        assert.equal(peer.error.context.alertReceived, 'access_denied', `${what}: ${peer.error.message}`);
      });
    });

    test(`the ${side} sends inside any event: every byte arrives, no piece inside another${late}`, async () => {
      await everyEvent(async (at) => {
        const { pair, told } = await conversation(side, isLate, at, (connection) => {
          try {
            connection.send(text('<interjection>'));
          } catch (error) {
            assert.ok(error instanceof TlsError && error.code === 'ERR_CLOSED');
          }
        });
        const what = `event ${at}: ${told[at]}`;
        for (const role of ROLES) {
          assert.equal(pair.side(role).error, undefined, what);
          assert.equal(pair.side(role).hasEnded, true, what);
        }
        assert.equal(pair.textOf(other(side)).replace('<interjection>', ''), `${LONG}and`, what);
      });
    });

    test(`the ${side} updates its keys inside any event: data still arrives${late}`, async () => {
      await everyEvent(async (at) => {
        const { pair, told } = await conversation(side, isLate, at, (connection) => {
          try {
            connection.updateKeys(true);
          } catch (error) {
            assert.ok(error instanceof TlsError && error.code === 'ERR_CLOSED');
          }
        });
        const what = `event ${at}: ${told[at]}`;
        for (const role of ROLES) {
          assert.equal(pair.side(role).error, undefined, what);
          assert.equal(pair.textOf(role), `${LONG}and`, what);
        }
      });
    });

    test(`the ${side} closes inside any event: what it sent before arrives, then the end${late}`, async () => {
      await everyEvent(async (at) => {
        const { pair, told } = await conversation(side, isLate, at, (connection) => {
          connection.close();
          closed.add(connection);
        });
        const what = `event ${at}: ${told[at]}`;
        for (const role of ROLES) assert.equal(pair.side(role).error, undefined, what);
        assert.equal(pair.typesOf(other(side)).at(-1), 'end', what);
        assert.ok(`${LONG}and`.startsWith(pair.textOf(other(side))), what);
        assert.ok(['', LONG, `${LONG}and`].includes(pair.textOf(other(side))), what);
      });
    });
  }

  test(`the ${side} aborts inside a callback of its own: the handshake goes no further`, async () => {
    const error = new TlsError('ERR_ACCESS_DENIED', 'not for you');
    const verifier = trusting();
    for (const isLate of [false, true]) {
      let pair: Pair;
      const abortThen = <T>(answer: Awaitable<T>): Awaitable<T> => {
        pair.side(side).abort(error);
        return isLate ? Promise.resolve(answer) : answer;
      };
      const callbacks: readonly { verifier?: PeerVerifier; selectIdentity?: () => Awaitable<Identity> }[] = [
        { verifier: { verify: (request) => abortThen(verifier.verify(request)) } },
        { selectIdentity: () => abortThen(identityOf(side)) },
      ];
      for (const callback of callbacks) {
        pair = new Pair({
          client: { identities: [identityOf('client')], ...(side === 'client' ? callback : {}) },
          server: { clientAuthentication: 'require', ...(side === 'server' ? callback : {}) },
        });
        pair.run();
        await new Promise((resolve) => setImmediate(resolve));
        pair.run();
        assert.deepEqual(pair.typesOf(side), ['error']);
        assert.equal(pair.side(side).error, error);
        assert.equal(pair.side(side).established, undefined);
        assert.equal(pair.errorOf(other(side), 'ERR_ALERT_RECEIVED').context.alertReceived, 'access_denied');
      }
    }
  });
}
