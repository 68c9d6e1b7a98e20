import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describeBlock } from '../src/inspect/describe.ts';
import { derFields } from '../src/inspect/fields.ts';
import { blocksOf } from '../src/inspect/input.ts';
import type { DumpField } from '../src/render/dump.ts';
import { inspect, keySha256, kinds, passphraseIs, plainContent, told } from './support/inspected.ts';
import { makeList, testPki } from './support/library.ts';
import {
  bag,
  certificateBag,
  encrypt,
  encryptedKeyBag,
  encryptedPart,
  envelopedPart,
  FIXTURES,
  fixture,
  friendlyName,
  indefiniteStore,
  keyBag,
  listBag,
  PASSWORD,
  plainPart,
  scryptEncrypt,
  secretBag,
  signedStore,
  store,
} from './support/store.ts';

const LIMIT = { timeout: 100_000 };
const { intermediate, server } = testPki();
const leaf = new X509Certificate(fixture('leaf.pem'));

describe('stores that other programs made', LIMIT, () => {
  const CERTIFICATE = 'certificate';
  const KEY = 'private key';
  const cases: readonly (readonly [
    name: string,
    password: string | undefined,
    parts: readonly (readonly string[])[],
    integrity: string,
    origin: string | null,
  ])[] = [
    ['modern', PASSWORD, [[CERTIFICATE, CERTIFICATE], [KEY]], 'good', 'given'],
    ['3des', PASSWORD, [[CERTIFICATE], [KEY]], 'good', 'given'],
    ['aes-128', PASSWORD, [[CERTIFICATE], [KEY]], 'good', 'given'],
    ['empty-password', undefined, [[CERTIFICATE, CERTIFICATE], [KEY]], 'good', 'empty'],
    ['empty-password', 'another', [[CERTIFICATE, CERTIFICATE], [KEY]], 'good', 'empty'],
    ['no-mac', PASSWORD, [[CERTIFICATE], [KEY]], 'none', 'given'],
    ['open', PASSWORD, [[CERTIFICATE], [KEY]], 'good', 'given'],
    ['open-no-mac', undefined, [[CERTIFICATE], [KEY]], 'none', null],
    ['unicode-password', 'Grüße, 世界 🔑', [[CERTIFICATE], [KEY]], 'good', 'given'],
    ['java', PASSWORD, [[KEY], [CERTIFICATE, CERTIFICATE]], 'good', 'given'],
    ['java-trust', PASSWORD, [Array.from({ length: 5 }, () => CERTIFICATE)], 'good', 'given'],
    ['nss', PASSWORD, [[KEY], [CERTIFICATE, CERTIFICATE]], 'good', 'given'],
  ];

  for (const [name, password, parts, integrity, origin] of cases) {
    test(`${name}, with ${password === undefined ? 'no password' : `'${password}'`}`, async () => {
      const found = await told(fixture(`${name}.p12`), password);
      assert.equal(found.problem, undefined);
      assert.deepEqual(kinds(found), parts);
      assert.equal(found.facts.integrity, integrity);
      assert.equal(found.facts.password, origin);
      for (const entry of found.facts.parts.flatMap(({ contents }) => contents)) {
        if (entry.kind !== KEY) continue;
        assert.equal(entry.publicKey?.type, 'EC, P-384');
        assert.equal(entry.publicKey.sha256, keySha256(leaf.publicKey));
      }
    });
  }

  test('every one of them is looked at', () => {
    const named = new Set(cases.map(([name]) => `${name}.p12`));
    const there = readdirSync(fileURLToPath(FIXTURES)).filter((name) => name.endsWith('.p12'));
    assert.deepEqual(
      there.filter((name) => !named.has(name)),
      ['legacy.p12'],
    );
  });

  test('what OpenSSL without its legacy ciphers cannot decrypt is told, and how to get at it', async (t) => {
    const bytes = fixture('legacy.p12');
    const found = await told(bytes, PASSWORD);
    // Certificates are under RC2 with 40 bits; the MAC and the key under 3DES can be told.
    assert.equal(found.facts.integrity, 'good');
    assert.deepEqual(kinds(found), [[], ['private key']]);
    assert.equal(found.facts.parts[1]?.contents[0]?.publicKey?.sha256, keySha256(leaf.publicKey));
    const { code, stdout, stderr } = await inspect(t, bytes, [], passphraseIs(PASSWORD));
    assert.equal(code, 2);
    assert.match(stdout, /40-bit RC2 is not in the OpenSSL of Node/);
    assert.match(stderr, /openssl pkcs12 -legacy -in '.*a b\.p12' -out '.*a b\.p12\.pem' -nodes opens it/);
  });

  test('for people', async (t) => {
    const { code, stdout, stderr } = await inspect(t, fixture('modern.p12'), [], passphraseIs(PASSWORD));
    assert.equal(code, 0, stderr);
    // Fingerprints are compared by eye and by search: they stand on one line, in the certificate and in its key.
    assert.equal(stdout.split(keySha256(leaf.publicKey)).length, 3);
    const text = stdout.replace(/\s+/g, ' ');
    assert.match(text, /mac HMAC-SHA-256; PKCS #12 derivation with SHA-256, 2048 iterations/);
    assert.match(text, /integrity good: made with the password that was given/);
    assert.match(
      text,
      /part 1 2 certificates; AES-256-CBC \(PBES2; PBKDF2 with HMAC-SHA-256, 2048 iterations\)/,
    );
    assert.match(text, /part 2 1 private key; not encrypted, but its keys are/);
    assert.match(text, /certificate \(part 1, entry 1 of 2\) name Schlüssel für fixture\.test local key id/);
    assert.match(text, /private key \(part 2, entry 1 of 1\) .*type EC, P-384 key sha256/);
    const content = plainPart(certificateBag(server.der));
    const ber = await inspect(t, indefiniteStore(content), ['--hex']);
    assert.equal(ber.code, 0);
    assert.match(ber.stdout, /a b\.p12 \(BER\).*Its bytes are not shown: it is not DER/s);
  });
});

describe('what few programs write', LIMIT, () => {
  const pkcs8 = (key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey): Buffer =>
    key.export({ type: 'pkcs8', format: 'der' });

  test('PBMAC1 (RFC 9579)', async () => {
    const key = createPrivateKey(server.keyPem);
    const parts = [
      encryptedPart(encrypt(plainContent(certificateBag(server.der)))),
      plainPart(encryptedKeyBag(encrypt(pkcs8(key)))),
    ];
    const bytes = store(parts, { kind: 'pbmac1' });
    const found = await told(bytes, PASSWORD);
    assert.equal(found.problem, undefined);
    assert.equal(found.facts.integrity, 'good');
    assert.equal(found.facts.mac?.algorithm, 'PBMAC1');
    assert.equal(found.facts.parts[1]?.contents[0]?.publicKey?.sha256, keySha256(key));
    const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
    // OpenSSL knows it since 3.4: where it is there, it must agree.
    if (major > 3 || (major === 3 && minor >= 4)) {
      createSecureContext({ pfx: Buffer.from(bytes), passphrase: PASSWORD });
    }
    assert.equal((await told(bytes, 'hunter3')).facts.integrity, 'wrong password');
  });

  test('what these tests write is what OpenSSL reads', () => {
    const key = createPrivateKey(server.keyPem);
    const parts = [
      encryptedPart(encrypt(plainContent(certificateBag(server.der)))),
      plainPart(encryptedKeyBag(encrypt(pkcs8(key)))),
    ];
    const pfx = Buffer.from(store(parts, { kind: 'pkcs12' }));
    createSecureContext({ pfx, passphrase: PASSWORD });
    assert.throws(() => createSecureContext({ pfx, passphrase: 'hunter3' }), /mac verify failure/);
  });

  test('revocation lists, secrets, bags inside of bags, and what is not known', async (t) => {
    const inside = plainContent(listBag(makeList(intermediate)), bag(6, plainContent(keyBag(pkcs8()))));
    const bytes = store([
      plainPart(bag(6, inside), secretBag(Buffer.from('top secret')), bag(9, Uint8Array.of(5, 0))),
      plainPart(
        certificateBag(server.der, '1.2.840.113549.1.9.22.2'),
        bag(1, pkcs8(), friendlyName('my key')),
      ),
      envelopedPart(),
    ]);
    const found = await told(bytes);
    assert.deepEqual(kinds(found), [
      ['revocation list', 'private key', 'secret', 'entry of an unknown kind'],
      ['entry of an unknown kind', 'private key'],
      [],
    ]);
    assert.match(found.problem ?? '', /part 3: handfast does not open parts of this kind/);
    assert.equal(found.facts.parts[1]?.contents[1]?.friendlyName, 'my key');
    const { stdout } = await inspect(t, bytes, ['--hex']);
    assert.match(stdout, /encrypted {5}NO: it lies open/);
    assert.ok(!stdout.includes('top secret') && !stdout.includes('74 6f 70 20 73 65'), stdout);
    assert.match((await told(signedStore())).rows.map(String).join(), /signed data/);
  });

  test('scrypt (RFC 7914)', async () => {
    const part = encryptedPart(scryptEncrypt(plainContent(certificateBag(server.der))));
    const found = await told(store([part]), PASSWORD);
    assert.equal(found.problem, undefined);
    assert.match(found.rows.join(), /scrypt, N 16, r 8, p 1/);
  });
});

/** What of a file `--hex` shows: the ranges of fields that are not hidden. */
function shown(fields: readonly DumpField[]): readonly (readonly [start: number, end: number])[] {
  return fields.flatMap(({ start, end, fields: inside = [], hidden }) => {
    if (hidden === true) return [];
    const [first] = inside;
    return first === undefined ? [[start, end] as const] : [[start, first.start] as const, ...shown(inside)];
  });
}

describe('--hex of stores', LIMIT, () => {
  test('shows what is no secret, and where the rest stands', async (t) => {
    for (const name of ['modern', 'open', 'open-no-mac', '3des', 'java']) {
      const bytes = fixture(`${name}.p12`);
      const fields = derFields('PKCS #12 store', bytes, true);
      const visible = Buffer.concat(shown(fields).map(([start, end]) => bytes.subarray(start, end)));
      // The certificates of these two are not encrypted; keys never show.
      assert.equal(visible.includes(leaf.raw), name.startsWith('open'), name);
      assert.ok(visible.length > 100 && visible.length < bytes.length);
    }
    const bytes = fixture('open.p12');
    const { stdout } = await inspect(t, bytes, ['--hex'], passphraseIs(PASSWORD));
    assert.match(stdout, /PFX SEQUENCE/);
    assert.match(stdout, /privateKey OCTET STRING\s+\d+ bytes,\s+not\s+shown/);
    const json = await inspect(t, bytes, ['--hex', '--json'], passphraseIs(PASSWORD));
    assert.match(json.stdout, /"hidden": true/);
    assert.ok(!json.stdout.includes('"der"'));
  });

  test('no change of a byte makes it show a key', async () => {
    const original = fixture('open-no-mac.p12');
    const jwk = createPrivateKey(openKey(original)).export({ format: 'jwk' });
    const scalar = Buffer.from(jwk.d ?? '', 'base64url');
    const at = original.indexOf(scalar);
    assert.ok(scalar.length === 48 && at > 0, 'the key lies open in that store');
    let guarded = 0;
    for (let i = 1; i < original.length; i++) {
      const bytes = Buffer.from(original);
      bytes[i] = (bytes[i] as number) ^ (1 << (i % 8));
      const [block] = blocksOf('a.p12', bytes);
      if (block === undefined) continue;
      const { kind, secret } = await describeBlock(block);
      if (secret !== 'partly') continue;
      guarded++;
      const visible = shown(derFields(kind, bytes, true));
      assert.ok(
        visible.every(([start, end]) => end <= at || start >= at + scalar.length),
        `byte ${i}`,
      );
    }
    assert.ok(guarded > original.length / 2);
  });
});

/** The PrivateKeyInfo that lies open in a store. */
function openKey(bytes: Buffer): { readonly key: Buffer; readonly format: 'der'; readonly type: 'pkcs8' } {
  const find = (fields: readonly DumpField[]): DumpField | undefined => {
    for (const field of fields) {
      const found = field.name.startsWith('PrivateKeyInfo') ? field : find(field.fields ?? []);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = find(derFields('PKCS #12 store', bytes, true));
  assert.ok(found);
  return { key: bytes.subarray(found.start, found.end), format: 'der', type: 'pkcs8' };
}
