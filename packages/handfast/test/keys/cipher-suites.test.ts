/** The tables of cipher suites against the names that IANA gives them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AEAD_KEY_LENGTH, CBC_KEY_LENGTH } from '../../src/crypto/provider.ts';
import {
  CIPHER_SUITES,
  type CipherSuite12Info,
  TLS12_CIPHER_SUITES,
  TLS13_CIPHER_SUITES,
} from '../../src/keys/cipher-suites.ts';
import { DEFAULT_POLICY } from '../../src/policy/policies.ts';
import { CipherSuite, cipherSuiteName } from '../../src/wire/registry.ts';

/** Values that only look like suites: they signal something in a ClientHello. */
const SIGNALS: readonly number[] = [
  CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
  CipherSuite.TLS_FALLBACK_SCSV,
];

test('each suite of TLS 1.3 is what its name says', () => {
  assert.equal(TLS13_CIPHER_SUITES.size, 5);
  for (const [number, { suite, name, version, aead, hash }] of TLS13_CIPHER_SUITES) {
    assert.equal(number, suite);
    assert.equal(cipherSuiteName(number), name);
    assert.equal(version, 'TLSv1.3');
    assert.equal(name, `TLS_${aead.replaceAll('-', '_')}_${hash.replace('-', '')}`);
    assert.ok(AEAD_KEY_LENGTH[aead] > 0);
  }
});

/** What a name of TLS 1.2 says, read by the rules of RFC 5246 section 5 and RFC 6655 section 3. */
function told(name: string): Omit<CipherSuite12Info, 'suite' | 'name'> {
  const match = /^TLS_(?:(ECDHE|DHE)_(ECDSA|RSA)|RSA)_WITH_(.*?)(?:_(SHA\d*))?$/.exec(name);
  assert.ok(match, name);
  const [, ephemeral, signed, cipher = '', sha] = match;
  const mac = sha === 'SHA' ? 'SHA-1' : sha === 'SHA384' ? 'SHA-384' : 'SHA-256';
  const spelled = cipher.replaceAll('_', '-');
  return {
    version: 'TLSv1.2',
    keyExchange: (ephemeral ?? 'RSA') as CipherSuite12Info['keyExchange'],
    authentication: (signed ?? 'RSA') as CipherSuite12Info['authentication'],
    cipher: (spelled.endsWith('CBC')
      ? { kind: 'cbc', cbc: spelled, mac }
      : { kind: 'aead', aead: spelled }) as CipherSuite12Info['cipher'],
    // Where the name has SHA alone, or no hash, the PRF is that of TLS 1.2.
    hash: sha === 'SHA384' ? 'SHA-384' : 'SHA-256',
  };
}

test('each suite of TLS 1.2 is what its name says', () => {
  assert.equal(TLS12_CIPHER_SUITES.size, 35);
  for (const [number, { suite, name, ...rest }] of TLS12_CIPHER_SUITES) {
    assert.equal(number, suite);
    assert.equal(cipherSuiteName(number), name);
    assert.deepEqual(rest, told(name));
    const { cipher } = rest;
    const keyLength = cipher.kind === 'cbc' ? CBC_KEY_LENGTH[cipher.cbc] : AEAD_KEY_LENGTH[cipher.aead];
    assert.equal(keyLength, name.includes('AES_128') ? 16 : 32, name);
  }
});

test('the registry names the suites of both tables, and nothing besides but signals', () => {
  const both = [...TLS13_CIPHER_SUITES.keys(), ...TLS12_CIPHER_SUITES.keys()];
  assert.equal(CIPHER_SUITES.size, both.length);
  assert.deepEqual([...CIPHER_SUITES.keys()], both);
  const named = Object.values(CipherSuite).filter((suite) => !SIGNALS.includes(suite));
  assert.deepEqual([...named].sort(), [...both].sort());
});

test('the suites of TLS 1.3 that are offered by default are those without CCM', () => {
  const offered = DEFAULT_POLICY.cipherSuites.filter((suite) => TLS13_CIPHER_SUITES.has(suite));
  assert.deepEqual(offered.map(cipherSuiteName), [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
  ]);
});
