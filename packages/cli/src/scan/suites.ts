/**
 * Every cipher suite that a server may still accept, by the IANA registry "TLS Cipher Suites", with a few numbers
 * that never got there but were in use. handfast speaks only some of them; to ask for one, its number is enough.
 */

/** What protects the records. */
export type Mode = 'AEAD' | 'CBC' | 'stream' | 'none';

/** A cipher suite, taken apart. */
export interface Suite {
  /** Its number on the wire. */
  readonly number: number;
  /** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
  readonly name: string;
  /** How the secret is agreed on and the server proves itself, such as `ECDHE_RSA`; `undefined` in TLS 1.3. */
  readonly keyExchange?: string;
  /** What follows `_WITH_`, such as `AES_128_GCM_SHA256`. */
  readonly cipher: string;
  readonly mode: Mode;
  /** Bits that an attacker has to guess at most, by the cipher alone; 0 where nothing is encrypted. */
  readonly bits: number;
  /** The lowest version in which servers take it: TLS 1.2 brought AEAD and SHA-2 (RFC 5246 section 1.2). */
  readonly since: 'SSLv3' | 'TLSv1.2' | 'TLSv1.3';
}

/** Number of the first, key exchanges, ciphers: numbers go up cipher by cipher, then by key exchange. */
type Row = readonly [first: number, keyExchanges: string, ciphers: string];

const SIX = 'RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon';
const EC_FOUR = 'ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA';
const PSK_THREE = 'PSK DHE_PSK RSA_PSK';
const GCM_SIX = 'RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon';

const ROWS: readonly Row[] = [
  [0x0001, 'RSA', 'NULL_MD5 NULL_SHA'],
  [0x0003, 'RSA_EXPORT', 'RC4_40_MD5'],
  [0x0004, 'RSA', 'RC4_128_MD5 RC4_128_SHA'],
  [0x0006, 'RSA_EXPORT', 'RC2_CBC_40_MD5'],
  [0x0007, 'RSA', 'IDEA_CBC_SHA'],
  [0x0008, 'RSA_EXPORT', 'DES40_CBC_SHA'],
  [0x0009, 'RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x000b, 'DH_DSS_EXPORT', 'DES40_CBC_SHA'],
  [0x000c, 'DH_DSS', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x000e, 'DH_RSA_EXPORT', 'DES40_CBC_SHA'],
  [0x000f, 'DH_RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0011, 'DHE_DSS_EXPORT', 'DES40_CBC_SHA'],
  [0x0012, 'DHE_DSS', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0014, 'DHE_RSA_EXPORT', 'DES40_CBC_SHA'],
  [0x0015, 'DHE_RSA', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x0017, 'DH_anon_EXPORT', 'RC4_40_MD5'],
  [0x0018, 'DH_anon', 'RC4_128_MD5'],
  [0x0019, 'DH_anon_EXPORT', 'DES40_CBC_SHA'],
  [0x001a, 'DH_anon', 'DES_CBC_SHA 3DES_EDE_CBC_SHA'],
  [0x001e, 'KRB5', 'DES_CBC_SHA 3DES_EDE_CBC_SHA RC4_128_SHA IDEA_CBC_SHA'],
  [0x0022, 'KRB5', 'DES_CBC_MD5 3DES_EDE_CBC_MD5 RC4_128_MD5 IDEA_CBC_MD5'],
  [0x0026, 'KRB5_EXPORT', 'DES_CBC_40_SHA RC2_CBC_40_SHA RC4_40_SHA'],
  [0x0029, 'KRB5_EXPORT', 'DES_CBC_40_MD5 RC2_CBC_40_MD5 RC4_40_MD5'],
  [0x002c, PSK_THREE, 'NULL_SHA'],
  [0x002f, SIX, 'AES_128_CBC_SHA'],
  [0x0035, SIX, 'AES_256_CBC_SHA'],
  [0x003b, 'RSA', 'NULL_SHA256 AES_128_CBC_SHA256 AES_256_CBC_SHA256'],
  [0x003e, 'DH_DSS DH_RSA DHE_DSS', 'AES_128_CBC_SHA256'],
  [0x0041, SIX, 'CAMELLIA_128_CBC_SHA'],
  // Drafts of 1999 (draft-ietf-tls-56-bit-ciphersuites), which servers of that time have.
  [0x0060, 'RSA_EXPORT1024', 'RC4_56_MD5 RC2_CBC_56_MD5 DES_CBC_SHA'],
  [0x0063, 'DHE_DSS_EXPORT1024', 'DES_CBC_SHA'],
  [0x0064, 'RSA_EXPORT1024', 'RC4_56_SHA'],
  [0x0065, 'DHE_DSS_EXPORT1024', 'RC4_56_SHA'],
  [0x0066, 'DHE_DSS', 'RC4_128_SHA'],
  [0x0067, 'DHE_RSA', 'AES_128_CBC_SHA256'],
  [0x0068, 'DH_DSS DH_RSA DHE_DSS DHE_RSA', 'AES_256_CBC_SHA256'],
  [0x006c, 'DH_anon', 'AES_128_CBC_SHA256 AES_256_CBC_SHA256'],
  [0x0080, 'GOSTR341094 GOSTR341001', '28147_CNT_IMIT'],
  [0x0082, 'GOSTR341094 GOSTR341001', 'NULL_GOSTR3411'],
  [0x0084, SIX, 'CAMELLIA_256_CBC_SHA'],
  [0x008a, PSK_THREE, 'RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA'],
  [0x0096, SIX, 'SEED_CBC_SHA'],
  [0x009c, `${GCM_SIX} ${PSK_THREE}`, 'AES_128_GCM_SHA256 AES_256_GCM_SHA384'],
  [0x00ae, PSK_THREE, 'AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA256 NULL_SHA384'],
  [0x00ba, SIX, 'CAMELLIA_128_CBC_SHA256'],
  [0x00c0, SIX, 'CAMELLIA_256_CBC_SHA256'],
  [0x00c6, '', 'SM4_GCM_SM3 SM4_CCM_SM3'],
  [0x1301, '', 'AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256'],
  [0x1304, '', 'AES_128_CCM_SHA256 AES_128_CCM_8_SHA256 AEGIS_256_SHA512 AEGIS_128L_SHA256'],
  [
    0xc001,
    'ECDH_ECDSA ECDHE_ECDSA ECDH_RSA ECDHE_RSA ECDH_anon',
    'NULL_SHA RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA',
  ],
  [0xc01a, 'SRP_SHA SRP_SHA_RSA SRP_SHA_DSS', '3DES_EDE_CBC_SHA'],
  [0xc01d, 'SRP_SHA SRP_SHA_RSA SRP_SHA_DSS', 'AES_128_CBC_SHA'],
  [0xc020, 'SRP_SHA SRP_SHA_RSA SRP_SHA_DSS', 'AES_256_CBC_SHA'],
  [0xc023, EC_FOUR, 'AES_128_CBC_SHA256 AES_256_CBC_SHA384'],
  [0xc02b, EC_FOUR, 'AES_128_GCM_SHA256 AES_256_GCM_SHA384'],
  [0xc033, 'ECDHE_PSK', 'RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA'],
  [0xc037, 'ECDHE_PSK', 'AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA NULL_SHA256 NULL_SHA384'],
  [0xc03c, `${SIX} ${EC_FOUR}`, 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc050, `${GCM_SIX} ${EC_FOUR}`, 'ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384'],
  [0xc064, PSK_THREE, 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc06a, PSK_THREE, 'ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384'],
  [0xc070, 'ECDHE_PSK', 'ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384'],
  [0xc072, EC_FOUR, 'CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384'],
  [0xc07a, `${GCM_SIX} ${EC_FOUR} ${PSK_THREE}`, 'CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384'],
  [0xc094, `${PSK_THREE} ECDHE_PSK`, 'CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384'],
  [0xc09c, 'RSA DHE_RSA', 'AES_128_CCM AES_256_CCM'],
  [0xc0a0, 'RSA DHE_RSA', 'AES_128_CCM_8 AES_256_CCM_8'],
  [0xc0a4, 'PSK DHE_PSK', 'AES_128_CCM AES_256_CCM'],
  [0xc0a8, 'PSK PSK_DHE', 'AES_128_CCM_8 AES_256_CCM_8'],
  [0xc0ac, 'ECDHE_ECDSA', 'AES_128_CCM AES_256_CCM AES_128_CCM_8 AES_256_CCM_8'],
  [0xc0b0, 'ECCPWD', 'AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_SHA256 AES_256_CCM_SHA384'],
  [0xc0b4, '', 'SHA256_SHA256 SHA384_SHA384'],
  [0xc100, 'GOSTR341112_256', 'KUZNYECHIK_CTR_OMAC MAGMA_CTR_OMAC 28147_CNT_IMIT'],
  // Early ChaCha20-Poly1305 (draft-agl-tls-chacha20poly1305-04), before RFC 7905 gave it other numbers.
  [0xcc13, 'ECDHE_RSA ECDHE_ECDSA DHE_RSA', 'CHACHA20_POLY1305_DRAFT_SHA256'],
  [0xcca8, 'ECDHE_RSA ECDHE_ECDSA DHE_RSA PSK ECDHE_PSK DHE_PSK RSA_PSK', 'CHACHA20_POLY1305_SHA256'],
  [0xd001, 'ECDHE_PSK', 'AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_8_SHA256'],
  [0xd005, 'ECDHE_PSK', 'AES_128_CCM_SHA256'],
];

function modeOf(cipher: string): Mode {
  if (/^(NULL|SHA\d+)_/.test(cipher)) return 'none';
  if (/CBC/.test(cipher)) return 'CBC';
  return /GCM|CCM|POLY1305|AEGIS/.test(cipher) ? 'AEAD' : 'stream';
}

/** Triple DES has keys of 168 bits, of which meeting in the middle leaves 112 (RFC 7525 section 4.1 counts so too). */
function bitsOf(cipher: string, mode: Mode): number {
  if (mode === 'none') return 0;
  if (cipher.startsWith('3DES')) return 112;
  if (/^(RC[24]|DES).*40/.test(cipher)) return 40;
  if (/^(DES|.*_56_)/.test(cipher)) return 56;
  if (/^(IDEA|SEED|SM4|AEGIS_128L)/.test(cipher)) return 128;
  return /_128/.test(cipher) ? 128 : 256;
}

function sinceOf(keyExchange: string, cipher: string, mode: Mode): Suite['since'] {
  if (keyExchange === '') return 'TLSv1.3';
  return mode === 'AEAD' || /SHA(256|384)$|_OMAC$/.test(cipher) ? 'TLSv1.2' : 'SSLv3';
}

function suitesOf([first, keyExchanges, ciphers]: Row): Suite[] {
  const list = keyExchanges
    .split(' ')
    .flatMap((keyExchange) => ciphers.split(' ').map((cipher) => ({ keyExchange, cipher })));
  return list.map(({ keyExchange, cipher }, i) => {
    const mode = modeOf(cipher);
    return {
      number: first + i,
      name: keyExchange === '' ? `TLS_${cipher}` : `TLS_${keyExchange}_WITH_${cipher}`,
      ...(keyExchange === '' ? {} : { keyExchange }),
      cipher,
      mode,
      bits: bitsOf(cipher, mode),
      since: sinceOf(keyExchange, cipher, mode),
    };
  });
}

/** All of them, by number. */
export const SUITES: ReadonlyMap<number, Suite> = new Map(
  ROWS.flatMap(suitesOf).map((suite) => [suite.number, suite]),
);

/** The name of a suite, or its number where the table has none. */
export function suiteName(number: number): string {
  return SUITES.get(number)?.name ?? `0x${number.toString(16).padStart(4, '0')}`;
}

/** Whether the server signs an ephemeral share: then recorded traffic stays closed when its key leaks. */
export function isForwardSecret({ keyExchange }: Suite): boolean {
  return keyExchange === undefined || /^(ECDHE|DHE|DH_anon|ECDH_anon|PSK_DHE|SRP|ECCPWD)/.test(keyExchange);
}
