import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nodeProvider } from 'handfast/crypto/node';
import {
  type Certificate,
  parseCertificateRevocationList,
  readCertificates,
  readPem,
  serialNumberText,
  verify,
} from 'handfast/x509';
import { folder, handfast, type Result } from './support/command.ts';

const LIMIT = { timeout: 100_000 };

/** Runs a command of `handfast ca` that must go well. */
async function ca(dir: string, ...args: readonly string[]): Promise<Result> {
  const result = await handfast(['ca', ...args, '--dir', dir]);
  assert.equal(result.code, 0, `${args}: ${result.stderr}`);
  assert.equal(result.stderr, '');
  return result;
}

async function refusedCa(dir: string, args: readonly string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await handfast(['ca', ...args, '--dir', dir]);
  assert.equal(code, 2, `${args}: ${stdout}${stderr}`);
  assert.match(stderr, message);
  assert.equal(stdout, '');
  assert.ok(!stderr.includes('    at ') && !stderr.includes('internal error'), stderr);
}

function certificates(path: string): readonly Certificate[] {
  return readCertificates(readFileSync(path), 'test');
}

const mode = (path: string): number => statSync(path).mode & 0o777;

function pairs(path: string): boolean {
  const key = createPrivateKey(readFileSync(path.replace(/\.pem$/, '.key')));
  return new X509Certificate(readFileSync(path)).checkPrivateKey(key);
}

describe('handfast ca', LIMIT, () => {
  test('makes an authority, issues, lists, revokes, and tells others', async (t) => {
    const dir = join(folder(t).path, 'authority');
    const made = await ca(dir, 'init', '--name', 'Test Authority');
    for (const system of ['Debian', 'macOS', 'Windows', 'Firefox', 'Node']) {
      assert.ok(made.stdout.includes(system), system);
    }
    assert.equal(mode(dir), 0o700);
    for (const file of ['ca.key', 'index.jsonl']) assert.equal(mode(join(dir, file)), 0o600, file);
    assert.ok(pairs(join(dir, 'ca.pem')));

    await ca(dir, 'issue', 'localhost', '127.0.0.1', '*.a.test');
    const server = join(dir, 'issued', 'localhost.pem');
    assert.equal(mode(join(dir, 'issued')), 0o700);
    assert.equal(mode(join(dir, 'issued', 'localhost.key')), 0o600);
    assert.ok(pairs(server));
    const root = join(dir, 'ca.pem');
    for (const name of ['localhost', '127.0.0.1', 'b.a.test']) {
      const judged = await handfast(['verify', server, '--name', name, '--ca', root]);
      assert.equal(judged.code, 0, judged.stdout);
    }
    const [leaf] = certificates(server);
    assert.ok(leaf !== undefined && leaf.serialNumber.length >= 15);

    await ca(dir, 'issue', 'Ada', '--client', '--key', 'ed25519');
    const client = join(dir, 'issued', 'Ada.pem');
    assert.equal((await handfast(['verify', client, '--purpose', 'client', '--ca', root])).code, 0);

    await ca(dir, 'revoke', client, '--reason', 'keyCompromise');
    await ca(dir, 'revoke', serialNumberText(leaf).toUpperCase());
    const { stdout } = await ca(dir, 'crl');
    assert.match(stdout, /revocation list 1 was written/);
    const [block] = readPem(readFileSync(join(dir, 'crl.pem'), 'latin1'), 'crl');
    assert.equal(block?.label, 'X509 CRL');
    const list = parseCertificateRevocationList((block as { der: Uint8Array }).der);
    assert.deepEqual(
      list.revokedCertificates.map(({ reason }) => reason),
      ['keyCompromise', undefined],
    );
    assert.equal(list.cRLNumber, 1n);
    const verdict = await verify({
      provider: nodeProvider,
      leaf,
      intermediates: [],
      anchors: certificates(root).map((certificate) => ({ certificate })),
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
      revocation: { crls: [list], require: 'chain' },
    });
    assert.equal(verdict.ok ? undefined : verdict.rule, 'revocation');
    await ca(dir, 'crl', '--days', '7');

    const listed = JSON.parse((await ca(dir, 'list', '--json')).stdout) as {
      certificates: readonly { names: string[]; state: string; revoked: { reason: string } | null }[];
    };
    assert.deepEqual(
      listed.certificates.map(({ names, state, revoked }) => [names[0], state, revoked?.reason]),
      [
        ['localhost', 'revoked', 'unspecified'],
        ['Ada', 'revoked', 'keyCompromise'],
      ],
    );
    assert.match(
      (await ca(dir, 'list')).stdout,
      /x Ada \(client\)\n {2}state {11}revoked at .* \(keyCompromise\)/,
    );
    const numbers = readFileSync(join(dir, 'index.jsonl'), 'utf8').match(/"number":\d/g);
    assert.deepEqual(numbers, ['"number":1', '"number":2']);
  });

  test('an intermediate is an authority of its own, within its constraints', async (t) => {
    const dir = join(folder(t).path, 'authority');
    await ca(dir, 'init', '--permit', 'test', '--permit', '10.0.0.0/8', '--key', 'ed25519');
    await ca(dir, 'issue', 'Team CA', '--intermediate', '--permit', '.team.test', '--key', 'p384');
    const team = join(dir, 'intermediates', 'Team-CA');
    await ca(team, 'issue', 'a.team.test', '--key', 'rsa2048');
    const chain = join(team, 'issued', 'a.team.test.pem');
    assert.equal(certificates(chain).length, 2);
    const judged = await handfast(['verify', chain, '--name', 'a.team.test', '--ca', join(dir, 'ca.pem')]);
    assert.equal(judged.code, 0, judged.stdout);
    for (const [place, name] of [
      [team, 'a.test'],
      [team, '10.0.0.1'],
      [dir, 'example.com'],
      [dir, '192.0.2.1'],
      [dir, '::1'],
    ] as const) {
      await refusedCa(
        place,
        ['issue', name],
        /Nothing was issued, since it would be refused\. .*may not vouch/,
      );
      assert.ok(!existsSync(join(place, 'issued', `${name}.pem`)));
    }
    await ca(dir, 'issue', '10.1.2.3', 'b.test');
    await refusedCa(team, ['issue', 'Other', '--intermediate'], /is an intermediate itself/);
    assert.equal(JSON.parse((await ca(team, 'list', '--json')).stdout).certificates.length, 1);
    assert.ok((await ca(team, 'trust')).stdout.includes(join(team, 'root.pem')));
  });

  test('overwrites nothing without --force, and follows no link with it', async (t) => {
    const { path, file } = folder(t);
    const dir = join(path, 'authority');
    await ca(dir, 'init');
    const key = readFileSync(join(dir, 'ca.key'), 'utf8');
    await refusedCa(dir, ['init'], /ca\.pem exists already, and nothing is overwritten/);
    assert.equal(readFileSync(join(dir, 'ca.key'), 'utf8'), key);
    await ca(dir, 'issue', 'a.test');
    await refusedCa(dir, ['issue', 'a.test'], /a\.test\.pem exists already/);
    await refusedCa(dir, ['crl', '--out', file('other', 'precious')], /other exists already/);
    assert.equal(readFileSync(join(path, 'other'), 'utf8'), 'precious');
    // A file that all can read, or a link to one, must not become the secret's place.
    const secret = join(dir, 'issued', 'a.test.key');
    chmodSync(secret, 0o644);
    await ca(dir, 'issue', 'a.test', '--force');
    assert.equal(mode(secret), 0o600);
    const out = join(path, 'out');
    mkdirSync(out);
    symlinkSync(join(path, 'other'), join(out, 'a.test.key'));
    await ca(dir, 'issue', 'a.test', '--out', out, '--force');
    assert.equal(readFileSync(join(path, 'other'), 'utf8'), 'precious');
    assert.ok(pairs(join(out, 'a.test.pem')));
    await ca(dir, 'init', '--force');
    assert.notEqual(readFileSync(join(dir, 'ca.key'), 'utf8'), key);
    assert.match((await ca(dir, 'list')).stdout, /has issued nothing yet/);
  });
});

describe('handfast ca refuses', LIMIT, () => {
  test('what cannot be, in plain words', async (t) => {
    const { path, file } = folder(t);
    const dir = join(path, 'authority');
    await ca(dir, 'init', '--days', '30');
    await ca(dir, 'issue', 'a.test', '--days', '3650');
    const leaf = join(dir, 'issued', 'a.test.pem');
    assert.equal(
      certificates(leaf)[0]?.notAfter.time,
      certificates(join(dir, 'ca.pem'))[0]?.notAfter.time,
      'no longer than its issuer',
    );
    const other = join(path, 'other');
    await ca(other, 'init', '--name', 'Other');
    const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
      [dir, ['issue'], /missing required argument/],
      [dir, ['issue', 'a b'], /--name: expected a host name/],
      [dir, ['issue', '*.test'], /stands for nothing/],
      [dir, ['issue', '*.192.0.2.1'], /stands for nothing|expected a host name/],
      [dir, ['issue', 'bücher.test'], /A-label form/],
      [dir, ['issue', 'Ada', 'Bob', '--client'], /has one name; found 2/],
      [dir, ['issue', '', '--client'], /1 to 64 characters/],
      [dir, ['issue', 'x'.repeat(65), '--client'], /1 to 64 characters/],
      [dir, ['issue', 'x', '--client', '--intermediate'], /cannot be used with/],
      [dir, ['issue', 'x.test', '--permit', 'test'], /--permit is for authorities/],
      [dir, ['issue', 'x.test', '--key', 'dsa'], /Allowed choices are p256/],
      [dir, ['issue', 'x.test', '--days', '0'], /Expected a number from 1 to 36500/],
      [dir, ['issue', 'x.test', '--out', ''], /--out needs a folder/],
      [dir, ['issue', 'x.test', '--out', file('taken', '')], /cannot be used/],
      [dir, ['revoke', 'ff00'], /has issued nothing with the serial number ff00/],
      [dir, ['revoke', 'none.pem'], /is neither a file nor a serial number/],
      [dir, ['revoke', join(other, 'ca.pem')], /was issued by CN=Other, not by the authority in/],
      [dir, ['revoke', join(dir, 'ca.key')], /is it the key's file\?/],
      [dir, ['revoke', leaf, '--reason', 'bored'], /Allowed choices are unspecified/],
      [dir, ['crl', '--out', join(path, 'no', 'such')], /there is no such folder/],
      [join(path, 'none'), ['list'], /There is no authority in .*none .*handfast ca init/],
      ['', ['init'], /--dir needs a folder/],
      [join(path, 'new'), ['init', '--permit', '10.0.0.0/33'], /Expected a DNS name/],
      [join(path, 'new'), ['init', '--permit', '10.0.0.1'], /Expected a DNS name/],
      [join(path, 'new'), ['init', '--name', ' '], /--name needs 1 to 64 characters/],
      [join(path, 'taken'), ['init'], /cannot be used/],
    ];
    for (const [place, args, message] of cases) await refusedCa(place, args, message);
    await ca(dir, 'revoke', leaf);
    await refusedCa(dir, ['revoke', leaf], /was revoked already, at /);
    assert.ok(!existsSync(join(path, 'new')));
  });

  test('an authority whose files are damaged or do not belong together', async (t) => {
    const { path } = folder(t);
    const dir = join(path, 'authority');
    const other = join(path, 'other');
    await ca(dir, 'init');
    await ca(other, 'init');
    const key = join(dir, 'ca.key');
    const kept = readFileSync(key);
    writeFileSync(key, readFileSync(join(other, 'ca.key')));
    await refusedCa(dir, ['list'], /ca\.key cannot be used: it is not the key of/);
    writeFileSync(key, 'nothing');
    await refusedCa(dir, ['issue', 'a.test'], /ca\.key cannot be used: it holds no private key/);
    writeFileSync(key, kept);
    for (const line of ['{', '{"event":"issued"}', '[]', 'null']) {
      writeFileSync(join(dir, 'index.jsonl'), `${line}\n`);
      await refusedCa(dir, ['list'], /index\.jsonl cannot be used: its line 1 is no record/);
    }
    writeFileSync(join(dir, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
    await refusedCa(dir, ['list'], /ca\.pem cannot be used: .*END line/);
  });
});
