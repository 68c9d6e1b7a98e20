/** What the demonstration says about each phase: true for the version and the key exchange that it shows. */
import type { DemoReport } from './report.ts';

/** The text of one demonstration. */
export interface Words {
  readonly title: string;
  readonly introduction: string;
  readonly hello: string;
  readonly certificate: string;
  readonly keyExchange: string;
  /** What to try next: what it shows, and the command. */
  readonly next: readonly (readonly [string, string])[];
}

const MEETING =
  'A real client and a real HTTPS server meet on this machine, with an observer on the line between them.';
const AGREEMENT = `${MEETING} They prove who they are, agree on keys that nobody else has, and talk in private.`;
const FORGOTTEN =
  'Then both forget their secret halves: whoever steals a private key later cannot read what was recorded today (forward secrecy).';
const ISSUERS = 'The other side follows the issuers up to an authority that it trusts.';

const NEXT_13 = ['the same in TLS 1.3', 'handfast demo'] as const;
const NEXT_12 = ['the same in TLS 1.2', 'handfast demo --tls 1.2'] as const;
const NEXT_RSA = ['the classic key exchange', 'handfast demo --tls 1.2 --rsa-key-exchange'] as const;

const TLS13: Words = {
  title: 'A TLS 1.3 handshake, told in three phases',
  introduction: AGREEMENT,
  hello:
    'The client says what it can do, and the server chooses. Both hellos are there for all to read. They carry the halves of a key agreement (see 3), so everything after them is encrypted: double lines.',
  certificate: `Who is there? Each side shows its certificate and signs this very handshake with the key in it. ${ISSUERS}`,
  keyExchange: `Each side made a key pair for this connection alone, and sent the public half in its hello. From its own secret half and the other's public half each computes the same secret; the observer, who saw both public halves, cannot. ${FORGOTTEN}`,
  next: [NEXT_12, NEXT_RSA],
};

const TLS12: Words = {
  title: 'A TLS 1.2 handshake, told in three phases',
  introduction: AGREEMENT,
  hello:
    'The client says what it can do, and the server chooses. In TLS 1.2 nearly the whole handshake is there for all to read, the certificates too: encryption, drawn as double lines, begins with Finished.',
  certificate: `Who is there? Each side shows its certificate and signs with the key in it: the server its half of the key agreement (see 3), the client everything that was said so far. ${ISSUERS}`,
  keyExchange: `Each side makes a key pair for this connection alone, and sends the public half. From its own secret half and the other's public half each computes the same secret; the observer, who saw both public halves, cannot. ${FORGOTTEN}`,
  next: [NEXT_13, NEXT_RSA],
};

const KEY_TRANSPORT: Words = {
  title: 'The classic handshake: TLS 1.2 with RSA key transport, in three phases',
  introduction: `${MEETING} The client makes up a secret and sends it encrypted, under the public key in the server's certificate, as most of the web did for twenty years.`,
  hello: TLS12.hello,
  certificate: `Who is there? The server shows its certificate, and the client follows the issuers up to an authority that it trusts. Anybody can show a certificate: that it has the private key too, the server proves in phase 3. The client shows its own, and signs everything that was said so far.`,
  keyExchange:
    "The client makes up the premaster secret and encrypts it under the public key in the server's certificate. Only the holder of the private key can decrypt it. Both sides make the same keys of it; when the server's Finished decrypts and is right, the client knows that the server is the one in the certificate.",
  next: [NEXT_12, NEXT_13],
};

/** The words for a report. */
export function wordsFor({ version, keyExchange }: Pick<DemoReport, 'version' | 'keyExchange'>): Words {
  if (version === 'TLSv1.3') return TLS13;
  return keyExchange === 'RSA' ? KEY_TRANSPORT : TLS12;
}

/** What a hybrid is, for readers who have not met one, with what each side sent. */
export function hybridText(
  group: string,
  sizes: { readonly client: number; readonly server: number },
): string {
  return `${group} is a hybrid of two exchanges, and who wants the secret must break both: X25519, proven for years, and ML-KEM-768, made to withstand quantum computers. There the client sends a public key (${sizes.client} bytes), and the server's half is a secret sealed to it (${sizes.server} bytes).`;
}

/** What the recorded bytes are worth later. */
export const AFTERWARDS = {
  question:
    "The observer can read nothing. But it has recorded every byte, and can wait. Years later it gets hold of the server's private key: from a backup, an old disk, a court. With the recording and that key, and nothing else:",
  answer:
    'That is why TLS 1.3 has no RSA key transport, and handfast takes it only where it is asked for (--allow-rsa-key-exchange). Keys that are made for one connection, and forgotten, cannot be stolen later: handfast demo --tls 1.2.',
} as const;
