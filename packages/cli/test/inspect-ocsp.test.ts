import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { nodeProvider } from 'handfast/crypto/node';
import { encodeOcspRequest, parseCertificate, serialNumberText } from 'handfast/x509';
import { describeBlock } from '../src/inspect/describe.ts';
import { blocksOf } from '../src/inspect/input.ts';
import { MAX_OCSP_REQUESTS } from '../src/limits.ts';
import { folder, handfast, type Result } from './support/command.ts';
import { der, issue, makeOcspResponse, ocspFailure, testPki, toPem } from './support/library.ts';

const LIMIT = { timeout: 60_000 };
const { intermediate, server, client } = testPki();
const responder = issue({ subject: 'Responder', issuer: intermediate, extKeyUsage: ['OCSPSigning'] });
const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i);

const answer = makeOcspResponse(
  [
    { certificate: server, issuer: intermediate },
    { certificate: client, issuer: intermediate, status: { reason: 1 }, hash: 'sha256', nextUpdate: null },
  ],
  { responder, certificates: [intermediate.der, responder.der], nonce: NONCE, by: 'key' },
);

const request = encodeOcspRequest(parseCertificate(server.der), parseCertificate(intermediate.der), {
  provider: nodeProvider,
  nonce: NONCE,
});

type Data = Readonly<Record<string, unknown>>;

async function inspect(t: TestContext, bytes: Uint8Array, ...options: readonly string[]): Promise<Result> {
  const path = join(folder(t).path, 'file');
  writeFileSync(path, bytes);
  const result = await handfast(['inspect', path, ...options]);
  for (const line of result.stdout.split('\n')) {
    assert.ok(line.length <= 80 || options.includes('--json'), line);
  }
  return result;
}

async function inspectJson(t: TestContext, bytes: Uint8Array): Promise<Data> {
  const { code, stdout, stderr } = await inspect(t, bytes, '--json');
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { readonly blocks: readonly Data[] }).blocks[0] as Data;
}

/** Every byte that `--hex` showed, in its order. */
function dumped(stdout: string): string {
  const rows = stdout.matchAll(/^ {2}[0-9a-f]{4} {2}((?:[0-9a-f]{2} ){0,15}[0-9a-f]{2})(?= {2}|$)/gm);
  return [...rows].map(([, digits]) => (digits as string).replaceAll(' ', '')).join('');
}

describe('handfast inspect, of OCSP', LIMIT, () => {
  test('a response: who answered, what about whom, and whose key signed', async (t) => {
    const { code, stdout } = await inspect(t, answer);
    assert.equal(code, 0);
    const text = stdout.replace(/\s+/g, ' ');
    assert.match(text, /OCSP response =+ .*\(DER\) status successful responder the key whose SHA-1 is/);
    assert.match(text, /signature made with the key of certificate 2 of 2 below/);
    assert.match(text, /ocspNonce 000102030405060708090a0b0c0d0e0f/);
    assert.match(text, /answer 1 of 2 status good serial [0-9a-f]+ issuer name [0-9a-f]{40} \(SHA-1\)/);
    assert.match(text, /answer 2 of 2 status REVOKED at 20\S+Z, keyCompromise/);
    assert.match(text, /issuer name [0-9a-f ]{64,66} \(SHA-256\)/);
    assert.match(text, /next update \(not said\)/);
    assert.match(text, /certificate 2 of 2 subject CN=Responder .*extKeyUsage OCSPSigning/);
  });

  test('a response for programs; and the whole of it in PEM', async (t) => {
    const data = await inspectJson(t, Buffer.from(toPem('OCSP RESPONSE', answer)));
    assert.equal(data['kind'], 'OCSP response');
    assert.equal(data['signedBy'], 1);
    assert.equal(data['nonce'], Buffer.from(NONCE).toString('hex'));
    assert.equal(data['responder'], null);
    const [good, revoked] = data['responses'] as readonly Data[];
    assert.equal(good?.['status'], 'good');
    assert.equal(good['serialNumber'], serialNumberText(parseCertificate(server.der)));
    assert.equal(revoked?.['reason'], 'keyCompromise');
    assert.equal(revoked['hash'], 'SHA-256');
    assert.equal(revoked['nextUpdate'], null);
    const subjects = (data['certificates'] as readonly Data[]).map(({ subject }) => subject);
    assert.deepEqual(subjects, ['CN=Test intermediate p256', 'CN=Responder']);
  });

  test('a signature that none of the certificates made is told', async (t) => {
    const one = [{ certificate: server, issuer: intermediate }];
    const [alone, foreign] = [
      makeOcspResponse(one),
      makeOcspResponse(one, { certificates: [responder.der] }),
    ].map((bytes) => inspect(t, bytes));
    assert.match((await alone)?.stdout ?? '', /no certificate came along/);
    assert.match((await foreign)?.stdout ?? '', /with the key of none of the certificates below/);
    const data = await inspectJson(t, makeOcspResponse(one));
    assert.equal(data['signedBy'], null);
    assert.equal(data['responder'], 'CN=Test intermediate p256');
  });

  test('a response without an answer', async (t) => {
    const { code, stdout } = await inspect(t, ocspFailure(3));
    assert.equal(code, 0);
    assert.match(stdout, /status {8}tryLater: the responder gave no answer/);
  });

  test('a request, signed and named too', async (t) => {
    const data = await inspectJson(t, request);
    assert.equal(data['kind'], 'OCSP request');
    assert.equal(data['nonce'], Buffer.from(NONCE).toString('hex'));
    assert.equal(data['signed'], false);
    const [one] = data['requests'] as readonly Data[];
    assert.equal(one?.['hash'], 'SHA-1');
    assert.equal(one['serialNumber'], serialNumberText(parseCertificate(server.der)));
    const id = der.sequence(
      der.sequence(der.oid('1.2.840.113549.2.5')),
      der.octetString(NONCE),
      der.octetString(NONCE),
      der.integer(7),
    );
    const signed = der.sequence(
      der.sequence(
        der.context(1, der.context(4, server.subject)),
        der.sequence(der.sequence(id), der.sequence(id)),
      ),
      der.context(0, der.sequence()),
    );
    const { stdout } = await inspect(t, signed);
    assert.match(stdout, /asks about {4}2 certificates\n {2}requestor {5}names itself\n {2}signed {8}yes/);
    assert.match(stdout, /\(1\.2\.840\.113549\.2\.5\)/);
  });

  test('--hex shows every byte once, with its meaning', async (t) => {
    for (const [bytes, names] of [
      [answer, ['responderID byKey', 'certStatus revoked', 'revocationReason', 'tbsCertificate']],
      [request, ['requestList', 'certID', 'issuerKeyHash', 'requestExtensions']],
    ] as const) {
      const { stdout } = await inspect(t, bytes, '--hex');
      assert.equal(dumped(stdout), Buffer.from(bytes).toString('hex'));
      for (const name of names) assert.ok(stdout.includes(name), name);
    }
  });

  test('what is damaged is told, with the byte at fault', async (t) => {
    const many = der.sequence(
      der.sequence(
        der.sequence(
          ...Array.from({ length: MAX_OCSP_REQUESTS + 1 }, () =>
            der.sequence(
              der.sequence(
                der.sequence(der.oid('1.3.14.3.2.26')),
                der.octetString(NONCE),
                der.octetString(NONCE),
                der.integer(7),
              ),
            ),
          ),
        ),
      ),
    );
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [ocspFailure(4), /OCSP response is malformed at byte 2: responseStatus: 4 is no status/],
      [
        Buffer.concat([answer, Uint8Array.of(0)]),
        /OCSP response is malformed at byte \d+: .*1 bytes? follows?/,
      ],
      [
        Buffer.concat([request, Uint8Array.of(0)]),
        /OCSP request is malformed at byte \d+: .*1 bytes? follows?/,
      ],
      [many, /OCSP request is malformed .*more than 100 requests/],
    ];
    for (const [bytes, message] of cases) {
      const [block] = blocksOf('file', bytes);
      assert.ok(block);
      assert.match((await describeBlock(block)).problem ?? '', message);
    }
    assert.equal((await inspect(t, ocspFailure(4))).code, 2);
  });
});
