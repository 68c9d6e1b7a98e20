/** What the decoders of TLS 1.2's messages refuse, and what they keep (RFC 5246 section 7.4, RFC 8422 section 5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../../src/wire/bytes.ts';
import { type Codec, decode, decodeWithFields, encode } from '../../src/wire/codec.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { EXTENSIONS } from '../../src/wire/extensions/index.ts';
import { certificateRequest12 } from '../../src/wire/messages/certificate-request12.ts';
import { certificateStatus } from '../../src/wire/messages/certificate-status.ts';
import { ecdheServerKeyExchange } from '../../src/wire/messages/server-key-exchange.ts';
import { MESSAGES_12 } from './support.ts';

const SIGNATURE = '0403 0002 abcd';

const CASES: readonly (readonly [message: string, what: string, body: string, TlsErrorCode | 'accepted'])[] =
  [
    ['HelloRequest', 'empty', '', 'accepted'],
    ['ServerHelloDone', 'empty', '', 'accepted'],
    ['Certificate12', 'no certificates', '000000', 'accepted'],
    ['Certificate12', 'one certificate', '000004 000001 30', 'accepted'],
    ['Certificate12', 'an empty certificate', '000003 000000', 'ERR_DECODE'],
    ['Certificate12', 'a certificate longer than the list', '000004 000002 30', 'ERR_DECODE'],
    ['Certificate12', 'a list longer than the message', '000005 000001 30', 'ERR_DECODE'],
    ['Certificate12', 'the shape of TLS 1.3', '00 000006 000001 30 0000', 'ERR_DECODE'],
    ['CertificateStatus', 'an OCSP response', '01 000001 30', 'accepted'],
    ['CertificateStatus', 'an empty OCSP response', '01 000000', 'ERR_DECODE'],
    ['CertificateStatus', 'another type', '02 000001 30', 'ERR_ILLEGAL_PARAMETER'],
    ['ServerKeyExchange (ECDHE)', 'a named curve', `03 001d 02 0102 ${SIGNATURE}`, 'accepted'],
    ['ServerKeyExchange (ECDHE)', 'a curve that is unknown', `03 9999 02 0102 ${SIGNATURE}`, 'accepted'],
    [
      'ServerKeyExchange (ECDHE)',
      'an explicit prime curve',
      `01 001d 02 0102 ${SIGNATURE}`,
      'ERR_ILLEGAL_PARAMETER',
    ],
    [
      'ServerKeyExchange (ECDHE)',
      'an explicit char2 curve',
      `02 001d 02 0102 ${SIGNATURE}`,
      'ERR_ILLEGAL_PARAMETER',
    ],
    ['ServerKeyExchange (ECDHE)', 'an empty point', `03 001d 00 ${SIGNATURE}`, 'ERR_DECODE'],
    ['ServerKeyExchange (ECDHE)', 'no signature at all', '03 001d 02 0102', 'ERR_DECODE'],
    ['ServerKeyExchange (ECDHE)', 'an empty signature', '03 001d 02 0102 0403 0000', 'accepted'],
    ['ServerKeyExchange (ECDHE)', 'a signature without scheme', '03 001d 02 0102 0002 abcd', 'ERR_DECODE'],
    ['ServerKeyExchange (DHE)', 'three numbers', `0001 17 0001 02 0001 05 ${SIGNATURE}`, 'accepted'],
    ['ServerKeyExchange (DHE)', 'an empty prime', `0000 0001 02 0001 05 ${SIGNATURE}`, 'ERR_DECODE'],
    ['ServerKeyExchange (DHE)', 'an empty generator', `0001 17 0000 0001 05 ${SIGNATURE}`, 'ERR_DECODE'],
    ['ServerKeyExchange (DHE)', 'an empty public value', `0001 17 0001 02 0000 ${SIGNATURE}`, 'ERR_DECODE'],
    ['CertificateRequest12', 'types, schemes, names', '01 40 0002 0403 0003 0001 30', 'accepted'],
    ['CertificateRequest12', 'no names', '01 40 0002 0403 0000', 'accepted'],
    ['CertificateRequest12', 'unknown types and schemes', '02 63 64 0004 9999 1a1a 0000', 'accepted'],
    ['CertificateRequest12', 'no types', '00 0002 0403 0000', 'ERR_DECODE'],
    ['CertificateRequest12', 'no schemes', '01 40 0000 0000', 'ERR_DECODE'],
    ['CertificateRequest12', 'half a scheme', '01 40 0003 0403 04 0000', 'ERR_DECODE'],
    ['CertificateRequest12', 'an empty name', '01 40 0002 0403 0002 0000', 'ERR_DECODE'],
    ['CertificateRequest12', 'the shape of TLS 1.1, without schemes', '01 40 0000', 'ERR_DECODE'],
    ['ClientKeyExchange (ECDHE)', 'a point', '02 0102', 'accepted'],
    ['ClientKeyExchange (ECDHE)', 'an empty point', '00', 'ERR_DECODE'],
    ['ClientKeyExchange (ECDHE)', 'implicit: the key of a certificate', '', 'ERR_DECODE'],
    ['ClientKeyExchange (DHE)', 'a number', '0001 05', 'accepted'],
    ['ClientKeyExchange (DHE)', 'an empty number', '0000', 'ERR_DECODE'],
    ['ClientKeyExchange (RSA)', 'a ciphertext', '0002 0102', 'accepted'],
    ['ClientKeyExchange (RSA)', 'a ciphertext without its length, as in SSL 3', '0102', 'ERR_DECODE'],
    ['NewSessionTicket12', 'a ticket', '00001c20 0001 07', 'accepted'],
    ['NewSessionTicket12', 'no ticket after all', '00000000 0000', 'accepted'],
    ['NewSessionTicket12', 'the shape of TLS 1.3', '00001c20 00000000 00 0001 07 0000', 'ERR_DECODE'],
  ];
for (const [message, what, body, code] of CASES) {
  test(`${message}: ${what}: ${code}`, () => {
    const codec = MESSAGES_12.get(message) as Codec<unknown>;
    const bytes = fromHex(body);
    if (code === 'accepted') assert.deepEqual(encode(codec, decode(codec, message, bytes)), bytes);
    else assert.throws(() => decode(codec, message, bytes), { name: 'TlsError', code });
  });
}

test('a curve that is not named is refused by its type, with the place', () => {
  const bytes = fromHex('01 0000');
  assert.throws(() => decode(ecdheServerKeyExchange, 'ServerKeyExchange', bytes), {
    code: 'ERR_ILLEGAL_PARAMETER',
    message: 'ServerKeyExchange.params.curveType: expected named_curve(3), found 1 (at byte 1)',
  });
});

test('numbers stand with their names in the trace', () => {
  const request = fromHex('03 40 01 99 0002 0403 0000');
  const texts = decodeWithFields(certificateRequest12, 'CertificateRequest', request).fields.map(
    ({ text }) => text,
  );
  assert.deepEqual(texts, ['ecdsa_sign, rsa_sign, certificate type(0x99)', 'ecdsa_secp256r1_sha256', '']);
  const exchange = fromHex(`03 001d 02 0102 ${SIGNATURE}`);
  const { fields } = decodeWithFields(ecdheServerKeyExchange, 'ServerKeyExchange', exchange);
  assert.deepEqual(
    fields[0]?.fields?.map(({ text }) => text),
    ['named_curve', 'x25519', '0102'],
  );
});

test('an OCSP response is written the same way as a message of TLS 1.2 and as an extension of TLS 1.3', () => {
  assert.equal(certificateStatus, EXTENSIONS.statusRequest.in.Certificate);
});
