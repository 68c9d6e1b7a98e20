/** Certificates, key exchange, signatures and Finished of TLS 1.2, in both roles. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { concat } from '../../src/wire/bytes.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import {
  type ServerDhParams,
  type ServerEcdhParams,
  serverDhParams,
  serverEcdhParams,
} from '../../src/wire/messages/server-key-exchange.ts';
import { HandshakeType, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { type Cases, peersIn } from './case.ts';
import {
  body,
  both,
  changed,
  emptied,
  flipped,
  instead,
  lengthened,
  message,
  shortened,
  shortMessage,
  signing,
} from './deeds.ts';
import type { Deed } from './peer.ts';
import {
  BAD_CERTIFICATE,
  BAD_FINISHED,
  BAD_KEY_SHARE,
  BAD_MAC,
  BAD_SIGNATURE,
  DECODE,
  EMPTY_CERTIFICATE,
  ILLEGAL,
  NO_CERTIFICATE,
  UNEXPECTED,
  WEAK,
} from './refusals.ts';

const EMPTY = new Uint8Array();
const { x25519, secp256r1, x448 } = NamedGroup;
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const SYNTAX = 'RFC 5246 section 7.2.2 "A message could not be decoded because some field was out of"';
const SIGNED = 'RFC 5246 section 7.4.3 "signed_params"';
const PAIR = 'RFC 5246 section 7.4.3 "signature algorithm and hash algorithm MUST be a pair listed in that"';
const FINISHED = 'RFC 5246 section 7.4.9 "Recipients of Finished messages MUST verify that the contents"';
const POINT = 'RFC 8422 section 5.11 "MUST"';

/** Other parameters, signed as they should be. */
function signedParams(change: (params: ServerEcdhParams) => ServerEcdhParams): Deed {
  return both(
    changed('EcdheServerKeyExchange', (m) => ({ ...m, params: change(m.params) })),
    signing((right) => (scheme, content) => {
      const params = decode(serverEcdhParams, 'ServerECDHParams', content.subarray(64));
      return right(scheme, concat(content.subarray(0, 64), encode(serverEcdhParams, change(params))));
    }),
  );
}
const point = (namedCurve: NamedGroup, publicKey: Uint8Array): Deed =>
  signedParams((p) => ({ ...p, namedCurve, publicKey }));
const claiming = (algorithm: SignatureScheme): Deed =>
  changed('EcdheServerKeyExchange', (m) => ({ ...m, algorithm }));
const signature = (change: (bytes: Uint8Array) => Uint8Array): Deed =>
  changed('EcdheServerKeyExchange', (m) => ({ ...m, signature: change(m.signature) }));
const over = (change: (content: Uint8Array) => Uint8Array): Deed =>
  signing((right) => (scheme, content) => right(scheme, change(content)));
const verifyData = (change: (bytes: Uint8Array) => Uint8Array): Deed =>
  changed('Finished', (m) => ({ verifyData: change(m.verifyData) }));
const leaf = (change: (der: Uint8Array) => Uint8Array): Deed =>
  changed('Certificate12', (m) => ({
    certificateList: m.certificateList.map((der, i) => (i === 0 ? change(der) : der)),
  }));

const certificates: Cases = {
  'RFC 5246 section 7.4.2 "The certificate type MUST be X.509v3"': {
    'something that is no certificate': [leaf(() => Uint8Array.of(0x30, 0)), BAD_CERTIFICATE],
    'a certificate with a byte more': [leaf((der) => concat(der, Uint8Array.of(0))), BAD_CERTIFICATE],
    'a certificate with a byte less': [leaf((der) => der.slice(0, -1)), BAD_CERTIFICATE],
  },
  'RFC 5246 section 7.4.2 "The sender\'s"': {
    'the issuer in front': [
      changed('Certificate12', (m) => ({ certificateList: m.certificateList.toReversed() })),
      BAD_SIGNATURE,
    ],
  },
  [SYNTAX]: {
    'a certificate without bytes': [
      instead('Certificate', message(HandshakeType.certificate, Uint8Array.of(0, 0, 3, 0, 0, 0))),
      DECODE,
    ],
    'Certificate a byte short': [shortened('Certificate'), DECODE],
    'Certificate a byte long': [lengthened('Certificate'), DECODE],
    'Certificate without content': [emptied('Certificate'), DECODE],
    'Certificate in the form of TLS 1.3': [
      body('Certificate', (bytes) => concat(Uint8Array.of(0), bytes)),
      DECODE,
    ],
  },
};

const finished: Cases = {
  [FINISHED]: {
    'its first bit is wrong': [verifyData(flipped(0)), BAD_FINISHED],
    'its last bit is wrong': [verifyData(flipped(-1)), BAD_FINISHED],
    zeros: [verifyData((bytes) => bytes.map(() => 0)), BAD_FINISHED],
  },
  'RFC 5246 section 7.4.9 "verify_data_length"': {
    'a byte less': [verifyData((bytes) => bytes.slice(1)), DECODE],
    'a byte more': [verifyData((bytes) => concat(bytes, Uint8Array.of(0))), DECODE],
    'the length of TLS 1.3': [verifyData((bytes) => concat(bytes, new Uint8Array(20))), DECODE],
    nothing: [verifyData(() => EMPTY), DECODE],
  },
};

const unoffered: Cases = {
  [PAIR]: {
    'a number that nobody knows': [claiming(0x0999 as SignatureScheme), ILLEGAL],
    'ECDSA with SHA-1': [claiming(SignatureScheme.ecdsa_sha1), ILLEGAL],
    MD5: [claiming(0x0101 as SignatureScheme), ILLEGAL],
    'DSA with SHA-256': [claiming(0x0402 as SignatureScheme), ILLEGAL],
  },
  [SIGNED]: {
    'RSA is claimed of an ECDSA key': [claiming(SignatureScheme.rsa_pkcs1_sha256), ILLEGAL],
    'RSA-PSS is claimed of an ECDSA key': [claiming(SignatureScheme.rsa_pss_rsae_sha256), ILLEGAL],
    'Ed25519 is claimed of an ECDSA key': [claiming(SignatureScheme.ed25519), ILLEGAL],
    'another hash is claimed': [claiming(SignatureScheme.ecdsa_secp384r1_sha384), BAD_SIGNATURE],
  },
};

peersIn('TLS 1.2', 'server', certificates, finished, unoffered, {
  'RFC 5246 section 7.4.2 "The server MUST send a Certificate message"': {
    'an empty one': [changed('Certificate12', () => ({ certificateList: [] })), EMPTY_CERTIFICATE],
  },
  [SIGNED]: {
    'by the key of a stranger': [
      signing(() => (_scheme, content) => new Uint8Array(sign('sha256', content, stranger))),
      BAD_SIGNATURE,
    ],
    'one bit of it changed': [signature(flipped(-1)), BAD_SIGNATURE],
    none: [signature(() => EMPTY), BAD_SIGNATURE],
    'a part of it': [signature((bytes) => bytes.slice(0, -1)), BAD_SIGNATURE],
    'more than it': [signature((bytes) => concat(bytes, Uint8Array.of(0))), BAD_SIGNATURE],
    'the numbers zero': [signature(() => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)), BAD_SIGNATURE],
  },
  'RFC 5246 section 7.4.3 "opaque client_random[32]"': {
    'another random of the client': [over(flipped(0)), BAD_SIGNATURE],
    'another random of the server': [over(flipped(40)), BAD_SIGNATURE],
    'other parameters': [over(flipped(-1)), BAD_SIGNATURE],
    'no randoms': [over((content) => content.slice(64)), BAD_SIGNATURE],
    'parameters that are not those that were signed': [
      changed('EcdheServerKeyExchange', (m) => ({
        ...m,
        params: { ...m.params, publicKey: flipped(5)(m.params.publicKey) },
      })),
      BAD_SIGNATURE,
    ],
  },
  'RFC 8422 section 5.4 "named_curve"': {
    'a curve that was not offered': [point(x448, new Uint8Array(56).fill(5)), ILLEGAL],
    'a curve that nobody knows': [point(0x1a1a as NamedGroup, new Uint8Array(32).fill(5)), ILLEGAL],
    'a finite field': [point(NamedGroup.ffdhe2048, new Uint8Array(32).fill(5)), ILLEGAL],
    'an explicit prime': [body('ServerKeyExchange', (bytes) => bytes.with(0, 1)), ILLEGAL],
    'a curve of characteristic two': [body('ServerKeyExchange', (bytes) => bytes.with(0, 2)), ILLEGAL],
  },
  [POINT]: {
    'an X25519 key of zeros': [point(x25519, new Uint8Array(32)), BAD_KEY_SHARE],
    'an X25519 key a byte short': [point(x25519, new Uint8Array(31).fill(9)), BAD_KEY_SHARE],
    'a point beside P-256': [point(secp256r1, new Uint8Array(65).fill(1).with(0, 4)), BAD_KEY_SHARE],
    'a compressed point': [point(secp256r1, new Uint8Array(33).fill(2)), BAD_KEY_SHARE],
    'the point at infinity': [point(secp256r1, Uint8Array.of(0)), BAD_KEY_SHARE],
  },
  'RFC 5246 section 7.4.5 "struct { } ServerHelloDone"': {
    'a byte in it': [instead('ServerHelloDone', shortMessage(HandshakeType.server_hello_done, 0)), DECODE],
  },
  'RFC 5246 section 7.2.2 "decode_error"': {
    'ServerKeyExchange a byte short': [shortened('ServerKeyExchange'), DECODE],
    'ServerKeyExchange a byte long': [lengthened('ServerKeyExchange'), DECODE],
    'ServerKeyExchange without content': [emptied('ServerKeyExchange'), DECODE],
    'a key without bytes': [
      instead(
        'ServerKeyExchange',
        message(HandshakeType.server_key_exchange, Uint8Array.of(3, 0, 29, 0, 4, 3, 0, 0)),
      ),
      DECODE,
    ],
  },
});

peersIn('TLS 1.2', 'client', finished, {
  [POINT]: {
    'a key of zeros': [
      changed('EcdheClientKeyExchange', () => ({ ecdhYc: new Uint8Array(32) })),
      BAD_KEY_SHARE,
    ],
    'a key a byte short': [
      changed('EcdheClientKeyExchange', (m) => ({ ecdhYc: m.ecdhYc.slice(1) })),
      BAD_KEY_SHARE,
    ],
    'a point of P-256 for X25519': [
      changed('EcdheClientKeyExchange', () => ({ ecdhYc: new Uint8Array(65).fill(4) })),
      BAD_KEY_SHARE,
    ],
    'the key of somebody else': [
      changed('EcdheClientKeyExchange', (m) => ({ ecdhYc: flipped(3)(m.ecdhYc) })),
      BAD_MAC,
    ],
  },
  'RFC 5246 section 7.2.2 "decode_error"': {
    'ClientKeyExchange a byte short': [shortened('ClientKeyExchange'), DECODE],
    'ClientKeyExchange a byte long': [lengthened('ClientKeyExchange'), DECODE],
    "ClientKeyExchange without content, as with a certificate's own key": [
      emptied('ClientKeyExchange'),
      DECODE,
    ],
    'a key without bytes': [
      instead('ClientKeyExchange', shortMessage(HandshakeType.client_key_exchange, 0)),
      DECODE,
    ],
    'a ClientKeyExchange of RSA': [
      instead(
        'ClientKeyExchange',
        message(HandshakeType.client_key_exchange, concat(Uint8Array.of(1, 0), new Uint8Array(256))),
      ),
      DECODE,
    ],
  },
});

peersIn('TLS 1.2 with DHE', 'server', {
  'RFC 9325 section 4.2.1 "2048"': {
    'a prime of 1024 bits, signed': [signedDhParams((p) => ({ ...p, dhP: shortPrime(p.dhP) })), WEAK],
  },
  'RFC 9846 section 4.3.8.1 "by ensuring that 1 < Y < p-1"': {
    'zero, signed': [signedDhParams((p) => ({ ...p, dhYs: Uint8Array.of(0) })), BAD_KEY_SHARE],
    'one, signed': [signedDhParams((p) => ({ ...p, dhYs: Uint8Array.of(1) })), BAD_KEY_SHARE],
    'the prime itself, signed': [signedDhParams((p) => ({ ...p, dhYs: p.dhP })), BAD_KEY_SHARE],
    'the prime less one, signed': [
      signedDhParams((p) => ({ ...p, dhYs: p.dhP.with(-1 + p.dhP.length, 0xfe) })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 5246 section 7.4.3 "opaque dh_Ys<1..2^16-1>"': {
    'no key': [
      instead(
        'ServerKeyExchange',
        message(HandshakeType.server_key_exchange, Uint8Array.of(0, 1, 7, 0, 1, 2, 0, 0, 4, 1, 0, 0)),
      ),
      DECODE,
    ],
    'no prime': [
      instead(
        'ServerKeyExchange',
        message(HandshakeType.server_key_exchange, Uint8Array.of(0, 0, 0, 1, 2, 0, 1, 2, 4, 1, 0, 0)),
      ),
      DECODE,
    ],
    'another key than was signed': [dhParams((p) => ({ ...p, dhYs: flipped(-1)(p.dhYs) })), BAD_SIGNATURE],
    'another generator than was signed': [dhParams((p) => ({ ...p, dhG: Uint8Array.of(5) })), BAD_SIGNATURE],
  },
});
function dhParams(change: (params: ServerDhParams) => ServerDhParams): Deed {
  return changed('DheServerKeyExchange', (m) => ({ ...m, params: change(m.params) }));
}
function signedDhParams(change: (params: ServerDhParams) => ServerDhParams): Deed {
  return both(
    dhParams(change),
    signing((right) => (scheme, content) => {
      const params = decode(serverDhParams, 'ServerDHParams', content.subarray(64));
      return right(scheme, concat(content.subarray(0, 64), encode(serverDhParams, change(params))));
    }),
  );
}

/** Half as long, and odd. */
const shortPrime = (prime: Uint8Array): Uint8Array => prime.slice(-128).with(0, 0xff);

const ONE_LESS =
  'RFC 9846 section 4.3.8.1 "Peers MUST validate each other\'s public key Y by ensuring that 1 < Y < p-1"';
peersIn('TLS 1.2 with DHE', 'client', {
  [ONE_LESS]: {
    zero: [changed('DheClientKeyExchange', () => ({ dhYc: Uint8Array.of(0) })), BAD_KEY_SHARE],
    one: [changed('DheClientKeyExchange', () => ({ dhYc: Uint8Array.of(1) })), BAD_KEY_SHARE],
    'more than the prime': [
      changed('DheClientKeyExchange', () => ({ dhYc: new Uint8Array(256).fill(0xff) })),
      BAD_KEY_SHARE,
    ],
    'longer than the prime': [
      changed('DheClientKeyExchange', () => ({ dhYc: new Uint8Array(257).fill(1) })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 5246 section 7.2.2 "decode_error"': {
    'no key': [instead('ClientKeyExchange', shortMessage(HandshakeType.client_key_exchange, 0, 0)), DECODE],
    'ClientKeyExchange a byte long': [lengthened('ClientKeyExchange'), DECODE],
  },
});

const ORACLE = 'RFC 5246 section 7.4.7.1 "MUST NOT generate an alert if processing an RSA-encrypted"';
peersIn('TLS 1.2 with RSA key transport', 'client', {
  [ORACLE]: {
    'a ciphertext of zeros': [
      changed('RsaClientKeyExchange', (m) => ({
        encryptedPreMasterSecret: m.encryptedPreMasterSecret.map(() => 0),
      })),
      BAD_MAC,
    ],
    'one bit changed': [
      changed('RsaClientKeyExchange', (m) => ({
        encryptedPreMasterSecret: flipped(-1)(m.encryptedPreMasterSecret),
      })),
      BAD_MAC,
    ],
    'a ciphertext of somebody else': [
      changed('RsaClientKeyExchange', (m) => ({
        encryptedPreMasterSecret: m.encryptedPreMasterSecret.map((_, i) => i & 127),
      })),
      BAD_MAC,
    ],
    'a ciphertext a byte short': [
      changed('RsaClientKeyExchange', (m) => ({
        encryptedPreMasterSecret: m.encryptedPreMasterSecret.slice(1),
      })),
      BAD_MAC,
    ],
    'no ciphertext': [changed('RsaClientKeyExchange', () => ({ encryptedPreMasterSecret: EMPTY })), BAD_MAC],
  },
  'RFC 5246 section 7.2.2 "decode_error"': {
    'a ciphertext without its length, as SSL 3 had it': [
      body('ClientKeyExchange', (bytes) => bytes.slice(2)),
      DECODE,
    ],
    'ClientKeyExchange a byte long': [lengthened('ClientKeyExchange'), DECODE],
  },
});

const clientSignature = (change: (bytes: Uint8Array) => Uint8Array): Deed =>
  changed('CertificateVerify', (m) => ({ ...m, signature: change(m.signature) }));
const clientClaiming = (algorithm: SignatureScheme): Deed =>
  changed('CertificateVerify', (m) => ({ ...m, algorithm }));
const ONE_OF = 'RFC 5246 section 7.4.8 "MUST be one of those present in the"';
peersIn('TLS 1.2 with a client certificate', 'client', certificates, {
  'RFC 5246 section 7.4.6 "handshake_failure"': {
    'an empty Certificate': [changed('Certificate12', () => ({ certificateList: [] })), NO_CERTIFICATE],
  },
  'RFC 5246 section 7.4.8 "handshake_messages"': {
    'by the key of a stranger': [
      signing(() => (_scheme, content) => new Uint8Array(sign('sha256', content, stranger))),
      BAD_SIGNATURE,
    ],
    'over other messages': [over(flipped(-1)), BAD_SIGNATURE],
    'over less': [over((content) => content.slice(1)), BAD_SIGNATURE],
    'one bit changed': [clientSignature(flipped(-1)), BAD_SIGNATURE],
    none: [clientSignature(() => EMPTY), BAD_SIGNATURE],
    zeros: [clientSignature((bytes) => bytes.map(() => 0)), BAD_SIGNATURE],
  },
  [ONE_OF]: {
    'a number that nobody knows': [clientClaiming(0x0999 as SignatureScheme), ILLEGAL],
    'ECDSA with SHA-1': [clientClaiming(SignatureScheme.ecdsa_sha1), ILLEGAL],
  },
  'RFC 5246 section 7.4.8 "compatible with the key in the client"': {
    'RSA is claimed of an ECDSA key': [clientClaiming(SignatureScheme.rsa_pkcs1_sha256), ILLEGAL],
    'Ed25519 is claimed of an ECDSA key': [clientClaiming(SignatureScheme.ed25519), ILLEGAL],
  },
  'RFC 5246 section 7.2.2 "decode_error"': {
    'CertificateVerify a byte short': [shortened('CertificateVerify'), DECODE],
    'CertificateVerify a byte long': [lengthened('CertificateVerify'), DECODE],
    'CertificateVerify without content': [emptied('CertificateVerify'), DECODE],
  },
});
peersIn('TLS 1.2 with a client certificate that may be left out', 'client', {
  'RFC 5246 section 7.4.8 "This message is only sent following a client"': {
    'behind an empty Certificate': [bothMessages(), UNEXPECTED],
  },
});
function bothMessages(): Deed {
  return {
    sending: (item) =>
      item.name === 'ClientKeyExchange'
        ? [item, { ...item, content: shortMessage(HandshakeType.certificate_verify, 4, 3, 0, 0) }]
        : [item],
  };
}
