import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { converse } from '../src/demo/conversation.ts';
import { decryptRecording } from '../src/demo/eavesdropper.ts';
import type { DemoReport, Refusal } from '../src/demo/report.ts';
import { makeCast, workingSetup } from '../src/demo/scenes.ts';
import { variantFor } from '../src/demo/variant.ts';
import { handfast } from './support/command.ts';

async function play(...args: readonly string[]): Promise<DemoReport> {
  const { code, stdout, stderr } = await handfast(['demo', '--json', ...args]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  return JSON.parse(stdout) as DemoReport;
}

/** `ClientHello client open` for each message, phase by phase. */
function toldMessages({ handshake: { hello, certificate, keyExchange } }: DemoReport): string[] {
  return [...hello.messages, ...certificate.messages, ...keyExchange.messages].map(
    ({ name, from, encrypted }) => `${name} ${from} ${encrypted ? 'encrypted' : 'open'}`,
  );
}

function facts({ name, refusedBy, code, alertHeard, otherSideCode, responseDelivered }: Refusal) {
  return [name, refusedBy, code, alertHeard, otherSideCode, responseDelivered] as const;
}

describe('handfast demo', () => {
  let report: DemoReport;

  before(async () => {
    report = await play();
  });

  test('tells the same facts as JSON: the handshake in its three phases', () => {
    const { ok, failures, version, keyExchange: kind, cast, handshake } = report;
    assert.equal(ok, true);
    assert.deepEqual(failures, []);
    assert.equal(version, 'TLSv1.3');
    assert.equal(kind, 'hybrid');
    assert.deepEqual(
      cast.map(({ part, issuer }) => `${part} < ${issuer}`),
      [
        'root < Demo Root',
        'intermediate < Demo Root',
        'server < Demo Intermediate',
        'client < Demo Intermediate',
      ],
    );
    const { hello, certificate, keyExchange } = handshake;
    assert.deepEqual(toldMessages(report), [
      'ClientHello client open',
      'ServerHello server open',
      'EncryptedExtensions server encrypted',
      'CertificateRequest server encrypted',
      'Certificate server encrypted',
      'CertificateVerify server encrypted',
      'Certificate client encrypted',
      'CertificateVerify client encrypted',
      'Finished server encrypted',
      'Finished client encrypted',
    ]);
    const chosen = new Map(
      [...hello.choices, ...certificate.choices, ...keyExchange.choices].map((choice) => [
        choice.what,
        choice,
      ]),
    );
    assert.equal(hello.serverName, 'shop.example');
    assert.equal(chosen.get('version')?.chosen, 'TLSv1.3');
    assert.equal(chosen.get('application protocol')?.chosen, 'http/1.1');
    for (const what of ['cipher suite', 'group', 'signature scheme'] as const) {
      const choice = chosen.get(what);
      assert.ok(choice?.offered.includes(choice.chosen), what);
      assert.match(choice?.reason ?? '', /\w/, what);
    }
  });

  test('both ends judge a whole path, and prove what they must', () => {
    const { certificate, keyExchange } = report.handshake;
    assert.deepEqual(
      certificate.verdicts.map(({ of, by, verdict }) => [of, by, verdict.ok, verdict.path.length]),
      [
        ['server', 'client', true, 3],
        ['client', 'server', true, 3],
      ],
    );
    for (const { verdict } of certificate.verdicts) {
      for (const { checks } of verdict.path) assert.ok(checks.length > 0 && checks.every(({ ok }) => ok));
    }
    for (const proofs of [certificate.proofs, keyExchange.proofs]) {
      assert.deepEqual(
        proofs.map(({ by }) => by),
        ['server', 'client'],
      );
    }
    const [first, second] = keyExchange.shares;
    assert.equal(first?.from, 'client');
    assert.equal(second?.from, 'server');
    assert.equal(first?.group, second?.group);
    // ML-KEM-768 and X25519 (RFC 10024): a public key of 1184 bytes or a ciphertext of 1088, and 32 bytes.
    assert.equal(first?.group, 'X25519MLKEM768');
    assert.equal(first?.keyHex.length, 2 * (1184 + 32));
    assert.equal(second?.keyHex.length, 2 * (1088 + 32));
    assert.deepEqual(keyExchange.secrets.map(({ label }) => label).sort(), [
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_TRAFFIC_SECRET_0',
    ]);
  });

  test('request and response pass the observer as ciphertext only', () => {
    const { exchanges } = report;
    const [request, response] = exchanges;
    assert.equal(request?.from, 'client');
    assert.match(request?.plaintext ?? '', /^GET \/orders\/7 HTTP\/1\.1\r\n/);
    assert.equal(response?.from, 'server');
    assert.match(response?.plaintext ?? '', /^HTTP\/1\.1 200 OK\r\n[\s\S]*one silver ring/);
    for (const { plaintext, recordsHex, plaintextSeen } of exchanges) {
      assert.equal(plaintextSeen, false);
      const wire = Buffer.from(recordsHex.join(''), 'hex');
      assert.ok(wire.length > plaintext.length);
      assert.equal(wire[0], 23);
      assert.ok(!wire.toString('latin1').includes(plaintext.slice(0, 8)));
    }
  });

  test('every refusal happens, by the right side, for the right reason', () => {
    const { refusals } = report;
    assert.deepEqual(refusals.map(facts), [
      ['unknown authority', 'client', 'ERR_UNKNOWN_CA', 'unknown_ca', 'ERR_ALERT_RECEIVED', false],
      ['other name', 'client', 'ERR_NAME_MISMATCH', 'bad_certificate', 'ERR_ALERT_RECEIVED', false],
      ['expired', 'client', 'ERR_CERTIFICATE_EXPIRED', 'certificate_expired', 'ERR_ALERT_RECEIVED', false],
      [
        'no client certificate',
        'server',
        'ERR_CERTIFICATE_REQUIRED',
        'certificate_required',
        'ERR_ALERT_RECEIVED',
        false,
      ],
      ['older version', 'client', 'ERR_DOWNGRADE', 'illegal_parameter', 'ERR_ALERT_RECEIVED', false],
      ['changed hello', 'client', 'ERR_BAD_RECORD_MAC', null, 'ERR_BAD_RECORD_MAC', false],
      ['changed response', 'client', 'ERR_BAD_RECORD_MAC', 'bad_record_mac', 'ERR_ALERT_RECEIVED', false],
    ]);
    for (const { asExpected, name } of refusals) assert.ok(asExpected, name);
    const changed = refusals.flatMap(({ tampering }) => (tampering === undefined ? [] : [tampering]));
    assert.deepEqual(
      changed.map(({ from, contentType }) => [from, contentType]),
      [
        ['client', 22],
        ['client', 22],
        ['server', 23],
      ],
    );
    for (const { before, after, offset, recordLength } of changed) {
      assert.equal(before ^ after, 1);
      assert.ok(offset < recordLength);
    }
  });

  test('prints no secret', () => {
    for (const secret of report.handshake.keyExchange.secrets) {
      assert.deepEqual(Object.keys(secret).sort(), ['label', 'protects']);
    }
  });

  test('is plain ASCII in 80 columns when piped', async () => {
    const { code, stdout, stderr } = await handfast(['demo']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    for (const line of stdout.split('\n')) {
      assert.ok(line.length <= 80, line);
      assert.match(line, /^[\x20-\x7e]*$/);
    }
    for (const word of ['1 Hello', '2 Certificate', '3 Key exchange', 'Application data', 'Refusals']) {
      assert.ok(stdout.includes(`== ${word} ==`), word);
    }
    assert.match(stdout, /X25519MLKEM768 is a hybrid .*\(1184 bytes\).*\(1088 bytes\)/s);
    assert.ok(!stdout.includes('Afterwards'));
    assert.match(stdout, /One connection made, 7 refused: everything as it must be\.\n/);
  });

  test('is coloured and drawn where that is asked for', async () => {
    const { stdout } = await handfast(['demo'], { env: { FORCE_COLOR: '1' } });
    assert.ok(stdout.includes('\x1b[32m✔'));
    assert.ok(stdout.includes('╭──'));
    const plain = await handfast(['demo'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    assert.ok(!plain.stdout.includes('\x1b'));
  });
});

/** The messages of TLS 1.2 that come whatever the key exchange. */
const MESSAGES_12 = [
  'ClientHello client open',
  'ServerHello server open',
  'Certificate server open',
  'CertificateRequest server open',
  'Certificate client open',
  'CertificateVerify client open',
];
const END_12 = [
  'ServerHelloDone server open',
  'ClientKeyExchange client open',
  'ChangeCipherSpec client open',
  'Finished client encrypted',
  'ChangeCipherSpec server open',
  'Finished server encrypted',
];

const CERTIFICATE_REFUSALS_12 = [
  ['unknown authority', 'client', 'ERR_UNKNOWN_CA', 'unknown_ca', 'ERR_ALERT_RECEIVED', false],
  ['other name', 'client', 'ERR_NAME_MISMATCH', 'bad_certificate', 'ERR_ALERT_RECEIVED', false],
  ['expired', 'client', 'ERR_CERTIFICATE_EXPIRED', 'certificate_expired', 'ERR_ALERT_RECEIVED', false],
  ['no client certificate', 'server', 'ERR_NO_CERTIFICATE', 'handshake_failure', 'ERR_ALERT_RECEIVED', false],
  ['older version', 'client', 'ERR_DOWNGRADE', 'illegal_parameter', 'ERR_ALERT_RECEIVED', false],
] as const;
const CHANGED_RESPONSE_12 = [
  'changed response',
  'client',
  'ERR_BAD_RECORD_MAC',
  'bad_record_mac',
  'ERR_ALERT_RECEIVED',
  false,
] as const;

describe('handfast demo --tls 1.2', () => {
  test('tells a key agreement: signed by the server, and nothing to find afterwards', async () => {
    const report = await play('--tls', '1.2');
    const { version, keyExchange: kind, handshake, afterwards, refusals } = report;
    assert.deepEqual([version, kind], ['TLSv1.2', 'ECDHE']);
    assert.deepEqual(toldMessages(report), [...MESSAGES_12, 'ServerKeyExchange server open', ...END_12]);
    assert.deepEqual(
      handshake.certificate.proofs.map(({ what, by }) => `${what} ${by}`),
      ['ServerKeyExchange server', 'CertificateVerify client'],
    );
    const { shares, secrets, premaster } = handshake.keyExchange;
    assert.deepEqual(
      shares.map(({ from, group, keyHex }) => [from, group, keyHex.length]),
      [
        ['server', 'x25519', 64],
        ['client', 'x25519', 64],
      ],
    );
    assert.deepEqual(
      secrets.map(({ label }) => label),
      ['master_secret', 'client_write_key', 'server_write_key'],
    );
    assert.equal(premaster, undefined);
    assert.equal(afterwards, undefined);
    const changedHello = ['changed hello', 'client', 'ERR_BAD_SIGNATURE', 'decrypt_error'] as const;
    assert.deepEqual(refusals.map(facts), [
      ...CERTIFICATE_REFUSALS_12,
      [...changedHello, 'ERR_ALERT_RECEIVED', false],
      CHANGED_RESPONSE_12,
    ]);
  });

  test('--rsa-key-exchange tells the classic one, and how the recording is read later', async () => {
    const report = await play('--tls', '1.2', '--rsa-key-exchange');
    const { version, keyExchange: kind, cast, handshake, afterwards, exchanges, refusals } = report;
    assert.deepEqual([version, kind], ['TLSv1.2', 'RSA']);
    assert.equal(cast.find(({ part }) => part === 'server')?.keyType, 'RSA 2048');
    assert.deepEqual(toldMessages(report), [...MESSAGES_12, ...END_12]);
    assert.deepEqual(
      handshake.certificate.proofs.map(({ what, by }) => `${what} ${by}`),
      ['CertificateVerify client'],
    );
    assert.deepEqual(handshake.keyExchange.shares, []);
    assert.equal(handshake.keyExchange.premaster?.encryptedHex.length, 2 * 256);
    for (const { plaintextSeen } of exchanges) assert.equal(plaintextSeen, false);
    assert.match(afterwards?.premasterHex ?? '', /^0303[0-9a-f]{92}$/);
    assert.deepEqual(
      [afterwards?.plaintext.client, afterwards?.plaintext.server],
      exchanges.map(({ plaintext }) => plaintext),
    );
    const changedHello = ['changed hello', 'server', 'ERR_BAD_SIGNATURE', 'decrypt_error'] as const;
    const changedPremaster = ['changed premaster', 'server', 'ERR_BAD_RECORD_MAC', 'bad_record_mac'] as const;
    assert.deepEqual(refusals.map(facts), [
      ...CERTIFICATE_REFUSALS_12,
      [...changedHello, 'ERR_ALERT_RECEIVED', false],
      [...changedPremaster, 'ERR_ALERT_RECEIVED', false],
      CHANGED_RESPONSE_12,
    ]);
  });

  test('is plain ASCII in 80 columns, and says nothing of TLS 1.3 that is not so', async () => {
    for (const args of [['--tls', '1.2'], ['--rsa-key-exchange']]) {
      const { code, stdout, stderr } = await handfast(['demo', ...args]);
      assert.equal(code, 0, stderr);
      for (const line of stdout.split('\n')) {
        assert.match(line, /^[\x20-\x7e]{0,80}$/);
        assert.ok(!line.endsWith(' '), line);
      }
      const [story = ''] = stdout.split('== Refusals ==');
      assert.ok(!/TRAFFIC_SECRET|EncryptedExtensions|MLKEM/.test(story), story);
    }
  });

  test('refuses what there is not', async () => {
    for (const [args, message] of [
      [['--tls', '1.3', '--rsa-key-exchange'], /--rsa-key-exchange: TLS 1\.3 has no such thing/],
      [['--tls', '1.1'], /Expected 1\.2 or 1\.3/],
      [['--tls', '1.2,1.3'], /Expected 1\.2 or 1\.3/],
    ] as const) {
      const { code, stderr } = await handfast(['demo', ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});

test('a recording opens with the key of its server only, and only whole', async () => {
  const variant = variantFor('TLSv1.2', true);
  const cast = await makeCast(variant);
  const { seen } = await converse(workingSetup(variant, cast));
  const { plaintext } = decryptRecording(seen, cast.server.key);
  assert.match(plaintext.client.toString(), /^GET /);
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  assert.throws(() => decryptRecording(seen, other));
  assert.throws(() => decryptRecording(seen.slice(0, 2), cast.server.key), /no ClientKeyExchange/);
  const response = seen.find(({ from, bytes }) => from === 'server' && bytes[0] === 23);
  const gap = seen.filter((record) => record !== response);
  assert.throws(() => decryptRecording(gap, cast.server.key));
});
