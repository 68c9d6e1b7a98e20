/** Peers of TLS 1.3 that change what they protect. */
import { NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import type { PairOptions } from '../support/pair.ts';
import { testProtected } from './protected.ts';

const FLOWS: Readonly<Record<string, PairOptions>> = {
  plain: {},
  'client certificate': {
    client: { identities: [identityOf('client')] },
    server: { clientAuthentication: 'require' },
  },
  HelloRetryRequest: { server: { groups: [NamedGroup.secp256r1] } },
};

testProtected(FLOWS, ['ERR_UNEXPECTED_MESSAGE', 'ERR_DECODE', 'ERR_BAD_FINISHED']);
