import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { parseLogList } from '../../src/x509/transparency/log-list.ts';
import type { TransparencyLog } from '../../src/x509/transparency/logs.ts';
import { testPki } from '../support/pki.ts';
import { issueLogged, makeLog, makeTimestamp, type TestLog } from '../support/transparency.ts';
import { accepts } from './support.ts';

// Lists of logs, as browsers publish them.

type Json = Record<string, unknown>;

const START = '2026-01-01T00:00:00Z';
const END = '2026-07-01T00:00:00Z';
const USABLE = { usable: { timestamp: START } };
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const [argon, sphinx] = [makeLog('Argon'), makeLog('Sphinx', { kind: 'rsa2048' })];

function entry({ publicKey, id, description }: TestLog, more: Json = {}): Json {
  return {
    description,
    log_id: base64(id),
    key: base64(publicKey),
    url: 'https://log.example.test/',
    mmd: 86400,
    state: USABLE,
    ...more,
  };
}

function listOf(logs: readonly unknown[], more: Json = {}): string {
  const operators = [{ name: 'Someone', email: ['log@example.test'], logs, ...more }];
  return JSON.stringify({ version: '91.3', log_list_timestamp: START, operators });
}

const read = (json: string): readonly TransparencyLog[] => parseLogList(json, nodeProvider);

test('logs, with what is known of them', () => {
  const interval = { start_inclusive: START, end_exclusive: END };
  const [first, second, ...others] = read(
    listOf([entry(argon, { temporal_interval: interval })], { tiled_logs: [entry(sphinx)] }),
  );
  assert.deepEqual(first, {
    publicKey: argon.publicKey,
    description: 'Argon',
    operator: 'Someone',
    temporalInterval: { from: Date.parse(START), until: Date.parse(END) },
  });
  assert.deepEqual(second, { publicKey: sphinx.publicKey, description: 'Sphinx', operator: 'Someone' });
  assert.deepEqual(others, []);
  const [nameless] = read(listOf([entry(argon, { description: undefined, log_type: 'prod' })]));
  assert.deepEqual(nameless, { publicKey: argon.publicKey, operator: 'Someone' });
});

test('an operator may run logs of one kind only', () => {
  assert.equal(read(listOf([], { tiled_logs: [entry(argon)] })).length, 1);
  const operators = [
    { name: 'Tiled', tiled_logs: [entry(argon)] },
    { name: 'Old', logs: [entry(sphinx)] },
  ];
  assert.deepEqual(
    read(JSON.stringify({ operators })).map(({ operator }) => operator),
    ['Tiled', 'Old'],
  );
});

test('states', () => {
  const withState = (more: Json): readonly TransparencyLog[] =>
    read(listOf([entry(argon, more), entry(sphinx)]));
  for (const state of ['qualified', 'usable', 'readonly']) {
    assert.equal(withState({ state: { [state]: { timestamp: START } } }).length, 2, state);
  }
  for (const more of [
    { state: { pending: { timestamp: START } } },
    { state: { rejected: { timestamp: START } } },
    { state: undefined },
    { log_type: 'test' },
    { log_type: 'monitoring_only' },
  ]) {
    assert.equal(withState(more).length, 1, JSON.stringify(more));
  }
  const [retired] = withState({ state: { retired: { timestamp: '2026-01-01T00:00:00.5Z' } } });
  assert.equal(retired?.retiredAt, Date.parse(START) + 500);
});

test('what was read is what a verdict takes', () => {
  const { root, intermediate } = testPki();
  const logs = read(listOf([entry(argon), entry(sphinx)]));
  const options = { subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate };
  const stamp = (signed: Uint8Array) => [argon, sphinx].map((log) => makeTimestamp(log, signed));
  const { certificate } = issueLogged(options, stamp);
  assert.ok(parseCertificate(certificate.der));
  accepts([certificate, intermediate], [root], { transparency: { logs, require: 2, requireOperators: 1 } });
});

test('what is no list of logs is refused, and where', () => {
  const interval = (more: Json): unknown => [
    entry(argon, { temporal_interval: { start_inclusive: START, end_exclusive: END, ...more } }),
  ];
  const cases: readonly (readonly [json: string, option: string, words: RegExp])[] = [
    ['', 'logList', /expected a list of logs in JSON: /],
    ['[]', 'logList', /expected an object, found \[\]/],
    ['null', 'logList', /expected an object, found null/],
    ['{}', 'logList.operators', /expected an array, found nothing/],
    ['{"operators":{}}', 'logList.operators', /expected an array, found \{\}/],
    ['{"operators":[]}', 'logList', /names no log that is qualified, usable, readonly or retired/],
    ['{"operators":[7]}', 'logList.operators[0]', /expected an object, found 7/],
    ['{"operators":[{"logs":[]}]}', 'logList.operators[0].name', /expected a text, found nothing/],
    ['{"operators":[{"name":"x"}]}', 'logList.operators[0].logs', /expected an array, found nothing/],
    [listOf([], { tiled_logs: 1 }), 'logList.operators[0].tiled_logs', /expected an array, found 1/],
    [listOf([entry(argon), null]), 'logList.operators[0].logs[1]', /expected an object, found null/],
    [
      listOf([], { tiled_logs: [{}] }),
      'logList.operators[0].tiled_logs[0].key',
      /expected a text, found nothing/,
    ],
    [listOf([entry(argon, { key: '' })]), 'logList.operators[0].logs[0].key', /expected a text, found ""/],
    [
      listOf([entry(argon, { key: 'MFk*' })]),
      'logList.operators[0].logs[0].key',
      /expected base64, found "MFk\*"/,
    ],
    [
      listOf([entry(argon, { key: 'AAAA' })]),
      'logList.operators[0].logs[0].key',
      /it is no DER-encoded SubjectPublicKeyInfo/,
    ],
    [
      listOf([entry(makeLog('P-384', { kind: 'p384' }))]),
      'logList.operators[0].logs[0].key',
      /a log's key is ECDSA on P-256, or RSA of 2048 bits or more \(RFC 6962 section 2\.1\.4\); found a key on P-384/,
    ],
    [
      listOf([entry(argon)], { tiled_logs: [entry(sphinx), entry(argon, { state: undefined })] }),
      'logList.operators[0].tiled_logs[1].key',
      /expected another key than that of logList\.operators\[0\]\.logs\[0\], found "/,
    ],
    [
      listOf([entry(argon, { log_id: base64(sphinx.id) })]),
      'logList.operators[0].logs[0].log_id',
      /expected the SHA-256 hash of its key, found "/,
    ],
    [
      listOf([entry(argon, { log_id: 5 })]),
      'logList.operators[0].logs[0].log_id',
      /expected a text, found 5/,
    ],
    [
      listOf([entry(argon, { description: 5 })]),
      'logList.operators[0].logs[0].description',
      /expected a text, found 5/,
    ],
    [listOf([entry(argon, { state: 'usable' })]), 'logList.operators[0].logs[0].state', /expected an object/],
    [
      listOf([entry(argon, { state: {} })]),
      'logList.operators[0].logs[0].state',
      /expected one of pending, .* found ""/,
    ],
    [
      listOf([entry(argon, { state: { trusted: {} } })]),
      'logList.operators[0].logs[0].state',
      /expected one of pending, qualified, usable, readonly, retired, rejected, found "trusted"/,
    ],
    [
      listOf([entry(argon, { state: { rejected: {}, usable: {} } })]),
      'logList.operators[0].logs[0].state',
      /found "rejected, usable"/,
    ],
    [
      listOf([entry(argon, { state: { retired: {} } })]),
      'logList.operators[0].logs[0].state.retired.timestamp',
      /expected a text, found nothing/,
    ],
    [
      listOf([entry(argon, { state: { retired: { timestamp: 'yesterday' } } })]),
      'logList.operators[0].logs[0].state.retired.timestamp',
      /expected a time such as 2026-11-23T20:12:00Z, found "yesterday"/,
    ],
    [
      listOf([entry(argon, { temporal_interval: [] })]),
      'logList.operators[0].logs[0].temporal_interval',
      /expected an object/,
    ],
    ...[START, START.replace('Z', '+01:00'), '2026-02-31', '2026-13-01T00:00:00Z'].map(
      (end): (typeof cases)[number] => [
        listOf(interval({ end_exclusive: end }) as unknown[]),
        `logList.operators[0].logs[0].temporal_interval${end === START ? '' : '.end_exclusive'}`,
        /expected a (?:start and a later end|time such as)/,
      ],
    ),
    [listOf([entry(argon, { key: 'A'.repeat(500) })]), 'logList.operators[0].logs[0].key', /^.{0,200}$/],
  ];
  for (const [json, option, words] of cases) {
    assert.throws(
      () => read(json),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.equal(error.option, option, error.message);
        assert.ok(error.message.startsWith(`${option}: `), error.message);
        assert.match(error.message, words);
        return true;
      },
    );
  }
});
