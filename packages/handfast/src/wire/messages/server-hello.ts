/** ServerHello and HelloRetryRequest: one message type, told apart by `random` (RFC 9846 sections 4.2.3 and 4.2.4). */
import { equalBytes, fromHex } from '../bytes.ts';
import {
  type Codec,
  decode,
  decodeWithFields,
  type Field,
  fixed,
  type Infer,
  opaque,
  struct,
  uint,
  uint8,
  uint16,
  vector,
} from '../codec.ts';
import { extensionBlock, optionalExtensionBlock } from '../extensions/block.ts';
import { cipherSuiteName, ExtensionType, versionName } from '../registry.ts';

/** SHA-256 of "HelloRetryRequest": the `random` that marks one (RFC 9846 section 4.2.3). */
export const HELLO_RETRY_REQUEST_RANDOM: Uint8Array = fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
);

function serverHelloWith<E>(extensions: Codec<E>) {
  return struct({
    legacyVersion: uint(2, versionName),
    random: fixed(32),
    legacySessionIdEcho: opaque(0, 32),
    cipherSuite: uint(2, cipherSuiteName),
    legacyCompressionMethod: uint8,
    extensions,
  });
}

export const serverHello = serverHelloWith(extensionBlock('ServerHello'));
export const helloRetryRequest = serverHelloWith(extensionBlock('HelloRetryRequest'));
/** The hello of a server that chose TLS 1.2 or older, which may have no extensions at all. */
export const serverHello12 = serverHelloWith(optionalExtensionBlock('ServerHello12'));

export type ServerHello = Infer<typeof serverHello>;
export type HelloRetryRequest = Infer<typeof helloRetryRequest>;
export type ServerHello12 = Infer<typeof serverHello12>;

/** What a message of type server_hello turned out to be. */
export type AnyServerHello =
  | { readonly kind: 'ServerHello'; readonly hello: ServerHello }
  | { readonly kind: 'HelloRetryRequest'; readonly hello: HelloRetryRequest }
  | { readonly kind: 'ServerHello12'; readonly hello: ServerHello12 };

/** What all three kinds have in common: extensions, if any, whose contents are nobody's business yet. */
const rawExtensions = vector(struct({ type: uint16, data: opaque(0, 0xffff) }), 0, 0xffff);
const outline = serverHelloWith<Infer<typeof rawExtensions>>({
  ...rawExtensions,
  read: (reader) => (reader.remaining === 0 ? [] : rawExtensions.read(reader)),
});

/** Tells the three kinds apart, before decoding by the rules of one of them. */
function kindOf(body: Uint8Array): AnyServerHello['kind'] {
  const { random, extensions } = decode(outline, 'ServerHello', body);
  if (equalBytes(random, HELLO_RETRY_REQUEST_RANDOM)) return 'HelloRetryRequest';
  const hasVersion = extensions.some(({ type }) => type === ExtensionType.supported_versions);
  return hasVersion ? 'ServerHello' : 'ServerHello12';
}

/**
 * Decodes the body of a server_hello message.
 * @throws {TlsError} `ERR_DECODE`, `ERR_ILLEGAL_PARAMETER` or `ERR_DUPLICATE_EXTENSION`.
 */
export function decodeServerHello(body: Uint8Array): AnyServerHello {
  const kind = kindOf(body);
  switch (kind) {
    case 'HelloRetryRequest':
      return { kind, hello: decode(helloRetryRequest, kind, body) };
    case 'ServerHello':
      return { kind, hello: decode(serverHello, kind, body) };
    case 'ServerHello12':
      return { kind, hello: decode(serverHello12, 'ServerHello', body) };
  }
}

/** The fields of a server_hello message, for the trace. */
export function serverHelloFields(body: Uint8Array): readonly Field[] {
  const codecs = {
    HelloRetryRequest: helloRetryRequest,
    ServerHello: serverHello,
    ServerHello12: serverHello12,
  };
  return decodeWithFields<unknown>(codecs[kindOf(body)], 'ServerHello', body).fields;
}
