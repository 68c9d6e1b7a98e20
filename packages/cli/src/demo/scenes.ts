/** The scenes of the demonstration: one connection that must work, and those that must not. */
import { Authority, type Credential, DAY_MS, type KeyKind, validFor } from '../authority.ts';
import type { Setup } from './conversation.ts';
import type { Expectation } from './judgement.ts';
import type { TamperPlan } from './relay.ts';
import type { CastMember } from './report.ts';
import type { Variant } from './variant.ts';

export const SERVER_NAME = 'shop.example';
const PATH = '/orders/7';
export const ANSWER = 'Order 7: one silver ring, paid. Only you can read this.\n';
const VALID_DAYS = 30;

/** Everybody who takes part. */
export interface Cast {
  readonly root: Authority;
  readonly intermediate: Authority;
  readonly server: Credential;
  readonly client: Credential;
}

export async function makeCast({ serverKey }: Variant): Promise<Cast> {
  const validity = validFor(VALID_DAYS);
  const root = await Authority.root('Demo Root', 'ECDSA P-384', validity);
  const intermediate = await root.intermediate('Demo Intermediate', 'ECDSA P-256', validity);
  return {
    root,
    intermediate,
    server: await serverCredential(intermediate, SERVER_NAME, serverKey),
    client: await intermediate.leaf({ name: 'Ada', usage: 'client', kind: 'Ed25519', validity }),
  };
}

function serverCredential(
  authority: Authority,
  host: string,
  kind: KeyKind,
  validity = validFor(VALID_DAYS),
): Promise<Credential> {
  return authority.leaf({ name: host, hosts: [host], usage: 'server', kind, validity });
}

/** The connection that works. */
export function workingSetup({ client, server }: Variant, cast: Cast): Setup {
  return {
    server: cast.server,
    client: cast.client,
    asksClient: true,
    negotiation: { client, server },
    trust: cast.root.certificate,
    serverName: SERVER_NAME,
    path: PATH,
    answer: ANSWER,
  };
}

/** A connection that must not succeed. */
export interface Scene extends Expectation {
  /** How it differs from the one that works. */
  readonly change: (cast: Cast) => Promise<Partial<Setup>>;
}

/** The scenes of certificates: the same whatever the version. */
function certificateScenes({ version, serverKey }: Variant): Scene[] {
  return [
    {
      name: 'unknown authority',
      situation: `a stranger has signed the certificate for ${SERVER_NAME}.`,
      refusedBy: 'client',
      code: 'ERR_UNKNOWN_CA',
      change: async () => {
        const stranger = await Authority.root('Stranger Root', 'ECDSA P-256', validFor(VALID_DAYS));
        return { server: await serverCredential(stranger, SERVER_NAME, serverKey) };
      },
    },
    {
      name: 'other name',
      situation: 'a good certificate, but for another server.',
      refusedBy: 'client',
      code: 'ERR_NAME_MISMATCH',
      change: async ({ intermediate }) => ({
        server: await serverCredential(intermediate, 'other.example', serverKey),
      }),
    },
    {
      name: 'expired',
      situation: 'the right name and authority, but it ended yesterday.',
      refusedBy: 'client',
      code: 'ERR_CERTIFICATE_EXPIRED',
      change: async ({ intermediate }) => {
        const now = Date.now();
        const past = { notBefore: new Date(now - VALID_DAYS * DAY_MS), notAfter: new Date(now - DAY_MS) };
        return { server: await serverCredential(intermediate, SERVER_NAME, serverKey, past) };
      },
    },
    {
      name: 'no client certificate',
      situation: 'the server requires one, the client has none.',
      refusedBy: 'server',
      // TLS 1.2 has no alert of its own for it (RFC 5246 section 7.4.6).
      code: version === 'TLSv1.3' ? 'ERR_CERTIFICATE_REQUIRED' : 'ERR_NO_CERTIFICATE',
      change: async () => ({ client: undefined }),
    },
  ];
}

/** Byte 11 of the first record: the first of ClientHello.random, behind record header, type, length and version. */
const HELLO_RANDOM: TamperPlan = { from: 'client', offset: 11 };

/** supported_versions with TLS 1.3 and 1.2, as it stands in the ClientHello (RFC 9846 section 4.3.1). */
const SUPPORTED_VERSIONS = Buffer.from('002b00050403040303', 'hex');
/** The second byte of 0x0304, TLS 1.3: no version has the number that it becomes. */
const STRIKE_TLS13: TamperPlan = {
  from: 'client',
  offset: (record) => record.indexOf(SUPPORTED_VERSIONS) + 6,
};

/** The last byte of the client's second record: of the encrypted premaster secret, where no certificate is asked for. */
const PREMASTER: TamperPlan = { from: 'client', skip: 1, offset: (record) => record.length - 1 };

/** Half way into the ciphertext of the response. */
const RESPONSE: TamperPlan = { from: 'server', offset: 40 };

/** What the other side finds out about a changed hello, and how. */
function changedHello({
  version,
  isKeyTransport,
}: Variant): Pick<Scene, 'refusedBy' | 'code' | 'keysDiffer'> {
  // The keys of TLS 1.3 come from all messages, so nothing decrypts any more, not even the alert.
  if (version === 'TLSv1.3') return { refusedBy: 'client', code: 'ERR_BAD_RECORD_MAC', keysDiffer: true };
  // In TLS 1.2 whoever checks the first signature over it notices: the server's, or the client's where there is none.
  return { refusedBy: isKeyTransport ? 'server' : 'client', code: 'ERR_BAD_SIGNATURE' };
}

/** The scenes of the man in the middle. */
function attackScenes(variant: Variant): Scene[] {
  const changedPremaster: Scene = {
    name: 'changed premaster',
    situation:
      "a man in the middle changes the encrypted secret, to learn from the server's answer whether it still decrypts (Bleichenbacher's attack). The server does not tell: it goes on with a random secret, and fails as for any other reason.",
    refusedBy: 'server',
    code: 'ERR_BAD_RECORD_MAC',
    tampered: true,
    change: async () => ({ asksClient: false, tamper: { when: 'handshake', plan: PREMASTER } }),
  };
  return [
    {
      name: 'older version',
      situation: `both ends ${variant.version === 'TLSv1.3' ? '' : 'now '}speak TLS 1.3 and 1.2; a man in the middle strikes 1.3 from the open ClientHello. The server answers in 1.2, and marks its random: it could do more.`,
      refusedBy: 'client',
      code: 'ERR_DOWNGRADE',
      tampered: true,
      change: async () => ({
        negotiation: { client: {}, server: {} },
        tamper: { when: 'handshake', plan: STRIKE_TLS13 },
      }),
    },
    {
      name: 'changed hello',
      situation: 'a man in the middle flips a bit of the open ClientHello.',
      ...changedHello(variant),
      tampered: true,
      change: async () => ({ tamper: { when: 'handshake', plan: HELLO_RANDOM } }),
    },
    ...(variant.isKeyTransport ? [changedPremaster] : []),
    {
      name: 'changed response',
      situation: 'a man in the middle flips a bit of the ciphertext.',
      refusedBy: 'client',
      code: 'ERR_BAD_RECORD_MAC',
      tampered: true,
      change: async () => ({ tamper: { when: 'response', plan: RESPONSE } }),
    },
  ];
}

/** All connections that must not succeed. */
export function refusalScenes(variant: Variant): Scene[] {
  return [...certificateScenes(variant), ...attackScenes(variant)];
}

/** The cast as it is told. */
export function tellCast({ root, intermediate, server, client }: Cast): CastMember[] {
  const member = (
    part: CastMember['part'],
    { name, kind, validity }: Pick<Credential, 'name' | 'kind' | 'validity'>,
    issuer: string,
  ): CastMember => ({ part, name, keyType: kind, issuer, notAfter: validity.notAfter.toISOString() });
  return [
    member('root', root, root.name),
    member('intermediate', intermediate, root.name),
    member('server', server, intermediate.name),
    member('client', client, intermediate.name),
  ];
}
