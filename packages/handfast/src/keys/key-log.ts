/** Lines of the SSLKEYLOGFILE format (RFC 9850), with which tools such as Wireshark decrypt a captured connection. */
import { toHex } from '../wire/bytes.ts';

/** The secrets that a key log names: of TLS 1.3, where `N` counts KeyUpdates, and the master secret of TLS 1.2. */
export type KeyLogLabel =
  | 'CLIENT_EARLY_TRAFFIC_SECRET'
  | 'EARLY_EXPORTER_SECRET'
  | 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'
  | 'SERVER_HANDSHAKE_TRAFFIC_SECRET'
  | `CLIENT_TRAFFIC_SECRET_${number}`
  | `SERVER_TRAFFIC_SECRET_${number}`
  | 'EXPORTER_SECRET'
  | 'CLIENT_RANDOM';

/** One line, without its end: the label, the random of the ClientHello, the secret. */
export function keyLogLine(label: KeyLogLabel, clientRandom: Uint8Array, secret: Uint8Array): string {
  return `${label} ${toHex(clientRandom)} ${toHex(secret)}`;
}
