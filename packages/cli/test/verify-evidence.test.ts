import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Verdict } from 'handfast/x509';
import { MAX_EVIDENCE_FILE_SIZE, MAX_FILE_SIZE } from '../src/limits.ts';
import { ExitCode, Failure } from '../src/outcome.ts';
import { readOcspResponses, readRevocationLists, readStapledResponse } from '../src/verify/evidence.ts';
import { purposeName, readPurpose } from '../src/verify/purpose.ts';
import { folder, handfast } from './support/command.ts';
import { issue, makeList, makeOcspResponse, ocspFailure, testPki, toPem } from './support/library.ts';

const LIMIT = { timeout: 110_000 };
const { root, intermediate, server, client, serverChainPem } = testPki();

/** RFC 6960's OCSPRequest about some certificate: one CertID. */
const REQUEST = Buffer.from(
  `304e304c304a30483046300906052b0e03021a0500${`0414${'11'.repeat(20)}`.repeat(2)}020d${'01'.repeat(13)}`,
  'hex',
);

function files(t: TestContext) {
  const { path, file } = folder(t);
  const bytes = (name: string, content: Uint8Array): string => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  const chain = file('chain.pem', serverChainPem);
  const trusted = file('root.pem', root.pem);
  return { path, file, bytes, question: [chain, '--name', 'localhost', '--ca', trusted], trusted };
}

const about = (status: 'good' | 'unknown' | { readonly reason?: number }): Uint8Array =>
  makeOcspResponse([{ certificate: server, issuer: intermediate, status }]);

async function verifyText(args: readonly string[], code: number): Promise<string> {
  const result = await handfast(['verify', ...args]);
  assert.equal(result.code, code, `${args}: ${result.stdout}${result.stderr}`);
  for (const line of result.stdout.split('\n')) assert.ok(line.length <= 80, line);
  return (code === 2 ? result.stderr : result.stdout).replace(/[\s|]+/g, ' ');
}

describe('handfast verify, and what is known about revocation', LIMIT, () => {
  test('OCSP responses decide, DER and PEM', async (t) => {
    const { file, bytes, question } = files(t);
    const good = bytes('good.der', about('good'));
    const revoked = file('revoked.pem', toPem('OCSP RESPONSE', about({ reason: 1 })));
    const unknown = bytes('unknown.der', about('unknown'));
    const authority = makeOcspResponse([{ certificate: intermediate, issuer: root }]);
    const both = file(
      'both.pem',
      [authority, about('good')].map((one) => toPem('OCSP RESPONSE', one)).join('\n'),
    );
    const needed = (which: string): string[] => ['--require-status', which];
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [
        ['--ocsp', good, ...needed('leaf')],
        0,
        /status: 1 OCSP response; it must be known of the leaf .*not revoked, says the OCSP/,
      ],
      [['--ocsp', revoked], 1, /it need not be known .*was revoked at .*\(keyCompromise\).* Have a new one/],
      [['--ocsp', good, '--ocsp', revoked], 1, /status: 2 OCSP responses; .*was revoked at/],
      [['--ocsp', unknown], 0, /does not know the certificate/],
      [['--ocsp', unknown, ...needed('leaf')], 1, /does not know the certificate .*--crl FILE.* --ocsp FILE/],
      [
        ['--ocsp', good, ...needed('chain')],
        1,
        /CN=Test intermediate p256' .*no revocation list and no OCSP response/,
      ],
      [['--ocsp', both, ...needed('chain')], 0, /2 OCSP responses; it must be known of the whole chain/],
      [needed('leaf'), 1, /status: nothing given; it must be known of the leaf/],
    ];
    for (const [args, code, message] of cases) {
      assert.match(await verifyText([...question, ...args], code), message);
    }
  });

  test('a stapled response is held to what a connection holds it to', async (t) => {
    const { file, bytes, question } = files(t);
    const other = makeOcspResponse([{ certificate: client, issuer: intermediate }]);
    const cases: readonly (readonly [Uint8Array, number, RegExp])[] = [
      [about('good'), 0, /status: a stapled OCSP response; .*is not revoked/],
      [about('unknown'), 1, /stapled to it is not acceptable: .*The server should fetch a current/],
      [other, 1, /stapled to it is not acceptable: it is about another certificate/],
      [ocspFailure(3), 1, /stapled to it is not acceptable: .*tryLater/],
    ];
    for (const [response, code, message] of cases) {
      const stapled = bytes('stapled.der', response);
      assert.match(await verifyText([...question, '--stapled', stapled], code), message);
      // Handed in, responses about others do no harm.
      if (response === other) await verifyText([...question, '--ocsp', stapled], 0);
    }
    const two = file('two.pem', toPem('OCSP RESPONSE', about('good')).repeat(2));
    assert.match(await verifyText([...question, '--stapled', two], 2), /holds 2 OCSP responses/);
  });

  test('JSON tells what was given', async (t) => {
    const { bytes, question } = files(t);
    const good = bytes('good.der', about('good'));
    const list = bytes('list.der', makeList(intermediate));
    const evidence = ['--ocsp', good, '--ocsp', good, '--stapled', good, '--crl', list];
    const { stdout } = await handfast([
      'verify',
      ...question,
      ...evidence,
      '--require-status',
      'leaf',
      '--json',
    ]);
    const document = JSON.parse(stdout) as { question: { revocation: object }; verdict: Verdict };
    assert.deepEqual(document.question.revocation, {
      lists: 1,
      ocspResponses: 2,
      stapled: true,
      required: 'leaf',
    });
    const checks = document.verdict.path[0]?.checks.filter(({ rule }) => rule === 'revocation') ?? [];
    assert.deepEqual(
      checks.map(({ ok }) => ok),
      [true, true, true, true],
    );
  });

  test('files of another kind, and responses that are no answer, are refused in plain words', async (t) => {
    const { path, file, bytes, question } = files(t);
    const read = {
      '--ocsp': (input: string) => readOcspResponses([input]),
      '--stapled': readStapledResponse,
      '--crl': (input: string) => readRevocationLists([input]),
    };
    const good = about('good');
    const cut = good.slice(0, 100);
    const two = Buffer.concat([good, good]);
    const cases: readonly (readonly [option: keyof typeof read, file: string, RegExp])[] = [
      ['--ocsp', join(path, 'none'), /--ocsp .*none cannot be used: there is no such file/],
      ['--ocsp', path, /it is a folder/],
      ['--ocsp', file('empty', ''), /found nothing/],
      ['--ocsp', file('text', 'OCSP Response Data:'), /expected PEM .*found "OCSP Response Data:"/],
      ['--ocsp', bytes('request.der', REQUEST), /expected an OCSP response, found an OCSP request/],
      ['--ocsp', bytes('leaf.der', server.der), /expected an OCSP response, found a certificate$/],
      [
        '--ocsp',
        bytes('crl.der', makeList(intermediate)),
        /expected an OCSP response, found a revocation list/,
      ],
      [
        '--ocsp',
        file('leaf.pem', server.pem),
        /\(-----BEGIN OCSP RESPONSE-----\), found only other PEM blocks \(CERTIFICATE\)/,
      ],
      ['--ocsp', file('lie.pem', toPem('OCSP RESPONSE', server.der)), /found a certificate/],
      ['--ocsp', bytes('cut.der', cut), /cut\.der cannot be used: the OCSP response is malformed/],
      ['--ocsp', bytes('two.der', two), /two\.der cannot be used: the OCSP response is malformed/],
      ['--stapled', bytes('big.der', Buffer.concat([good, Buffer.alloc(65_536)])), /at most 65536 are read/],
      ['--ocsp', bytes('malformed', ocspFailure(1)), /no answer but malformedRequest: it could not read/],
      ['--ocsp', bytes('internal', ocspFailure(2)), /no answer but internalError: it is not well/],
      ['--ocsp', bytes('later', ocspFailure(3)), /no answer but tryLater: .*ask it again later/],
      [
        '--ocsp',
        bytes('signed', ocspFailure(5)),
        /no answer but sigRequired: it answers signed requests only/,
      ],
      ['--ocsp', bytes('unauthorized', ocspFailure(6)), /no answer but unauthorized: it may not, or cannot/],
      ['--ocsp', bytes('four', ocspFailure(4)), /4 is no status/],
      ['--stapled', bytes('request.der', REQUEST), /expected an OCSP response, found an OCSP request/],
      ['--crl', bytes('good.der', good), /expected a revocation list, found an OCSP response/],
      ['--crl', file('key.pem', server.keyPem), /found only other PEM blocks \(PRIVATE KEY\)/],
      ['--ocsp', '/dev/zero', new RegExp(`has more than ${MAX_EVIDENCE_FILE_SIZE} bytes`)],
    ];
    for (const [option, input, message] of cases) {
      assert.throws(
        () => read[option](input),
        (error: unknown) =>
          error instanceof Failure && error.exitCode === ExitCode.usage && message.test(error.message),
        `${option} ${input}: ${message}`,
      );
    }
    const later = await verifyText([...question, '--ocsp', join(path, 'later')], 2);
    assert.match(later, /--ocsp .*later cannot be used: the responder gave no answer but tryLater/);
  });

  test('a revocation list may be larger than files of certificates', async (t) => {
    const { bytes, question } = files(t);
    // One extension of nothing but zeros: the list is as large as the largest of public authorities.
    const large = { oid: '1.3.6.1.4.1.99999.1', value: Buffer.alloc(MAX_FILE_SIZE) };
    const list = makeList(intermediate, { extensions: [large] });
    const path = bytes('large.der', list);
    assert.match(
      await verifyText([...question, '--crl', path, '--require-status', 'leaf'], 0),
      /is accepted/,
    );
  });
});

describe('handfast verify --purpose', LIMIT, () => {
  test('knows names in any case, and object identifiers', () => {
    for (const [text, name] of [
      ['server', 'server'],
      ['serverAuth', 'server'],
      ['1.3.6.1.5.5.7.3.1', 'server'],
      ['CLIENT', 'client'],
      ['1.3.6.1.5.5.7.3.2', 'client'],
      ['any', 'any'],
      ['2.5.29.37.0', 'any'],
      ['codesigning', 'codeSigning'],
      ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
      ['emailProtection', 'emailProtection'],
      ['timeStamping', 'timeStamping'],
      ['OCSPSigning', 'OCSPSigning'],
      ['1.3.6.1.4.1.99999.2', '1.3.6.1.4.1.99999.2'],
    ] as const) {
      assert.equal(purposeName(readPurpose(text)), name);
    }
    for (const text of ['', 'mail', 'codeSigning,any', '1.50.1', '1', 'constructor', '__proto__']) {
      assert.throws(
        () => readPurpose(text),
        (error: unknown) =>
          error instanceof Failure && error.message.startsWith('--purpose: expected server, '),
      );
    }
  });

  test('asks for that purpose', async (t) => {
    const { file, trusted } = files(t);
    const signer = issue({ subject: 'Signer', issuer: root, extKeyUsage: ['codeSigning'] });
    const signerFile = file('signer.pem', signer.pem);
    const cases: readonly (readonly [string, number, RegExp])[] = [
      ['codeSigning', 0, /for the purpose codeSigning, .*its purposes include codeSigning/],
      ['timeStamping', 1, /for codeSigning only, not for timeStamping/],
      ['any', 0, /for any purpose, .*no particular purpose is asked for/],
      ['1.3.6.1.5.5.7.3.1', 2, /--name is missing/],
      ['mail', 2, /--purpose: expected server, .*found 'mail'/],
    ];
    for (const [purpose, code, message] of cases) {
      const text = await verifyText([signerFile, '--ca', trusted, '--purpose', purpose], code);
      assert.match(text, message);
    }
    const args = ['verify', signerFile, '--ca', trusted, '--purpose', '1.3.6.1.5.5.7.3.3', '--json'];
    const { question } = JSON.parse((await handfast(args)).stdout) as { question: { purpose: string } };
    assert.equal(question.purpose, 'codeSigning');
  });
});
