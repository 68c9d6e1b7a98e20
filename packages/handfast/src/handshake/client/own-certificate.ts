/** Phase 2, what both versions of a client share: which identity answers a server that asks for one. */
import type { CertificateRequest } from '../../wire/messages/certificate-request.ts';
import { signatureSchemeName, type TlsVersion } from '../../wire/registry.ts';
import { guarded, type Handshake } from '../driver.ts';
import type { Identity } from '../identity.ts';
import { listed } from '../listed.ts';
import { bestSuited, issuedBy, type Suited } from '../selection.ts';
import type { ClientContext } from './client-hello.ts';
import { oidFilter } from './oid-filters.ts';

/** Chooses the identity to show, or none, and notes the choice. */
export function* chooseOwnIdentity(
  h: ClientContext,
  request: CertificateRequest,
  version: TlsVersion,
): Handshake<Suited | undefined> {
  const own = bestSuited(yield* ownIdentities(h, request), request.extensions, version);
  h.choose({
    phase: 'certificate',
    what: 'client authentication',
    chosen: own === undefined ? 'no certificate' : signatureSchemeName(own.signatureScheme),
    offered: listed(request.extensions.signatureAlgorithms ?? [], signatureSchemeName),
    reason:
      own === undefined
        ? 'the server asked for a certificate, and the client has none that fits the request'
        : 'the server asked for a certificate, and this one fits the request best',
  });
  return own;
}

/** Identities that may be shown: what the caller selects, or those that meet what the server asks of a certificate. */
function* ownIdentities(h: ClientContext, request: CertificateRequest): Handshake<readonly Identity[]> {
  const { selectIdentity: select, identities } = h.config;
  if (select !== undefined) {
    const selected = yield* guarded(() => select(request), 'ERR_INTERNAL', 'selectIdentity');
    return selected === undefined ? [] : [selected];
  }
  const [isIssuedByNamed, passes] = [issuedBy(request.extensions), oidFilter(request)];
  return identities.filter((identity) => {
    const [leaf] = identity.chain;
    return leaf !== undefined && isIssuedByNamed(identity) && passes(leaf);
  });
}
