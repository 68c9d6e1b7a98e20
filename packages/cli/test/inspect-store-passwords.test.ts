import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { describeBlock } from '../src/inspect/describe.ts';
import type { Description } from '../src/inspect/description.ts';
import { blocksOf } from '../src/inspect/input.ts';
import { passphrase } from '../src/passphrase.ts';
import { folder, handfast } from './support/command.ts';
import { inspect, keySha256, kinds, passphraseIs, plainContent, told } from './support/inspected.ts';
import { testPki } from './support/library.ts';
import {
  certificateBag,
  encrypt,
  encryptedKeyBag,
  encryptedPart,
  fixture,
  PASSWORD,
  plainPart,
  store,
} from './support/store.ts';

const LIMIT = { timeout: 100_000 };
const { intermediate, server } = testPki();
const leaf = new X509Certificate(fixture('leaf.pem'));

describe('passwords', LIMIT, () => {
  test('come from the first line of a file, from standard input, or from the environment', async (t) => {
    const bytes = fixture('3des.p12');
    const { path, file } = folder(t);
    const input = join(path, '3des.p12');
    writeFileSync(input, bytes);
    const good = ['hunter2', 'hunter2\n', 'hunter2\r\nanother line'].map((text, i) => file(`${i}`, text));
    for (const path of good) assert.equal(await passphrase(path, {}), PASSWORD);
    assert.equal(await passphrase(undefined, passphraseIs('from there')), 'from there');
    assert.equal(await passphrase(undefined, {}), undefined);
    // The file comes before the environment.
    assert.equal(await passphrase(good[0], passphraseIs('wrong')), PASSWORD);
    const piped = ['inspect', input, '--passphrase-file', '-'];
    assert.equal((await handfast(piped, { input: 'hunter2\n' })).code, 0);
    const latin1 = join(path, 'latin1');
    writeFileSync(latin1, Buffer.from('Gr\xfc\xdfe', 'latin1'));
    for (const [unusable, message] of [
      [join(path, 'none'), /--passphrase-file .*none cannot be used: there is no such file/],
      [path, /it is a folder/],
      [file('long', 'x'.repeat(5000)), /more than 4096 bytes/],
      [latin1, /expected a password in UTF-8/],
    ] as const) {
      await assert.rejects(passphrase(unusable, {}), message);
    }
    const twice = await handfast(['inspect', '-', '--passphrase-file', '-']);
    assert.match(twice.stderr, /can be read once only/);
    const naked = await handfast(['inspect', input, '--passphrase', PASSWORD]);
    assert.equal(naked.code, 2);
  });

  test('a missing one is asked for, a wrong one is called wrong; what is not encrypted is shown', async (t) => {
    const bytes = fixture('modern.p12');
    const without = await inspect(t, bytes, []);
    assert.equal(without.code, 2);
    assert.match(
      without.stderr,
      /an empty password does not open it: give the password with --passphrase-file/,
    );
    assert.match(without.stdout, /integrity {5}not known without the right password/);
    assert.match(without.stdout, /name {10}Schlüssel für fixture\.test/);
    const wrong = await told(bytes, 'hunter3');
    assert.match(wrong.problem ?? '', /neither the password that was given nor an empty one opens it/);
    assert.equal(wrong.facts.integrity, 'wrong password');
    const noMac = await told(fixture('no-mac.p12'), 'hunter3');
    assert.match(noMac.problem ?? '', /neither the password that was given nor an empty one/);
    const open = await told(fixture('open.p12'));
    assert.match(open.problem ?? '', /whether it was changed is not known: give the password/);
    assert.deepEqual(kinds(open), [['certificate'], ['private key']]);
  });

  test('what opens into no key was not opened: padding is right by chance once in a while', async () => {
    const noKey = plainPart(encryptedKeyBag(encrypt(Uint8Array.of(5, 0))));
    const found = await told(store([noKey]), PASSWORD);
    assert.equal(found.facts.password, null);
    assert.match(found.problem ?? '', /neither the password that was given nor an empty one opens it/);
    const sealed = await told(store([noKey], { kind: 'pbmac1' }), PASSWORD);
    assert.match(sealed.problem ?? '', /does not open with the password that fits elsewhere/);
  });

  test('no password at all is another one than an empty one, to PKCS #12', async () => {
    const bytes = store([plainPart(certificateBag(server.der))], { kind: 'pkcs12', secret: null });
    const none = await told(bytes, PASSWORD);
    assert.equal(none.facts.integrity, 'good');
    assert.equal(none.facts.password, 'none');
    const empty = await told(store([plainPart(certificateBag(server.der))], { kind: 'pkcs12', secret: '' }));
    assert.equal(empty.facts.password, 'empty');
  });

  test('encrypted keys that stand alone', async (t) => {
    const open = async (name: string, password?: string): Promise<Description> => {
      const [block] = blocksOf(name, fixture(name));
      assert.ok(block);
      const description = await describeBlock(block, password);
      assert.equal(description.secret, true);
      return description;
    };
    for (const name of ['encrypted-key.pem', 'scrypt-key.pem']) {
      const right = await open(name, PASSWORD);
      const key = right.data['publicKey'] as { readonly sha256: string };
      assert.equal(key.sha256, keySha256(leaf.publicKey));
      const none = await open(name);
      assert.equal(none.problem, undefined);
      assert.ok(none.rows.some(([label, text]) => label === 'encrypted' && text.startsWith('AES-256-CBC')));
      assert.match((await open(name, 'hunter3')).problem ?? '', /the password is missing or wrong/);
    }
    const old = await open('des-key.pem', PASSWORD);
    assert.match(old.problem ?? '', /does not know this encryption/);
    assert.deepEqual(old.rows, [['encrypted', 'PBES1 with MD5 and DES']]);
    const { stdout } = await inspect(t, fixture('encrypted-key.pem'), ['--hex', '--json']);
    assert.ok(!stdout.includes('"fields"'));
  });
});

describe('damage', LIMIT, () => {
  /** The store with one byte changed, counted from where some bytes stand. */
  function changed(name: string, mark: string, offset: number): Buffer {
    const bytes = Buffer.from(fixture(name));
    const at = bytes.indexOf(Buffer.from(mark, 'hex')) + offset;
    assert.ok(at >= offset);
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  }

  test('is told from a wrong password, since that opens nothing', async (t) => {
    const bytes = fixture('modern.p12');
    const mac = Buffer.from(bytes);
    mac[mac.length - 20] = (mac[mac.length - 20] as number) ^ 1;
    const ENCRYPTED_DATA = '06092a864886f70d010706';
    const cases: readonly (readonly [Uint8Array, string, RegExp])[] = [
      [mac, 'damaged', /it is damaged, or was changed: its MAC does not fit/],
      // In the middle of the encrypted certificates: they no longer open, but the key does.
      [changed('modern.p12', ENCRYPTED_DATA, 400), 'damaged', /its MAC does not fit/],
    ];
    for (const [content, verdict, message] of cases) {
      const found = await told(content, PASSWORD);
      assert.equal(found.facts.integrity, verdict);
      assert.match(found.problem ?? '', message);
      const wrong = await told(content, 'hunter3');
      assert.equal(wrong.facts.integrity, 'wrong password');
    }
    const { code, stdout } = await inspect(t, mac, [], passphraseIs(PASSWORD));
    assert.equal(code, 2);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /integrity BAD: the password that was given opens the contents, but/,
    );
  });

  test('of one part leaves the others to be shown', async () => {
    const certificates = encrypt(plainContent(certificateBag(server.der)));
    certificates.ciphertext[20] = (certificates.ciphertext[20] as number) ^ 1;
    const other = encrypt(plainContent(certificateBag(intermediate.der)));
    const found = await told(
      store([encryptedPart(certificates), encryptedPart(other)], { kind: 'pbmac1' }),
      PASSWORD,
    );
    assert.equal(found.facts.integrity, 'good');
    assert.match(found.problem ?? '', /part 1: it does not open with the password that fits elsewhere/);
    assert.equal(found.facts.parts[1]?.contents[0]?.subject, 'CN=Test intermediate p256');
  });

  test('of a certificate, or of what surrounds it', async () => {
    const cut = certificateBag(server.der.slice(0, 100));
    const found = await told(store([plainPart(cut, certificateBag(server.der))]));
    assert.match(found.problem ?? '', /part 1: the certificate is malformed/);
    assert.equal(found.facts.parts[0]?.contents[1]?.subject, 'CN=localhost');
    const broken = await told(store([plainPart(Uint8Array.of(0x05, 0))]));
    assert.match(broken.problem ?? '', /part 1: what it holds is malformed: safeBag: expected SEQUENCE/);
    for (const length of [40, 400, 1000]) {
      const short = await told(fixture('modern.p12').subarray(0, length), PASSWORD);
      assert.match(short.problem ?? '', /the PKCS #12 store is malformed at byte \d+: .*/);
      assert.equal(short.secret, true);
    }
  });
});
