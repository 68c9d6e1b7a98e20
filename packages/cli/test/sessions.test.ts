/** Sessions, early data and pre-shared keys on the command line. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { folder, handfast, serving } from './support/command.ts';
import { keyPem, makePki, type Pki } from './support/peers.ts';

let pki: Pki;

before(async () => {
  pki = await makePki();
});

const KEY = '0123456789abcdef0123456789abcdef';

/** What `serve` and `connect` need to trust each other, and a file for sessions. */
function identities(place: ReturnType<typeof folder>) {
  const { file } = place;
  return {
    server: ['--cert', file('server.pem', pki.server.chain), '--key', file('server.key', keyPem(pki.server))],
    client: ['--ca', file('ca.pem', pki.ca.certificate), '--servername', 'localhost'],
    session: join(place.path, 'session'),
  };
}

for (const version of ['1.3', '1.2']) {
  test(`connect --session, TLS ${version}: the second run goes on with the session of the first`, async (t) => {
    const { server, client, session } = identities(folder(t));
    const { port, log } = await serving(t, [...server, '--tls', version]);
    const run = () =>
      handfast(['connect', `127.0.0.1:${port}`, ...client, '--session', session, '--get', '/']);
    const first = await run();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /session +a new one/);
    assert.equal(statSync(session).mode & 0o777, 0o600);
    const second = await run();
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /session +an earlier one goes on/);
    assert.match(log(), /resumed/);
    const document = await handfast([
      'connect',
      `127.0.0.1:${port}`,
      ...client,
      '--session',
      session,
      '--get',
      '/',
      '--json',
    ]);
    assert.equal(JSON.parse(document.stdout).resumed, true);
    const other = await handfast([
      'connect',
      `127.0.0.1:${port}`,
      '--servername',
      'localhost',
      '--session',
      session,
    ]);
    assert.equal(other.code, 1, 'other authorities: no session helps');
  });
}

test('connect --early-data: with the first run as ordinary data, with a fresh server too', async (t) => {
  const place = folder(t);
  const { server, client, session } = identities(place);
  const early = place.file('early', 'early words\n');
  const { port } = await serving(t, [...server, '--echo', '--early-data']);
  for (const [run, told] of [
    ['first', /session +a new one/],
    ['second', /early data +refused by the server, and sent again/],
  ] as const) {
    const result = await handfast([
      'connect',
      `127.0.0.1:${port}`,
      ...client,
      '--session',
      session,
      '--early-data',
      early,
      '--timeout',
      '2',
    ]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, 'early words\n', run);
    assert.match(result.stderr, told);
  }
});

test('--psk and --psk-file: both hold the key, and no certificate is asked about', async (t) => {
  const place = folder(t);
  const { server } = identities(place);
  const keys = place.file('keys', `# of the laboratory\nsensor 7:${KEY}\n`);
  const { port, log } = await serving(t, [...server, '--psk-file', keys]);
  const result = await handfast([
    'connect',
    `127.0.0.1:${port}`,
    '--servername',
    'localhost',
    '--psk',
    keys,
    '--get',
    '/',
  ]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /session +both hold the key named 'sensor 7'/);
  assert.match(log(), /psk=sensor 7/);
  const wrong = place.file('wrong', `sensor 7:${KEY.replace('0', '1')}\n`);
  const refused = await handfast([
    'connect',
    `127.0.0.1:${port}`,
    '--servername',
    'localhost',
    '--psk',
    wrong,
    '--get',
    '/',
  ]);
  assert.equal(refused.code, 1);
  assert.ok(!refused.stderr.includes(KEY.slice(1)));
});

test('files that are of no use are refused before anything is sent', async (t) => {
  const place = folder(t);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--session', place.file('no-session', 'text')], /--session .*no-session cannot be used/],
    [
      ['--psk', place.file('no-keys', 'sensor 7=00')],
      /--psk .*no-keys cannot be used: line 1: expected NAME:KEY/,
    ],
    [['--psk', place.file('short', 'sensor 7:00')], /at least 16|16 to/],
    [['--psk', place.file('empty', '\n# nothing\n')], /expected lines with NAME:KEY, found none/],
    [['--early-data', place.file('early', 'x')], /--early-data needs --session/],
  ];
  for (const [args, told] of cases) {
    const result = await handfast(['connect', '127.0.0.1:1', ...args]);
    assert.equal(result.code, 2, `${args}: ${result.stderr}`);
    assert.match(result.stderr, told);
  }
  const tickets = await handfast(['serve', '--tickets', '9']);
  assert.equal(tickets.code, 2);
  const early = await handfast(['serve', '--tickets', '0', '--early-data']);
  assert.match(early.stderr, /--early-data goes with a ticket/);
});

test('a session that cannot be kept ends the connection, with the reason', async (t) => {
  const place = folder(t);
  const { server, client } = identities(place);
  const { port } = await serving(t, server);
  const session = join(place.path, 'none', 'session');
  const result = await handfast([
    'connect',
    `127.0.0.1:${port}`,
    ...client,
    '--session',
    session,
    '--get',
    '/',
  ]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /--session .* cannot be used: there is no such folder to write it into/);
  assert.ok(!existsSync(session));
});

test('a damaged session file is refused', async (t) => {
  const place = folder(t);
  const { server, client, session } = identities(place);
  const { port } = await serving(t, server);
  await handfast(['connect', `127.0.0.1:${port}`, ...client, '--session', session, '--get', '/']);
  const bytes = readFileSync(session);
  writeFileSync(session, bytes.subarray(0, bytes.length - 1));
  const result = await handfast([
    'connect',
    `127.0.0.1:${port}`,
    ...client,
    '--session',
    session,
    '--get',
    '/',
  ]);
  assert.equal(result.code, 2, result.stderr);
});
