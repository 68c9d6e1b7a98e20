/** The secrets of a TLS 1.3 handshake, by who sends under them. */
import { type Exporter, Exporter13 } from '../keys/exporter.ts';
import { EarlySecret, type HandshakeSecret, type MainSecret } from '../keys/schedule13.ts';
import type { HandshakeContext } from './context.ts';

/** A pair of traffic secrets. */
export interface TrafficSecrets {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/**
 * The handshake traffic secrets, from the key exchange and the transcript up to ServerHello (RFC 9846 section 7.1).
 * @param sharedSecret of the key exchange; absent where a pre-shared key alone makes the secrets.
 */
export function deriveHandshakeSecrets(
  h: HandshakeContext,
  sharedSecret: Uint8Array | undefined,
  psk?: Uint8Array,
): TrafficSecrets & { readonly secret: HandshakeSecret } {
  const secret = EarlySecret.from(h.hkdf, psk).handshakeSecret(sharedSecret);
  const transcriptHash = h.transcript.current();
  const client = secret.clientTrafficSecret(transcriptHash);
  const server = secret.serverTrafficSecret(transcriptHash);
  h.tellSecret('CLIENT_HANDSHAKE_TRAFFIC_SECRET', client);
  h.tellSecret('SERVER_HANDSHAKE_TRAFFIC_SECRET', server);
  return { secret, client, server };
}

/** The application traffic secrets and the exporter, from the transcript up to the server's Finished. */
export function deriveApplicationSecrets(
  h: HandshakeContext,
  handshake: HandshakeSecret,
): {
  readonly application: TrafficSecrets;
  readonly exporter: Exporter;
  /** For the secret of later sessions, once the client's Finished is in the transcript. */
  readonly main: MainSecret;
} {
  const main = handshake.mainSecret();
  const transcriptHash = h.transcript.current();
  const client = main.clientTrafficSecret(transcriptHash);
  const server = main.serverTrafficSecret(transcriptHash);
  h.tellSecret('CLIENT_TRAFFIC_SECRET_0', client);
  h.tellSecret('SERVER_TRAFFIC_SECRET_0', server);
  const exporterSecret = main.exporterSecret(transcriptHash);
  h.tellSecret('EXPORTER_SECRET', exporterSecret);
  return { application: { client, server }, exporter: new Exporter13(h.hkdf, exporterSecret), main };
}
