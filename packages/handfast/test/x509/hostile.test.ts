import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { ConfigError, TlsError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { DerError, DerReader } from '../../src/x509/der.ts';
import { parseHostName } from '../../src/x509/host-name.ts';
import { verify } from '../../src/x509/path.ts';
import { readCertificates } from '../../src/x509/pem.ts';
import { issue, KEY_KINDS, pssParameters, testPki } from '../support/pki.ts';
import { ANY, constraints, inhibitAny, mappings, P, policies } from './policy-values.ts';

// Whatever comes, the answer is a value or the one error that belongs there: never another exception, never a hang.

/** Certificates with everything in them that is read. */
const SAMPLES: readonly Uint8Array[] = [
  ...KEY_KINDS.flatMap((kind) => {
    const { server, intermediate, client } = testPki(kind);
    return [server.der, intermediate.der, client.der];
  }),
  issue({
    subject: [
      ['C', 'CH'],
      ['O', 'Z\u00fcrich & Co'],
      ['emailAddress', 'me@a.test'],
    ],
    ca: true,
    pathLen: 3,
    altNames: [
      { dns: '*.a.test' },
      { ip: '::1' },
      { email: 'me@a.test' },
      { uri: 'https://a.test/' },
      { directory: 'x' },
      { registeredId: '1.2.3' },
    ],
    nameConstraints: {
      permitted: [{ dns: 'a.test' }, { ip: '10.0.0.0/8' }],
      excluded: [{ email: '.b.test' }],
    },
    extKeyUsage: ['serverAuth', 'any'],
    notAfter: new Date('2060-01-01T00:00:00Z'),
    extraExtensions: [
      policies(P(1), P(2), ANY),
      mappings([P(1), P(2)], [P(1), P(3)]),
      constraints({ require: 1, inhibit: 2 }),
      inhibitAny(3),
      { oid: '1.2.3', critical: true, value: pssParameters('sha256') },
    ],
  }).der,
];

function parsesOrRefuses(bytes: Uint8Array): void {
  try {
    const certificate = parseCertificate(bytes);
    // What was accepted can be shown, compared and judged.
    assert.equal(typeof String(certificate.subject), 'string');
    assert.ok(certificate.subject.equals(certificate.subject));
    const verdict = verify({
      provider: nodeProvider,
      leaf: certificate,
      intermediates: [certificate],
      anchors: [{ certificate: ROOT }],
      at: Date.now(),
      purpose: 'server',
      name: 'a.test',
    });
    assert.ok('ok' in verdict && !verdict.ok);
    JSON.stringify(verdict);
  } catch (error) {
    assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE', String(error));
    assert.ok((error.context.offset ?? -1) >= 0 && (error.context.offset ?? 0) <= bytes.length);
  }
}

const ROOT = parseCertificate(issue({ subject: 'Somebody else', ca: true }).der);

test('random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), parsesOrRefuses), { numRuns: 2000 });
});

test('certificates with bytes changed, removed, inserted and repeated', () => {
  const edit = fc.record({
    at: fc.nat(5000),
    remove: fc.nat(4),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...SAMPLES),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (sample, edits) => {
        let bytes = Array.from(sample);
        for (const { at, remove, insert } of edits) bytes.splice(at % bytes.length, remove, ...insert);
        if (bytes.length === 0) bytes = [0x30];
        parsesOrRefuses(Uint8Array.from(bytes));
      },
    ),
    { numRuns: 5000 },
  );
});

test('every single byte of a certificate, changed in several ways', () => {
  const sample = SAMPLES.at(-1);
  assert.ok(sample);
  for (let at = 0; at < sample.length; at++) {
    for (const change of [0x01, 0x80, 0xff, 0x20]) {
      const bytes = sample.slice();
      bytes[at] = (bytes[at] ?? 0) ^ change;
      parsesOrRefuses(bytes);
    }
  }
});

test('every prefix of a certificate is refused', () => {
  const { server } = testPki();
  for (let length = 0; length < server.der.length; length++) {
    assert.throws(() => parseCertificate(server.der.subarray(0, length)), TlsError);
  }
});

test('a change anywhere in the signed part breaks the chain', () => {
  const { server, intermediate, root } = testPki();
  const [issuer, anchor] = [parseCertificate(intermediate.der), parseCertificate(root.der)];
  fc.assert(
    fc.property(fc.nat(server.der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = server.der.slice();
      bytes[at] = (bytes[at] ?? 0) ^ change;
      try {
        const verdict = verify({
          provider: nodeProvider,
          leaf: parseCertificate(bytes),
          intermediates: [issuer],
          anchors: [{ certificate: anchor }],
          at: Date.now(),
          purpose: 'server',
          name: 'localhost',
        });
        assert.ok('ok' in verdict && !verdict.ok);
      } catch (error) {
        assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('deep nesting costs nothing', () => {
  const bytes = new Uint8Array(200_000);
  for (let at = 0; at < bytes.length; at += 2) bytes.set([0x30, 0x80], at);
  parsesOrRefuses(bytes);
});

test('every reader method on random bytes', () => {
  const methods: readonly ((reader: DerReader) => unknown)[] = [
    (r) => r.readAny('x'),
    (r) => r.boolean('x'),
    (r) => r.integer('x'),
    (r) => r.unsignedInteger('x'),
    (r) => r.smallInteger('x'),
    (r) => r.bitString('x'),
    (r) => r.wholeBytes('x'),
    (r) => r.octetString('x'),
    (r) => r.null('x'),
    (r) => r.oid('x'),
    (r) => r.time('x'),
    (r) => r.sequence('x'),
  ];
  const tagged = fc
    .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 0x17, 0x18, 0x30), fc.uint8Array({ maxLength: 20 }))
    .map(([tag, content]) => Uint8Array.from([tag, content.length, ...content]));
  fc.assert(
    fc.property(tagged, fc.constantFrom(...methods), (bytes, method) => {
      const reader = new DerReader(bytes);
      try {
        method(reader);
        assert.equal(reader.position, bytes.length);
      } catch (error) {
        assert.ok(error instanceof DerError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('PEM and names from anywhere', () => {
  const piece = fc.oneof(
    fc.constantFrom('-----BEGIN ', '-----END ', 'CERTIFICATE', '-----', '\n', '\r\n', 'MIIB', '=', ' '),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      assert.throws(() => readCertificates(pieces.join(''), 'ca'), ConfigError);
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV6(), fc.ipV4()), (text) => {
      try {
        const name = parseHostName(text);
        assert.ok(name.text.length > 0 && name.text.length <= 253);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
