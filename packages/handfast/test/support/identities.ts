/** Identities and verifiers over the certificates of `pki.ts`. */
import { nodeProvider, signingKey } from '../../src/crypto/node/index.ts';
import type { SigningKey } from '../../src/crypto/provider.ts';
import { createIdentity, type Identity, type IdentityOptions } from '../../src/handshake/identity.ts';
import { chainVerifier, type PeerVerifier } from '../../src/handshake/verifier.ts';
import type { Role } from '../../src/trace/events.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import { type Issued, type KeyKind, testPki } from './pki.ts';

const known = new Map<string, Identity>();

/** The identity of the test hierarchy's server or client, made once for each kind of key. */
export function identityOf(role: Role, kind: KeyKind = 'p256'): Identity {
  const name = `${role}/${kind}`;
  let identity = known.get(name);
  if (identity === undefined) {
    identity = identityFrom(testPki(kind)[role], [testPki(kind).intermediate]);
    known.set(name, identity);
  }
  return identity;
}

/** An identity from issued certificates. */
export function identityFrom(
  leaf: Issued,
  issuers: readonly Issued[] = [],
  options: Partial<IdentityOptions> = {},
): Identity {
  const chain = [leaf, ...issuers].map(({ der }) => parseCertificate(der));
  return createIdentity({ chain, key: signingKey(leaf.key), ...options });
}

/** The same key, through `wrap`. */
export function withKey(identity: Identity, wrap: (key: SigningKey) => SigningKey): Identity {
  return { ...identity, key: wrap(identity.key) };
}

const ACCEPTED: Verdict = {
  ok: true,
  path: [],
  sentence: 'Accepted without a look, for a test of other things.',
};

/** Accepts every certificate: for tests that are about something else. */
export const accepting: PeerVerifier = { verify: () => ACCEPTED };

/** Validates chains up to the root of the test hierarchy of this kind of key. */
export function trusting(kind: KeyKind = 'p256'): PeerVerifier {
  const anchors = [{ certificate: parseCertificate(testPki(kind).root.der) }];
  return chainVerifier({ provider: nodeProvider, anchors });
}
