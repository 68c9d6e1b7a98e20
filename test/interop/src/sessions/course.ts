/** One scenario of sessions with one peer, in one role of ours. */
import assert from 'node:assert/strict';
import { decodeClientSession } from 'handfast';
import { Inbox } from '../inbox.ts';
import type { Role } from '../peers/peer.ts';
import { type Pki, SERVER_NAME } from '../pki.ts';
import type { Attempt } from '../run.ts';
import { dial, type Link, listen } from './ours.ts';
import type { Party, Peer, Visit } from './peers/peer.ts';
import { replay, startRecorder } from './replay.ts';
import { EARLY, type Report, type Setup, type Terms } from './terms.ts';

/** What must come out. */
export interface Outcome {
  readonly terms: Terms;
  /** Whether the second connection goes on with the session of the first. */
  readonly resumed?: boolean;
  readonly early?: Report['early'];
  /** The only connection fails, on both sides. Our server's code; our client gets an alert. */
  readonly fails?: string;
  /** The pre-shared key is what the sides prove themselves with. */
  readonly byPsk?: boolean;
}

/** How our side opens its next connection, and with whom. */
interface Meeting {
  readonly party: Party;
  open(visit: Visit, session: Buffer | undefined): Promise<Link>;
}

class Course {
  step = 'starting';
  readonly #peer: Peer;
  readonly #role: Role;
  readonly #pki: Pki;
  readonly #expected: Outcome;
  readonly #parties: Party[] = [];
  readonly #cleanup: (() => void)[] = [];
  /** What is done when both connections have ended. */
  #epilogue = async (): Promise<void> => undefined;

  constructor(peer: Peer, role: Role, pki: Pki, expected: Outcome) {
    this.#peer = peer;
    this.#role = role;
    this.#pki = pki;
    this.#expected = expected;
  }

  get account(): string {
    return this.#parties.map(({ account }) => account).join('\n');
  }

  cleanUp(): void {
    for (const clean of this.#cleanup.reverse()) clean();
  }

  async run(): Promise<void> {
    const { terms, fails } = this.#expected;
    const meeting = this.#role === 'client' ? await this.#asClient() : await this.#asServer();
    if (fails !== undefined) {
      await this.#mustFail(meeting, fails);
      return;
    }
    const session = await this.#connection(meeting, 0, undefined);
    if (terms.psk !== undefined) return;
    const needsAnother = terms.serverForgets === true && this.#role === 'client';
    await this.#connection(needsAnother ? await this.#asClient() : meeting, 1, session);
    await this.#epilogue();
  }

  /** The whole of one connection. Answers our client's session. */
  async #connection(
    meeting: Meeting,
    number: number,
    session: Buffer | undefined,
  ): Promise<Buffer | undefined> {
    const which = number === 0 ? 'the first connection' : 'the second connection';
    this.step = `opening ${which}`;
    const visit = await meeting.party.visit();
    const link = await this.#orFailure(meeting.open(visit, session), visit);
    const { socket } = link;
    this.#cleanup.push(() => socket.destroy());
    const received = new Inbox(socket);
    this.step = `exchanging data on ${which}`;
    await Promise.race([visit.exchange(socket, received, this.#shown(number)), visit.failure]);
    this.step = `asking the peer about ${which}`;
    this.#check(link, await visit.report(), number);
    this.step = `ending ${which}`;
    if (visit.endFirst === undefined) socket.end();
    else visit.endFirst();
    await received.end();
    socket.end();
    await visit.ended();
    const makesSession = number === 0 && this.#role === 'client' && this.#expected.terms.psk === undefined;
    return makesSession ? this.#session(socket) : undefined;
  }

  /** What our client sent early, and the peer must show: it was taken, or sent again. */
  #shown(number: number): string | undefined {
    const { early } = this.#expected;
    const isHidden = early === 'accepted' && this.#peer.hidesEarlyData === true;
    return number === 1 && this.#role === 'client' && early !== undefined && !isHidden ? EARLY : undefined;
  }

  /** Our client's, which is found again as the scenario says. */
  #session(socket: Link['socket']): Buffer {
    const session = socket.getSession();
    assert.ok(session, 'our side was given no session');
    const { ticket } = decodeClientSession(session);
    assert.equal(ticket.length === 0 ? 'id' : 'ticket', this.#expected.terms.by);
    return session;
  }

  #check({ report, established, early }: Link, theirs: Report, number: number): void {
    const { terms, resumed = false, early: fate, byPsk = false } = this.#expected;
    const second = number === 1;
    const expected = { resumed: second && resumed, early: second ? fate : undefined };
    assert.deepEqual({ resumed: report.resumed, early: report.early }, expected, 'as our side has it');
    for (const key of this.#peer.tells) {
      if (key === 'exported')
        assert.equal(theirs.exported, report.exported, 'keying material, as the peer has it');
      // With OpenSSL, a connection with a pre-shared key is one that goes on with a session.
      else if (key === 'resumed' && !byPsk)
        assert.equal(theirs.resumed, expected.resumed, 'resumed, as the peer has it');
      else if (key === 'early' && expected.early)
        assert.equal(theirs.early, expected.early, 'early data, as the peer has it');
    }
    if (this.#role === 'server') assert.equal(early, expected.early === 'accepted' ? EARLY : '');
    assert.equal(established.helloRetried, terms.retry === true, 'HelloRetryRequest');
    assert.equal(established.pskIdentity !== undefined, byPsk, 'whether the key proves who it is');
    const isAuthenticated = this.#role === 'client' ? !byPsk : terms.mutual === true;
    assert.equal(established.peer !== undefined, isAuthenticated, 'whether the peer has a certificate');
  }

  async #mustFail({ party, open }: Meeting, code: string): Promise<void> {
    this.step = 'waiting for our side to fail';
    const visit = await party.visit();
    await assert.rejects(
      async () => {
        const { socket } = await open(visit, undefined);
        this.#cleanup.push(() => socket.destroy());
        await new Inbox(socket).holds('what must not come');
      },
      { code: this.#role === 'client' ? 'ERR_ALERT_RECEIVED' : code },
    );
    this.step = 'our side failed; waiting for the peer to fail as well';
    await visit.fails();
  }

  /** Where both fail, our side's error says more; it may come a moment later. */
  async #orFailure(link: Promise<Link>, { failure }: Visit): Promise<Link> {
    const late = failure.catch(async (error) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw error;
    });
    return await Promise.race([link, late]);
  }

  async #asClient(): Promise<Meeting> {
    this.step = 'starting the peer';
    const { terms } = this.#expected;
    const party = await this.#peer.serve({ ...this.#server(), scratch: this.#pki.scratch() });
    this.#keep(party);
    return {
      party,
      open: (_, session) =>
        dial({
          ...this.#client(),
          port: party.port,
          name: SERVER_NAME,
          session,
          ...(session && terms.early && { early: EARLY }),
        }),
    };
  }

  async #asServer(): Promise<Meeting> {
    this.step = 'listening';
    const listener = await listen(this.#server());
    this.#cleanup.push(() => listener.close());
    let { port } = listener;
    if (this.#expected.terms.replayed === true) {
      const recorder = await startRecorder(port);
      this.#cleanup.push(() => recorder.close());
      port = recorder.port;
      this.#epilogue = async () => {
        this.step = 'playing the second connection again';
        await replay(listener, recorder.recorded());
      };
    }
    const party = this.#peer.dial({
      ...this.#client(),
      port,
      name: SERVER_NAME,
      scratch: this.#pki.scratch(),
    });
    this.#keep(party);
    return { party, open: () => listener.next() };
  }

  #keep(party: Party): void {
    this.#parties.push(party);
    this.#cleanup.push(() => party.stop());
  }

  #client(): Setup {
    const { terms } = this.#expected;
    return {
      terms,
      authority: this.#pki.authority('p256'),
      credentials: terms.mutual && this.#pki.client('p256'),
    };
  }

  #server(): Setup {
    const { terms } = this.#expected;
    return {
      terms,
      authority: terms.mutual && this.#pki.authority('p256'),
      credentials: this.#pki.server('p256'),
    };
  }
}

/** Starts a scenario, for `runTrial`. */
export function startCourse(peer: Peer, role: Role, pki: Pki, expected: Outcome): Attempt {
  const course = new Course(peer, role, pki, expected);
  return { cell: course, done: course.run() };
}
