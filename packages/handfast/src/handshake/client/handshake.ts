/** A client's handshake up to the version, which the server chooses; from there it goes on as TLS 1.3 or 1.2. */
import { equalBytes } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import {
  type AnyServerHello,
  decodeServerHello,
  type ServerHello12,
} from '../../wire/messages/server-hello.ts';
import { ProtocolVersion, versionName } from '../../wire/registry.ts';
import type { Handshake } from '../driver.ts';
import { DOWNGRADE_SENTINEL } from '../hello12.ts';
import type { Secured } from '../secured.ts';
import { type ClientContext, sendClientHello, type Target } from './client-hello.ts';
import { clientHandshake12 } from './tls12.ts';
import { clientHandshake13 } from './tls13.ts';

/** Runs the handshake; the result is authenticated, and application keys are in place in both directions. */
export function* clientHandshake(h: ClientContext, target: Target): Handshake<Secured> {
  const offer = yield* sendClientHello(h, target);
  const received = yield* h.receive();
  const answer = decodeServerHello(received.body);
  requireOfferedVersion(h, answer);
  if (answer.kind === 'ServerHello12' && offer.early !== undefined) throw earlyDataWith12();
  return answer.kind === 'ServerHello12'
    ? yield* clientHandshake12(h, target, offer, received, answer.hello)
    : yield* clientHandshake13(h, target, offer, received, answer);
}

/**
 * Refuses a version that the client did not offer, and one that the server was led to choose.
 * @throws {TlsError} `ERR_PROTOCOL_VERSION`, `ERR_DOWNGRADE`.
 */
export function requireOfferedVersion(h: ClientContext, answer: AnyServerHello): void {
  const { versions } = h.config;
  if (answer.kind === 'ServerHello12') require12(h, answer.hello);
  else if (!versions.includes('TLSv1.3')) {
    throw wrongVersion(h, 'TLSv1.3');
  }
}

function require12(h: ClientContext, { legacyVersion, random }: ServerHello12): void {
  const message = 'ServerHello';
  const { versions } = h.config;
  if (legacyVersion > ProtocolVersion['TLSv1.2']) {
    throw new TlsError(
      'ERR_PROTOCOL_VERSION',
      `${message}: expected TLSv1.3 in supported_versions, found no such extension`,
      { message },
    );
  }
  const chosen = versionName(legacyVersion);
  const isSentinel = Object.values(DOWNGRADE_SENTINEL).some((end) =>
    equalBytes(random.subarray(-end.length), end),
  );
  if (isSentinel && versions.includes('TLSv1.3')) {
    throw new TlsError(
      'ERR_DOWNGRADE',
      `${message}: the server speaks TLSv1.3 but was led to choose ${chosen}; somebody on the path has changed the ClientHello`,
      { message, chosen, offered: versions },
    );
  }
  if (legacyVersion < ProtocolVersion['TLSv1.2'] || !versions.includes('TLSv1.2')) {
    throw wrongVersion(h, chosen);
  }
}

/** RFC 9846 appendix E.3: a client that sent early data must not go on with a server that knows nothing of it. */
function earlyDataWith12(): TlsError {
  return new TlsError(
    'ERR_PROTOCOL_VERSION',
    'ServerHello: expected TLSv1.3, since early data was sent under a session of it, found TLSv1.2; connect again without early data',
    { message: 'ServerHello' },
  );
}

function wrongVersion(h: ClientContext, chosen: string): TlsError {
  const { versions } = h.config;
  const isOld = chosen !== 'TLSv1.3' && chosen !== 'TLSv1.2';
  const advice = isOld
    ? `enable ${versions.join(' or ')} on the server: ${chosen} is broken, and handfast does not speak it`
    : chosen === 'TLSv1.3'
      ? 'the server must not choose what was not offered'
      : `enable ${versions.join(' or ')} on the server, or allow ${chosen} here`;
  return new TlsError(
    'ERR_PROTOCOL_VERSION',
    `the server chose ${chosen}, this client speaks ${versions.join(' and ')} only; ${advice}`,
    { message: 'ServerHello', chosen, offered: versions },
  );
}
