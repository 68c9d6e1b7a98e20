/** Which certificate suits the peer: what it can verify, whom it trusts, what it filters for (RFC 9846 section 4.5.1.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '../../src/handshake/identity.ts';
import { DEFAULT_POLICY } from '../../src/policy/policies.ts';
import type { Role } from '../../src/trace/events.ts';
import type { CertificateRequest } from '../../src/wire/messages/certificate-request.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { ClientCertificateType, SignatureScheme } from '../../src/wire/registry.ts';
import { ExtensionOid, PurposeOid } from '../../src/x509/oids.ts';
import { oid as derOid, namedBits, sequence } from '../support/der.ts';
import { accepting, identityFrom, identityOf, withKey } from '../support/identities.ts';
import { connectedPair, Pair, type PairOptions } from '../support/pair.ts';
import { type IssueOptions, issue, type KeyKind, makeKey } from '../support/pki.ts';

const {
  ecdsa_secp256r1_sha256,
  ecdsa_secp384r1_sha384,
  ecdsa_sha1,
  ed25519,
  rsa_pkcs1_sha1,
  rsa_pkcs1_sha256,
  rsa_pss_pss_sha256,
  rsa_pss_rsae_sha256,
} = SignatureScheme;

/** A P-256 leaf whose chain is made of these, the root left out; each certificate is signed as the next one's key says. */
function identity(
  issuerKey: KeyKind,
  options: Partial<IssueOptions> = {},
  intermediate: Partial<IssueOptions> = {},
): Identity {
  const root = issue({ subject: `root ${issuerKey}`, key: makeKey(issuerKey, 0), ca: true });
  const issuer = issue({
    subject: `intermediate ${issuerKey}`,
    key: makeKey(issuerKey, 1),
    issuer: root,
    ca: true,
    ...intermediate,
  });
  const leaf = issue({ subject: 'leaf', issuer, dnsNames: ['localhost'], ...options });
  return identityFrom(leaf, [issuer]);
}

const byRsa = identity('rsa2048');
const byRsaPss = identity('rsa2048', { pss: true }, { pss: true });
const byPssKey = identity('rsa-pss');
const byP256 = identity('p256');
const byP384 = identity('p384');
const byEdwards = identity('ed25519');
const bySha1 = identity('rsa2048', { signatureHash: 'sha1' });
const belowSha1 = identity('p256', {}, { signatureHash: 'sha1' });
const ALL = [byRsa, byRsaPss, byPssKey, byP256, byP384, byEdwards];

test('both sides say what they take for signatures, of the handshake and of certificates', () => {
  const schemes = {
    signatureSchemes: [ecdsa_secp256r1_sha256, ed25519],
    certificateSignatureSchemes: [ecdsa_secp256r1_sha256, rsa_pkcs1_sha256],
  };
  const said: Partial<Record<Role, Wishes>> = {};
  connectedPair({
    client: {
      ...schemes,
      customize: {
        ClientHello: (hello) => {
          said.client = hello.extensions;
          return hello;
        },
      },
    },
    server: {
      ...schemes,
      clientAuthentication: 'request',
      customize: {
        CertificateRequest: (request) => {
          said.server = request.extensions;
          return request;
        },
      },
    },
  });
  for (const role of ['client', 'server'] as const) {
    const { signatureAlgorithms, signatureAlgorithmsCert } = said[role] ?? {};
    assert.deepEqual(signatureAlgorithms, schemes.signatureSchemes, role);
    assert.deepEqual(signatureAlgorithmsCert, schemes.certificateSignatureSchemes, role);
  }
});

type Wishes = Partial<
  Pick<
    CertificateRequest['extensions'],
    'signatureAlgorithms' | 'signatureAlgorithmsCert' | 'certificateAuthorities' | 'oidFilters'
  >
>;

/** The side that shows `identities` to a peer with these wishes; what it shows, and why. */
function choose(
  role: Role,
  identities: readonly Identity[],
  wishes: Wishes,
): { readonly own: Identity | undefined; readonly reason: string; readonly pair: Pair } {
  const asWished = <M extends ClientHello | CertificateRequest>(message: M): M => ({
    ...message,
    extensions: { ...message.extensions, ...wishes },
  });
  const options: PairOptions =
    role === 'server'
      ? { client: { verifier: accepting, customize: { ClientHello: asWished } }, server: { identities } }
      : {
          client: { verifier: accepting, identities },
          server: {
            verifier: accepting,
            clientAuthentication: 'request',
            customize: { CertificateRequest: asWished },
          },
        };
  const pair = new Pair(options).run();
  const established = pair.side(role).established;
  const what = role === 'server' ? 'certificate' : 'client authentication';
  const reason = established?.choices.find((choice) => choice.what === what)?.reason ?? '';
  return { own: established?.own?.identity, reason, pair };
}

const undefinedWish = (name: keyof Wishes) => ({ [name]: undefined }) as Wishes;

for (const role of ['client', 'server'] as const) {
  test(`a ${role} shows the chain that its peer can verify, by signature_algorithms_cert`, () => {
    for (const [signatureAlgorithmsCert, verifiable] of [
      [[rsa_pkcs1_sha256], [byRsa]],
      [[rsa_pss_rsae_sha256], [byRsaPss]],
      [[rsa_pss_pss_sha256], [byPssKey]],
      [[ecdsa_secp256r1_sha256], [byP256]],
      [[ecdsa_secp384r1_sha384], [byP384]],
      [[ed25519], [byEdwards]],
      [[0x0a0a, ecdsa_secp256r1_sha256], [byP256]],
      [
        [ed25519, ecdsa_secp384r1_sha384],
        [byP384, byEdwards],
      ],
    ] as const) {
      for (const identities of [ALL, ALL.toReversed()]) {
        const { own } = choose(role, identities, { signatureAlgorithmsCert });
        assert.equal(
          own,
          identities.find((one) => verifiable.some((other) => other === one)),
        );
      }
    }
  });

  test(`a ${role} goes by signature_algorithms where there is no signature_algorithms_cert`, () => {
    const { own } = choose(role, ALL, {
      ...undefinedWish('signatureAlgorithmsCert'),
      signatureAlgorithms: [ecdsa_secp256r1_sha256],
    });
    assert.equal(own, byP256);
  });

  test(`a ${role} shows a chain that its peer may not know rather than none`, () => {
    const { own, reason } = choose(role, [byRsa, byEdwards], {
      signatureAlgorithmsCert: [ecdsa_secp384r1_sha384],
    });
    assert.equal(own, byRsa);
    if (role === 'server') assert.match(reason, /does not say that it can verify/);
  });

  test(`a ${role} shows a chain with SHA-1 only to a peer that asks for it`, () => {
    const schemes = [ecdsa_secp256r1_sha256, rsa_pkcs1_sha256];
    for (const [weak, scheme] of [
      [bySha1, rsa_pkcs1_sha1],
      [belowSha1, ecdsa_sha1],
    ] as const) {
      assert.equal(choose(role, [weak, byP384], { signatureAlgorithmsCert: schemes }).own, byP384);
      const alone = choose(role, [weak], { signatureAlgorithmsCert: schemes });
      assert.equal(alone.own, undefined);
      if (role === 'server') {
        assert.match(alone.pair.errorOf('server', 'ERR_NO_SHARED_SIGNATURE_SCHEME').message, /SHA-1/);
      } else assert.equal(alone.pair.establishedOn('server').peer, undefined);
      assert.equal(choose(role, [weak], { signatureAlgorithmsCert: [...schemes, scheme] }).own, weak);
    }
  });

  test(`a ${role} prefers what comes from an authority that its peer names`, () => {
    const identities = [byRsa, byPssKey, byP256, byP384, byEdwards];
    const signatureAlgorithmsCert = [
      rsa_pkcs1_sha256,
      rsa_pss_pss_sha256,
      ecdsa_secp256r1_sha256,
      ecdsa_secp384r1_sha384,
      ed25519,
    ];
    const unknown = Uint8Array.of(0x30, 0);
    for (const wanted of identities) {
      for (const { issuer } of wanted.chain) {
        const certificateAuthorities = [unknown, issuer.der];
        assert.equal(
          choose(role, identities, { certificateAuthorities, signatureAlgorithmsCert }).own,
          wanted,
        );
      }
    }
    // It is a wish: a server goes on with what it has, a client without a certificate.
    const { own } = choose(role, [byP256], { certificateAuthorities: [unknown] });
    assert.equal(own, role === 'server' ? byP256 : undefined);
  });
}

// oid_filters (RFC 9846 section 4.3.5)

const filter = (oid: string, values: Uint8Array = new Uint8Array()) => ({
  certificateExtensionOid: derOid(oid),
  certificateExtensionValues: values,
});
const purposes = (...oids: readonly string[]): Uint8Array => sequence(...oids.map(derOid));
const [DIGITAL_SIGNATURE, KEY_AGREEMENT] = [0, 4];

const plain = identity('p256', { keyUsage: null });
const signing = identity('p256', { keyUsage: ['digitalSignature'], extKeyUsage: ['clientAuth'] });
const agreeing = identity('p256', {
  keyUsage: ['digitalSignature', 'keyAgreement'],
  extKeyUsage: ['clientAuth', 'emailProtection'],
});

test('a client shows a certificate that matches every filter it knows, or none', () => {
  const { keyUsage, extKeyUsage, subjectAltName } = ExtensionOid;
  const { clientAuth, emailProtection, codeSigning } = PurposeOid;
  for (const [oidFilters, expected] of [
    [[], plain],
    [[filter(subjectAltName, Uint8Array.of(1)), filter('1.2.3.4', Uint8Array.of(1, 2))], plain],
    [[filter(keyUsage)], signing],
    [[filter(keyUsage, namedBits([DIGITAL_SIGNATURE]))], signing],
    [[filter(keyUsage, namedBits([DIGITAL_SIGNATURE, KEY_AGREEMENT]))], agreeing],
    [[filter(extKeyUsage)], signing],
    [[filter(extKeyUsage, purposes(clientAuth))], signing],
    [[filter(extKeyUsage, purposes(emailProtection, clientAuth))], agreeing],
    [[filter(keyUsage), filter(extKeyUsage, purposes(emailProtection))], agreeing],
    [[filter('1.2.3.4'), filter(extKeyUsage, purposes(emailProtection))], agreeing],
    [[filter(extKeyUsage, purposes(codeSigning))], undefined],
    [[filter(extKeyUsage, purposes(clientAuth, codeSigning))], undefined],
  ] as const) {
    assert.equal(choose('client', [plain, signing, agreeing], { oidFilters }).own, expected);
  }
});

test('a TLS 1.2 client shows a certificate of a type that the server asks for', () => {
  const { rsa_sign, ecdsa_sign } = ClientCertificateType;
  const client = (kind: KeyKind): Identity => identityOf('client', kind);
  for (const [certificateTypes, kinds, shown] of [
    [[rsa_sign], ['p256', 'rsa2048'], 'rsa2048'],
    [[ecdsa_sign], ['rsa2048', 'p256'], 'p256'],
    [[ecdsa_sign], ['rsa2048'], undefined],
    [[rsa_sign], ['p256', 'p384'], undefined],
    // EdDSA goes by ecdsa_sign, but servers that take its schemes may not know that.
    [[ecdsa_sign], ['rsa2048', 'ed25519'], 'ed25519'],
    [[rsa_sign], ['p256', 'ed25519'], 'ed25519'],
    [[rsa_sign], ['p256', 'ed448'], 'ed448'],
  ] as const) {
    const pair = connectedPair({
      client: { policy: DEFAULT_POLICY, versions: ['TLSv1.2'], identities: kinds.map(client) },
      server: {
        policy: DEFAULT_POLICY,
        clientAuthentication: 'request',
        customize: { CertificateRequest12: (message) => ({ ...message, certificateTypes }) },
      },
    });
    assert.equal(pair.client.established?.own?.identity, shown && client(shown));
  }
});

test('filters that are malformed, or name an extension twice, are refused', () => {
  for (const [oidFilters, code] of [
    [[filter(ExtensionOid.keyUsage), filter(ExtensionOid.keyUsage)], 'ERR_ILLEGAL_PARAMETER'],
    [[filter(ExtensionOid.keyUsage, Uint8Array.of(4, 1, 0))], 'ERR_DECODE'],
    [[{ ...filter(ExtensionOid.keyUsage), certificateExtensionOid: Uint8Array.of(5, 0) }], 'ERR_DECODE'],
    [[filter(ExtensionOid.extKeyUsage, sequence())], 'ERR_DECODE'],
  ] as const) {
    choose('client', [plain], { oidFilters }).pair.errorOf('client', code);
  }
});

test('an explicit choice of the caller is shown as it is, where its scheme fits', () => {
  const pair = connectedPair({
    client: { verifier: accepting, selectIdentity: () => withKey(byEdwards, (key) => key) },
    server: {
      verifier: { ...accepting, authorities: [byRsa.chain[0]?.issuer.der ?? new Uint8Array()] },
      clientAuthentication: 'request',
      signatureSchemes: [ecdsa_secp256r1_sha256],
    },
  });
  assert.equal(pair.establishedOn('client').own?.identity.chain, byEdwards.chain);
});
