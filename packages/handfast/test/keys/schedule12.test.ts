/**
 * Handshakes of TLS 1.2 that another stack made with itself, followed from the wire alone: every message decodes and
 * encodes to the same bytes, both Finished messages decrypt to what is computed here, signatures cover what they should,
 * and keying material is exported alike.
 */
import assert from 'node:assert/strict';
import { constants, privateDecrypt } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import { SIGNATURE_SCHEMES } from '../../src/crypto/signature-schemes.ts';
import { Exporter12 } from '../../src/keys/exporter.ts';
import { extendedMasterSecret, masterSecret } from '../../src/keys/schedule12.ts';
import { ascii, concat, EMPTY, latin1, toHex } from '../../src/wire/bytes.ts';
import { encode } from '../../src/wire/codec.ts';
import { certificateRequest12 } from '../../src/wire/messages/certificate-request12.ts';
import { certificateStatus } from '../../src/wire/messages/certificate-status.ts';
import { type CertificateVerify, certificateVerify } from '../../src/wire/messages/certificate-verify.ts';
import { certificate12 } from '../../src/wire/messages/certificate12.ts';
import { rsaClientKeyExchange } from '../../src/wire/messages/client-key-exchange.ts';
import {
  dheServerKeyExchange,
  ecdheServerKeyExchange,
  serverDhParams,
  serverEcdhParams,
} from '../../src/wire/messages/server-key-exchange.ts';
import type { CipherSuiteName } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { type Issued, issue } from '../support/pki.ts';
import { type Captured, capture, type Wanted } from './captured12.ts';
import { Followed } from './followed12.ts';

const LIMIT = { timeout: 30_000 };
const { SSL_OP_NO_ENCRYPT_THEN_MAC } = constants;
/** OpenSSL's number; node:crypto does not name it. */
const SSL_OP_NO_EXTENDED_MASTER_SECRET = 1;

const common = { subject: 'localhost', dnsNames: ['localhost'] } as const;
const keyUsage = ['digitalSignature', 'keyEncipherment'] as const;
const ECDSA = issue({ ...common, key: 'p256' });
const RSA = issue({ ...common, key: 'rsa2048', keyUsage });

/** Each suite, as OpenSSL calls it, with what the server shall leave out. */
const HANDSHAKES: readonly (readonly [CipherSuiteName, string, Issued, secureOptions?: number])[] = [
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', ECDSA],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', RSA],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', RSA],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM', 'ECDHE-ECDSA-AES256-CCM', ECDSA],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE-ECDSA-AES128-CCM8', ECDSA],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA', ECDSA],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384', RSA, SSL_OP_NO_ENCRYPT_THEN_MAC],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DHE-RSA-AES128-GCM-SHA256', RSA],
  ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', 'DHE-RSA-AES256-SHA256', RSA, SSL_OP_NO_ENCRYPT_THEN_MAC],
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384', RSA],
  ['TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256', RSA, SSL_OP_NO_EXTENDED_MASTER_SECRET],
];

/** Whether this Node was built with a suite. */
function isKnown(cipher: string): boolean {
  try {
    tls.createSecureContext({ ciphers: `${cipher}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' });
    return true;
  } catch {
    return false;
  }
}

async function follow(t: TestContext, wanted: Wanted) {
  const captured = await capture(t, wanted);
  return { captured, handshake: new Followed(captured) };
}

async function assertSigned(
  certificate: Uint8Array,
  proof: CertificateVerify,
  message: Uint8Array,
): Promise<void> {
  const algorithm = SIGNATURE_SCHEMES.get(proof.algorithm)?.algorithm;
  assert(algorithm !== undefined);
  const { key } = parseCertificate(certificate).publicKeyInfo;
  assert(key !== undefined);
  assert(await provider.verify(algorithm, key, message, proof.signature), 'the signature');
  const other = concat(message, Uint8Array.of(0));
  assert.equal(await provider.verify(algorithm, key, other, proof.signature), false);
}

/** ServerKeyExchange signs both randoms and the bytes of the parameters. */
async function assertParametersSigned(
  captured: Captured,
  handshake: Followed,
  identity: Issued,
): Promise<void> {
  const randoms = concat(captured.clientRandom, handshake.serverHello.random);
  if (handshake.suite.keyExchange === 'ECDHE') {
    const { params, ...proof } = handshake.message('ServerKeyExchange', ecdheServerKeyExchange);
    await assertSigned(identity.der, proof, concat(randoms, encode(serverEcdhParams, params)));
  } else {
    const { params, ...proof } = handshake.message('ServerKeyExchange', dheServerKeyExchange);
    await assertSigned(identity.der, proof, concat(randoms, encode(serverDhParams, params)));
  }
}

/** With RSA the premaster secret stands in the message for whoever has the key: here the master secret needs no key log. */
function assertMasterSecret(captured: Captured, handshake: Followed, identity: Issued): void {
  const { prf, sessionHash, serverHello } = handshake;
  const { encryptedPreMasterSecret } = handshake.message('ClientKeyExchange', rsaClientKeyExchange);
  const block = privateDecrypt(
    { key: identity.key, padding: constants.RSA_NO_PADDING },
    encryptedPreMasterSecret,
  );
  const premaster = new Uint8Array(block.subarray(-48));
  assert.equal(toHex(premaster.subarray(0, 2)), '0303');
  assert(sessionHash !== undefined);
  const master =
    serverHello.extensions.extendedMasterSecret === true
      ? extendedMasterSecret(prf, premaster, sessionHash)
      : masterSecret(prf, premaster, captured.clientRandom, serverHello.random);
  assert.equal(toHex(master), toHex(captured.masterSecret));
}

function assertSameExports(captured: Captured, handshake: Followed): void {
  const { clientRandom, exported } = captured;
  const exporter = new Exporter12(
    handshake.prf,
    captured.masterSecret,
    clientRandom,
    handshake.serverHello.random,
  );
  for (const context of [undefined, EMPTY, ascii('context')]) {
    const label = 'EXPERIMENTAL handfast';
    const material = exporter.exportKeyingMaterial(label, context, 100);
    assert.equal(toHex(material), toHex(exported(100, label, context)));
  }
}

for (const [name, cipher, identity, secureOptions] of HANDSHAKES) {
  const skip = isKnown(cipher) ? false : `this Node has no ${cipher}`;
  test(`node:tls with itself: ${name}`, { ...LIMIT, skip }, async (t) => {
    const { captured, handshake } = await follow(t, {
      cipher,
      identity,
      ...(secureOptions === undefined ? {} : { secureOptions }),
    });
    const { suite, serverHello } = handshake;
    assert.equal(suite.name, name);
    const isRsa = suite.keyExchange === 'RSA';
    assert.deepEqual(handshake.names, [
      'ClientHello',
      'ServerHello',
      'Certificate',
      ...(isRsa ? [] : ['ServerKeyExchange']),
      'ServerHelloDone',
      'ClientKeyExchange',
      'Finished',
      'NewSessionTicket',
      'Finished',
    ]);
    const { extensions } = serverHello;
    assert.equal(
      extensions.extendedMasterSecret,
      secureOptions === SSL_OP_NO_EXTENDED_MASTER_SECRET ? undefined : true,
    );
    const isEncryptThenMac = suite.cipher.kind === 'cbc' && secureOptions !== SSL_OP_NO_ENCRYPT_THEN_MAC;
    assert.equal(extensions.encryptThenMac, isEncryptThenMac ? true : undefined);
    assert.deepEqual(extensions.renegotiationInfo, EMPTY);
    assert.equal(extensions.sessionTicket, true);
    assert.deepEqual(extensions.applicationLayerProtocolNegotiation?.map(latin1), ['second']);
    assert.equal(extensions.unknown, undefined);
    if (isRsa) assertMasterSecret(captured, handshake, identity);
    else await assertParametersSigned(captured, handshake, identity);
    assertSameExports(captured, handshake);
  });
}

for (const [what, clientIdentity] of [
  ['ECDSA', ECDSA],
  ['RSA', RSA],
] as const) {
  test(`node:tls with itself: a client certificate with ${what}, an OCSP response`, LIMIT, async (t) => {
    const ocspResponse = ascii('any bytes');
    const { handshake } = await follow(t, {
      cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
      identity: RSA,
      clientIdentity,
      ocspResponse,
    });
    assert.deepEqual(handshake.names, [
      'ClientHello',
      'ServerHello',
      'Certificate',
      'CertificateStatus',
      'ServerKeyExchange',
      'CertificateRequest',
      'ServerHelloDone',
      'Certificate',
      'ClientKeyExchange',
      'CertificateVerify',
      'Finished',
      'NewSessionTicket',
      'Finished',
    ]);
    assert.equal(handshake.serverHello.extensions.statusRequest, true);
    assert.deepEqual(handshake.message('CertificateStatus', certificateStatus).response, ocspResponse);
    const { certificateAuthorities } = handshake.message('CertificateRequest', certificateRequest12);
    assert.deepEqual(certificateAuthorities, [clientIdentity.subject]);
    const { certificateList } = handshake.message('Certificate of the client', certificate12);
    assert.deepEqual(certificateList, [clientIdentity.der]);
    const { signedMessages } = handshake;
    assert(signedMessages !== undefined);
    await assertSigned(
      clientIdentity.der,
      handshake.message('CertificateVerify', certificateVerify),
      signedMessages,
    );
  });
}
