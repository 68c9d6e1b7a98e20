import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CipherSuite, NamedGroup, SignatureScheme } from 'handfast/wire';
import { VERSIONS } from '../src/scan/hello.ts';
import { MAX_OFFERED_SUITES } from '../src/scan/limits.ts';
import {
  CURVES_12,
  GROUPS_13,
  isPostQuantum,
  isWeakGroup,
  nameOfGroup,
  nameOfScheme,
  SCHEMES_12,
  SCHEMES_13,
} from '../src/scan/registries.ts';
import { SUITES, type Suite, suiteName } from '../src/scan/suites.ts';
import { portions } from '../src/scan/versions.ts';
import { flawsOf } from '../src/scan/weaknesses.ts';

function suite(name: string): Suite {
  const found = [...SUITES.values()].find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

describe('the table of cipher suites', () => {
  test('says what the registry of the library says', () => {
    for (const [name, number] of Object.entries(CipherSuite)) {
      if (!name.endsWith('_SCSV')) assert.equal(suiteName(number), name);
    }
  });

  test('has every number and every name once', () => {
    const names = [...SUITES.values()].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length > 350);
  });

  test('knows the ends of its rows, where a slip would show', () => {
    const known: readonly (readonly [number, string])[] = [
      [0x0005, 'TLS_RSA_WITH_RC4_128_SHA'],
      [0x000a, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'],
      [0x0016, 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA'],
      [0x0025, 'TLS_KRB5_WITH_IDEA_CBC_MD5'],
      [0x003a, 'TLS_DH_anon_WITH_AES_256_CBC_SHA'],
      [0x006d, 'TLS_DH_anon_WITH_AES_256_CBC_SHA256'],
      [0x009b, 'TLS_DH_anon_WITH_SEED_CBC_SHA'],
      [0x00ad, 'TLS_RSA_PSK_WITH_AES_256_GCM_SHA384'],
      [0x00c5, 'TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256'],
      [0xc019, 'TLS_ECDH_anon_WITH_AES_256_CBC_SHA'],
      [0xc032, 'TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384'],
      [0xc03b, 'TLS_ECDHE_PSK_WITH_NULL_SHA384'],
      [0xc063, 'TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384'],
      [0xc09b, 'TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384'],
      [0xc0ab, 'TLS_PSK_DHE_WITH_AES_256_CCM_8'],
      [0xccae, 'TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256'],
      [0x0000, '0x0000'],
    ];
    for (const [number, name] of known) assert.equal(suiteName(number), name);
  });

  test('tells strength and age', () => {
    const table = (name: string) => {
      const { bits, mode, since } = suite(name);
      return [bits, mode, since];
    };
    assert.deepEqual(table('TLS_RSA_EXPORT_WITH_RC4_40_MD5'), [40, 'stream', 'SSLv3']);
    assert.deepEqual(table('TLS_RSA_WITH_DES_CBC_SHA'), [56, 'CBC', 'SSLv3']);
    assert.deepEqual(table('TLS_RSA_WITH_3DES_EDE_CBC_SHA'), [112, 'CBC', 'SSLv3']);
    assert.deepEqual(table('TLS_RSA_WITH_NULL_SHA256'), [0, 'none', 'TLSv1.2']);
    assert.deepEqual(table('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'), [256, 'CBC', 'TLSv1.2']);
    assert.deepEqual(table('TLS_DHE_RSA_WITH_AES_128_CCM_8'), [128, 'AEAD', 'TLSv1.2']);
    assert.deepEqual(table('TLS_CHACHA20_POLY1305_SHA256'), [256, 'AEAD', 'TLSv1.3']);
    assert.deepEqual(table('TLS_SHA256_SHA256'), [0, 'none', 'TLSv1.3']);
  });

  test('is offered in portions that old servers can swallow, each suite once, in the versions that know it', () => {
    for (const version of VERSIONS) {
      const all = portions(version).flat();
      assert.ok(portions(version).every(({ length }) => length > 0 && length <= MAX_OFFERED_SUITES));
      assert.equal(new Set(all).size, all.length);
    }
    const size = (version: (typeof VERSIONS)[number]) => portions(version).flat().length;
    assert.equal(size('TLSv1.2') + size('TLSv1.3'), SUITES.size);
    assert.equal(size('TLSv1.0'), size('SSLv3'));
    assert.ok(size('TLSv1.0') < size('TLSv1.2'));
    assert.equal(portions('TLSv1.2')[0]?.includes(CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA), true);
  });
});

describe('the weaknesses of suites', () => {
  const context = { encryptThenMac: false, bits: undefined };

  test('are named, worst first', () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['TLS_AES_128_GCM_SHA256', []],
      ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', []],
      ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', []],
      ['TLS_RSA_WITH_AES_128_GCM_SHA256', ['no-forward-secrecy']],
      ['TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256', ['no-forward-secrecy']],
      ['TLS_DH_RSA_WITH_AES_128_GCM_SHA256', ['no-forward-secrecy']],
      ['TLS_PSK_WITH_AES_128_GCM_SHA256', ['no-forward-secrecy']],
      ['TLS_RSA_PSK_WITH_AES_128_GCM_SHA256', ['no-forward-secrecy']],
      ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', []],
      ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', ['cbc-mac-then-encrypt']],
      ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', ['small-blocks', 'cbc-mac-then-encrypt']],
      ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', ['rc4']],
      ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', ['export-cipher', 'no-forward-secrecy']],
      ['TLS_DHE_RSA_WITH_DES_CBC_SHA', ['short-key', 'cbc-mac-then-encrypt']],
      ['TLS_ECDHE_RSA_WITH_NULL_SHA', ['null-cipher']],
      ['TLS_DH_anon_WITH_AES_128_GCM_SHA256', ['anonymous-key-exchange']],
      ['TLS_ECDH_anon_WITH_NULL_SHA', ['null-cipher', 'anonymous-key-exchange']],
      ['TLS_DHE_DSS_WITH_AES_128_GCM_SHA256', ['dss']],
      ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', ['short-tag']],
      ['TLS_AES_128_CCM_8_SHA256', ['short-tag']],
    ];
    for (const [name, flaws] of cases) assert.deepEqual(flawsOf(suite(name), context), flaws, name);
  });

  test('follow from what came with the suite', () => {
    const dhe = suite('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');
    const withBits = (bits: number) => flawsOf(dhe, { ...context, bits });
    assert.deepEqual(withBits(512), ['broken-finite-field']);
    assert.deepEqual(withBits(1023), ['broken-finite-field']);
    assert.deepEqual(withBits(1024), ['small-finite-field']);
    assert.deepEqual(withBits(2047), ['small-finite-field']);
    assert.deepEqual(withBits(2048), []);
    const cbc = suite('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA');
    assert.deepEqual(flawsOf(cbc, { ...context, encryptThenMac: true }), []);
  });
});

describe('groups and schemes', () => {
  test('have names, and are asked for once', () => {
    const names = (numbers: readonly number[], nameOf: (number: number) => string) => {
      const list = numbers.map(nameOf);
      assert.equal(new Set(list).size, numbers.length);
      assert.ok(
        list.every((name) => /^\w+$/.test(name)),
        list.join(),
      );
      return list;
    };
    const groups13 = names(GROUPS_13, nameOfGroup);
    const curves = names(CURVES_12, nameOfGroup);
    for (const name of Object.keys(NamedGroup)) assert.ok(groups13.includes(name), name);
    assert.ok(curves.includes('sect163k1') && curves.includes('secp192r1') && curves.includes('x25519'));
    assert.ok(!curves.some((name) => name.startsWith('ffdhe')));
    const schemes = new Set([...names(SCHEMES_12, nameOfScheme), ...names(SCHEMES_13, nameOfScheme)]);
    for (const name of Object.keys(SignatureScheme)) assert.ok(schemes.has(name), name);
    assert.ok(!SCHEMES_13.some((scheme) => nameOfScheme(scheme).startsWith('dsa')));
  });

  test('are known to be weak, or to resist a quantum computer', () => {
    assert.deepEqual(['sect163k1', 'secp192r1', 'secp224r1', 'x25519'].filter(isWeakGroup), [
      'sect163k1',
      'secp192r1',
    ]);
    assert.deepEqual(['X25519MLKEM768', 'MLKEM768', 'x25519', 'ffdhe2048'].filter(isPostQuantum), [
      'X25519MLKEM768',
      'MLKEM768',
    ]);
  });
});
