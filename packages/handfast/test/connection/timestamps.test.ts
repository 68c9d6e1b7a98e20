import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type ChainVerifierOptions, chainVerifier } from '../../src/handshake/verifier.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { TlsVersion } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { identityFrom } from '../support/identities.ts';
import { Pair } from '../support/pair.ts';
import { type Issued, testPki } from '../support/pki.ts';
import { makeOcspResponse } from '../support/revocation.ts';
import {
  inOcsp,
  issueLogged,
  makeLog,
  makeTimestamp,
  timestampList,
  x509Entry,
} from '../support/transparency.ts';

// A client asks the logs that it knows about its server, with what the server sends in the handshake, in both versions.

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server } = testPki();
const logs = [makeLog('Argon'), makeLog('Oak')] as const;
const [argon, oak] = logs;
const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

interface Scene {
  readonly leaf?: Issued;
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
  readonly ocspResponse?: Uint8Array;
  readonly requestSignedCertificateTimestamps?: boolean;
  readonly transparency?: ChainVerifierOptions['transparency'];
}

function meet(version: TlsVersion, scene: Scene): Pair {
  const {
    leaf = server,
    signedCertificateTimestamps,
    ocspResponse,
    transparency = { logs, require: 1 },
  } = scene;
  const { requestSignedCertificateTimestamps } = scene;
  const anchors = [{ certificate: parseCertificate(root.der) }];
  const policy = POLICIES['intermediate-2026'];
  const identity = identityFrom(leaf, [intermediate], {
    ...(signedCertificateTimestamps && { signedCertificateTimestamps }),
    ...(ocspResponse && { ocspResponse }),
  });
  return new Pair({
    client: {
      versions: [version],
      policy,
      verifier: chainVerifier({ provider: nodeProvider, anchors, transparency }),
      ...(requestSignedCertificateTimestamps !== undefined && { requestSignedCertificateTimestamps }),
    },
    server: { policy, identities: [identity] },
  }).run();
}

function accepted(scene: Scene, words: RegExp): void {
  for (const version of VERSIONS) {
    const { peer, ...established } = meet(version, scene).establishedOn('client');
    assert.equal(established.version, version);
    const sentences = peer?.verdict.path[0]?.checks.map(({ sentence }) => sentence) ?? [];
    assert.ok(
      sentences.some((sentence) => words.test(sentence)),
      sentences.join('\n'),
    );
  }
}

function refused(scene: Scene, words: RegExp): void {
  for (const version of VERSIONS) {
    const pair = meet(version, scene);
    const { message, context } = pair.errorOf('client', 'ERR_BAD_CERTIFICATE');
    assert.match(message, words);
    assert.equal((context.verdict as { rule?: unknown }).rule, 'transparency');
    assert.equal(pair.errorOf('server', 'ERR_ALERT_RECEIVED').context.alertReceived, 'bad_certificate');
    assert.equal(pair.client.established, undefined);
  }
}

const entry = x509Entry(server);

test('timestamps in the handshake', LIMIT, () => {
  const signedCertificateTimestamps = logs.map((log) => makeTimestamp(log, entry));
  accepted(
    { signedCertificateTimestamps, transparency: { logs, require: 2 } },
    /"Oak" has .* beside the certificate$/,
  );
});

test('timestamps in the certificate, and in the stapled response', LIMIT, () => {
  const options = { subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate };
  const { certificate: leaf } = issueLogged(options, (signed) => [makeTimestamp(argon, signed)]);
  accepted({ leaf }, /"Argon" has .* in the certificate$/);
  const extensions = [inOcsp(timestampList([makeTimestamp(oak, entry)]))];
  const ocspResponse = makeOcspResponse([{ certificate: server, issuer: intermediate, extensions }]);
  accepted({ ocspResponse }, /"Oak" has .* in an OCSP response$/);
});

test('a server that brings none, or is not asked, is refused where they are required', LIMIT, () => {
  refused({}, /it came without any timestamp/);
  const signedCertificateTimestamps = [makeTimestamp(argon, entry)];
  refused(
    { signedCertificateTimestamps, requestSignedCertificateTimestamps: false },
    /it came without any timestamp/,
  );
});

test('timestamps of another certificate, or changed on their way', LIMIT, () => {
  const [stolen] = [makeTimestamp(argon, x509Entry(intermediate))];
  refused(
    { signedCertificateTimestamps: [stolen] },
    /"Argon" beside the certificate \(the log did not sign it/,
  );
  const changed = makeTimestamp(argon, entry);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  refused({ signedCertificateTimestamps: [changed] }, /the log did not sign it/);
});

test('where they are not required, they are told', LIMIT, () => {
  const transparency = { logs };
  accepted({ transparency }, /came without any timestamp/);
  accepted(
    { transparency, signedCertificateTimestamps: [Uint8Array.of(0)] },
    /one beside the certificate \(/,
  );
});

test('logs that cannot be any are refused when the verifier is made', () => {
  const anchors = [{ certificate: parseCertificate(root.der) }];
  assert.throws(
    () => chainVerifier({ provider: nodeProvider, anchors, transparency: { logs, require: 3 } }),
    (error) => error instanceof ConfigError && error.option === 'transparency.require',
  );
});
