/** Issuers that nobody sent: they are found by the URLs below them, and are never trusted for having been found. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Issued, issue, makeKey } from '../support/pki.ts';
import { distributionPoints, makeList } from '../support/revocation.ts';
import {
  accessInfo,
  brief,
  certsOnly,
  evidenceServer,
  judgeFetching,
  localFetcher,
} from './fetch-support.ts';

const ISSUERS = { issuers: true };

const root = issue({ subject: 'Root', ca: true });

/** An authority and a leaf below it, which names a place where the authority's certificate is. */
function pair(url: string, options: Partial<Parameters<typeof issue>[0]> = {}): [Issued, Issued] {
  const intermediate = issue({ subject: 'Intermediate', issuer: root, ca: true, ...options });
  return [leafUnder(intermediate, url), intermediate];
}

const leafUnder = (issuer: Issued, ...urls: string[]): Issued =>
  issue({
    subject: 'localhost',
    issuer,
    dnsNames: ['localhost'],
    extraExtensions: urls.length === 0 ? [] : [accessInfo({ issuers: urls })],
  });

test('a missing intermediate is fetched, in each of the forms that servers have', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer`);
  const other = issue({ subject: 'Other', ca: true });
  const pem = (...certificates: Issued[]): Uint8Array =>
    Buffer.from(`some words\n${certificates.map((certificate) => certificate.pem).join('')}`);
  const forms: Record<string, Uint8Array> = {
    DER: intermediate.der,
    PEM: pem(intermediate),
    'PEM, several': pem(other, intermediate),
    'certs-only': certsOnly([other.der, intermediate.der]),
  };
  for (const [form, bytes] of Object.entries(forms)) {
    server.on('/issuer', bytes);
    const verdict = await judgeFetching(ISSUERS, [leaf], [root]);
    assert.ok(verdict.ok, `${form}: ${verdict.sentence}`);
    assert.deepEqual(brief(verdict), ['issuer fetched'], form);
    assert.equal(verdict.path[1]?.role, 'intermediate');
  }
  const off = await judgeFetching({ ocsp: true }, [leaf], [root]);
  assert.ok(!off.ok && off.rule === 'issuer' && off.contacts.length === 0, 'it is off unless asked for');
});

test('the certs-only messages of OpenSSL are read', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer.p7c`);
  const folder = mkdtempSync(join(tmpdir(), 'handfast-issuers-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'all.pem'), root.pem + intermediate.pem);
  let message: Uint8Array;
  try {
    const args = ['crl2pkcs7', '-nocrl', '-certfile', 'all.pem', '-outform', 'DER'];
    message = execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    t.skip('openssl not found');
    return;
  }
  server.on('/issuer.p7c', message);
  assert.ok((await judgeFetching(ISSUERS, [leaf], [root])).ok);
});

test('a whole ladder of issuers is climbed, and its status asked', async (t) => {
  const server = await evidenceServer(t);
  let issuer = root;
  for (const step of [1, 2, 3]) {
    const extraExtensions = [
      ...(step === 1 ? [] : [accessInfo({ issuers: [`${server.base}/step${step - 1}`] })]),
      distributionPoints({ fullName: [{ uri: `${server.base}/list${step}` }] }),
    ];
    server.on(`/list${step}`, makeList(issuer));
    issuer = issue({ subject: `Step ${step}`, issuer, ca: true, extraExtensions });
    server.on(`/step${step}`, issuer.der);
  }
  const leaf = leafUnder(issuer, `${server.base}/step3`);
  const verdict = await judgeFetching({ issuers: true, crls: true }, [leaf], [root]);
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(brief(verdict), [...Array(3).fill('issuer fetched'), ...Array(3).fill('crl fetched')]);
  assert.equal(verdict.path.length, 5);
});

test('where one place has nothing, the next is tried', async (t) => {
  const server = await evidenceServer(t);
  const intermediate = issue({ subject: 'Intermediate', issuer: root, ca: true });
  const leaf = leafUnder(intermediate, `${server.base}/none`, 'ldap://x/y', `${server.base}/issuer`);
  server.on('/issuer', intermediate.der);
  const verdict = await judgeFetching(ISSUERS, [leaf], [root]);
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(brief(verdict), ['issuer failed', 'issuer refused', 'issuer fetched']);
  assert.deepEqual(server.asked, ['GET /none', 'GET /issuer']);
});

test('an issuer that was sent but is of no use does not keep the right one away', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer`);
  const expired = issue({
    subject: 'Intermediate',
    key: intermediate.key,
    issuer: root,
    ca: true,
    notAfter: new Date(Date.now() - 60_000),
  });
  const impostor = issue({ subject: 'Intermediate', issuer: root, ca: true });
  server.on('/issuer', intermediate.der);
  for (const sent of [expired, impostor]) {
    const verdict = await judgeFetching(ISSUERS, [leaf, sent], [root]);
    assert.ok(verdict.ok, verdict.sentence);
    assert.deepEqual(brief(verdict), ['issuer fetched']);
  }
});

test('attack: a root that comes from the network is not trusted', async (t) => {
  const server = await evidenceServer(t);
  const false_ = issue({ subject: 'Intermediate', ca: true });
  for (const bytes of [false_.der, certsOnly([false_.der]), Buffer.from(false_.pem)]) {
    server.on('/issuer', bytes);
    const leaf = leafUnder(false_, `${server.base}/issuer`);
    const verdict = await judgeFetching(ISSUERS, [leaf], [root]);
    assert.ok(!verdict.ok && verdict.rule === 'issuer', verdict.sentence);
    assert.deepEqual(brief(verdict), ['issuer fetched']);
    assert.ok(verdict.path.every(({ role }) => role !== 'anchor'));
  }
});

test('attack: a root of the right name that comes from the network does not replace the anchor', async (t) => {
  const server = await evidenceServer(t);
  const twin = issue({ subject: 'Root', ca: true });
  const intermediate = issue({ subject: 'Intermediate', issuer: twin, ca: true });
  const leaf = leafUnder(intermediate, `${server.base}/issuer`);
  server.on('/issuer', certsOnly([intermediate.der, twin.der]));
  const verdict = await judgeFetching(ISSUERS, [leaf], [root]);
  assert.ok(!verdict.ok, verdict.sentence);
});

test('attack: what comes is no authority for having the right name', async (t) => {
  const server = await evidenceServer(t);
  const [leaf] = pair(`${server.base}/issuer`);
  const impostor = issue({ subject: 'Intermediate', issuer: root, ca: true });
  server.on('/issuer', impostor.der);
  const wrongKey = await judgeFetching(ISSUERS, [leaf], [root]);
  assert.ok(!wrongKey.ok && wrongKey.rule === 'signature', wrongKey.sentence);
  const key = makeKey('p256');
  const noAuthority = issue({ subject: 'Intermediate', key, issuer: root });
  server.on('/end', noAuthority.der);
  const below = leafUnder(noAuthority, `${server.base}/end`);
  const notAuthorized = await judgeFetching(ISSUERS, [below], [root]);
  assert.ok(!notAuthorized.ok && notAuthorized.rule === 'basicConstraints', notAuthorized.sentence);
});

test('attack: a revoked intermediate is refused, wherever it came from', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer`, {
    extraExtensions: [distributionPoints({ fullName: [{ uri: `${server.base}/list` }] })],
  });
  server.on('/issuer', intermediate.der);
  server.on('/list', makeList(root, { revoked: [{ certificate: intermediate }] }));
  const verdict = await judgeFetching({ issuers: true, crls: true }, [leaf], [root]);
  assert.ok(!verdict.ok && verdict.rule === 'revocation', verdict.sentence);
  assert.equal(verdict.certificate, 'CN=Intermediate');
});

test('attack: a list that another signed clears nobody', async (t) => {
  const server = await evidenceServer(t);
  const leaf = issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [distributionPoints({ fullName: [{ uri: `${server.base}/list` }] })],
  });
  const forger = issue({ subject: 'Root', ca: true });
  server.on('/list', makeList(forger));
  const verdict = await judgeFetching({ crls: true }, [leaf], [root], { revocation: { require: 'leaf' } });
  assert.ok(!verdict.ok && verdict.rule === 'revocationStatus');
  assert.match(verdict.sentence, /its signature was not made by 'CN=Root'/);
});

test('attack: a flood of impostors costs no more than the budget, and spoils no other verdict', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer`);
  const impostors = Array.from({ length: 60 }, () => {
    const { der } = issue({ subject: 'Intermediate', issuer: root, ca: true, keyIdentifiers: false });
    return der;
  });
  server.on('/issuer', certsOnly(impostors));
  const fetcher = localFetcher(ISSUERS);
  const flooded = await judgeFetching(fetcher, [leaf], [root]);
  assert.ok(!flooded.ok);
  assert.deepEqual(brief(flooded), ['issuer fetched']);
  const sent = await judgeFetching(fetcher, [leaf, intermediate], [root]);
  assert.ok(sent.ok && sent.contacts.length === 0, sent.sentence);
});

test('an issuer that led to a verdict is remembered, one that did not is soon asked for anew', async (t) => {
  const server = await evidenceServer(t);
  const [leaf, intermediate] = pair(`${server.base}/issuer`);
  let later = 0;
  const fetcher = localFetcher({ issuers: true, now: () => Date.now() + later });
  const ask = async (): Promise<string[]> => brief(await judgeFetching(fetcher, [leaf], [root]));
  server.on('/issuer', issue({ subject: 'Intermediate', issuer: root, ca: true }).der);
  assert.deepEqual(await ask(), ['issuer fetched']);
  later = 61_000;
  server.on('/issuer', intermediate.der);
  assert.deepEqual(await ask(), ['issuer fetched']);
  later = 3_600_000;
  assert.deepEqual(await ask(), ['issuer fetched again']);
  assert.equal(server.asked.length, 2);
});

test('certificates that name each other as issuers are asked for once', async (t) => {
  const server = await evidenceServer(t);
  const keys = [makeKey('p256'), makeKey('p256')] as const;
  const bare = (subject: string, key: (typeof keys)[number]): Issued => issue({ subject, key, ca: true });
  const [a, b] = [bare('A', keys[0]), bare('B', keys[1])];
  const cross = (subject: string, key: (typeof keys)[number], issuer: Issued, path: string): Issued =>
    issue({
      subject,
      key,
      issuer,
      ca: true,
      extraExtensions: [accessInfo({ issuers: [`${server.base}${path}`] })],
    });
  server.on('/a', cross('A', keys[0], b, '/b').der);
  server.on('/b', cross('B', keys[1], a, '/a').der);
  const verdict = await judgeFetching(ISSUERS, [leafUnder(a, `${server.base}/a`)], [root]);
  assert.ok(!verdict.ok);
  assert.deepEqual(server.asked, ['GET /a', 'GET /b']);
});
