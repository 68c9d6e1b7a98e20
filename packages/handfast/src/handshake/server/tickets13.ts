/** The tickets of a TLS 1.3 server: sealed sessions, or the keys of stored ones (RFC 9846 section 4.7.1). */
import type { MainSecret } from '../../keys/schedule13.ts';
import { resumptionPsk } from '../../keys/traffic.ts';
import { MAX_SESSION_AGE, MAX_TICKETS_SENT } from '../../policy/limits.ts';
import { earliestExpiry } from '../../session/peer.ts';
import type { Session } from '../../session/session.ts';
import { decode, uint32 } from '../../wire/codec.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { PSK_KEY_EXCHANGE_MODES } from '../psk13.ts';
import { serverTrust } from '../trust-settings.ts';
import type { ServerContext } from './choose.ts';
import { storeSession } from './sessions.ts';

/** How many tickets a client is sent: as many as it asks for (RFC 9149), or as configured; a resumed one gets one. */
export function ticketCount(h: ServerContext, { extensions }: ClientHello, isResumed: boolean): number {
  const { tickets } = h.config;
  // Without a mode that this server takes the client could never use them (section 4.3.9).
  const usable = extensions.pskKeyExchangeModes?.some((mode) =>
    h.config.pskKeyExchangeModes.some((own) => PSK_KEY_EXCHANGE_MODES[own] === mode),
  );
  if (tickets === undefined || !usable) return 0;
  const { ticketRequest } = extensions;
  if (ticketRequest === undefined) return isResumed ? Math.min(1, tickets.count) : tickets.count;
  const wanted = isResumed ? ticketRequest.resumptionCount : ticketRequest.newSessionCount;
  return Math.min(wanted, MAX_TICKETS_SENT);
}

/**
 * Sends tickets, while the transcript ends with the client's Finished.
 * @param earlier the session that this connection goes on with.
 */
export function* sendTickets(
  h: ServerContext,
  count: number,
  established: Established,
  main: MainSecret,
  earlier: Session | undefined,
): Handshake<void> {
  const { tickets, earlyData, now, provider } = h.config;
  const trust = earlier?.trust ?? (established.own && serverTrust(h.config, established.own.identity));
  if (tickets === undefined || count === 0 || trust === undefined) return;
  const resumptionSecret = main.resumptionSecret(h.transcript.current());
  const { peer, cipherSuite, serverName, applicationProtocol } = established;
  const maxEarlyData = earlyData?.maxSize ?? 0;
  const createdAt = now();
  const authenticatedAt = earlier?.authenticatedAt ?? createdAt;
  const expiresAt = Math.min(
    createdAt + tickets.lifetime * 1000,
    authenticatedAt + MAX_SESSION_AGE,
    peer === undefined ? Number.POSITIVE_INFINITY : earliestExpiry(peer),
  );
  const ticketLifetime = Math.floor((expiresAt - createdAt) / 1000);
  if (ticketLifetime <= 0) return;
  for (let number = 0; number < count; number++) {
    const ticketNonce = Uint8Array.of(number);
    // RFC 9846 section 4.7.1 "The server MUST generate a fresh value for each ticket"
    const ticketAgeAdd = decode(uint32, 'random', provider.random(4));
    const session: Session = {
      version: 'TLSv1.3',
      cipherSuite,
      secret: resumptionPsk(h.hkdf, resumptionSecret, ticketNonce),
      createdAt,
      authenticatedAt,
      expiresAt,
      ticketAgeAdd,
      maxEarlyData,
      extendedMasterSecret: true,
      ...(serverName === undefined ? {} : { serverName }),
      ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
      trust,
      ...(peer === undefined ? {} : { peer }),
    };
    const ticket = yield* storeSession(h, session);
    if (ticket === undefined) break;
    h.sendLate('NewSessionTicket', {
      ticketLifetime,
      ticketAgeAdd,
      ticketNonce,
      ticket,
      extensions: maxEarlyData === 0 ? {} : { earlyData: { maxEarlyDataSize: maxEarlyData } },
    });
  }
  h.records.flush();
}
