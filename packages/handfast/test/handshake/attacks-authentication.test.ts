/**
 * Peers of both roles that cheat in how they prove who they are: Certificate, CertificateVerify, Finished. Clients
 * are required to show a certificate here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientOptions, EndpointOptions } from '../../src/handshake/config.ts';
import type { Customization } from '../../src/handshake/messages.ts';
import type { Role } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ExtensionType, SignatureScheme } from '../../src/wire/registry.ts';
import {
  assertRefuses,
  BAD_FINISHED,
  BAD_SIGNATURE,
  type Cheat,
  cheatsAgainst,
  claimScheme,
  finishedWith,
  ILLEGAL,
  type Refusal,
  signingWith,
  UNSUPPORTED,
  WRONG_FINISHED,
  withExtensions,
  wrongSignatures,
} from '../support/cheats.ts';
import { identityOf } from '../support/identities.ts';
import { other, Pair, type PairOptions } from '../support/pair.ts';
import { type KeyKind, testPki } from '../support/pki.ts';

/** Options that a test may give to either side. */
type EitherOptions = Partial<Pick<ClientOptions, keyof EndpointOptions | 'identities' | Staples>>;
type Staples = 'requestOcspResponse' | 'requestSignedCertificateTimestamps';

type Entry = Parameters<Cheat<'Certificate'>[0]>[0]['certificateList'][number];

const [leaf, intermediate] = testPki().serverChain;
assert.ok(leaf && intermediate);

const listing =
  (...certificates: readonly Uint8Array[]): Cheat<'Certificate'>[0] =>
  (message) => ({
    ...message,
    certificateList: certificates.map((certData) => ({ certData, extensions: {} })),
  });
const firstEntry =
  (extensions: Entry['extensions']): Cheat<'Certificate'>[0] =>
  (message) => ({
    ...message,
    certificateList: message.certificateList.map((entry, i) => (i === 0 ? { ...entry, extensions } : entry)),
  });

const BAD_CERTIFICATE: Refusal = ['ERR_BAD_CERTIFICATE', 'bad_certificate'];

/** Schemes that a peer claims for a key, though they do not fit it. */
const MISFITS: Readonly<Record<string, readonly [KeyKind, keyof typeof SignatureScheme]>> = {
  'a P-384 key under the P-256 scheme': ['p384', 'ecdsa_secp256r1_sha256'],
  'a P-256 key under the P-384 scheme': ['p256', 'ecdsa_secp384r1_sha384'],
  'a P-521 key under the P-256 scheme': ['p521', 'ecdsa_secp256r1_sha256'],
  'an rsae key under a pss scheme': ['rsa2048', 'rsa_pss_pss_sha256'],
  'a pss key under an rsae scheme': ['rsa-pss', 'rsa_pss_rsae_sha256'],
  'an RSA key under RSA PKCS#1': ['rsa2048', 'rsa_pkcs1_sha256'],
  'an RSA key under RSA PKCS#1 with SHA-1': ['rsa2048', 'rsa_pkcs1_sha1'],
  'a P-256 key under ECDSA with SHA-1': ['p256', 'ecdsa_sha1'],
  'an Ed448 key under Ed25519': ['ed448', 'ed25519'],
  'an Ed25519 key under Ed448': ['ed25519', 'ed448'],
  'a P-256 key under Ed25519': ['p256', 'ed25519'],
  'an RSA key under ECDSA': ['rsa2048', 'ecdsa_secp256r1_sha256'],
};

for (const victim of ['client', 'server'] as const) {
  const cheater = other(victim);

  /** Mutual authentication, in which the cheater has these options. */
  const options = (cheating: EitherOptions = {}, honest: EitherOptions = {}): PairOptions => {
    const client = { identities: [identityOf('client')] };
    const server = { clientAuthentication: 'require' } as const;
    return cheater === 'client'
      ? { client: { ...client, ...cheating }, server: { ...server, ...honest } }
      : { client: { ...client, ...honest }, server: { ...server, ...cheating } };
  };

  cheatsAgainst(
    victim,
    'Certificate',
    {
      'without a certificate': [
        listing(),
        victim === 'client'
          ? ['ERR_EMPTY_CERTIFICATE', 'decode_error']
          : ['ERR_CERTIFICATE_REQUIRED', 'certificate_required'],
      ],
      'with a context': [
        (m) => ({ ...m, certificateRequestContext: Uint8Array.of(1) }),
        ILLEGAL,
        /request context/,
      ],
      'with a certificate that is none': [listing(Uint8Array.of(0x30, 0)), BAD_CERTIFICATE],
      'with a certificate that is cut off': [listing(leaf.slice(0, -1), intermediate), BAD_CERTIFICATE],
      'with bytes after a certificate': [listing(concat(leaf, Uint8Array.of(0))), BAD_CERTIFICATE],
      'with an issuer that is none': [listing(leaf, Uint8Array.of(1, 2, 3)), BAD_CERTIFICATE],
      "with somebody else's certificate": [listing(intermediate, leaf), BAD_SIGNATURE],
      'with an extension that nobody knows': [
        firstEntry({ unknown: [{ type: 0xfff0, data: new Uint8Array() }] }),
        UNSUPPORTED,
      ],
      'with an extension of ServerHello': [
        firstEntry({ unknown: [{ type: ExtensionType.key_share, data: new Uint8Array(4) }] }),
        ILLEGAL,
      ],
    },
    options(),
  );
  cheatsAgainst(
    victim,
    'Certificate',
    {
      'with an OCSP response that was not asked for': [
        firstEntry({ statusRequest: { statusType: 1, response: Uint8Array.of(1) } }),
        UNSUPPORTED,
        /status_request/,
      ],
      'with timestamps that were not asked for': [
        firstEntry({ signedCertificateTimestamp: [Uint8Array.of(1)] }),
        UNSUPPORTED,
        /signed_certificate_timestamp/,
      ],
    },
    options(
      {},
      victim === 'client' ? { requestOcspResponse: false, requestSignedCertificateTimestamps: false } : {},
    ),
  );

  for (const [how, change] of Object.entries(wrongSignatures(cheater))) {
    test(`CertificateVerify of a ${cheater}: signed ${how}`, () => {
      const identity = signingWith(identityOf(cheater), testPki()[cheater].key, change);
      assertRefuses(victim, options({ identities: [identity] }), BAD_SIGNATURE, /^CertificateVerify/);
    });
  }

  for (const [what, [kind, scheme]] of Object.entries(MISFITS)) {
    test(`CertificateVerify of a ${cheater}: ${what}`, () => {
      const cheating = {
        identities: [identityOf(cheater, kind)],
        customize: claimScheme(SignatureScheme[scheme]),
      };
      assertRefuses(victim, options(cheating), ILLEGAL, new RegExp(scheme));
      // Not even one that says it takes such schemes falls for it.
      const signatureAlgorithms = Object.values(SignatureScheme);
      const offersAll: Customization = {
        ClientHello: withExtensions((e) => ({ ...e, signatureAlgorithms })),
        CertificateRequest: withExtensions((e) => ({ ...e, signatureAlgorithms })),
      };
      assertRefuses(victim, options(cheating, { customize: offersAll }), ILLEGAL, new RegExp(scheme));
    });
  }

  test(`CertificateVerify of a ${cheater}: a scheme that fits the key and was not offered`, () => {
    const { rsa_pss_rsae_sha384, rsa_pss_rsae_sha256, ecdsa_secp256r1_sha256 } = SignatureScheme;
    const cheating = {
      identities: [identityOf(cheater, 'rsa2048')],
      customize: claimScheme(rsa_pss_rsae_sha256),
    };
    const honest = { signatureSchemes: [rsa_pss_rsae_sha384, ecdsa_secp256r1_sha256] };
    assertRefuses(victim, options(cheating, honest), ILLEGAL, /rsa_pss_rsae_sha256, which was not offered/);
  });

  for (const [what, [change, refusal]] of Object.entries(WRONG_FINISHED)) {
    test(`Finished of a ${cheater}: ${what}`, () => {
      assertRefuses(victim, options({ customize: finishedWith(change) }), refusal, /^Finished/);
    });
  }

  test(`Finished of a ${cheater}: that of another connection, and the victim's own`, () => {
    const seen: Partial<Record<Role, Uint8Array>> = {};
    const keep = (role: Role): Customization => ({
      Finished: (message) => {
        seen[role] = message.verifyData;
        return message;
      },
    });
    const pair = new Pair(options({ customize: keep(cheater) }, { customize: keep(victim) })).run();
    pair.establishedOn(victim);
    for (const replay of Object.values(seen)) {
      assertRefuses(victim, options({ customize: finishedWith(() => replay) }), BAD_FINISHED);
    }
    if (victim === 'client') return;
    // The server's Finished of this very handshake, sent back to it.
    let own: Uint8Array | undefined;
    const reflecting = options(
      { customize: finishedWith((data) => own ?? data) },
      {
        customize: finishedWith((data) => {
          own = data;
          return data;
        }),
      },
    );
    assertRefuses(victim, reflecting, BAD_FINISHED);
  });
}
