import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { findEntry, parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import * as der from '../support/der.ts';
import { issue, testPki } from '../support/pki.ts';
import { distributionPoints, makeList, Reason } from '../support/revocation.ts';
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
  reads(concat(rich, Uint8Array.of(0xff)));
});
