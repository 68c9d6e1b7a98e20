import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { DemoReport, Refusal } from '../src/demo/report.ts';
import { handfast } from './support/command.ts';

describe('handfast demo', () => {
  let report: DemoReport;

  before(async () => {
    const { code, stdout, stderr } = await handfast(['demo', '--json']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    report = JSON.parse(stdout) as DemoReport;
  });

  test('tells the same facts as JSON: the handshake in its three phases', () => {
    const { ok, failures, cast, handshake } = report;
    assert.equal(ok, true);
    assert.deepEqual(failures, []);
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
    const told = [...hello.messages, ...certificate.messages, ...keyExchange.messages].map(
      ({ name, from, encrypted }) => `${name} ${from} ${encrypted ? 'encrypted' : 'open'}`,
    );
    assert.deepEqual(told, [
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
    assert.notEqual(first?.keyHex, second?.keyHex);
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
    const facts = ({ name, refusedBy, code, alertHeard, otherSideCode, responseDelivered }: Refusal) =>
      [name, refusedBy, code, alertHeard, otherSideCode, responseDelivered] as const;
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
      ['changed hello', 'client', 'ERR_BAD_RECORD_MAC', null, 'ERR_BAD_RECORD_MAC', false],
      ['changed response', 'client', 'ERR_BAD_RECORD_MAC', 'bad_record_mac', 'ERR_ALERT_RECEIVED', false],
    ]);
    for (const { asExpected, name } of refusals) assert.ok(asExpected, name);
    const changed = refusals.flatMap(({ tampering }) => (tampering === undefined ? [] : [tampering]));
    assert.deepEqual(
      changed.map(({ from, contentType }) => [from, contentType]),
      [
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
    assert.match(stdout, /One connection made, 6 refused: everything as it must be\.\n/);
  });

  test('is coloured and drawn where that is asked for', async () => {
    const { stdout } = await handfast(['demo'], { env: { FORCE_COLOR: '1' } });
    assert.ok(stdout.includes('\x1b[32m✔'));
    assert.ok(stdout.includes('╭──'));
    const plain = await handfast(['demo'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    assert.ok(!plain.stdout.includes('\x1b'));
  });
});
