/** Peers of TLS 1.2 that claim without end: each claim is refused as soon as it is read, in whatever state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_CERTIFICATE_MESSAGE_LENGTH,
  MAX_CIPHERTEXT_LENGTH_12,
  MAX_HANDSHAKE_MESSAGE_LENGTH,
  MAX_PLAINTEXT_LENGTH,
} from '../../src/policy/limits.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { FLOWS_12, mutual } from '../support/flows12.ts';
import { type AnyPuppet, cheatingPeerOf } from '../support/puppet.ts';
import { ClientSteps, ServerSteps } from '../support/puppet12.ts';

const { application_data, handshake } = ContentType;
const [flow] = Object.values(FLOWS_12);
assert.ok(flow);

/** The header of a handshake message that claims a length. */
const claim = (type: number, length: number): Uint8Array =>
  Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff);

/** Whether what the puppet has sent is refused; with this error, if it is. */
function refusesNow(puppet: AnyPuppet, code: TlsErrorCode): boolean {
  puppet.victim.receive(puppet.takeBack());
  const { error } = puppet.victim;
  if (error !== undefined) assert.equal(error.code, code, error.message);
  return error !== undefined;
}

/** Puppets whose next message may be of this type. */
const MESSAGES: readonly (readonly [what: string, type: number, limit: number, make: () => AnyPuppet])[] = [
  [
    'Certificate of a server',
    HandshakeType.certificate,
    MAX_CERTIFICATE_MESSAGE_LENGTH,
    () => new ServerSteps(flow).hello().puppet,
  ],
  [
    'ServerKeyExchange',
    HandshakeType.server_key_exchange,
    MAX_HANDSHAKE_MESSAGE_LENGTH,
    () => new ServerSteps(flow).hello().certificate().puppet,
  ],
  [
    'Certificate of a client',
    HandshakeType.certificate,
    MAX_CERTIFICATE_MESSAGE_LENGTH,
    () => new ClientSteps(mutual(flow)).puppet,
  ],
  [
    'ClientKeyExchange',
    HandshakeType.client_key_exchange,
    MAX_HANDSHAKE_MESSAGE_LENGTH,
    () => new ClientSteps(flow).puppet,
  ],
  [
    'Finished of a client',
    HandshakeType.finished,
    MAX_HANDSHAKE_MESSAGE_LENGTH,
    () => new ClientSteps(flow).keyExchange().changeCipherSpec().puppet,
  ],
  [
    'ClientHello after the handshake',
    HandshakeType.client_hello,
    MAX_HANDSHAKE_MESSAGE_LENGTH,
    () => cheatingPeerOf('server', flow).complete(),
  ],
];

for (const [what, type, limit, make] of MESSAGES) {
  test(`${what}: claimed lengths`, () => {
    for (const [length, isRefused] of [
      [limit, false],
      [limit + 1, true],
      [0xffffff, true],
    ] as const) {
      const puppet = make();
      puppet.record(handshake, claim(type, length));
      assert.equal(refusesNow(puppet, 'ERR_HANDSHAKE_TOO_LARGE'), isRefused, String(length));
    }
  });
}

test('claimed lengths of records, in plaintext and protected', () => {
  for (const [make, type, limit] of [
    [() => new ServerSteps(flow).hello().puppet, handshake, MAX_PLAINTEXT_LENGTH],
    [() => new ClientSteps(flow).puppet, handshake, MAX_PLAINTEXT_LENGTH],
    [
      () => new ClientSteps(flow).keyExchange().changeCipherSpec().puppet,
      handshake,
      MAX_CIPHERTEXT_LENGTH_12,
    ],
    [() => cheatingPeerOf('client', flow).complete(), application_data, MAX_CIPHERTEXT_LENGTH_12],
    [() => cheatingPeerOf('server', flow).complete(), application_data, MAX_CIPHERTEXT_LENGTH_12],
  ] as const) {
    for (const [length, isRefused] of [
      [limit, false],
      [limit + 1, true],
      [0xffff, true],
    ] as const) {
      const puppet: AnyPuppet = make();
      puppet.raw(Uint8Array.of(type, 3, 3, length >> 8, length & 0xff));
      assert.equal(refusesNow(puppet, 'ERR_RECORD_OVERFLOW'), isRefused, String(length));
    }
  }
});

test('what never ends is kept up to its limit only', () => {
  const { puppet } = new ServerSteps(flow).hello();
  puppet.plaintext(handshake, claim(HandshakeType.certificate, MAX_CERTIFICATE_MESSAGE_LENGTH));
  let given = 0;
  while (!refusesNow(puppet, 'ERR_DECODE') && given < 50_000_000) {
    puppet.plaintext(handshake, new Uint8Array(10_000).fill(1));
    given += 10_000;
  }
  assert.ok(given <= MAX_CERTIFICATE_MESSAGE_LENGTH + 20_000, `${given} bytes were taken`);
});
