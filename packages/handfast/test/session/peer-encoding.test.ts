/** Peers as sessions keep them: what is left out, and that nothing is read but what was written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthenticatedPeer } from '../../src/session/peer.ts';
import { peerFromState, peerState, peerToState } from '../../src/session/peer-encoding.ts';
import { ascii, latin1 } from '../../src/wire/bytes.ts';
import { encode } from '../../src/wire/codec.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { type Accepted, refused } from '../../src/x509/verdict.ts';
import { asKept, judgedPeer } from './support.ts';

const LIMIT = { timeout: 10_000 };

const ACCEPTED: Accepted = {
  ok: true,
  path: [
    { role: 'leaf', subject: 'CN=a', issuer: 'CN=b', serialNumber: '01', checks: [] },
    { role: 'anchor', subject: 'CN=b', issuer: 'CN=b', checks: [] },
  ],
  policies: ['1.2.3'],
  sentence: 'Accepted in a test.',
};

const PEER: AuthenticatedPeer = { chain: [], verdict: ACCEPTED };

/** The JSON that is written for a verdict. */
function written(verdict: Accepted): string {
  return latin1(peerToState({ chain: [], verdict }).verdict);
}

/** The peer whose verdict is read from this text. */
function read(verdict: string | Uint8Array): AuthenticatedPeer {
  const bytes = typeof verdict === 'string' ? ascii(verdict) : verdict;
  return peerFromState({ ...peerToState(PEER), verdict: bytes });
}

test('who it was is kept, and not how that was found out', LIMIT, () => {
  const peer = judgedPeer();
  assert.ok(peer.verdict.path.every(({ checks }) => checks.length > 0));
  assert.deepEqual(peerFromState(peerToState(peer)), { ...peer, verdict: asKept(peer.verdict) });
});

test('staple and timestamps are kept, and absent where they were', LIMIT, () => {
  const whole = {
    ...PEER,
    signatureScheme: 0x0403,
    ocspResponse: Uint8Array.of(1, 2),
    signedCertificateTimestamps: [Uint8Array.of(3), new Uint8Array(0)],
  };
  assert.deepEqual(peerFromState(peerToState(whole)), whole);
  assert.deepEqual(Object.keys(peerFromState(peerToState(PEER))), ['chain', 'verdict']);
  assert.deepEqual(peerFromState(peerToState({ ...PEER, signedCertificateTimestamps: [] })), {
    ...PEER,
    signedCertificateTimestamps: [],
  });
});

test('what a verdict says besides is left out', LIMIT, () => {
  const [leaf, anchor] = ACCEPTED.path;
  const grown = {
    ...ACCEPTED,
    path: [{ ...leaf, secret: 'x' }, anchor],
    evidence: { huge: 'x'.repeat(1000) },
  };
  assert.equal(written(grown as Accepted), written(ACCEPTED));
});

test('names in every script come back, as ASCII on the way', LIMIT, () => {
  const names = [
    'B\u00fccher',
    '\u6771\u4eac',
    '\u{1f512}',
    '\ud800',
    '\u0000\u001f\u007f\u0080\u2028',
    '"\\',
  ];
  for (const subject of names) {
    const verdict: Accepted = { ...ACCEPTED, path: [{ role: 'leaf', subject, issuer: subject, checks: [] }] };
    assert.match(written(verdict), /^[\x20-\x7e]*$/);
    assert.deepEqual(read(written(verdict)).verdict, verdict);
  }
});

test('a peer that was refused is not kept', LIMIT, () => {
  const peer = { ...judgedPeer(), verdict: refused('issuer', 'Nobody knows the issuer.') };
  assert.throws(() => peerToState(peer), { name: 'RangeError', message: /accepted, found one refused/ });
});

test(
  'a verdict is read only as it was written: no refusal, no other type, nothing hidden in it',
  LIMIT,
  () => {
    const text = written(ACCEPTED);
    assert.deepEqual(read(text).verdict, ACCEPTED);
    const forged: readonly [string, string][] = [
      ['"ok":true', '"ok":false'],
      ['"ok":true', '"ok":1'],
      ['"ok":true,', ''],
      ['"path":[', '"path":{},"other":['],
      ['"path":[', '"path":[null,'],
      ['"path":[', '"path":[[],'],
      ['"path":[', '"path":["leaf",'],
      ['["1.2.3"]', '[1]'],
      ['["1.2.3"]', '"1.2.3"'],
      ['["1.2.3"]', 'null'],
      ['"policies"', '"pollcies"'],
      ['"policies"', '"__proto__":{"a":1},"policies"'],
      ['"sentence"', '"sentence":"","sentence"'],
      ['"Accepted in a test."', 'null'],
      ['"Accepted', '"\\u0041ccepted'],
      ['"Accepted', ' "Accepted'],
      ['"leaf"', '"root"'],
      ['"leaf"', '0'],
      ['"role":"leaf",', ''],
      ['"CN=a"', '1'],
      ['"CN=b"', '["CN=b"]'],
      ['"subject":"CN=a",', ''],
      ['"issuer":"CN=b",', ''],
      ['"01"', '1'],
      ['"01"', 'null'],
      ['"serialNumber"', '"serialnumber"'],
      ['"checks":[]', '"checks":{}'],
      ['"checks":[]', '"checks":[{"rule":"name","ok":true}]'],
      [',"checks":[]', ''],
    ];
    for (const [from, to] of forged) {
      assert.ok(text.includes(from), from);
      assert.throws(() => read(text.replace(from, to)), /expected an accepting verdict as JSON/, to);
    }
    for (const other of ['', 'null', '[]', '0', '""', `${text} `, `${text}${text}`, text.slice(0, -1)]) {
      assert.throws(() => read(other), /expected an accepting verdict as JSON/, other);
    }
    const beyondAscii = ascii(text);
    beyondAscii[text.indexOf('Accepted')] = 0xc0;
    assert.throws(() => read(beyondAscii), /expected an accepting verdict as JSON/);
  },
);

test('a chain with a damaged certificate is no chain', LIMIT, () => {
  const state = peerToState(judgedPeer());
  const [leaf, intermediate] = state.chain;
  assert.ok(leaf !== undefined && intermediate !== undefined);
  const damaged = [
    intermediate.subarray(1),
    intermediate.subarray(0, -1),
    intermediate.with(0, 0x31),
    intermediate.with(4, 0x31),
    new Uint8Array(1),
  ];
  for (const der of damaged) {
    assert.throws(() => peerFromState({ ...state, chain: [leaf, der] }), TlsError);
  }
});

test('a peer that does not fit its declaration is not written', LIMIT, () => {
  const tooLong = [new Uint8Array(0x10000)];
  const state = peerToState({ ...PEER, signedCertificateTimestamps: tooLong });
  assert.throws(() => encode(peerState, state), RangeError);
  assert.throws(() => encode(peerState, { ...state, chain: [new Uint8Array(0)] }), RangeError);
});
