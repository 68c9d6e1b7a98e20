/**
 * TLS 1.2 peers of both roles that cheat in how they prove who they are: Certificate, CertificateVerify, Finished, and
 * the certificate of RSA key transport, which proves itself by decrypting. Clients must show a certificate here.
 */
import assert from 'node:assert/strict';
import { sign as nodeSign } from 'node:crypto';
import { test } from 'node:test';
import type { Customization } from '../../src/handshake/messages.ts';
import type { Role } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import { CipherSuite, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import {
  assertRefuses,
  BAD_FINISHED,
  BAD_MAC,
  BAD_SIGNATURE,
  type Cheat,
  cheatsAgainst,
  DECODE,
  finishedWith,
  ILLEGAL,
  type Refusal,
} from '../support/cheats.ts';
import { claiming, flipped, toNumber, withIdentity, wrongSignatures12 } from '../support/cheats12.ts';
import * as der from '../support/der.ts';
import { customized, FLOWS_12, flow12, mutual, rsaServer, withMore } from '../support/flows12.ts';
import { identityFrom, identityOf, trusting, withKey } from '../support/identities.ts';
import { connectedPair, other, Pair, type PairOptions } from '../support/pair.ts';
import { issue, type KeyKind, makeKey, testPki } from '../support/pki.ts';

const ECDSA = mutual(flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'));
const BAD_CERTIFICATE: Refusal = ['ERR_BAD_CERTIFICATE', 'bad_certificate'];

// Certificate

const [leaf, intermediate] = testPki().serverChain;
assert.ok(leaf && intermediate);

const listing =
  (...certificateList: readonly Uint8Array[]): Cheat<'Certificate12'>[0] =>
  () => ({ certificateList });

for (const victim of ['client', 'server'] as const) {
  cheatsAgainst(
    victim,
    'Certificate12',
    {
      'without a certificate': [
        listing(),
        victim === 'client'
          ? ['ERR_EMPTY_CERTIFICATE', 'decode_error']
          : ['ERR_NO_CERTIFICATE', 'handshake_failure'],
      ],
      'with a certificate that is none': [listing(Uint8Array.of(0x30, 0)), BAD_CERTIFICATE],
      'with a certificate that is cut off': [listing(leaf.slice(0, -1), intermediate), BAD_CERTIFICATE],
      'with bytes behind a certificate': [listing(concat(leaf, Uint8Array.of(0))), BAD_CERTIFICATE],
      'with an issuer that is none': [listing(leaf, Uint8Array.of(1, 2, 3)), BAD_CERTIFICATE],
      "with somebody else's certificate": [listing(intermediate, leaf), BAD_SIGNATURE],
    },
    ECDSA,
  );
}

test("Certificate of a server with the client's own certificate", () => {
  assertRefuses(
    'client',
    customized(ECDSA, 'server', { Certificate12: listing(testPki().client.der) }),
    BAD_SIGNATURE,
  );
});

// The certificate and the suite

/** The suite that is named in ServerHello, for a server that goes on with another. */
const naming = (suite: keyof typeof CipherSuite): Customization => ({
  ServerHello12: (hello) => ({ ...hello, cipherSuite: CipherSuite[suite] }),
});

/** Suites with the kinds of keys whose certificates do not go with them, each by way of a suite that does. */
const MISMATCHES: readonly (readonly [keyof typeof CipherSuite, KeyKind, keyof typeof CipherSuite])[] = [
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'p256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ed25519', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'rsa2048', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'rsa-pss', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'p256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
];

for (const [named, kind, used] of MISMATCHES) {
  test(`a server with a ${kind} certificate for ${named}`, () => {
    const flow = withMore(customized(flow12(used, { kind }), 'server', naming(named)), {
      client: { cipherSuites: [CipherSuite[used], CipherSuite[named]] },
    });
    assertRefuses('client', flow, ILLEGAL, new RegExp(`key does not fit the cipher suite ${named}`));
  });
}

test('a server without an RSA certificate for RSA key transport', () => {
  for (const kind of ['p256', 'ed25519', 'rsa-pss'] as const) {
    const flow = customized(flow12('TLS_RSA_WITH_AES_128_GCM_SHA256'), 'server', {
      Certificate12: listing(...testPki(kind).serverChain),
    });
    assertRefuses('client', flow, ILLEGAL, /key does not fit the cipher suite TLS_RSA_WITH/);
  }
});

test('a server whose certificate is on a curve that the client does not take', () => {
  const flow = flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', { kind: 'p384' });
  connectedPair(flow);
  const lying = customized(flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'), 'server', {
    Certificate12: listing(...testPki('p384').serverChain),
  });
  const refusing = withMore(lying, { client: { groups: [NamedGroup.x25519, NamedGroup.secp256r1] } });
  assertRefuses('client', refusing, ILLEGAL, /P-384, which the client did not offer/);
});

// CertificateVerify

for (const [how, change] of Object.entries(wrongSignatures12())) {
  test(`CertificateVerify: signed ${how}`, () => {
    const { key } = testPki().client;
    const identity = withKey(identityOf('client'), (own) => ({
      ...own,
      sign: change(own.sign.bind(own), key),
    }));
    assertRefuses(
      'server',
      withMore(ECDSA, { client: { identities: [identity] } }),
      BAD_SIGNATURE,
      /^CertificateVerify: the signature/,
    );
  });
}

/** Cuts a handshake's messages apart. */
function messagesOf(content: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < content.length; ) {
    const end =
      at +
      4 +
      ((content[at + 1] as number) << 16) +
      ((content[at + 2] as number) << 8) +
      (content[at + 3] as number);
    messages.push(content.slice(at, end));
    at = end;
  }
  return messages;
}

/** What is signed: all messages from ClientHello to ClientKeyExchange. */
const CONTENTS: Readonly<Record<string, (messages: Uint8Array[]) => Uint8Array[]>> = {
  'all but the first message': (messages) => messages.slice(1),
  'all but the last message': (messages) => messages.slice(0, -1),
  'all but the certificate': (messages) => messages.toSpliced(-2, 1),
  'the messages in another order': (messages) => messages.toReversed(),
  'the last message twice': (messages) => [...messages, ...messages.slice(-1)],
  'another ClientHello': ([hello, ...rest]) => [flipped(hello as Uint8Array, 10), ...rest],
  'another ServerHello': ([first, hello, ...rest]) => [
    first as Uint8Array,
    flipped(hello as Uint8Array, 10),
    ...rest,
  ],
};

for (const [what, change] of Object.entries(CONTENTS)) {
  test(`CertificateVerify: a signature over ${what}`, () => {
    const identity = withKey(identityOf('client'), (own) => ({
      ...own,
      sign: (scheme, content) => {
        const messages = messagesOf(content);
        assert.deepEqual(
          messages.map(([type]) => type),
          [1, 2, 11, 12, 13, 14, 11, 16],
        );
        return own.sign(scheme, concat(...change(messages)));
      },
    }));
    assertRefuses('server', withMore(ECDSA, { client: { identities: [identity] } }), BAD_SIGNATURE);
  });
}

test('CertificateVerify: a signature over the hash of the messages, as TLS 1.3 and SSL have it', () => {
  const { key } = testPki().client;
  const identity = withKey(identityOf('client'), (own) => ({
    ...own,
    sign: (_scheme, content) =>
      new Uint8Array(nodeSign('sha256', nodeSign('sha256', content, key).subarray(0, 32), key)),
  }));
  assertRefuses('server', withMore(ECDSA, { client: { identities: [identity] } }), BAD_SIGNATURE);
});

test('CertificateVerify: that of another connection of the same client with the same server', () => {
  let kept: Uint8Array | undefined;
  const keeping = customized(ECDSA, 'client', {
    CertificateVerify: (message) => {
      kept = message.signature;
      return message;
    },
  });
  connectedPair(keeping);
  const replaying = customized(ECDSA, 'client', {
    CertificateVerify: (message) => ({ ...message, signature: kept ?? message.signature }),
  });
  assertRefuses('server', replaying, BAD_SIGNATURE);
});

/** Keys with schemes that they do not fit, or that nobody takes. */
const MISFITS: readonly (readonly [KeyKind, keyof typeof SignatureScheme])[] = [
  ['p256', 'ed25519'],
  ['p256', 'rsa_pkcs1_sha256'],
  ['p256', 'ecdsa_sha1'],
  ['ed25519', 'ed448'],
  ['ed25519', 'ecdsa_secp256r1_sha256'],
  ['rsa2048', 'rsa_pss_pss_sha256'],
  ['rsa2048', 'ecdsa_secp256r1_sha256'],
  ['rsa2048', 'rsa_pkcs1_sha1'],
  ['rsa-pss', 'rsa_pss_rsae_sha256'],
  ['rsa-pss', 'rsa_pkcs1_sha256'],
];

for (const [kind, scheme] of MISFITS) {
  test(`CertificateVerify: a signature of a ${kind} key under ${scheme}`, () => {
    const flow = customized(mutual(ECDSA, kind), 'client', claiming(SignatureScheme[scheme]));
    assertRefuses('server', flow, ILLEGAL, new RegExp(scheme));
    const offersAll = customized(flow, 'server', {
      CertificateRequest12: (request) => ({
        ...request,
        supportedSignatureAlgorithms: Object.values(SignatureScheme),
      }),
    });
    assertRefuses('server', offersAll, ILLEGAL, new RegExp(scheme));
  });
}

test('CertificateVerify: the schemes of one key taken for one another', () => {
  const { rsa_pkcs1_sha256, rsa_pss_rsae_sha256, rsa_pss_rsae_sha384 } = SignatureScheme;
  const { ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384 } = SignatureScheme;
  for (const [kind, made, claimed] of [
    ['rsa2048', rsa_pkcs1_sha256, rsa_pss_rsae_sha256],
    ['rsa2048', rsa_pss_rsae_sha256, rsa_pkcs1_sha256],
    ['rsa2048', rsa_pss_rsae_sha256, rsa_pss_rsae_sha384],
    ['p256', ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384],
  ] as const) {
    const identity = withKey(identityOf('client', kind), (own) => ({
      ...own,
      sign: (_scheme, content) => own.sign(made, content),
    }));
    const flow = withMore(ECDSA, { client: { identities: [identity] } });
    assertRefuses('server', customized(flow, 'client', claiming(claimed)), BAD_SIGNATURE);
  }
});

test('CertificateVerify: a scheme that fits the key and was not asked for', () => {
  const { rsa_pkcs1_sha256, rsa_pss_rsae_sha256, ecdsa_secp256r1_sha256 } = SignatureScheme;
  for (const [asked, used] of [
    [rsa_pss_rsae_sha256, rsa_pkcs1_sha256],
    [rsa_pkcs1_sha256, rsa_pss_rsae_sha256],
  ] as const) {
    const identity = withKey(identityOf('client', 'rsa2048'), (own) => ({
      ...own,
      sign: (_scheme, content) => own.sign(used, content),
    }));
    const flow = withMore(customized(ECDSA, 'client', claiming(used)), {
      client: { identities: [identity] },
      server: { signatureSchemes: [asked, ecdsa_secp256r1_sha256] },
    });
    assertRefuses('server', flow, ILLEGAL, /which was not offered/);
  }
});

test("a client's certificate that does not chain to an anchor, or is for servers", () => {
  const requiring = (identity: Parameters<typeof withKey>[0]): PairOptions =>
    withMore(ECDSA, { client: { identities: [identity] }, server: { verifier: trusting() } });
  connectedPair(requiring(identityOf('client')));
  assertRefuses('server', requiring(identityOf('client', 'ed25519')), ['ERR_UNKNOWN_CA', 'unknown_ca']);
  assertRefuses('server', requiring(identityOf('server')), [
    'ERR_UNSUPPORTED_CERTIFICATE',
    'unsupported_certificate',
  ]);
});

// Finished

/** Finished messages that are wrong in form or content; 12 bytes are right. */
const WRONG_FINISHED: Readonly<Record<string, readonly [(verifyData: Uint8Array) => Uint8Array, Refusal]>> = {
  'wrong in its first bit': [(data) => flipped(data, 0), BAD_FINISHED],
  'wrong in its last bit': [(data) => flipped(data, 11), BAD_FINISHED],
  'of zeros': [() => new Uint8Array(12), BAD_FINISHED],
  'a byte short': [(data) => data.slice(0, 11), DECODE],
  'a byte long': [(data) => concat(data, Uint8Array.of(0)), DECODE],
  'of one right byte': [(data) => data.slice(0, 1), DECODE],
  'as long as a hash': [(data) => concat(data, new Uint8Array(20)), DECODE],
  'of 36 bytes, as in SSL 3.0': [(data) => concat(data, data, data), DECODE],
  empty: [() => new Uint8Array(), DECODE],
};

for (const [name, plain] of Object.entries(FLOWS_12)) {
  const flow = mutual(plain);
  for (const victim of ['client', 'server'] as const) {
    const cheater = other(victim);
    const cheating = (change: (data: Uint8Array) => Uint8Array): PairOptions =>
      customized(flow, cheater, finishedWith(change));

    test(`${name}: Finished of a ${cheater} that is wrong`, () => {
      for (const [, [change, refusal]] of Object.entries(WRONG_FINISHED)) {
        assertRefuses(victim, cheating(change), refusal, /^Finished/);
      }
    });

    test(`${name}: Finished of a ${cheater} that was another's, or in another connection`, () => {
      const seen: Partial<Record<Role, Uint8Array>> = {};
      const keep = (role: Role): Customization => ({
        Finished: (message) => {
          seen[role] = message.verifyData;
          return message;
        },
      });
      connectedPair(customized(customized(flow, cheater, keep(cheater)), victim, keep(victim)));
      for (const replay of Object.values(seen))
        assertRefuses(
          victim,
          cheating(() => replay),
          BAD_FINISHED,
        );
      // Those of this very connection, too: the client's comes first, and the server can send it back.
      if (victim === 'server') return;
      const own = customized(flow, 'client', keep('client'));
      assertRefuses(
        'client',
        customized(
          own,
          'server',
          finishedWith((data) => seen.client ?? data),
        ),
        BAD_FINISHED,
      );
    });
  }
}

// RSA key transport

const RSA = flow12('TLS_RSA_WITH_AES_128_GCM_SHA256');
const trustingRsa = withMore(RSA, { client: { verifier: trusting('rsa2048') } });

test('RSA key transport: the certificate must allow keyEncipherment', () => {
  connectedPair(trustingRsa);
  for (const usage of [[], ['keyAgreement'], ['dataEncipherment', 'nonRepudiation']] as const) {
    const { chain } = rsaServer(['digitalSignature', ...usage]);
    const flow = withIdentity(trustingRsa, (identity) => ({ ...identity, chain, canDecrypt: true }));
    assertRefuses('client', flow, BAD_CERTIFICATE, /digitalSignature.* only, not to decrypt/);
  }
});

test('a suite that signs: the certificate must allow digitalSignature', () => {
  for (const suite of [
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  ] as const) {
    const flow = withMore(flow12(suite), { client: { verifier: trusting('rsa2048') } });
    connectedPair(flow);
    const { chain } = rsaServer(['keyEncipherment']);
    const cheating = withIdentity(flow, (identity) => ({ ...identity, chain }));
    assertRefuses('client', cheating, BAD_CERTIFICATE, /keyEncipherment only, not to sign/);
  }
});

test('RSA key transport: a certificate of nobody that is trusted, or for another name', () => {
  const stranger = issue({
    subject: 'localhost',
    key: makeKey('rsa2048', 2),
    dnsNames: ['localhost'],
    keyUsage: null,
  });
  assertRefuses('client', withMore(trustingRsa, { server: { identities: [identityFrom(stranger)] } }), [
    'ERR_UNKNOWN_CA',
    'unknown_ca',
  ]);
  const { intermediate: issuer } = testPki('rsa2048');
  const elsewhere = issue({
    subject: 'elsewhere.test',
    key: makeKey('rsa2048', 2),
    issuer,
    dnsNames: ['elsewhere.test'],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  });
  assertRefuses(
    'client',
    withMore(trustingRsa, { server: { identities: [identityFrom(elsewhere, [issuer])] } }),
    ['ERR_NAME_MISMATCH', 'bad_certificate'],
  );
});

test('RSA key transport: who shows a certificate without its key learns no secret, and proves nothing', () => {
  const other = identityFrom(
    issue({
      subject: 'somebody else',
      key: makeKey('rsa2048', 5),
      keyUsage: ['digitalSignature', 'keyEncipherment'],
    }),
  );
  const flow = withIdentity(trustingRsa, (identity) => ({ ...identity, key: other.key }));
  const pair = new Pair(flow);
  pair.client.send(new TextEncoder().encode('a secret'));
  pair.run();
  pair.errorOf('server', 'ERR_BAD_RECORD_MAC');
  assert.equal(pair.client.established, undefined);
  assert.deepEqual(pair.typesOf('client'), ['error']);
  assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, BAD_MAC[1]);
});

test('RSA key transport: a key that nothing is encrypted to', () => {
  const [honest] = rsaServer().chain;
  assert.ok(honest?.publicKeyInfo.key?.kind === 'rsa');
  const { modulus } = honest.publicKeyInfo.key;
  const number = (bytes: Uint8Array): Uint8Array => der.integer(toNumber(bytes));
  for (const [n, e] of [
    [modulus, Uint8Array.of(1)], // what is encrypted is as it was
    [modulus, Uint8Array.of(4)],
    [flipped(modulus, modulus.length - 1), Uint8Array.of(1, 0, 1)],
    [modulus.slice(0, 32), Uint8Array.of(1, 0, 1)],
  ] as const) {
    const key = der.sequence(number(n), number(e));
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue());
    const issued = issue({
      subject: 'localhost',
      key: makeKey('rsa2048', 2),
      publicKeyInfo: der.sequence(algorithm, der.bitString(key)),
    });
    // The verifier of this flow looks at nothing.
    const flow = customized(RSA, 'server', { Certificate12: listing(issued.der) });
    assertRefuses('client', flow, BAD_CERTIFICATE, /cannot encrypt|RSA/);
  }
});
