/**
 * Clients that send ciphertexts of every kind in place of their premaster secret, to learn from the server's answer
 * what was inside (Bleichenbacher, and all who came back to it: RFC 5246 section 7.4.7.1). There must be nothing to learn:
 * not from the bytes, alerts and errors, not from what is traced or logged, nor from which primitives are asked for.
 */
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider, SigningKey } from '../../src/crypto/provider.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { rsaClientKeyExchange } from '../../src/wire/messages/client-key-exchange.ts';
import { encodeHandshake } from '../../src/wire/messages/index.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { DECODE } from '../support/cheats.ts';
import { customized, flow12, mutual, rsaServer, withMore } from '../support/flows12.ts';
import { identityFrom, withKey } from '../support/identities.ts';
import { Later } from '../support/later.ts';
import { connectedPair, Pair, type PairOptions } from '../support/pair.ts';
import { issue, makeKey } from '../support/pki.ts';
import { PREMASTER_LENGTH, padded, premaster, withByte, wrongBlocks } from '../support/premasters.ts';
import { cheatingClient } from '../support/puppet.ts';
import { printed } from '../support/recorded.ts';
import { watchedKey, watchedProvider } from '../support/watched.ts';
import { sampleSource } from '../wire/support.ts';

const publicKey = createPublicKey(makeKey('rsa2048', 2));
const modulus = ((key) => {
  assert.ok(key?.kind === 'rsa');
  return key.modulus;
})(rsaServer().chain[0]?.publicKeyInfo.key);
const LENGTH = modulus.length;

/** The public-key operation alone. */
function encryptRaw(block: Uint8Array): Uint8Array {
  return new Uint8Array(publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, block));
}

/** A big-endian number with a small one added. */
function plus(number: Uint8Array, small: number): Uint8Array {
  const sum = number.slice();
  let carry = small;
  for (let i = sum.length - 1; i >= 0; i--) {
    carry += sum[i] as number;
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
  return sum;
}

/** A right ciphertext that begins with a zero, without that zero. */
function withoutLeadingZero(): Uint8Array {
  for (;;) {
    const ciphertext = encryptRaw(padded(LENGTH));
    if (ciphertext[0] === 0) return ciphertext.slice(1);
  }
}

/** What a client sends, and the premaster secret that it goes on with: where it knows none that fits, any. */
interface Attempt {
  readonly ciphertext: Uint8Array;
  readonly premaster?: Uint8Array;
}

/** The ciphertext of a block, whose author goes on with what stands at its end. */
const around = (block: Uint8Array): Attempt => ({
  ciphertext: encryptRaw(block),
  premaster: block.slice(-PREMASTER_LENGTH),
});

const number = (value: number): Uint8Array => withByte(new Uint8Array(LENGTH), LENGTH - 1, value);

const WRONG_BLOCKS: readonly (readonly [string, Attempt])[] = wrongBlocks(LENGTH)
  .filter(([, block]) => (block[0] as number) < 0x80) // others are not below the modulus
  .filter(([what]) => !/^zero at \d*[1-8]$/.test(what)) // one in five will do
  .map(([what, block]) => [what, around(block)]);

const RIGHT = padded(LENGTH);
/** Ciphertexts as long as they should be. */
const WRONG_NUMBERS: Readonly<Record<string, Attempt>> = {
  zero: { ciphertext: number(0) },
  one: { ciphertext: number(1) },
  two: { ciphertext: number(2) },
  'the modulus': { ciphertext: modulus },
  'the modulus and one': { ciphertext: plus(modulus, 1) },
  'the modulus less one': { ciphertext: plus(modulus, -1) },
  'as much as fits': { ciphertext: new Uint8Array(LENGTH).fill(0xff) },
  'the premaster secret itself': { ciphertext: RIGHT, premaster: RIGHT.slice(-PREMASTER_LENGTH) },
  'a right one, in another order': {
    ciphertext: encryptRaw(RIGHT).reverse(),
    premaster: RIGHT.slice(-PREMASTER_LENGTH),
  },
};
const WRONG_LENGTHS: Readonly<Record<string, Attempt>> = {
  'no bytes': { ciphertext: new Uint8Array() },
  'one byte': { ciphertext: Uint8Array.of(2) },
  'a right one less its last byte': { ciphertext: encryptRaw(RIGHT).slice(0, -1) },
  'a right one less its first byte': { ciphertext: encryptRaw(RIGHT).slice(1) },
  'a right one less its leading zero': { ciphertext: withoutLeadingZero() },
  'a right one behind a zero': { ciphertext: concat(Uint8Array.of(0), encryptRaw(RIGHT)) },
  'a right one and a byte': { ciphertext: concat(encryptRaw(RIGHT), Uint8Array.of(0)) },
  'a right one twice': { ciphertext: concat(encryptRaw(RIGHT), encryptRaw(RIGHT)) },
  'the premaster secret in the clear': { ciphertext: RIGHT.slice(-PREMASTER_LENGTH) },
  'very many bytes': { ciphertext: new Uint8Array(10_000).fill(7) },
};

/** Everything that an attacker, or anybody who watches the server, can see. */
interface Observation {
  /** What the server says until it has Finished, and then. */
  readonly before: string;
  readonly after: string;
  readonly error: unknown;
  readonly events: readonly string[];
  readonly trace: readonly string[];
  readonly keyLog: readonly string[];
  readonly calls: readonly string[];
}

/** What a trace must not be compared by: what the client sent, secrets, and what is compared as bytes anyway. */
const HIDDEN = new Set(['bytes', 'fields', 'contentLength', 'secret']);

function telling(pair: Pair): string[] {
  return pair.trace.server.map((event) =>
    JSON.stringify(JSON.parse(printed(event)), (name, value) => (HIDDEN.has(name) ? '...' : value)),
  );
}

interface Circumstances {
  readonly flow: PairOptions;
  /** Whether Finished is what fits the client's premaster secret, or its record is damaged. */
  readonly isFinishedGood: boolean;
  readonly key?: (key: SigningKey) => SigningKey;
  /** Default: the server of the flow. */
  readonly identity?: Identity;
}

const seeded = (seed: number): CryptoProvider => {
  const { below } = sampleSource(seed);
  return { ...nodeProvider, random: (length) => Uint8Array.from({ length }, () => below(256)) };
};

/** A handshake up to the client's last flight: what is to be delivered to the server now. */
function upToLastFlight(
  { ciphertext, premaster: known = premaster() }: Attempt,
  { flow, isFinishedGood, key = (same) => same, identity = rsaServer() }: Circumstances,
) {
  const calls: string[] = [];
  const note = (call: string): void => void calls.push(call);
  const clientProvider: CryptoProvider = {
    ...seeded(1),
    rsaEncrypt: (_key, message) => {
      message.set(known);
      return ciphertext;
    },
  };
  const watched = withKey(identity, (own) => watchedKey(key(own), note));
  const keyLog: string[] = [];
  const handlers = { server: { onKeyLog: (line: string) => void keyLog.push(line), traceSecrets: true } };
  const options = withMore(flow, {
    client: { provider: clientProvider },
    server: { provider: watchedProvider(seeded(2), note), identities: [watched] },
  });
  const pair = new Pair({ ...options, handlers, trace: true });
  pair.move('client');
  pair.move('server');
  const flight = concat(...pair.client.takeOutgoing());
  const last = flight.length - 1;
  if (!isFinishedGood) flight.set([(flight[last] as number) ^ 1], last);
  return { pair, flight, calls, keyLog };
}

type Started = ReturnType<typeof upToLastFlight>;

function observation({ pair, calls, keyLog }: Started): Observation {
  const { error } = pair.server;
  const opening = calls.findIndex((call) => call.startsWith('decrypt ')); // garbage decrypts to garbage, in CBC
  return {
    before: toHex(concat(...pair.sent.server)),
    after: toHex(concat(...pair.server.takeOutgoing())),
    error: error && { code: error.code, alert: error.alert, message: error.message, context: error.context },
    events: pair.typesOf('server'),
    trace: telling(pair),
    keyLog: keyLog.map((line) => line.replace(/[0-9a-f]+$/, (secret) => '.'.repeat(secret.length))),
    calls: opening < 0 ? calls : calls.slice(0, opening + 1),
  };
}

function observe(attempt: Attempt, circumstances: Circumstances): Observation {
  const started = upToLastFlight(attempt, circumstances);
  started.pair.server.receive(started.flight);
  return observation(started);
}

const FLOWS: Readonly<Record<string, PairOptions>> = {
  'AES-GCM': flow12('TLS_RSA_WITH_AES_128_GCM_SHA256'),
  'CBC, encrypt-then-MAC': flow12('TLS_RSA_WITH_AES_128_CBC_SHA'),
  'CBC, MAC inside': flow12('TLS_RSA_WITH_AES_256_CBC_SHA256', { isMacInside: true }),
  'AES-GCM, client certificate': mutual(flow12('TLS_RSA_WITH_AES_256_GCM_SHA384'), 'ed25519'),
};

/** What a right ciphertext gets whose sender cannot know the premaster secret: this is what all others must look like. */
function expectedOf(flow: PairOptions): Observation {
  const observed = observe(
    { ciphertext: encryptRaw(RIGHT), premaster: RIGHT.slice(-PREMASTER_LENGTH) },
    { flow, isFinishedGood: false },
  );
  const { code, alert } = observed.error as { code: string; alert: string };
  assert.deepEqual([code, alert], ['ERR_BAD_RECORD_MAC', 'bad_record_mac']);
  assert.deepEqual(observed.events, ['error']);
  assert.match(observed.after, /^15030300020214$/); // one alert, in plaintext: the server has sent no ChangeCipherSpec
  assert.equal(observed.keyLog.length, 1);
  assert.equal(observed.calls.filter((call) => call === 'rsaDecryptRaw').length, 1);
  assert.ok(observed.calls.includes('random 48'));
  return observed;
}

for (const [name, flow] of Object.entries(FLOWS)) {
  const expected = expectedOf(flow);

  test(`${name}: the right premaster secret completes the handshake`, () => {
    const { events } = observe(around(RIGHT), { flow, isFinishedGood: true });
    assert.deepEqual(events, ['established']);
  });

  test(`${name}: a well-formed ciphertext of another premaster secret`, () => {
    for (let i = 0; i < 20; i++) {
      const attempt = { ciphertext: encryptRaw(padded(LENGTH)), premaster: premaster() };
      assert.deepEqual(observe(attempt, { flow, isFinishedGood: true }), expected);
    }
  });

  test(`${name}: a block that is wrong in any way, by a client that knows it or does not`, () => {
    for (const [what, attempt] of WRONG_BLOCKS) {
      for (const isFinishedGood of [true, false]) {
        assert.deepEqual(observe(attempt, { flow, isFinishedGood }), expected, what);
      }
    }
  });

  test(`${name}: ciphertexts that nobody encrypted`, () => {
    for (const [what, attempt] of Object.entries(WRONG_NUMBERS)) {
      assert.deepEqual(observe(attempt, { flow, isFinishedGood: true }), expected, what);
    }
  });

  test(`${name}: ciphertexts of another length than the modulus`, () => {
    // They make the transcript longer or shorter, which is all that shows.
    const sizeless = ({ calls, ...rest }: Observation): Observation => ({
      ...rest,
      calls: calls.map((call) => call.replace(/^update \d+/, 'update')),
    });
    for (const [what, attempt] of Object.entries(WRONG_LENGTHS)) {
      for (const isFinishedGood of [true, false]) {
        assert.deepEqual(sizeless(observe(attempt, { flow, isFinishedGood })), sizeless(expected), what);
      }
    }
  });
}

const [FIRST] = Object.values(FLOWS);
assert.ok(FIRST);
const flow = FIRST;
const SOME: readonly (readonly [string, Attempt])[] = [
  ['right', around(RIGHT)],
  ...WRONG_BLOCKS.filter(([what]) =>
    /^(first byte 1|block type 1|zero at (2|100)|no sep|version 302)/.test(what),
  ),
  ...Object.entries(WRONG_NUMBERS),
  ...Object.entries(WRONG_LENGTHS),
];

test('moduli of 2050 and 3072 bits tell as little', () => {
  for (const modulusLength of [2050, 3072]) {
    const { privateKey: key, publicKey: encryptTo } = generateKeyPairSync('rsa', { modulusLength });
    const identity = identityFrom(
      issue({ subject: 'localhost', key, keyUsage: ['digitalSignature', 'keyEncipherment'] }),
    );
    const length = Math.ceil(modulusLength / 8);
    const attempt = (block: Uint8Array): Attempt => ({
      ciphertext: new Uint8Array(publicEncrypt({ key: encryptTo, padding: constants.RSA_NO_PADDING }, block)),
      premaster: block.slice(-PREMASTER_LENGTH),
    });
    const right = attempt(padded(length));
    assert.deepEqual(observe(right, { flow, identity, isFinishedGood: true }).events, ['established']);
    const expected = observe(right, { flow, identity, isFinishedGood: false });
    assert.deepEqual(expected.events, ['error']);
    const wrong = wrongBlocks(length).filter(([, block]) => block[0] === 0);
    for (const [what, block] of wrong.filter((_, i) => i % 7 === 0)) {
      assert.deepEqual(observe(attempt(block), { flow, identity, isFinishedGood: true }), expected, what);
    }
    for (const fill of [0, 1, 0xff]) {
      const ciphertext = new Uint8Array(length).fill(fill);
      assert.deepEqual(observe({ ciphertext }, { flow, identity, isFinishedGood: true }), expected);
    }
  }
});

test('nothing is said before Finished, whatever the ciphertext', () => {
  for (const [what, attempt] of SOME) {
    const { pair, flight } = upToLastFlight(attempt, { flow, isFinishedGood: false });
    // Header of record, header of message, and length of the ciphertext before it; ChangeCipherSpec after it.
    const end = 5 + 4 + 2 + attempt.ciphertext.length + 6;
    assert.equal(flight[end - 6], ContentType.change_cipher_spec, what);
    for (const [from, to] of [
      [0, end - 6],
      [end - 6, end],
      [end, flight.length - 1],
    ]) {
      pair.server.receive(flight.slice(from, to));
      assert.deepEqual(pair.server.takeOutgoing(), [], what);
      assert.equal(pair.server.error, undefined, what);
    }
    // The connection may also end here.
    pair.server.receiveEnd();
    assert.equal(pair.server.error?.code, 'ERR_TRUNCATED', what);
  }
});

test('a key elsewhere, which answers later, changes nothing', async () => {
  const expected = expectedOf(flow);
  for (const [what, attempt] of SOME.slice(1)) {
    const later = new Later();
    const key = (own: SigningKey): SigningKey => ({
      ...own,
      rsaDecryptRaw: (ciphertext) =>
        later.run(() => (own.rsaDecryptRaw as NonNullable<SigningKey['rsaDecryptRaw']>)(ciphertext)),
    });
    const started = upToLastFlight(attempt, { flow, isFinishedGood: false, key });
    const { pair, flight } = started;
    pair.server.receive(flight);
    assert.equal(later.size, 1);
    assert.deepEqual(pair.server.takeOutgoing(), []);
    later.release(0);
    while (pair.server.error === undefined) await new Promise((resolve) => setImmediate(resolve));
    const observed = observation(started);
    const { calls: _, ...rest } = observed;
    const { calls: __, ...expectedRest } = expected;
    assert.deepEqual(rest, expectedRest, what);
    if (attempt.ciphertext.length === LENGTH) assert.deepEqual(observed.calls, expected.calls, what);
  }
});

/** What a key must not do, and does. */
const BROKEN_KEYS: Readonly<Record<string, () => Uint8Array | Promise<Uint8Array>>> = {
  'that rejects': () => Promise.reject(new Error('the service is away')),
  'that throws': () => {
    throw new Error('the service is away');
  },
};

for (const [what, rsaDecryptRaw] of Object.entries(BROKEN_KEYS)) {
  test(`a key ${what} ends the connection with internal_error, whatever the ciphertext`, async () => {
    const seen = new Set<string>();
    for (const [, attempt] of SOME) {
      const started = upToLastFlight(attempt, {
        flow,
        isFinishedGood: true,
        key: (own) => ({ ...own, rsaDecryptRaw }),
      });
      started.pair.server.receive(started.flight);
      while (started.pair.server.error === undefined) await new Promise((resolve) => setImmediate(resolve));
      const { before, after, error, events } = observation(started);
      seen.add(JSON.stringify({ before, after, error, events }));
      assert.equal(started.pair.server.error?.code, 'ERR_INTERNAL');
      assert.match(started.pair.server.error?.message ?? '', /premaster secret failed: the service is away/);
      assert.equal(after, '15030300020250');
    }
    assert.equal(seen.size, 1);
  });
}

test('a key that answers with a block of another length is no way in', () => {
  const expected = expectedOf(flow);
  const answers = [
    new Uint8Array(),
    RIGHT.slice(1), // without the leading zero, as a number is often given
    concat(Uint8Array.of(0), RIGHT),
    RIGHT.slice(-PREMASTER_LENGTH),
    RIGHT.slice(0, -1),
    new Uint8Array(10_000),
  ];
  for (const answer of answers) {
    const key = (own: SigningKey): SigningKey => ({ ...own, rsaDecryptRaw: () => answer.slice() });
    const attempt = { ciphertext: encryptRaw(RIGHT), premaster: RIGHT.slice(-PREMASTER_LENGTH) };
    assert.deepEqual(observe(attempt, { flow, isFinishedGood: true, key }), expected);
  }
});

test('a message that is no ClientKeyExchange at all is refused by its form alone', () => {
  const [right, wrong] = [encryptRaw(RIGHT), encryptRaw(withByte(RIGHT, 0, 1))];
  const whole = (ciphertext: Uint8Array): Uint8Array =>
    encodeHandshake(HandshakeType.client_key_exchange, rsaClientKeyExchange, {
      encryptedPreMasterSecret: ciphertext,
    });
  const forms: readonly ((ciphertext: Uint8Array) => Uint8Array)[] = [
    // As SSL 3.0 wrote it: without its length. What is read as one is too long here, whatever was encrypted.
    (ciphertext) =>
      concat(Uint8Array.of(HandshakeType.client_key_exchange, 0, 1, 0, 0xff), ciphertext.slice(1)),
    (ciphertext) =>
      concat(
        Uint8Array.of(HandshakeType.client_key_exchange, 0, 1, 3),
        whole(ciphertext).slice(4),
        Uint8Array.of(0),
      ),
    (ciphertext) =>
      concat(Uint8Array.of(HandshakeType.client_key_exchange, 0, 1, 1), whole(ciphertext).slice(4, -1)),
    () => Uint8Array.of(HandshakeType.client_key_exchange, 0, 0, 0),
    () => Uint8Array.of(HandshakeType.client_key_exchange, 0, 0, 1, 0),
  ];
  for (const form of forms) {
    const seen = [right, wrong].map((ciphertext) => {
      const puppet = cheatingClient(flow);
      puppet.alter = (message) =>
        message[0] === HandshakeType.client_key_exchange ? form(ciphertext) : message;
      try {
        puppet.complete();
      } catch {
        // The puppet waits for a Finished that does not come.
      }
      assert.equal(puppet.victim.error?.code, DECODE[0]);
      assert.deepEqual(puppet.events, ['error']);
      return puppet.victim.error?.message.replaceAll(/\d+/g, 'n'); // lengths stand on the wire
    });
    assert.equal(seen[0], seen[1]);
  }
});

test('the version in the premaster secret is that of the ClientHello, not the one that was chosen', () => {
  // A client that speaks newer versions than this server says so in client_version, and in the premaster secret.
  for (const [offered, inside, isRight] of [
    [0x0304, 0x0304, true],
    [0x0304, 0x0303, false],
    [0x0303, 0x0304, false],
    [0x03ff, 0x03ff, true],
  ] as const) {
    const claiming = customized(flow, 'client', {
      ClientHello: (hello) => ({ ...hello, legacyVersion: offered }),
    });
    const { events } = observe(around(padded(LENGTH, premaster(inside))), {
      flow: claiming,
      isFinishedGood: true,
    });
    assert.deepEqual(events, [isRight ? 'established' : 'error']);
  }
});

test('a client draws its premaster secret anew, behind the version that it offered', () => {
  const seen = new Set<string>();
  for (const offered of [0x0303, 0x0303, 0x0304]) {
    const rsaEncrypt: CryptoProvider['rsaEncrypt'] = (key, message) => {
      assert.equal(message.length, PREMASTER_LENGTH);
      assert.deepEqual([...message.slice(0, 2)], [offered >> 8, offered & 0xff]);
      seen.add(toHex(message.slice(2)));
      return nodeProvider.rsaEncrypt(key, message);
    };
    const claiming = customized(flow, 'client', {
      ClientHello: (hello) => ({ ...hello, legacyVersion: offered }),
    });
    connectedPair(withMore(claiming, { client: { provider: { ...nodeProvider, rsaEncrypt } } }));
  }
  assert.equal(seen.size, 3);
});

test('neither side keeps the premaster secret when its keys are made', () => {
  let premasterSecret = '';
  const used: Uint8Array[] = [];
  const provider: CryptoProvider = {
    ...nodeProvider,
    rsaEncrypt: (key, message) => {
      premasterSecret = toHex(message);
      return nodeProvider.rsaEncrypt(key, message);
    },
    hmac: (name, key, ...data) => {
      if (toHex(key) === premasterSecret) used.push(key);
      return nodeProvider.hmac(name, key, ...data);
    },
  };
  connectedPair(withMore(flow, { client: { provider }, server: { provider } }));
  assert.ok(new Set(used).size >= 2);
  for (const secret of used) assert.ok(secret.every((byte) => byte === 0));
});
