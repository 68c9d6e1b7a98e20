import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CIPHERTEXT_LENGTH, MAX_PLAINTEXT_LENGTH } from '../../src/policy/limits.ts';
import { type RawRecord, RecordFramer } from '../../src/record/framing.ts';
import { ascii, concat } from '../../src/wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { record } from './support.ts';

function refusal(bytes: Uint8Array, prepare: (framer: RecordFramer) => void = () => {}): TlsError {
  const framer = new RecordFramer();
  prepare(framer);
  framer.push(bytes);
  try {
    const found = framer.next();
    assert.fail(`expected a refusal, found ${found === undefined ? 'a wait for more' : 'a record'}`);
  } catch (error) {
    assert(error instanceof TlsError, String(error));
    return error;
  }
}

/** A framer that has already seen a record. */
function afterFirst(framer: RecordFramer): void {
  framer.push(record(22, new Uint8Array(1)));
  framer.next();
}

test('any cut of the stream gives the same records', () => {
  const anyRecord = fc.record({
    type: fc.constantFrom(20, 21, 22, 23),
    version: fc.constantFrom(0x0301, 0x0303),
    length: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MAX_PLAINTEXT_LENGTH })),
  });
  const cuts = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30_000 })), {
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), cuts, (shapes, lengths) => {
      const records = shapes.map(({ type, version, length }) =>
        record(
          type,
          new Uint8Array(length).map((_, i) => i * 3 + length),
          version,
        ),
      );
      const stream = concat(...records);
      const framer = new RecordFramer();
      const found: RawRecord[] = [];
      for (let offset = 0, turn = 0; offset < stream.length; turn++) {
        const length = lengths[turn % lengths.length] as number;
        framer.push(stream.slice(offset, offset + length));
        offset += length;
        for (let next = framer.next(); next !== undefined; next = framer.next()) found.push(next);
      }
      assert.deepEqual(
        found.map(({ raw }) => raw),
        records,
      );
      for (const [i, { type, version, header, fragment, raw }] of found.entries()) {
        assert.deepEqual([type, version], [shapes[i]?.type, shapes[i]?.version]);
        assert.deepEqual(concat(header, fragment), raw);
      }
      assert.equal(framer.pendingLength, 0);
    }),
  );
});

test('a record at the limit passes, one byte more is refused by its header alone', () => {
  for (const limit of [MAX_PLAINTEXT_LENGTH, MAX_CIPHERTEXT_LENGTH]) {
    const framer = new RecordFramer();
    framer.maxFragmentLength = limit;
    framer.push(record(23, new Uint8Array(limit)));
    assert.equal(framer.next()?.fragment.length, limit);
    const error = refusal(record(23, new Uint8Array(0), 0x0303, limit + 1), (it) => {
      it.maxFragmentLength = limit;
    });
    assert.deepEqual([error.code, error.alert], ['ERR_RECORD_OVERFLOW', 'record_overflow']);
  }
});

const MALFORMED: readonly (readonly [string, Uint8Array, TlsErrorCode])[] = [
  ['a type below the known ones', record(19, new Uint8Array(1)), 'ERR_RECORD_TYPE'],
  ['a type above the known ones', record(24, new Uint8Array(1)), 'ERR_RECORD_TYPE'],
  ['major version 2', record(22, new Uint8Array(1), 0x0203), 'ERR_RECORD_VERSION'],
  ['major version 4', record(22, new Uint8Array(1), 0x0403), 'ERR_RECORD_VERSION'],
  ['an empty handshake record', record(22, new Uint8Array(0)), 'ERR_EMPTY_FRAGMENT'],
  ['an empty alert record', record(21, new Uint8Array(0)), 'ERR_EMPTY_FRAGMENT'],
  ['an empty ChangeCipherSpec record', record(20, new Uint8Array(0)), 'ERR_EMPTY_FRAGMENT'],
  ['a length beyond the limit', record(22, new Uint8Array(0), 0x0303, 0xffff), 'ERR_RECORD_OVERFLOW'],
];
for (const [what, bytes, code] of MALFORMED) {
  test(`${what} is refused`, () => {
    assert.equal(refusal(bytes, afterFirst).code, code);
  });
}

test('a first record may carry any version of major number 3', () => {
  for (const version of [0x0300, 0x0301, 0x0302, 0x0303, 0x0304]) {
    const framer = new RecordFramer();
    framer.push(record(22, Uint8Array.of(1), version));
    assert.equal(framer.next()?.version, version);
  }
});

const FOREIGN: readonly (readonly [Uint8Array, RegExp])[] = [
  [ascii('HTTP/1.1 400 Bad Request\r\n'), /^the peer answered with HTTP, not TLS: /],
  [ascii('GET / HTTP/1.1\r\n'), /^the peer sent an HTTP request, not TLS: /],
  [ascii('POST /x HTTP/1.1\r\n'), /HTTP request/],
  [ascii('HEAD / HTTP/1.1\r\n'), /HTTP request/],
  [ascii('PUT /a HTTP/1.1\r\n'), /HTTP request/],
  [ascii('DELETE / HTTP/1.1\r\n'), /HTTP request/],
  [ascii('OPTIONS * HTTP/1.1\r\n'), /HTTP request/],
  [ascii('PATCH / HTTP/1.1\r\n'), /HTTP request/],
  [ascii('TRACE / HTTP/1.1\r\n'), /HTTP request/],
  [ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /HTTP request/],
  [ascii('CONNECT example.com:443 HTTP/1.1\r\n'), /CONNECT request.*proxy/],
  [ascii('220 mail.example ESMTP\r\n'), /plain text.*STARTTLS/],
  [ascii('220-ftp.example\r\n'), /plain text.*STARTTLS/],
  [ascii('* OK IMAP4rev1 ready\r\n'), /plain text.*STARTTLS/],
  [ascii('+OK POP3 ready\r\n'), /plain text.*STARTTLS/],
  [ascii('SSH-2.0-OpenSSH_9.6\r\n'), /greeted with SSH/],
  [Uint8Array.of(0x80, 0x2e, 0x01, 0x00, 0x02, 0x00, 0x15), /SSL 2\.0 ClientHello/],
  [Uint8Array.of(0x80, 0x67, 0x01, 0x03, 0x03, 0x00, 0x4e), /SSL 2\.0 ClientHello/],
  [Uint8Array.of(0, 0, 0, 24, 4, 0, 0), /found the bytes 0000001804/],
  [ascii('hello there'), /found the bytes 68656c6c6f: the peer does not speak TLS/],
];
for (const [bytes, message] of FOREIGN) {
  test(`at the start of a connection: ${JSON.stringify(String.fromCharCode(...bytes.subarray(0, 12)))}`, () => {
    const error = refusal(bytes);
    assert.equal(error.code, 'ERR_NOT_TLS');
    assert.match(error.message, message);
    // Five bytes decide; neither less, nor a byte more to wait for.
    const framer = new RecordFramer();
    framer.push(bytes.subarray(0, 4));
    assert.equal(framer.next(), undefined);
    framer.push(bytes.subarray(4, 5));
    assert.throws(() => framer.next(), { code: 'ERR_NOT_TLS' });
  });
}

test('later in a connection the same bytes are a wrong record', () => {
  assert.equal(refusal(ascii('HTTP/1.1'), afterFirst).code, 'ERR_RECORD_TYPE');
});

test('random bytes give records, a wait, or a TlsError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
      const framer = new RecordFramer();
      try {
        for (const chunk of chunks) {
          framer.push(chunk);
          while (framer.next() !== undefined);
        }
      } catch (error) {
        assert(error instanceof TlsError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
