/** What sockets and servers ask of a peer's certificate, over TCP and in both roles; where node:tls has the option, as it does. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createSecureContext, connect as nodeConnect } from 'node:tls';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import {
  type ConnectOptions,
  clientTlsConfig,
  connect,
  createServer,
  evidenceFetcher,
  type FetchedVerdict,
  type FetcherOptions,
  serverTlsConfig,
  type TLSSocket,
  type TrustOptions,
} from '../../src/node/index.ts';
import { ConfigError, type TlsError } from '../../src/wire/errors.ts';
import {
  type Accepted,
  parseCertificate,
  parseCertificateRevocationList,
  parseOcspResponse,
  type Refused,
} from '../../src/x509/index.ts';
import { type Issued, issue, toPem } from '../support/pki.ts';
import { makeList, makeOcspResponse } from '../support/revocation.ts';
import { accessInfo, evidenceServer } from './fetch-support.ts';
import { closed, failure, listen, PKI, SERVER } from './support.ts';

const { root, intermediate, server: leaf, client: clientLeaf } = PKI;
const list = (issuer: Issued, ...revoked: Issued[]): string =>
  toPem('X509 CRL', makeList(issuer, { revoked: revoked.map((certificate) => ({ certificate })) }));
const certificate = ({ der }: Issued) => parseCertificate(der);

/** What a client thinks of a server. */
async function clientJudges(
  t: TestContext,
  trust: ConnectOptions,
  identity = { cert: PKI.serverChainPem, key: leaf.keyPem },
): Promise<Accepted | Refused> {
  const server = createServer(identity);
  server.on('tlsClientError', () => {});
  const port = await listen(t, server);
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...trust });
  return outcome(t, socket, 'secureConnect');
}

/** What a server thinks of a client. */
async function serverJudges(
  t: TestContext,
  trust: TrustOptions,
  identity = { cert: PKI.clientChainPem, key: clientLeaf.keyPem },
): Promise<Accepted | Refused> {
  const server = createServer({ ...SERVER, requestCert: true, ...trust });
  const port = await listen(t, server);
  const judged = new Promise<Accepted | Refused>((resolve) => {
    server.on('secureConnection', (socket: TLSSocket) => resolve(socket.verdict as Accepted));
    server.on('tlsClientError', (error: TlsError) => resolve(error.context['verdict'] as Refused));
  });
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: root.pem, ...identity });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return judged;
}

async function outcome(t: TestContext, socket: TLSSocket, event: string): Promise<Accepted | Refused> {
  t.after(() => socket.destroy());
  try {
    await once(socket, event);
  } catch (error) {
    const { verdict } = (error as TlsError).context as { verdict?: Refused };
    if (verdict === undefined) throw error;
    return verdict;
  }
  return socket.verdict as Accepted;
}

/** Both roles, each with what it is to judge. */
const ROLES = [
  { role: 'client', judge: clientJudges, peer: leaf },
  { role: 'server', judge: serverJudges, peer: clientLeaf },
] as const;

const ruleOf = (verdict: Accepted | Refused): string => (verdict.ok ? 'accepted' : verdict.rule);

test('crl: every certificate of the path must be known, in both roles', async (t) => {
  for (const { role, judge, peer } of ROLES) {
    const cases: readonly (readonly [string, TrustOptions, string])[] = [
      ['both lists', { crl: [list(intermediate), list(root)] }, 'accepted'],
      ['both in one text', { crl: list(intermediate) + list(root) }, 'accepted'],
      ['DER', { crl: [makeList(intermediate), Buffer.from(makeList(root))] }, 'accepted'],
      ['parsed', { crl: [parseCertificateRevocationList(makeList(intermediate)), list(root)] }, 'accepted'],
      ['only that of the leaf', { crl: list(intermediate) }, 'revocationStatus'],
      [
        'only that of the leaf, which is enough',
        { crl: list(intermediate), revocation: { require: 'leaf' } },
        'accepted',
      ],
      ['a revoked leaf', { crl: [list(intermediate, peer), list(root)] }, 'revocation'],
      ['a revoked intermediate', { crl: [list(intermediate), list(root, intermediate)] }, 'revocation'],
    ];
    for (const [name, options, expected] of cases) {
      assert.equal(ruleOf(await judge(t, { ca: root.pem, ...options })), expected, `${role}: ${name}`);
    }
  }
});

test('crl: node:tls thinks the same', async (t) => {
  const server = createServer(SERVER);
  server.on('tlsClientError', () => {});
  const port = await listen(t, server);
  const crls: readonly (readonly string[])[] = [
    [list(intermediate), list(root)],
    [list(intermediate)],
    [list(intermediate, leaf), list(root)],
    [list(intermediate), list(root, intermediate)],
  ];
  for (const crl of crls) {
    const secureContext = createSecureContext({ ca: root.pem, crl: [...crl] });
    const socket = nodeConnect({ host: '127.0.0.1', port, servername: 'localhost', secureContext });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.on('secureConnect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    const ours = await clientJudges(t, { ca: root.pem, crl });
    assert.equal(ours.ok, accepted, ours.sentence);
  }
});

test('crl: what is no revocation list is refused by name', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [root.pem, /found only other PEM blocks/],
    [root.der, /crl: the revocation list is malformed/],
    ['ca.crl', /expected PEM/],
    [null, /found null/],
    [7, /found number/],
    [[list(root), {}], /found object/],
  ];
  for (const [crl, words] of wrong) {
    assert.throws(
      () => clientTlsConfig({ crl } as ConnectOptions),
      (error) => error instanceof ConfigError && error.option === 'crl' && words.test(error.message),
      String(words),
    );
  }
});

test('revocation: responses that were handed in, in both roles', async (t) => {
  for (const { role, judge, peer } of ROLES) {
    for (const status of ['good', { reason: 1 }] as const) {
      const der = makeOcspResponse([{ certificate: peer, issuer: intermediate, status }]);
      const revocation = { ocspResponses: [parseOcspResponse(der)], require: 'leaf' } as const;
      const expected = status === 'good' ? 'accepted' : 'revocation';
      assert.equal(ruleOf(await judge(t, { ca: root.pem, revocation })), expected, role);
    }
    const unknown = await judge(t, { ca: root.pem, revocation: { require: 'leaf' } });
    assert.equal(ruleOf(unknown), 'revocationStatus', role);
  }
});

test('policies, name constraints, anchors, partial chains and logs, in both roles', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const log = { publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
  const excluded = [
    { kind: 'dNSName', value: 'localhost' },
    { kind: 'rfc822Name', value: 'example.test' },
  ] as const;
  const anchor = { certificate: certificate(root) };
  const { subject: name, publicKeyInfo } = certificate(root);
  assert.ok(publicKeyInfo.key);
  const cases: readonly (readonly [string, TrustOptions, string])[] = [
    ['policies', { ca: root.pem, policies: { initialExplicitPolicy: true } }, 'certificatePolicies'],
    ['names', { ca: root.pem, nameConstraints: { excluded } }, 'nameConstraints'],
    ['anchor', { anchors: [anchor] }, 'accepted'],
    ['no anchor', { anchors: [] }, 'anchors'],
    ['name and key', { anchors: [{ name, key: publicKeyInfo.key }] }, 'accepted'],
    [
      'constrained anchor',
      { anchors: [{ ...anchor, constraints: { nameConstraints: { excluded } } }] },
      'nameConstraints',
    ],
    ['path length', { anchors: [{ ...anchor, constraints: { pathLength: 0 } }] }, 'pathLength'],
    ['partial', { ca: intermediate.pem }, 'accepted'],
    ['no partial', { ca: intermediate.pem, allowPartialChain: false }, 'issuer'],
    ['logs, told', { ca: root.pem, transparency: { logs: [log] } }, 'accepted'],
    ['logs, required', { ca: root.pem, transparency: { logs: [log], require: 1 } }, 'transparency'],
  ];
  for (const { role, judge } of ROLES) {
    for (const [what, options, expected] of cases) {
      assert.equal(ruleOf(await judge(t, options)), expected, `${role}: ${what}`);
    }
  }
});

test('beside a verifier each of them is refused by name, and so is what cannot work', () => {
  const verifier = { verify: () => ({ ok: true, path: [], sentence: 'fine' }) as const };
  const fetch = evidenceFetcher({ ocsp: true });
  const options: readonly TrustOptions[] = [
    { anchors: [] },
    { allowPartialChain: true },
    { nameConstraints: {} },
    { policies: {} },
    { crl: [] },
    { revocation: {} },
    { transparency: { logs: [] } },
    { fetch },
  ];
  const refusedAs = (option: string, make: () => unknown): void =>
    assert.throws(make, (error) => error instanceof ConfigError && error.option === option, option);
  for (const option of options) {
    const [name = ''] = Object.keys(option);
    clientTlsConfig(option);
    refusedAs(name, () => clientTlsConfig({ ...option, verifier }));
    refusedAs(name, () => serverTlsConfig({ ...SERVER, ...option, verifier, requestCert: true }));
  }
  refusedAs('anchors', () => clientTlsConfig({ ca: root.pem, anchors: [] }));
  refusedAs('anchors', () => clientTlsConfig({ anchors: root.pem as never }));
  refusedAs('fetch', () => clientTlsConfig({ fetch: true as never }));
  refusedAs('fetch', () => clientTlsConfig({ fetch: null as never }));
  refusedAs('revocation.clockTolerance', () =>
    clientTlsConfig({ fetch, revocation: { clockTolerance: -1 } }),
  );
  refusedAs('allowPartialTrustChain', () =>
    clientTlsConfig({ allowPartialTrustChain: false } as ConnectOptions),
  );
  refusedAs('ca', () => serverTlsConfig({ ...SERVER, requestCert: true, fetch }));
});

test('fetch: a missing intermediate and the status of the leaf, in both roles', async (t) => {
  const evidence = await evidenceServer(t);
  evidence.on('/issuer', intermediate.der);
  for (const { role, judge } of ROLES) {
    const peer = issue({
      subject: 'localhost',
      issuer: intermediate,
      dnsNames: ['localhost'],
      extraExtensions: [
        accessInfo({ ocsp: [`${evidence.base}/${role}`], issuers: [`${evidence.base}/issuer`] }),
      ],
    });
    const identity = { cert: peer.pem, key: peer.keyPem };
    const trust = { ca: root.pem, revocation: { require: 'leaf' } } as const;
    assert.equal(ruleOf(await judge(t, trust, identity)), 'issuer', `${role}: nothing is fetched by default`);
    evidence.on(`/${role}`, makeOcspResponse([{ certificate: peer, issuer: intermediate }]));
    const options = { ocsp: true, issuers: true, allowPrivateAddresses: true };
    const verdict = (await judge(
      t,
      { ...trust, fetch: evidenceFetcher(options) },
      identity,
    )) as FetchedVerdict;
    assert.ok(verdict.ok, verdict.sentence);
    assert.deepEqual(
      verdict.contacts.map(({ purpose, outcome: result }) => `${purpose} ${result}`),
      ['issuer fetched', 'ocsp fetched'],
    );
    const status = { reason: 1 };
    evidence.on(`/${role}`, makeOcspResponse([{ certificate: peer, issuer: intermediate, status }]));
    const revoked = await judge(t, { ...trust, fetch: evidenceFetcher(options) }, identity);
    assert.equal(ruleOf(revoked), 'revocation', role);
    const strict = await judge(t, { ...trust, fetch: evidenceFetcher({ issuers: true }) }, identity);
    assert.equal(ruleOf(strict), 'issuer', `${role}: loopback is not contacted`);
  }
});

test('fetch: sessions are bound to what is fetched, as to all that trust depends on', () => {
  const rules = { anchors: [{ certificate: certificate(root) }] };
  const settings = (options?: FetcherOptions, more: object = {}): string => {
    const verifier =
      options === undefined
        ? chainVerifier({ provider: nodeProvider, ...rules, ...more })
        : evidenceFetcher(options).peerVerifier({ ...rules, ...more });
    const digest = verifier.settings;
    assert.ok(digest?.length === 32);
    assert.deepEqual(verifier.settings, digest);
    return Buffer.from(digest).toString('hex');
  };
  const lookup = (): void => {};
  const all = [
    settings(),
    settings({ ocsp: true }),
    settings({ crls: true }),
    settings({ ocsp: true, nonce: true }),
    settings({ ocsp: true, timeout: 1 }),
    settings({ ocsp: true, lookup }),
    settings({ ocsp: true }, { revocation: { require: 'leaf' } }),
    settings(undefined, { judge: () => ({ ok: true, path: [], sentence: 'fine' }) }),
    settings(undefined, { judge: () => ({ ok: true, path: [], sentence: 'fine' }) }),
  ];
  assert.equal(new Set(all).size, all.length, 'they differ');
  assert.equal(settings({ ocsp: true, onContact: () => {} }), settings({ ocsp: true, now: Date.now }));
});

test('fetch: a stapled response spares the request', async (t) => {
  const evidence = await evidenceServer(t);
  const peer = issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ ocsp: [`${evidence.base}/ocsp`] })],
  });
  const ocspResponse = makeOcspResponse([{ certificate: peer, issuer: root }]);
  const server = createServer({ identities: { cert: peer.pem, key: peer.keyPem, ocspResponse } });
  const port = await listen(t, server);
  const fetch = evidenceFetcher({ ocsp: true, allowPrivateAddresses: true });
  const options = { port, host: '127.0.0.1', servername: 'localhost', ca: root.pem, fetch };
  const verdict = await outcome(t, connect({ ...options, revocation: { require: 'leaf' } }), 'secureConnect');
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual(evidence.asked, []);
  const unasked = connect({ ...options, revocation: { require: 'leaf' }, requestOcspResponse: false });
  assert.equal(ruleOf(await outcome(t, unasked, 'secureConnect')), 'revocationStatus');
  assert.equal(evidence.asked.length, 1);
});

test('fetch: a silent responder holds a handshake for no longer than it may', async (t) => {
  const evidence = await evidenceServer(t);
  evidence.on('/silent', () => {});
  const peer = issue({
    subject: 'localhost',
    issuer: root,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ ocsp: [1, 2, 3, 4].map((i) => `${evidence.base}/silent/${i}`) })],
  });
  const identity = { cert: peer.pem, key: peer.keyPem };
  const fetch = evidenceFetcher({
    ocsp: true,
    allowPrivateAddresses: true,
    timeout: 60_000,
    totalTimeout: 50,
  });
  const soft = await clientJudges(t, { ca: root.pem, fetch }, identity);
  assert.ok(soft.ok);
  assert.match(soft.sentence, /did not answer before the 0.05 s for all requests were over/);
  const hard = await clientJudges(t, { ca: root.pem, fetch, revocation: { require: 'leaf' } }, identity);
  assert.equal(ruleOf(hard), 'revocationStatus');
});

test('fetch: a connection that closes while something is fetched ends quietly', async (t) => {
  const evidence = await evidenceServer(t);
  const answers: (() => void)[] = [];
  const isAsked = new Promise<void>((resolve) => {
    evidence.on('/issuer', (_request, response) => {
      answers.push(() => response.end(intermediate.der));
      resolve();
    });
  });
  const peer = issue({
    subject: 'Client',
    issuer: intermediate,
    extraExtensions: [accessInfo({ issuers: [`${evidence.base}/issuer`] })],
  });
  const contacted = new Promise((resolve) => {
    const fetch = evidenceFetcher({ issuers: true, allowPrivateAddresses: true, onContact: resolve });
    const server = createServer({ ...SERVER, requestCert: true, ca: root.pem, fetch });
    server.on('tlsClientError', () => {});
    listen(t, server).then(async (port) => {
      const identity = { cert: peer.pem, key: peer.keyPem };
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: root.pem, ...identity });
      socket.on('error', () => {});
      await isAsked;
      socket.destroy();
      await closed(socket);
      for (const answer of answers) answer();
    });
  });
  assert.equal(((await contacted) as { outcome: string }).outcome, 'fetched');
});

test('fetch: what onContact throws ends the handshake, and not the process', async (t) => {
  const fetch = evidenceFetcher({
    issuers: true,
    onContact: () => {
      throw new Error('the listener fell asleep');
    },
  });
  const stranger = issue({
    subject: 'localhost',
    issuer: issue({ subject: 'Stranger', ca: true }),
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ issuers: ['https://x.example/'] })],
  });
  const server = createServer({ cert: stranger.pem, key: stranger.keyPem });
  server.on('tlsClientError', () => {});
  const port = await listen(t, server);
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: root.pem, fetch });
  const error = await failure(socket);
  assert.equal(error.code, 'ERR_INTERNAL');
  assert.match(error.message, /the listener fell asleep/);
});
