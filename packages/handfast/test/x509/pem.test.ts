import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ascii, concat } from '../../src/wire/bytes.ts';
import { ConfigError, TlsError } from '../../src/wire/errors.ts';
import { readCertificates, readPem, writePem } from '../../src/x509/pem.ts';
import { testPki, toPem } from '../support/pki.ts';

const { server, intermediate, serverChainPem } = testPki();

test('certificates are read from PEM text, PEM bytes and DER', () => {
  const ders = (input: string | Uint8Array) => readCertificates(input, 'cert').map(({ der }) => der);
  assert.deepEqual(ders(serverChainPem), [server.der, intermediate.der]);
  assert.deepEqual(ders(ascii(serverChainPem)), [server.der, intermediate.der]);
  assert.deepEqual(ders(server.der), [server.der]);
});

test('what stands around and between blocks is passed over', () => {
  const noisy = `\ufeffsubject=CN=x\r\n${server.pem.replaceAll('\n', '\r\n')}\r\n# the key\n${server.keyPem}trailing`;
  assert.deepEqual(
    readCertificates(noisy, 'cert').map(({ der }) => der),
    [server.der],
  );
  assert.deepEqual(
    readPem(noisy, 'cert').map(({ label }) => label),
    ['CERTIFICATE', 'PRIVATE KEY'],
  );
});

const body = server.pem.split('\n').slice(1, -2).join('\n');
const block = (text: string, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;

const REFUSED: readonly (readonly [what: string, input: string | Uint8Array, words: RegExp])[] = [
  ['nothing', '', /expected PEM .* found nothing/],
  ['a file name', '/etc/ssl/cert.pem', /expected PEM .* found "\/etc\/ssl\/cert\.pem"/],
  ['a key', server.keyPem, /found only other PEM blocks/],
  ['a block without its end', server.pem.slice(0, 200), /no END line; is the file cut off/],
  ['a block with another end', `-----BEGIN CERTIFICATE-----\n${body}\n-----END X-----\n`, /no END line/],
  [
    'a foreign character',
    block(body.replace(/^..../, 'M*!x')),
    /does not hold base64 \("\*" in its line 1\); is the file damaged/,
  ],
  ['a foreign character further down', block(`${body}\n\u00e9`), /"\u00e9" in its line \d+/],
  ['a missing character', block(body.slice(1)), /\d+ characters, which is no multiple of four/],
  ['a block inside another', `-----BEGIN CERTIFICATE-----\n${server.pem}`, /no END line/],
  ['padding in the middle', block(`AA==${body}`), /its padding is wrong/],
  ['bits behind the end', block('AB=='), /its padding is wrong/],
  [
    'DER of something else',
    Uint8Array.of(0x30, 0),
    /certificate cannot be read: the certificate is malformed/,
  ],
  ['an empty block', block(''), /certificate cannot be read/],
  ['one good and one bad', server.pem + block('MAA='), /certificate 2 of 2 cannot be read/],
];

for (const [what, input, words] of REFUSED) {
  test(`${what} is refused in words that help`, () => {
    assert.throws(
      () => readCertificates(input, 'ca'),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.equal(error.option, 'ca');
        assert.match(error.message, words);
        assert.match(error.message, /^ca: /);
        return true;
      },
    );
  });
}

test('a malformed certificate is the cause of the error', () => {
  assert.throws(
    () => readCertificates(concat(server.der, Uint8Array.of(0)), 'ca'),
    (error) => error instanceof ConfigError && error.cause instanceof TlsError,
  );
});

test('what is written is read again, and is what others write', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      const pem = writePem({ label: 'X', der });
      assert.equal(pem, toPem('X', der));
      assert.deepEqual(readPem(pem, 'x'), [{ label: 'X', der }]);
    }),
  );
});

test('base64 is taken only in its one right form', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgw+/=9z'), maxLength: 12 }), (text) => {
      const strict = Buffer.from(text, 'base64');
      let read: Uint8Array | undefined;
      try {
        read = readPem(block(text), 'x')[0]?.der;
      } catch (error) {
        assert.ok(error instanceof ConfigError);
      }
      assert.equal(read !== undefined, strict.toString('base64') === text);
      if (read !== undefined) assert.deepEqual(read, new Uint8Array(strict));
    }),
    { numRuns: 500 },
  );
});
