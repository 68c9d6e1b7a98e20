/** Configurations that cannot work are refused when they are built, in a sentence that names the option at fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import { DEFAULT_POLICY, POLICIES, type Policy } from '../../src/policy/policies.ts';
import type { Role } from '../../src/trace/events.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { CipherSuite, NamedGroup, SignatureScheme, type TlsVersion } from '../../src/wire/registry.ts';
import { rsaServer } from '../support/flows12.ts';
import { identityOf } from '../support/identities.ts';
import { clientOptions, Pair, serverOptions } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

type Options = Partial<ClientOptions & ServerOptions>;
type Mistake = readonly [options: Options, option: string, message: RegExp];

const {
  TLS_AES_128_GCM_SHA256,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_RSA_WITH_AES_128_GCM_SHA256,
  TLS_RSA_WITH_AES_128_CBC_SHA,
  TLS_FALLBACK_SCSV,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
} = CipherSuite;
const { x25519, secp256r1, ffdhe2048, X25519MLKEM768 } = NamedGroup;
const { ecdsa_secp256r1_sha256, ed25519, rsa_pkcs1_sha256, rsa_pkcs1_sha1, rsa_pss_rsae_sha256 } =
  SignatureScheme;

/** Numbers that nobody has. */
const UNKNOWN = { suite: 0x13fe, group: 0x01fb, scheme: 0x08fe };

const [modern, legacy] = [POLICIES['modern-2026'], POLICIES['legacy-2026']];

function assertRefused(build: () => unknown, option: string, message: RegExp): void {
  assert.throws(build, (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, message);
    assert.equal(error.option, option, error.message);
    assert.ok(error.message.startsWith(`${option}: `), error.message);
    return true;
  });
}

/** Both sides refuse it; the server has certificates for everything, so that they are not what is wrong. */
function testMistakes(what: string, mistakes: readonly Mistake[], sides: readonly Role[] = ROLES): void {
  const policy = DEFAULT_POLICY;
  const identities = [identityOf('server'), rsaServer()];
  const build = {
    client: (options: Options) => clientConfig(clientOptions({ policy, ...options })),
    server: (options: Options) => serverConfig(serverOptions({ policy, identities, ...options })),
  };
  test(what, () => {
    for (const [options, option, message] of mistakes) {
      for (const side of sides) assertRefused(() => build[side](options), option, message);
    }
  });
}

testMistakes('a version that no suite belongs to', [
  [
    { versions: ['TLSv1.3'], cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLSv1\.3 cannot be negotiated: none of the cipher suites belongs to it \(TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\)/,
  ],
  [
    { versions: ['TLSv1.2'], cipherSuites: [TLS_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLSv1\.2 cannot be negotiated: none of the cipher suites belongs to it/,
  ],
  [
    { versions: ['TLSv1.3', 'TLSv1.2'], cipherSuites: [TLS_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLSv1\.2 cannot be negotiated/,
  ],
  [
    { policy: modern, versions: ['TLSv1.2'] },
    'versions',
    /TLSv1\.2 cannot be negotiated: none of the cipher suites of the policy 'modern-2026' belongs to it/,
  ],
  [
    { policy: modern, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLSv1\.3 cannot be negotiated/,
  ],
]);

testMistakes('a suite that no group goes with', [
  [
    { cipherSuites: [TLS_DHE_RSA_WITH_AES_128_GCM_SHA256], groups: [x25519, secp256r1] },
    'cipherSuites',
    /TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 needs a finite field \(ffdhe2048 or larger\), and there is none among the groups x25519, secp256r1/,
  ],
  [
    { cipherSuites: [TLS_DHE_RSA_WITH_AES_128_GCM_SHA256] },
    'cipherSuites',
    /needs a finite field .* among the groups X25519MLKEM768, x25519/,
  ],
  [
    { cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], groups: [ffdhe2048] },
    'cipherSuites',
    /needs an elliptic curve, and there is none among the groups ffdhe2048/,
  ],
  [
    {
      cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
      groups: [X25519MLKEM768],
    },
    'cipherSuites',
    /TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 needs an elliptic curve/,
  ],
  [{ versions: ['TLSv1.2'], groups: [ffdhe2048] }, 'groups', /and 5 more need an elliptic curve/],
  [{ versions: ['TLSv1.3', 'TLSv1.2'], groups: [X25519MLKEM768] }, 'groups', /TLSv1\.2 cannot be negotiated/],
]);

// A server's schemes are for its clients, who sign as they like: its suites do not depend on them in TLS 1.2.
testMistakes(
  'schemes that no suite of TLS 1.2 goes with',
  [
    [
      { cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], signatureSchemes: [rsa_pss_rsae_sha256] },
      'cipherSuites',
      /needs a signature scheme for ECDSA keys, and there is none among rsa_pss_rsae_sha256/,
    ],
    [
      {
        cipherSuites: [TLS_DHE_RSA_WITH_AES_128_GCM_SHA256],
        groups: [ffdhe2048],
        signatureSchemes: [ed25519],
      },
      'cipherSuites',
      /needs a signature scheme for RSA keys, and there is none among ed25519/,
    ],
  ],
  ['client'],
);

testMistakes('schemes that TLS 1.3 has no use for', [
  [
    { versions: ['TLSv1.3'], signatureSchemes: [rsa_pkcs1_sha256] },
    'signatureSchemes',
    /TLSv1\.3 cannot be negotiated: TLS_AES_128_GCM_SHA256 and 2 more need a signature scheme of TLSv1\.3, and there is none among rsa_pkcs1_sha256/,
  ],
  [
    { cipherSuites: [TLS_AES_128_GCM_SHA256], signatureSchemes: [rsa_pkcs1_sha256] },
    'cipherSuites',
    /TLS_AES_128_GCM_SHA256 needs a signature scheme of TLSv1\.3/,
  ],
]);

testMistakes('key transport that nobody asked for', [
  [
    { cipherSuites: [TLS_RSA_WITH_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLS_RSA_WITH_AES_128_GCM_SHA256 has no forward secrecy; if a peer can do no better, set allowRsaKeyExchange too/,
  ],
  [
    { cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA] },
    'cipherSuites',
    /TLS_RSA_WITH_AES_128_CBC_SHA has no forward secrecy/,
  ],
  [
    { policy: legacy, cipherSuites: [TLS_RSA_WITH_AES_128_GCM_SHA256], allowRsaKeyExchange: false },
    'cipherSuites',
    /set allowRsaKeyExchange too/,
  ],
  [
    { versions: ['TLSv1.3'], allowRsaKeyExchange: true },
    'allowRsaKeyExchange',
    /there is no RSA key transport in TLSv1\.3; it needs TLSv1\.2/,
  ],
  [{ policy: modern, allowRsaKeyExchange: true }, 'allowRsaKeyExchange', /it needs TLSv1\.2/],
]);

/** A caller in JavaScript can give anything. */
const wrong = (options: object): Options => options;

const LISTS: readonly (readonly [name: string, known: unknown, unknown: unknown, unknownName: RegExp])[] = [
  [
    'versions',
    'TLSv1.3',
    'TLSv1.1',
    /TLSv1\.1 is not offered by handfast, which speaks TLSv1\.2 and TLSv1\.3/,
  ],
  [
    'cipherSuites',
    TLS_AES_128_GCM_SHA256,
    UNKNOWN.suite,
    /suite\(0x13fe\) is not offered by the crypto provider/,
  ],
  ['groups', x25519, UNKNOWN.group, /group\(0x01fb\) is not offered by the crypto provider/],
  ['signatureSchemes', ed25519, UNKNOWN.scheme, /scheme\(0x08fe\) is not offered by TLS 1\.2 or TLS 1\.3/],
  ['certificateSignatureSchemes', ed25519, UNKNOWN.scheme, /scheme\(0x08fe\) is not offered by X\.509/],
];
for (const [name, known, unknown, unknownMessage] of LISTS) {
  testMistakes(`${name}: empty, twice, unknown, and no list at all`, [
    [wrong({ [name]: [] }), name, /expected at least one, found an empty list/],
    [wrong({ [name]: [known, known] }), name, /is listed twice/],
    [wrong({ [name]: [known, unknown] }), name, unknownMessage],
    [wrong({ [name]: known }), name, /expected a list, found (string|number)/],
    [wrong({ [name]: [known, 'x25519-or-so'] }), name, /is not offered by/],
  ]);
}

testMistakes('suites that are signals, or are for nobody', [
  [
    { cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_FALLBACK_SCSV] },
    'cipherSuites',
    /TLS_FALLBACK_SCSV is not offered/,
  ],
  [
    { cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_EMPTY_RENEGOTIATION_INFO_SCSV] },
    'cipherSuites',
    /TLS_EMPTY_RENEGOTIATION_INFO_SCSV is not offered/,
  ],
  [{ cipherSuites: [0] }, 'cipherSuites', /is not offered/],
  [{ signatureSchemes: [rsa_pkcs1_sha1] }, 'signatureSchemes', /rsa_pkcs1_sha1 is not offered/],
]);

testMistakes('a policy that is none', [
  [wrong({ policy: 'modern-2026' }), 'policy', /such as POLICIES\['modern-2026'\], found 'modern-2026'/],
  [wrong({ policy: null }), 'policy', /found null/],
  [wrong({ policy: 12 }), 'policy', /found 12/],
  [wrong({ policy: {} }), 'policy', /found one without versions/],
  [wrong({ policy: POLICIES }), 'policy', /found one without versions/],
  ...(
    ['cipherSuites', 'groups', 'keyShares', 'signatureSchemes', 'certificateSignatureSchemes'] as const
  ).map(
    (list): Mistake => [
      wrong({ policy: { ...modern, [list]: undefined } }),
      'policy',
      new RegExp(`found one without ${list}$`),
    ],
  ),
]);

testMistakes('what is on or off, and is given as a text', [
  [wrong({ allowRsaKeyExchange: 'false' }), 'allowRsaKeyExchange', /expected true, false, found 'false'/],
  [wrong({ requireExtendedMasterSecret: 0 }), 'requireExtendedMasterSecret', /found 0/],
  [wrong({ requireSecureRenegotiation: 'no' }), 'requireSecureRenegotiation', /found 'no'/],
]);

test('what a server does with its clients is one of a few words', () => {
  for (const [option, value, words] of [
    ['preference', 'clients', /expected server, client, found 'clients'/],
    ['preference', true, /found true/],
    ['clientAuthentication', 'required', /expected none, request, require, found 'required'/],
    ['clientAuthentication', true, /found true/],
  ] as const) {
    assertRefused(() => serverConfig({ ...serverOptions(), [option]: value }), option, words);
  }
});

// Certificates that no suite goes with

const SUITES_OF: Readonly<Record<string, readonly CipherSuite[]>> = {
  ecdsa: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
  rsa: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_AES_128_GCM_SHA256],
  transport: [TLS_RSA_WITH_AES_128_GCM_SHA256],
};
const IDENTITIES = {
  'P-256': [identityOf('server'), ['ecdsa', '1.3']],
  Ed25519: [identityOf('server', 'ed25519'), ['ecdsa', '1.3']],
  'RSA to sign': [rsaServer(['digitalSignature']), ['rsa', '1.3']],
  'RSA for PSS': [identityOf('server', 'rsa-pss'), ['rsa', '1.3']],
  'RSA to decrypt': [rsaServer(['keyEncipherment']), ['transport']],
  'RSA for both': [rsaServer(), ['rsa', 'transport', '1.3']],
} as const;

for (const [name, [identity, goesWith]] of Object.entries(IDENTITIES)) {
  test(`a server with a certificate of ${name} needs a suite that goes with it`, () => {
    for (const [kind, cipherSuites] of Object.entries(SUITES_OF)) {
      for (const with13 of [false, true]) {
        const suites = with13 ? [TLS_AES_128_GCM_SHA256, ...cipherSuites] : cipherSuites;
        const isFine = (goesWith as readonly string[]).some(
          (use) => use === kind || (with13 && use === '1.3'),
        );
        const build = () =>
          serverConfig(serverOptions({ policy: legacy, cipherSuites: suites, identities: [identity] }));
        if (isFine) build();
        else
          assertRefused(
            build,
            'identities',
            /no cipher suite of TLSv1\..* among TLS_.* goes with the .* key of CN=localhost/,
          );
      }
    }
  });
}

test('each of several certificates needs a suite', () => {
  const cipherSuites = SUITES_OF['ecdsa'] as readonly CipherSuite[];
  const identities = [identityOf('server'), rsaServer()];
  assertRefused(
    () => serverConfig(serverOptions({ policy: legacy, cipherSuites, identities })),
    'identities',
    /no cipher suite of TLSv1\.2 among TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 goes with the rsa key of CN=localhost/,
  );
  assertRefused(
    () =>
      serverConfig(serverOptions({ policy: DEFAULT_POLICY, identities: [rsaServer(['keyEncipherment'])] })),
    'identities',
    /goes with the rsa key of/,
  );
});

// What is left out where nothing was asked for

test('what a policy has and other options make useless is left out, not refused', () => {
  const { versions, cipherSuites, groups, signatureSchemes } = clientConfig(
    clientOptions({ policy: legacy, groups: [x25519] }),
  );
  assert.deepEqual(versions, ['TLSv1.3', 'TLSv1.2']);
  const has = (suite: CipherSuite): boolean => cipherSuites.includes(suite);
  assert.ok(!has(TLS_DHE_RSA_WITH_AES_128_GCM_SHA256) && has(TLS_RSA_WITH_AES_128_GCM_SHA256));
  assert.deepEqual(groups, [x25519]);
  assert.ok(signatureSchemes.includes(rsa_pkcs1_sha256));

  const rsaOnly = clientConfig(
    clientOptions({ policy: DEFAULT_POLICY, signatureSchemes: [rsa_pss_rsae_sha256] }),
  );
  assert.ok(!rsaOnly.cipherSuites.includes(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256));
  const without13 = clientConfig(
    clientOptions({ policy: DEFAULT_POLICY, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] }),
  );
  assert.deepEqual(without13.versions, ['TLSv1.2']);
  assert.ok(!without13.groups.includes(X25519MLKEM768));

  const transport = clientConfig(clientOptions({ policy: DEFAULT_POLICY, allowRsaKeyExchange: true }));
  assert.deepEqual(transport.cipherSuites.slice(0, -2), DEFAULT_POLICY.cipherSuites);
  const none = clientConfig(clientOptions({ policy: legacy, allowRsaKeyExchange: false }));
  assert.equal(none.cipherSuites.includes(TLS_RSA_WITH_AES_128_GCM_SHA256), false);
});

test('versions in any order are the same', () => {
  for (const versions of [
    ['TLSv1.2', 'TLSv1.3'],
    ['TLSv1.3', 'TLSv1.2'],
  ] as readonly (readonly TlsVersion[])[]) {
    const config = clientConfig(clientOptions({ policy: DEFAULT_POLICY, versions }));
    assert.deepEqual(config.versions, ['TLSv1.3', 'TLSv1.2']);
  }
});

test('a policy of the caller is a policy', () => {
  const own: Policy = {
    ...modern,
    name: 'ours',
    cipherSuites: [TLS_AES_128_GCM_SHA256],
    groups: [secp256r1],
    keyShares: [secp256r1],
    signatureSchemes: [ecdsa_secp256r1_sha256],
  };
  const pair = new Pair({ client: { policy: own }, server: { policy: own } }).run();
  assert.equal(pair.establishedOn('client').group, secp256r1);
});
