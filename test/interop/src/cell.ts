/** One scenario with one peer in one role: the means to run it, and to clean up behind it. */
import type { Duplex } from 'node:stream';
import { Inbox } from './inbox.ts';
import {
  type ClientSetup,
  dial,
  type Facts,
  type Link,
  listen,
  type Refusal,
  refusal,
  type ServerSetup,
} from './ours.ts';
import type { Peer, PeerSetup, Role } from './peers/peer.ts';
import type { PeerProcess } from './peers/process.ts';
import { type Authority, type Credentials, type Pki, SERVER_NAME } from './pki.ts';
import { type Course, startRelay } from './relay.ts';

/** What a scenario asks for, from both sides. */
export interface Wish {
  /** Ours. */
  readonly groups?: ClientSetup['groups'];
  readonly suites?: ClientSetup['suites'];
  readonly alpn?: readonly string[];
  readonly statelessRetry?: boolean;
  readonly onKeyLog?: (line: string) => void;
  /** The peer's. */
  readonly peer?: Omit<PeerSetup, 'authority' | 'credentials' | 'scratch'>;
  /** The server's, whoever that is. Default: P-256. */
  readonly server?: Credentials;
  /** The client's, whoever that is. With `demand`, the server demands them. */
  readonly client?: Credentials;
  readonly demandClientCertificate?: boolean;
  /** Whom the client trusts, and whom the server does. Default: the root of the P-256 certificates. */
  readonly clientTrusts?: Authority;
  readonly serverTrusts?: Authority;
  /** Whom the client wants to reach. */
  readonly name?: string;
  /** What stands between the two. */
  readonly course?: Course;
}

/** Two ends that have met. */
export interface Pair {
  readonly ours: Duplex;
  readonly received: Inbox;
  readonly link: Link;
  readonly facts: Facts;
  readonly theirs: PeerProcess;
  /** What we send comes back. */
  readonly echoes: boolean;
}

/** Our side failed, as it had to. */
export interface Failure {
  readonly error: Error;
  readonly refusal: Refusal | undefined;
  readonly theirs: PeerProcess;
}

export class Cell {
  readonly peer: Peer;
  readonly role: Role;
  readonly pki: Pki;
  /** What is being waited for; said when time runs out. */
  step = 'starting';
  readonly #cleanup: (() => void)[] = [];
  #process: PeerProcess | undefined;

  constructor(peer: Peer, role: Role, pki: Pki) {
    this.peer = peer;
    this.role = role;
    this.pki = pki;
  }

  /** The peer's command line and log, for a report. */
  get account(): string {
    const process = this.#process;
    return process === undefined ? '' : `${process.command}\n${process.log}`;
  }

  /** Both sides meet, in the role of this cell. @throws our side's error. */
  async meet(wish: Wish = {}): Promise<Pair> {
    const { link, theirs } = this.role === 'client' ? await this.#dial(wish) : await this.#listen(wish);
    const framed = await (this.role === 'server' ? this.peer.frame?.(link.socket) : undefined);
    const ours = framed ?? link.socket;
    const echoes = this.peer.echoes === true && this.role === 'client';
    return { ours, received: new Inbox(ours), link, facts: link.facts, theirs, echoes };
  }

  /** Both sides meet, and it must fail on both. */
  async mustFail(wish: Wish): Promise<Failure> {
    const error = await this.#failure(wish);
    const theirs = this.#process;
    if (theirs === undefined) throw error;
    this.step = `our side failed (${error.message}); waiting for the peer to fail as well`;
    await theirs.fails();
    return { error, refusal: refusal(error), theirs };
  }

  /** A TLS 1.3 client is established before the server has judged it, so the failure may come with the first read. */
  async #failure(wish: Wish): Promise<Error> {
    let pair: Pair;
    try {
      pair = await this.meet(wish);
    } catch (error) {
      return error as Error;
    }
    this.step = 'established; waiting for the failure';
    return await pair.received.failure();
  }

  cleanUp(): void {
    for (const clean of this.#cleanup.reverse()) clean();
  }

  async #dial(wish: Wish): Promise<{ link: Link; theirs: PeerProcess }> {
    const { peer, pki } = this;
    if (peer.serve === undefined) throw new Error(`${peer.name} is no server`);
    this.step = 'starting the peer';
    const { process, port } = await peer.serve({
      ...wish.peer,
      ...this.#server(wish),
      scratch: pki.scratch(),
    });
    this.#keep(process);
    this.step = 'connecting';
    const link = await dial({
      ...this.#ours(wish),
      ...this.#client(wish),
      port: await this.#through(wish, port),
    });
    this.#onCleanUp(() => link.socket.destroy());
    return { link, theirs: process };
  }

  async #listen(wish: Wish): Promise<{ link: Link; theirs: PeerProcess }> {
    const { peer, pki } = this;
    this.step = 'listening';
    const listener = await listen({
      ...this.#ours(wish),
      ...this.#server(wish),
      statelessRetry: wish.statelessRetry === true,
    });
    this.#onCleanUp(() => listener.close());
    const process = peer.dial({
      ...wish.peer,
      ...this.#client(wish),
      scratch: pki.scratch(),
      port: await this.#through(wish, listener.port),
    });
    this.#keep(process);
    this.step = 'waiting for the peer to connect';
    const link = await Promise.race([listener.first, process.gone()]);
    this.#onCleanUp(() => link.socket.destroy());
    return { link, theirs: process };
  }

  /** What the client is told, whichever side that is. */
  #client(wish: Wish): Pick<ClientSetup, 'name' | 'authority' | 'credentials'> {
    return {
      name: wish.name ?? SERVER_NAME,
      authority: wish.clientTrusts ?? this.pki.authority('p256'),
      ...(wish.client && { credentials: wish.client }),
    };
  }

  /** What the server is told, whichever side that is. */
  #server(wish: Wish): Pick<ServerSetup, 'credentials' | 'demandClientCertificate' | 'authority'> {
    return {
      credentials: wish.server ?? this.pki.server('p256'),
      ...(wish.demandClientCertificate && {
        demandClientCertificate: true,
        authority: wish.serverTrusts ?? this.pki.authority('p256'),
      }),
    };
  }

  #ours(wish: Wish): Pick<ClientSetup, 'groups' | 'suites' | 'alpn' | 'onKeyLog'> {
    const { groups, suites, alpn, onKeyLog } = wish;
    return {
      ...(groups && { groups }),
      ...(suites && { suites }),
      ...(alpn && { alpn }),
      ...(onKeyLog && { onKeyLog }),
    };
  }

  async #through(wish: Wish, port: number): Promise<number> {
    if (wish.course === undefined) return port;
    const relay = await startRelay(port, wish.course);
    this.#onCleanUp(() => relay.close());
    return relay.port;
  }

  #keep(process: PeerProcess): void {
    this.#process = process;
    this.#onCleanUp(() => process.kill());
  }

  #onCleanUp(clean: () => void): void {
    this.#cleanup.push(clean);
  }
}
