/** `--ca` with files and folders, and `--system-ca`, in every command that has them. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { folder, handfast, serving } from './support/command.ts';
import { keyPem, makePki } from './support/peers.ts';

const LIMIT = { timeout: 110_000 };

/** A chain, and a folder whose name is also a file's, with its root among other things. */
async function chainAndFolder(t: TestContext) {
  const pki = await makePki();
  const other = await makePki('Other Root');
  const { path, file } = folder(t);
  const roots = join(path, 'roots');
  mkdirSync(roots);
  writeFileSync(join(roots, 'other.pem'), other.ca.certificate);
  return { pki, other, path, file, roots, chain: file('chain.pem', pki.server.chain) };
}

describe('--ca', LIMIT, () => {
  test('takes folders: every authority in their files, once; what else is there is said on stderr', async (t) => {
    const { pki, roots, chain } = await chainAndFolder(t);
    const args = ['verify', chain, '--name', 'localhost', '--ca', roots, '--json'];
    const without = await handfast(args);
    assert.equal(without.code, 1);
    assert.equal(without.stderr, '');

    writeFileSync(join(roots, 'root.crt'), pki.ca.certificate);
    symlinkSync('root.crt', join(roots, '01234567.0'));
    writeFileSync(join(roots, 'server.key'), keyPem(pki.server));
    const found = await handfast(args);
    assert.equal(found.code, 0, found.stdout);
    const { question } = JSON.parse(found.stdout) as { question: { authorities: object } };
    assert.deepEqual(question.authorities, { from: [roots], count: 2 });
    assert.match(
      found.stderr,
      /^handfast: not used of --ca .*roots:\n {2}.*server\.key: it holds no certificate\n$/,
    );
  });

  test('of many things that are no authorities a few are named', async (t) => {
    const { pki, roots, chain } = await chainAndFolder(t);
    writeFileSync(join(roots, 'root.crt'), pki.ca.certificate);
    for (let i = 0; i < 12; i++) writeFileSync(join(roots, `note-${i}\u001b[31m`), 'text');
    const { code, stderr } = await handfast(['verify', chain, '--name', 'localhost', '--ca', roots]);
    assert.equal(code, 0);
    assert.equal(stderr.split('\n').length, 8);
    assert.match(stderr, /\n {2}and 7 more\n$/);
    assert.ok(!stderr.includes('\u001b'));
  });

  test('several of them, files and folders, are trusted together', async (t) => {
    const { pki, file, roots, chain } = await chainAndFolder(t);
    const root = file('root.pem', pki.ca.certificate);
    const args = ['verify', chain, '--name', 'localhost', '--ca', roots, '--ca', root, '--json'];
    const { code, stdout } = await handfast(args);
    assert.equal(code, 0);
    const { question } = JSON.parse(stdout) as { question: { authorities: object } };
    assert.deepEqual(question.authorities, { from: [roots, root], count: 2 });
  });
});

describe('--system-ca', LIMIT, () => {
  test("trusts the system's authorities in place of Node's, and those of --ca as well", async (t) => {
    const { pki, other, file, chain } = await chainAndFolder(t);
    const root = file('root.pem', pki.ca.certificate);
    const env = { SSL_CERT_FILE: file('system.pem', other.ca.certificate), SSL_CERT_DIR: '' };
    const verify = (...args: string[]) =>
      handfast(['verify', chain, '--name', 'localhost', '--json', ...args], { env });
    const authorities = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout) as { question: { authorities: object } }).question.authorities;

    const alone = await verify('--system-ca');
    assert.equal(alone.code, 1);
    assert.deepEqual(authorities(alone), { from: ["this system's store"], count: 1 });
    const both = await verify('--system-ca', '--ca', root);
    assert.equal(both.code, 0);
    assert.deepEqual(authorities(both), { from: ["this system's store", root], count: 2 });
    const system = { SSL_CERT_FILE: root, SSL_CERT_DIR: '' };
    const found = await handfast(['verify', chain, '--name', 'localhost', '--system-ca'], { env: system });
    assert.equal(found.code, 0);
    assert.match(found.stdout, /trusted: this system's store \(1 certificate\)/);
  });

  test('a store that cannot be read is named', async (t) => {
    const { chain, path } = await chainAndFolder(t);
    const env = { SSL_CERT_FILE: join(path, 'none.pem') };
    const args = ['verify', chain, '--name', 'localhost', '--system-ca'];
    const { code, stderr } = await handfast(args, { env });
    assert.equal(code, 2);
    assert.match(stderr, /--system-ca .*none\.pem cannot be used: there is no such file or folder\.\n$/);
  });

  test('connect and scan take both, too', async (t) => {
    const { pki, file, roots } = await chainAndFolder(t);
    writeFileSync(join(roots, 'root.crt'), pki.ca.certificate);
    const cert = file('server.pem', pki.server.chain);
    const { port } = await serving(t, [
      '--cert',
      cert,
      '--key',
      file('server.key', keyPem(pki.server)),
      '--echo',
    ]);
    const target = `localhost:${port}`;
    const env = { SSL_CERT_FILE: join(roots, 'root.crt'), SSL_CERT_DIR: '' };
    assert.equal((await handfast(['connect', target, '--ca', roots])).code, 0);
    assert.equal((await handfast(['connect', target, '--system-ca'], { env })).code, 0);
    assert.equal((await handfast(['connect', target, '--ca', join(roots, 'other.pem')])).code, 1);
    const scanned = async (...args: string[]) => {
      const { stdout } = await handfast(['scan', target, '--json', '--max-connections', '60', ...args], {
        env,
      });
      return stdout.includes('ERR_UNKNOWN_CA') || /"rule": ?"issuer"/.test(stdout);
    };
    assert.deepEqual(
      [await scanned('--system-ca'), await scanned('--ca', join(roots, 'other.pem'))],
      [false, true],
    );
  });
});
