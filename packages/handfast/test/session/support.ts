/** Sessions for tests: right ones, of every kind, with the certificates of `pki.ts`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { isPromise } from '../../src/crypto/provider.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import type { AuthenticatedPeer } from '../../src/session/peer.ts';
import type { ClientSession, Session } from '../../src/session/session.ts';
import { CipherSuite, SignatureScheme } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import type { Accepted, JudgedCertificate } from '../../src/x509/verdict.ts';
import { testPki } from '../support/pki.ts';

/** A moment in 2026. */
export const NOW = 1_795_000_000_000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The test hierarchy's client, as a server judged it now. */
export function judgedPeer(): AuthenticatedPeer & { readonly verdict: Accepted } {
  const { clientChain, root } = testPki();
  const chain = clientChain.map(parseCertificate);
  const anchors = [{ certificate: parseCertificate(root.der) }];
  const verdict = chainVerifier({ provider: nodeProvider, anchors }).verify({
    peer: 'client',
    chain,
    at: Date.now(),
    use: 'signature',
  });
  if (isPromise(verdict) || !verdict.ok) throw new Error('expected an accepting verdict at once');
  return { chain, verdict, signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256 };
}

/** The same verdict as a session keeps it: who, from when to when, and no word of how it was found out. */
export function asKept({ path, policies, sentence }: Accepted): Accepted {
  assert.ok(policies !== undefined);
  return {
    ok: true,
    path: path.map(({ role, subject, issuer, serialNumber, notBefore, notAfter, fingerprint }) => {
      assert.ok(serialNumber !== undefined && notBefore !== undefined);
      assert.ok(notAfter !== undefined && fingerprint !== undefined);
      return { role, subject, issuer, serialNumber, notBefore, notAfter, fingerprint, checks: [] };
    }),
    policies,
    sentence,
  };
}

/** A session of TLS 1.3. */
export function session13(changes: Partial<Session> = {}): Session {
  return {
    version: 'TLSv1.3',
    cipherSuite: CipherSuite.TLS_AES_256_GCM_SHA384,
    secret: new Uint8Array(48).fill(7),
    createdAt: NOW,
    authenticatedAt: NOW,
    expiresAt: NOW + DAY,
    ticketAgeAdd: 0xfedcba98,
    maxEarlyData: 16384,
    extendedMasterSecret: true,
    serverName: 'localhost',
    applicationProtocol: 'h2',
    trust: new Uint8Array(32).fill(3),
    ...changes,
  };
}

/** A client's session of TLS 1.3. */
export function clientSession(changes: Partial<ClientSession> = {}): ClientSession {
  return { ...session13(), name: 'localhost', ticket: new Uint8Array(200).fill(9), ...changes };
}

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

/** Times to the end of the year 9999, as certificates have them. */
const times = fc.oneof(fc.integer({ min: 0, max: 253_402_300_799_000 }), fc.constant(NOW));
const printable = (minLength: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength,
    maxLength: 255,
  });
/** Any text at all, lone surrogates included. */
const texts = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
});

const judged: fc.Arbitrary<JudgedCertificate> = fc.record(
  {
    role: fc.constantFrom('leaf', 'intermediate', 'anchor'),
    subject: texts,
    issuer: texts,
    serialNumber: texts,
    notBefore: texts,
    notAfter: texts,
    fingerprint: texts,
    checks: fc.constant([]),
  },
  { noNullPrototype: true, requiredKeys: ['role', 'subject', 'issuer', 'checks'] },
);

const verdicts: fc.Arbitrary<Accepted> = fc.record(
  {
    ok: fc.constant(true),
    path: fc.array(judged, { maxLength: 4 }),
    policies: fc.array(texts),
    sentence: texts,
  },
  { noNullPrototype: true, requiredKeys: ['ok', 'path', 'sentence'] },
);

const chains = fc.constantFrom(testPki().clientChain, testPki().serverChain.slice(0, 1), []);

const peers: fc.Arbitrary<AuthenticatedPeer> = fc.record(
  {
    chain: chains.map((chain) => chain.map(parseCertificate)),
    verdict: verdicts,
    signatureScheme: fc.integer({ min: 0, max: 0xffff }),
    ocspResponse: fc.uint8Array({ maxLength: 300 }),
    signedCertificateTimestamps: fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 3 }),
  },
  { noNullPrototype: true, requiredKeys: ['chain', 'verdict'] },
);

const uint32 = fc.integer({ min: 0, max: 0xffffffff });

/** Any session: of both versions, with every cipher suite, and with whatever may be absent absent or there. */
export const sessions: fc.Arbitrary<Session> = fc
  .constantFrom(...CIPHER_SUITES.values())
  .chain(({ version, suite, hash }) =>
    fc.record(
      {
        version: fc.constant(version),
        cipherSuite: fc.constant(suite),
        secret: bytesOf(version === 'TLSv1.2' || hash === 'SHA-384' ? 48 : 32),
        createdAt: times,
        authenticatedAt: times,
        expiresAt: times,
        ticketAgeAdd: uint32,
        maxEarlyData: uint32,
        extendedMasterSecret: fc.boolean(),
        serverName: printable(1),
        applicationProtocol: printable(1),
        trust: bytesOf(32),
        peer: peers,
      },
      {
        noNullPrototype: true,
        requiredKeys: [
          'version',
          'cipherSuite',
          'secret',
          'createdAt',
          'authenticatedAt',
          'expiresAt',
          'ticketAgeAdd',
          'maxEarlyData',
          'extendedMasterSecret',
          'trust',
        ],
      },
    ),
  );

export const clientSessions: fc.Arbitrary<ClientSession> = fc
  .tuple(
    sessions,
    fc.record(
      {
        name: printable(0),
        ticket: fc.uint8Array({ maxLength: 2000 }),
        sessionId: fc.uint8Array({ minLength: 1, maxLength: 32 }),
      },
      { noNullPrototype: true, requiredKeys: ['name', 'ticket'] },
    ),
  )
  .map(([session, own]) => ({ ...session, ...own }));
