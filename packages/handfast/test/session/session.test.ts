/** Sessions as bytes: all of them come back, and nothing else becomes one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import {
  decodeClientSession,
  decodeSession,
  encodeClientSession,
  encodeSession,
  type Session,
} from '../../src/session/session.ts';
import { concat, equalBytes } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { CipherSuite } from '../../src/wire/registry.ts';
import { asKept, clientSession, clientSessions, judgedPeer, session13, sessions } from './support.ts';

const LIMIT = { timeout: 30_000 };
const FORMAT_AT_CLIENT = 16;

/** Every byte changed in turn, to a neighbour and to its opposite. */
function* changes(bytes: Uint8Array): Generator<Uint8Array> {
  for (const at of bytes.keys()) {
    for (const flip of [0x01, 0xff]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ flip;
      yield changed;
    }
  }
}

test('what is encoded is decoded, whatever is absent', LIMIT, () => {
  fc.assert(
    fc.property(sessions, (session) => {
      assert.deepEqual(decodeSession(encodeSession(session)), session);
    }),
    { numRuns: 300 },
  );
});

test('the certificates and the verdict of a peer travel along, how it was found does not', LIMIT, () => {
  const peer = judgedPeer();
  assert.ok(peer.verdict.path.every(({ checks }) => checks.length > 0));
  const decoded = decodeSession(encodeSession(session13({ peer })));
  assert.deepEqual(decoded?.peer, { ...peer, verdict: asKept(peer.verdict) });
});

test('a session that contradicts itself is not encoded', LIMIT, () => {
  const wrong: readonly [Partial<Session>, RegExp][] = [
    [{ version: 'TLSv1.2' }, /expected a cipher suite of TLSv1.2, found TLS_AES_256_GCM_SHA384/],
    [
      { cipherSuite: CipherSuite.TLS_FALLBACK_SCSV },
      /expected a cipher suite of TLSv1.3, found TLS_FALLBACK_SCSV/,
    ],
    [{ secret: new Uint8Array(32) }, /expected a secret of 48 bytes, found 32/],
    [{ trust: new Uint8Array(31) }, /expected 32 bytes, found 31/],
    [{ createdAt: -1 }, /does not fit/],
    [{ expiresAt: 1.5 }, /does not fit/],
    [{ expiresAt: Number.POSITIVE_INFINITY }, /does not fit/],
    [{ expiresAt: Number.NaN }, /does not fit/],
    [{ expiresAt: 2 ** 48 }, /does not fit/],
    [{ ticketAgeAdd: 2 ** 32 }, /does not fit/],
    [{ maxEarlyData: 2 ** 32 }, /does not fit/],
    [{ serverName: '' }, /a vector of 0 bytes/],
    [{ serverName: 'b\u00fccher.example' }, /printable ASCII/],
    [{ applicationProtocol: 'x'.repeat(256) }, /a vector of 256 bytes/],
  ];
  for (const [change, message] of wrong) {
    assert.throws(() => encodeSession(session13(change)), { name: 'RangeError', message });
  }
  for (const { suite, version } of CIPHER_SUITES.values()) {
    const other = version === 'TLSv1.3' ? 'TLSv1.2' : 'TLSv1.3';
    assert.throws(() => encodeSession(session13({ version: other, cipherSuite: suite })), RangeError);
  }
});

test('a session is decoded into memory of its own, also from a Buffer', LIMIT, () => {
  const session = session13({ peer: judgedPeer() });
  for (const bytes of [encodeSession(session), Buffer.from(encodeSession(session))]) {
    const decoded = decodeSession(bytes) as Session;
    bytes.fill(0);
    assert.deepEqual(decoded.secret, session.secret);
    assert.deepEqual(decoded.peer?.chain[0]?.der, session.peer?.chain[0]?.der);
    assert.ok(!(decoded.secret instanceof Buffer));
  }
});

test('bytes of anybody never throw, and those that decode encode to the same bytes', LIMIT, () => {
  const examine = (bytes: Uint8Array): boolean => {
    const decoded = decodeSession(bytes);
    if (decoded === undefined) return false;
    assert.deepEqual(encodeSession(decoded), bytes);
    return true;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void examine(bytes)));
  const bytes = encodeSession(session13({ peer: judgedPeer() }));
  let decoded = 0;
  for (const changed of changes(bytes)) if (examine(changed)) decoded++;
  assert.ok(decoded > 0 && decoded < bytes.length, `${decoded} changes of ${bytes.length} bytes decode`);
});

test('cut short, made longer, or of another format: undefined', LIMIT, () => {
  const bytes = encodeSession(session13({ peer: judgedPeer() }));
  for (const length of bytes.keys()) assert.equal(decodeSession(bytes.subarray(0, length)), undefined);
  assert.equal(decodeSession(concat(bytes, Uint8Array.of(0))), undefined);
  for (let format = 0; format < 256; format++) {
    const other = concat(Uint8Array.of(format), bytes.subarray(1));
    assert.equal(decodeSession(other) !== undefined, format === bytes[0]);
  }
});

test("a client's session comes back from its bytes", LIMIT, () => {
  fc.assert(
    fc.property(clientSessions, (session) => {
      assert.deepEqual(decodeClientSession(encodeClientSession(session)), session);
    }),
    { numRuns: 300 },
  );
});

test('a file that is no session of ours is refused with a sentence that says what it is', LIMIT, () => {
  const bytes = encodeClientSession(clientSession({ peer: judgedPeer() }));
  const other = bytes.slice();
  other[FORMAT_AT_CLIENT] = 77;
  const files: readonly [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^session: expected a session that handfast saved, found nothing$/],
    [Buffer.from('-----BEGIN SSL SESSION PARAMETERS-----'), /found PEM, as OpenSSL saves its own/],
    [Buffer.from('secret of somebody'), /found 18 other bytes$/],
    [bytes.subarray(0, 15), /found 15 other bytes$/],
    [encodeSession(session13()), /found \d+ other bytes$/],
    [other, /^session: saved in format 77 by another version of handfast.*get a new session$/],
    [bytes.subarray(0, 16), /^session: damaged \(ClientSession.format: expected 1 byte, found 0/],
    [
      bytes.subarray(0, -1),
      /^session: damaged \(ClientSession\..*; connect without it to get a new session$/,
    ],
    [concat(bytes, Uint8Array.of(0)), /damaged \(ClientSession: 1 byte left over at its end/],
  ];
  for (const [file, message] of files) {
    assert.throws(() => decodeClientSession(file), { name: 'ConfigError', option: 'session', message });
  }
  assert.throws(() => decodeClientSession(new Uint8Array(0), 'file'), { option: 'file', message: /^file: / });
});

test(
  "a client's session with any byte changed gives a session or a ConfigError, and no secret in it",
  LIMIT,
  () => {
    const bytes = encodeClientSession(clientSession({ secret: Buffer.from('S'.repeat(48)) }));
    let refusals = 0;
    for (const changed of changes(bytes)) {
      try {
        assert.ok(equalBytes(encodeClientSession(decodeClientSession(changed)), changed));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.doesNotMatch(error.message, /SSSS|5353/);
        refusals++;
      }
    }
    assert.ok(refusals > 30, `${refusals} refusals`);
  },
);
