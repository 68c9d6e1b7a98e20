/** What a peer, or a server that its certificate names, can make a fetcher do: no more than its limits, and none of it for long. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchOverHttp } from '../../src/node/fetch/http.ts';
import { type Contact, evidenceFetcher } from '../../src/node/index.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { type Issued, issue } from '../support/pki.ts';
import { distributionPoints, makeList, makeOcspResponse } from '../support/revocation.ts';
import { accessInfo, brief, evidenceServer, filler, judgeFetching, localFetcher } from './fetch-support.ts';
import { activeTimers } from './support.ts';

const root = issue({ subject: 'Root', ca: true });
const REQUIRED = { revocation: { require: 'leaf' } } as const;

const leafWith = (...urls: string[]): Issued =>
  issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ ocsp: urls })],
  });

const goodFor = (leaf: Issued): Uint8Array => makeOcspResponse([{ certificate: leaf, issuer: root }]);

/** What happened when a responder at this URL was asked. */
async function askAt(url: string, options: Parameters<typeof evidenceFetcher>[0] = {}): Promise<Contact> {
  const fetcher = evidenceFetcher({ ocsp: true, ...options });
  const verdict = await judgeFetching(fetcher, [leafWith(url)], [root], REQUIRED);
  assert.ok(!verdict.ok && verdict.rule === 'revocationStatus', verdict.sentence);
  const contact = verdict.contacts.at(-1);
  assert.ok(contact);
  return contact;
}

test('an endless answer is cut off at its limit', async (t) => {
  const server = await evidenceServer(t);
  let sent = 0;
  server.on('/ocsp', (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(filler(16_384))) sent += 16_384;
      sent += 16_384;
    };
    response.on('drain', more);
    more();
  });
  const contact = await askAt(`${server.base}/ocsp`, { allowPrivateAddresses: true });
  assert.equal(contact.outcome, 'failed');
  assert.match(contact.sentence, /sent more than 65536 bytes$/);
  while (server.open() > 0) await new Promise(setImmediate);
  assert.ok(sent < 50_000_000, `${sent} bytes were sent`);
});

test('a revocation list has no more bytes than the caller wants to read', async (t) => {
  const server = await evidenceServer(t);
  const extraExtensions = [distributionPoints({ fullName: [{ uri: `${server.base}/list` }] })];
  const leaf = issue({ subject: 'localhost', issuer: root, dnsNames: ['localhost'], extraExtensions });
  const list = makeList(root);
  server.on('/list', list);
  for (const missing of [0, 1]) {
    const options = { crls: true, maxListBytes: list.length - missing };
    const verdict = await judgeFetching(options, [leaf], [root], REQUIRED);
    assert.equal(verdict.ok, missing === 0, verdict.sentence);
    assert.deepEqual(brief(verdict), [missing === 0 ? 'crl fetched' : 'crl failed']);
  }
});

test('an answer that says it is too long is not read', async (t) => {
  const server = await evidenceServer(t);
  server.on('/ocsp', (_request, response) => {
    response.writeHead(200, { 'Content-Length': '65537' });
    response.flushHeaders();
  });
  const contact = await askAt(`${server.base}/ocsp`, { allowPrivateAddresses: true });
  assert.match(contact.sentence, /sent more than 65536 bytes$/);
});

test('a server that is silent, or drips, is left after the time of one request', async (t) => {
  const server = await evidenceServer(t);
  server.on('/silent', () => {});
  server.on('/drip', (_request, response) => {
    const drip = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(drip));
  });
  server.on('/headers', (request) => {
    request.socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => request.socket.write('X: y\r\n'), 5);
    request.socket.on('close', () => clearInterval(drip));
  });
  for (const path of ['/silent', '/drip', '/headers']) {
    const contact = await askAt(`${server.base}${path}`, { allowPrivateAddresses: true, timeout: 100 });
    assert.match(contact.sentence, /did not answer within 0.1 s$/, path);
    while (server.open() > 0) await new Promise(setImmediate);
  }
});

test('all requests of a verdict together have their time, and nothing is left behind', async (t) => {
  const server = await evidenceServer(t);
  server.on('/silent', () => {});
  const leaf = leafWith(...[1, 2, 3].map((number) => `${server.base}/silent/${number}`));
  const timers = activeTimers();
  const fetcher = localFetcher({ ocsp: true, timeout: 60_000, totalTimeout: 100 });
  const verdict = await judgeFetching(fetcher, [leaf], [root], REQUIRED);
  assert.ok(!verdict.ok);
  assert.deepEqual(brief(verdict), ['ocsp failed'], 'the others are not even tried');
  assert.match(verdict.sentence, /did not answer before the 0.1 s for all requests were over/);
  while (server.open() > 0) await new Promise(setImmediate);
  assert.equal(activeTimers(), timers);
  server.on('/silent', goodFor(leaf));
  const patient = await judgeFetching(fetcher, [leaf], [root], REQUIRED);
  assert.ok(patient.ok, 'what was given up is no failure of the server, and not remembered as one');
});

test('however many URLs a certificate names, few are tried', async (t) => {
  const server = await evidenceServer(t);
  const many = (path: string): string[] =>
    Array.from({ length: 500 }, (_, i) => `${server.base}/${path}${i}`);
  const points = [
    ...many('crl').map((uri) => ({ fullName: [{ uri }] })),
    { fullName: many('more').map((uri) => ({ uri })) },
  ];
  const leaf = issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ ocsp: many('ocsp') }), distributionPoints(...points)],
  });
  const verdict = await judgeFetching({ ocsp: true, crls: true, issuers: true }, [leaf], [root]);
  assert.ok(verdict.ok);
  const paths = server.asked.map((line) => /\/[a-z]+\d/.exec(line)?.[0]);
  const four = (path: string): string[] => [0, 1, 2, 3].map((i) => `/${path}${i}`);
  assert.deepEqual(paths, [...four('ocsp'), ...four('crl')]);
});

test('one verdict causes no more requests than it may, redirects included', async (t) => {
  const server = await evidenceServer(t);
  let issuer = root;
  const chain: Issued[] = [];
  for (let i = 0; i < 5; i++) {
    const urls = [0, 1, 2, 3].map((j) => `${server.base}/bounce${i}${j}`);
    issuer = issue({
      subject: i === 4 ? 'localhost' : `Step ${i}`,
      issuer,
      ...(i === 4 ? { dnsNames: ['localhost'] } : { ca: true }),
      extraExtensions: [accessInfo({ ocsp: urls, issuers: urls })],
    });
    chain.unshift(issuer);
    for (let j = 0; j < 4; j++) {
      server.on(`/bounce${i}${j}`, (_request, response) =>
        response.writeHead(302, { Location: '/on' }).end(),
      );
    }
  }
  server.on('/on', (request, response) =>
    response.writeHead(302, { Location: `${request.url}/on`.slice(0, 200) }).end(),
  );
  const everything = { ocsp: true, crls: true, issuers: true };
  for (const maxContacts of [1, 7, 16]) {
    const before = server.asked.length;
    const options = { ...everything, maxContacts };
    const verdict = await judgeFetching(options, chain, [root], { revocation: { require: 'chain' } });
    assert.ok(!verdict.ok);
    assert.equal(server.asked.length - before, maxContacts);
    assert.equal(verdict.contacts.filter(({ fromCache }) => !fromCache).length, maxContacts);
    assert.match(
      verdict.sentence,
      new RegExp(`the ${maxContacts} requests that one verdict may cause were used up`),
    );
  }
});

test('redirects are followed to http URLs only, and not for ever', async (t) => {
  const server = await evidenceServer(t);
  const leaf = leafWith(`${server.base}/start`);
  const to = (location: string, status = 302): void =>
    server.on('/start', (_request, response) => response.writeHead(status, { Location: location }).end());
  server.on('/there', goodFor(leaf));
  const ask = () => judgeFetching(localFetcher({ ocsp: true }), [leaf], [root], REQUIRED);
  for (const status of [301, 302, 303, 307, 308]) {
    to('/there', status);
    const verdict = await ask();
    assert.ok(verdict.ok, verdict.sentence);
    assert.deepEqual(brief(verdict), ['ocsp redirected', 'ocsp fetched']);
  }
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['https://127.0.0.1/', /only http URLs are fetched, and https would need a verdict of its own/],
    ['file:///etc/passwd', /only http URLs are fetched/],
    ['ftp://127.0.0.1/', /only http URLs are fetched/],
    ['http://user:secret@127.0.0.1/', /has a user name or a password/],
    ['http://127.0.0.1:25/', /port 25 is for other services/],
    ['http://[', /no URL/],
  ];
  for (const [location, words] of refusals) {
    to(location);
    const verdict = await ask();
    assert.ok(!verdict.ok);
    assert.match(verdict.contacts.at(-1)?.sentence ?? '', words);
  }
  server.on('/start', (request, response) => {
    response.writeHead(307, { Location: request.url ?? '' }).end();
  });
  const before = server.asked.length;
  const endless = await ask();
  assert.match(endless.contacts.at(-1)?.sentence ?? '', /redirected to yet another place after \d others/);
  assert.ok(server.asked.length - before <= 4, 'a loop is noticed');
});

test('compressed answers are not unpacked', async (t) => {
  const server = await evidenceServer(t);
  const leaf = leafWith(`${server.base}/ocsp`);
  server.on('/ocsp', (_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(goodFor(leaf)));
  });
  const verdict = await judgeFetching({ ocsp: true }, [leaf], [root], REQUIRED);
  assert.ok(!verdict.ok);
  assert.match(verdict.sentence, /compressed its answer \("gzip"\), unasked/);
});

test('whatever a server answers, the verdict stands', async (t) => {
  const server = await evidenceServer(t);
  const answers: Record<string, Uint8Array> = {
    nothing: new Uint8Array(0),
    text: Buffer.from('<html>not found</html>'),
    zeros: filler(1000),
    certificate: root.der,
    list: makeList(root),
    cut: goodFor(leafWith('http://x/')).subarray(0, -1),
    PEM: Buffer.from('-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n'),
  };
  const extraExtensions = [
    accessInfo({ ocsp: [`${server.base}/x`] }),
    distributionPoints({ fullName: [{ uri: `${server.base}/x` }] }),
  ];
  const leaf = issue({ subject: 'localhost', issuer: root, dnsNames: ['localhost'], extraExtensions });
  const orphan = issue({
    subject: 'localhost',
    issuer: issue({ subject: 'Unknown', ca: true }),
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ issuers: [`${server.base}/x`] })],
  });
  for (const [name, bytes] of Object.entries(answers)) {
    server.on('/x', bytes);
    const statuses = await judgeFetching({ ocsp: true, crls: true }, [leaf], [root]);
    assert.ok(statuses.ok, name);
    const expected = ['ocsp failed', name === 'list' ? 'crl fetched' : 'crl failed'];
    assert.deepEqual(brief(statuses), expected, name);
    const issuers = await judgeFetching({ issuers: true }, [orphan], [root]);
    assert.ok(!issuers.ok && issuers.rule === 'issuer', name);
    assert.deepEqual(brief(issuers), [name === 'certificate' ? 'issuer fetched' : 'issuer failed'], name);
  }
});

test('attack: whatever bit is changed on the way, nothing is believed', async () => {
  const intermediate = issue({ subject: 'Intermediate', issuer: root, ca: true });
  const orphan = issue({
    subject: 'localhost',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ issuers: ['http://x.example/'] })],
  });
  const asking = leafWith('http://x.example/');
  const listed = issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [distributionPoints({ fullName: [{ uri: 'http://x.example/' }] })],
  });
  const rules = { ocsp: true, crls: true, issuers: true, cacheBytes: 0 };
  const kinds: readonly (readonly [string, Issued, Uint8Array, object])[] = [
    ['issuer', orphan, intermediate.der, {}],
    ['response', asking, goodFor(asking), REQUIRED],
    ['list', listed, makeList(root), REQUIRED],
  ];
  for (const [kind, leaf, bytes, required] of kinds) {
    const judgeWith = async (body: Uint8Array): Promise<boolean> => {
      const fetcher = evidenceFetcher({ ...rules, fetch: async () => ({ status: 200, body }) });
      return (await judgeFetching(fetcher, [leaf], [root], required)).ok;
    };
    assert.equal(await judgeWith(bytes), true, kind);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << (at & 7));
      assert.equal(await judgeWith(changed), false, `${kind}, byte ${at}`);
    }
  }
});

test('what is no HTTP, or breaks off, is a failure', async (t) => {
  const raw = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      const cut = data.includes('/cut');
      socket.end(cut ? 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew' : '220 mail.example ESMTP\r\n');
    });
  });
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  t.after(() => raw.close());
  const base = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
  const local = { allowPrivateAddresses: true };
  assert.match((await askAt(`${base}/mail`, local)).sentence, /gave no answer in HTTP$/);
  assert.match((await askAt(`${base}/cut`, local)).sentence, /broke off in the middle of its answer$/);
  raw.close();
  const gone = await askAt(`${base}/gone`, local);
  assert.match(gone.sentence, /could not be reached \(ECONNREFUSED\)$/);
});

test('attack: loopback and private addresses are not connected to, in whatever form they are written', async (t) => {
  const server = await evidenceServer(t);
  server.on('/', Buffer.from('reached'));
  const { port } = server;
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    'localhost',
    '%6cocalhost',
  ];
  for (const host of hosts) {
    const contact = await askAt(`http://${host}:${port}/x`);
    assert.equal(contact.outcome, 'refused', host);
    assert.match(contact.sentence, /was not asked: its address is not one of the public Internet$/, host);
  }
  assert.deepEqual(server.asked, []);
});

test('attack: what a name leads to is checked on the very address that is connected to', async (t) => {
  const server = await evidenceServer(t);
  const leaf = leafWith(`http://responder.example:${server.port}/ocsp`);
  server.on('/ocsp', goodFor(leaf));
  let lookups = 0;
  const addresses = (...all: string[]): LookupFunction =>
    ((_host, options, callback) => {
      lookups++;
      const found = all.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (options.all) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family);
    }) satisfies LookupFunction;
  const ask = (lookup: LookupFunction, allowPrivateAddresses = false) =>
    judgeFetching(
      evidenceFetcher({ ocsp: true, lookup, allowPrivateAddresses, timeout: 2000 }),
      [leaf],
      [root],
    );
  assert.deepEqual(brief(await ask(addresses('127.0.0.1'))), ['ocsp refused']);
  assert.deepEqual(brief(await ask(addresses('::1', '10.0.0.1'))), ['ocsp refused']);
  assert.deepEqual(server.asked, []);
  assert.equal(lookups, 2, 'a name is looked up once, so that it cannot mean something else the second time');
  assert.deepEqual(brief(await ask(addresses('127.0.0.1'), true)), ['ocsp fetched'], 'the hook was not idle');
  const failing: LookupFunction = (_host, _options, callback) =>
    callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '', 0);
  assert.match((await ask(failing)).contacts[0]?.sentence ?? '', /could not be reached \(ENOTFOUND\)$/);
});

test('attack: a redirect from a public address does not lead inside', async (t) => {
  const server = await evidenceServer(t);
  server.on('/inside', Buffer.from('reached'));
  const location = `http://127.0.0.1:${server.port}/inside`;
  // The first answer comes from somewhere public; the request that follows is sent as always.
  const ask = (allowPrivateAddresses: boolean): Promise<Contact> =>
    askAt('http://public.example/', {
      fetch: async (request) =>
        request.url === location
          ? fetchOverHttp(request, { allowPrivateAddresses })
          : { status: 302, location, body: new Uint8Array(0) },
    });
  const contact = await ask(false);
  assert.deepEqual([contact.outcome, contact.url, server.asked.length], ['refused', location, 0]);
  assert.equal((await ask(true)).outcome, 'failed');
  assert.deepEqual(server.asked, ['GET /inside']);
});

test('a URL cannot smuggle anything into the request', async (t) => {
  const received: string[] = [];
  const raw = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received.push(data.toString('latin1'));
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    });
  });
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  t.after(() => raw.close());
  const base = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
  const local = { allowPrivateAddresses: true };
  await askAt(`${base}/a\r\nX-Evil: 1\r\n\r\nGET /b HTTP/1.1\r\n?q=1\t#fragment`, local);
  const [head = ''] = received;
  assert.equal(received.length, 1);
  assert.doesNotMatch(head, /^X-Evil/im);
  assert.match(head, /^POST \/aX-Evil:%201GET%20\/b%20HTTP\/1\.1\?q=1 HTTP\/1\.1\r\n/);
  const contact = await askAt(`http://x.example/\x1b[2J`, {
    fetch: async () => ({ status: 500, body: filler(1) }),
  });
  assert.match(contact.sentence, /^[\x20-\x7e]+$/);
});

test('a long URL is refused, and told in short', async () => {
  const contact = await askAt(`http://x.example/${'a'.repeat(5000)}`);
  assert.equal(contact.outcome, 'refused');
  assert.ok(contact.url.length < 400);
});

test('a fetch of the caller is held to the same limits', async () => {
  const answers: Record<string, NonNullable<Parameters<typeof evidenceFetcher>[0]['fetch']>> = {
    'sent more than 65536 bytes': async () => ({ status: 200, body: filler(65_537) }),
    'did not answer within 0.05 s': () => new Promise(() => {}),
    'could not be asked \\(out of order\\)': async () => {
      throw new Error('out of order');
    },
  };
  for (const [words, fetch] of Object.entries(answers)) {
    const keepAlive = setTimeout(() => {}, 10_000);
    const contact = await askAt('http://x.example/', { fetch, timeout: 50 });
    clearTimeout(keepAlive);
    assert.match(contact.sentence, new RegExp(`${words}$`));
  }
});

test('requests wait for their turn when there are many, and the last is answered too', async () => {
  let running = 0;
  let most = 0;
  const fetcher = evidenceFetcher({
    ocsp: true,
    fetch: async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return { status: 404, body: new Uint8Array(0) };
    },
  });
  const verdicts = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      judgeFetching(fetcher, [leafWith(`http://x.example/${i}`)], [root], REQUIRED),
    ),
  );
  assert.equal(most, 32);
  assert.ok(verdicts.every(({ contacts }) => contacts[0]?.outcome === 'failed' && !contacts[0].fromCache));
});

test('options that make no sense are refused by name', () => {
  const wrong: readonly (readonly [string, Parameters<typeof evidenceFetcher>[0]])[] = [
    ['ocsp', {}],
    ['ocsp', { ocsp: false, crls: false, issuers: false, nonce: true }],
    ['timeout', { ocsp: true, timeout: 0 }],
    ['timeout', { ocsp: true, timeout: Number.NaN }],
    ['totalTimeout', { ocsp: true, totalTimeout: 2 ** 31 }],
    ['maxContacts', { ocsp: true, maxContacts: 65 }],
    ['maxContacts', { ocsp: true, maxContacts: 0.5 }],
    ['cacheBytes', { ocsp: true, cacheBytes: -1 }],
    ['maxListBytes', { crls: true, maxListBytes: 2 ** 25 + 1 }],
  ];
  for (const [option, options] of wrong) {
    assert.throws(
      () => evidenceFetcher(options),
      (error) => error instanceof ConfigError && error.option === option,
      option,
    );
  }
});
