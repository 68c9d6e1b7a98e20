/** When the certificates that vouch for a peer run out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earliestExpiry } from '../../src/session/peer.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import { judgedPeer } from './support.ts';

const LIMIT = { timeout: 10_000 };
const ACCEPTED: Verdict = { ok: true, path: [], sentence: 'for a test' };
const AUTHORITY = { role: 'anchor', subject: 'CN=a', issuer: 'CN=a', checks: [] } as const;

test('the certificate of the path that expires first ends it, whichever it is', LIMIT, () => {
  const peer = judgedPeer();
  assert.equal(peer.verdict.path.length, 3);
  // Issuers are made in the same second, or the one before.
  const times = peer.verdict.path.map(({ notAfter = '' }) => Date.parse(notAfter));
  assert.equal(earliestExpiry(peer), Math.min(...times));
  for (const index of peer.verdict.path.keys()) {
    const path = peer.verdict.path.map((judged, i) =>
      i === index ? { ...judged, notAfter: '2001-02-03T04:05:06Z' } : judged,
    );
    assert.equal(earliestExpiry({ ...peer, verdict: { ...peer.verdict, path } }), 981_173_106_000);
  }
});

test('the leaf counts also where the verdict has no path, as an application may give it', LIMIT, () => {
  const { chain } = judgedPeer();
  assert.equal(earliestExpiry({ chain, verdict: ACCEPTED }), chain[0]?.notAfter.time);
  assert.equal(earliestExpiry({ chain: [], verdict: ACCEPTED }), Number.POSITIVE_INFINITY);
});

test('an anchor without times says nothing, and a time that cannot be read counts as past', LIMIT, () => {
  const { chain } = judgedPeer();
  const path = (notAfter?: string) => [notAfter === undefined ? AUTHORITY : { ...AUTHORITY, notAfter }];
  assert.equal(earliestExpiry({ chain, verdict: { ...ACCEPTED, path: path() } }), chain[0]?.notAfter.time);
  assert.equal(earliestExpiry({ chain, verdict: { ...ACCEPTED, path: path('never') } }), 0);
});
