/** Node (OpenSSL), Bun (BoringSSL), Deno (rustls) and Go: the agents of the matrix. */
import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Inbox } from '../../inbox.ts';
import type { Agent, AgentConnection } from '../../matrix/peers/agent.ts';
import { goProgram, go as matrixGo } from '../../matrix/peers/built.ts';
import { curveName } from '../../matrix/peers/openssl-names.ts';
import { PROGRAMS, runtimeVersion, startAgent } from '../../matrix/peers/runtimes.ts';
import type { Limit } from '../../peers/peer.ts';
import { EXPORT_LABEL, EXPORT_LENGTH, groupsOf } from '../terms.ts';
import type { Party, Peer, PeerSetup, Visit } from './peer.ts';

type Fields = Readonly<Record<string, string>>;

function fieldsOf({ terms, credentials, authority }: PeerSetup, side: 'client' | 'server'): Fields {
  const groups = groupsOf(terms, side);
  const psk = terms.psk?.[side];
  return {
    min: terms.version,
    max: terms.version,
    groups: groups.join(','),
    curves: groups.map(curveName).join(':'),
    label: EXPORT_LABEL,
    length: String(EXPORT_LENGTH),
    ...(credentials && { cert: credentials.chainFile, key: credentials.keyFile }),
    ...(authority && { ca: authority.file }),
    ...(terms.by === 'id' && { options: String(constants.SSL_OP_NO_TICKET), store: 'yes' }),
    ...(psk && { psk: psk.key, identity: psk.identity }),
  };
}

/** What we send comes back. */
async function echo(ours: Duplex, received: Inbox): Promise<void> {
  const text = 'there and back\n';
  ours.write(text);
  await received.holds(text);
}

function visitOf(connection: AgentConnection): Visit {
  return {
    exchange: echo,
    report: () => connection.report(),
    ended: () => connection.closed(),
    failure: connection.failure,
    fails: () => connection.failure.catch(() => undefined),
  };
}

function partyOf(open: (number: number) => Promise<AgentConnection>): Party {
  const connections: AgentConnection[] = [];
  return {
    async visit() {
      const connection = await open(connections.length);
      connections.push(connection);
      return visitOf(connection);
    },
    get account() {
      return connections.map(({ account }) => account).join('\n');
    },
    stop() {},
  };
}

interface AgentPeer extends Pick<Peer, 'name' | 'version' | 'limits' | 'isOptional' | 'tells'> {
  agent(): Agent;
  stop(): void;
}

function agentPeer({ agent, ...peer }: AgentPeer): Peer {
  return {
    ...peer,
    async serve(setup) {
      const { port, connections } = await agent().serveTwo(fieldsOf(setup, 'server'));
      const party = partyOf(async (number) => connections[number === 0 ? 0 : 1]);
      return Object.assign(party, { port });
    },
    dial(setup) {
      const fields = { ...fieldsOf(setup, 'client'), session: setup.scratch };
      return partyOf(() => agent().dial(setup, fields));
    },
  };
}

function runtime(
  name: keyof typeof PROGRAMS,
  limits: readonly Limit[],
  tells: Peer['tells'] = ['resumed', 'exported'],
): Peer {
  const program = PROGRAMS[name];
  let started: Agent | undefined;
  return agentPeer({
    name,
    version: () => runtimeVersion(program),
    tells,
    limits: [{ cases: ['0-rtt'], reason: 'node:tls has no early data' }, ...limits],
    agent() {
      started ??= startAgent(program);
      return started;
    },
    stop: () => started?.stop(),
  });
}

export const node20: Peer = runtime('node20', []);
export const node26: Peer = runtime('node26', []);

export const bun: Peer = runtime('bun', [
  {
    cases: ['psk/known', 'psk/retry', 'psk/wrong key'],
    reason: 'BoringSSL has no external pre-shared keys in TLS 1.3',
  },
  {
    cases: ['resume1.2/id', 'resume1.2/id mutual'],
    role: 'client',
    reason: 'Bun, as a server, keeps sessions in tickets alone',
  },
]);

export const deno: Peer = runtime(
  'deno',
  [
    { cases: ['resume1.3', 'resume1.2'], role: 'server', reason: 'Deno, as a client, offers no session' },
    {
      cases: ['resume1.2/id', 'resume1.2/id mutual'],
      role: 'client',
      reason: 'Deno, as a server, always gives tickets',
    },
    { cases: ['resume1.3/retry'], role: 'client', reason: 'Deno cannot be told its groups' },
    {
      cases: ['resume1.3/forgotten', 'resume1.2/ticket forgotten', 'resume1.2/id forgotten'],
      role: 'client',
      reason: 'servers of one Deno share their sessions',
    },
    { cases: ['psk'], reason: 'rustls has no external pre-shared keys' },
  ],
  ['resumed'],
);

export const go: Peer = agentPeer({
  name: matrixGo.name,
  isOptional: true,
  version: matrixGo.version,
  tells: ['resumed', 'exported'],
  limits: [
    { cases: ['0-rtt'], reason: 'crypto/tls has early data for QUIC alone' },
    { cases: ['psk'], reason: 'crypto/tls has no external pre-shared keys' },
    {
      cases: ['resume1.2/id', 'resume1.2/id mutual', 'resume1.2/id forgotten'],
      reason: 'crypto/tls keeps sessions of TLS 1.2 in tickets alone',
    },
  ],
  agent: () => goProgram.agent,
  stop: () => goProgram.stop(),
});
