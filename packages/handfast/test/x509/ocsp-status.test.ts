import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { MAX_OCSP_RESPONSES } from '../../src/x509/limits.ts';
import { verify } from '../../src/x509/path.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import { parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import type { RevocationOptions } from '../../src/x509/revocation/revocations.ts';
import * as der from '../support/der.ts';
import {
  type Issued,
  type IssueOptions,
  issue,
  KEY_KINDS,
  MUST_STAPLE,
  makeKey,
  testPki,
} from '../support/pki.ts';
import {
  makeList,
  makeOcspResponse,
  type OcspOptions,
  ocspFailure,
  Reason,
  type SingleSpec,
} from '../support/revocation.ts';
import { accepts, countingProvider, parse, refuses } from './support.ts';

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server, client } = testPki();
const chain = [server, intermediate];
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);

const response = (single: Partial<SingleSpec> = {}, options: OcspOptions = {}): Uint8Array =>
  makeOcspResponse([{ certificate: server, issuer: intermediate, ...single }], options);
const required = (bytes: Uint8Array, more: RevocationOptions = {}) => ({
  revocation: { ocspResponses: [parseOcspResponse(bytes)], require: 'leaf' as const, ...more },
});
const stapled = (bytes: Uint8Array, more: RevocationOptions = {}) => ({
  revocation: { stapled: bytes, ...more },
});
const NO_CHECK = { oid: '1.3.6.1.5.5.7.48.1.5', value: der.nullValue() };
const delegate = (options: Partial<IssueOptions> = {}): Issued =>
  issue({
    subject: 'Responder',
    issuer: intermediate,
    extKeyUsage: ['OCSPSigning'],
    extraExtensions: [NO_CHECK],
    ...options,
  });
const answeredBy = (responder: Issued, options: OcspOptions = {}, single: Partial<SingleSpec> = {}) =>
  response(single, { responder, certificates: [responder.der], ...options });

test('good, by the issuer itself, whatever names it and whatever hash names the certificate', LIMIT, () => {
  for (const by of ['name', 'key'] as const) {
    for (const hash of ['sha1', 'sha256'] as const) {
      const bytes = response({ hash }, { by });
      for (const question of [required(bytes), stapled(bytes), stapled(bytes, { require: 'leaf' })]) {
        const verdict = accepts(chain, [root], question);
        const check = verdict.path[0]?.checks.find(({ rule }) => rule === 'revocation');
        assert.match(check?.sentence ?? '', /not revoked, says the OCSP response of \d{4}-/);
        assert.equal(check?.source, 'RFC 6960 section 3.2');
      }
    }
  }
});

test('every kind of key answers, of anchors that are only a name and a key, too', LIMIT, () => {
  for (const kind of KEY_KINDS.filter((one) => one !== 'rsa-pss')) {
    const pki = testPki(kind);
    const bytes = makeOcspResponse([{ certificate: pki.intermediate, issuer: pki.root }], { by: 'key' });
    const name = parse(pki.root).subject;
    const key = parse(pki.root).publicKeyInfo.key;
    assert.ok(key);
    for (const anchor of [{ certificate: parse(pki.root) }, { name, key }]) {
      const ask = (ocsp: Uint8Array) => {
        const verdict = verify({
          provider: nodeProvider,
          leaf: parse(pki.server),
          intermediates: [parse(pki.intermediate)],
          anchors: [anchor],
          at: Date.now(),
          purpose: 'server',
          name: 'localhost',
          revocation: {
            require: 'chain',
            ocspResponses: [
              ocsp,
              makeOcspResponse([{ certificate: pki.server, issuer: pki.intermediate }]),
            ].map(parseOcspResponse),
          },
        });
        assert.ok('ok' in verdict);
        return verdict;
      };
      const verdict = ask(bytes);
      assert.ok(verdict.ok, `${kind}: ${verdict.sentence}`);
      const changed = ask(
        makeOcspResponse([{ certificate: pki.intermediate, issuer: pki.root, status: {} }]),
      );
      assert.ok(!changed.ok && changed.rule === 'revocation');
    }
  }
});

test('revoked is refused, handed in or stapled', LIMIT, () => {
  const bytes = response({ status: { reason: Reason.keyCompromise } });
  for (const question of [required(bytes), required(bytes, { require: 'never' }), stapled(bytes)]) {
    const verdict = refuses(
      'revocation',
      /revoked at .* \(keyCompromise\), says the OCSP/,
      chain,
      [root],
      question,
    );
    assert.equal(verdict.error, 'ERR_CERTIFICATE_REVOKED');
  }
  refuses('revocation', /\(unspecified\)/, chain, [root], stapled(response({ status: {} })));
  // Whoever says so, and whatever others say.
  const lists = [
    parseCertificateRevocationList(makeList(intermediate, { revoked: [{ certificate: server }] })),
  ];
  refuses('revocation', /revocation list/, chain, [root], stapled(response(), { crls: lists }));
  refuses(
    'revocation',
    /OCSP/,
    chain,
    [root],
    stapled(response(), { ocspResponses: [parseOcspResponse(bytes)] }),
  );
  const both = makeOcspResponse([
    { certificate: server, issuer: intermediate },
    { certificate: server, issuer: intermediate, status: {} },
  ]);
  refuses('revocation', /revoked at/, chain, [root], stapled(both));
});

const stranger = issue({ subject: 'Test intermediate p256', key: makeKey('p256'), ca: true });
const other = issue({ subject: 'x', issuer: root, ca: true });

/** Responses that do not tell the status of the leaf, with what is said about them. */
const UNUSABLE: readonly (readonly [what: string, bytes: Uint8Array, words: RegExp])[] = [
  ['of another status', ocspFailure(3), /no answer but tryLater/],
  ['that does not know the certificate', response({ status: 'unknown' }), /does not know the certificate/],
  ['from tomorrow', response({ thisUpdate: hours(24), nextUpdate: hours(48) }), /has not come yet/],
  [
    'that has run out',
    response({ thisUpdate: hours(-48), nextUpdate: hours(-24) }),
    /held until \S+ only[.;]?/,
  ],
  ['that never runs out', response({ nextUpdate: null }), /no nextUpdate/],
  ['that ends before it begins', response({ nextUpdate: hours(-2) }), /ends before it begins/],
  [
    'signed with another key',
    response({}, { signWith: makeKey('p256') }),
    /not made by the issuer, although/,
  ],
  ['with a weak signature', response({}, { signatureHash: 'sha1' }), /SHA-1.*too weak/],
  ['of a stranger', response({}, { responder: other }), /neither by the issuer nor by a responder/],
  [
    'of a responder without a certificate',
    answeredBy(delegate(), { certificates: [] }),
    /whose certificate came along/,
  ],
  [
    'of a responder that signed with another key',
    answeredBy(delegate(), { signWith: makeKey('p256') }),
    /not made by its responder 'CN=Responder'/,
  ],
  [
    'of a certificate that is no responder',
    answeredBy(delegate({ extKeyUsage: ['serverAuth'] })),
    /do not include OCSPSigning/,
  ],
  [
    'of a certificate for any purpose',
    answeredBy(delegate({ extKeyUsage: ['any'] })),
    /do not include OCSPSigning/,
  ],
  [
    'of a responder whose key may not sign',
    answeredBy(delegate({ keyUsage: ['keyEncipherment'] })),
    /may not sign \(keyUsage/,
  ],
  [
    'of a responder that has expired',
    answeredBy(delegate({ notAfter: hours(-1) })),
    /not acceptable: expired/,
  ],
  [
    'of a responder with an unknown critical extension',
    answeredBy(delegate({ extraExtensions: [{ oid: '1.2.3', critical: true, value: der.nullValue() }] })),
    /not acceptable: the extension 1\.2\.3 is critical/,
  ],
  [
    'of a responder with a weak signature',
    answeredBy(delegate({ signatureHash: 'sha1' })),
    /SHA-1.*too weak/,
  ],
  [
    'of a responder of somebody else',
    answeredBy(delegate({ issuer: root })),
    /another signed its certificate/,
  ],
  [
    'of a responder of somebody with the same name',
    answeredBy(delegate({ issuer: stranger })),
    /another signed its certificate/,
  ],
  [
    'of a responder that names somebody else as its issuer',
    answeredBy(delegate({ issuerName: 'Somebody else' })),
    /another signed its certificate/,
  ],
  [
    'of a certificate that says nothing of its purposes',
    answeredBy(issue({ subject: 'Responder', issuer: intermediate, extraExtensions: [NO_CHECK] })),
    /do not include OCSPSigning/,
  ],
];

for (const [what, bytes, words] of UNUSABLE) {
  test(`a response ${what} is refused as a staple, and tells nothing elsewhere`, LIMIT, () => {
    refuses('revocationStatus', words, chain, [root], required(bytes));
    accepts(chain, [root], required(bytes, { require: 'never' }));
    const verdict = refuses('stapledResponse', words, chain, [root], stapled(bytes));
    assert.equal(verdict.error, 'ERR_BAD_CERTIFICATE_STATUS');
    assert.equal(verdict.source, 'RFC 6066 section 8');
  });
}

/** The key of the issuer under another name. */
const namesake = issue({ subject: 'Another name', key: intermediate.key, issuer: root, ca: true });

const ABOUT_OTHERS: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['another certificate', response({ certificate: client })],
  ['a certificate of another issuer', response({ issuer: stranger }, { responder: intermediate })],
  ["another name with the issuer's key", response({ issuer: namesake }, { responder: intermediate })],
  ['the issuer', makeOcspResponse([{ certificate: intermediate, issuer: root }])],
  ['a hash that is not supported', response({ hash: 'md5' })],
];

for (const [what, bytes] of ABOUT_OTHERS) {
  test(`a response about ${what} is refused as a staple, and passed over elsewhere`, LIMIT, () => {
    refuses('revocationStatus', /no OCSP response speaks of it/, chain, [root], required(bytes));
    refuses('stapledResponse', /it is about another certificate/, chain, [root], stapled(bytes));
  });
}

test('a staple that cannot be read is refused', LIMIT, () => {
  for (const bytes of [
    new Uint8Array(0),
    Uint8Array.of(0x30),
    new Uint8Array(70_000),
    response().subarray(1),
  ]) {
    refuses(
      'stapledResponse',
      /not acceptable: the OCSP response is malformed at byte/,
      chain,
      [root],
      stapled(bytes),
    );
  }
});

test('a good staple does not excuse a bad path, and a bad name is told before a bad staple', LIMIT, () => {
  refuses('issuer', /./, chain, [issue({ subject: 'Other root', ca: true })], stapled(response()));
  refuses('name', /./, chain, [root], { name: 'other.test', ...stapled(Uint8Array.of(0)) });
});

test('delegated responders, by name and by key', LIMIT, () => {
  for (const by of ['name', 'key'] as const) {
    for (const keyUsage of [['digitalSignature'], ['nonRepudiation'], null] as const) {
      const bytes = answeredBy(delegate({ keyUsage }), { by });
      accepts(chain, [root], stapled(bytes, { require: 'leaf' }));
    }
  }
  const revoked = answeredBy(delegate(), {}, { status: {} });
  refuses('revocation', /revoked at/, chain, [root], stapled(revoked));
  // Its certificate may be known from elsewhere.
  const responder = delegate();
  accepts(chain, [root], {
    revocation: { stapled: answeredBy(responder, { certificates: [] }), certificates: [parse(responder)] },
  });
});

test('a responder without id-pkix-ocsp-nocheck may be revoked', LIMIT, () => {
  const responder = delegate({ extraExtensions: [] });
  const bytes = answeredBy(responder);
  const list = (...revoked: readonly Issued[]) =>
    parseCertificateRevocationList(
      makeList(intermediate, { revoked: revoked.map((certificate) => ({ certificate })) }),
    );
  accepts(chain, [root], stapled(bytes));
  accepts(chain, [root], stapled(bytes, { crls: [list()] }));
  refuses('stapledResponse', /'CN=Responder' is not acceptable: it was revoked/, chain, [root], {
    ...stapled(bytes, { crls: [list(responder)] }),
  });
  const ofRoot = parseCertificateRevocationList(makeList(root));
  accepts(chain, [root], stapled(bytes, { crls: [list(), ofRoot], require: 'chain' }));
  const elsewhere = parseOcspResponse(makeOcspResponse([{ certificate: intermediate, issuer: root }]));
  const strict = { ocspResponses: [elsewhere], require: 'chain' } as const;
  refuses('stapledResponse', /not acceptable: whether it was revoked is not known/, chain, [root], {
    ...stapled(bytes, strict),
  });
  accepts(chain, [root], stapled(answeredBy(delegate()), strict));
});

test('a certificate does not speak for itself', LIMIT, () => {
  const leaf = issue({
    subject: 'x',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extKeyUsage: ['serverAuth', 'OCSPSigning'],
    extraExtensions: [NO_CHECK],
  });
  const bytes = answeredBy(leaf, {}, { certificate: leaf });
  refuses('stapledResponse', /cannot speak for itself/, [leaf, intermediate], [root], stapled(bytes));
});

test('a nonce is compared where one was sent', LIMIT, () => {
  const nonce = Uint8Array.of(1, 2, 3);
  const bytes = response({}, { nonce });
  accepts(chain, [root], required(bytes));
  accepts(chain, [root], required(bytes, { nonce }));
  refuses(
    'revocationStatus',
    /another nonce/,
    chain,
    [root],
    required(bytes, { nonce: Uint8Array.of(1, 2) }),
  );
  refuses('revocationStatus', /does not carry the nonce/, chain, [root], required(response(), { nonce }));
  // Nobody sends a nonce for a staple.
  accepts(chain, [root], stapled(response(), { nonce }));
});

test('must-staple', LIMIT, () => {
  const leaf = issue({
    subject: 'x',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extraExtensions: [MUST_STAPLE],
  });
  const path = [leaf, intermediate];
  assert.deepEqual(parseCertificate(leaf.der).tlsFeature, [5]);
  accepts(path, [root]);
  accepts(path, [root], { revocation: {} });
  const verdict = refuses('mustStaple', /demands that an OCSP response is stapled/, path, [root], {
    revocation: { mustStaple: true },
  });
  assert.equal(verdict.error, 'ERR_BAD_CERTIFICATE_STATUS');
  // A response from elsewhere is no staple.
  const handed = parseOcspResponse(response({ certificate: leaf }));
  refuses('mustStaple', /./, path, [root], { revocation: { mustStaple: true, ocspResponses: [handed] } });
  accepts(path, [root], stapled(response({ certificate: leaf }), { mustStaple: true }));
  refuses('stapledResponse', /./, path, [root], stapled(response(), { mustStaple: true }));
  accepts(chain, [root], { revocation: { mustStaple: true } });
  // Another feature demands nothing of this kind.
  const feature = { ...MUST_STAPLE, value: der.sequence(der.integer(17)) };
  const seventeen = issue({
    subject: 'x',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extraExtensions: [feature],
  });
  accepts([seventeen, intermediate], [root], { revocation: { mustStaple: true } });
});

test('a leaf that is trusted itself has nobody to ask', LIMIT, () => {
  const pinned = issue({ subject: 'x', dnsNames: ['localhost'] });
  accepts([pinned], [pinned], stapled(response(), { require: 'chain' }));
});

test('more responses than are looked at', LIMIT, () => {
  const one = parseOcspResponse(response());
  const ocspResponses = Array.from({ length: MAX_OCSP_RESPONSES + 1 }, () => one);
  refuses('budget', /101 OCSP responses were given; at most 100/, chain, [root], {
    revocation: { ocspResponses },
  });
});

test('responses with wrong signatures cost as much as certificates with wrong ones', LIMIT, () => {
  const { provider, count } = countingProvider();
  const bad = response({}, { signWith: makeKey('p256') });
  const ocspResponses = Array.from({ length: 100 }, () => parseOcspResponse(bad));
  refuses('budget', /more than 100 signatures/, chain, [root], { provider, revocation: { ocspResponses } });
  assert.equal(count(), 100);
});

test('a provider that answers later gives the same verdicts', LIMIT, async () => {
  const ask = (bytes: Uint8Array) =>
    verify({
      provider: { ...nodeProvider, verify: async (...args) => nodeProvider.verify(...args) },
      leaf: parse(server),
      intermediates: [parse(intermediate)],
      anchors: [{ certificate: parse(root) }],
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
      revocation: { stapled: bytes, crls: [parseCertificateRevocationList(makeList(intermediate))] },
    });
  assert.ok((await ask(answeredBy(delegate()))).ok);
  assert.ok(!(await ask(answeredBy(delegate(), { signWith: makeKey('p256') }))).ok);
});
