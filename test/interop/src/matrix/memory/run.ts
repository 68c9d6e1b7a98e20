/** Runs a handshake of handfast with itself, and compares everything with what must come of it. */
import assert from 'node:assert/strict';
import { CipherSuite, ConfigError, NamedGroup, SignatureScheme } from 'handfast';
import type * as TestIdentities from '../../../../../packages/handfast/test/support/identities.ts';
import type * as TestPair from '../../../../../packages/handfast/test/support/pair.ts';
import type * as TestPki from '../../../../../packages/handfast/test/support/pki.ts';
import { type KeyKind, support } from '../../pki.ts';
import { SCHEMES } from '../axes.ts';
import type { Role } from '../cell.ts';
import { factsOf } from '../ours.ts';
import { EXPORT_LABEL, EXPORT_LENGTH } from '../peers/peer.ts';
import { type Agreement, expectedOf, type Misfit, type Refusal } from './oracle.ts';
import type { Match, Side } from './terms.ts';

const { Pair } = await support<typeof TestPair>('pair.js');
const { identityFrom, identityOf } = await support<typeof TestIdentities>('identities.js');
const { issue, testPki } = await support<typeof TestPki>('pki.js');

type Pair = TestPair.Pair;
type Identity = ReturnType<typeof identityOf>;

let transport: Identity | undefined;

/** Certificates of the test hierarchies; a server's RSA key may also decrypt. */
function identity(role: Role, kind: KeyKind): Identity {
  if (role === 'client' || kind !== 'rsa2048') return identityOf(role, kind);
  const { server, intermediate } = testPki(kind);
  transport ??= identityFrom(
    issue({
      subject: 'localhost',
      key: server.key,
      issuer: intermediate,
      dnsNames: ['localhost'],
      keyUsage: ['digitalSignature', 'keyEncipherment'],
    }),
    [intermediate],
  );
  return transport;
}

const ALL_SCHEMES = SCHEMES.map(({ name }) => SignatureScheme[name]);

function options(role: Role, side: Side) {
  return {
    versions: side.versions,
    cipherSuites: side.suites.map((name) => CipherSuite[name]),
    groups: side.groups.map((name) => NamedGroup[name]),
    signatureSchemes: side.schemes.map((name) => SignatureScheme[name]),
    certificateSignatureSchemes: ALL_SCHEMES,
    allowRsaKeyExchange: side.suites.some((name) => name.startsWith('TLS_RSA_')),
    applicationProtocols: side.alpn,
    identities: side.keys.map((kind) => identity(role, kind)),
  };
}

/** Of a length that fills no block, and longer than a record when repeated. */
const TEXT = new TextEncoder().encode('a line of 29 characters, yes\n'.repeat(600));

function checkData(pair: Pair): void {
  for (const [from, to] of [
    ['client', 'server'],
    ['server', 'client'],
  ] as const) {
    pair.side(from).send(TEXT.subarray(0, 1));
    pair.side(from).send(TEXT);
    pair.run();
    const received = pair.dataOf(to);
    assert.ok(
      Buffer.compare(received.subarray(1), TEXT) === 0,
      `what the ${from} sent did not arrive as it was`,
    );
  }
}

function checkAgreement(pair: Pair, expected: Agreement): void {
  const exported = (side: Role): string =>
    Buffer.from(pair.side(side).exportKeyingMaterial(EXPORT_LABEL, undefined, EXPORT_LENGTH)).toString('hex');
  const agreed = (side: Role): Record<string, unknown> => {
    const facts = factsOf(pair.establishedOn(side), exported(side));
    const [clientScheme, serverScheme] =
      side === 'client' ? [facts.ownScheme, facts.peerScheme] : [facts.peerScheme, facts.ownScheme];
    const { version, suite, group, alpn, retried } = facts;
    return { version, suite, group, serverScheme, clientScheme, alpn, retried };
  };
  assert.deepEqual(agreed('server'), { ...expected }, 'as the server has it');
  assert.deepEqual(agreed('client'), { ...expected }, 'as the client has it');
  assert.equal(exported('client'), exported('server'), 'exported keying material');
  checkData(pair);
}

function checkRefusal(pair: Pair, { code, alert }: Refusal): void {
  assert.equal(
    pair.server.error?.code,
    code,
    `the server's error is: ${pair.server.error?.message ?? 'none'}`,
  );
  // A TLS 1.3 client may be established before the server has judged its certificate.
  assert.equal(pair.client.error?.code, 'ERR_ALERT_RECEIVED', pair.client.error?.message);
  assert.equal(pair.client.error?.context.alertReceived, alert);
}

function checkMisfit(make: () => Pair, { option }: Misfit): void {
  assert.throws(make, (error) => error instanceof ConfigError && error.option === option);
}

/** What can come of a match that had to: agreement, refusal, or a configuration that nobody can build. */
export type Result = 'agreed' | 'refused' | 'unfit';

/** Runs a match. @throws when anything is not as it must be. */
export function runMatch(match: Match): Result {
  const { client, server } = match;
  const expected = expectedOf(match);
  const make = (): Pair =>
    new Pair({
      client: { ...options('client', client), keyShares: client.shares.map((name) => NamedGroup[name]) },
      server: {
        ...options('server', server),
        preference: server.preference,
        clientAuthentication: server.clientAuthentication,
      },
    }).run();
  if ('option' in expected) {
    checkMisfit(make, expected);
    return 'unfit';
  }
  if ('code' in expected) {
    checkRefusal(make(), expected);
    return 'refused';
  }
  checkAgreement(make(), expected);
  return 'agreed';
}
