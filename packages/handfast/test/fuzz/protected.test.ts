/** Peers of TLS 1.3 that change what they protect. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import type { PairOptions } from '../support/pair.ts';
import { acquainted, later } from '../support/sessions.ts';
import { testProtected } from './protected.ts';

const keys = new TicketKeyRing({ provider: nodeProvider });
/** Without new tickets, which would come behind the handshake. */
const session = later(acquainted({ server: { tickets: { keys } } }), {
  server: { tickets: { keys, count: 0 } },
});
const KEY = { identity: Uint8Array.of(7), key: new Uint8Array(32).fill(7) };

const FLOWS: Readonly<Record<string, PairOptions>> = {
  plain: {},
  'client certificate': {
    client: { identities: [identityOf('client')] },
    server: { clientAuthentication: 'require' },
  },
  'a session': session,
  'a session, after HelloRetryRequest': later(session, { server: { groups: [NamedGroup.secp256r1] } }),
  'an external key': { client: { psks: [KEY] }, server: { psks: [KEY] } },
  HelloRetryRequest: { server: { groups: [NamedGroup.secp256r1] } },
};

testProtected(FLOWS, ['ERR_UNEXPECTED_MESSAGE', 'ERR_DECODE', 'ERR_BAD_FINISHED']);
