/** Phase 1 of a client's TLS 1.3 handshake: the pre-shared keys that it offers, and the one that the server takes. */
import { HASH_LENGTH } from '../../crypto/provider.ts';
import { TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { tlsPsks } from '../../session/external-psk.ts';
import { MAX_PSK_IDENTITY_LENGTH, MAX_TICKET_LIFETIME } from '../../session/limits.ts';
import type { ClientSession } from '../../session/session.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import type { Extensions } from '../../wire/extensions/block.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { ClientConfig } from '../config.ts';
import { type Handshake, quietly } from '../driver.ts';
import { bindersLength, PSK_KEY_EXCHANGE_MODES, type Psk, pskBinder } from '../psk13.ts';
import { illegal } from '../refusals.ts';
import { clientTrust } from '../trust-settings.ts';
import type { ClientContext, Target } from './client-hello.ts';

/** A PSK as it stands in an offer. */
export interface OfferedPsk extends Psk {
  readonly identity: Uint8Array;
  /** What it resumes, where it is of a ticket. */
  readonly session?: ClientSession;
}

/** Under which key a client keeps the sessions of a server: whom it reached, and how it judged. */
export function sessionKey(config: ClientConfig, { name, serverName, sessionScope }: Target): string {
  return [name, serverName ?? '', sessionScope ?? '', toHex(clientTrust(config))].join(' ');
}

/** The session to resume, if there is one that this client may use now. Of a ticket it is the only use (RFC 9846 appendix C.4). */
export function* takeSession(h: ClientContext, target: Target): Handshake<ClientSession | undefined> {
  const { sessions } = h.config;
  if (sessions === undefined) return undefined;
  const session = yield* quietly(() => sessions.take(sessionKey(h.config, target)));
  if (session === undefined || !isUsable(h.config, target, session)) return undefined;
  return !h.config.judgeResumed || (yield* isStillTrusted(h, session)) ? session : undefined;
}

/** Judges the server of a session again, by what it showed then and the time now. */
function* isStillTrusted(h: ClientContext, { peer, name }: ClientSession): Handshake<boolean> {
  if (peer === undefined) return false;
  const { chain, ocspResponse, signedCertificateTimestamps, signatureScheme } = peer;
  const verdict = yield* quietly(() =>
    h.config.verifier.verify({
      peer: 'server',
      chain,
      name,
      at: h.config.now(),
      use: signatureScheme === undefined ? 'key transport' : 'signature',
      statusRequested: h.config.requestOcspResponse,
      ...(ocspResponse && { ocspResponse }),
      ...(signedCertificateTimestamps && { signedCertificateTimestamps }),
    }),
  );
  return verdict?.ok === true;
}

/**
 * Whether a session fits what is wanted now. The store is the caller's, so nothing is believed of where it came from but
 * what it says itself.
 */
function isUsable(config: ClientConfig, target: Target, session: ClientSession): boolean {
  const { applicationProtocols, versions, cipherSuites } = config;
  const { version, cipherSuite, applicationProtocol } = session;
  const now = config.now();
  return (
    versions.includes(version) &&
    // RFC 5246 section 7.4.1.2 "this vector MUST include at least the cipher_suite"
    cipherSuites.includes(cipherSuite) &&
    session.name === target.name &&
    // RFC 9846 section 4.7.1 "Clients MUST only resume if the new SNI value"
    session.serverName === target.serverName &&
    equalBytes(session.trust, clientTrust(config)) &&
    session.createdAt <= now &&
    // RFC 9846 section 4.3.11.1 "Clients MUST NOT attempt to use tickets which have ages"
    now < Math.min(session.expiresAt, session.createdAt + MAX_TICKET_LIFETIME) &&
    (applicationProtocol === undefined || applicationProtocols.includes(applicationProtocol)) &&
    session.ticket.length <= MAX_PSK_IDENTITY_LENGTH &&
    session.peer !== undefined
  );
}

/** The PSKs to offer: that of the session, which early data goes with, and those that both sides hold already. */
export function offeredPsks(config: ClientConfig, session: ClientSession | undefined): readonly OfferedPsk[] {
  const psks: OfferedPsk[] = [];
  const info = session && TLS13_CIPHER_SUITES.get(session.cipherSuite);
  if (session?.version === 'TLSv1.3' && info !== undefined) {
    const { secret, ticket } = session;
    // RFC 9846 section 4.3.10 "the early data MUST be the first PSK"
    psks.push({ identity: ticket, secret, hash: info.hash, origin: 'resumption', session });
  }
  const hashes = config.cipherSuites.flatMap((suite) => TLS13_CIPHER_SUITES.get(suite)?.hash ?? []);
  for (const external of config.psks) {
    for (const { identity, key, hash, imported } of tlsPsks(config.provider, external)) {
      if (!hashes.includes(hash)) continue;
      psks.push({ identity, secret: key, hash, origin: imported ? 'imported' : 'external' });
    }
  }
  return psks;
}

/** The extensions that offer PSKs, with binders still to be filled in. */
export function pskExtensions(config: ClientConfig, psks: readonly OfferedPsk[]): Extensions<'ClientHello'> {
  const pskKeyExchangeModes = config.pskKeyExchangeModes.map((mode) => PSK_KEY_EXCHANGE_MODES[mode]);
  if (psks.length === 0) {
    // Says to the server that tickets are of use (RFC 9846 section 4.3.9).
    return config.sessions === undefined ? {} : { pskKeyExchangeModes };
  }
  const now = config.now();
  // RFC 9846 section 4.3.9 "To use PSKs, clients MUST also send", "A client MUST provide a
  // psk_key_exchange_modes extension"
  return {
    pskKeyExchangeModes,
    preSharedKey: {
      identities: psks.map(({ identity, session }) => ({
        identity,
        obfuscatedTicketAge: session === undefined ? 0 : obfuscatedAge(session, now),
      })),
      binders: psks.map(({ hash }) => new Uint8Array(HASH_LENGTH[hash])),
    },
  };
}

/** The age of a ticket in milliseconds, with `ticket_age_add`, modulo 2^32 (RFC 9846 section 4.3.11.1). */
function obfuscatedAge({ createdAt, ticketAgeAdd }: ClientSession, now: number): number {
  return (Math.max(0, now - createdAt) + ticketAgeAdd) % 2 ** 32;
}

/** Which keys a ClientHello offers after the caller's last word on it, who may have left some out, or moved them. */
export function psksOf(
  { extensions: { preSharedKey } }: ClientHello,
  psks: readonly OfferedPsk[],
): readonly (OfferedPsk | undefined)[] {
  const identities = preSharedKey?.identities ?? [];
  return identities.map(({ identity }) => psks.find((psk) => equalBytes(psk.identity, identity)));
}

/** Writes the binders into an encoded ClientHello, which ends with them (RFC 9846 section 4.3.11.2). */
export function fillBinders(
  h: ClientContext,
  message: Uint8Array,
  { extensions: { preSharedKey } }: ClientHello,
  psks: readonly (OfferedPsk | undefined)[],
): void {
  if (preSharedKey === undefined) return;
  const start = message.length - bindersLength(preSharedKey.binders);
  const truncated = message.subarray(0, start);
  let position = start + 2;
  for (const [index, { length }] of preSharedKey.binders.entries()) {
    const psk = psks[index];
    if (psk !== undefined && length === HASH_LENGTH[psk.hash]) {
      message.set(pskBinder(h.provider, psk, h.transcript, truncated), position + 1);
    }
    position += 1 + length;
  }
}

/**
 * The PSK that the server chose; `undefined` when it chose none.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER` when it was not offered, or does not go with the cipher suite.
 */
export function chosenPsk(
  psks: readonly (OfferedPsk | undefined)[],
  selected: number | undefined,
  suite: { readonly name: string; readonly hash: Psk['hash'] },
): OfferedPsk | undefined {
  if (selected === undefined) return undefined;
  const message = 'ServerHello';
  const psk = psks[selected];
  if (psk === undefined) {
    throw illegal(
      message,
      `the server chose pre-shared key ${selected}; ${psks.length} were offered, from 0`,
    );
  }
  // RFC 9846 section 4.3.11 "not consistent, the client MUST abort the handshake"
  if (psk.hash !== suite.hash) {
    throw illegal(
      message,
      `the server chose ${suite.name} with a pre-shared key for ${psk.hash}, and the suite has ${suite.hash}`,
    );
  }
  return psk;
}
