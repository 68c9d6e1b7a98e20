import { constants, sign as nodeSign } from 'node:crypto';
import { test } from 'node:test';
import type { Messages } from '../../src/handshake/messages.ts';
import { concat } from '../../src/wire/bytes.ts';
import { NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { assertRefuses, BAD_SIGNATURE, ILLEGAL, type Refusal } from '../support/cheats.ts';
import { claiming, flipped, serverSigning, wrongSignatures12 } from '../support/cheats12.ts';
import { customized, flow12, withMore } from '../support/flows12.ts';
import { connectedPair, type PairOptions } from '../support/pair.ts';
import { type KeyKind, testPki } from '../support/pki.ts';
import { share } from '../support/points.ts';

const ECDHE = flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
const DHE = flow12('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');

const refuses = (flow: PairOptions, refusal: Refusal, reason?: RegExp): void =>
  assertRefuses('client', flow, refusal, reason);

for (const [how, change] of Object.entries(wrongSignatures12())) {
  test(`ServerKeyExchange: signed ${how}`, () => {
    const flow = serverSigning(ECDHE, (right) => change(right, testPki().server.key));
    refuses(flow, BAD_SIGNATURE, /^ServerKeyExchange: the signature/);
  });
}

/** What is signed: `ClientHello.random`, `ServerHello.random`, and the parameters. */
const CONTENTS: Readonly<Record<string, (content: Uint8Array) => Uint8Array>> = {
  'the randoms in the other order': (c) => concat(c.slice(32, 64), c.slice(0, 32), c.slice(64)),
  'another client random': (c) => flipped(c, 31),
  'another server random': (c) => flipped(c, 32),
  "the client's random twice": (c) => concat(c.slice(0, 32), c.slice(0, 32), c.slice(64)),
  "the server's random twice": (c) => concat(c.slice(32, 64), c.slice(32)),
  'the parameters alone': (c) => c.slice(64),
  'the parameters and one random': (c) => c.slice(32),
  'the randoms alone': (c) => c.slice(0, 64),
  'the randoms behind the parameters': (c) => concat(c.slice(64), c.slice(0, 64)),
  'another group': (c) => flipped(c, 66),
  'the public key without the group': (c) => concat(c.slice(0, 64), c.slice(68)),
};

for (const [name, flow] of Object.entries({ ECDHE, DHE })) {
  for (const [what, change] of Object.entries(CONTENTS)) {
    test(`ServerKeyExchange, ${name}: a signature over ${what}`, () => {
      const cheating = serverSigning(flow, (right) => (scheme, content) => right(scheme, change(content)));
      refuses(cheating, BAD_SIGNATURE);
    });
  }

  test(`ServerKeyExchange, ${name}: that of another connection with the same server`, () => {
    type Kept = Pick<Messages, 'DheServerKeyExchange' | 'EcdheServerKeyExchange'>;
    const kept: { -readonly [N in keyof Kept]?: Kept[N] } = {};
    connectedPair(
      customized(flow, 'server', {
        EcdheServerKeyExchange: (message) => {
          kept.EcdheServerKeyExchange = message;
          return message;
        },
        DheServerKeyExchange: (message) => {
          kept.DheServerKeyExchange = message;
          return message;
        },
      }),
    );
    const whole = customized(flow, 'server', {
      EcdheServerKeyExchange: (message) => kept.EcdheServerKeyExchange ?? message,
      DheServerKeyExchange: (message) => kept.DheServerKeyExchange ?? message,
    });
    refuses(whole, BAD_SIGNATURE);
    const signatureAlone = customized(flow, 'server', {
      EcdheServerKeyExchange: (m) => ({
        ...m,
        signature: kept.EcdheServerKeyExchange?.signature ?? m.signature,
      }),
      DheServerKeyExchange: (m) => ({ ...m, signature: kept.DheServerKeyExchange?.signature ?? m.signature }),
    });
    refuses(signatureAlone, BAD_SIGNATURE);
  });
}

test('ServerKeyExchange: another public key than the one that was signed', () => {
  refuses(
    customized(ECDHE, 'server', {
      EcdheServerKeyExchange: (m) => ({ ...m, params: { ...m.params, publicKey: share(NamedGroup.x25519) } }),
    }),
    BAD_SIGNATURE,
  );
  refuses(
    customized(DHE, 'server', {
      DheServerKeyExchange: (m) => ({ ...m, params: { ...m.params, dhG: Uint8Array.of(3) } }),
    }),
    BAD_SIGNATURE,
  );
});

/** Every key with every scheme that it does not fit, as a suite for that key has it. */
const MISFITS: readonly (readonly [KeyKind, keyof typeof SignatureScheme])[] = [
  ['p256', 'ed25519'],
  ['p256', 'rsa_pss_rsae_sha256'],
  ['p256', 'rsa_pkcs1_sha256'],
  ['ed25519', 'ed448'],
  ['ed25519', 'ecdsa_secp256r1_sha256'],
  ['ed448', 'ed25519'],
  ['rsa2048', 'rsa_pss_pss_sha256'],
  ['rsa2048', 'ecdsa_secp256r1_sha256'],
  ['rsa2048', 'ed25519'],
  ['rsa-pss', 'rsa_pss_rsae_sha256'],
  ['rsa-pss', 'rsa_pkcs1_sha256'],
];
/** What nobody takes any more, whatever it says that it offers. */
const REFUSED: readonly (readonly [KeyKind, keyof typeof SignatureScheme])[] = [
  ['p256', 'ecdsa_sha1'],
  ['rsa2048', 'rsa_pkcs1_sha1'],
];

const flowOf = (kind: KeyKind): PairOptions =>
  flow12(
    kind.startsWith('rsa')
      ? 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
      : 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    { kind },
  );

for (const [kind, scheme] of [...MISFITS, ...REFUSED]) {
  test(`ServerKeyExchange: a signature of a ${kind} key under ${scheme}`, () => {
    const flow = customized(flowOf(kind), 'server', claiming(SignatureScheme[scheme]));
    refuses(flow, ILLEGAL, new RegExp(scheme));
    // Not even a client that says it takes all of them falls for it.
    const signatureAlgorithms = Object.values(SignatureScheme);
    const offersAll = customized(flow, 'client', {
      ClientHello: (hello) => ({ ...hello, extensions: { ...hello.extensions, signatureAlgorithms } }),
    });
    refuses(offersAll, ILLEGAL, new RegExp(scheme));
  });
}

test('ServerKeyExchange: the schemes of one key taken for one another', () => {
  const { rsa_pkcs1_sha256, rsa_pss_rsae_sha256, rsa_pss_rsae_sha384 } = SignatureScheme;
  const { ecdsa_secp384r1_sha384, rsa_pss_pss_sha256, rsa_pss_pss_sha384 } = SignatureScheme;
  for (const [kind, made, claimed] of [
    ['rsa2048', rsa_pkcs1_sha256, rsa_pss_rsae_sha256],
    ['rsa2048', rsa_pss_rsae_sha256, rsa_pkcs1_sha256],
    ['rsa2048', rsa_pss_rsae_sha256, rsa_pss_rsae_sha384],
    ['rsa-pss', rsa_pss_pss_sha256, rsa_pss_pss_sha384],
    // Any curve goes with any hash in TLS 1.2, but the hash must be the one that was used.
    ['p256', SignatureScheme.ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384],
  ] as const) {
    const signing = serverSigning(flowOf(kind), (right) => (_scheme, content) => right(made, content));
    refuses(customized(signing, 'server', claiming(claimed)), BAD_SIGNATURE);
  }
});

test('ServerKeyExchange: a PSS signature with another salt than the hash is long', () => {
  const { key } = testPki('rsa2048').server;
  for (const saltLength of [0, 20, 31, 33, 222]) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signing = serverSigning(
      flowOf('rsa2048'),
      () => (_scheme, content) => new Uint8Array(nodeSign('sha256', content, { key, padding, saltLength })),
    );
    const flow = customized(signing, 'server', claiming(SignatureScheme.rsa_pss_rsae_sha256));
    refuses(flow, BAD_SIGNATURE);
  }
});

test('ServerKeyExchange: a scheme that fits the key and was not offered', () => {
  const { rsa_pkcs1_sha256, rsa_pss_rsae_sha256, ecdsa_secp384r1_sha384 } = SignatureScheme;
  const { ecdsa_secp256r1_sha256 } = SignatureScheme;
  for (const [kind, offered, used] of [
    ['rsa2048', rsa_pss_rsae_sha256, rsa_pkcs1_sha256],
    ['rsa2048', rsa_pkcs1_sha256, rsa_pss_rsae_sha256],
    ['p256', ecdsa_secp384r1_sha384, ecdsa_secp256r1_sha256],
    ['p256', ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384],
  ] as const) {
    const hash = used === ecdsa_secp384r1_sha384 ? 'sha384' : 'sha256';
    const signing = serverSigning(
      flowOf(kind),
      (right) => (_scheme, content) =>
        used === ecdsa_secp384r1_sha384
          ? new Uint8Array(nodeSign(hash, content, testPki(kind).server.key))
          : right(used, content),
    );
    const flow = withMore(customized(signing, 'server', claiming(used)), {
      client: { signatureSchemes: [offered] },
    });
    refuses(flow, ILLEGAL, /which was not offered/);
  }
});

test('ServerKeyExchange: a scheme that has no number', () => {
  for (const scheme of [0x0000, 0x0101, 0x0301, 0x0600, 0x0807 ^ 0x8000, 0xffff]) {
    refuses(customized(ECDHE, 'server', claiming(scheme as SignatureScheme)), ILLEGAL, /not offered/);
  }
});
