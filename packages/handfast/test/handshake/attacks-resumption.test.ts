/**
 * Sessions in the wrong hands or at the wrong place: at servers that share ticket keys and nothing else, under other names,
 * other versions, other ways to judge. None may go on; a full handshake takes its place, or nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ServerOptions } from '../../src/handshake/config.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { EMPTY, toHex } from '../../src/wire/bytes.ts';
import type { TlsVersion } from '../../src/wire/registry.ts';
import { accepting, identityFrom, identityOf, trusting } from '../support/identities.ts';
import { CLASSICAL_GROUPS, Pair, type PairOptions } from '../support/pair.ts';
import { issue, testPki } from '../support/pki.ts';
import { type Acquainted, acquainted, alwaysOffering, later } from '../support/sessions.ts';

const policy = {
  ...POLICIES['intermediate-2026'],
  groups: CLASSICAL_GROUPS,
  keyShares: CLASSICAL_GROUPS.slice(0, 1),
};
const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];
const ids = (): ServerOptions['tickets'] => ({
  keys: new TicketKeyRing({ provider: nodeProvider }),
  store: new MemorySessionStore({ now: Date.now }),
});

/** Both sides of a session of this version, whose client speaks no other. */
function of(version: TlsVersion, { client, server, ...rest }: PairOptions = {}): Acquainted {
  const shared = { policy, verifier: trusting() };
  return acquainted({
    ...rest,
    client: { ...shared, versions: [version], ...client },
    server: { ...shared, earlyData: undefined as never, ...server },
  });
}

function isResumed(options: PairOptions): boolean {
  const pair = new Pair(options).run();
  const { resumed } = pair.establishedOn('client');
  assert.equal(pair.establishedOn('server').resumed, resumed);
  return resumed;
}

const impostor = identityFrom(issue({ subject: 'Another', issuer: testPki().intermediate }), [
  testPki().intermediate,
]);

for (const version of VERSIONS) {
  test(`${version}: a server that shares ticket keys, but has no certificate for the name`, () => {
    for (const tickets of [undefined, ids()]) {
      const known = of(version, tickets && { server: { tickets } });
      if (tickets === undefined || version === 'TLSv1.2') assert.equal(isResumed(known), true);
      // Somebody on the path leads the client there. The session must not stand for a certificate that this server lacks.
      for (const server of [{ identities: [impostor] }, { selectIdentity: () => impostor }]) {
        const pair = new Pair(later(known, { server })).run();
        assert.equal(pair.client.error?.code, 'ERR_NAME_MISMATCH');
        assert.equal(pair.client.established, undefined);
        assert.equal(pair.server.established, undefined);
      }
    }
  });

  test(`${version}: a server that chooses its identity by itself, and one that has several`, () => {
    const known = of(version);
    const own = identityOf('server');
    assert.equal(isResumed(later(known, { server: { selectIdentity: () => own } })), true);
    assert.equal(isResumed(later(known, { server: { identities: [impostor, own] } })), true);
    const refusing = new Pair(later(known, { server: { selectIdentity: () => undefined } })).run();
    assert.equal(refusing.server.error?.code, 'ERR_UNRECOGNIZED_NAME');
    assert.equal(refusing.client.established, undefined);
  });

  test(`${version}: a session offered under another server name, or none`, () => {
    const known = of(version);
    for (const serverName of ['other.test', undefined]) {
      const customize = {
        ClientHello: (hello: { readonly extensions: object }) => ({
          ...hello,
          extensions: { ...hello.extensions, serverName },
        }),
      };
      const options = later(known, { client: { customize: customize as never } });
      assert.equal(isResumed(options), false, serverName);
    }
  });

  test(`${version}: a client’s store that mixes servers up`, () => {
    const known = of(version);
    for (const change of [
      { name: 'other.test' },
      { serverName: 'other.test' },
      { trust: new Uint8Array(32) },
      { expiresAt: Date.now() - 1 },
      { createdAt: Date.now() + 60_000 },
      { applicationProtocol: 'other' },
      { peer: undefined },
    ]) {
      const session = { ...known.session, ...change } as ClientSession;
      const pair = new Pair(later(known, { client: { sessions: alwaysOffering(session) } })).run();
      assert.equal(pair.establishedOn('client').resumed, false, Object.keys(change).join());
      assert.notEqual(pair.establishedOn('client').peer, undefined);
    }
  });

  test(`${version}: a client that was authenticated, at a server that judges clients otherwise`, () => {
    const verifier = trusting();
    const client = { identities: [identityOf('client')] };
    const known = of(version, { client, server: { clientAuthentication: 'require', verifier } });
    assert.equal(isResumed(known), true);
    assert.equal(isResumed(later(known, { server: { clientAuthentication: 'request' } })), false);
    assert.equal(isResumed(later(known, { server: { verifier: accepting } })), false);
    const strict = later(known, { server: { verifier: trusting('rsa2048') } });
    const pair = new Pair(strict).run();
    assert.equal(pair.server.error?.code, 'ERR_UNKNOWN_CA');
    assert.equal(pair.server.established, undefined);
  });

  test(`${version}: a client that showed no certificate, at a server that demands one`, () => {
    for (const clientAuthentication of ['none', 'request'] as const) {
      const known = of(version, { server: { clientAuthentication } });
      const pair = new Pair(later(known, { server: { clientAuthentication: 'require' } })).run();
      assert.match(pair.server.error?.code ?? '', /^ERR_(CERTIFICATE_REQUIRED|NO_CERTIFICATE)$/);
      assert.equal(pair.server.established, undefined);
    }
  });

  test(`${version}: the session of the other version`, () => {
    const other = VERSIONS.find((one) => one !== version);
    assert.ok(other);
    const keys = new TicketKeyRing({ provider: nodeProvider });
    const [mine, foreign] = [
      of(version, { server: { tickets: { keys } } }),
      of(other, { server: { tickets: { keys } } }),
    ];
    assert.equal(isResumed(mine), true);
    // The ticket of the other version, as if it were of this one: the server opens it, and sees what it is.
    const session = { ...mine.session, ticket: foreign.session.ticket };
    const mixed = later(mine, { client: { sessions: alwaysOffering(session) } });
    assert.equal(isResumed(mixed), false);
    // A client that does not speak the version of its session does not offer it.
    assert.equal(isResumed(later(foreign, { client: { versions: [version] } })), false);
  });
}

test('a store of both versions: the id of a TLS 1.2 session, which everybody can see, is no ticket of TLS 1.3', () => {
  const tickets = ids();
  assert.ok(tickets);
  const known12 = of('TLSv1.2', { server: { tickets } });
  const { sessionId } = known12.session;
  assert.equal(sessionId?.length, 32);
  const known13 = of('TLSv1.3', { server: { tickets } });
  const session = { ...known13.session, ticket: sessionId ?? EMPTY };
  assert.equal(isResumed(later(known13, { client: { sessions: alwaysOffering(session) } })), false);
  // It was not used up by that.
  assert.equal(isResumed(known12), true, toHex(session.ticket));
});

test('a TLS 1.3 ticket of a store, sent as the id of a TLS 1.2 session, is neither taken nor used up', () => {
  const tickets = ids();
  const known13 = of('TLSv1.3', { server: { tickets: tickets as never } });
  const known12 = of('TLSv1.2', { server: { tickets: tickets as never } });
  const session = { ...known12.session, sessionId: known13.session.ticket };
  assert.equal(isResumed(later(known12, { client: { sessions: alwaysOffering(session) } })), false);
  assert.equal(isResumed(known13), true);
});
