import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import type { DerReason } from '../../src/x509/der.ts';
import { MAX_REVOCATION_LIST_LENGTH } from '../../src/x509/limits.ts';
import { findEntry, parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import * as der from '../support/der.ts';
import { encodeName, issue, signatureAlgorithm, testPki } from '../support/pki.ts';
import { distributionPoints, type ListOptions, makeList, Reason } from '../support/revocation.ts';
import { parse } from './support.ts';

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server, client } = testPki();

const DAY = 86_400_000;
const noon = new Date('2026-03-01T12:00:00Z');

/** A list with everything in it that is read. */
const rich = makeList(root, {
  thisUpdate: noon,
  nextUpdate: new Date(noon.getTime() + DAY),
  number: 258,
  base: 257,
  keyIdentifier: Uint8Array.of(1, 2, 3),
  scope: { fullName: [{ uri: 'http://a.test/crl' }], reasons: [1, 2], indirect: true, only: 'users' },
  revoked: [
    { certificate: server, at: noon, reason: Reason.keyCompromise, invalidityDate: noon },
    { certificate: client, at: noon, certificateIssuer: 'Somebody else' },
    { certificate: intermediate, at: noon, reason: Reason.removeFromCRL },
  ],
  extensions: [
    { oid: '2.5.29.46', value: distributionPoints({ fullName: [{ uri: 'http://a.test/delta' }] }).value },
    { oid: '2.5.29.18', value: der.sequence(der.contextPrimitive(2, Uint8Array.of(0x61))) },
    { oid: '1.2.3', value: der.nullValue() },
  ],
});

test('everything that a revocation list says is read', LIMIT, () => {
  const list = parseCertificateRevocationList(rich);
  assert.equal(String(list.issuer), 'CN=Test root p256');
  assert.equal(list.thisUpdate.time, noon.getTime());
  assert.equal(list.nextUpdate?.time, noon.getTime() + DAY);
  assert.equal(list.cRLNumber, 258n);
  assert.equal(list.deltaCRLIndicator, 257n);
  assert.deepEqual(list.authorityKeyIdentifier?.keyIdentifier, Uint8Array.of(1, 2, 3));
  const { der: _, ...scope } = list.issuingDistributionPoint ?? assert.fail();
  assert.deepEqual(scope, {
    distributionPoint: {
      kind: 'fullName',
      names: [{ kind: 'uniformResourceIdentifier', value: 'http://a.test/crl' }],
    },
    onlyContainsUserCerts: true,
    onlyContainsCACerts: false,
    onlyContainsAttributeCerts: false,
    onlySomeReasons: ['keyCompromise', 'cACompromise'],
    indirectCRL: true,
  });
  assert.equal(list.freshestCRL?.length, 1);
  assert.deepEqual(list.issuerAltName, [{ kind: 'dNSName', value: 'a' }]);
  assert.equal(list.extensions.size, 7);
  const [first, second, third] = list.revokedCertificates;
  assert.deepEqual(first?.serialNumber, parse(server).serialNumber);
  assert.equal(first?.revocationDate, noon.getTime());
  assert.equal(first?.reason, 'keyCompromise');
  assert.equal(first?.invalidityDate, noon.getTime());
  assert.equal(first?.certificateIssuer, undefined);
  // The issuer of an entry is that of those behind it, too (RFC 5280 section 5.3.3).
  assert.equal(second?.certificateIssuer, third?.certificateIssuer);
  assert.equal(third?.reason, 'removeFromCRL');
});

test('a list without entries and without extensions is a list', LIMIT, () => {
  const list = parseCertificateRevocationList(makeList(root, { number: null, nextUpdate: null }));
  assert.deepEqual(list.revokedCertificates, []);
  assert.equal(list.nextUpdate, undefined);
  assert.equal(list.extensions.size, 0);
});

test('the bytes are copied', LIMIT, () => {
  const bytes = rich.slice();
  const list = parseCertificateRevocationList(bytes);
  bytes.fill(0);
  assert.deepEqual(list.der, rich);
});

test('entries are found by issuer and serial number, the gravest first', LIMIT, () => {
  const other = issue({ subject: 'Somebody else', ca: true });
  const [own, foreign] = [1, 1].map((serial, index) =>
    issue({ subject: `x${index}`, serial, issuer: index === 0 ? root : other }),
  );
  assert.ok(own && foreign);
  const list = parseCertificateRevocationList(
    makeList(root, {
      base: 1,
      number: 2,
      scope: { indirect: true },
      revoked: [
        { certificate: own, reason: Reason.removeFromCRL },
        { certificate: own, reason: Reason.superseded },
        { certificate: foreign, certificateIssuer: 'Somebody else', reason: Reason.keyCompromise },
      ],
    }),
  );
  assert.equal(findEntry(list, parse(own))?.reason, 'superseded');
  assert.equal(findEntry(list, parse(foreign))?.reason, 'keyCompromise');
  assert.equal(findEntry(list, parse(server)), undefined);
});

const field = (index: number, value: Uint8Array): ListOptions => ({
  editFields: (fields) => fields.with(index, value),
});
const extension = (oid: string, value: Uint8Array, critical = false): ListOptions => ({
  number: null,
  extensions: [{ oid, value, critical }],
});
const scope = (...items: readonly Uint8Array[]): ListOptions =>
  extension('2.5.29.28', der.sequence(...items));
const entry = (oid: string, value: Uint8Array, critical = false): ListOptions => ({
  revoked: [{ certificate: server, extensions: [{ oid, value, critical }] }],
});
const TRUE = Uint8Array.of(0xff);
const points = (...items: readonly Uint8Array[]): ListOptions =>
  extension('2.5.29.46', der.sequence(...items));
const reason = (number: number): Uint8Array => der.tlv(0x0a, Uint8Array.of(number));

const REFUSED: readonly (readonly [what: string, change: ListOptions, reason: DerReason, words: RegExp])[] = [
  ['version 1', field(0, new Uint8Array(0)), 'version', /expected v2, found v1/],
  ['version 3', field(0, der.integer(2)), 'version', /expected v2, found v3/],
  [
    'two algorithms',
    { outerAlgorithm: signatureAlgorithm(root.key, 'sha384') },
    'algorithm-mismatch',
    /differs/,
  ],
  ['an empty list of entries', field(5, der.sequence()), 'empty-list', /there, but empty/],
  ['an empty list of extensions', field(6, der.context(0, der.sequence())), 'empty-list', /extension/],
  ['two lists of extensions', { editFields: (f) => [...f, f[6] ?? TRUE] }, 'trailing-data', /follow/],
  [
    'a local time',
    field(3, der.tlv(0x17, new TextEncoder().encode('2603011200+0100'))),
    'time-form',
    /thisUpdate/,
  ],
  [
    'an unknown critical extension',
    extension('1.2.3', TRUE, true),
    'critical-extension',
    /1\.2\.3 is critical/,
  ],
  ['a negative number', { number: -1 }, 'integer-negative', /cRLNumber/],
  ['a huge number', extension('2.5.29.20', der.integer(1n << 168n)), 'integer-too-large', /cRLNumber/],
  ['a scope that says nothing', scope(), 'empty-list', /says nothing/],
  [
    'a scope of users and authorities',
    scope(der.contextPrimitive(1, TRUE), der.contextPrimitive(2, TRUE)),
    'extension-value',
    /of several kinds/,
  ],
  ['a flag written as FALSE', scope(der.contextPrimitive(4, Uint8Array.of(0))), 'default-encoded', /FALSE/],
  [
    'a scope for no reason',
    scope(der.contextPrimitive(3, Uint8Array.of(7, 0))),
    'extension-value',
    /without a reason/,
  ],
  ['a scope with something else', scope(der.nullValue()), 'trailing-data', /issuingDistributionPoint/],
  [
    'a point name of two forms',
    scope(der.context(0, der.context(0, der.contextPrimitive(2, TRUE)), TRUE)),
    'trailing-data',
    /follow/,
  ],
  ['a point name of no form', scope(der.context(0, der.nullValue())), 'unexpected-tag', /expected \[1\]/],
  ['an empty relative name', scope(der.context(0, der.context(1))), 'empty-list', /no attribute/],
  ['no points', points(), 'empty-list', /at least one point/],
  ['an empty point', points(der.sequence()), 'extension-value', /neither a name nor an issuer/],
  [
    'a point with reasons only',
    points(der.sequence(der.contextPrimitive(1, Uint8Array.of(6, 0x40)))),
    'extension-value',
    /neither a name nor an issuer/,
  ],
  ['the reason 7', entry('2.5.29.21', reason(7)), 'extension-value', /7 is no reason/],
  ['the reason 11', entry('2.5.29.21', reason(11)), 'extension-value', /11 is no reason/],
  ['removeFromCRL in a complete list', entry('2.5.29.21', reason(8)), 'extension-value', /complete list/],
  [
    'an invalidity date as UTCTime',
    entry('2.5.29.24', der.utcTime(noon)),
    'unexpected-tag',
    /invalidityDate/,
  ],
  [
    "an entry's issuer in a direct list",
    entry('2.5.29.29', der.sequence(der.context(4, encodeName('x'))), true),
    'extension-value',
    /not indirect/,
  ],
  [
    'an unknown critical extension of an entry',
    entry('1.2.3', TRUE, true),
    'critical-extension',
    /1\.2\.3 is critical/,
  ],
];

for (const [what, change, expected, words] of REFUSED) {
  test(`refused: ${what}`, LIMIT, () => {
    assert.throws(
      () => parseCertificateRevocationList(makeList(root, change)),
      (error) => {
        assert.ok(error instanceof TlsError);
        assert.equal(error.code, 'ERR_BAD_CERTIFICATE_STATUS');
        assert.equal(error.context['reason'], expected, error.message);
        assert.match(error.message, words);
        return true;
      },
    );
  });
}

test('refused: more bytes than a list may have', LIMIT, () => {
  assert.throws(() => parseCertificateRevocationList(new Uint8Array(MAX_REVOCATION_LIST_LENGTH + 1)), {
    code: 'ERR_BAD_CERTIFICATE_STATUS',
    message: /at most 33554432/,
  });
});

test('refused: more entries than a list may have', { timeout: 60_000 }, () => {
  const one = der.sequence(der.integer(1), der.utcTime(noon));
  const many = new Uint8Array(one.length * 1_000_001);
  for (let at = 0; at < many.length; at += one.length) many.set(one, at);
  assert.throws(() => parseCertificateRevocationList(makeList(root, field(5, der.sequence(many)))), {
    code: 'ERR_BAD_CERTIFICATE_STATUS',
    message: /more than 1000000 entries/,
  });
});

test('whatever comes, a list is read or refused', LIMIT, () => {
  const reads = (bytes: Uint8Array): void => {
    try {
      const list = parseCertificateRevocationList(bytes);
      assert.deepEqual(list.der, bytes);
      findEntry(list, parse(server));
    } catch (error) {
      assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE_STATUS', String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), reads), { numRuns: 500 });
  const edit = fc.record({ at: fc.nat(5000), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const bytes = Array.from(rich);
      for (const { at, remove, insert } of edits) bytes.splice(at % bytes.length, remove, ...insert);
      reads(Uint8Array.from(bytes));
    }),
    { numRuns: 2000 },
  );
  for (let at = 0; at < rich.length; at++) {
    reads(rich.subarray(0, at));
    for (const change of [0x01, 0x20, 0x80, 0xff]) {
      reads(rich.map((byte, index) => (index === at ? byte ^ change : byte)));
    }
  }
  reads(concat(rich, TRUE));
});
