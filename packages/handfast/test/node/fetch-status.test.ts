/** The status of certificates, fetched from responders and servers of lists: what is asked, how often, and what it changes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EvidenceFetcher } from '../../src/node/index.ts';
import { parseCertificate, parseCertificateRevocationList } from '../../src/x509/index.ts';
import * as der from '../support/der.ts';
import { type ExtensionSpec, type Issued, issue } from '../support/pki.ts';
import { distributionPoints, makeList, makeOcspResponse } from '../support/revocation.ts';
import {
  accessInfo,
  brief,
  type EvidenceServer,
  evidenceServer,
  judgeFetching,
  localFetcher,
  ocspRequestOf,
} from './fetch-support.ts';

const HOUR = 3_600_000;
const OCSP_NONCE = Buffer.from('06092b0601050507300102', 'hex');

/** A leaf, an intermediate and a root, whose statuses are at the paths of a server. */
function hierarchy(
  { base }: EvidenceServer,
  {
    leaf = ['ocsp', 'crl'],
    intermediate = [],
  }: { readonly leaf?: string[]; readonly intermediate?: string[] } = {},
): { readonly root: Issued; readonly intermediate: Issued; readonly leaf: Issued } {
  const extensions = (whose: string, ways: readonly string[]): ExtensionSpec[] => [
    ...(ways.includes('ocsp') ? [accessInfo({ ocsp: [`${base}/ocsp-${whose}`] })] : []),
    ...(ways.includes('crl') ? [distributionPoints({ fullName: [{ uri: `${base}/crl-${whose}` }] })] : []),
  ];
  const root = issue({ subject: 'Root', ca: true });
  const middle = issue({
    subject: 'Intermediate',
    issuer: root,
    ca: true,
    extraExtensions: extensions('intermediate', intermediate),
  });
  const bottom = issue({
    subject: 'localhost',
    issuer: middle,
    dnsNames: ['localhost'],
    extKeyUsage: ['serverAuth'],
    extraExtensions: extensions('leaf', leaf),
  });
  return { root, intermediate: middle, leaf: bottom };
}

const good = (certificate: Issued, issuer: Issued): Uint8Array => makeOcspResponse([{ certificate, issuer }]);
const revoked = (certificate: Issued, issuer: Issued): Uint8Array =>
  makeOcspResponse([{ certificate, issuer, status: { reason: 1 } }]);
const everything = { ocsp: true, crls: true, issuers: true };

test('a responder is asked about each certificate of a path, and good answers are told in the verdict', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { intermediate: ['ocsp', 'crl'] });
  const ofLeaf = good(leaf, intermediate);
  server.on('/ocsp-leaf', ofLeaf);
  server.on('/ocsp-intermediate', good(intermediate, root));
  const verdict = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { require: 'chain' },
  });
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(server.asked.toSorted(), ['GET /ocsp-intermediate', 'GET /ocsp-leaf']);
  assert.deepEqual(brief(verdict), ['ocsp fetched', 'ocsp fetched']);
  for (const index of [0, 1]) {
    assert.ok(verdict.path[index]?.checks.some(({ rule, ok }) => rule === 'revocation' && ok));
  }
  assert.doesNotMatch(verdict.sentence, /responder/);
  const [contact] = verdict.contacts.filter(({ certificate }) => certificate === 'CN=localhost');
  assert.ok(contact);
  assert.ok(contact.url.startsWith(`${server.base}/ocsp-leaf/`));
  assert.equal(contact.bytes, ofLeaf.length);
  assert.ok(contact.milliseconds >= 0 && !contact.fromCache);
  assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict, 'a verdict is plain data');
});

test('what the responder is asked by GET and by POST is the same question', async (t) => {
  for (const path of ['/ocsp-leaf', `/${'long'.repeat(60)}`]) {
    const server = await evidenceServer(t);
    const root = issue({ subject: 'Root', ca: true });
    const leaf = issue({
      subject: 'localhost',
      issuer: root,
      dnsNames: ['localhost'],
      extraExtensions: [accessInfo({ ocsp: [`${server.base}${path}`] })],
    });
    let question: Buffer | undefined;
    server.on(path, (request, response, body) => {
      question = ocspRequestOf(request, body);
      assert.equal(request.headers['accept-encoding'], 'identity');
      if (request.method === 'POST')
        assert.equal(request.headers['content-type'], 'application/ocsp-request');
      response.end(good(leaf, root));
    });
    const verdict = await judgeFetching({ ocsp: true }, [leaf], [root], { revocation: { require: 'leaf' } });
    assert.ok(verdict.ok, verdict.sentence);
    assert.deepEqual(server.asked, [`${path.length > 100 ? 'POST' : 'GET'} ${path}`]);
    const { serialNumber } = parseCertificate(leaf.der);
    assert.ok(question?.includes(Buffer.from(serialNumber)));
    assert.ok(!question?.includes(OCSP_NONCE));
  }
});

test('a revoked certificate is refused, whoever says so', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server);
  server.on('/ocsp-leaf', revoked(leaf, intermediate));
  server.on('/crl-leaf', makeList(intermediate, { revoked: [{ certificate: leaf, reason: 1 }] }));
  for (const options of [{ ocsp: true }, { crls: true }]) {
    const verdict = await judgeFetching(options, [leaf, intermediate], [root]);
    assert.ok(!verdict.ok && verdict.rule === 'revocation', verdict.sentence);
  }
});

test('a list is fetched where the responder gave no answer, and not where it did', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server);
  server.on('/crl-leaf', makeList(intermediate));
  const first = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { require: 'leaf' },
  });
  assert.ok(first.ok, first.sentence);
  assert.deepEqual(brief(first), ['ocsp failed', 'crl fetched']);
  assert.match(first.contacts[0]?.sentence ?? '', /at http:\S+ answered 404 \(Not Found\)$/);
  assert.doesNotMatch(first.sentence, /404/, 'the status is known all the same');
  server.on('/ocsp-leaf', good(leaf, intermediate));
  const second = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { require: 'leaf' },
  });
  assert.deepEqual(brief(second), ['ocsp fetched']);
});

test('a delta is fetched where a list or the certificate names one', async (t) => {
  const server = await evidenceServer(t);
  const point = { fullName: [{ uri: `${server.base}/delta` }] };
  const freshest = { ...distributionPoints(point), oid: '2.5.29.46' };
  const crl = distributionPoints({ fullName: [{ uri: `${server.base}/crl` }] });
  const root = issue({ subject: 'Root', ca: true });
  const make = (...extraExtensions: ExtensionSpec[]): Issued =>
    issue({ subject: 'localhost', issuer: root, dnsNames: ['localhost'], extraExtensions });
  for (const inList of [true, false]) {
    const leaf = make(crl, ...(inList ? [] : [freshest]));
    server.on('/crl', makeList(root, { number: 1, ...(inList && { extensions: [freshest] }) }));
    server.on('/delta', makeList(root, { number: 2, base: 1, revoked: [{ certificate: leaf }] }));
    const verdict = await judgeFetching({ crls: true }, [leaf], [root]);
    assert.deepEqual(brief(verdict), ['crl fetched', 'delta fetched']);
    assert.ok(!verdict.ok && verdict.rule === 'revocation', verdict.sentence);
    const without = await judgeFetching({ crls: true }, [leaf], [root], { revocation: { useDeltas: false } });
    assert.ok(without.ok);
    assert.deepEqual(brief(without), ['crl fetched']);
  }
});

test('without an answer the verdict is what it would be, and says what was tried where that matters', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server);
  const soft = await judgeFetching(everything, [leaf, intermediate], [root]);
  assert.ok(soft.ok, 'nothing is required');
  assert.deepEqual(brief(soft), ['ocsp failed', 'crl failed']);
  assert.match(
    soft.sentence,
    /is accepted: .*\. The OCSP responder for the certificate of 'CN=localhost' at /,
  );
  const hard = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { require: 'leaf' },
  });
  assert.ok(!hard.ok && hard.rule === 'revocationStatus');
  assert.match(
    hard.sentence,
    /answered 404 \(Not Found\); the server of revocation lists for .* answered 404/,
  );
});

test('nothing is asked about a chain that is refused anyway, nor about a status that is known', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server);
  const stranger = issue({ subject: 'Stranger', ca: true });
  const refused = await judgeFetching({ ocsp: true, crls: true }, [leaf, intermediate], [stranger]);
  assert.ok(!refused.ok && refused.contacts.length === 0);
  const misnamed = await judgeFetching(everything, [leaf, intermediate], [root], {
    purpose: 'server',
    name: 'other.example',
  });
  assert.ok(!misnamed.ok && misnamed.rule === 'name' && misnamed.contacts.length === 0);
  const stapled = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { stapled: good(leaf, intermediate) },
  });
  assert.ok(stapled.ok && stapled.contacts.length === 0);
  const pinned = await judgeFetching(everything, [leaf], [leaf]);
  assert.ok(pinned.ok && pinned.contacts.length === 0);
  assert.deepEqual(server.asked, []);
});

test('answers are remembered until they run out, and no longer', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp'], intermediate: ['crl'] });
  server.on('/ocsp-leaf', good(leaf, intermediate));
  server.on('/crl-intermediate', makeList(root, { nextUpdate: new Date(Date.now() + 2 * HOUR) }));
  let later = 0;
  const fetcher = localFetcher({ ...everything, now: () => Date.now() + later });
  const ask = async (): Promise<string[]> => {
    const verdict = await judgeFetching(fetcher, [leaf, intermediate], [root]);
    assert.ok(verdict.ok);
    return brief(verdict).toSorted();
  };
  assert.deepEqual(await ask(), ['crl fetched', 'ocsp fetched']);
  later = HOUR / 2;
  assert.deepEqual(await ask(), ['crl fetched again', 'ocsp fetched again']);
  later = 1.5 * HOUR;
  assert.deepEqual(await ask(), ['crl fetched again', 'ocsp fetched'], 'responses hold for an hour');
  later = 2.5 * HOUR;
  assert.deepEqual(await ask(), ['crl fetched', 'ocsp fetched']);
  assert.equal(server.asked.length, 5);
});

test('however long an answer says that it holds, it is asked for anew after a day', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['crl'] });
  server.on('/crl-leaf', makeList(intermediate, { nextUpdate: new Date(Date.now() + 1000 * HOUR) }));
  let later = 0;
  const fetcher = localFetcher({ crls: true, now: () => Date.now() + later });
  const askedAt = async (hours: number): Promise<string[]> => {
    later = hours * HOUR;
    return brief(await judgeFetching(fetcher, [leaf, intermediate], [root]));
  };
  assert.deepEqual(await askedAt(0), ['crl fetched']);
  assert.deepEqual(await askedAt(23), ['crl fetched again']);
  assert.deepEqual(await askedAt(25), ['crl fetched'], 'use does not make it last longer');
});

test('failures are remembered for a minute', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp'] });
  let later = 0;
  const fetcher = localFetcher({ ...everything, now: () => Date.now() + later });
  const ask = async (): Promise<string[]> =>
    brief(await judgeFetching(fetcher, [leaf, intermediate], [root]));
  assert.deepEqual(await ask(), ['ocsp failed']);
  assert.deepEqual(await ask(), ['ocsp failed again']);
  server.on('/ocsp-leaf', good(leaf, intermediate));
  later = 61_000;
  assert.deepEqual(await ask(), ['ocsp fetched']);
  assert.equal(server.asked.length, 2);
});

test('a forged answer is not remembered for as long as it says', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp', 'crl'] });
  const forger = issue({ subject: 'Forger' });
  const far = new Date(Date.now() + 1000 * HOUR);
  const forgedSingle = { certificate: leaf, issuer: intermediate, nextUpdate: far };
  server.on('/ocsp-leaf', makeOcspResponse([forgedSingle], { signWith: forger.key }));
  server.on('/crl-leaf', makeList(intermediate, { nextUpdate: far, signWith: forger.key }));
  let later = 0;
  const fetcher = localFetcher({ ...everything, now: () => Date.now() + later });
  const revocation = { require: 'leaf' } as const;
  const ask = (): ReturnType<typeof judgeFetching> =>
    judgeFetching(fetcher, [leaf, intermediate], [root], { revocation });
  const forged = await ask();
  assert.ok(!forged.ok && forged.rule === 'revocationStatus', forged.sentence);
  assert.deepEqual(brief(forged), ['ocsp fetched', 'crl fetched']);
  assert.match(forged.sentence, /signature was not made by/);
  server.on('/ocsp-leaf', good(leaf, intermediate));
  later = 61_000;
  const mended = await ask();
  assert.ok(mended.ok, mended.sentence);
  assert.deepEqual(brief(mended), ['ocsp fetched']);
});

test('who asks the same at the same time shares one request', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp'] });
  const answers: (() => void)[] = [];
  server.on('/ocsp-leaf', (_request, response) => {
    answers.push(() => response.end(good(leaf, intermediate)));
    setImmediate(() => answers.shift()?.());
  });
  const fetcher = localFetcher({ ocsp: true });
  const revocation = { require: 'leaf' } as const;
  const verdicts = await Promise.all(
    Array.from({ length: 20 }, () => judgeFetching(fetcher, [leaf, intermediate], [root], { revocation })),
  );
  assert.ok(verdicts.every(({ ok }) => ok));
  assert.equal(server.asked.length, 1);
  assert.equal(verdicts.filter(({ contacts }) => contacts[0]?.fromCache === false).length, 1);
});

test('with a nonce an answer must be a fresh one, and is not remembered', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp'] });
  const nonces = new Set<string>();
  let recorded: Uint8Array | undefined;
  server.on('/ocsp-leaf', (request, response, body) => {
    const question = ocspRequestOf(request, body);
    // The extension's value: two OCTET STRINGs around 32 bytes.
    const at = question.indexOf(OCSP_NONCE) + OCSP_NONCE.length + 4;
    const nonce = question.subarray(at, at + 32);
    nonces.add(nonce.toString('hex'));
    recorded ??= makeOcspResponse([{ certificate: leaf, issuer: intermediate }], { nonce });
    response.end(makeOcspResponse([{ certificate: leaf, issuer: intermediate }], { nonce }));
  });
  const fetcher: EvidenceFetcher = localFetcher({ ocsp: true, nonce: true });
  const ask = (): ReturnType<typeof judgeFetching> =>
    judgeFetching(fetcher, [leaf, intermediate], [root], { revocation: { require: 'leaf' } });
  for (const _ of [1, 2]) {
    const verdict = await ask();
    assert.ok(verdict.ok, verdict.sentence);
    assert.deepEqual(brief(verdict), ['ocsp fetched']);
  }
  assert.equal(nonces.size, 2);
  assert.deepEqual(server.asked, ['POST /ocsp-leaf', 'POST /ocsp-leaf']);
  server.on('/ocsp-leaf', recorded as Uint8Array);
  const replayed = await ask();
  assert.ok(!replayed.ok && replayed.rule === 'revocationStatus');
  assert.match(
    replayed.sentence,
    /with another nonce than that of the request: the answer may be an old one/,
  );
  server.on('/ocsp-leaf', good(leaf, intermediate));
  assert.match((await ask()).sentence, /without the nonce of the request/);
});

test('an answer about another certificate is none', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['ocsp'] });
  const other = issue({ subject: 'other', issuer: intermediate });
  server.on('/ocsp-leaf', good(other, intermediate));
  const verdict = await judgeFetching({ ocsp: true }, [leaf, intermediate], [root], {
    revocation: { require: 'leaf' },
  });
  assert.ok(!verdict.ok);
  assert.match(verdict.sentence, /answered about another certificate/);
  server.on('/ocsp-leaf', der.sequence(der.tlv(0x0a, Uint8Array.of(3))));
  const later = await judgeFetching({ ocsp: true }, [leaf, intermediate], [root], {
    revocation: { require: 'leaf' },
  });
  assert.match(later.sentence, /gave no answer but tryLater/);
});

test('an anchor that is a name and a key is an issuer like any other', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: ['crl'], intermediate: ['ocsp'] });
  server.on('/crl-leaf', makeList(intermediate));
  server.on('/ocsp-intermediate', good(intermediate, root));
  const { subject: name, publicKeyInfo } = parseCertificate(root.der);
  assert.ok(publicKeyInfo.key);
  const verdict = await judgeFetching(everything, [leaf, intermediate], [{ name, key: publicKeyInfo.key }], {
    revocation: { require: 'chain' },
  });
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(brief(verdict).toSorted(), ['crl fetched', 'ocsp fetched']);
});

test('what was handed in and what is fetched are judged together', async (t) => {
  const server = await evidenceServer(t);
  const { root, intermediate, leaf } = hierarchy(server, { leaf: [], intermediate: ['ocsp'] });
  server.on('/ocsp-intermediate', good(intermediate, root));
  const crls = [parseCertificateRevocationList(makeList(intermediate))];
  const verdict = await judgeFetching(everything, [leaf, intermediate], [root], {
    revocation: { require: 'chain', crls },
  });
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(server.asked, ['GET /ocsp-intermediate']);
});

test('the responder of OpenSSL understands what it is asked, with a nonce and without', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-responder-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const server = await evidenceServer(t);
  const root = issue({ subject: 'Root', ca: true, keyUsage: ['keyCertSign', 'digitalSignature'] });
  const leaves = [0x1001, 0x1002].map((serial) =>
    issue({
      subject: 'localhost',
      issuer: root,
      serial,
      dnsNames: ['localhost'],
      extraExtensions: [accessInfo({ ocsp: [`${server.base}/ocsp`] })],
    }),
  );
  const file = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  file('root.pem', root.pem);
  file('root.key', root.keyPem);
  file(
    'index.txt',
    'V\t401231235959Z\t\t1001\tunknown\t/CN=a\nR\t401231235959Z\t261101000000Z,keyCompromise\t1002\tunknown\t/CN=b\n',
  );
  const signer = ['-index', 'index.txt', '-CA', 'root.pem', '-rsigner', 'root.pem', '-rkey', 'root.key'];
  const args = ['ocsp', ...signer, '-ndays', '1', '-reqin', 'request.der', '-respout', 'response.der'];
  let isMissing = false;
  server.on('/ocsp', (request, response, body) => {
    file('request.der', ocspRequestOf(request, body));
    try {
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
      response.end(readFileSync(join(folder, 'response.der')));
    } catch (error) {
      isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      response.writeHead(500).end(String(error));
    }
  });
  for (const nonce of [false, true]) {
    for (const [index, leaf] of leaves.entries()) {
      const verdict = await judgeFetching({ ocsp: true, nonce }, [leaf], [root], {
        revocation: { require: 'leaf' },
      });
      if (isMissing) {
        t.skip('openssl not found');
        return;
      }
      assert.deepEqual(brief(verdict), ['ocsp fetched'], verdict.sentence);
      if (index === 0) assert.ok(verdict.ok, verdict.sentence);
      else assert.ok(!verdict.ok && verdict.rule === 'revocation', verdict.sentence);
    }
  }
  assert.deepEqual(server.asked, ['GET /ocsp', 'GET /ocsp', 'POST /ocsp', 'POST /ocsp']);
});
