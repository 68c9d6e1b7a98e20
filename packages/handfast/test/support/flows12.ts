/** Ways through a TLS 1.2 handshake: every key exchange, with every kind of cipher. */
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { Customization, MessageName } from '../../src/handshake/messages.ts';
import { POLICIES, type Policy } from '../../src/policy/policies.ts';
import type { Role } from '../../src/trace/events.ts';
import { CipherSuite, NamedGroup } from '../../src/wire/registry.ts';
import { identityFrom, identityOf } from './identities.ts';
import { CLASSICAL_GROUPS, type PairOptions } from './pair.ts';
import { issue, type KeyKind, type KeyUsageSpec, makeKey, testPki } from './pki.ts';

/** Everything that TLS 1.2 can do here, as strict as the default policy about the rest. */
export const TEST_POLICY_12: Policy = {
  ...POLICIES['legacy-2026'],
  name: 'test-1.2',
  versions: ['TLSv1.2'],
  groups: [...CLASSICAL_GROUPS, NamedGroup.ffdhe2048],
  requireExtendedMasterSecret: true,
  requireSecureRenegotiation: true,
};

const rsaIdentities = new Map<string, Identity>();

/** A server's RSA identity under the test hierarchy, whose key may be used for this. */
export function rsaServer(
  keyUsage: readonly KeyUsageSpec[] = ['digitalSignature', 'keyEncipherment'],
): Identity {
  const name = keyUsage.join();
  let identity = rsaIdentities.get(name);
  if (identity === undefined) {
    const { intermediate } = testPki('rsa2048');
    const leaf = issue({
      subject: 'localhost',
      key: makeKey('rsa2048', 2),
      issuer: intermediate,
      dnsNames: ['localhost'],
      extKeyUsage: ['serverAuth'],
      keyUsage,
    });
    identity = identityFrom(leaf, [intermediate]);
    rsaIdentities.set(name, identity);
  }
  return identity;
}

/** Options of both sides for one suite. */
export function flow12(
  suite: keyof typeof CipherSuite,
  more: { readonly kind?: KeyKind; readonly isMacInside?: boolean } = {},
): PairOptions {
  const common = { policy: TEST_POLICY_12, cipherSuites: [CipherSuite[suite]] };
  const isRsa = !suite.includes('ECDSA');
  const identity =
    more.kind !== undefined ? identityOf('server', more.kind) : isRsa ? rsaServer() : identityOf('server');
  return {
    client: {
      ...common,
      identities: [identityOf('client')],
      ...(more.isMacInside ? { customize: { ClientHello: withoutEncryptThenMac } } : {}),
    },
    server: { ...common, identities: [identity] },
  };
}

const withoutEncryptThenMac: NonNullable<Customization['ClientHello']> = (hello) => {
  const { encryptThenMac: _, ...extensions } = hello.extensions;
  return { ...hello, extensions };
};

/** One flow for each key exchange and each kind of cipher, by what is special about it. */
export const FLOWS_12: Readonly<Record<string, PairOptions>> = {
  'ECDHE, AEAD': flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'),
  'ECDHE, RSA certificate, ChaCha20': flow12('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'),
  'ECDHE, CBC, encrypt-then-MAC': flow12('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'),
  'ECDHE, CBC, MAC inside': flow12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', { isMacInside: true }),
  'DHE, AEAD': flow12('TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'),
  'DHE, CBC, MAC inside': flow12('TLS_DHE_RSA_WITH_AES_128_CBC_SHA256', { isMacInside: true }),
  'RSA, AEAD': flow12('TLS_RSA_WITH_AES_128_GCM_SHA256'),
  'RSA, CBC, encrypt-then-MAC': flow12('TLS_RSA_WITH_AES_128_CBC_SHA'),
  'RSA, CBC, MAC inside': flow12('TLS_RSA_WITH_AES_256_CBC_SHA256', { isMacInside: true }),
};

/** What is needed to change some of a flow's options. */
export interface More {
  readonly client?: Partial<ClientOptions>;
  readonly server?: Partial<ServerOptions>;
}

/** A flow with more options. Both have their word on messages: first the flow, then `more`. */
export function withMore(flow: PairOptions, more: More): PairOptions {
  return { ...flow, client: joined(flow.client, more.client), server: joined(flow.server, more.server) };
}

/** The same flow in which one side has the last word on its messages. */
export function customized(flow: PairOptions, side: Role, customize: Customization): PairOptions {
  return withMore(flow, { [side]: { customize } });
}

function joined<O extends Partial<ClientOptions> | Partial<ServerOptions>>(
  first: O | undefined,
  then: O | undefined,
): O {
  const customize = inTurn(first?.customize, then?.customize);
  return { ...first, ...then, ...(customize === undefined ? {} : { customize }) } as O;
}

function inTurn(
  first: Customization | undefined,
  then: Customization | undefined,
): Customization | undefined {
  if (first === undefined || then === undefined) return first ?? then;
  const names = new Set([...Object.keys(first), ...Object.keys(then)]) as ReadonlySet<MessageName>;
  const change = (customization: Customization, name: MessageName, message: unknown): unknown =>
    (customization[name] as ((message: unknown) => unknown) | undefined)?.(message) ?? message;
  return Object.fromEntries(
    Array.from(names, (name) => [
      name,
      (message: unknown) => change(then, name, change(first, name, message)),
    ]),
  );
}

/** The same flow in which the client is asked for a certificate, must have one, and has. */
export function mutual(flow: PairOptions, kind: KeyKind = 'p256'): PairOptions {
  return withMore(flow, {
    client: { identities: [identityOf('client', kind)] },
    server: { clientAuthentication: 'require' },
  });
}
