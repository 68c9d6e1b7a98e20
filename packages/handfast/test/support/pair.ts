/** Two connections joined in memory: bytes move when the test says so, cut as the test says, and all that happens is kept. */
import assert from 'node:assert/strict';
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type ServerTarget,
  type TlsConnection,
} from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import type { Established } from '../../src/handshake/established.ts';
import { POLICIES, type Policy } from '../../src/policy/policies.ts';
import type { Role, TraceEvent } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { TlsError, TlsErrorCode } from '../../src/wire/errors.ts';
import { type CipherSuite, NamedGroup } from '../../src/wire/registry.ts';
import { accepting, identityOf } from './identities.ts';

/** What a handler was told, on which side. */
export type PairEvent =
  | { readonly side: Role; readonly type: 'established'; readonly established: Established }
  | { readonly side: Role; readonly type: 'data'; readonly data: Uint8Array }
  | { readonly side: Role; readonly type: 'end' }
  | { readonly side: Role; readonly type: 'error'; readonly error: TlsError };

export interface PairOptions {
  readonly client?: Partial<ClientOptions>;
  readonly server?: Partial<ServerOptions>;
  /** Default: `localhost`. */
  readonly target?: ServerTarget;
  /** Cuts what one side sent before the other receives it. Default: it arrives as one piece. */
  readonly cut?: (bytes: Uint8Array, sender: Role) => readonly Uint8Array[];
  /** Called after the pair has noted the event itself. */
  readonly handlers?: Partial<Record<Role, ConnectionHandlers>>;
  /** Collect trace events. Default: false, as a connection that nobody watches. */
  readonly trace?: boolean;
}

/** Groups that cost little. */
export const CLASSICAL_GROUPS: readonly NamedGroup[] = [
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
];

/** What pairs negotiate unless a test says otherwise: TLS 1.3, whose rules most tests are about. */
export const TEST_POLICY: Policy = {
  ...POLICIES['modern-2026'],
  groups: CLASSICAL_GROUPS,
  keyShares: [NamedGroup.x25519],
};

/** The suites of {@link TEST_POLICY}. */
export const TLS13_SUITES: readonly CipherSuite[] = TEST_POLICY.cipherSuites;

/** A client's options: the node provider, the P-256 test hierarchy. */
export function clientOptions(options: Partial<ClientOptions> = {}): ClientOptions {
  return { provider: nodeProvider, now: Date.now, verifier: accepting, policy: TEST_POLICY, ...options };
}

/** A server's options: the node provider, the P-256 test hierarchy. */
export function serverOptions(options: Partial<ServerOptions> = {}): ServerOptions {
  return {
    provider: nodeProvider,
    now: Date.now,
    verifier: accepting,
    identities: [identityOf('server')],
    policy: TEST_POLICY,
    ...options,
  };
}

export const other = (side: Role): Role => (side === 'client' ? 'server' : 'client');

/** A client and a server. Nothing moves between them but in {@link run}. */
export class Pair {
  readonly client: TlsConnection;
  readonly server: TlsConnection;
  readonly events: PairEvent[] = [];
  readonly trace: Readonly<Record<Role, TraceEvent[]>> = { client: [], server: [] };
  /** Everything that each side put on the wire, as it came out of `takeOutgoing`. */
  readonly sent: Readonly<Record<Role, Uint8Array[]>> = { client: [], server: [] };
  readonly #options: PairOptions;

  constructor(options: PairOptions = {}) {
    this.#options = options;
    this.server = createServerConnection(
      serverConfig(serverOptions(options.server)),
      this.#handlers('server'),
    );
    this.client = createClientConnection(
      clientConfig(clientOptions(options.client)),
      options.target ?? { name: 'localhost' },
      this.#handlers('client'),
    );
  }

  side(side: Role): TlsConnection {
    return side === 'client' ? this.client : this.server;
  }

  /** Moves bytes both ways until neither side has any left. */
  run(): this {
    let moved: boolean;
    do {
      moved = this.move('client');
      moved = this.move('server') || moved;
    } while (moved);
    return this;
  }

  /** Moves what one side has to send now; answers whether there was anything. */
  move(sender: Role): boolean {
    const chunks = this.side(sender).takeOutgoing();
    if (chunks.length === 0) return false;
    this.sent[sender].push(...chunks);
    const bytes = concat(...chunks);
    const receiver = this.side(other(sender));
    for (const piece of this.#options.cut?.(bytes, sender) ?? [bytes]) receiver.receive(piece);
    return true;
  }

  /**
   * As {@link run}, where promises are under way: moves bytes, and calls `step` between turns of the event loop,
   * until `done`.
   */
  async runUntil(done: () => boolean, step: () => void = () => {}): Promise<this> {
    this.run();
    while (!done()) {
      step();
      await new Promise((resolve) => setImmediate(resolve));
      this.run();
    }
    return this;
  }

  /** Whether both sides have completed the handshake, or one has failed. */
  get isSettled(): boolean {
    const { client, server } = this;
    const bothEstablished = client.established !== undefined && server.established !== undefined;
    return bothEstablished || client.error !== undefined || server.error !== undefined;
  }

  eventsOf(side: Role): PairEvent[] {
    return this.events.filter((event) => event.side === side);
  }

  /** The types of one side's events, in order. */
  typesOf(side: Role): string[] {
    return this.eventsOf(side).map(({ type }) => type);
  }

  /** All application data that one side received. */
  dataOf(side: Role): Uint8Array {
    return concat(...this.eventsOf(side).flatMap((event) => (event.type === 'data' ? [event.data] : [])));
  }

  textOf(side: Role): string {
    return new TextDecoder().decode(this.dataOf(side));
  }

  /** What was agreed on, which must be there. */
  establishedOn(side: Role): Established {
    const connection = this.side(side);
    assert.equal(connection.error, undefined);
    assert.ok(connection.established !== undefined, `the ${side} has not completed its handshake`);
    return connection.established;
  }

  /** The error of one side, which must have this code, and must be all that its handlers were told since. */
  errorOf(side: Role, code: TlsErrorCode): TlsError {
    const { error } = this.side(side);
    assert.ok(error !== undefined, `the ${side} has not failed`);
    assert.equal(error.code, code, error.message);
    const last = this.eventsOf(side).at(-1);
    assert.ok(last?.type === 'error' && last.error === error, `the ${side} was told ${last?.type} last`);
    return error;
  }

  #handlers(side: Role): ConnectionHandlers {
    const { handlers, trace } = this.#options;
    const more = handlers?.[side];
    const note = (event: PairEvent): void => {
      this.events.push(event);
    };
    const watch = trace === true || more?.onTrace !== undefined;
    return {
      ...more,
      onData: (data) => {
        note({ side, type: 'data', data });
        more?.onData?.(data);
      },
      onEstablished: (established) => {
        note({ side, type: 'established', established });
        more?.onEstablished?.(established);
      },
      onEnd: () => {
        note({ side, type: 'end' });
        more?.onEnd?.();
      },
      onError: (error) => {
        note({ side, type: 'error', error });
        more?.onError?.(error);
      },
      ...(watch && {
        onTrace: (event) => {
          this.trace[side].push(event);
          more?.onTrace?.(event);
        },
      }),
    };
  }
}

/** A pair after its handshake, which must have succeeded. */
export function connectedPair(options: PairOptions = {}): Pair {
  const pair = new Pair(options).run();
  pair.establishedOn('client');
  pair.establishedOn('server');
  return pair;
}

/** Cuts into single bytes. */
export function singleBytes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
