import 'reflect-metadata'; // needed by @peculiar/x509 before it is loaded
import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { Authority, validFor } from '../src/authority.ts';
import { folder, handfast } from './support/command.ts';
import { keyPem, makePki } from './support/peers.ts';

const LIMIT = { timeout: 100_000 };

interface BlockData {
  readonly kind: string;
  readonly label: string | null;
  readonly problem?: string;
  readonly publicKey?: { readonly type: string; readonly sha256: string };
  readonly [name: string]: unknown;
}

async function inspectJson(args: readonly string[], expected = 0): Promise<readonly BlockData[]> {
  const { code, stdout, stderr } = await handfast(['inspect', '--json', ...args]);
  assert.equal(code, expected, stderr);
  const document = JSON.parse(stdout) as { ok: boolean; blocks: readonly BlockData[] };
  assert.equal(document.ok, expected === 0);
  return document.blocks;
}

function fingerprint(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

describe('handfast inspect', LIMIT, () => {
  test('shows a certificate, and which key belongs to it', async (t) => {
    const { ca, server } = await makePki();
    const { file } = folder(t);
    const args = [
      file('chain.pem', `${server.chain}\n${ca.certificate}`),
      file('server.key', keyPem(server)),
    ];
    const { code, stdout, stderr } = await handfast(['inspect', ...args]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assert.match(
      stdout,
      /block 1 of 2 \(PEM: CERTIFICATE\)\n {2}subject {7}CN=localhost\n {2}issuer {8}CN=Test Root\n/,
    );
    assert.match(stdout, /issuer {8}CN=Test Root \(self-signed\)/);
    assert.match(stdout, /subjectAltName\n {16}DNS:localhost, IP:127\.0\.0\.1, IP:::1/);
    assert.match(stdout, /keyUsage {6}\(critical\) digitalSignature/);
    assert.equal(stdout.split(fingerprint(server.key)).length, 3, 'the same fingerprint, twice');
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('tells the same to programs', async (t) => {
    const { server } = await makePki();
    const [block] = await inspectJson([folder(t).file('leaf.pem', server.certificate)]);
    const known = new X509Certificate(server.certificate);
    assert.equal(block?.kind, 'certificate');
    assert.equal(block['subject'], 'CN=localhost');
    assert.equal(block['notAfter'], new Date(known.validTo).toISOString().replace('.000', ''));
    assert.equal(block['sha256'], known.fingerprint256.replaceAll(':', '').toLowerCase());
    assert.equal(block.publicKey?.sha256, fingerprint(server.key));
    const extensions = block['extensions'] as readonly { name: string; value: unknown }[];
    assert.deepEqual(extensions.find(({ name }) => name === 'extKeyUsage')?.value, ['serverAuth']);
  });

  test('reads DER, a bundle of many kinds, and standard input', async (t) => {
    const { server } = await makePki();
    const { path, file } = folder(t);
    writeFileSync(join(path, 'leaf.der'), der(server.certificate));
    const [binary] = await inspectJson([join(path, 'leaf.der')]);
    assert.equal(binary?.label, null);
    assert.equal(binary?.kind, 'certificate');
    const pub = createPublicKey(server.key).export({ type: 'spki', format: 'pem' });
    const bundle = file('all.pem', `text\n${server.certificate}\n${keyPem(server)}${pub}`);
    const kinds = (await inspectJson([bundle])).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['certificate', 'private key', 'public key']);
    const piped = await handfast(['inspect', '-'], { input: der(server.certificate) });
    assert.equal(piped.code, 0, piped.stderr);
    assert.match(piped.stdout, /standard input \(DER\)/);
  });

  test('shows a request, and whether it was made with its key', async (t) => {
    const keys = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: [{ CN: ['a.test'] }],
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'a.test' }])],
    });
    const { path, file } = folder(t);
    const [good] = await inspectJson([file('a.csr', request.toString('pem'))]);
    assert.equal(good?.kind, 'certificate request');
    assert.equal(good['signatureValid'], true);
    const { stdout } = await handfast(['inspect', join(path, 'a.csr')]);
    assert.match(stdout, /good: made with its own key/);
    assert.match(stdout, /DNS:a\.test/);
    const changed = Buffer.from(request.rawData);
    changed[changed.indexOf('a.test')] = 0x62;
    writeFileSync(join(path, 'b.csr'), changed);
    const [bad] = await inspectJson([join(path, 'b.csr')]);
    assert.equal(bad?.['subject'], 'CN=b.test');
    assert.equal(bad['signatureValid'], false);
  });

  test('never shows the private parts of a key', async (t) => {
    const { file } = folder(t);
    const kinds = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('x25519'),
    ].map(({ privateKey }) => privateKey);
    const secrets: string[] = [];
    const paths = kinds.flatMap((key, i) => {
      const jwk = key.export({ format: 'jwk' });
      secrets.push(
        Buffer.from(jwk.d as string, 'base64url')
          .toString('hex')
          .slice(0, 32),
      );
      const forms = ['pkcs8', ...(i === 0 ? ['pkcs1'] : []), ...(i === 1 ? ['sec1'] : [])] as const;
      return forms.map((type) => {
        const pem = key.export({ format: 'pem', type: type as 'pkcs8' }) as string;
        secrets.push(pem.split('\n')[1] as string);
        return file(`${i}${type}.key`, pem);
      });
    });
    for (const options of [[], ['--hex'], ['--hex', '--json']]) {
      const { code, stdout, stderr } = await handfast(['inspect', ...paths, ...options]);
      assert.equal(code, 0, stderr);
      for (const key of kinds) assert.ok(stdout.includes(fingerprint(key)));
      const together = stdout.replace(/\s/g, '');
      for (const secret of secrets) assert.ok(!together.includes(secret), stdout);
    }
  });

  test('encrypted keys are told as such', async (t) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { file } = folder(t);
    const lock = { cipher: 'aes-128-cbc', passphrase: 'secret' } as const;
    for (const [type, message] of [
      ['pkcs8', /encrypted AES-128-CBC \(PBES2; PBKDF2 with HMAC-SHA-256, .*--passphrase-file FILE/],
      ['pkcs1', /openssl pkey -in '.*it'\\''s\.key' -out PLAIN decrypts it/],
    ] as const) {
      const pem = privateKey.export({ format: 'pem', type, ...lock }) as string;
      const { code, stdout } = await handfast(['inspect', file("it's.key", pem), '--hex']);
      assert.equal(code, 0);
      assert.match(stdout.replace(/\s+/g, ' '), message);
      assert.match(stdout, /Its bytes are not shown/);
    }
  });

  test('--hex shows every byte once, with its meaning', async (t) => {
    const { server } = await makePki();
    const path = folder(t).file('leaf.pem', server.certificate);
    const { code, stdout } = await handfast(['inspect', path, '--hex']);
    assert.equal(code, 0);
    const rows = [
      ...stdout.matchAll(/^ {2}([0-9a-f]{4}) {2}((?:[0-9a-f]{2} ){0,15}[0-9a-f]{2})(?= {2}|$)/gm),
    ];
    const bytes = rows.map(([, , digits]) => (digits as string).replaceAll(' ', '')).join('');
    assert.equal(bytes, der(server.certificate).toString('hex'));
    assert.match(stdout, /0000 {2}30 82 .*Certificate SEQUENCE {2}\d+ bytes/);
    assert.match(stdout, /notAfter UTCTime {2}20\d\d-/);
    assert.match(stdout, /\[2\] {2}"localhost", 11 bytes/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('what is damaged or not for handfast is told, and the rest is shown', async (t) => {
    const { server } = await makePki();
    const { path, file } = folder(t);
    const pem = server.certificate;
    const pkcs12 = Buffer.from('3014020103300f06092a864886f70d010701a0020400', 'hex');
    writeFileSync(join(path, 'a b.p12'), pkcs12);
    const damaged = der(pem);
    damaged[damaged.length - 80] = 0xff;
    writeFileSync(join(path, 'cut.der'), damaged.subarray(0, 100));
    symlinkSync(path, join(path, 'loop'));
    const block = (label: string, content: string): string =>
      `-----BEGIN ${label}-----\n${content}\n-----END ${label}-----\n`;
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(path, 'a b.p12'), /the PKCS #12 store is malformed at byte 22: an element is cut off/],
      [join(path, 'cut.der'), /malformed at byte|neither a certificate/],
      [file('half.pem', pem.slice(0, 200)), /has no END line/],
      [file('bad.pem', `${pem}\n${block('CERTIFICATE', 'MAA!')}`), /block 2 of 2 .*does not hold base64/],
      [file('none.pem', block('CERTIFICATE', '')), /neither a certificate|is empty/],
      [file('short.pem', block('CERTIFICATE', 'MAA=')), /neither a certificate/],
      [file('ssh.pem', block('OPENSSH PRIVATE KEY', 'b3BlbnNzaA==')), /ssh-keygen -p -m PKCS8/],
      [file('key.pem', block('PRIVATE KEY', 'MAgCAQAwAwYBKg==')), /damaged, or of a kind|neither/],
      [file('text.txt', 'hello'), /expected PEM .* or DER/],
      [file('empty', ''), /it is empty/],
      [path, /it is a folder/],
      [join(path, 'none'), /there is no such file/],
      ['', /'' cannot be used/],
      ['/dev/zero', /more than 50331648 bytes/],
    ];
    for (const [input, message] of cases) {
      const { code, stderr } = await handfast(['inspect', input, '--hex']);
      assert.equal(code, 2, `${input}: ${stderr}`);
      assert.match(stderr, message);
      assert.ok(!stderr.includes('    at ') && !stderr.includes('internal error'), stderr);
    }
    const [first, second] = await inspectJson([join(path, 'bad.pem')], 2);
    assert.equal(first?.['subject'], 'CN=localhost');
    assert.match(second?.problem ?? '', /does not hold base64/);
  });

  test('wrong usage has the exit code 2', async () => {
    for (const [args, message] of [
      [[], /missing required argument/],
      [['-', '-'], /can be read once only/],
      [['-', '--nothing'], /unknown option/],
      [['-'], /standard input cannot be used: .*it is empty/],
    ] as const) {
      const { code, stderr } = await handfast(['inspect', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });

  test('names in certificates cannot steer the terminal', async (t) => {
    const root = await Authority.root('evil\u001b[2J\u202etxet', 'ECDSA P-256', validFor(1));
    const path = folder(t).file('root.pem', root.certificate);
    for (const options of [[], ['--hex'], ['--json']]) {
      const { code, stdout } = await handfast(['inspect', path, ...options]);
      assert.equal(code, 0);
      assert.ok(
        !stdout.includes('\u001b') && (options[0] === '--json' || !stdout.includes('\u202e')),
        stdout,
      );
    }
  });
});
