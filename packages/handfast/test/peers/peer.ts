/**
 * A programmable peer: the real handshake, with a hand on every message, record, alert and signature. What a deed leaves
 * alone is right in all else, so that the other side can object to nothing but the deed.
 */
import assert from 'node:assert/strict';
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type TlsConnection,
} from '../../src/connection.ts';
import type { SigningKey } from '../../src/crypto/provider.ts';
import { clientHandshake } from '../../src/handshake/client/handshake.ts';
import { clientConfig, serverConfig } from '../../src/handshake/config.ts';
import { HandshakeContext, type RecordPort, receivedName } from '../../src/handshake/context.ts';
import { type Handshake, HandshakeDriver } from '../../src/handshake/driver.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { Customization, MessageName } from '../../src/handshake/messages.ts';
import type { Secured } from '../../src/handshake/secured.ts';
import { serverHandshake } from '../../src/handshake/server/handshake.ts';
import { recordHeader } from '../../src/record/framing.ts';
import type { RecordProtection } from '../../src/record/protection.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, AlertLevel, type AlertName, alertName } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { withKey } from '../support/identities.ts';
import { clientOptions, other, type PairOptions, serverOptions, text } from '../support/pair.ts';
import { atOnce } from '../support/puppet.ts';

/** Something that the peer is about to send: a message, an alert or data, in a record of its own. */
export interface Outgoing {
  /** The message, with the second ClientHello told from the first; or `ChangeCipherSpec`, `data`, `early data`, `alert`. */
  readonly name: string;
  readonly type: number;
  readonly content: Uint8Array;
  readonly padding: number;
  /** What protects it; nothing in plaintext. */
  readonly key: RecordProtection | undefined;
  /** Changes the record once it is protected. */
  readonly alter?: (record: Uint8Array) => Uint8Array;
}

type Sign = SigningKey['sign'];

/** What a peer does that it should not. */
export interface Deed {
  /** Changes messages before they count in the transcript, so that they are wrong in themselves alone. */
  readonly customize?: Customization;
  /** Changes what is sent, as the network might: what it answers goes out instead; bytes go out as they are. */
  readonly sending?: (item: Outgoing, peer: Peer) => readonly (Outgoing | Uint8Array)[];
  /** Signs in another way. */
  readonly signing?: (right: Sign) => Sign;
  /** What it does when its own handshake is complete. */
  readonly afterwards?: (peer: Peer) => void;
}

/** What a peer sends when all else is said; nobody should believe it who has noticed a deed. */
export const LAST_WORDS = 'not to be believed';
/** What the honest side sends as soon as it may. */
export const SECRET = 'a secret';

const MAX_ROUNDS = 40;
const TARGET = { name: 'localhost', serverName: 'localhost' };

/** A peer under a deed, and the honest connection that it talks to. */
export class Peer {
  readonly role: Role;
  readonly victim: TlsConnection;
  /** What the victim's handlers were told, and the data that they were given. */
  readonly events: string[] = [];
  readonly delivered: Uint8Array[] = [];
  /** What the victim sent: alerts, and data. */
  readonly alerts: { readonly level: number; readonly name: AlertName | number }[] = [];
  readonly heard: Uint8Array[] = [];
  /** How often the deed was done. */
  deeds = 0;
  secured: Secured | undefined;
  /** Why this peer stopped, if it did: what the victim answered may make no sense to it. */
  failure: unknown;
  /** Every key that this side has sealed with, the last one in use. */
  readonly keys: RecordProtection[] = [];
  readonly #deed: Deed;
  readonly #reader: RecordReader;
  readonly #driver: HandshakeDriver<Secured>;
  #key: RecordProtection | undefined;
  #isHelloSent = false;
  #out: Uint8Array[] = [];

  constructor(role: Role, flow: PairOptions, deed: Deed = {}) {
    this.role = role;
    this.#deed = deed;
    this.#reader = new RecordReader({ role });
    this.victim = this.#makeVictim(flow);
    this.victim.send(text(SECRET));
    this.#driver = new HandshakeDriver(this.#handshake(flow), {
      onDone: (secured) => {
        this.secured = secured;
      },
      onError: (error) => {
        this.failure = error;
      },
      onWantsMessage: () => {},
    });
    this.#driver.start();
  }

  /** Sends one record, of this type and with this content, under the key in use. */
  send(type: number, content: Uint8Array, more: Partial<Outgoing> = {}): void {
    this.#emit({ name: 'own', type, content, padding: 0, key: this.#key, ...more });
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#out.push(bytes);
  }

  alert(level: number, description: number): void {
    this.send(ContentType.alert, Uint8Array.of(level, description));
  }

  /** Renews this side's keys (TLS 1.3). */
  updateKeys(requestsUpdate = false): void {
    assert.ok(this.secured, 'the peer is not ready');
    this.secured.postHandshake.updateKeys(requestsUpdate);
  }

  get key(): RecordProtection | undefined {
    return this.#key;
  }

  /** Delivers what this side has sent, and takes what the victim answers. Answers whether anything moved. */
  exchange(): boolean {
    const bytes = concat(...this.#out);
    this.#out = [];
    if (bytes.length > 0) this.victim.receive(bytes);
    const answer = concat(...this.victim.takeOutgoing());
    this.#reader.push(answer);
    this.#read();
    return bytes.length + answer.length > 0;
  }

  /** The whole conversation, up to the end of the transport. */
  run(): this {
    let hasActed = false;
    for (let round = 0; ; round++) {
      assert.ok(round < MAX_ROUNDS, 'the conversation does not end');
      if (this.exchange()) continue;
      if (hasActed || this.secured === undefined) break;
      hasActed = true;
      if (this.#deed.afterwards !== undefined) this.deeds++;
      this.#deed.afterwards?.(this);
      this.send(ContentType.application_data, text(LAST_WORDS));
      this.alert(AlertLevel.warning, AlertDescription.close_notify);
    }
    this.victim.receiveEnd();
    return this;
  }

  #read(): void {
    while (this.failure === undefined) {
      let incoming: Incoming | undefined;
      try {
        incoming = atOnce(this.#reader.next());
        if (incoming === undefined) return;
        if (incoming.type === 'alert') {
          const { level, description } = incoming;
          this.alerts.push({ level, name: alertName(description) ?? description });
        } else if (incoming.type === 'application_data') this.heard.push(incoming.data);
        else if (this.secured === undefined) this.#driver.deliver(incoming.message);
        else this.secured.postHandshake.receive(incoming.message);
      } catch (error) {
        this.failure = error;
      }
    }
    this.#readAlert();
  }

  /** A peer whose handshake has stopped still listens for the alert. */
  #readAlert(): void {
    try {
      for (;;) {
        const incoming = atOnce(this.#reader.next());
        if (incoming === undefined) return;
        if (incoming.type !== 'alert') continue;
        const { level, description } = incoming;
        this.alerts.push({ level, name: alertName(description) ?? description });
      }
    } catch {}
  }

  #handshake(flow: PairOptions): Handshake<Secured> {
    const observers = {};
    if (this.role === 'client') {
      const options = clientOptions(flow.client);
      const config = clientConfig({ ...options, ...this.#changed(options) });
      const h = new HandshakeContext('client', config, this.#port(), observers);
      return clientHandshake(h, { ...TARGET, earlyData: flow.target?.earlyData?.data });
    }
    const options = serverOptions(flow.server);
    const config = serverConfig({ ...options, ...this.#changed(options) });
    return serverHandshake(new HandshakeContext('server', config, this.#port(), observers));
  }

  #changed({ customize, identities = [] }: { customize?: Customization; identities?: readonly Identity[] }) {
    const { signing } = this.#deed;
    const signer = (key: SigningKey): SigningKey => {
      const changed = signing?.(key.sign.bind(key));
      if (changed === undefined) return key;
      return {
        ...key,
        sign: (scheme, content) => {
          this.deeds++;
          return changed(scheme, content);
        },
      };
    };
    return {
      customize: this.#counting(customize, this.#deed.customize),
      identities: identities.map((identity) => withKey(identity, signer)),
    };
  }

  /** First the flow's own changes, then those of the deed, which are counted. */
  #counting(first: Customization = {}, deed: Customization = {}): Customization {
    const names = new Set([...Object.keys(first), ...Object.keys(deed)]) as ReadonlySet<MessageName>;
    const change = (customization: Customization, name: MessageName, message: unknown): unknown =>
      (customization[name] as ((message: unknown) => unknown) | undefined)?.(message) ?? message;
    return Object.fromEntries(
      Array.from(names, (name) => [
        name,
        (message: unknown) => {
          const before = change(first, name, message);
          const after = change(deed, name, before);
          if (after !== before) this.deeds++;
          return after;
        },
      ]),
    );
  }

  #port(): RecordPort {
    return {
      sendHandshake: (message) => this.#message(message.slice()),
      useTls12: () => this.#reader.useTls12(),
      sendChangeCipherSpec: () =>
        this.#do(ContentType.change_cipher_spec, 'ChangeCipherSpec', Uint8Array.of(1), undefined),
      expectChangeCipherSpec: (protection, onChange) =>
        this.#reader.expectChangeCipherSpec(protection, onChange),
      changeKeys: (direction, epoch, protection) => {
        if (direction === 'received') this.#reader.changeKeys(epoch, protection);
        else {
          this.#key = protection;
          if (!this.keys.includes(protection)) this.keys.push(protection);
        }
      },
      requireRecordBoundary: () => {},
      skipEarlyData: (allowed) => this.#reader.skipEarlyData(allowed),
      hearsEarlyData: true,
      takeEarlyData: () => this.#reader.takeEarlyData(),
      sendEarlyData: (data) => this.#do(ContentType.application_data, 'early data', data.slice()),
      leaveEarlyData: () => {
        this.#key = undefined;
      },
      sendWarning: (name) =>
        this.#do(ContentType.alert, 'alert', Uint8Array.of(AlertLevel.warning, AlertDescription[name])),
      flush: () => {},
    };
  }

  #message(message: Uint8Array): void {
    const type = message[0] as number;
    const received = receivedName({ type, body: message.subarray(HANDSHAKE_HEADER_LENGTH) });
    const name = received === 'ClientHello' && this.#isHelloSent ? 'second ClientHello' : received;
    this.#isHelloSent ||= received === 'ClientHello';
    this.#do(ContentType.handshake, name, message);
  }

  #do(type: number, name: string, content: Uint8Array, key = this.#key): void {
    const item: Outgoing = { name, type, content, padding: 0, key };
    const plain = type === ContentType.change_cipher_spec ? { ...item, key: undefined } : item;
    const instead = this.#deed.sending?.(plain, this) ?? [plain];
    if (instead.length !== 1 || instead[0] !== plain) this.deeds++;
    for (const one of instead) {
      if (one instanceof Uint8Array) this.raw(one);
      else this.#emit(one);
    }
  }

  #emit({ type, content, padding, key, alter }: Outgoing): void {
    const { header, fragment } =
      key === undefined
        ? { header: recordHeader(type, 0x0303, content.length), fragment: content }
        : atOnce(key.seal(type, content, padding));
    const record = concat(header, fragment);
    this.raw(alter?.(record) ?? record);
  }

  #makeVictim(flow: PairOptions): TlsConnection {
    const note = (what: string) => (): void => void this.events.push(what);
    const handlers: ConnectionHandlers = {
      onEstablished: note('established'),
      onData: (data) => {
        this.events.push('data');
        this.delivered.push(data);
      },
      onEarlyData: note('early data'),
      onEnd: note('end'),
      onError: note('error'),
    };
    return other(this.role) === 'client'
      ? createClientConnection(
          clientConfig(clientOptions(flow.client)),
          flow.target ?? { name: TARGET.name },
          handlers,
        )
      : createServerConnection(serverConfig(serverOptions(flow.server)), handlers);
  }
}
