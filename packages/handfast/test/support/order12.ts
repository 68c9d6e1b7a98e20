/** Handshakes of TLS 1.2 that differ in which messages they have, and the messages of others like them. */

import type { Identity } from '../../src/handshake/identity.ts';
import { POLICIES, type Policy } from '../../src/policy/policies.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import {
  CipherSuite,
  cipherSuiteName,
  HandshakeType,
  NamedGroup,
  type TlsVersion,
} from '../../src/wire/registry.ts';
import { asReceived, nameOf } from './bare.ts';
import { shortMessage } from './cheats.ts';
import { rsaServer } from './flows12.ts';
import { identityFrom } from './identities.ts';
import { type PairOptions, TLS13_SUITES } from './pair.ts';
import { issue, makeKey, testPki } from './pki.ts';
import { type Foreign, run, untouched } from './tampering.ts';

export type KeyExchange12 = 'ECDHE' | 'DHE' | 'RSA';

/** One suite for each key exchange; all go with an RSA certificate. */
export const SUITES: Readonly<Record<KeyExchange12, CipherSuite>> = {
  ECDHE: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  DHE: CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
  RSA: CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
};

export const KEY_EXCHANGES: readonly KeyExchange12[] = ['ECDHE', 'DHE', 'RSA'];

/** All of {@link SUITES}, and TLS 1.3 where a test asks for it; groups that cost little. */
export const POLICY_12: Policy = {
  ...POLICIES['legacy-2026'],
  versions: ['TLSv1.2'],
  cipherSuites: [...TLS13_SUITES, ...Object.values(SUITES)],
  groups: [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.ffdhe2048],
  keyShares: [NamedGroup.x25519],
};

export const BOTH_VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

const rsaClient = rsaIdentity('Client', 5);

/** Options of a handshake of TLS 1.2 with this key exchange. The client offers the others, too. */
export function flowOf(
  keyExchange: KeyExchange12,
  { client, server, ...rest }: PairOptions = {},
): PairOptions {
  return {
    ...rest,
    client: { policy: POLICY_12, identities: [rsaClient], ...client },
    server: {
      policy: POLICY_12,
      cipherSuites: [SUITES[keyExchange]],
      identities: [rsaServer()],
      ...server,
    },
  };
}

const OCSP_RESPONSE = new Uint8Array(20).fill(6);
export const stapled = (identity: Identity): Identity => ({ ...identity, ocspResponse: OCSP_RESPONSE });

/** Every flow of a full handshake with this key exchange. The client offers two protocols, so that foreign answers can differ in one. */
export function flowsOf(keyExchange: KeyExchange12): Readonly<Record<string, PairOptions>> {
  const client = { applicationProtocols: ['ours', 'theirs'] };
  const server = { applicationProtocols: ['ours'] };
  const identities = [stapled(rsaServer())];
  const asked = (clientAuthentication: 'request' | 'require') => ({ ...server, clientAuthentication });
  return {
    plain: flowOf(keyExchange, { client, server }),
    'OCSP status': flowOf(keyExchange, { client, server: { ...server, identities } }),
    'client certificate required': flowOf(keyExchange, { client, server: asked('require') }),
    'client certificate requested, OCSP status': flowOf(keyExchange, {
      client,
      server: { ...asked('request'), identities },
    }),
    'client certificate declined': flowOf(keyExchange, {
      client: { ...client, identities: [] },
      server: asked('request'),
    }),
    'a client that speaks TLS 1.3 too': flowOf(keyExchange, {
      client: { ...client, versions: BOTH_VERSIONS },
      server,
    }),
  };
}

/** What a ServerHello of TLS 1.2 says about the messages behind it. */
export function readServerHello(message: Uint8Array): {
  readonly keyExchange: KeyExchange12;
  readonly mayStaple: boolean;
} {
  const answer = decodeServerHello(asReceived(message).body);
  if (answer.kind !== 'ServerHello12') throw new Error(`a ${answer.kind} is none of TLS 1.2`);
  const { cipherSuite, extensions } = answer.hello;
  const [, keyExchange] = /^TLS_(ECDHE|DHE|RSA)_/.exec(cipherSuiteName(cipherSuite)) ?? [];
  return { keyExchange: keyExchange as KeyExchange12, mayStaple: extensions.statusRequest !== undefined };
}

/** Certificate with an empty list: 3 zero bytes after the header. */
export function isEmptyCertificate12(message: Uint8Array): boolean {
  return nameOf(message) === 'Certificate' && message.length === 7;
}

/** A hello that chooses TLS 1.2 and shows that it was led to. */
export const SENTINEL = 'sentinel';
/** A message of TLS 1.3. */
export const OF_TLS13 = 'TLSv1.3';
/** A message that nobody can read. */
export const MALFORMED = 'malformed';

/** Messages whose form differs by key exchange, or that decide what comes. */
const VARIED: readonly string[] = ['ServerHello', 'ServerKeyExchange', 'ClientKeyExchange'];

/** An RSA identity with a key that no other has, for all that a server or a client does with one. */
function rsaIdentity(subject: string, slot: number): Identity {
  const { intermediate } = testPki('rsa2048');
  const keyUsage = ['digitalSignature', 'keyEncipherment'] as const;
  const leaf = issue({ subject, key: makeKey('rsa2048', slot), issuer: intermediate, keyUsage });
  return identityFrom(leaf, [intermediate]);
}

/** The messages of a handshake that both sides complete. */
function messagesOf(flow: PairOptions): readonly Uint8Array[] {
  const { sides, deliveries } = run(flow, 'client', untouched);
  if (sides.client.secured === undefined) throw sides.client.error;
  return [...deliveries.client, ...deliveries.server].map(({ message }) => message);
}

/**
 * Messages of other handshakes, none of which is the same as one of ours by chance, and messages that belong into none. Those
 * of one key exchange have its name as their form.
 */
export function foreignMessages12(): readonly Foreign[] {
  const client = { applicationProtocols: ['ours', 'theirs'] };
  const server = { applicationProtocols: ['theirs'], identities: [stapled(rsaIdentity('Another', 6))] };
  const ofKeyExchanges = KEY_EXCHANGES.flatMap((keyExchange, i) =>
    messagesOf(flowOf(keyExchange, { client, server: { ...server, clientAuthentication: 'require' } }))
      .filter((message) => i === 0 || VARIED.includes(nameOf(message)))
      .map((message) => ({ message, form: keyExchange })),
  );
  const declined = messagesOf(
    flowOf('ECDHE', {
      client: { ...client, identities: [] },
      server: { ...server, clientAuthentication: 'request' },
    }),
  ).filter(isEmptyCertificate12);
  const both = { versions: BOTH_VERSIONS, cipherSuites: POLICY_12.cipherSuites };
  const ledTo12 = messagesOf(flowOf('ECDHE', { client, server: { ...server, ...both } })).filter(
    (message) => nameOf(message) === 'ServerHello',
  );
  const ofBoth = messagesOf(flowOf('ECDHE', { client: { ...client, ...both }, server })).filter(
    (message) => nameOf(message) === 'ClientHello',
  );
  const versions = ['TLSv1.3'] as const;
  const cipherSuites = TLS13_SUITES;
  const of13 = messagesOf(
    flowOf('ECDHE', {
      client: { ...client, versions, cipherSuites },
      server: {
        ...server,
        versions,
        cipherSuites,
        groups: [NamedGroup.secp256r1],
        clientAuthentication: 'require',
      },
    }),
  );
  const bare = (type: number, ...body: number[]): Foreign => ({
    message: shortMessage(type, ...body),
    form: MALFORMED,
  });
  return [
    ...ofKeyExchanges,
    ...declined.map((message) => ({ message })),
    ...ledTo12.map((message) => ({ message, form: SENTINEL })),
    ...ofBoth.map((message) => ({ message })),
    ...of13.map((message) => ({ message, form: OF_TLS13 })),
    { message: shortMessage(HandshakeType.hello_request) },
    bare(HandshakeType.new_session_ticket, 0),
    bare(HandshakeType.end_of_early_data),
    bare(HandshakeType.server_key_exchange, 3),
    bare(HandshakeType.server_hello_done, 0),
    bare(HandshakeType.client_key_exchange, 0),
    bare(HandshakeType.certificate_url, 0),
    bare(HandshakeType.certificate_status, 0),
    bare(HandshakeType.key_update, 0),
    bare(HandshakeType.message_hash, 0),
    bare(99),
  ];
}
