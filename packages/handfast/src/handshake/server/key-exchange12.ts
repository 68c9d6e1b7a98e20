/** Phase 3 of a server's TLS 1.2 handshake: ServerKeyExchange and ClientKeyExchange, in the three forms they have. */
import { withoutLeadingZeros } from '../../crypto/finite-field.ts';
import { ffdheParameters } from '../../crypto/groups.ts';
import type { KeyExchangeOffer } from '../../crypto/provider.ts';
import { concat } from '../../wire/bytes.ts';
import { type Codec, encode } from '../../wire/codec.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import {
  dheClientKeyExchange,
  ecdheClientKeyExchange,
  rsaClientKeyExchange,
} from '../../wire/messages/client-key-exchange.ts';
import { NAMED_CURVE, serverDhParams, serverEcdhParams } from '../../wire/messages/server-key-exchange.ts';
import type { NamedGroup } from '../../wire/registry.ts';
import { sign } from '../authentication.ts';
import { PREMASTER_LENGTH } from '../dhe12.ts';
import { guarded, type Handshake, settled } from '../driver.ts';
import type { ServerContext } from './choose.ts';
import type { Choice12 } from './choose12.ts';
import type { Answer12 } from './hello12.ts';
import { premasterFrom } from './premaster.ts';

/** Sends the server's ephemeral key, signed together with both randoms; nothing with RSA key transport. */
export function* sendServerKeyExchange(
  h: ServerContext,
  hello: ClientHello,
  choice: Choice12,
  { serverRandom }: Answer12,
): Handshake<KeyExchangeOffer | undefined> {
  const { suite, group } = choice;
  if (suite.keyExchange === 'RSA') return undefined;
  if (group === undefined) throw new TlsError('ERR_INTERNAL', `no group was chosen for ${suite.name}`);
  const randoms = concat(hello.random, serverRandom);
  if (suite.keyExchange === 'ECDHE') {
    const keyExchange = h.provider.groups.get(group);
    if (keyExchange === undefined) throw new TlsError('ERR_INTERNAL', `the provider lost the group ${group}`);
    const ours = yield* settled(keyExchange.start());
    const params = { curveType: NAMED_CURVE, namedCurve: group, publicKey: ours.share };
    const signed = yield* signParams(h, choice, randoms, serverEcdhParams, params);
    h.send('EcdheServerKeyExchange', { params, ...signed });
    return ours;
  }
  const { prime, generator } = parametersOf(group);
  const ours = yield* settled(h.provider.finiteField(prime, generator).start());
  const params = { dhP: prime, dhG: generator, dhYs: ours.share };
  const signed = yield* signParams(h, choice, randoms, serverDhParams, params);
  h.send('DheServerKeyExchange', { params, ...signed });
  return ours;
}

function parametersOf(group: NamedGroup) {
  const parameters = ffdheParameters(group);
  if (parameters === undefined) throw new TlsError('ERR_INTERNAL', `the group ${group} is no finite field`);
  return parameters;
}

function* signParams<T>(
  h: ServerContext,
  { identity, signatureScheme }: Choice12,
  randoms: Uint8Array,
  codec: Codec<T>,
  params: T,
) {
  if (signatureScheme === undefined) throw new TlsError('ERR_INTERNAL', 'no signature scheme was chosen');
  const signature = yield* sign(h, identity, signatureScheme, concat(randoms, encode(codec, params)));
  return { algorithm: signatureScheme, signature };
}

/**
 * Receives ClientKeyExchange, and answers the premaster secret (RFC 5246 section 7.4.7).
 * @param ours the server's ephemeral key; without one the secret comes under the key of its certificate.
 */
export function* receiveClientKeyExchange(
  h: ServerContext,
  hello: ClientHello,
  { suite, identity }: Choice12,
  ours: KeyExchangeOffer | undefined,
): Handshake<Uint8Array> {
  const received = yield* h.receive();
  h.transcript.add(received.message);
  if (ours === undefined) {
    const { encryptedPreMasterSecret } = h.decode(rsaClientKeyExchange, received);
    return yield* decryptPremaster(h, hello, identity, encryptedPreMasterSecret);
  }
  if (suite.keyExchange === 'ECDHE') {
    return yield* settled(ours.finish(h.decode(ecdheClientKeyExchange, received).ecdhYc));
  }
  const { dhYc } = h.decode(dheClientKeyExchange, received);
  return withoutLeadingZeros(yield* settled(ours.finish(dhYc))); // RFC 5246 section 8.1.2
}

function* decryptPremaster(
  h: ServerContext,
  hello: ClientHello,
  { key }: Choice12['identity'],
  encrypted: Uint8Array,
): Handshake<Uint8Array> {
  const { rsaDecryptRaw } = key;
  if (rsaDecryptRaw === undefined) throw new TlsError('ERR_INTERNAL', 'the key cannot decrypt');
  // Drawn before anything is known of the ciphertext, whether it is needed or not (RFC 5246 section 7.4.7.1).
  const substitute = h.provider.random(PREMASTER_LENGTH);
  const block = yield* guarded(
    () => rsaDecryptRaw.call(key, encrypted),
    'ERR_INTERNAL',
    'decrypting the premaster secret',
  );
  return premasterFrom(block, hello.legacyVersion, substitute);
}
