/** The full handshake for every group, suite, kind of key, client authentication and way to retry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientAuthentication, ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { Established } from '../../src/handshake/established.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { cipherSuiteName, groupName, type NamedGroup } from '../../src/wire/registry.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { CLASSICAL_GROUPS, connectedPair, type Pair, TLS13_SUITES, text } from '../support/pair.ts';
import { KEY_KINDS, type KeyKind } from '../support/pki.ts';

const COOKIE_SECRET = new Uint8Array(32).fill(7);

/** Whether the client is asked, and whether it has something to show. */
const AUTHENTICATIONS: readonly (readonly [ClientAuthentication, boolean])[] = [
  ['none', true],
  ['request', false],
  ['request', true],
  ['require', true],
];

type RetryOptions = readonly [client: Partial<ClientOptions>, server: Partial<ServerOptions>];

/** The ways to agree on one group. */
const RETRIES: Readonly<Record<string, (group: NamedGroup) => RetryOptions>> = {
  'at once': (group) => [{ groups: [group] }, {}],
  'with a HelloRetryRequest': (group) => {
    const first = CLASSICAL_GROUPS.find((candidate) => candidate !== group) as NamedGroup;
    return [{ groups: [first, group] }, { groups: [group] }];
  },
  'with a HelloRetryRequest and a cookie': (group) => {
    const first = CLASSICAL_GROUPS.find((candidate) => candidate !== group) as NamedGroup;
    return [{ groups: [first, group] }, { groups: [group], cookieSecret: COOKIE_SECRET }];
  },
  'with a cookie alone': (group) => [{ groups: [group] }, { cookieSecret: COOKIE_SECRET, alwaysRetry: true }],
};

/** The facts that both sides must agree on. */
function agreed({ role: _role, peer, own, choices: _choices, ...facts }: Established): unknown {
  return facts;
}

function checkExporters(pair: Pair): void {
  for (const [context, length] of [
    [undefined, 32],
    [text('context'), 100],
  ] as const) {
    const [client, server] = (['client', 'server'] as const).map((side) =>
      toHex(pair.side(side).exportKeyingMaterial('EXPORTER-test', context, length)),
    );
    assert.equal(client?.length, 2 * length);
    assert.equal(client, server);
  }
}

function checkData(pair: Pair): void {
  pair.client.send(text('to the server'));
  pair.server.send(text('to the client'));
  pair.run();
  assert.equal(pair.textOf('server'), 'to the server');
  assert.equal(pair.textOf('client'), 'to the client');
}

function checkPeers(
  pair: Pair,
  kind: KeyKind,
  [authentication, hasCertificate]: (typeof AUTHENTICATIONS)[number],
) {
  const [client, server] = [pair.establishedOn('client'), pair.establishedOn('server')];
  const serverIdentity = identityOf('server', kind);
  assert.deepEqual(
    client.peer?.chain.map(({ der }) => toHex(der)),
    serverIdentity.chain.map(({ der }) => toHex(der)),
  );
  assert.equal(server.own?.identity, serverIdentity);
  assert.equal(client.peer?.signatureScheme, server.own?.signatureScheme);
  if (authentication === 'none' || !hasCertificate) {
    assert.equal(server.peer, undefined);
    assert.equal(client.own, undefined);
    return;
  }
  assert.equal(client.own?.identity, identityOf('client', kind));
  assert.equal(server.peer?.signatureScheme, client.own?.signatureScheme);
  assert.deepEqual(
    server.peer?.chain.map(({ der }) => toHex(der)),
    client.own?.identity.chain.map(({ der }) => toHex(der)),
  );
}

for (const kind of KEY_KINDS) {
  for (const [how, retryOptions] of Object.entries(RETRIES)) {
    test(`every group, suite and client authentication, ${kind} certificates, ${how}`, () => {
      for (const group of CLASSICAL_GROUPS) {
        for (const suite of TLS13_SUITES) {
          for (const authentication of AUTHENTICATIONS) {
            const [clientRetry, serverRetry] = retryOptions(group);
            const pair = connectedPair({
              client: {
                cipherSuites: [suite],
                verifier: trusting(kind),
                identities: authentication[1] ? [identityOf('client', kind)] : [],
                ...clientRetry,
              },
              server: {
                verifier: trusting(kind),
                identities: [identityOf('server', kind)],
                clientAuthentication: authentication[0],
                ...serverRetry,
              },
            });
            const established = pair.establishedOn('client');
            assert.deepEqual(agreed(established), agreed(pair.establishedOn('server')));
            assert.equal(groupName(established.group ?? 0), groupName(group));
            assert.equal(cipherSuiteName(established.cipherSuite), cipherSuiteName(suite));
            assert.equal(established.helloRetried, how !== 'at once');
            assert.equal(established.serverName, 'localhost');
            checkPeers(pair, kind, authentication);
            checkExporters(pair);
            checkData(pair);
          }
        }
      }
    });
  }
}
