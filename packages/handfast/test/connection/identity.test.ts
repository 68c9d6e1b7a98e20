/** Which certificate is shown: by server name and scheme, by what a server asks of its clients, and with which staples. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import { toHex } from '../../src/wire/bytes.ts';
import type { CertificateRequest } from '../../src/wire/messages/certificate-request.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { SignatureScheme } from '../../src/wire/registry.ts';
import { refused } from '../../src/x509/verdict.ts';
import { accepting, identityFrom, identityOf } from '../support/identities.ts';
import { connectedPair, Pair } from '../support/pair.ts';
import { issue, type KeyKind, testPki } from '../support/pki.ts';

const { ed25519, ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256 } = SignatureScheme;

function serverIdentity(name: string, key: KeyKind): Identity {
  const { intermediate } = testPki();
  return identityFrom(issue({ subject: `${name} ${key}`, key, issuer: intermediate, dnsNames: [name] }), [
    intermediate,
  ]);
}

const alpha = serverIdentity('alpha.example', 'p256');
const alphaEdwards = serverIdentity('alpha.example', 'ed25519');
const beta = serverIdentity('beta.example', 'p256');
const wild = serverIdentity('*.wild.example', 'p256');
const SERVER: Partial<ServerOptions> = { identities: [alpha, alphaEdwards, beta, wild] };

/** The identity that a server shows, with the reason that it gives. */
function shown(name: string, client: Partial<ClientOptions> = {}, sendServerName = true): [Identity, string] {
  const pair = connectedPair({ client, server: SERVER, target: { name, sendServerName } });
  const { own, choices, serverName } = pair.establishedOn('server');
  assert.ok(own);
  const isSent = sendServerName && isIP(name) === 0;
  assert.equal(serverName, isSent ? name.toLowerCase() : undefined);
  assert.equal(
    toHex(pair.establishedOn('client').peer?.chain[0]?.der ?? new Uint8Array()),
    toHex(own.identity.chain[0]?.der ?? new Uint8Array()),
  );
  return [own.identity, choices.find(({ what }) => what === 'certificate')?.reason ?? ''];
}

test('the server shows the certificate that carries the name, and says so', () => {
  for (const [name, identity] of [
    ['alpha.example', alpha],
    ['ALPHA.example', alpha],
    ['beta.example', beta],
    ['any.wild.example', wild],
  ] as const) {
    const [own, reason] = shown(name);
    assert.equal(own, identity, name);
    assert.equal(reason, `it carries the name ${name.toLowerCase()}`);
  }
});

test('without a name, or for an unknown one, the server shows its first', () => {
  assert.deepEqual(shown('gamma.example'), [alpha, 'no certificate carries the name gamma.example']);
  assert.deepEqual(shown('two.levels.wild.example')[0], alpha);
  assert.deepEqual(shown('192.0.2.1'), [alpha, 'the client named no server']);
  assert.deepEqual(shown('2001:db8::1'), [alpha, 'the client named no server']);
  assert.deepEqual(shown('beta.example', {}, false), [alpha, 'the client named no server']);
});

test('among those of a name, the server shows one whose key the client takes', () => {
  assert.equal(shown('alpha.example', { signatureSchemes: [ed25519] })[0], alphaEdwards);
  assert.equal(shown('alpha.example', { signatureSchemes: [ed25519, ecdsa_secp256r1_sha256] })[0], alpha);
  // No certificate of this name fits, so the name gives way before the handshake does.
  const [own, reason] = shown('beta.example', { signatureSchemes: [ed25519] });
  assert.equal(own, alphaEdwards);
  assert.match(reason, /^no certificate carries the name beta\.example; the client does not say/);
});

test('no scheme in common: both sides say so', () => {
  const pair = new Pair({ client: { signatureSchemes: [rsa_pss_rsae_sha256] }, server: SERVER }).run();
  const { message } = pair.errorOf('server', 'ERR_NO_SHARED_SIGNATURE_SCHEME');
  assert.match(
    message,
    /the client takes rsa_pss_rsae_sha256; the server's certificates can sign with ecdsa_secp256r1_sha256, ed25519 \(/,
  );
  assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'handshake_failure');
});

test('requireKnownServerName refuses unknown names, and lets those pass that name no server', () => {
  const server = { ...SERVER, requireKnownServerName: true };
  const refused = new Pair({ server, target: { name: 'gamma.example' } }).run();
  assert.match(refused.errorOf('server', 'ERR_UNRECOGNIZED_NAME').message, /'gamma\.example'/);
  assert.equal(refused.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'unrecognized_name');
  for (const name of ['beta.example', 'x.wild.example', '192.0.2.1']) {
    connectedPair({ server, target: { name } });
  }
});

test('selectIdentity sees the whole ClientHello, and may refuse', () => {
  const hellos: ClientHello[] = [];
  const select = (identity: Identity | undefined) => (hello: ClientHello) => {
    hellos.push(hello);
    return identity;
  };
  const pair = connectedPair({
    client: { applicationProtocols: ['h2'] },
    server: { ...SERVER, selectIdentity: select(beta) },
    target: { name: 'alpha.example' },
  });
  assert.equal(pair.establishedOn('server').own?.identity, beta);
  const [hello] = hellos;
  assert.equal(hello?.extensions.serverName, 'alpha.example');
  assert.equal(hello.extensions.signatureAlgorithms?.includes(ed25519), true);
  assert.equal(hello.extensions.applicationLayerProtocolNegotiation?.length, 1);

  const refused = new Pair({ server: { selectIdentity: select(undefined) } }).run();
  refused.errorOf('server', 'ERR_UNRECOGNIZED_NAME');
  const nameless = new Pair({ server: { selectIdentity: select(undefined) }, target: { name: '192.0.2.1' } });
  assert.match(
    nameless.run().errorOf('server', 'ERR_MISSING_EXTENSION').message,
    /expected server_name, found none/,
  );
  assert.equal(nameless.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'missing_extension');
});

// What the client shows

const otherRoot = issue({ subject: 'Another root', ca: true });
const ofOtherRoot = identityFrom(issue({ subject: 'other client', issuer: otherRoot }));
const ofTestPki = identityOf('client');
const edwardsClient = identityOf('client', 'ed25519');

function trustingAuthorities(...authorities: readonly Uint8Array[]): PeerVerifier {
  return { ...accepting, authorities };
}

function shownByClient(client: Partial<ClientOptions>, server: Partial<ServerOptions>): Identity | undefined {
  const pair = connectedPair({ client, server: { clientAuthentication: 'request', ...server } });
  const { own } = pair.establishedOn('client');
  const { peer } = pair.establishedOn('server');
  assert.equal(peer?.chain[0]?.der.length, own?.identity.chain[0]?.der.length);
  return own?.identity;
}

test('a client shows the first identity whose chain leads to an authority that the server names', () => {
  const identities = [ofOtherRoot, ofTestPki];
  const { root, intermediate } = testPki();
  const choose = (...authorities: readonly Uint8Array[]): Identity | undefined =>
    shownByClient({ identities }, { verifier: trustingAuthorities(...authorities) });
  assert.equal(choose(), ofOtherRoot);
  assert.equal(choose(otherRoot.subject), ofOtherRoot);
  assert.equal(choose(root.subject), ofTestPki);
  assert.equal(choose(intermediate.subject), ofTestPki);
  assert.equal(choose(root.subject, otherRoot.subject), ofOtherRoot);
  assert.equal(choose(testPki('ed25519').root.subject), undefined);
});

test('a client shows an identity whose scheme the server takes, or none', () => {
  const identities = [ofTestPki, edwardsClient];
  const choose = (...signatureSchemes: readonly SignatureScheme[]): Identity | undefined =>
    shownByClient({ identities }, { signatureSchemes });
  assert.equal(choose(ed25519), edwardsClient);
  assert.equal(choose(ed25519, ecdsa_secp256r1_sha256), ofTestPki);
  assert.equal(choose(rsa_pss_rsae_sha256), undefined);
});

test('what selectIdentity of a client answers is shown only if the server takes its scheme', () => {
  const requests: CertificateRequest[] = [];
  const choose = (identity: Identity | undefined, signatureSchemes: readonly SignatureScheme[]) =>
    shownByClient(
      {
        selectIdentity: (request) => {
          requests.push(request);
          return identity;
        },
      },
      { signatureSchemes, verifier: trustingAuthorities(otherRoot.subject) },
    );
  assert.equal(choose(ofTestPki, [ecdsa_secp256r1_sha256]), ofTestPki);
  assert.equal(choose(edwardsClient, [ecdsa_secp256r1_sha256]), undefined);
  assert.equal(choose(undefined, [ecdsa_secp256r1_sha256]), undefined);
  assert.deepEqual(requests[0]?.extensions.signatureAlgorithms, [ecdsa_secp256r1_sha256]);
  assert.deepEqual(requests[0]?.extensions.certificateAuthorities, [otherRoot.subject]);
});

// Staples

const ocspResponse = new Uint8Array(20).fill(3);
const signedCertificateTimestamps = [new Uint8Array(9).fill(4), new Uint8Array(5).fill(5)];
const stapled: Identity = { ...identityOf('server'), ocspResponse, signedCertificateTimestamps };

test('OCSP response and SCT list are carried when they were asked for, and only then', () => {
  for (const requestOcspResponse of [false, true]) {
    for (const requestSignedCertificateTimestamps of [false, true]) {
      for (const identity of [stapled, identityOf('server')]) {
        let asked: Parameters<PeerVerifier['verify']>[0] | undefined;
        const verifier: PeerVerifier = {
          verify: (request) => {
            asked = request;
            return accepting.verify(request);
          },
        };
        const pair = connectedPair({
          client: { requestOcspResponse, requestSignedCertificateTimestamps, verifier },
          server: { identities: [identity] },
        });
        const { peer } = pair.establishedOn('client');
        for (const told of [peer, asked]) {
          assert.deepEqual(told?.ocspResponse, requestOcspResponse ? identity.ocspResponse : undefined);
          assert.deepEqual(
            told?.signedCertificateTimestamps,
            requestSignedCertificateTimestamps ? identity.signedCertificateTimestamps : undefined,
          );
        }
      }
    }
  }
});

test('a status_request of another type than OCSP is not answered', () => {
  const pair = connectedPair({
    client: {
      customize: {
        ClientHello: (m) => ({
          ...m,
          extensions: { ...m.extensions, statusRequest: { statusType: 2, request: new Uint8Array() } },
        }),
      },
    },
    server: { identities: [stapled] },
  });
  assert.equal(pair.establishedOn('client').peer?.ocspResponse, undefined);
});

test('a server asks its clients for no staples, and none are sent', () => {
  const pair = connectedPair({
    client: { identities: [{ ...ofTestPki, ocspResponse, signedCertificateTimestamps }] },
    server: { clientAuthentication: 'require' },
  });
  const { peer } = pair.establishedOn('server');
  assert.equal(peer?.ocspResponse, undefined);
  assert.equal(peer?.signedCertificateTimestamps, undefined);
});

test('the verifier is told whom the client wanted, at which time; about a client it is told no name', () => {
  const at = Date.UTC(2030, 0, 1);
  const requests: Parameters<PeerVerifier['verify']>[0][] = [];
  const verifier: PeerVerifier = {
    verify: (request) => {
      requests.push(request);
      return accepting.verify(request);
    },
  };
  connectedPair({
    client: { verifier, now: () => at, identities: [ofTestPki] },
    server: { verifier, now: () => at + 1, clientAuthentication: 'require' },
    target: { name: 'localhost' },
  });
  assert.deepEqual(
    requests.map(({ peer, name, at: time, chain }) => [peer, name, time, chain.length]),
    [
      ['server', 'localhost', at, 2],
      ['client', undefined, at + 1, 2],
    ],
  );
});

for (const role of ['client', 'server'] as const) {
  test(`a refusing verdict on the ${role} ends the handshake with its code, its sentence and its alert`, () => {
    const verdict = refused('issuer', 'nobody knows this authority');
    const pair = new Pair({
      client: { identities: [ofTestPki] },
      server: { clientAuthentication: 'require' },
      [role]: {
        identities: [ofTestPki],
        clientAuthentication: 'require',
        verifier: { verify: () => verdict },
      },
      trace: true,
    });
    pair.run();
    const error = pair.errorOf(role, 'ERR_UNKNOWN_CA');
    assert.equal(error.message, `nobody knows this authority. ${verdict.advice}`);
    assert.equal(error.context.verdict, verdict);
    assert.equal(pair.side(role).established, undefined);
    const told = pair.trace[role].find(({ type }) => type === 'verdict');
    assert.ok(told?.type === 'verdict' && told.verdict === verdict);
    assert.equal(
      pair.errorOf(role === 'client' ? 'server' : 'client', 'ERR_ALERT_RECEIVED').context.alertReceived,
      'unknown_ca',
    );
  });
}
