/** TLS 1.2 servers whose ephemeral keys are none, though they are signed as they should be. */
import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import { test } from 'node:test';
import { ffdheParameters } from '../../src/crypto/groups.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { ServerDhParams } from '../../src/wire/messages/server-key-exchange.ts';
import { HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import {
  assertRefuses,
  BAD_KEY_SHARE,
  BAD_SIGNATURE,
  DECODE,
  ILLEGAL,
  type Refusal,
} from '../support/cheats.ts';
import { flipped, numberBytes, toNumber, withDhParams, withEcdhParams } from '../support/cheats12.ts';
import { flow12, withMore } from '../support/flows12.ts';
import type { PairOptions } from '../support/pair.ts';
import { BAD_POINTS, share } from '../support/points.ts';
import { cheatingServer } from '../support/puppet.ts';

const ECDHE = flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
const DHE = flow12('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');
const WEAK: Refusal = ['ERR_WEAK_KEY_EXCHANGE', 'insufficient_security'];

const refuses = (flow: PairOptions, refusal: Refusal, reason?: RegExp): void =>
  assertRefuses('client', flow, refusal, reason);

// ECDHE

const P256 = share(NamedGroup.secp256r1);

for (const [what, namedCurve, publicKey] of BAD_POINTS) {
  test(`ECDHE: a signed public key ${what}`, () => {
    refuses(
      withEcdhParams(ECDHE, (params) => ({ ...params, namedCurve, publicKey })),
      BAD_KEY_SHARE,
    );
  });
}

test('ECDHE: a group that was not offered, or is none for TLS 1.2', () => {
  const { secp384r1, x448, X25519MLKEM768, SecP256r1MLKEM768, MLKEM768, ffdhe2048 } = NamedGroup;
  const cases: readonly (readonly [NamedGroup, Uint8Array])[] = [
    [secp384r1, share(secp384r1)],
    [x448, share(x448)],
    [X25519MLKEM768, new Uint8Array(200)],
    [SecP256r1MLKEM768, new Uint8Array(200)],
    [MLKEM768, new Uint8Array(200)],
    [ffdhe2048, new Uint8Array(255).fill(2)],
    [0 as NamedGroup, P256],
    [0xff01 as NamedGroup, P256],
    [22 as NamedGroup, P256], // secp256k1
  ];
  for (const [namedCurve, publicKey] of cases) {
    const flow = withEcdhParams(ECDHE, (params) => ({ ...params, namedCurve, publicKey }));
    const narrow = [NamedGroup.x25519, NamedGroup.secp256r1];
    refuses(withMore(flow, { client: { groups: narrow } }), ILLEGAL, /did not offer for TLSv1.2/);
    // Groups of other kinds are refused even where they were offered, for TLS 1.3.
    if (namedCurve === secp384r1 || namedCurve === x448) continue;
    const wide = withMore(flow, {
      client: { groups: [...narrow, X25519MLKEM768, SecP256r1MLKEM768, MLKEM768, ffdhe2048] },
    });
    refuses(wide, ILLEGAL, /did not offer for TLSv1.2/);
  }
});

// DHE

const FFDHE2048 = ffdheParameters(NamedGroup.ffdhe2048);
assert.ok(FFDHE2048);
const P = toNumber(FFDHE2048.prime);
const TWO = Uint8Array.of(2);

interface DhCase {
  readonly dhP?: Uint8Array;
  readonly dhG?: Uint8Array;
  readonly dhYs?: Uint8Array;
}
const modp = (name: string): ServerDhParams => {
  const group = getDiffieHellman(name);
  group.generateKeys();
  return {
    dhP: new Uint8Array(group.getPrime()),
    dhG: new Uint8Array(group.getGenerator()),
    dhYs: new Uint8Array(group.getPublicKey()),
  };
};
/** An odd number of so many bits; whether it is prime is not asked. */
const odd = (bits: number): Uint8Array => numberBytes((1n << BigInt(bits - 1)) + 1n);

const DH_CASES: Readonly<Record<string, readonly [DhCase, Refusal, RegExp]>> = {
  'a prime of 512 bits': [{ dhP: odd(512), dhYs: TWO }, WEAK, /2048 .*512/],
  'a prime of 768 bits': [modp('modp1'), WEAK, /2048 .*768/],
  'a prime of 1024 bits': [modp('modp2'), WEAK, /2048 .*1024/],
  'a prime of 1536 bits': [modp('modp5'), WEAK, /2048 .*1536/],
  'a prime of 2047 bits': [{ dhP: odd(2047), dhYs: TWO }, WEAK, /2048 .*2047/],
  'a prime of 1024 bits behind zeros': [
    { dhP: concat(new Uint8Array(200), modp('modp2').dhP), dhYs: TWO },
    WEAK,
    /2048 .*1024/,
  ],
  'a prime of zero': [{ dhP: new Uint8Array(256), dhYs: TWO }, WEAK, /2048 .*0/],
  'a prime of one byte': [{ dhP: Uint8Array.of(23), dhYs: TWO }, WEAK, /2048 .*5/],
  'a prime of 8193 bits': [{ dhP: odd(8193), dhYs: TWO }, BAD_KEY_SHARE, /8192 .*8193/],
  'a prime of 65535 bytes': [
    { dhP: new Uint8Array(60_000).fill(0xff), dhYs: TWO },
    BAD_KEY_SHARE,
    /8192 .*480000/,
  ],
  'an even prime': [{ dhP: numberBytes(P - 1n) }, BAD_KEY_SHARE, /even/],
  'the generator 0': [{ dhG: Uint8Array.of(0) }, BAD_KEY_SHARE, /generator/],
  'the generator 1': [{ dhG: Uint8Array.of(1) }, BAD_KEY_SHARE, /generator/],
  'the generator 1 behind zeros': [{ dhG: numberBytes(1n, 256) }, BAD_KEY_SHARE, /generator/],
  'the generator p-1': [{ dhG: numberBytes(P - 1n) }, BAD_KEY_SHARE, /generator/],
  'the generator p': [{ dhG: numberBytes(P) }, BAD_KEY_SHARE, /generator/],
  'the generator p+1': [{ dhG: numberBytes(P + 1n) }, BAD_KEY_SHARE, /generator/],
  'the value 0': [{ dhYs: Uint8Array.of(0) }, BAD_KEY_SHARE, /share/],
  'the value 0, as long as the prime': [{ dhYs: new Uint8Array(256) }, BAD_KEY_SHARE, /share/],
  'the value 1': [{ dhYs: Uint8Array.of(1) }, BAD_KEY_SHARE, /share/],
  'the value 1, as long as the prime': [{ dhYs: numberBytes(1n, 256) }, BAD_KEY_SHARE, /share/],
  'the value p-1': [{ dhYs: numberBytes(P - 1n) }, BAD_KEY_SHARE, /share/],
  'the value p': [{ dhYs: numberBytes(P) }, BAD_KEY_SHARE, /share/],
  'the value p+1': [{ dhYs: numberBytes(P + 1n) }, BAD_KEY_SHARE, /share/],
  'the value p+2': [{ dhYs: numberBytes(P + 2n) }, BAD_KEY_SHARE, /share/],
  'a value longer than the prime': [
    { dhYs: numberBytes((P << 8n) + 5n) },
    BAD_KEY_SHARE,
    /at most 256 bytes/,
  ],
};

for (const [what, [change, refusal, reason]] of Object.entries(DH_CASES)) {
  test(`DHE: ${what}, signed`, () => {
    refuses(
      withDhParams(DHE, (params) => ({ ...params, ...change })),
      refusal,
      reason,
    );
  });
}

test('DHE: what is weak is refused before anything is computed with it', () => {
  const weak = modp('modp2');
  const flow = withDhParams(DHE, () => weak);
  const provider = {
    ...nodeProvider,
    finiteField: (): never => {
      throw new Error('the provider was asked');
    },
  };
  refuses(withMore(flow, { client: { provider } }), WEAK);
});

test('DHE: the values 2 and p-2, and numbers with leading zeros, are taken', () => {
  const zeros = new Uint8Array(3);
  for (const change of [
    { dhYs: TWO },
    { dhYs: numberBytes(P - 2n) },
    { dhYs: numberBytes(2n, 256) },
    { dhP: concat(zeros, FFDHE2048.prime) },
    { dhG: concat(zeros, FFDHE2048.generator) },
  ]) {
    const puppet = cheatingServer(withDhParams(DHE, (params) => ({ ...params, ...change })));
    puppet.exchange();
    try {
      puppet.complete();
    } catch {
      // The two have not the same secret, unless only zeros were added.
    }
    assert.ok(['ERR_BAD_RECORD_MAC', 'ERR_ALERT_RECEIVED', undefined].includes(puppet.victim.error?.code));
  }
});

// The message itself

/** ServerKeyExchange as it stands in the flow, changed byte by byte; its signature covers none of that. */
function refusesBytes(
  flow: PairOptions,
  change: (body: Uint8Array) => Uint8Array,
  ...refusals: readonly Refusal[]
): void {
  const puppet = cheatingServer(flow);
  puppet.alter = (message) => {
    if (message[0] !== HandshakeType.server_key_exchange) return message;
    const body = change(message.slice(4));
    return concat(Uint8Array.of(message[0], 0, body.length >> 8, body.length & 0xff), body);
  };
  try {
    puppet.complete();
  } catch {
    // The puppet waits for what does not come.
  }
  const { error } = puppet.victim;
  assert.ok(error !== undefined, 'the victim has not refused');
  assert.ok(
    refusals.some(([code, alert]) => error.code === code && error.alert === alert),
    `${error.code}: ${error.message}`,
  );
  assert.deepEqual(puppet.events, ['error']);
}

test('ServerKeyExchange: every other form of a curve than its name', () => {
  for (const type of [0, 1, 2, 4, 0xff]) {
    refusesBytes(ECDHE, (body) => concat(Uint8Array.of(type), body.slice(1)), ILLEGAL);
  }
});

test('ServerKeyExchange: without a signature, cut off anywhere, and with something behind it', () => {
  for (const flow of [ECDHE, DHE]) {
    // Curve, point and nothing more: as a server without a certificate would send it.
    const paramsLength = flow === ECDHE ? 4 + 32 : 3 * 2 + 256 + 1 + 256;
    refusesBytes(flow, (body) => body.slice(0, paramsLength), DECODE);
    refusesBytes(flow, (body) => body.slice(0, paramsLength + 2), DECODE);
    refusesBytes(
      flow,
      (body) => concat(body.slice(0, paramsLength), Uint8Array.of(4, 3, 0, 0)),
      BAD_SIGNATURE,
      ILLEGAL,
    );
    refusesBytes(flow, (body) => concat(body, Uint8Array.of(0)), DECODE);
    refusesBytes(flow, () => new Uint8Array(), DECODE);
    refusesBytes(flow, (body) => body.slice(0, -1), DECODE);
  }
  // As before TLS 1.2: the signature without its scheme.
  refusesBytes(ECDHE, (body) => concat(body.slice(0, 36), body.slice(38)), DECODE, ILLEGAL);
});

test('ServerKeyExchange: of the other key exchange', () => {
  const [ecdhe, dhe] = [ECDHE, DHE].map((flow) => {
    let bytes = new Uint8Array();
    const puppet = cheatingServer(flow);
    puppet.alter = (message) => {
      if (message[0] === HandshakeType.server_key_exchange) bytes = message.slice(4);
      return message;
    };
    puppet.complete();
    assert.ok(bytes.length > 0);
    return bytes;
  });
  refusesBytes(ECDHE, () => dhe as Uint8Array, DECODE, ILLEGAL, BAD_SIGNATURE);
  refusesBytes(DHE, () => ecdhe as Uint8Array, DECODE, ILLEGAL, BAD_SIGNATURE);
});

test('every byte of ServerKeyExchange counts', () => {
  for (const flow of [ECDHE, DHE]) {
    const step = flow === ECDHE ? 1 : 29;
    for (let at = 0; at < (flow === ECDHE ? 100 : 700); at += step) {
      refusesBytes(flow, (body) => flipped(body, at), BAD_SIGNATURE, DECODE, ILLEGAL, WEAK, BAD_KEY_SHARE);
    }
  }
});
