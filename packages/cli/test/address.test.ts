import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress, parseAddress, parsePort } from '../src/address.ts';
import { Failure } from '../src/outcome.ts';

describe('addresses', () => {
  test('are read as people write them, and written the same way', () => {
    const cases: readonly (readonly [string, string, number])[] = [
      ['example.com', 'example.com', 443],
      ['example.com:8443', 'example.com', 8443],
      ['192.0.2.1:1', '192.0.2.1', 1],
      ['[::1]', '::1', 443],
      ['[::1]:65535', '::1', 65535],
      ['2001:db8::1', '2001:db8::1', 443],
    ];
    for (const [text, host, port] of cases) {
      assert.deepEqual(parseAddress(text, 443), { host, port }, text);
      assert.deepEqual(parseAddress(formatAddress({ host, port })), { host, port }, text);
    }
  });

  test('that are none are refused in plain words', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /not an address/],
      [':443', /not an address/],
      ['a b:1', /not an address/],
      ['host:', /not a port/],
      ['host:0', /not a port/],
      ['host:65536', /not a port/],
      ['host:http', /not a port/],
      ['host:1:2', /not a port/],
      ['host:+1', /not a port/],
      ['[::1', /not an address/],
      ['[localhost]:1', /brackets/],
      ['https://example.com/', /is a URL/],
      ['user@host', /not an address/],
    ];
    for (const [text, message] of cases) {
      assert.throws(
        () => parseAddress(text, 443),
        (error) => error instanceof Failure && error.exitCode === 2 && message.test(error.message),
        text,
      );
    }
    assert.throws(() => parseAddress('example.com'), /has no port/);
  });

  test('listening may leave the port to the system, connecting may not', () => {
    assert.equal(parsePort('0', 0), 0);
    assert.throws(() => parsePort('0'), Failure);
  });
});
