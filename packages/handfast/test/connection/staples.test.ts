import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import type { TlsVersion } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import type { RevocationOptions } from '../../src/x509/revocation/revocations.ts';
import { identityFrom, trusting } from '../support/identities.ts';
import { Pair } from '../support/pair.ts';
import { type Issued, issue, MUST_STAPLE, testPki } from '../support/pki.ts';
import { makeList, makeOcspResponse, type OcspOptions, type SingleSpec } from '../support/revocation.ts';

// A client judges what its server staples, in both versions.

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server } = testPki();
const demanding = issue({
  subject: 'localhost',
  issuer: intermediate,
  dnsNames: ['localhost'],
  extraExtensions: [MUST_STAPLE],
});

const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

interface Scene {
  readonly leaf?: Issued;
  readonly staple?: Uint8Array;
  readonly requestOcspResponse?: boolean;
  readonly verifier?: PeerVerifier;
}

function meet(version: TlsVersion, scene: Scene): Pair {
  const { leaf = server, staple, requestOcspResponse = true, verifier = trusting() } = scene;
  const identity = identityFrom(leaf, [intermediate], staple && { ocspResponse: staple });
  const policy = POLICIES['intermediate-2026'];
  return new Pair({
    client: { versions: [version], policy, requestOcspResponse, verifier },
    server: { policy, identities: [identity] },
  }).run();
}

function accepted(scene: Scene): void {
  for (const version of VERSIONS) {
    const { peer, ...established } = meet(version, scene).establishedOn('client');
    assert.equal(established.version, version);
    assert.equal(peer?.verdict.ok, true);
    const expected = (scene.requestOcspResponse ?? true) ? scene.staple : undefined;
    assert.deepEqual(peer?.ocspResponse, expected);
  }
}

function refused(scene: Scene, code: TlsErrorCode, words: RegExp): void {
  for (const version of VERSIONS) {
    const pair = meet(version, scene);
    assert.match(pair.errorOf('client', code).message, words);
    const { alertReceived } = pair.errorOf('server', 'ERR_ALERT_RECEIVED').context;
    const alert =
      code === 'ERR_CERTIFICATE_REVOKED' ? 'certificate_revoked' : 'bad_certificate_status_response';
    assert.equal(alertReceived, alert, version);
    assert.equal(pair.client.established, undefined);
  }
}

const staple = (single: Partial<SingleSpec> = {}, options: OcspOptions = {}): Uint8Array =>
  makeOcspResponse([{ certificate: server, issuer: intermediate, ...single }], options);
const BAD = 'ERR_BAD_CERTIFICATE_STATUS';
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);

test('a good staple', LIMIT, () => {
  accepted({ staple: staple() });
});

test('a staple by a delegated responder', LIMIT, () => {
  const responder = issue({ subject: 'Responder', issuer: intermediate, extKeyUsage: ['OCSPSigning'] });
  accepted({ staple: staple({}, { responder, certificates: [responder.der] }) });
  const pretender = issue({ subject: 'Responder', issuer: intermediate, extKeyUsage: ['serverAuth'] });
  refused(
    { staple: staple({}, { responder: pretender, certificates: [pretender.der] }) },
    BAD,
    /do not include OCSPSigning/,
  );
});

test('a staple that says revoked', LIMIT, () => {
  refused({ staple: staple({ status: {} }) }, 'ERR_CERTIFICATE_REVOKED', /was revoked at/);
});

test('a staple of another certificate', LIMIT, () => {
  refused({ staple: staple({ certificate: demanding }) }, BAD, /about another certificate/);
});

test('a staple that has run out', LIMIT, () => {
  const old = staple({ thisUpdate: hours(-48), nextUpdate: hours(-24) });
  refused({ staple: old }, BAD, /it held until/);
});

test('a staple that is garbage, or changed on its way', LIMIT, () => {
  refused({ staple: Uint8Array.of(1, 2, 3) }, BAD, /malformed at byte 0/);
  const changed = staple();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  refused({ staple: changed }, BAD, /signature was not made by the issuer/);
});

test('no staple, where none is demanded', LIMIT, () => {
  accepted({});
});

const withOptions = (revocation: Omit<RevocationOptions, 'stapled' | 'nonce'>): PeerVerifier =>
  chainVerifier({
    provider: nodeProvider,
    anchors: [{ certificate: parseCertificate(root.der) }],
    revocation,
  });

test(
  'must-staple: refused without a staple, where one was asked for and the caller does not say otherwise',
  LIMIT,
  () => {
    accepted({ leaf: demanding, staple: staple({ certificate: demanding }) });
    refused({ leaf: demanding }, BAD, /demands that an OCSP response is stapled/);
    refused({ leaf: demanding, verifier: withOptions({ mustStaple: true }) }, BAD, /demands/);
    refused({ leaf: demanding, staple: staple() }, BAD, /about another certificate/);
    accepted({ leaf: demanding, verifier: withOptions({ mustStaple: false }) });
    accepted({ leaf: demanding, requestOcspResponse: false });
  },
);

test('what a verifier requires can come as a staple', LIMIT, () => {
  const verifier = withOptions({ require: 'leaf' });
  accepted({ staple: staple(), verifier });
  for (const version of VERSIONS) {
    const error = meet(version, { verifier }).errorOf('client', 'ERR_CERTIFICATE_UNKNOWN');
    assert.match(error.message, /whether it was revoked is not known, and it must be/);
  }
});

test('revocation lists of a verifier are asked, beside a good staple too', LIMIT, () => {
  const crls = [
    parseCertificateRevocationList(makeList(intermediate, { revoked: [{ certificate: server }] })),
  ];
  const verifier = withOptions({ crls });
  refused({ verifier }, 'ERR_CERTIFICATE_REVOKED', /says the revocation list/);
  refused({ verifier, staple: staple() }, 'ERR_CERTIFICATE_REVOKED', /says the revocation list/);
});

test('a server refuses a client whose certificate is on a list', LIMIT, () => {
  const { client } = testPki();
  const crls = [
    parseCertificateRevocationList(makeList(intermediate, { revoked: [{ certificate: client }] })),
  ];
  for (const version of VERSIONS) {
    const policy = POLICIES['intermediate-2026'];
    const pair = new Pair({
      client: { versions: [version], policy, identities: [identityFrom(client, [intermediate])] },
      server: { policy, clientAuthentication: 'require', verifier: withOptions({ crls }) },
    }).run();
    assert.match(pair.errorOf('server', 'ERR_CERTIFICATE_REVOKED').message, /Test client.*was revoked/);
  }
});
