import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { describeBlock } from '../src/inspect/describe.ts';
import type { Description } from '../src/inspect/description.ts';
import { blocksOf } from '../src/inspect/input.ts';
import { folder, handfast } from './support/command.ts';
import {
  embedded,
  inOcsp,
  issue,
  issueLogged,
  makeLog,
  makeOcspResponse,
  makeTimestamp,
  testPki,
  timestampList,
} from './support/library.ts';

const LIMIT = { timeout: 60_000 };
const { intermediate, server } = testPki();
const logs = [makeLog('One'), makeLog('Two', { kind: 'rsa2048' })];
const logged = issueLogged({ subject: 'a.test', issuer: intermediate }, (entry) =>
  logs.map((log) => makeTimestamp(log, entry, { at: Date.parse('2026-01-02T03:04:05Z') })),
);

async function told(bytes: Uint8Array): Promise<Description> {
  const [block] = blocksOf('file', bytes);
  assert.ok(block);
  const description = await describeBlock(block);
  assert.equal(description.problem, undefined);
  return description;
}

const rowsOf = ({ rows, parts = [] }: Description): string =>
  [...rows, ...parts.flatMap(({ description }) => description.rows)].map((row) => row.join(' ')).join('\n');

describe('handfast inspect, of timestamps of logs', LIMIT, () => {
  const logFile = (t: TestContext): string => {
    const path = join(folder(t).path, 'logged.der');
    writeFileSync(path, logged.certificate.der);
    return path;
  };

  test('inside of certificates', async (t) => {
    const { code, stdout } = await handfast(['inspect', logFile(t)]);
    assert.equal(code, 0);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    const text = stdout.replace(/\s+/g, ' ');
    const [first = '', second = ''] = logs.map(({ id }) => Buffer.from(id).toString('base64'));
    assert.match(text, /signedCertificateTimestampList 2026-01-02T03:04:05\.000Z by the log/);
    const plain = text.replaceAll(' ', '');
    assert.ok(plain.includes(`2026-01-02T03:04:05.000Zbythelog${first},ECDSAwithSHA-256`), stdout);
    assert.ok(plain.includes(`bythelog${second},RSA(PKCS#1v1.5)withSHA-256`), stdout);
    const { data } = await told(logged.certificate.der);
    const extensions = data['extensions'] as readonly { readonly name: string; readonly value: unknown }[];
    const { value } = extensions.find(({ name }) => name === 'signedCertificateTimestampList') ?? {};
    const timestamp = '2026-01-02T03:04:05.000Z';
    assert.deepEqual(value, [
      { version: 'v1', log: first, timestamp, signatureAlgorithm: 'ECDSA with SHA-256' },
      { version: 'v1', log: second, timestamp, signatureAlgorithm: 'RSA (PKCS #1 v1.5) with SHA-256' },
    ]);
  });

  test('in OCSP responses', async () => {
    const [log] = logs;
    assert.ok(log);
    const list = timestampList([makeTimestamp(log, logged.entry)]);
    const single = { certificate: server, issuer: intermediate, extensions: [inOcsp(list)] };
    const description = await told(makeOcspResponse([single]));
    assert.match(rowsOf(description), /ocspSignedCertificateTimestampList 20\S+Z by the log /);
  });

  test('whatever they hold', async () => {
    const [log] = logs;
    assert.ok(log);
    const holding = (list: Uint8Array): Uint8Array =>
      issue({ subject: 'b.test', issuer: intermediate, extraExtensions: [embedded(list)] }).der;
    const stamps = [
      makeTimestamp(log, logged.entry, { version: 1 }),
      makeTimestamp(log, logged.entry, { written: 2n ** 64n - 1n }),
      makeTimestamp(log, logged.entry, { algorithm: [2, 3] }),
      Uint8Array.of(0),
    ];
    const rows = rowsOf(await told(holding(timestampList(stamps))));
    assert.match(rows, /signedCertificateTimestampList 01[0-9a-f]+ \(.*expected version 1, found version 2/);
    assert.match(rows, /^ 18446744073709552000 by the log/m);
    assert.match(rows, /signed as no log may sign/);
    assert.match(rows, /^ 00 \(SignedCertificateTimestamp/m);
    const broken = rowsOf(await told(holding(Uint8Array.of(0, 9, 1))));
    assert.match(broken, /signedCertificateTimestampList 0403000901$/m);
  });
});
