/** Trust stores: what is in them, what is not, and why. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import * as tls from 'node:tls';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { createServer } from '../../src/node/index.ts';
import { MAX_TRUST_FOLDER_ENTRIES } from '../../src/node/limits.ts';
import { findInList, findSystemCertificates, type SystemView } from '../../src/node/system-store.ts';
import { TrustStore } from '../../src/node/trust-store.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ConfigError, type TlsError } from '../../src/wire/errors.ts';
import { fingerprint, parseCertificate } from '../../src/x509/certificate.ts';
import { PurposeOid } from '../../src/x509/oids.ts';
import * as der from '../support/der.ts';
import { issue, toPem } from '../support/pki.ts';
import { CLIENT_IDENTITY, connected, connectTo, failure, listen, PKI, SERVER } from './support.ts';

const { rootCertificates } = tls;
const LIMIT = { timeout: 20_000 };
const ONE = issue({ subject: 'One', ca: true });
const TWO = issue({ subject: 'Two', ca: true });
const THREE = issue({ subject: 'Three', ca: true });

function folder(t: TestContext, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'handfast-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

function names(store: TrustStore): string[] {
  return store.anchors.map((anchor) => ('certificate' in anchor ? `${anchor.certificate.subject}` : '?'));
}

function refused(make: () => unknown, option: string, words: RegExp): void {
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.option, option);
    assert.match(error.message, words);
    return true;
  });
}

test("Node's bundled store is taken whole", LIMIT, () => {
  const store = TrustStore.bundled();
  assert.equal(store.size, new Set(rootCertificates).size);
  assert.ok(store.size > 100);
  assert.deepEqual(store.skipped, []);
  assert.equal(store.anchors, store.anchors);
});

test('files: PEM with several, DER, each certificate once however often it is found', LIMIT, (t) => {
  const path = folder(t, {
    'a.pem': `# first\n${ONE.pem}${TWO.pem}${ONE.pem}`,
    'b.der': TWO.der,
    'c.crt': THREE.pem,
  });
  const at = (name: string) => join(path, name);
  assert.deepEqual(names(TrustStore.files(at('b.der'))), ['CN=Two']);
  const store = TrustStore.files([at('a.pem'), at('b.der'), at('c.crt')]);
  assert.deepEqual(names(store), ['CN=One', 'CN=Two', 'CN=Three']);
  assert.deepEqual(store.skipped, []);
});

test('a certificate that does not parse strictly is left out, with the reason and the place', LIMIT, (t) => {
  const path = join(
    folder(t, { 'a.pem': ONE.pem + toPem('CERTIFICATE', ONE.der.subarray(0, 200)) + TWO.pem }),
    'a.pem',
  );
  const store = TrustStore.files(path);
  assert.equal(store.size, 2);
  assert.equal(store.skipped.length, 1);
  assert.equal(store.skipped[0]?.where, `${path}, certificate 2`);
  assert.match(store.skipped[0]?.reason ?? '', /malformed at byte/);
});

test('files that cannot be used are refused, and named', LIMIT, (t) => {
  const path = folder(t, {
    'text.pem': 'hello',
    'key.pem': PKI.server.keyPem,
    'empty.pem': '',
    'cut.pem': ONE.pem.slice(0, 200),
    'big.pem': new Uint8Array(2 ** 24 + 1),
  });
  const cases: readonly (readonly [string, RegExp])[] = [
    ['none.pem', /none\.pem cannot be used: there is no such file/],
    ['.', /cannot be used: it is a folder/],
    ['text.pem', /text\.pem cannot be used: expected PEM .* found "hello"/],
    ['key.pem', /key\.pem cannot be used: it holds only other PEM blocks; is it the key's file\?/],
    ['empty.pem', /empty\.pem cannot be used: expected PEM .* found nothing/],
    ['cut.pem', /cut\.pem cannot be used: .*no END line/],
    ['big.pem', /big\.pem cannot be used: it has more than 16777216 bytes/],
  ];
  for (const [name, words] of cases) refused(() => TrustStore.files(join(path, name)), 'files', words);
  if (existsSync('/dev/zero'))
    refused(() => TrustStore.files('/dev/zero'), 'files', /more than 16777216 bytes/);
  refused(() => TrustStore.files(''), 'files', /expected a path, found ''/);
  refused(() => TrustStore.files([7 as unknown as string]), 'files', /expected a path, found number/);
  refused(() => TrustStore.folder(join(path, 'none')), 'folder', /there is no such file or folder/);
  refused(() => TrustStore.folder(join(path, 'key.pem')), 'folder', /it is no folder/);
});

test(
  'a folder: every certificate once, hashed links and all; what holds none is named; nothing hangs',
  LIMIT,
  (t) => {
    const path = folder(t, {
      'one.pem': ONE.pem,
      'again.crt': ONE.pem,
      two: TWO.der,
      'key.pem': PKI.server.keyPem,
      'README.txt': 'not a certificate',
      'cut.pem': THREE.pem.slice(0, 200),
    });
    mkdirSync(join(path, 'inner'));
    writeFileSync(join(path, 'inner', 'three.pem'), THREE.pem);
    symlinkSync('one.pem', join(path, '0a1b2c3d.0'));
    symlinkSync('nowhere', join(path, 'dangling.0'));
    symlinkSync('circle.0', join(path, 'circle.0'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(path, 'pipe')]);
    const store = TrustStore.folder(path);
    assert.deepEqual(names(store), ['CN=One', 'CN=Two']);
    const reasons = new Map(store.skipped.map(({ where, reason }) => [where.slice(path.length + 1), reason]));
    assert.deepEqual([...reasons.keys()].sort(), [
      'README.txt',
      'circle.0',
      'cut.pem',
      'dangling.0',
      'inner',
      'key.pem',
      ...(process.platform === 'win32' ? [] : ['pipe']),
    ]);
    assert.equal(reasons.get('key.pem'), 'it holds no certificate');
    assert.equal(reasons.get('inner'), 'it is a folder');
    assert.match(reasons.get('cut.pem') ?? '', /no END line/);
  },
);

test('a folder with too many entries is refused before anything is read', LIMIT, (t) => {
  const path = folder(t);
  for (let i = 0; i <= MAX_TRUST_FOLDER_ENTRIES; i++) symlinkSync('x', join(path, `${i}`));
  refused(() => TrustStore.folder(path), 'folder', /it has 10001 entries; 10000 are the most/);
});

/** The settings that OpenSSL writes behind a certificate. */
function trusted(certificate: Uint8Array, trust?: readonly string[], reject?: readonly string[]): string {
  const aux = der.sequence(
    ...(trust ? [der.sequence(...trust.map(der.oid))] : []),
    ...(reject ? [der.tlv(0xa0, ...reject.map(der.oid))] : []),
  );
  return toPem('TRUSTED CERTIFICATE', concat(certificate, aux));
}

const { serverAuth, clientAuth, codeSigning, anyExtendedKeyUsage } = PurposeOid;

test("OpenSSL's trust settings are obeyed: what they forbid is trusted through no other file", LIMIT, (t) => {
  const taken = (text: string, other = '') => {
    const store = TrustStore.folder(folder(t, { 'a.pem': other, 'b.pem': text }));
    return [
      names(store),
      store.skipped.filter(({ where }) => where.endsWith('b.pem')).map(({ reason }) => reason),
    ];
  };
  assert.deepEqual(taken(toPem('TRUSTED CERTIFICATE', ONE.der)), [['CN=One'], []]);
  assert.deepEqual(taken(trusted(ONE.der)), [['CN=One'], []]);
  assert.deepEqual(taken(trusted(ONE.der, [serverAuth, clientAuth])), [['CN=One'], []]);
  assert.deepEqual(taken(trusted(ONE.der, [anyExtendedKeyUsage], [codeSigning])), [['CN=One'], []]);
  for (const reject of [[serverAuth], [clientAuth], [anyExtendedKeyUsage], [codeSigning, serverAuth]]) {
    const [left, reasons] = taken(trusted(ONE.der, undefined, reject), ONE.pem + TWO.pem);
    assert.deepEqual(left, ['CN=Two'], String(reject));
    assert.match(String(reasons), /its trust settings forbid it for/);
  }
  // Allowed for less than a store needs: not taken from here, but the plain file still says what it says.
  for (const trust of [[serverAuth], [clientAuth], [codeSigning], []]) {
    const [none, reasons] = taken(trusted(ONE.der, trust));
    assert.deepEqual(none, []);
    assert.match(String(reasons), /allow it for .* only/);
    assert.deepEqual(taken(trusted(ONE.der, trust), ONE.pem)[0], ['CN=One']);
  }
  // Settings that cannot be read might forbid it.
  const garbled = toPem('TRUSTED CERTIFICATE', concat(ONE.der, new Uint8Array([0x30, 0x05, 1])));
  const [left, reasons] = taken(garbled, ONE.pem);
  assert.deepEqual(left, []);
  assert.match(String(reasons), /trust settings that OpenSSL put behind it cannot be read/);
});

test('what a file forbids stays out when stores are joined, in either order', LIMIT, (t) => {
  const path = folder(t, { 'a.pem': trusted(ONE.der, undefined, [serverAuth]) + TWO.pem });
  const forbidding = TrustStore.files(join(path, 'a.pem'));
  assert.deepEqual(names(forbidding.with(ONE.pem)), ['CN=Two']);
  assert.deepEqual(names(TrustStore.of(ONE.pem).with(forbidding)), ['CN=Two']);
  assert.equal(TrustStore.of(ONE.pem).with(forbidding).skipped.length, 1);
});

test('in a list of Node one that is damaged is left out, with the reason', LIMIT, () => {
  const { certificates, skipped } = findInList([ONE.pem, TWO.pem.slice(0, 100), 'x', THREE.pem], 'the list');
  assert.deepEqual(
    certificates.map(({ where }) => where),
    ['the list, certificate 1', 'the list, certificate 4'],
  );
  assert.deepEqual(
    skipped.map(({ where }) => where),
    ['the list, certificate 2', 'the list, certificate 3'],
  );
  assert.match(skipped[0]?.reason ?? '', /no END line/);
});

test("OpenSSL's own writing of trust settings is read", LIMIT, (t) => {
  const path = folder(t, { 'one.pem': ONE.pem });
  const written = (...args: string[]) => {
    const out = join(path, 'trusted.pem');
    execFileSync('openssl', ['x509', '-in', join(path, 'one.pem'), '-trustout', '-out', out, ...args]);
    return TrustStore.files(out);
  };
  try {
    execFileSync('openssl', ['version']);
  } catch {
    t.skip('there is no openssl');
    return;
  }
  assert.equal(written('-setalias', 'somebody').size, 1);
  assert.equal(written('-addtrust', 'serverAuth', '-addtrust', 'clientAuth').size, 1);
  assert.match(written('-addreject', 'serverAuth').skipped[0]?.reason ?? '', /forbid it for serverAuth$/);
  assert.match(
    written('-addtrust', 'emailProtection').skipped[0]?.reason ?? '',
    /allow it for emailProtection only/,
  );
});

test('stores are added to and taken from, and never change', LIMIT, () => {
  const store = TrustStore.of(ONE.pem + TWO.pem);
  const more = store.with(THREE.der, TrustStore.of([TWO.pem]));
  assert.deepEqual(names(more), ['CN=One', 'CN=Two', 'CN=Three']);
  assert.deepEqual(names(store), ['CN=One', 'CN=Two']);
  const one = parseCertificate(ONE.der);
  const print = fingerprint(one, nodeProvider);
  const colons = (print.toUpperCase().match(/../g) ?? []).join(':');
  for (const removal of [
    one,
    print,
    colons,
    TrustStore.of(ONE.pem),
    ({ subject }: { subject: unknown }) => `${subject}` === 'CN=One',
  ]) {
    assert.deepEqual(names(more.without(removal)), ['CN=Two', 'CN=Three']);
  }
  assert.deepEqual(names(more.without(one, print, TrustStore.of(THREE.pem))), ['CN=Two']);
  assert.equal(store.without('ab'.repeat(32)).size, 2);
  assert.deepEqual(names(store.without(one).with(one)), ['CN=Two', 'CN=One']);
  assert.throws(() => (more.anchors as unknown[]).push({}), TypeError);
  assert.equal(TrustStore.of([]).size, 0);
});

test('what is no certificate and no fingerprint is refused', LIMIT, () => {
  refused(() => TrustStore.of('hello'), 'certificates', /expected PEM/);
  refused(() => TrustStore.of(ONE.pem).with('roots.pem'), 'certificates', /looks like a file name/);
  const store = TrustStore.of(ONE.pem);
  refused(() => store.without('CN=One'), 'without', /expected a SHA-256 fingerprint .* found "CN=One"/);
  for (const wrong of [undefined, null, 7, {}, ONE.der]) {
    refused(() => store.without(wrong as unknown as string), 'without', /expected a SHA-256 fingerprint/);
  }
});

const NOWHERE: SystemView = { platform: 'linux', env: {}, files: [], folders: [] };

test('the system: the first file that is there, or else the folders', LIMIT, (t) => {
  const path = folder(t, { 'b.crt': ONE.pem, 'c.crt': TWO.pem });
  const found = (view: Partial<SystemView>) =>
    findSystemCertificates({ ...NOWHERE, ...view }).certificates.map(({ where }) => where);
  const files = ['a.crt', 'b.crt', 'c.crt'].map((name) => join(path, name));
  assert.deepEqual(found({ files, folders: [path] }), [files[1]]);
  assert.deepEqual(found({ folders: [join(path, 'none'), path] }), [files[1], files[2]]);
  refused(() => found({}), 'system', /no authorities in the usual places.*SSL_CERT_FILE/);
  refused(() => found({ folders: [folder(t)] }), 'system', /no authorities/);
});

test('the system: SSL_CERT_FILE and SSL_CERT_DIR replace its places', LIMIT, (t) => {
  const path = folder(t, { 'b.crt': ONE.pem });
  const other = folder(t, { 'c.crt': TWO.pem });
  const third = folder(t, { 'd.crt': THREE.pem });
  const found = (env: SystemView['env'], platform: NodeJS.Platform = 'linux') =>
    findSystemCertificates({ ...NOWHERE, platform, files: [join(path, 'b.crt')], env }).certificates.map(
      ({ where }) => where.slice(-5),
    );
  assert.deepEqual(found({ SSL_CERT_FILE: '', SSL_CERT_DIR: '' }), ['b.crt']);
  assert.deepEqual(found({ SSL_CERT_FILE: join(other, 'c.crt') }), ['c.crt']);
  assert.deepEqual(found({ SSL_CERT_DIR: `${other}:${third}` }), ['c.crt', 'd.crt']);
  assert.deepEqual(found({ SSL_CERT_DIR: `${other};${third}` }, 'win32'), ['c.crt', 'd.crt']);
  assert.deepEqual(found({ SSL_CERT_FILE: join(third, 'd.crt'), SSL_CERT_DIR: other }), ['d.crt', 'c.crt']);
  refused(
    () => found({ SSL_CERT_FILE: join(other, 'x') }),
    'SSL_CERT_FILE',
    /x cannot be used: there is no such/,
  );
  refused(
    () => found({ SSL_CERT_DIR: join(other, 'x') }),
    'SSL_CERT_DIR',
    /x cannot be used: there is no such/,
  );
});

test('the system: macOS and Windows are asked through Node, and an older Node says what to do', LIMIT, () => {
  for (const platform of ['darwin', 'win32'] as const) {
    const asked = findSystemCertificates({ ...NOWHERE, platform, ask: () => [ONE.pem, TWO.pem] });
    assert.deepEqual(
      asked.certificates.map(({ where }) => where),
      ["the system's store, certificate 1", "the system's store, certificate 2"],
    );
    refused(
      () => findSystemCertificates({ ...NOWHERE, platform, files: ['/etc/ssl/certs'] }),
      'system',
      /Node v\d+.* cannot read .*; use Node 22\.15 or newer, or export them to a file/,
    );
  }
});

/** What a process started so trusts by default: how many, and what it says on stderr. */
function defaults(env: NodeJS.ProcessEnv, args: readonly string[] = []): { count: number; warnings: string } {
  const entry = new URL('../../src/node/index.js', import.meta.url).href;
  const script = `
    import { TrustStore } from ${JSON.stringify(entry)};
    console.log(TrustStore.default().size);`;
  const inherited = { ...process.env };
  for (const name of ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
    delete inherited[name];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...args, '--input-type=module', '-e', script],
    { env: { ...inherited, ...env }, encoding: 'utf8', timeout: 15_000 },
  );
  assert.equal(status, 0, stderr);
  return { count: Number(stdout), warnings: stderr };
}

test(
  'by default: the bundled store and NODE_EXTRA_CA_CERTS; a file that cannot be read is a warning',
  LIMIT,
  (t) => {
    const path = folder(t, { 'extra.pem': ONE.pem + TWO.pem + (rootCertificates[0] ?? '') });
    const { size } = TrustStore.bundled();
    assert.deepEqual(defaults({}), { count: size, warnings: '' });
    assert.deepEqual(defaults({ NODE_EXTRA_CA_CERTS: join(path, 'extra.pem') }), {
      count: size + 2,
      warnings: '',
    });
    const missing = defaults({ NODE_EXTRA_CA_CERTS: join(path, 'missing.pem') });
    assert.equal(missing.count, size);
    assert.match(missing.warnings, /missing\.pem/);
  },
);

test('by default: --use-openssl-ca takes the system in place of the bundled store', LIMIT, (t) => {
  const path = folder(t, { 'system.pem': ONE.pem, 'extra.pem': TWO.pem });
  const env = { SSL_CERT_FILE: join(path, 'system.pem') };
  assert.equal(defaults(env, ['--use-openssl-ca']).count, 1);
  assert.equal(defaults({ ...env, NODE_OPTIONS: '--use-openssl-ca' }).count, 1);
  const extra = { ...env, NODE_EXTRA_CA_CERTS: join(path, 'extra.pem') };
  assert.equal(defaults(extra, ['--use-openssl-ca']).count, 2);
});

test('a process with rights of others does not let its environment say whom to trust', LIMIT, (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('only root can give up its group');
    return;
  }
  const entry = new URL('../../src/node/index.js', import.meta.url).href;
  const path = folder(t, { 'one.pem': ONE.pem });
  chmodSync(path, 0o755);
  const script = (first: string) => `
    import { TrustStore } from ${JSON.stringify(entry)};
    ${first}
    let names = [];
    try { names = TrustStore.system().anchors.map(({ certificate }) => String(certificate.subject)); } catch {}
    console.log(names.includes('CN=One'));`;
  const run = (first: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script(first)], {
      env: { ...process.env, SSL_CERT_FILE: join(path, 'one.pem'), SSL_CERT_DIR: '' },
      encoding: 'utf8',
    }).trim();
  assert.equal(run(''), 'true');
  assert.equal(run('process.setegid(65534);'), 'false');
  assert.equal(run('process.seteuid(65534);'), 'false');
});

test('by default: the same store at each call', LIMIT, () => {
  const store = TrustStore.default();
  assert.equal(TrustStore.default(), store);
  assert.ok(store.size >= TrustStore.bundled().size);
});

test('`ca` takes a store, for clients and for servers', LIMIT, async (t) => {
  const ca = TrustStore.of(PKI.root.pem);
  const both = await connected(t, {
    client: { ca, ...CLIENT_IDENTITY },
    server: { ca: TrustStore.of(PKI.root.pem), requestCert: true },
  });
  assert.equal(both.client.authorized, true);
  const port = await listen(t, createServer(SERVER));
  for (const nobody of [
    ca.without(parseCertificate(PKI.root.der)),
    TrustStore.of([]),
    TrustStore.bundled(),
  ]) {
    const error = (await failure(connectTo(t, port, { ca: nobody }))) as TlsError;
    assert.equal(error.code, 'ERR_UNKNOWN_CA');
  }
});

test('by default: what tls.setDefaultCACertificates() says from then on', LIMIT, (t) => {
  const { setDefaultCACertificates: set } = tls as { setDefaultCACertificates?: (pems: string[]) => void };
  if (set === undefined) {
    t.skip('this Node has no such function');
    return;
  }
  const before = TrustStore.default();
  set([ONE.pem, TWO.pem]);
  t.after(() => set([...rootCertificates]));
  assert.deepEqual(names(TrustStore.default()).sort(), ['CN=One', 'CN=Two']);
  assert.equal(TrustStore.default(), TrustStore.default());
  assert.notEqual(TrustStore.default(), before);
});
