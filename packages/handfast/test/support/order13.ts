/** Messages of TLS 1.3 that belong into other handshakes, or into none. */
import { encodeHandshake } from '../../src/wire/messages/index.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { HandshakeType } from '../../src/wire/registry.ts';
import { nameOf } from './bare.ts';
import { identityFrom } from './identities.ts';
import type { PairOptions } from './pair.ts';
import { issue, testPki } from './pki.ts';
import { run, untouched } from './tampering.ts';

/** Certificate with an empty context and an empty list: 1 + 3 zero bytes after the header. */
export function isEmptyCertificate(message: Uint8Array | undefined): boolean {
  return message?.length === 8;
}

/** Messages of other handshakes, none of which is the same as one of ours by chance, and messages that belong into none. */
export function foreignMessages(flows: Readonly<Record<string, PairOptions>>): readonly Uint8Array[] {
  const all: Uint8Array[] = [];
  const impostor = identityFrom(issue({ subject: 'Another', issuer: testPki().intermediate }));
  for (const flow of Object.values(flows)) {
    const options = { ...flow, server: { ...flow.server, identities: [impostor] } };
    const { deliveries } = run(options, 'client', untouched);
    for (const { message } of [...deliveries.client, ...deliveries.server]) {
      const isKnown = all.some(
        (known) =>
          nameOf(known) === nameOf(message) && isEmptyCertificate(known) === isEmptyCertificate(message),
      );
      if (!isKnown) all.push(message);
    }
  }
  const bare = (type: number, ...body: number[]): Uint8Array =>
    Uint8Array.of(type, 0, 0, body.length, ...body);
  return [
    ...all,
    bare(HandshakeType.hello_request),
    bare(HandshakeType.end_of_early_data),
    bare(HandshakeType.server_key_exchange, 0),
    bare(HandshakeType.server_hello_done),
    bare(HandshakeType.client_key_exchange, 0),
    bare(HandshakeType.certificate_url, 0),
    bare(HandshakeType.certificate_status, 0),
    bare(HandshakeType.key_update, 0),
    bare(HandshakeType.message_hash, 0),
    bare(99),
    encodeHandshake(HandshakeType.new_session_ticket, newSessionTicket, {
      ticketLifetime: 1,
      ticketAgeAdd: 2,
      ticketNonce: Uint8Array.of(3),
      ticket: Uint8Array.of(4),
      extensions: {},
    }),
  ];
}
