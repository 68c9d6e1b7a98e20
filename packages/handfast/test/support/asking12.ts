/** Asks a TLS 1.2 server what it chooses, with any ClientHello, and holds the answer against what it should be. */
import assert from 'node:assert/strict';
import type { ServerOptions } from '../../src/handshake/config.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { ChoiceEvent } from '../../src/trace/events.ts';
import type { AlertName } from '../../src/wire/alerts.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import {
  CipherSuite,
  cipherSuiteName,
  groupName,
  NamedGroup,
  type SignatureScheme,
} from '../../src/wire/registry.ts';
import { TEST_POLICY_12 } from './flows12.ts';
import { choice } from './orders.ts';
import { Pair } from './pair.ts';

/** A suite for each kind of key exchange and certificate. */
export const SUITE = {
  ECDHE_ECDSA: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  ECDHE_RSA: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  DHE_RSA: CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
  RSA: CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
} as const;
export const SUITES: readonly CipherSuite[] = Object.values(SUITE);

const { secp256r1, x25519, secp384r1, ffdhe2048, ffdhe3072 } = NamedGroup;

/** What a client says, in place of what its configuration would. */
export interface Offer {
  readonly suites?: readonly CipherSuite[];
  /** `null` leaves the extension out. */
  readonly groups?: readonly NamedGroup[] | null;
  /** Those of certificates, too. */
  readonly schemes?: readonly SignatureScheme[] | null;
  readonly name?: string;
}

/** What a server has decided when it has read a ClientHello. */
export interface Decision {
  readonly offer: Offer;
  readonly pair: Pair;
  readonly choices: readonly ChoiceEvent[];
}

export const SERVER_GROUPS: readonly NamedGroup[] = [secp256r1, x25519, secp384r1, ffdhe2048, ffdhe3072];

/** Asks a server; the handshake goes no further than its first flight. */
export function ask(offer: Offer, server: Partial<ServerOptions>): Decision {
  const ClientHello = (hello: ClientHello): ClientHello => {
    const { supportedGroups, signatureAlgorithms, signatureAlgorithmsCert, ...extensions } = hello.extensions;
    const { suites = hello.cipherSuites, groups = supportedGroups, schemes } = offer;
    const ownSchemes = { signatureAlgorithms, signatureAlgorithmsCert } as typeof hello.extensions;
    return {
      ...hello,
      cipherSuites: suites,
      extensions: {
        ...extensions,
        ...(groups ? { supportedGroups: groups } : {}),
        ...(schemes === undefined ? ownSchemes : schemes === null ? {} : { signatureAlgorithms: schemes }),
      },
    };
  };
  const policy = { ...TEST_POLICY_12, cipherSuites: SUITES, groups: SERVER_GROUPS };
  const pair = new Pair({
    client: { policy, customize: { ClientHello } },
    server: { policy, ...server },
    target: { name: offer.name ?? 'localhost' },
    trace: true,
  });
  pair.move('client');
  const choices = pair.trace.server.filter((event) => event.type === 'choice');
  return { offer, pair, choices };
}

/** What the server must have chosen: the rest of the handshake is gone through, too, once for each kind of choice. */
const completed = new Set<string>();
export function assertChose(
  { offer, pair, choices }: Decision,
  where: string,
  expected: {
    readonly suite: CipherSuite;
    readonly group?: NamedGroup | undefined;
    readonly identity?: Identity;
  },
): void {
  assert.equal(pair.server.error, undefined, where);
  assert.equal(choice(choices, 'cipher suite').chosen, cipherSuiteName(expected.suite), where);
  const groups = choices.filter(({ what }) => what === 'group').map(({ chosen }) => chosen);
  assert.deepEqual(groups, expected.group === undefined ? [] : [groupName(expected.group)], where);
  const kind = `${expected.suite} ${expected.group} ${expected.identity?.chain[0]?.subject}`;
  // A client that names no groups has not said that it takes P-256, and so it does not.
  if (completed.has(kind) || (offer.groups === null && expected.suite !== SUITE.DHE_RSA)) return;
  completed.add(kind);
  pair.run();
  const established = pair.establishedOn('server');
  assert.deepEqual(
    [established.cipherSuite, established.group, established.own?.identity],
    [expected.suite, expected.group, expected.identity ?? established.own?.identity],
    where,
  );
  assert.equal(pair.establishedOn('client').cipherSuite, expected.suite, where);
}

export function assertRefused({ pair }: Decision, where: string, code: TlsErrorCode, alert: AlertName): void {
  assert.ok(pair.server.error, where);
  const { message } = pair.errorOf('server', code);
  assert.equal(pair.server.error.alert, alert, `${where}: ${message}`);
  pair.run();
  assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, alert, where);
}
