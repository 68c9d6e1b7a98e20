/** How a connection ends by its peer's doing, or by the network's. */
import type { Role } from './trace/events.ts';
import { alertMeaning, alertName } from './wire/alerts.ts';
import { TlsError } from './wire/errors.ts';

const peerOf = (role: Role): Role => (role === 'client' ? 'server' : 'client');

/**
 * The peer sent an alert that ends the connection.
 * @param role this side's.
 * @param isComplete whether the handshake is.
 */
export function endedByAlert(
  role: Role,
  isComplete: boolean,
  description: number,
  isProtected: boolean,
): TlsError {
  const name = alertName(description) ?? description;
  const when = isComplete ? '' : ' during the handshake';
  return new TlsError(
    'ERR_ALERT_RECEIVED',
    `the ${peerOf(role)} ended the connection${when} with the alert ${name}: ${alertMeaning(description)}`,
    { alertReceived: name, isProtected },
  );
}

/** The network ended before the peer said close_notify. */
export function truncated(role: Role, isComplete: boolean): TlsError {
  return new TlsError(
    'ERR_TRUNCATED',
    isComplete
      ? `the ${peerOf(role)} closed the connection without close_notify; what it sent may be incomplete`
      : `the ${peerOf(role)} closed the connection before the handshake was complete`,
  );
}
