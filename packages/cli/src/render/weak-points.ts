/** What is weak about a connection that was made: one plain sentence each. */
import { cipherSuiteName, type Established } from 'handfast';

/** Something that the two sides agreed on, and that one would not choose today. */
export interface WeakPoint {
  readonly id: string;
  readonly sentence: string;
}

type Negotiated = Pick<
  Established,
  'version' | 'cipherSuite' | 'keyExchange' | 'extendedMasterSecret' | 'encryptThenMac'
>;

interface Known extends WeakPoint {
  readonly applies: (negotiated: Negotiated, suite: string) => boolean;
}

/** Worst first. In TLS 1.3 only the last one is left. */
const KNOWN: readonly Known[] = [
  {
    id: 'no-forward-secrecy',
    sentence:
      "RSA key transport has no forward secrecy: whoever records this connection and gets the server's private key later can read all of it.",
    applies: ({ keyExchange }) => keyExchange === 'RSA',
  },
  {
    id: 'no-extended-master-secret',
    sentence:
      'The master secret is not bound to this handshake (no extended_master_secret, RFC 7627): a server in the middle could make two connections share one.',
    applies: ({ extendedMasterSecret }) => !extendedMasterSecret,
  },
  {
    id: 'cbc-mac-then-encrypt',
    sentence:
      'CBC with the MAC under the encryption: how long a peer takes to refuse a changed record can give plaintext away (Lucky Thirteen).',
    applies: ({ encryptThenMac }) => encryptThenMac === false,
  },
  {
    id: 'cbc',
    sentence:
      'CBC with the MAC over the ciphertext (RFC 7366) is sound, but of the past: an authenticated cipher such as AES-GCM leaves less to go wrong.',
    applies: ({ encryptThenMac }) => encryptThenMac === true,
  },
  {
    id: 'finite-field',
    sentence:
      'In the DHE of TLS 1.2 the server alone chooses the field, and whether it is a good one can hardly be seen (RFC 7919 section 1); elliptic curves leave no such choice.',
    applies: ({ version, keyExchange }) => version === 'TLSv1.2' && keyExchange === 'DHE',
  },
  {
    id: 'short-tag',
    sentence:
      'CCM_8 shortens the authentication tag to 64 bits: each forged record passes with a chance of 2^-64 (RFC 6655 section 6.1).',
    applies: (_negotiated, suite) => /_CCM_8(?:_|$)/.test(suite),
  },
];

/** What is weak, worst first; nothing for a connection as it should be. */
export function weakPoints(negotiated: Negotiated): WeakPoint[] {
  const suite = cipherSuiteName(negotiated.cipherSuite);
  return KNOWN.filter(({ applies }) => applies(negotiated, suite)).map(({ id, sentence }) => ({
    id,
    sentence,
  }));
}
