/** Phase 1 of a server's TLS 1.3 handshake: the pre-shared key that it takes, if it takes one. */
import type { CryptoProvider, HashName } from '../../crypto/provider.ts';
import { TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { MAX_OFFERED_PSKS } from '../../policy/limits.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import {
  checkExternalPsks,
  type ExternalPsk,
  readImportedIdentity,
  type TlsPsk,
  tlsPsks,
} from '../../session/external-psk.ts';
import type { Session } from '../../session/session.ts';
import { constantTimeEqual, equalBytes, toHex } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { guarded, type Handshake } from '../driver.ts';
import {
  bindersLength,
  describePsk,
  PSK_KEY_EXCHANGE_MODES,
  type Psk,
  type PskKeyExchangeMode,
  pskBinder,
} from '../psk13.ts';
import type { ServerContext } from './choose.ts';
import { findSession, objectionToSession } from './sessions.ts';

/** A PSK that the client offers and this server knows. */
export interface KnownPsk extends Psk {
  /** Its place in the client's list. */
  readonly index: number;
  readonly identity: Uint8Array;
  /** What it resumes, where it is of a ticket. */
  readonly session?: Session;
}

const message = 'ClientHello';

/** The modes that both sides take. */
export function sharedPskModes(h: ServerContext, { extensions }: ClientHello): readonly PskKeyExchangeMode[] {
  const offered = extensions.pskKeyExchangeModes ?? [];
  return h.config.pskKeyExchangeModes.filter((mode) => offered.includes(PSK_KEY_EXCHANGE_MODES[mode]));
}

/**
 * The first PSK of the client that this server may go on with. What it does not know, or may not use now, is passed over
 * (RFC 9846 section 4.3.11); the binder of the one that is found must be right, and no other is looked at.
 * @param fits whether there is a cipher suite for the hash function of a PSK.
 * @throws {TlsError} `ERR_BAD_BINDER`.
 */
export function* choosePsk(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
  fits: (hash: HashName) => boolean,
): Handshake<KnownPsk | undefined> {
  const { preSharedKey } = hello.extensions;
  if (preSharedKey === undefined || sharedPskModes(h, hello).length === 0) return undefined;
  const reasons: string[] = [];
  let chosen: KnownPsk | undefined;
  for (const [index, { identity }] of preSharedKey.identities.slice(0, MAX_OFFERED_PSKS).entries()) {
    const found = yield* lookUp(h, hello, identity);
    if (typeof found === 'string') reasons.push(found);
    // RFC 9846 section 4.3.11 "The server MUST ensure that it selects a compatible PSK"
    // RFC 9846 section 4.7.1 "Any ticket MUST only be resumed with a cipher suite"
    else if (!fits(found.hash)) reasons.push(`there is no cipher suite for it with ${found.hash}`);
    else {
      chosen = { ...found, index, identity };
      break;
    }
  }
  const offered = preSharedKey.identities.length;
  h.choose({
    phase: 'hello',
    what: 'session',
    chosen: chosen === undefined ? 'a new one' : describePsk(chosen.origin),
    offered: [`${offered} ${offered === 1 ? 'pre-shared key' : 'pre-shared keys'}`],
    reason:
      chosen === undefined
        ? [...new Set(reasons)].join('; ')
        : 'the first that this server knows, and may go on with',
  });
  // RFC 9846 section 4.3.11 "does not validate, the server MUST abort the handshake"
  if (chosen !== undefined) checkBinder(h, received, preSharedKey.binders, chosen);
  return chosen;
}

/** What an identity stands for, or why it is not taken. */
function* lookUp(
  h: ServerContext,
  hello: ClientHello,
  identity: Uint8Array,
): Handshake<Omit<KnownPsk, 'index' | 'identity'> | string> {
  const external = yield* findExternal(h, identity);
  if (external !== undefined) {
    const { key: secret, hash, imported } = external;
    return h.config.clientAuthentication === 'require'
      ? 'clients must show a certificate here'
      : { secret, hash, origin: imported ? 'imported' : 'external' };
  }
  const session = yield* findSession(h, identity);
  if (session === undefined) return 'it is not known here, or has expired';
  const info = TLS13_CIPHER_SUITES.get(session.cipherSuite);
  if (session.version !== 'TLSv1.3' || info === undefined) return 'it is of another version';
  const objection = yield* objectionToSession(h, hello, session);
  return objection ?? { secret: session.secret, hash: info.hash, origin: 'resumption', session };
}

/** The external PSK that an identity names: as it is, or imported by what the identity says (RFC 9258 section 5.1). */
function* findExternal(h: ServerContext, identity: Uint8Array): Handshake<TlsPsk | undefined> {
  const { psks, provider } = h.config;
  if (typeof psks !== 'function') return listedPsks(provider, psks).get(toHex(identity));
  const ask = function* (name: Uint8Array): Handshake<TlsPsk | undefined> {
    const psk = yield* guarded(() => psks(name), 'ERR_INTERNAL', 'psks');
    const found = psk && checkExternalPsks([psk]).flatMap((one) => tlsPsks(provider, one));
    return found?.find((one) => equalBytes(one.identity, identity));
  };
  const found = yield* ask(identity);
  if (found !== undefined) return found;
  const imported = readImportedIdentity(identity);
  return imported && (yield* ask(imported.externalIdentity));
}

/** The PSKs of a list, by their identities as they are sent; imported once. */
const LISTED = new WeakMap<readonly ExternalPsk[], ReadonlyMap<string, TlsPsk>>();

function listedPsks(provider: CryptoProvider, psks: readonly ExternalPsk[]): ReadonlyMap<string, TlsPsk> {
  let known = LISTED.get(psks);
  if (known === undefined) {
    const all = psks.flatMap((psk) => tlsPsks(provider, psk));
    known = new Map(all.map((psk) => [toHex(psk.identity), psk]));
    LISTED.set(psks, known);
  }
  return known;
}

/**
 * Checks that the sender of this ClientHello holds the PSK.
 * @throws {TlsError} `ERR_BAD_BINDER`.
 */
function checkBinder(
  h: ServerContext,
  { message: bytes }: HandshakeMessage,
  binders: readonly Uint8Array[],
  psk: KnownPsk,
): void {
  const truncated = bytes.subarray(0, bytes.length - bindersLength(binders));
  const expected = pskBinder(h.provider, psk, h.transcript, truncated);
  const binder = binders[psk.index];
  if (binder === undefined || !constantTimeEqual(binder, expected)) {
    throw new TlsError(
      'ERR_BAD_BINDER',
      `${message}: the binder of pre-shared key ${psk.index} is wrong; the client does not hold the key, or the message was changed on its way`,
      { message },
    );
  }
}
