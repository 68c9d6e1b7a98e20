/** Phase 3 of a client's TLS 1.2 handshake: ServerKeyExchange and ClientKeyExchange, in the three forms they have. */
import { withoutLeadingZeros } from '../../crypto/finite-field.ts';
import { groupKind } from '../../crypto/groups.ts';
import type { PublicKey } from '../../crypto/provider.ts';
import { bitLength } from '../../crypto/signature-schemes.ts';
import { MIN_DH_PRIME_BITS } from '../../policy/limits.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { concat } from '../../wire/bytes.ts';
import { type Codec, encode } from '../../wire/codec.ts';
import { TlsError } from '../../wire/errors.ts';
import {
  dheServerKeyExchange,
  ecdheServerKeyExchange,
  type ServerDhParams,
  type ServerEcdhParams,
  serverDhParams,
  serverEcdhParams,
} from '../../wire/messages/server-key-exchange.ts';
import {
  groupName,
  type NamedGroup,
  type SignatureScheme,
  signatureSchemeName,
} from '../../wire/registry.ts';
import { type ShownCertificate, tellSignature } from '../authentication.ts';
import { checkSignature12 } from '../authentication12.ts';
import { finiteFieldGroup, PREMASTER_LENGTH } from '../dhe12.ts';
import { guarded, type Handshake, settled } from '../driver.ts';
import { illegal } from '../refusals.ts';
import type { ClientContext, Offer } from './client-hello.ts';
import type { ServerChoice12 } from './hello12.ts';

/** The server's ephemeral key, which it signed. */
export type ServerKey =
  | {
      readonly kind: 'ECDHE';
      readonly group: NamedGroup;
      readonly share: Uint8Array;
      readonly signatureScheme: SignatureScheme;
    }
  | { readonly kind: 'DHE'; readonly params: ServerDhParams; readonly signatureScheme: SignatureScheme };

/** Takes ServerKeyExchange: the server's ephemeral key, signed together with both randoms (RFC 5246 section 7.4.3). */
export function* acceptServerKeyExchange(
  h: ClientContext,
  offer: Offer,
  choice: ServerChoice12,
  shown: ShownCertificate,
  received: HandshakeMessage,
): Handshake<ServerKey> {
  if (choice.suite.keyExchange === 'ECDHE') {
    const { params, algorithm, signature } = h.decode(ecdheServerKeyExchange, received);
    const group = requireOfferedGroup(offer, params);
    yield* checkSigned(h, offer, choice, shown, received, serverEcdhParams, params, algorithm, signature);
    tellGroup(h, offer, groupName(group));
    return { kind: 'ECDHE', group, share: params.publicKey, signatureScheme: algorithm };
  }
  const { params, algorithm, signature } = h.decode(dheServerKeyExchange, received);
  yield* checkSigned(h, offer, choice, shown, received, serverDhParams, params, algorithm, signature);
  const bits = bitLength(withoutLeadingZeros(params.dhP));
  requireStrong(bits);
  const known = finiteFieldGroup(params.dhP, params.dhG);
  tellGroup(h, offer, known === undefined ? `a prime of ${bits} bits` : groupName(known));
  return { kind: 'DHE', params, signatureScheme: algorithm };
}

function requireOfferedGroup({ hello }: Offer, { namedCurve }: ServerEcdhParams): NamedGroup {
  if (!hello.extensions.supportedGroups?.includes(namedCurve) || groupKind(namedCurve) !== 'ecdhe') {
    throw illegal(
      'ServerKeyExchange',
      `the key is for ${groupName(namedCurve)}, which the client did not offer for TLSv1.2`,
    );
  }
  return namedCurve;
}

/** Logarithms to a short prime can be computed by those who can afford it, once for all who use that prime. */
function requireStrong(bits: number): void {
  if (bits >= MIN_DH_PRIME_BITS) return;
  const message = 'ServerKeyExchange';
  throw new TlsError(
    'ERR_WEAK_KEY_EXCHANGE',
    `${message}: expected a Diffie-Hellman prime of at least ${MIN_DH_PRIME_BITS} bits (RFC 9325 section 4.2.1), found ${bits}; ` +
      'enable ECDHE on the server, or give it a group of RFC 7919',
    { message, bits },
  );
}

function* checkSigned<T>(
  h: ClientContext,
  { hello }: Offer,
  { serverRandom }: ServerChoice12,
  shown: ShownCertificate,
  received: HandshakeMessage,
  codec: Codec<T>,
  params: T,
  scheme: SignatureScheme,
  signature: Uint8Array,
): Handshake<void> {
  const message = 'ServerKeyExchange';
  const offered = hello.extensions.signatureAlgorithms ?? [];
  const content = concat(hello.random, serverRandom, encode(codec, params));
  yield* checkSignature12(h, shown, { message, scheme, signature, offered, content });
  h.order.prove('ServerKeyExchange');
  h.transcript.add(received.message);
  tellSignature(h, message, scheme);
  h.choose({
    phase: 'certificate',
    what: 'signature scheme',
    chosen: signatureSchemeName(scheme),
    offered: offered.map(signatureSchemeName),
    reason: 'the server signed with it',
  });
}

function tellGroup(h: ClientContext, { hello }: Offer, chosen: string): void {
  h.choose({
    phase: 'key exchange',
    what: 'group',
    chosen,
    offered: (hello.extensions.supportedGroups ?? []).map(groupName),
    reason: 'the server sent a key for it, and signed it',
  });
}

/**
 * Sends ClientKeyExchange (RFC 5246 section 7.4.7), and answers the premaster secret.
 * @param serverKey the server's ephemeral key; without one the secret travels under the key of its certificate.
 */
export function* sendClientKeyExchange(
  h: ClientContext,
  offer: Offer,
  shown: ShownCertificate,
  serverKey: ServerKey | undefined,
): Handshake<Uint8Array> {
  switch (serverKey?.kind) {
    case 'ECDHE':
      return yield* sendEcdhe(h, serverKey.group, serverKey.share);
    case 'DHE':
      return yield* sendDhe(h, serverKey.params);
    default:
      return yield* sendEncryptedPremaster(h, offer, shown);
  }
}

function* sendEcdhe(h: ClientContext, group: NamedGroup, serverShare: Uint8Array): Handshake<Uint8Array> {
  const keyExchange = h.provider.groups.get(group);
  if (keyExchange === undefined) throw new TlsError('ERR_INTERNAL', `the provider lost the group ${group}`);
  const { share, secret } = yield* settled(keyExchange.respond(serverShare));
  h.send('EcdheClientKeyExchange', { ecdhYc: share });
  return secret;
}

function* sendDhe(h: ClientContext, { dhP, dhG, dhYs }: ServerDhParams): Handshake<Uint8Array> {
  const exchange = h.provider.finiteField(dhP, dhG);
  const { share, secret } = yield* settled(exchange.respond(dhYs));
  h.send('DheClientKeyExchange', { dhYc: share });
  return withoutLeadingZeros(secret); // RFC 5246 section 8.1.2
}

/** RSA key transport (RFC 5246 section 7.4.7.1): the version that was offered, and 46 random bytes, encrypted. */
function* sendEncryptedPremaster(
  h: ClientContext,
  { hello }: Offer,
  { chain }: ShownCertificate,
): Handshake<Uint8Array> {
  const key: PublicKey | undefined = chain[0]?.publicKeyInfo.key;
  if (key?.kind !== 'rsa') throw new TlsError('ERR_INTERNAL', 'the certificate has no RSA key to encrypt to');
  const premaster = h.provider.random(PREMASTER_LENGTH);
  premaster[0] = hello.legacyVersion >> 8;
  premaster[1] = hello.legacyVersion & 0xff;
  const encryptedPreMasterSecret = yield* guarded(
    () => h.provider.rsaEncrypt(key, premaster),
    'ERR_INTERNAL',
    'encrypting the premaster secret',
  );
  h.send('RsaClientKeyExchange', { encryptedPreMasterSecret });
  h.order.prove('premaster secret under the certificate');
  return premaster;
}
