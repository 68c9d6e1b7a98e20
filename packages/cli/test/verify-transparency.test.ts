import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Verdict } from 'handfast/x509';
import { folder, handfast } from './support/command.ts';
import { issue, issueLogged, makeLog, makeTimestamp, testPki } from './support/library.ts';

const LIMIT = { timeout: 110_000 };
const { root, intermediate, serverChainPem } = testPki();
const logs = [makeLog("Google 'Argon2026h1' log"), makeLog('Oak', { kind: 'rsa2048' })] as const;

function logList(more: object = {}): string {
  const operators = logs.map(({ description, operator, id, publicKey }) => ({
    name: operator,
    logs: [
      {
        description,
        log_id: Buffer.from(id).toString('base64'),
        key: Buffer.from(publicKey).toString('base64'),
        state: { usable: { timestamp: '2026-01-01T00:00:00Z' } },
        ...more,
      },
    ],
  }));
  return JSON.stringify({ version: '1', operators });
}

function files(t: TestContext) {
  const { path, file } = folder(t);
  const options = { subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate };
  const { certificate } = issueLogged(options, (entry) => [makeTimestamp(logs[0], entry)]);
  const trusted = ['--name', 'localhost', '--ca', file('root.pem', root.pem)];
  return {
    path,
    file,
    question: [file('logged.pem', certificate.pem + intermediate.pem), ...trusted],
    plain: [file('plain.pem', serverChainPem), ...trusted],
    list: file('logs.json', logList()),
  };
}

describe('handfast verify, and transparency logs', LIMIT, () => {
  test('logs that vouch are told, and required', async (t) => {
    const { question, plain, list } = files(t);
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [
        [...question, '--ct-logs', list, '--require-scts', '1'],
        0,
        /transparency: 2 known logs; 1 must vouch for the leaf .*\+ "Google 'Argon2026h1' log" has promised to publish it, .* in the certificate \(RFC 6962/,
      ],
      [
        [...question, '--ct-logs', list, '--require-scts', '2'],
        1,
        /1 log of 1 operator has promised to publish it; 2 logs must.* Have it issued by an authority .* --ct-logs FILE/,
      ],
      [[...plain, '--ct-logs', list], 0, /none must vouch .* it came without any timestamp/],
      [[...plain, '--ct-logs', list, '--require-scts', '1'], 1, /it came without any timestamp/],
    ];
    for (const [args, expected, message] of cases) {
      const { code, stdout, stderr } = await handfast(['verify', ...args]);
      assert.equal(code, expected, stdout + stderr);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
      assert.match(stdout.replace(/[\s|]+/g, ' '), message);
    }
  });

  test('the document has the question and the answer', async (t) => {
    const { question, list } = files(t);
    const { code, stdout } = await handfast([
      'verify',
      ...question,
      '--ct-logs',
      list,
      '--require-scts',
      '2',
      '--json',
    ]);
    assert.equal(code, 1);
    const document = JSON.parse(stdout) as { question: { transparency: unknown }; verdict: Verdict };
    assert.deepEqual(document.question.transparency, { logs: 2, required: 2 });
    assert.equal(document.verdict.ok ? undefined : document.verdict.rule, 'transparency');
  });

  test('inspect shows the timestamps of a certificate', async (t) => {
    const { question, file } = files(t);
    const [chain = ''] = question;
    const log = Buffer.from(logs[0].id).toString('base64');
    const { stdout } = await handfast(['inspect', chain]);
    const flat = stdout.replace(/\s+/g, ' ');
    assert.match(flat, /signedCertificateTimestampList \d{4}-\S+Z by the log \S+=, ECDSA with SHA-256/);
    assert.ok(stdout.replace(/\s+/g, '').includes(log), stdout);
    const json = await handfast(['inspect', chain, '--json']);
    assert.ok(json.stdout.includes(`"log": "${log}"`), json.stdout);
    // What is malformed is shown as it is.
    const list = { oid: '1.3.6.1.4.1.11129.2.4.2', value: Uint8Array.of(4, 2, 0, 0) };
    const odd = issue({ subject: 'Odd', extraExtensions: [list] });
    const shown = await handfast(['inspect', file('odd.pem', odd.pem)]);
    assert.equal(shown.code, 0);
    assert.match(shown.stdout.replace(/\s+/g, ' '), /signedCertificateTimestampList 04020000/);
  });

  test('lists that cannot be used are refused in plain words', async (t) => {
    const { path, question, list, file } = files(t);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--ct-logs', `${path}/none.json`], /--ct-logs .*none\.json cannot be used: there is no such file\./],
      [
        ['--ct-logs', file('text.json', 'logs')],
        /text\.json cannot be used: expected a list of logs in JSON/,
      ],
      [
        ['--ct-logs', file('empty.json', '{}')],
        /empty\.json cannot be used: operators: expected an array, found nothing/,
      ],
      [
        ['--ct-logs', file('id.json', logList({ log_id: 'AAAA' }))],
        /operators\[0\]\.logs\[0\]\.log_id: expected the SHA-256 hash of its key/,
      ],
      [['--require-scts', '2'], /--require-scts needs --ct-logs/],
      [
        ['--ct-logs', list, '--require-scts', '3'],
        /--require-scts 3 is more than the 2 logs of .*logs\.json could give/,
      ],
      [['--ct-logs', list, '--require-scts', '0'], /Expected a number from 1 to 99/],
      [['--ct-logs', list, '--require-scts', 'two'], /Expected a number from 1 to 99/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(['verify', ...question, ...args]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr.replace(/\s+/g, ' '), message);
    }
  });
});
