/** A handshake told in its three phases, as data: made from the events of both ends. */
import type { ChoiceEvent, Field, MessageEvent, ProofEvent, TraceEvent } from 'handfast';
import type { Verdict } from 'handfast/x509';
import type { Side } from './relay.ts';

/** A message of the handshake, or the ChangeCipherSpec of TLS 1.2, which is a record of its own. */
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

/** The secret of RSA key transport, on its way from the client. */
export interface ToldPremaster {
  /** Encrypted under the public key of the server's certificate, as it passed in the open. */
  readonly encryptedHex: string;
}

/** A secret that both ends derived; its bytes stay where they are. */
export interface ToldSecret {
  /** The label of the NSS key-log format, or what TLS 1.2 calls it (RFC 5246 section 6.3). */
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
    /** Empty with RSA key transport. */
    readonly shares: readonly ToldShare[];
    /** With RSA key transport only. */
    readonly premaster?: ToldPremaster;
    readonly secrets: readonly ToldSecret[];
    readonly proofs: readonly ToldProof[];
  };
}

/** The events of both ends of one connection, each in its order. */
export type BothTraces = { readonly [S in Side]: readonly TraceEvent[] };

/** Choices as they are told: what matters most first. */
const CHOICE_ORDER: readonly ChoiceEvent['what'][] = ['version', 'cipher suite', 'application protocol'];

/** By the label under which a secret is told: what comes of it, and what each protects. */
const SECRETS: Readonly<Record<string, readonly ToldSecret[]>> = {
  SERVER_HANDSHAKE_TRAFFIC_SECRET: [
    { label: 'SERVER_HANDSHAKE_TRAFFIC_SECRET', protects: "the server's certificate and Finished" },
  ],
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: [
    { label: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', protects: "the client's certificate and Finished" },
  ],
  SERVER_TRAFFIC_SECRET_0: [
    { label: 'SERVER_TRAFFIC_SECRET_0', protects: "the server's data: the response" },
  ],
  CLIENT_TRAFFIC_SECRET_0: [{ label: 'CLIENT_TRAFFIC_SECRET_0', protects: "the client's data: the request" }],
  EXPORTER_SECRET: [{ label: 'EXPORTER_SECRET', protects: 'keys for other protocols that run on top' }],
  // The master secret of TLS 1.2, under the name that key logs gave it.
  CLIENT_RANDOM: [
    { label: 'master_secret', protects: 'what both keys are made from' },
    { label: 'client_write_key', protects: "the client's Finished and data: the request" },
    { label: 'server_write_key', protects: "the server's Finished and data: the response" },
  ],
};

const otherSide = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** Record content type change_cipher_spec (RFC 5246 section 6.2.1). */
const CHANGE_CIPHER_SPEC = 20;

type Told = Pick<MessageEvent, 'phase' | 'bytes' | 'fields'> & { readonly told: ToldMessage };

/** All messages in order, as the client saw them. The ChangeCipherSpec of TLS 1.3 is a dummy, and not told. */
function messages(client: readonly TraceEvent[]): Told[] {
  const is12 = client.some((event) => event.type === 'choice' && event.chosen === 'TLSv1.2');
  const encrypted = { sent: false, received: false };
  return client.flatMap((event): Told[] => {
    if (event.type === 'keys') encrypted[event.direction] = true;
    if (event.type !== 'message' && event.type !== 'record') return [];
    const from = event.direction === 'sent' ? 'client' : 'server';
    if (event.type === 'message') {
      const { name, bytes, fields, phase, direction } = event;
      const told = { name, from, length: bytes.length, encrypted: encrypted[direction] } as const;
      return [{ phase, bytes, fields, told }];
    }
    if (!is12 || event.innerType !== CHANGE_CIPHER_SPEC) return [];
    const { bytes, contentLength: length } = event;
    const told = { name: 'ChangeCipherSpec', from, length, encrypted: false } as const;
    return [{ phase: 'key exchange', bytes, fields: [], told }];
  });
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
  const hello = told.find(({ told: { name } }) => name === 'ClientHello');
  return find(hello?.fields ?? [], 'serverName')?.text ?? null;
}

/** The bytes of a vector, without the length in front of them. */
function content({ bytes }: Told, { start, end }: Field, prefix: number): string {
  return Buffer.from(bytes.subarray(start + prefix, end)).toString('hex');
}

/** Where each version has the public halves: the field, and the length of its length. */
const SHARES = {
  keyExchange: 2, // RFC 9846 section 4.3.8
  publicKey: 1, // RFC 8422 section 5.4
  ecdhYc: 1, // RFC 8422 section 5.7
} as const;

function shares(all: readonly Told[]): ToldShare[] {
  let group = '';
  return all.flatMap((one) => {
    const { told, fields } = one;
    // A client may send several in TLS 1.3; the first is the one that was chosen.
    const inExtension = find(fields, 'keyShare')?.fields;
    const where = inExtension ?? fields;
    group = find(where, inExtension === undefined ? 'namedCurve' : 'group')?.text ?? group;
    for (const [name, prefix] of Object.entries(SHARES)) {
      const field = find(where, name);
      if (field !== undefined) return [{ from: told.from, group, keyHex: content(one, field, prefix) }];
    }
    return [];
  });
}

function premaster(all: readonly Told[]): ToldPremaster | undefined {
  for (const one of all) {
    const field = find(one.fields, 'encryptedPreMasterSecret');
    if (field !== undefined) return { encryptedHex: content(one, field, PREMASTER_PREFIX) };
  }
  return undefined;
}

/** The length in front of the encrypted premaster secret (RFC 5246 section 7.4.7.1). */
const PREMASTER_PREFIX = 2;

/** Tells the handshake from the events of both ends; the client's must include its secrets. */
export function tellHandshake(traces: BothTraces): Story {
  const all = messages(traces.client);
  const handshakeMessages = (phase: MessageEvent['phase']): ToldMessage[] =>
    all.filter((one) => one.phase === phase).map(({ told }) => told);
  const chosen = choices(traces);
  const chosenIn = (phase: ChoiceEvent['phase']): ToldChoice[] =>
    chosen.flatMap(({ phase: where, what, chosen: value, offered, by, reason }) =>
      where === phase ? [{ what, chosen: value, offered, by, reason }] : [],
    );
  // A proof is checked by the side that did not give it.
  const checked = [...traces.client, ...traces.server];
  const proofs = (...kinds: readonly ProofEvent['what'][]): ToldProof[] =>
    checked.flatMap((event) =>
      event.type === 'proof' && kinds.includes(event.what)
        ? [{ what: event.what, by: event.by, proves: event.detail }]
        : [],
    );
  const encrypted = premaster(all);
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
      proofs: proofs('CertificateVerify', 'ServerKeyExchange'),
    },
    keyExchange: {
      messages: handshakeMessages('key exchange'),
      choices: chosenIn('key exchange'),
      shares: shares(all),
      ...(encrypted === undefined ? {} : { premaster: encrypted }),
      secrets: traces.client.flatMap((event) =>
        event.type === 'secret' ? (SECRETS[event.label] ?? []) : [],
      ),
      proofs: proofs('Finished'),
    },
  };
}
