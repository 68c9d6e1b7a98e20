/** A handshake told in its three phases, as data: made from the events of both ends. */
import type { ChoiceEvent, Field, MessageEvent, ProofEvent, TraceEvent } from 'handfast';
import type { Verdict } from 'handfast/x509';
import type { Side } from './relay.ts';

/** A message of the handshake. */
export interface ToldMessage {
  readonly name: string;
  readonly from: Side;
  /** Header and body, in bytes. */
  readonly length: number;
  /** Whether an observer of the network sees the message itself, or only that there is something. */
  readonly encrypted: boolean;
}

/** What was agreed on, out of what, and why. */
export interface ToldChoice {
  readonly what: ChoiceEvent['what'];
  readonly chosen: string;
  readonly offered: readonly string[];
  readonly by: Side;
  readonly reason: string;
}

export interface ToldVerdict {
  readonly of: Side;
  readonly by: Side;
  readonly verdict: Verdict;
}

export interface ToldProof {
  readonly what: ProofEvent['what'];
  readonly by: Side;
  readonly proves: string;
}

/** The public half of a key exchange, as both ends sent it in the open. */
export interface ToldShare {
  readonly from: Side;
  readonly group: string;
  readonly keyHex: string;
}

/** A secret that both ends derived; its bytes stay where they are. */
export interface ToldSecret {
  /** The label of the NSS key-log format. */
  readonly label: string;
  readonly protects: string;
}

export interface Story {
  readonly hello: {
    readonly messages: readonly ToldMessage[];
    /** The name that the client asks for, in the open. */
    readonly serverName: string | null;
    readonly choices: readonly ToldChoice[];
  };
  readonly certificate: {
    readonly messages: readonly ToldMessage[];
    readonly choices: readonly ToldChoice[];
    readonly verdicts: readonly ToldVerdict[];
    readonly proofs: readonly ToldProof[];
  };
  readonly keyExchange: {
    readonly messages: readonly ToldMessage[];
    readonly choices: readonly ToldChoice[];
    readonly shares: readonly ToldShare[];
    readonly secrets: readonly ToldSecret[];
    readonly proofs: readonly ToldProof[];
  };
}

/** The events of both ends of one connection, each in its order. */
export type BothTraces = { readonly [S in Side]: readonly TraceEvent[] };

/** Choices as they are told: what matters most first. */
const CHOICE_ORDER: readonly ChoiceEvent['what'][] = ['version', 'cipher suite', 'application protocol'];

const SECRETS: Readonly<Record<string, string>> = {
  SERVER_HANDSHAKE_TRAFFIC_SECRET: "the server's certificate and Finished",
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: "the client's certificate and Finished",
  SERVER_TRAFFIC_SECRET_0: "the server's data: the response",
  CLIENT_TRAFFIC_SECRET_0: "the client's data: the request",
  EXPORTER_SECRET: 'keys for other protocols that run on top',
};

const otherSide = (side: Side): Side => (side === 'client' ? 'server' : 'client');

function messages(client: readonly TraceEvent[]): { told: ToldMessage; event: MessageEvent }[] {
  const encrypted = { sent: false, received: false };
  const told: { told: ToldMessage; event: MessageEvent }[] = [];
  for (const event of client) {
    if (event.type === 'keys') encrypted[event.direction] = true;
    if (event.type !== 'message') continue;
    told.push({
      event,
      told: {
        name: event.name,
        from: event.direction === 'sent' ? 'client' : 'server',
        length: event.bytes.length,
        encrypted: encrypted[event.direction],
      },
    });
  }
  return told;
}

/**
 * Every choice once. The side that chose knows the reason: the server for all that it picks from the ClientHello,
 * the client for its own certificate.
 */
function choices({ client, server }: BothTraces): (ToldChoice & Pick<ChoiceEvent, 'phase'>)[] {
  const of = (by: Side, events: readonly TraceEvent[]) =>
    events.flatMap((event) => (event.type === 'choice' ? [{ ...event, by }] : []));
  const byServer = of('server', server).filter(({ what }) => what !== 'client authentication');
  const byClient = of('client', client).filter(({ what }) => what === 'client authentication');
  const rank = ({ what }: ChoiceEvent): number => CHOICE_ORDER.indexOf(what) + 1 || CHOICE_ORDER.length + 1;
  return [...byServer, ...byClient].sort((a, b) => rank(a) - rank(b));
}

function find(fields: readonly Field[], name: string): Field | undefined {
  for (const field of fields) {
    const found = field.name === name ? field : find(field.fields ?? [], name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function serverNameOf(told: ReturnType<typeof messages>): string | null {
  const hello = told.find(({ event }) => event.name === 'ClientHello');
  return find(hello?.event.fields ?? [], 'serverName')?.text ?? null;
}

function shares(told: ReturnType<typeof messages>): ToldShare[] {
  return told.flatMap(({ told: { from }, event }) => {
    const keyShare = find(event.fields, 'keyShare');
    const group = find(keyShare?.fields ?? [], 'group')?.text;
    const key = find(keyShare?.fields ?? [], 'keyExchange');
    if (group === undefined || key === undefined) return [];
    const bytes = event.bytes.subarray(key.start + KEY_LENGTH_PREFIX, key.end);
    return [{ from, group, keyHex: Buffer.from(bytes).toString('hex') }];
  });
}

/** The length in front of a share's key (RFC 9846 section 4.3.8). */
const KEY_LENGTH_PREFIX = 2;

/** Tells the handshake from the events of both ends; the client's must include its secrets. */
export function tellHandshake(traces: BothTraces): Story {
  const all = messages(traces.client);
  const handshakeMessages = (phase: MessageEvent['phase']): ToldMessage[] =>
    all.filter(({ event }) => event.phase === phase).map(({ told }) => told);
  const chosen = choices(traces);
  const chosenIn = (phase: ChoiceEvent['phase']): ToldChoice[] =>
    chosen.flatMap(({ phase: where, what, chosen: value, offered, by, reason }) =>
      where === phase ? [{ what, chosen: value, offered, by, reason }] : [],
    );
  // A proof is checked by the side that did not give it.
  const checked = [...traces.client, ...traces.server];
  const proofs = (what: ProofEvent['what']): ToldProof[] =>
    checked.flatMap((event) =>
      event.type === 'proof' && event.what === what ? [{ what, by: event.by, proves: event.detail }] : [],
    );
  return {
    hello: {
      messages: handshakeMessages('hello'),
      serverName: serverNameOf(all),
      choices: chosenIn('hello'),
    },
    certificate: {
      messages: handshakeMessages('certificate'),
      choices: chosenIn('certificate'),
      verdicts: checked.flatMap((event) =>
        event.type === 'verdict'
          ? [{ of: event.peer, by: otherSide(event.peer), verdict: event.verdict }]
          : [],
      ),
      proofs: proofs('CertificateVerify'),
    },
    keyExchange: {
      messages: handshakeMessages('key exchange'),
      choices: chosenIn('key exchange'),
      shares: shares(all),
      secrets: traces.client.flatMap((event) => {
        const protects = event.type === 'secret' ? SECRETS[event.label] : undefined;
        return event.type === 'secret' && protects !== undefined ? [{ label: event.label, protects }] : [];
      }),
      proofs: proofs('Finished'),
    },
  };
}
