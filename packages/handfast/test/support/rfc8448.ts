/**
 * The traces of RFC 8448 in the form that Botan keeps them in (`rfc8448-transcripts.vec`), with two sections of
 * Botan's own. Both sides drew their randoms and their private keys from the recorded pools.
 */
import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KeyExchange } from '../../src/crypto/provider.ts';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { groupName, NamedGroup } from '../../src/wire/registry.ts';
import { ecdhKey, montgomeryKey } from './raw-keys.ts';

/** The file's name in the vectors folder. */
export const TRACES_FILE = 'rfc8448-transcripts.vec';

export type TraceName =
  | 'Simple_1RTT_Handshake'
  | 'Resumed_0RTT_Handshake'
  | 'HelloRetryRequest_Handshake'
  | 'Client_Authentication_Handshake'
  | 'Middlebox_Compatibility_Mode'
  | 'Externally_Provided_PSK_with_Ephemeral_Key'
  | 'RawPublicKey_With_Client_Authentication';

export type Side = 'client' | 'server';

/** What one side drew at random, in the order in which it did. */
export interface RandomValues {
  /** `random` of its hello. */
  readonly random: Uint8Array;
  /** `legacy_session_id`; empty but in compatibility mode. */
  readonly sessionId: Uint8Array;
  /** Private keys of its key shares: a scalar each. */
  readonly privateKeys: readonly Uint8Array[];
  /** What is left: the `ticket_age_add` of a server that sends a ticket. */
  readonly rest: Uint8Array;
}

/** Records that one side sends in one go. */
export interface Flight {
  /** As in the file, such as `ServerHandshakeMessages`. */
  readonly name: string;
  readonly sender: Side;
  /** Whole records, headers included. */
  readonly records: readonly Uint8Array[];
}

/** What CertificateVerify signs, and the recorded signature. */
export interface RecordedSignature {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** One recorded connection. */
export interface Trace {
  readonly name: TraceName;
  /** When it happened, in milliseconds since 1970. */
  readonly now: number;
  readonly client: RandomValues;
  readonly server: RandomValues;
  /** In wire order. */
  readonly flights: readonly Flight[];
  /** The handshake messages in plaintext, headers included: every hello, in order. */
  readonly hellos: readonly Uint8Array[];
  /** The same for the server's messages from EncryptedExtensions to Finished. */
  readonly serverMessages: readonly Uint8Array[];
  readonly signatures: { readonly client?: RecordedSignature; readonly server?: RecordedSignature };
  readonly psk?: {
    readonly secret: Uint8Array;
    readonly origin: 'external' | 'resumption';
    readonly identity: Uint8Array;
  };
  /** Application data by flight: `Client_AppData`, `Server_AppData`, `Client_EarlyAppData`. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Any other entry of the section, in hexadecimal or as it stands. */
  readonly entries: ReadonlyMap<string, string>;
}

/** Splits what was sent in one go into records. */
export function splitRecords(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + (((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0));
    if (end > bytes.length) throw new RangeError('a record is cut off');
    records.push(bytes.slice(at, end));
    at = end;
  }
  return records;
}

function sectionsOf(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const heading = /^\[(\w+)\]$/.exec(line.trim());
    const entry = /^(\w+) *= *(.*)$/.exec(line.trim());
    if (heading !== null) {
      entries = new Map();
      sections.set(heading[1] ?? '', entries);
    } else if (entry !== null) {
      entries.set(entry[1] ?? '', entry[2] ?? '');
    }
  }
  return sections;
}

/** A Botan session is DER: the secret is the OCTET STRING after two BOOLEANs. */
function sessionSecret(session: string): Uint8Array {
  const match = /0101ff0101000420([0-9a-f]{64})/i.exec(session);
  if (match === null) throw new RangeError('no secret of 32 bytes in the session');
  return fromHex(match[1] ?? '');
}

function randomValues(pool: Uint8Array, sessionId: Uint8Array, shares: number): RandomValues {
  const start = 32 + sessionId.length;
  const privateKeys = Array.from({ length: shares }, (_, i) =>
    pool.slice(start + 32 * i, start + 32 * (i + 1)),
  );
  return { random: pool.slice(0, 32), sessionId, privateKeys, rest: pool.slice(start + 32 * shares) };
}

/**
 * Botan's copy of this trace has no server_name in EncryptedExtensions, and a flight sealed anew; what follows is
 * the RFC's again and does not fit. These are the RFC's bytes.
 */
const RESUMED_SERVER_FLIGHT: ReadonlyMap<string, string> = new Map([
  [
    'Message_EncryptedExtensions',
    '080000280026000a00140012001d00170018001901000101010201030104001c0002400100000000002a0000',
  ],
  [
    'Record_ServerHandshakeMessages',
    '1703030061dc48237b4b879f50d0d4d262ea8b4716eb40ddc1eb957e11126e8a7149c2d012d37a7115957e64ce30008b' +
      '9e0323f2c05a9c1c77b4f37849a695ab255060a33fee770ca95cb8486bfd0843b87024865ca35cc41c4e515c64dcb136' +
      '9f98635bc7a5',
  ],
]);

function traceOf(name: TraceName, entries: ReadonlyMap<string, string>): Trace {
  const bytes = (key: string): Uint8Array | undefined => {
    const text = entries.get(key);
    return text === undefined ? undefined : fromHex(text);
  };
  const required = (key: string): Uint8Array => {
    const value = bytes(key);
    if (value === undefined) throw new RangeError(`${name} has no ${key}`);
    return value;
  };
  const present = (...keys: readonly string[]): Uint8Array[] =>
    keys.map(bytes).filter((value) => value !== undefined);

  const signature = (side: 'Client' | 'Server'): RecordedSignature | undefined => {
    const message = bytes(`${side}_MessageToSign`);
    return message && { message, signature: required(`${side}_MessageSignature`) };
  };
  const clientSignature = signature('Client');
  const serverSignature = signature('Server');

  const flights = [...entries.keys()]
    .filter((key) => key.startsWith('Record_'))
    .map((key): Flight => {
      const flight = key.slice('Record_'.length);
      return {
        name: flight,
        sender: flight.startsWith('Client') ? 'client' : 'server',
        records: splitRecords(required(key)),
      };
    });
  const hellos = present(
    'Record_ClientHello_1',
    'Record_HelloRetryRequest',
    'Record_ClientHello_2',
    'Record_ServerHello',
  ).map((record) => record.slice(5));

  // ClientHello: header 4, legacy_version 2, random 32, then the session id with its length.
  const clientHello = hellos[0] ?? new Uint8Array();
  const sessionId = clientHello.slice(39, 39 + (clientHello[38] ?? 0));
  const isRetried = entries.has('Record_ClientHello_2');
  const ticket = bytes('SessionTicket');
  const external = bytes('PskSecret');
  const isResumed = name === 'Resumed_0RTT_Handshake';
  return {
    name,
    now: Number(entries.get('CurrentTimestamp')),
    client: randomValues(required('Client_RNG_Pool'), sessionId, isRetried ? 2 : 1),
    server: randomValues(required('Server_RNG_Pool'), new Uint8Array(), 1),
    flights,
    hellos,
    serverMessages: present(
      'Message_EncryptedExtensions',
      'Message_CertificateRequest',
      'Message_Server_Certificate',
      'Message_Server_CertificateVerify',
      'Message_Server_Finished',
    ),
    signatures: {
      ...(clientSignature && { client: clientSignature }),
      ...(serverSignature && { server: serverSignature }),
    },
    ...(isResumed &&
      ticket && {
        psk: {
          origin: 'resumption',
          identity: ticket,
          secret: sessionSecret(entries.get('Client_SessionData') ?? ''),
        },
      }),
    ...(external && {
      psk: {
        origin: 'external',
        identity: new TextEncoder().encode(entries.get('PskIdentity')),
        secret: external,
      },
    }),
    data: new Map(
      [...entries]
        .filter(([key]) => key.endsWith('AppData') && !key.startsWith('Record_'))
        .map(([key, text]) => [key, fromHex(text)]),
    ),
    entries,
  };
}

/** All traces of the file, by name. */
export function readTraces(path: string): ReadonlyMap<TraceName, Trace> {
  const sections = sectionsOf(readFileSync(path, 'latin1'));
  for (const [key, text] of RESUMED_SERVER_FLIGHT) sections.get('Resumed_0RTT_Handshake')?.set(key, text);
  return new Map(
    [...sections].map(([name, entries]) => [name as TraceName, traceOf(name as TraceName, entries)]),
  );
}

/** SubjectPublicKeyInfo of X25519 up to the key (RFC 8410 section 4). */
const X25519_SPKI = fromHex('302a300506032b656e032100');

function x25519PublicKey(key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(X25519_SPKI, key)), format: 'der', type: 'spki' });
}

/** A key exchange whose private key is fixed, to replay a trace: X25519 or P-256. */
export function fixedKeyExchange(group: NamedGroup, privateKey: Uint8Array): KeyExchange {
  let share: Uint8Array;
  let agree: (peerShare: Uint8Array) => Uint8Array;
  if (group === NamedGroup.x25519) {
    const key = montgomeryKey('x25519', privateKey);
    share = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
    agree = (peer) => new Uint8Array(diffieHellman({ privateKey: key, publicKey: x25519PublicKey(peer) }));
  } else if (group === NamedGroup.secp256r1) {
    const ecdh = ecdhKey('prime256v1', privateKey);
    share = new Uint8Array(ecdh.getPublicKey());
    agree = (peer) => new Uint8Array(ecdh.computeSecret(peer));
  } else {
    throw new RangeError(`no trace uses ${groupName(group)}`);
  }
  const finish = (peerShare: Uint8Array): Uint8Array => {
    try {
      return agree(peerShare);
    } catch (cause) {
      throw new TlsError('ERR_BAD_KEY_SHARE', `the ${groupName(group)} share is not usable`, {}, { cause });
    }
  };
  return {
    group,
    start: () => ({ share, finish }),
    respond: (peerShare) => ({ share, secret: finish(peerShare) }),
  };
}
