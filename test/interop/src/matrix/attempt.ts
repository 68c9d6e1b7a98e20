/** One cell with one peer: both sides are told their terms, they meet, they talk, and what was agreed is compared. */
import assert from 'node:assert/strict';
import { Inbox } from '../inbox.ts';
import { type Pki, SERVER_NAME } from '../pki.ts';
import type { Attempt } from '../run.ts';
import { SCHEMES, type Scheme, type Suite } from './axes.ts';
import {
  type Cell,
  consistent,
  contestTerms,
  EVERYTHING,
  narrowTerms,
  type Role,
  type Terms,
  wideTerms,
} from './cell.ts';
import { dial, type Facts, type Link, listen, type OurSetup } from './ours.ts';
import { type Engagement, type Job, knowledgeWithout, type Peer, type Report } from './peers/peer.ts';

const TERMS = ['versions', 'suites', 'groups', 'schemes'] as const;

/** What each side is told. What a peer cannot be told, our side is narrow in. */
export function termsFor(
  cell: Cell,
  peer: Peer,
  role: Role,
): { readonly ours: Terms; readonly theirs: Terms } {
  if (cell.contest !== undefined) {
    const other = role === 'client' ? 'server' : 'client';
    return {
      ours: contestTerms(cell, cell.contest, role),
      theirs: contestTerms(cell, cell.contest, other),
    };
  }
  const narrow = narrowTerms(cell, role === 'server' && peer.wantsSchemesOfChains === true);
  const theirWide = wideTerms(cell, knowledgeWithout(peer.lacks));
  if (cell.narrow === 'ours') return { ours: narrow, theirs: theirWide };
  const tellable = peer.tellable(cell.suite, role);
  const pick = (told: Terms, untold: Terms): Terms =>
    Object.fromEntries(
      TERMS.map((key) => [key, (tellable.includes(key) ? told : untold)[key]]),
    ) as unknown as Terms;
  return {
    ours: consistent(pick(wideTerms(cell, EVERYTHING), narrow), role),
    theirs: pick(narrow, theirWide),
  };
}

/** What may be signed with where this scheme is in a list: it, or another for that kind of key. */
function mayBe(
  scheme: Scheme | undefined,
  { version }: Suite,
  { schemes }: Terms,
): readonly (string | undefined)[] {
  if (scheme === undefined) return [undefined];
  const fits = ({ name, key }: Scheme): boolean =>
    key === scheme.key ||
    // In TLS 1.2 the name of an ECDSA scheme speaks of the hash alone (RFC 8446 section 4.2.3).
    (version === 'TLSv1.2' && scheme.name.startsWith('ecdsa') && name.startsWith('ecdsa'));
  return SCHEMES.filter((entry) => fits(entry) && schemes.includes(entry.name)).map(({ name }) => name);
}

function oneOf(what: string, found: string | undefined, expected: readonly (string | undefined)[]): void {
  assert.ok(expected.includes(found), `${what}: expected ${expected.join(' or ')}, found ${found}`);
}

/** What our side agreed to must be the cell. */
function checkFacts(
  facts: Facts,
  cell: Cell,
  role: Role,
  terms: { readonly ours: Terms; readonly theirs: Terms },
): void {
  const { suite, group, scheme, client } = cell;
  const { version, suite: agreed, alpn } = facts;
  assert.deepEqual(
    { version, suite: agreed, alpn },
    { version: suite.version, suite: suite.name, alpn: cell.alpn ? 'http/1.1' : undefined },
  );
  // A server of TLS 1.2 sends its DHE group as numbers, and they need not have a name.
  if (suite.keyExchange !== 'DHE' || facts.group !== undefined) assert.equal(facts.group, group?.name);
  const [own, peer] = role === 'client' ? [client, scheme] : [scheme, client];
  oneOf("the peer's signature", facts.peerScheme, mayBe(peer, suite, terms.ours));
  oneOf('our signature', facts.ownScheme, mayBe(own, suite, terms.theirs));
  if (suite.version === 'TLSv1.3' && role === 'client') {
    assert.equal(facts.retried, terms.ours.groups[0] !== group?.name, 'HelloRetryRequest');
  }
}

/** What the peer tells must be what our side tells. */
function checkReport(report: Report, facts: Facts): void {
  for (const key of ['version', 'suite', 'group', 'alpn', 'exported'] as const) {
    if (report[key] === undefined || (key === 'exported' && facts.exported === undefined)) continue;
    assert.equal(report[key], facts[key], `as the peer has it: ${key}`);
  }
}

class MatrixAttempt {
  step = 'starting';
  readonly #peer: Peer;
  readonly #role: Role;
  readonly #cell: Cell;
  readonly #pki: Pki;
  readonly #cleanup: (() => void)[] = [];
  #engagement: Engagement | undefined;

  constructor(peer: Peer, role: Role, cell: Cell, pki: Pki) {
    this.#peer = peer;
    this.#role = role;
    this.#cell = cell;
    this.#pki = pki;
  }

  get account(): string {
    return this.#engagement?.account ?? '';
  }

  cleanUp(): void {
    for (const clean of this.#cleanup.reverse()) clean();
  }

  async run(): Promise<void> {
    const cell = this.#cell;
    const role = this.#role;
    const terms = termsFor(cell, this.#peer, role);
    const { client, server } = this.#credentials();
    const alpn = cell.alpn ? ['http/1.1'] : [];
    const preference = cell.contest?.preference ?? 'server';
    const shared = { cell, alpn, scratch: this.#pki.scratch(), preference };
    const ourSetup = {
      ...(role === 'client' ? client : server),
      terms: terms.ours,
      alpn: cell.alpn ? ['h2', 'http/1.1'] : [],
      requireExtendedMasterSecret: cell.extendedMasterSecret,
    };
    const job = { ...shared, ...(role === 'client' ? server : client), terms: terms.theirs };
    const { link, engagement } = await (role === 'client'
      ? this.#dial(job, ourSetup)
      : this.#listen(job, ourSetup));
    this.#cleanup.push(() => link.socket.destroy());
    checkFacts(link.facts, cell, role, terms);
    await Promise.race([this.#talk(link, engagement), engagement.failure]);
    checkReport(await engagement.report(), link.facts);
  }

  async #talk({ socket }: Link, engagement: Engagement): Promise<void> {
    const received = new Inbox(socket);
    this.step = 'exchanging data';
    await engagement.converse(socket, received);
    this.step = 'ending the connection';
    socket.end();
    if (engagement.closes) await received.end();
  }

  async #dial(job: Job, setup: OurSetup): Promise<{ link: Link; engagement: Engagement }> {
    this.step = 'starting the peer';
    const engagement = await this.#peer.serve(job);
    this.#keep(engagement);
    this.step = 'connecting';
    const dialled = dial({ ...setup, port: engagement.port, name: SERVER_NAME });
    return { link: await this.#orFailure(dialled, engagement), engagement };
  }

  async #listen(job: Job, setup: OurSetup): Promise<{ link: Link; engagement: Engagement }> {
    this.step = 'listening';
    const listener = await listen({ ...setup, preference: job.preference });
    this.#cleanup.push(() => listener.close());
    const engagement = await this.#peer.dial({ ...job, port: listener.port, name: SERVER_NAME });
    this.#keep(engagement);
    this.step = 'waiting for the peer to connect';
    return { link: await this.#orFailure(listener.first, engagement), engagement };
  }

  /** Where both fail, our side's error says more; it may come a moment later. */
  async #orFailure(link: Promise<Link>, { failure }: Engagement): Promise<Link> {
    const late = failure.catch(async (error) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw error;
    });
    return await Promise.race([link, late]);
  }

  #keep(engagement: Engagement): void {
    this.#engagement = engagement;
    this.#cleanup.push(() => engagement.stop());
  }

  /** Certificates, and whom each side trusts. */
  #credentials(): Record<Role, Pick<Job, 'credentials' | 'authority'>> {
    const { scheme, client } = this.#cell;
    const serverKey = scheme?.key ?? 'rsa2048';
    return {
      server: {
        credentials: this.#pki.server(serverKey),
        authority: client && this.#pki.authority(client.key),
      },
      client: {
        credentials: client && this.#pki.client(client.key),
        authority: this.#pki.authority(serverKey),
      },
    };
  }
}

/** Starts a cell, for `runTrial`. */
export function startAttempt(peer: Peer, role: Role, cell: Cell, pki: Pki): Attempt {
  const attempt = new MatrixAttempt(peer, role, cell, pki);
  return { cell: attempt, done: attempt.run() };
}
