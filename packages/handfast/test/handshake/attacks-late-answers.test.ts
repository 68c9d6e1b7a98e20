/** Signatures and verdicts that are judged later, or by code that does not answer as it should: only `true` is true. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { Role } from '../../src/trace/events.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { refused } from '../../src/x509/verdict.ts';
import { FLOWS_12, mutual, withMore } from '../support/flows12.ts';
import { Pair, type PairOptions } from '../support/pair.ts';

const [flow12] = Object.values(FLOWS_12);
assert.ok(flow12);
const FLOWS: Readonly<Record<string, PairOptions>> = { 'TLS 1.3': mutual({}), 'TLS 1.2': mutual(flow12) };

/** What a provider may say of a signature, and what comes of it. */
const ANSWERS: Readonly<Record<string, readonly [() => unknown, TlsErrorCode]>> = {
  false: [() => false, 'ERR_BAD_SIGNATURE'],
  'false, later': [() => Promise.resolve(false), 'ERR_BAD_SIGNATURE'],
  nothing: [() => undefined, 'ERR_BAD_SIGNATURE'],
  'nothing, later': [() => Promise.resolve(), 'ERR_BAD_SIGNATURE'],
  'the number 1': [() => 1, 'ERR_BAD_SIGNATURE'],
  'the text true': [() => 'true', 'ERR_BAD_SIGNATURE'],
  'an object, later': [() => Promise.resolve({}), 'ERR_BAD_SIGNATURE'],
  'a failure': [
    () => {
      throw new Error('no answer');
    },
    'ERR_INTERNAL',
  ],
  'a failure, later': [() => Promise.reject(new Error('no answer')), 'ERR_INTERNAL'],
};

async function refuses(victim: Role, options: PairOptions, code: TlsErrorCode): Promise<void> {
  const pair = new Pair(options);
  await pair.runUntil(
    () => pair.side(victim).error !== undefined || pair.side(victim).established !== undefined,
  );
  pair.errorOf(victim, code);
  assert.deepEqual(pair.typesOf(victim), ['error']);
}

for (const [version, flow] of Object.entries(FLOWS)) {
  for (const victim of ['client', 'server'] as const) {
    test(`${version}: a ${victim} whose provider says anything but true of a signature`, async () => {
      for (const [, [answer, code]] of Object.entries(ANSWERS)) {
        const provider = { ...nodeProvider, verify: () => answer() as boolean };
        await refuses(victim, withMore(flow, { [victim]: { provider } }), code);
      }
    });

    test(`${version}: a ${victim} whose verifier refuses, at once or later`, async () => {
      const verdict = refused('issuer', 'Nobody knows the issuer.');
      for (const answer of [verdict, Promise.resolve(verdict)]) {
        const verifier = { verify: () => answer };
        await refuses(victim, withMore(flow, { [victim]: { verifier } }), 'ERR_UNKNOWN_CA');
      }
    });
  }
}
