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

const block = (text: string, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;

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
