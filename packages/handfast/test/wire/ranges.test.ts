/** Byte ranges of decoded fields, as the trace shows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { type Codec, decode, decodeWithFields, encode, type Field } from '../../src/wire/codec.ts';
import { EXTENSIONS } from '../../src/wire/extensions/index.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { encodeHandshake, type MessageContext, messageFields } from '../../src/wire/messages/index.ts';
import {
  HELLO_RETRY_REQUEST_RANDOM,
  helloRetryRequest,
  serverHello,
  serverHello12,
} from '../../src/wire/messages/server-hello.ts';
import { HandshakeType } from '../../src/wire/registry.ts';
import { MESSAGES, MESSAGES_12, sampleSource, seeds, TYPES } from './support.ts';

/** Fields lie in their parent, in order; answers the bytes of the parent that no field covers. */
function gapsIn(fields: readonly Field[], start: number, end: number, path: string): number {
  let at = start;
  let gaps = 0;
  for (const field of fields) {
    const here = `${path}.${field.name}`;
    assert(field.start >= at && field.end >= field.start && field.end <= end, here);
    gaps += field.start - at;
    at = field.end;
    if (field.fields !== undefined) {
      // What is not covered is a length, or the number and length of an extension.
      const inner = gapsIn(field.fields, field.start, field.end, here);
      assert(inner <= 6, `${here}: ${inner} bytes belong to no field`);
    }
  }
  return gaps + end - at;
}

for (const [name, codec] of MESSAGES) {
  test(`${name}: ranges lie in their parents, in order; only lengths are left out`, () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const value = codec.sample(sampleSource(seed));
        const bytes = encode(codec, value);
        const decoded = decodeWithFields(codec, name, bytes);
        assert.deepEqual(decoded.value, value);
        assert.equal(gapsIn(decoded.fields, 0, bytes.length, name), 0);
      }),
    );
  });
}

test('the bytes at the range of an extension are that extension', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const value = clientHello.sample(sampleSource(seed));
      const bytes = encode(clientHello, value);
      const block = decodeWithFields(clientHello, 'ClientHello', bytes).fields.find(
        ({ name }) => name === 'extensions',
      );
      assert(block !== undefined);
      const fields = block.fields ?? [];
      assert.equal(fields.length, value.extensions.order?.length ?? 0);
      for (const [i, field] of fields.entries()) {
        const type = value.extensions.order?.[i] as number;
        assert.equal((bytes[field.start] as number) * 256 + (bytes[field.start + 1] as number), type);
        const data = bytes.slice(field.start + 4, field.end);
        assert.equal(
          (bytes[field.start + 2] as number) * 256 + (bytes[field.start + 3] as number),
          data.length,
        );
        const known = Object.entries(EXTENSIONS).find(([, extension]) => extension.type === type);
        if (known === undefined) assert.deepEqual(data, value.extensions.unknown?.[0]?.data);
        else {
          const [name, { in: where }] = known;
          const { ClientHello: codec } = where as { ClientHello?: Codec<unknown> };
          assert(codec !== undefined);
          assert.equal(field.name, name);
          assert.deepEqual(decode(codec, name, data), (value.extensions as Record<string, unknown>)[name]);
        }
      }
    }),
  );
});

test('the bytes at a leaf are its value', () => {
  const value = clientHello.sample(sampleSource(1));
  const bytes = encode(clientHello, value);
  const { fields } = decodeWithFields(clientHello, 'ClientHello', bytes);
  const at = (name: string): Uint8Array => {
    const field = fields.find((it) => it.name === name);
    assert(field !== undefined, name);
    return bytes.slice(field.start, field.end);
  };
  assert.deepEqual(at('random'), value.random);
  assert.deepEqual(
    at('legacySessionId'),
    concat(Uint8Array.of(value.legacySessionId.length), value.legacySessionId),
  );
  const suites = fields.find(({ name }) => name === 'cipherSuites')?.fields ?? [];
  assert.deepEqual(
    suites.map(({ start }) => (bytes[start] as number) * 256 + (bytes[start + 1] as number)),
    value.cipherSuites,
  );
});

/** Where a message of this name occurs. */
function contextOf(name: string): MessageContext | undefined {
  if (!MESSAGES_12.has(name)) return undefined;
  const keyExchange = /\((ECDHE|DHE|RSA)\)$/.exec(name)?.[1] as MessageContext['keyExchange'];
  return { version: 'TLSv1.2', keyExchange };
}

test('the fields of a whole message count from its header', () => {
  for (const [name, codec] of MESSAGES) {
    const type = TYPES[name];
    if (type === undefined) continue;
    const message = encodeHandshake(type, codec, codec.sample(sampleSource(3)));
    assert.deepEqual(
      [...message.subarray(0, 4)],
      [type, 0, (message.length - 4) >> 8, (message.length - 4) & 0xff],
    );
    assert.equal(gapsIn(messageFields(message, contextOf(name)) ?? [], 4, message.length, name), 0);
  }
});

test('a server_hello has the fields of what it turns out to be', () => {
  const hello = encodeHandshake(HandshakeType.server_hello, serverHello, {
    ...serverHello.sample(sampleSource(5)),
    extensions: { supportedVersions: 0x0304, keyShare: { group: 29, keyExchange: Uint8Array.of(1) } },
  });
  assert.equal(gapsIn(messageFields(hello) ?? [], 4, hello.length, 'ServerHello'), 0);
  const retry = encodeHandshake(HandshakeType.server_hello, helloRetryRequest, {
    ...helloRetryRequest.sample(sampleSource(5)),
    random: HELLO_RETRY_REQUEST_RANDOM,
    extensions: { supportedVersions: 0x0304, keyShare: { selectedGroup: 23 } },
  });
  const texts = JSON.stringify(messageFields(retry));
  assert.match(texts, /"selectedGroup"/);
  assert.match(texts, /secp256r1/);
  const old = encodeHandshake(HandshakeType.server_hello, serverHello12, {
    ...serverHello12.sample(sampleSource(5)),
    extensions: { extendedMasterSecret: true, renegotiationInfo: new Uint8Array(0) },
  });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.match(JSON.stringify(messageFields(old, { version })), /"extendedMasterSecret"/);
  }
});

test('fields follow the version and the key exchange', () => {
  const names = (message: Uint8Array, context?: MessageContext): readonly string[] | undefined =>
    messageFields(message, context)?.map(({ name }) => name);
  const version = 'TLSv1.2';
  const { server_hello_done, server_key_exchange, client_key_exchange, certificate, encrypted_extensions } =
    HandshakeType;
  const done = Uint8Array.of(server_hello_done, 0, 0, 0);
  assert.equal(names(done), undefined, 'TLS 1.3 has no ServerHelloDone');
  assert.deepEqual(names(done, { version }), []);
  assert.equal(names(Uint8Array.of(encrypted_extensions, 0, 0, 2, 0, 0), { version }), undefined);
  const chain = Uint8Array.of(certificate, 0, 0, 4, 0, 0, 0, 0);
  assert.deepEqual(names(chain), ['certificateRequestContext', 'certificateList']);
  assert.deepEqual(names(chain.subarray(0, 7), { version }), ['certificateList']);
  const share = Uint8Array.of(client_key_exchange, 0, 0, 3, 0, 1, 7);
  assert.equal(names(share), undefined);
  assert.equal(names(share, { version }), undefined, 'without the key exchange nobody can tell');
  assert.deepEqual(names(share, { version, keyExchange: 'DHE' }), ['dhYc']);
  assert.deepEqual(names(share, { version, keyExchange: 'RSA' }), ['encryptedPreMasterSecret']);
  assert.throws(() => names(share, { version, keyExchange: 'ECDHE' }), { code: 'ERR_DECODE' });
  const params = Uint8Array.of(server_key_exchange, 0, 0, 0);
  assert.equal(names(params, { version, keyExchange: 'RSA' }), undefined);
});
