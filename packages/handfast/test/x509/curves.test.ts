import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../../src/wire/bytes.ts';
import { isOnCurve } from '../../src/x509/curves.ts';
import { issue, makeKey, publicKeyInfo } from '../support/pki.ts';
import { parse, refuses } from './support.ts';

const CURVES = [
  ['P-256', 'p256', 32],
  ['P-384', 'p384', 48],
  ['P-521', 'p521', 66],
] as const;

test('keys are points on their curves; whatever bit is changed, they are none', () => {
  for (const [curve, kind, size] of CURVES) {
    for (let i = 0; i < 8; i++) {
      const point = publicKeyInfo(makeKey(kind)).slice(-1 - 2 * size);
      assert.ok(isOnCurve(curve, point), curve);
      const bit = (i * 8 * 17 + i) % (16 * size);
      const at = 1 + (bit >> 3);
      point[at] = (point[at] ?? 0) ^ (1 << (bit & 7));
      assert.ok(!isOnCurve(curve, point), `${curve}, bit ${bit}`);
    }
  }
});

test('coordinates are below the prime', () => {
  // 5 is the x of a point on P-256, and x + p fits into 32 bytes as well.
  const y = '459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc';
  const point = (x: string): Uint8Array => fromHex(`04${x}${y}`);
  assert.ok(isOnCurve('P-256', point('5'.padStart(64, '0'))));
  assert.ok(!isOnCurve('P-256', point('ffffffff00000001000000000000000000000001000000000000000000000004')));
});

test('a certificate whose key is no point of its curve is refused, as a leaf and as an authority', () => {
  const root = issue({ subject: 'Root', ca: true });
  for (const [curve, kind, size] of CURVES) {
    const wrong = publicKeyInfo(makeKey(kind));
    wrong[wrong.length - size] = (wrong[wrong.length - size] ?? 0) ^ 1;
    const words = new RegExp(`not a point on the curve ${curve}`);
    const leaf = issue({ subject: 'x', issuer: root, dnsNames: ['localhost'], publicKeyInfo: wrong });
    refuses('publicKey', words, [leaf], [root]);
    const authority = issue({ subject: 'CA', issuer: root, ca: true, publicKeyInfo: wrong });
    const below = issue({ subject: 'x', issuer: authority, dnsNames: ['localhost'] });
    refuses('publicKey', words, [below, authority], [root]);
    assert.equal(parse(leaf).publicKeyInfo.key?.kind, 'ec');
  }
});
