/** `handfast demo --resume` and `--early-data`: what they count is so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handfast } from './support/command.ts';

interface Saving {
  readonly kind: string;
  readonly roundTrips: number;
  readonly bytes: number;
  readonly messages: number;
  readonly signatures: number;
}

async function savings(...options: string[]): Promise<readonly Saving[]> {
  const { code, stdout, stderr } = await handfast(['demo', ...options, '--json']);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as { ok: boolean; savings: readonly Saving[] };
  assert.equal(report.ok, true);
  return report.savings;
}

test('TLS 1.3: no certificate and no signature the second time, and with early data no round trip', async () => {
  const [full, resumed, early] = await savings('--early-data');
  assert.deepEqual([full?.kind, resumed?.kind, early?.kind], ['full', 'resumed', 'early data']);
  assert.deepEqual([full?.roundTrips, resumed?.roundTrips, early?.roundTrips], [1, 1, 0]);
  // The server signs; the client checks that and a chain of two.
  assert.deepEqual([full?.signatures, resumed?.signatures, early?.signatures], [4, 0, 0]);
  assert.deepEqual([full?.messages, resumed?.messages], [7, 5]);
  assert.ok(full && resumed && resumed.bytes < full.bytes);
});

test('TLS 1.2: a round trip less the second time', async () => {
  const [full, resumed] = await savings('--resume', '--tls', '1.2');
  assert.deepEqual([full?.roundTrips, resumed?.roundTrips], [2, 1]);
  assert.deepEqual([full?.signatures, resumed?.signatures], [4, 0]);
});

test('as a table for people, and refused where it makes no sense', async () => {
  const { code, stdout } = await handfast(['demo', '--resume']);
  assert.equal(code, 0);
  assert.match(stdout, /full +resumed\n/);
  assert.match(stdout, /Every connection was what it should be/);
  for (const options of [
    ['--early-data', '--tls', '1.2'],
    ['--resume', '--rsa-key-exchange'],
  ]) {
    assert.equal((await handfast(['demo', ...options])).code, 2);
  }
});
