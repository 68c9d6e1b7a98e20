/** The secrets of a TLS 1.2 handshake: master secret, record keys, exporter (RFC 5246 sections 6.3 and 8.1, RFC 7627). */
import type { CipherSuite12Info } from '../keys/cipher-suites.ts';
import { type Exporter, Exporter12 } from '../keys/exporter.ts';
import { extendedMasterSecret, keyBlock, masterSecret } from '../keys/schedule12.ts';
import type { RecordProtection } from '../record/protection.ts';
import { keySizes12, protection12 } from '../record/protection12.ts';
import type { Role } from '../trace/events.ts';
import { ConfigError } from '../wire/errors.ts';
import type { HandshakeContext } from './context.ts';

/** What was agreed on before any secret, and goes into it. */
export interface Agreed12 {
  readonly suite: CipherSuite12Info;
  readonly serverRandom: Uint8Array;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
}

/** The master secret, and all that is made of it. */
export interface Secrets12 {
  readonly master: Uint8Array;
  /** By who sends under them; each goes from Finished into the life of the connection. */
  readonly protection: Readonly<Record<Role, RecordProtection>>;
  readonly exporter: Exporter;
}

/** Two handshakes may share a master secret that is not extended, so nothing may be exported from it (RFC 7627 section 5.4). */
const NO_EXPORTER: Exporter = {
  exportKeyingMaterial: () => {
    throw new ConfigError(
      'requireExtendedMasterSecret',
      'keying material can be exported from a TLSv1.2 connection with extended_master_secret only, and this one has none',
    );
  },
};

/**
 * Derives everything from the premaster secret. The transcript must end with ClientKeyExchange, which is what the
 * extended master secret is bound to (RFC 7627 section 4).
 */
export function deriveSecrets12(
  h: HandshakeContext,
  { suite, serverRandom, extendedMasterSecret: isExtended, encryptThenMac }: Agreed12,
  premaster: Uint8Array,
): Secrets12 {
  const { prf, clientRandom } = h;
  const master = isExtended
    ? extendedMasterSecret(prf, premaster, h.transcript.current())
    : masterSecret(prf, premaster, clientRandom, serverRandom);
  return secretsOf(h, { suite, serverRandom, extendedMasterSecret: isExtended, encryptThenMac }, master);
}

/** Derives everything from a master secret: that of this handshake, or of the session that goes on (RFC 5246 section 6.3). */
export function secretsOf(
  h: HandshakeContext,
  { suite, serverRandom, extendedMasterSecret: isExtended, encryptThenMac }: Agreed12,
  master: Uint8Array,
): Secrets12 {
  const { prf, clientRandom, provider } = h;
  h.tellSecret('CLIENT_RANDOM', master);
  const keys = keyBlock(prf, master, clientRandom, serverRandom, keySizes12(suite.cipher));
  return {
    master,
    protection: {
      client: protection12(provider, suite.cipher, keys.client, encryptThenMac),
      server: protection12(provider, suite.cipher, keys.server, encryptThenMac),
    },
    exporter: isExtended ? new Exporter12(prf, master, clientRandom, serverRandom) : NO_EXPORTER,
  };
}
