/** What is tried with every peer in both roles. A scenario throws when something is not as it must be. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Cell, type Pair, type Wish } from './cell.ts';
import { type Facts, GROUPS, type Group, type Refusal, SUITES } from './ours.ts';
import { limitFor, type Peer, type Role } from './peers/peer.ts';
import { KEY_KINDS, type Pki } from './pki.ts';
import { byteByByte, tampering } from './relay.ts';
import type { Attempt, Trial } from './run.ts';

interface Scenario {
  /** The matrix has one column for all scenarios of one name. */
  readonly column: string;
  readonly name: string;
  /** handfast's role, where the scenario makes sense in one only. */
  readonly role?: Role;
  /** Milliseconds. */
  readonly limit: number;
  run(cell: Cell): Promise<void>;
}

const LIMIT = 15_000;
const BULK_LIMIT = 60_000;

/** 64 MiB of text: gnutls-serv's echo takes lines, and no letter is a command of s_client or s_server. */
const BULK_BYTES = 64 << 20;
const BULK_LINE = 8192;

let bulk: { readonly bytes: Buffer; readonly digest: string } | undefined;

function bulkPayload(): { readonly bytes: Buffer; readonly digest: string } {
  if (bulk === undefined) {
    const bytes = Buffer.from(randomBytes(BULK_BYTES / 2).toString('hex'), 'latin1');
    for (let i = BULK_LINE - 1; i < bytes.length; i += BULK_LINE) bytes[i] = 0x0a;
    bulk = { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
  }
  return bulk;
}

let exchanges = 0;

/** One line each way; where the peer echoes, there and back. */
async function exchange(cell: Cell, pair: Pair): Promise<void> {
  const { ours, received, theirs, echoes } = pair;
  const number = ++exchanges;
  const line = `line ${number} from our side\n`;
  cell.step = 'sending a line';
  ours.write(line);
  if (echoes) {
    cell.step = 'waiting for the echo';
    await received.holds(line);
    return;
  }
  await theirs.received.holds(line);
  const answer = `line ${number} from the peer\n`;
  cell.step = "waiting for the peer's line";
  theirs.write(answer);
  await received.holds(answer);
}

async function meetAndExchange(cell: Cell, wish: Wish = {}): Promise<Pair> {
  const pair = await cell.meet(wish);
  await exchange(cell, pair);
  return pair;
}

/** The peer has nothing to complain about. */
function assertContent(pair: Pair): void {
  assert.equal(pair.theirs.complaint, undefined);
}

/** Who proved itself with a certificate: the peer, and our side. */
function assertProofs(facts: Facts, peer: boolean, own: boolean): void {
  const { peerAuthenticated, ownAuthenticated } = facts;
  assert.deepEqual(
    { peerAuthenticated, ownAuthenticated },
    { peerAuthenticated: peer, ownAuthenticated: own },
  );
}

/** A scenario that must fail on both sides: as our client says it, and as our server does. */
function refused(name: string, asClient: Refusal, asServer: Refusal, wish: (cell: Cell) => Wish): Scenario {
  return {
    column: 'refused',
    name,
    limit: LIMIT,
    async run(cell) {
      const { error, refusal } = await cell.mustFail(wish(cell));
      if (refusal === 'hung up' && cell.peer.silentRefusals?.[cell.role]?.includes(name)) return;
      const expected = cell.role === 'client' ? asClient : asServer;
      assert.equal(refusal, expected, `our side failed with: ${error.message}`);
    },
  };
}

const groups: Scenario[] = GROUPS.map((group) => ({
  column: 'groups',
  name: group,
  limit: LIMIT,
  async run(cell) {
    const { facts } = await meetAndExchange(cell, { groups: [group] });
    assert.equal(facts.group, group);
  },
}));

const suites: Scenario[] = SUITES.map((suite) => ({
  column: 'suites',
  name: suite,
  limit: LIMIT,
  async run(cell) {
    const { facts } = await meetAndExchange(cell, { suites: [suite] });
    assert.equal(facts.suite, suite);
  },
}));

const keys: Scenario[] = KEY_KINDS.map((kind) => ({
  column: 'keys',
  name: kind,
  limit: LIMIT,
  async run(cell) {
    const { pki } = cell;
    const { facts } = await meetAndExchange(cell, {
      server: pki.server(kind),
      clientTrusts: pki.authority(kind),
    });
    assertProofs(facts, cell.role === 'client', cell.role === 'server');
  },
}));

const mutual: Scenario[] = KEY_KINDS.map((kind) => ({
  column: 'mutual',
  name: kind,
  limit: LIMIT,
  async run(cell) {
    const { pki } = cell;
    const { facts } = await meetAndExchange(cell, {
      server: pki.server(kind),
      clientTrusts: pki.authority(kind),
      client: pki.client(kind),
      serverTrusts: pki.authority(kind),
      demandClientCertificate: true,
    });
    assertProofs(facts, true, true);
  },
}));

/** The client's share is for P-521, which few prefer; the server takes another group. */
function retry(cell: Cell, second: Group): Wish {
  const both = ['secp521r1', second] as const;
  return cell.role === 'client'
    ? { groups: both, peer: { groups: [second] } }
    : { groups: [second], peer: { groups: both } };
}

const retries: Scenario[] = [
  {
    column: 'retry',
    name: 'stateful',
    limit: LIMIT,
    async run(cell) {
      const { facts } = await meetAndExchange(cell, retry(cell, 'secp384r1'));
      assert.equal(facts.retried, true, 'there was no HelloRetryRequest');
      assert.equal(facts.group, 'secp384r1');
    },
  },
  {
    column: 'retry',
    name: 'cookie',
    role: 'server',
    limit: LIMIT,
    async run(cell) {
      const wish = { ...retry(cell, 'secp256r1'), statelessRetry: true };
      const { facts } = await meetAndExchange(cell, wish);
      assert.equal(facts.retried, true, 'there was no HelloRetryRequest');
    },
  },
  {
    column: 'retry',
    name: 'mutual',
    limit: LIMIT,
    async run(cell) {
      const { pki } = cell;
      const { facts } = await meetAndExchange(cell, {
        ...retry(cell, 'secp256r1'),
        client: pki.client('p256'),
        demandClientCertificate: true,
      });
      assert.equal(facts.retried, true, 'there was no HelloRetryRequest');
      assertProofs(facts, true, true);
    },
  },
];

const updates: Scenario[] = [
  {
    column: 'update',
    name: 'ours',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      for (let round = 0; round < 3; round++) {
        pair.link.updateKeys(false);
        await exchange(cell, pair);
      }
      assert.deepEqual(pair.link.keyUpdates, { sent: 3, received: 0 });
      assertContent(pair);
    },
  },
  {
    column: 'update',
    name: 'requested',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      for (let round = 1; round <= 3; round++) {
        pair.link.updateKeys(true);
        await exchange(cell, pair);
        assert.deepEqual(pair.link.keyUpdates, { sent: round, received: round });
      }
      assertContent(pair);
    },
  },
  {
    column: 'update',
    name: 'theirs',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell, { peer: { commands: true } });
      let answers = 0;
      for (const [round, request] of [false, true, true].entries()) {
        if (cell.peer.keyUpdate?.(pair.theirs, request) === true) answers++;
        cell.step = "waiting for the peer's KeyUpdate";
        while (pair.link.keyUpdates.received === round) await delay(5);
        await exchange(cell, pair);
        assert.deepEqual(pair.link.keyUpdates, { sent: answers, received: round + 1 });
      }
      assertContent(pair);
    },
  },
];

const alpn: Scenario[] = [
  {
    column: 'alpn',
    name: 'agreed',
    limit: LIMIT,
    async run(cell) {
      const { facts } = await meetAndExchange(cell, {
        alpn: ['h2', 'http/1.1'],
        peer: { alpn: ['http/1.1'] },
      });
      assert.equal(facts.alpn, 'http/1.1');
    },
  },
  {
    column: 'alpn',
    name: 'peer without',
    limit: LIMIT,
    async run(cell) {
      const { facts } = await meetAndExchange(cell, { alpn: ['h2', 'http/1.1'] });
      assert.equal(facts.alpn, undefined);
    },
  },
  {
    ...refused('nothing in common', 'alert', 'no protocol', () => ({
      alpn: ['h2'],
      peer: { alpn: ['http/1.1'] },
    })),
    column: 'alpn',
  },
];

/** Writes the payload with the stream's back-pressure. */
function send(pair: Pair, bytes: Buffer): void {
  const chunk = 1 << 18;
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
  Readable.from(pieces()).pipe(pair.ours, { end: false });
}

const bulks: Scenario[] = [
  {
    column: 'bulk',
    name: 'send',
    limit: BULK_LIMIT,
    async run(cell) {
      const pair = await cell.meet();
      const { bytes, digest } = bulkPayload();
      const sink = pair.echoes ? pair.received : pair.theirs.received;
      cell.step = 'sending 64 MiB';
      send(pair, bytes);
      await sink.reaches(bytes.length);
      assert.equal(sink.digest(), digest);
    },
  },
  {
    column: 'bulk',
    name: 'receive',
    limit: BULK_LIMIT,
    async run(cell) {
      const pair = await cell.meet();
      const { bytes, digest } = bulkPayload();
      cell.step = 'receiving 64 MiB';
      pair.theirs.write(bytes);
      await pair.received.reaches(bytes.length);
      assert.equal(pair.received.digest(), digest);
    },
  },
];

/** More than any handshake here has in one direction. */
const SLOW_BYTES = 8192;

const slow: Scenario[] = [
  {
    column: '1-byte',
    name: 'plain',
    limit: LIMIT,
    async run(cell) {
      await meetAndExchange(cell, { course: byteByByte(SLOW_BYTES) });
    },
  },
  {
    column: '1-byte',
    name: 'mutual, retry',
    limit: LIMIT,
    async run(cell) {
      await meetAndExchange(cell, {
        ...retry(cell, 'secp256r1'),
        client: cell.pki.client('p256'),
        demandClientCertificate: true,
        course: byteByByte(SLOW_BYTES),
      });
    },
  },
];

const refusals: Scenario[] = [
  refused('unknown authority', 'unknown authority', 'alert', ({ pki }) => ({
    clientTrusts: pki.authority('p384'),
  })),
  refused('wrong name', 'wrong name', 'alert', () => ({ name: 'elsewhere.example' })),
  refused('expired', 'expired', 'alert', ({ pki }) => ({ server: pki.expiredServer() })),
  refused('client without certificate', 'alert', 'no certificate', () => ({ demandClientCertificate: true })),
  refused('client of unknown authority', 'alert', 'unknown authority', ({ pki }) => ({
    demandClientCertificate: true,
    client: pki.client('p384'),
  })),
  refused('changed in transit', 'bad record', 'alert', () => ({ course: tampering() })),
];

const closes: Scenario[] = [
  {
    column: 'close',
    name: 'ours',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      pair.ours.end();
      cell.step = 'our side has closed; waiting for the peer to see it';
      // An echoing peer is a server for many connections, and says nothing when one of them ends.
      if (!pair.echoes) await pair.theirs.ends();
      pair.theirs.end();
      cell.step = "waiting for the peer's close_notify";
      await pair.received.end();
      assertContent(pair);
    },
  },
  {
    column: 'close',
    name: 'theirs',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      pair.theirs.end();
      cell.step = "waiting for the peer's close_notify";
      await pair.received.end();
      pair.ours.end();
      cell.step = 'our side has closed as well; waiting for the peer to end';
      await pair.theirs.exit();
      assertContent(pair);
    },
  },
  {
    column: 'close',
    name: 'half-ours',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      pair.ours.end();
      cell.step = 'our side has closed; waiting for the peer to see it';
      await pair.theirs.ends();
      pair.theirs.write('said after your end\n');
      cell.step = 'waiting for what the peer says after our close_notify';
      await pair.received.holds('said after your end\n');
      pair.theirs.end();
      await pair.received.end();
      assertContent(pair);
    },
  },
  {
    column: 'close',
    name: 'half-theirs',
    limit: LIMIT,
    async run(cell) {
      const pair = await meetAndExchange(cell);
      pair.theirs.end();
      cell.step = "waiting for the peer's close_notify";
      await pair.received.end();
      pair.ours.end('said after your end\n');
      cell.step = 'waiting for the peer to get what we say after its close_notify';
      await pair.theirs.received.holds('said after your end\n');
      await pair.theirs.exit();
      assertContent(pair);
    },
  },
];

const SCENARIOS: readonly Scenario[] = [
  ...groups,
  ...suites,
  ...keys,
  ...mutual,
  ...retries,
  ...updates,
  ...alpn,
  ...bulks,
  ...slow,
  ...refusals,
  ...closes,
];

/** Every scenario with one peer, in the roles that it can take. */
export function peerTrials(peer: Peer, pki: Pki): Trial[] {
  const roles: readonly Role[] = peer.serve === undefined ? ['server'] : ['client', 'server'];
  return roles.flatMap((role) =>
    SCENARIOS.filter((scenario) => scenario.role === undefined || scenario.role === role).map(
      (scenario): Trial => ({
        peer: peer.name,
        role,
        column: scenario.column,
        name: scenario.name,
        limit: scenario.limit,
        notApplicable: limitFor(peer.limits, role, scenario)?.reason,
        start(): Attempt {
          const cell = new Cell(peer, role, pki);
          return { cell, done: scenario.run(cell) };
        },
      }),
    ),
  );
}
