import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, TlsError } from '../../src/wire/errors.ts';
import { DerError } from '../../src/x509/der.ts';
import { matchesSnapshot } from '../support/snapshot.ts';
import { placesOf, throwSites } from '../support/throw-sites.ts';
import { CERTIFICATES } from './refused/certificates.ts';
import { COLLECTIONS } from './refused/certs-only.ts';
import { DER } from './refused/der.ts';
import { HOST_NAMES } from './refused/host-names.ts';
import { LISTS } from './refused/lists.ts';
import { NAMES } from './refused/names.ts';
import { OCSP } from './refused/ocsp.ts';
import { PEM } from './refused/pem.ts';
import type { Refusal } from './refused/refusal.ts';
import { REQUESTS } from './refused/requests.ts';

// All that is refused when it is read: each for its reason, in words that stand in a snapshot.

const LIMIT = { timeout: 60_000 };

const TABLES: Readonly<Record<string, readonly Refusal[]>> = {
  DER,
  certificate: CERTIFICATES,
  name: NAMES,
  request: REQUESTS,
  'certs-only message': COLLECTIONS,
  'revocation list': LISTS,
  'OCSP response': OCSP,
  PEM,
  'host name': HOST_NAMES,
};

/** The files that read what others wrote: those that make DerErrors, and those that read what callers write. */
const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));
const READERS = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.replaceAll('\\', '/'))
  .filter(
    (file) =>
      ['x509/pem.js', 'x509/host-name.js'].includes(file) ||
      readFileSync(join(SOURCES, file), 'utf8').includes('new DerError('),
  );

const errors = new Map<Refusal, unknown>();

function errorOf(refusal: Refusal): unknown {
  if (!errors.has(refusal)) {
    assert.throws(refusal.parse, (error) => {
      errors.set(refusal, error);
      return true;
    });
  }
  return errors.get(refusal);
}

/** A connection's error tells the reader's own: why, and at which byte. */
function readersError(error: unknown, { code, length }: Refusal): unknown {
  if (code === undefined) return error;
  assert.ok(error instanceof TlsError && error.cause instanceof DerError, String(error));
  const { reason, offset, message } = error.cause;
  assert.equal(error.code, code);
  assert.deepEqual({ ...error.context }, { ...error.context, reason, offset });
  assert.match(error.message, /^the [a-zA-Z ]+ is malformed at byte \d+: /);
  assert.ok(error.message.endsWith(`at byte ${offset}: ${message}`));
  assert.ok(offset >= 0 && offset <= (length ?? 0), `byte ${offset} of ${length}`);
  return error.cause;
}

const cases = Object.entries(TABLES).flatMap(([title, refusals]) =>
  refusals.map((refusal) => ({ title: `${title}: ${refusal.what}`, refusal })),
);

test('each is refused for its reason', LIMIT, () => {
  for (const { title, refusal } of cases) {
    const error = readersError(errorOf(refusal), refusal);
    if (refusal.reason === 'option') {
      assert.ok(error instanceof ConfigError, `${title}: ${error}`);
      assert.equal(error.option, 'given');
      assert.match(error.message, /^given: /);
      continue;
    }
    assert.ok(error instanceof DerError, `${title}: ${error}`);
    assert.equal(error.reason, refusal.reason, `${title}: ${error.message}`);
    if (refusal.offset !== undefined) assert.equal(error.offset, refusal.offset, title);
  }
});

test('in the words of the snapshot', LIMIT, () => {
  const lines = cases.map(({ title, refusal }) => {
    const { message } = errorOf(refusal) as Error;
    // Where a byte stands hangs on keys and signatures, which are new each time.
    return `${title} | ${refusal.reason} | ${message.replace(/at byte \d+/, 'at byte N')}`;
  });
  assert.equal(
    new Set(cases.map(({ title }) => title)).size,
    cases.length,
    'each case has a title of its own',
  );
  matchesSnapshot('refused', lines);
});

test('there is no reason and no place in the readers that nothing is refused for', LIMIT, () => {
  const source = readFileSync(fileURLToPath(new URL('../../../src/x509/der.ts', import.meta.url)), 'utf8');
  const reasons = Array.from(
    (/export type DerReason =([^;]+);/.exec(source)?.[1] ?? '').matchAll(/'([a-z-]+)'/g),
    ([, reason]) => reason,
  );
  assert.ok(reasons.length > 30);
  const produced = new Set<string | undefined>(cases.map(({ refusal }) => refusal.reason));
  assert.deepEqual(
    reasons.filter((reason) => !produced.has(reason)),
    [],
  );
  assert.ok(READERS.length > 15);
  const sites = throwSites(READERS);
  assert.ok(sites.size > 80);
  const places = new Set(cases.flatMap(({ refusal }) => placesOf(errorOf(refusal))));
  assert.deepEqual(
    [...sites].filter(([place]) => !places.has(place)).map((site) => site.join(' ')),
    [],
  );
});
