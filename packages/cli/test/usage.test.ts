import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as limits from '../src/limits.ts';
import { folder, handfast, LAUNCHER } from './support/command.ts';
import { keyPem, makePki } from './support/peers.ts';

describe('the files that a command line names', () => {
  test('are refused in plain words when they cannot be used', async (t) => {
    const pki = await makePki();
    const { file, path } = folder(t);
    const certificate = file('server.pem', pki.server.chain);
    const key = file('server.key', keyPem(pki.server));
    const otherKey = file('other.key', keyPem(pki.client));
    const encrypted = file(
      'encrypted.key',
      pki.server.key
        .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'secret' })
        .toString(),
    );
    const text = file('text.pem', 'not a certificate');
    const broken = file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const [nothing, keys] = [join(path, 'nothing'), join(path, 'keys')];
    for (const name of [nothing, keys]) mkdirSync(name);
    writeFileSync(join(keys, 'server.key'), keyPem(pki.server));
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--ca', `${path}/none.pem`], /--ca .*none\.pem cannot be used: there is no such file or folder\./],
      [['--ca', nothing], /--ca .* cannot be used: it is empty\./],
      [
        ['--ca', keys],
        /--ca .* cannot be used: nothing in it can be used; .*server\.key: it holds no certificate\./,
      ],
      [['--ca', text], /--ca .*text\.pem cannot be used: .*PEM/],
      [['--ca', broken], /--ca .*broken\.pem cannot be used: /],
      [['--ca', key], /--ca .*server\.key cannot be used: .*is it the key's file\?/],
      [['--cert', certificate, '--key', otherKey], /cannot be used: .*(belong|match)/],
      [['--cert', certificate, '--key', text], /--key .*text\.pem cannot be used: /],
      [['--cert', text, '--key', key], /--cert .*text\.pem cannot be used: /],
      [['--cert', certificate], /--cert and --key belong together/],
      [['--key', key], /--cert and --key belong together/],
      [['--cert', certificate, '--key', encrypted], /--key .* is encrypted; decrypt it first/],
      [['--ca', '/dev/zero'], /--ca \/dev\/zero cannot be used: it has more than 16777216 bytes/],
      [['--ca', ''], /--ca '' cannot be used: give a file or a folder/],
      [['--keylog', `${path}/no/such/place`], /--keylog .* cannot be used: there is no such folder/],
      [['--keylog', path], /--keylog .* cannot be used: it is a folder\./],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(['connect', '127.0.0.1:1', ...args]);
      assert.equal(code, 2, `${args}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.ok(stderr.split('\n').length <= 3, stderr);
    }
  });
});

describe('the command line', () => {
  test('wrong usage has the exit code 2 and says what is wrong', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['connect'], /missing required argument/],
      [['connect', 'https://example.com/'], /is a URL/],
      [['connect', 'localhost:99999'], /not a port/],
      [['connect', 'localhost', '--insecure'], /unknown option/],
      [['connect', 'localhost', '--timeout', 'soon'], /Expected seconds/],
      [['connect', 'localhost', '--get', 'index.html'], /begins with \//],
      [['connect', 'localhost', '--get', '/', '--alpn', 'h2'], /--get speaks HTTP\/1\.1/],
      [['connect', 'localhost', '--alpn', 'a,,b'], /Expected names/],
      [['connect', 'localhost', '--alpn', 'h2,h2'], /h2 is named twice/],
      [['connect', 'localhost', '--servername', 'a b'], /servername: expected a host name/],
      [['connect', '256.1.1.1'], /host: expected a host name/],
      [['serve', '--host', ''], /--host needs an address/],
      [['serve', '--root', ''], /--root '' cannot be used: give a folder/],
      [
        ['serve', '--proxy', 'http://localhost:80'],
        /is a URL: give only its host and port, without http:\/\/ and path\.$/m,
      ],
      [['scan'], /missing required argument/],
      [['scan', 'https://example.com/'], /is a URL/],
      [['scan', 'localhost', '--name', 'a b'], /name: expected a host name/],
      [['scan', 'localhost', '--name', ''], /--name needs a name/],
      [['scan', 'localhost', '--max-connections', '0'], /Expected a number from 1 to 2000/],
      [['scan', 'localhost', '--max-connections', '2001'], /Expected a number from 1 to 2000/],
      [['scan', 'localhost', '--parallel', '1e1'], /Expected a number from 1 to 10/],
      [['scan', 'localhost', '--delay', '-1'], /Expected seconds/],
      [['scan', 'localhost', '--ca', '/no/such/file'], /--ca .* cannot be used: there is no such file/],
      [['nothing'], /unknown command/],
      [[], /Usage: handfast/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await handfast(args);
      assert.equal(code, 2, `${args}: ${stderr}`);
      assert.match(stderr, message);
    }
  });

  test('a launcher without a build says what to do', async (t) => {
    const launcher = folder(t).file('handfast.mjs', readFileSync(LAUNCHER, 'utf8'));
    const child = spawn(process.execPath, [launcher]);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 2);
    assert.match(stderr, /npm run build/);
  });

  test('help and version', async () => {
    const version = await handfast(['--version']);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    for (const command of ['demo', 'connect', 'serve', 'scan', 'verify', 'inspect', 'ca']) {
      for (const args of [
        [command, '--help'],
        ['help', command],
      ]) {
        const { code, stdout } = await handfast(args);
        assert.equal(code, 0);
        assert.match(stdout, new RegExp(`Usage: handfast ${command} .*Examples:.*Exit codes:`, 's'));
      }
    }
  });

  test('docs/limits.md has every limit on files, with its value', () => {
    const page = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
    const [section = ''] = page.split('## Files:')[1]?.split('\n## ') ?? [];
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)];
    const told = Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)]));
    assert.deepEqual(told, { ...limits });
  });

  test('a stack trace is shown only when it is asked for', async () => {
    const args = ['connect', '127.0.0.1:1'];
    assert.ok(!(await handfast(args)).stderr.includes('    at '));
    assert.ok((await handfast(args, { env: { HANDFAST_DEBUG: '1' } })).stderr.includes('    at '));
  });
});

describe('output that cannot be written', () => {
  test('is told in a sentence', async () => {
    const readOnly = openSync(LAUNCHER, 'r');
    const child = spawn(process.execPath, [LAUNCHER, '--help'], { stdio: ['ignore', readOnly, 'pipe'] });
    closeSync(readOnly);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^handfast: The output cannot be written: .*\.\n$/);
  });

  test('a reader of stderr that leaves does not end the command', async () => {
    const child = spawn(process.execPath, [LAUNCHER, 'connect', '127.0.0.1:1'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.destroy();
    const [code] = await once(child, 'exit');
    assert.equal(code, 3);
  });
});
