import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider, signingKey } from '../../src/crypto/node/index.ts';
import type { MlDsaParameterSet } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { verify } from '../../src/x509/path.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import { parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import * as der from '../support/der.ts';
import {
  issueWith,
  ML_DSA_OIDS,
  ML_DSA_SETS,
  type MlDsaIssued,
  type MlDsaKey,
  makeMlDsaKey,
  mlDsaIdentifier,
  mlDsaOf,
} from '../support/ml-dsa.ts';
import { type IssueOptions, type KeyUsageSpec, makeKey } from '../support/pki.ts';
import { makeList, makeOcspResponse } from '../support/revocation.ts';
import { issueLogged, makeLog, makeTimestamp } from '../support/transparency.ts';
import { accepts, countingProvider, parse, refuses } from './support.ts';

// Certificates with ML-DSA keys and signatures (RFC 9881).

const LEAF = { subject: 'localhost', dnsNames: ['localhost'] } as const;
const keys = Object.fromEntries(ML_DSA_SETS.map((set) => [set, makeMlDsaKey(set)])) as Record<
  MlDsaParameterSet,
  MlDsaKey
>;
const roots = Object.fromEntries(
  ML_DSA_SETS.map((set) => [set, issueWith(keys[set], { subject: `Root ${set}`, ca: true })]),
) as Record<MlDsaParameterSet, MlDsaIssued>;
const root = roots['ML-DSA-44'];
const leaf = issueWith(undefined, { ...LEAF, issuer: root });
const classical = issueWith(undefined, { subject: 'Classical', ca: true });

/** Another certificate in place of the right one: signed by the root, whatever it says. */
const forged = (options: Partial<IssueOptions>): MlDsaIssued =>
  issueWith(undefined, { ...LEAF, issuer: root, signer: keys['ML-DSA-44'], ...options });

for (const set of ML_DSA_SETS) {
  test(`${set}: root, intermediate and leaf`, () => {
    const intermediate = issueWith(makeMlDsaKey(set), { subject: 'Between', ca: true, issuer: roots[set] });
    const server = issueWith(makeMlDsaKey(set), { ...LEAF, issuer: intermediate });
    const { publicKeyInfo, signatureAlgorithm } = parse(server);
    assert.deepEqual(publicKeyInfo.key, server.mlDsa?.publicKey);
    assert.deepEqual(signatureAlgorithm, { kind: 'ml-dsa', parameterSet: set });
    const { path } = accepts([server, intermediate], [roots[set]]);
    const sentences = path.flatMap(({ checks }) => checks.map(({ sentence }) => sentence));
    assert.ok(sentences.includes(`it is signed with ${set}`), sentences.join('\n'));
    assert.ok(sentences.includes(`its key (${set}) is strong enough`));
    assert.ok(sentences.includes(`its ${set} key is for signatures only`));
    refuses('issuer', /its issuer 'CN=Between' is not/, [server], [roots[set]]);
  });
}

test('chains of mixed algorithms', () => {
  const between = issueWith(makeMlDsaKey('ML-DSA-65'), { subject: 'New', ca: true, issuer: classical });
  accepts([issueWith(undefined, { ...LEAF, issuer: between }), between], [classical]);
  const old = issueWith(undefined, {
    subject: 'Old',
    key: makeKey('rsa2048'),
    ca: true,
    issuer: roots['ML-DSA-87'],
  });
  const edwards = issueWith(undefined, { ...LEAF, key: makeKey('ed25519'), issuer: old });
  accepts([edwards, old], [roots['ML-DSA-87']]);
  const mixed = issueWith(makeMlDsaKey('ML-DSA-44'), {
    subject: 'Mixed',
    ca: true,
    issuer: roots['ML-DSA-87'],
  });
  accepts([issueWith(undefined, { ...LEAF, issuer: mixed }), mixed], [roots['ML-DSA-87']]);
});

test('an anchor that is only a name and a key', () => {
  const { subject: name } = parse(root);
  const judge = (key: MlDsaKey) =>
    verify({
      provider: nodeProvider,
      leaf: parse(leaf),
      intermediates: [],
      anchors: [{ name, key: key.publicKey }],
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
    });
  const good = judge(keys['ML-DSA-44']);
  assert.ok('ok' in good && good.ok);
  const bad = judge(makeMlDsaKey('ML-DSA-44'));
  assert.ok('ok' in bad && !bad.ok && bad.rule === 'signature');
});

test('a provider that lacks a parameter set says so, and is not asked', () => {
  for (const mlDsa of [undefined, new Set<MlDsaParameterSet>(['ML-DSA-65'])]) {
    const { provider, count } = countingProvider();
    const { mlDsa: _, ...without } = provider;
    const { error, source } = refuses(
      'signatureAlgorithm',
      /^The certificate of 'CN=localhost': it is signed with ML-DSA-44, which this runtime cannot verify\.$/,
      [leaf],
      [root],
      { provider: mlDsa === undefined ? without : { ...without, mlDsa } },
    );
    assert.equal(error, 'ERR_UNSUPPORTED_CERTIFICATE');
    assert.equal(source, 'RFC 5280 section 4.1.1.2');
    assert.equal(count(), 0);
  }
  // What it does have counts, and so does what is not ML-DSA.
  const { mlDsa: _, ...without } = nodeProvider;
  accepts([leaf], [root], { provider: { ...without, mlDsa: new Set(['ML-DSA-44']) } });
  accepts([issueWith(keys['ML-DSA-65'], { ...LEAF, issuer: classical })], [classical], { provider: without });
});

test('parameters, in the signature or in the key', () => {
  for (const parameters of [der.nullValue(), der.sequence(), der.octetString(new Uint8Array(0))]) {
    const algorithm = der.sequence(der.oid(ML_DSA_OIDS['ML-DSA-44']), parameters);
    const signed = forged({ innerAlgorithm: algorithm, outerAlgorithm: algorithm });
    const { key } = keys['ML-DSA-44'].publicKey;
    const keyed = forged({ publicKeyInfo: der.sequence(algorithm, der.bitString(key)) });
    for (const { der: bytes } of [signed, keyed]) {
      assert.throws(
        () => parseCertificate(bytes),
        (error) =>
          error instanceof TlsError &&
          error.context['reason'] === 'algorithm-parameters' &&
          /2\.16\.840\.1\.101\.3\.4\.3\.17 has no parameters, found some/.test(error.message),
      );
    }
  }
});

test('keys of another size than their parameter set', () => {
  const malformed = (set: MlDsaParameterSet, key: Uint8Array, words: RegExp): void => {
    const { der: bytes } = forged({ publicKeyInfo: der.sequence(mlDsaIdentifier(set), der.bitString(key)) });
    assert.throws(
      () => parseCertificate(bytes),
      (error) =>
        error instanceof TlsError && error.context['reason'] === 'public-key' && words.test(error.message),
    );
  };
  for (const set of ML_DSA_SETS) {
    const { key } = keys[set].publicKey;
    malformed(
      set,
      key.subarray(1),
      new RegExp(`${set} public key: expected ${key.length} bytes, found ${key.length - 1}`),
    );
    malformed(
      set,
      concat(key, Uint8Array.of(0)),
      new RegExp(`expected ${key.length} bytes, found ${key.length + 1}`),
    );
    malformed(set, new Uint8Array(0), /found 0/);
    // As some drafts had it: an OCTET STRING inside the BIT STRING.
    malformed(set, der.octetString(key), new RegExp(`expected ${key.length} bytes`));
    for (const other of ML_DSA_SETS.filter((one) => one !== set))
      malformed(other, key, /public key: expected/);
  }
});

test('a signature under the name of another parameter set', () => {
  for (const set of ['ML-DSA-65', 'ML-DSA-87'] as const) {
    const algorithm = mlDsaIdentifier(set);
    refuses(
      'signature',
      /was not made by/,
      [forged({ innerAlgorithm: algorithm, outerAlgorithm: algorithm })],
      [root],
    );
    const stranger = { ...keys[set], algorithm: mlDsaIdentifier('ML-DSA-44') };
    refuses('signature', /was not made by/, [forged({ signer: stranger })], [root]);
    assert.throws(
      () => parse(forged({ outerAlgorithm: algorithm })),
      (error) => error instanceof TlsError && error.context['reason'] === 'algorithm-mismatch',
    );
  }
});

test('signatures that are cut, longer, changed, or of another kind', () => {
  const { secretKey, algorithm, sign } = keys['ML-DSA-44'];
  const dsa = mlDsaOf('ML-DSA-44');
  const wrong: readonly ((tbs: Uint8Array) => Uint8Array)[] = [
    (tbs) => sign(tbs).subarray(0, -1),
    (tbs) => sign(tbs).subarray(1),
    (tbs) => concat(sign(tbs), Uint8Array.of(0)),
    () => new Uint8Array(0),
    () => new Uint8Array(2420),
    (tbs) => sign(tbs).with(0, (sign(tbs)[0] ?? 0) ^ 1),
    (tbs) => {
      const signature = sign(tbs);
      return signature.with(-1, (signature.at(-1) ?? 0) ^ 1);
    },
    (tbs) => dsa.sign(tbs, secretKey, { context: Uint8Array.of(1) }),
    (tbs) => dsa.internal.sign(tbs, secretKey),
    (tbs) => sign(concat(tbs, Uint8Array.of(0))),
  ];
  for (const [index, make] of wrong.entries()) {
    const certificate = forged({ signer: { algorithm, sign: make } });
    refuses('signature', /was not made by the trust anchor/, [certificate], [root], { name: 'localhost' });
    assert.ok(index < wrong.length);
  }
  refuses('signature', /was not made by/, [forged({ signer: makeMlDsaKey('ML-DSA-44') })], [root]);
});

test('HashML-DSA, which RFC 9881 leaves out, is not supported', () => {
  for (const arc of [32, 33, 34]) {
    const algorithm = der.sequence(der.oid(`2.16.840.1.101.3.4.3.${arc}`));
    const { sign } = keys['ML-DSA-44'];
    refuses(
      'signatureAlgorithm',
      /signed with .*, which is not supported/,
      [forged({ signer: { algorithm, sign } })],
      [root],
    );
    const keyed = forged({
      publicKeyInfo: der.sequence(algorithm, der.bitString(keys['ML-DSA-44'].publicKey.key)),
    });
    assert.equal(parse(keyed).publicKeyInfo.key, undefined);
    refuses('publicKey', /not supported/, [keyed], [root]);
  }
});

test('what keyUsage may say of an ML-DSA key', () => {
  const judged = (keyUsage: readonly KeyUsageSpec[] | null) =>
    issueWith(keys['ML-DSA-44'], { ...LEAF, issuer: classical, keyUsage });
  accepts([judged(null)], [classical]);
  accepts([judged(['digitalSignature', 'nonRepudiation'])], [classical]);
  for (const usage of [
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'encipherOnly',
    'decipherOnly',
  ] as const) {
    const words = new RegExp(`its ML-DSA-44 key can make signatures only, and its keyUsage is ${usage}`);
    const { source } = refuses('keyUsage', words, [judged(['digitalSignature', usage])], [classical]);
    assert.equal(source, 'RFC 9881 section 5');
  }
  const mayEncrypt = issueWith(makeMlDsaKey('ML-DSA-44'), {
    subject: 'Odd',
    ca: true,
    issuer: classical,
    keyUsage: ['keyCertSign', 'keyAgreement'],
  });
  refuses(
    'keyUsage',
    /is keyAgreement/,
    [issueWith(undefined, { ...LEAF, issuer: mayEncrypt }), mayEncrypt],
    [classical],
  );
  // A bit behind those that have names: none of the four is set.
  const unnamed = { oid: '2.5.29.15', critical: true, value: der.bitString(Uint8Array.of(0, 0x40), 6) };
  const none = issueWith(keys['ML-DSA-44'], {
    ...LEAF,
    issuer: classical,
    keyUsage: null,
    extraExtensions: [unnamed],
  });
  const { source } = refuses('keyUsage', /its keyUsage is empty/, [none], [classical], { purpose: 'any' });
  assert.equal(source, 'RFC 9881 section 5');
  // Of other keys nothing of the kind is said.
  accepts(
    [issueWith(undefined, { ...LEAF, issuer: classical, keyUsage: ['digitalSignature', 'keyAgreement'] })],
    [classical],
  );
});

test('statuses that an ML-DSA authority signs', () => {
  const signer = keys['ML-DSA-44'];
  const revoked = parseCertificateRevocationList(
    makeList(root, { revoked: [{ certificate: leaf }], signer }),
  );
  const fine = parseOcspResponse(makeOcspResponse([{ certificate: leaf, issuer: root }], { signer }));
  refuses('revocation', /was revoked/, [leaf], [root], { revocation: { crls: [revoked] } });
  accepts([leaf], [root], { revocation: { ocspResponses: [fine], require: 'leaf' } });
  const stranger = makeMlDsaKey('ML-DSA-44');
  const forgedResponse = makeOcspResponse([{ certificate: leaf, issuer: root }], { signer: stranger });
  refuses('revocationStatus', /was not made by the issuer/, [leaf], [root], {
    revocation: { ocspResponses: [parseOcspResponse(forgedResponse)], require: 'leaf' },
  });
});

test('timestamps of logs under an ML-DSA issuer', () => {
  const log = makeLog('Log');
  const signer = keys['ML-DSA-44'];
  const { certificate } = issueLogged(
    { ...LEAF, issuer: root, signer },
    (entry) => [makeTimestamp(log, entry)],
    [],
    signer.publicKeyInfo,
  );
  accepts([certificate], [root], { transparency: { logs: [log], require: 1 } });
});

test('the work of many ML-DSA candidates is bounded', () => {
  const { provider, count } = countingProvider();
  const candidates = Array.from({ length: 12 }, () => {
    const key = crypto.getRandomValues(new Uint8Array(1312));
    const publicKeyInfo = der.sequence(mlDsaIdentifier('ML-DSA-44'), der.bitString(key));
    const options = { subject: 'Root ML-DSA-44', ca: true, keyIdentifiers: false, signWith: makeKey('p256') };
    return issueWith(undefined, { ...options, issuer: classical, publicKeyInfo });
  });
  const signer = makeMlDsaKey('ML-DSA-44');
  const anonymous = issueWith(undefined, { ...LEAF, issuer: root, keyIdentifiers: false, signer });
  const budget = { signatureChecks: 8 };
  refuses('budget', /more than 8 signatures/, [anonymous, ...candidates], [root], { provider, budget });
  assert.equal(count(), 8);
});

test('private keys of ML-DSA are refused for handshakes, whatever Node knows of them', () => {
  for (const set of ML_DSA_SETS) {
    const { pkcs8 } = keys[set];
    const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(pkcs8).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    for (const input of [pkcs8, pem]) {
      assert.throws(
        () => signingKey(input),
        /cannot be signed with an ML-DSA key: .* are no standard yet; take an ECDSA/,
      );
    }
  }
});
