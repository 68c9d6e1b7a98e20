/** What is weak about a cipher suite, and why: one catalogue for the marks beside suites and for the findings. */
import { isForwardSecret, type Suite } from './suites.ts';

/**
 * `problem`: forbidden or broken in practice. `weak`: to be avoided, the margin is thin or an attack is known.
 * `note`: good to know.
 */
export type Severity = 'problem' | 'weak' | 'note';

/** What a report says about something that is not as it should be. */
export interface Advice {
  readonly severity: Severity;
  /** One plain sentence: what is so. */
  readonly sentence: string;
  /** Why that is bad, with the source. */
  readonly why: string;
  /** What to do. */
  readonly advice: string;
}

/** A weakness of suites; `label` stands beside a suite. */
export interface Flaw extends Advice {
  readonly label: string;
  readonly applies: (suite: Suite, context: SuiteContext) => boolean;
}

/** What else bears on how weak a suite is. */
export interface SuiteContext {
  /** Whether the server computes the MAC over the ciphertext where it can. */
  readonly encryptThenMac: boolean;
  /** The size of the finite field or of the export key that came with the suite. */
  readonly bits: number | undefined;
}

const MIN_FIELD_BITS = 2048;
const BROKEN_FIELD_BITS = 1024;

function isFiniteField({ keyExchange = '' }: Suite): boolean {
  return /^DHE|^DH_anon|^PSK_DHE/.test(keyExchange);
}

/** Worst first. */
export const FLAWS = {
  'null-cipher': {
    severity: 'problem',
    label: 'no encryption',
    sentence: 'Cipher suites without encryption are accepted.',
    why: 'Everyone on the way reads what is sent (RFC 9325 section 4.1).',
    advice: 'Remove the NULL suites.',
    applies: ({ mode }) => mode === 'none',
  },
  'anonymous-key-exchange': {
    severity: 'problem',
    label: 'no authentication',
    sentence: 'Cipher suites without a server certificate are accepted.',
    why: 'Anyone on the way can pose as the server (RFC 5246 appendix F.1.1.1).',
    advice: 'Remove the anonymous suites (DH_anon, ECDH_anon; aNULL in OpenSSL).',
    applies: ({ keyExchange = '' }) => keyExchange.includes('anon'),
  },
  'export-cipher': {
    severity: 'problem',
    label: 'export grade',
    sentence: 'Cipher suites of export grade are accepted.',
    why: 'Keys of 40 or 56 bits and RSA of 512 bits are broken in hours, for clients too that offer better (FREAK, CVE-2015-0204; Logjam, CVE-2015-4000).',
    advice: 'Remove the EXPORT suites.',
    applies: ({ keyExchange = '' }) => keyExchange.includes('EXPORT'),
  },
  'short-key': {
    severity: 'problem',
    label: 'key too short',
    sentence: 'Ciphers with keys of less than 112 bits are accepted.',
    why: 'A key of 56 bits is found by trying all of them, in days (RFC 9325 section 4.1).',
    advice: 'Remove DES and RC2.',
    applies: ({ mode, bits, keyExchange = '' }) =>
      mode !== 'none' && bits < 112 && !keyExchange.includes('EXPORT'),
  },
  rc4: {
    severity: 'problem',
    label: 'RC4',
    sentence: 'RC4 is accepted.',
    why: 'Its output is biased: what is sent often, such as a cookie, can be recovered (RFC 7465).',
    advice: 'Remove the RC4 suites.',
    applies: ({ cipher, keyExchange = '' }) =>
      cipher.startsWith('RC4_128') && !keyExchange.includes('EXPORT'),
  },
  'broken-finite-field': {
    severity: 'problem',
    label: 'field too small',
    sentence: 'The server uses finite-field Diffie-Hellman with a prime of less than 1024 bits.',
    why: 'Such fields are broken with modest means (Logjam, CVE-2015-4000).',
    advice: 'Use elliptic curves, or a prime of RFC 7919 with 2048 bits or more.',
    applies: (suite, { bits = BROKEN_FIELD_BITS }) => isFiniteField(suite) && bits < BROKEN_FIELD_BITS,
  },
  'small-finite-field': {
    severity: 'weak',
    label: 'small field',
    sentence: 'The server uses finite-field Diffie-Hellman with a prime of less than 2048 bits.',
    why: 'Fields of 1024 bits are within reach of a state, all the more where many servers share one (RFC 9325 section 4.5).',
    advice: 'Use elliptic curves, or a prime of RFC 7919 with 2048 bits or more.',
    applies: (suite, { bits = MIN_FIELD_BITS }) =>
      isFiniteField(suite) && bits < MIN_FIELD_BITS && bits >= BROKEN_FIELD_BITS,
  },
  'small-blocks': {
    severity: 'weak',
    label: '64-bit blocks',
    sentence: 'Ciphers with blocks of 64 bits are accepted.',
    why: 'After some tens of gigabytes blocks repeat and give plaintext away (Sweet32, CVE-2016-2183).',
    advice: 'Remove triple DES and IDEA.',
    applies: ({ cipher }) => /^(3DES|IDEA)/.test(cipher),
  },
  'no-forward-secrecy': {
    severity: 'weak',
    label: 'no forward secrecy',
    sentence: 'Key exchanges without forward secrecy are accepted.',
    why: "Who records traffic today and gets the server's key later reads all of it; with RSA, one slip in the server's decryption is enough (RFC 9325 section 4.1; ROBOT, CVE-2017-13099).",
    advice: 'Remove the suites with RSA, DH and ECDH key exchange; keep ECDHE.',
    applies: (suite) => !isForwardSecret(suite),
  },
  'cbc-mac-then-encrypt': {
    severity: 'weak',
    label: 'CBC',
    sentence: 'CBC suites are accepted without encrypt-then-MAC.',
    why: 'How long the server takes to refuse a changed record can give plaintext away (Lucky Thirteen, CVE-2013-0169; RFC 7366).',
    advice: 'Remove the CBC suites, or use a server that does encrypt-then-MAC.',
    applies: ({ mode }, { encryptThenMac }) => mode === 'CBC' && !encryptThenMac,
  },
  dss: {
    severity: 'weak',
    label: 'DSA',
    sentence: 'Cipher suites with DSA signatures are accepted.',
    why: 'DSA keys mostly have 1024 bits and sign over SHA-1; no browser takes them any more.',
    advice: 'Remove the DSS suites; use a certificate with an ECDSA or RSA key.',
    applies: ({ keyExchange = '' }) => keyExchange.includes('DSS'),
  },
  'short-tag': {
    severity: 'weak',
    label: '64-bit tag',
    sentence: 'Suites with shortened authentication tags are accepted.',
    why: 'CCM_8 is meant for tiny devices: each forged record passes with a chance of 2^-64 (RFC 6655).',
    advice: 'Remove the CCM_8 suites, unless such devices are your clients.',
    applies: ({ cipher }) => /CCM_8/.test(cipher),
  },
} as const satisfies Readonly<Record<string, Flaw>>;

export type FlawId = keyof typeof FLAWS;

/** What is weak about a suite, worst first. */
export function flawsOf(suite: Suite, context: SuiteContext): FlawId[] {
  return (Object.keys(FLAWS) as FlawId[]).filter((id) => FLAWS[id].applies(suite, context));
}
