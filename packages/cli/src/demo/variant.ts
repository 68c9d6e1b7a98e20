/** The handshakes that the demonstration can show, and what differs between them. */
import { CipherSuite, type NegotiationOptions, type TlsVersion } from 'handfast';
import type { KeyKind } from '../authority.ts';

/** What to show. */
export interface Variant {
  readonly version: TlsVersion;
  /** The client sends the secret under the server's public key, as before there were key agreements. */
  readonly isKeyTransport: boolean;
  /** The kind of key in the server's certificate. */
  readonly serverKey: KeyKind;
  /** What either end may negotiate. */
  readonly client: NegotiationOptions;
  readonly server: NegotiationOptions;
}

/** TLS 1.3, as two ends of today negotiate it. */
const TLS13: Variant = {
  version: 'TLSv1.3',
  isKeyTransport: false,
  serverKey: 'ECDSA P-256',
  client: {},
  server: {},
};

/** TLS 1.2 with a key agreement. */
const TLS12: Variant = {
  version: 'TLSv1.2',
  isKeyTransport: false,
  serverKey: 'ECDSA P-256',
  client: { versions: ['TLSv1.2'] },
  server: { versions: ['TLSv1.2'] },
};

/** TLS 1.2 with RSA key transport: the client offers key agreements too, the server knows none. */
const KEY_TRANSPORT: Variant = {
  version: 'TLSv1.2',
  isKeyTransport: true,
  serverKey: 'RSA 2048',
  client: { versions: ['TLSv1.2'], allowRsaKeyExchange: true },
  server: {
    versions: ['TLSv1.2'],
    allowRsaKeyExchange: true,
    cipherSuites: [CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256],
  },
};

/** The variant for the options of the command line. */
export function variantFor(version: TlsVersion, rsaKeyExchange: boolean): Variant {
  if (version === 'TLSv1.3') return TLS13;
  return rsaKeyExchange ? KEY_TRANSPORT : TLS12;
}
