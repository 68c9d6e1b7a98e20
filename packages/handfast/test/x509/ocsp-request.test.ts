/** What an OCSP responder is asked: byte for byte what OpenSSL asks, and about the certificate that is meant. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { encodeElement, encodeOid } from '../../src/x509/der-writer.ts';
import { encodeOcspRequest, parseOcspResponse } from '../../src/x509/index.ts';
import * as der from '../support/der.ts';
import { type Issued, issue, KEY_KINDS, testPki } from '../support/pki.ts';
import { makeOcspResponse } from '../support/revocation.ts';
import { parse } from './support.ts';

const hasOpenssl = ((): boolean => {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' }).startsWith('OpenSSL');
  } catch {
    return false;
  }
})();
const withOpenssl = hasOpenssl ? {} : { skip: 'openssl not found' };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'handfast-ocsp-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What OpenSSL asks about a certificate. */
function askedByOpenssl(t: TestContext, certificate: Issued, issuer: Issued, ...options: string[]): string {
  const at = folder(t);
  writeFileSync(join(at, 'certificate.pem'), certificate.pem);
  writeFileSync(join(at, 'issuer.pem'), issuer.pem);
  const args = ['ocsp', ...options, '-issuer', 'issuer.pem', '-cert', 'certificate.pem', '-no_nonce'];
  execFileSync('openssl', [...args, '-reqout', 'request.der'], { cwd: at, stdio: 'pipe' });
  return toHex(readFileSync(join(at, 'request.der')));
}

test('a request is what OpenSSL makes it, for every kind of key', withOpenssl, (t) => {
  for (const kind of KEY_KINDS) {
    const { server, intermediate } = testPki(kind);
    const request = encodeOcspRequest(parse(server), parse(intermediate), { provider });
    assert.equal(toHex(request), askedByOpenssl(t, server, intermediate), kind);
  }
});

test('SHA-256 names the certificate where it is asked for', withOpenssl, (t) => {
  const { server, intermediate } = testPki();
  const request = encodeOcspRequest(parse(server), parse(intermediate), { provider, hash: 'SHA-256' });
  assert.equal(toHex(request), askedByOpenssl(t, server, intermediate, '-sha256'));
});

test('serial numbers of any size and sign are repeated as they stand', withOpenssl, (t) => {
  const { root } = testPki();
  for (const serial of [0n, 1n, 127n, 128n, 2n ** 159n, -1n, -129n]) {
    const certificate = issue({ subject: 'x', issuer: root, serial });
    const request = encodeOcspRequest(parse(certificate), parse(root), { provider });
    assert.equal(toHex(request), askedByOpenssl(t, certificate, root), String(serial));
  }
});

test('OpenSSL reads the nonce', withOpenssl, (t) => {
  const { server, intermediate } = testPki();
  const nonce = fromHex('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff');
  const request = encodeOcspRequest(parse(server), parse(intermediate), { provider, nonce });
  const at = folder(t);
  writeFileSync(join(at, 'request.der'), request);
  const text = execFileSync('openssl', ['ocsp', '-reqin', 'request.der', '-req_text'], {
    cwd: at,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  assert.match(text, /OCSP Nonce:\s+0420 ?00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF/i);
  assert.match(text, /Hash Algorithm: sha1/);
});

test('an issuer that is a key alone is as good as its certificate', () => {
  for (const kind of KEY_KINDS) {
    const { server, intermediate } = testPki(kind);
    const issuer = parse(intermediate);
    const { key } = issuer.publicKeyInfo;
    assert.ok(key);
    assert.deepEqual(
      encodeOcspRequest(parse(server), key, { provider }),
      encodeOcspRequest(parse(server), issuer, { provider }),
      kind,
    );
  }
});

test('what is asked is what a response about the certificate answers', () => {
  const { server, intermediate } = testPki();
  const request = toHex(encodeOcspRequest(parse(server), parse(intermediate), { provider }));
  const response = parseOcspResponse(makeOcspResponse([{ certificate: server, issuer: intermediate }]));
  assert.ok(response.status === 'successful');
  const [single] = response.basic.responses;
  assert.ok(single);
  for (const part of ['issuerNameHash', 'issuerKeyHash', 'serialNumber'] as const) {
    assert.ok(request.includes(toHex(single.certificateId[part])), part);
  }
});

test('a nonce has 1 to 128 bytes', () => {
  const { server, intermediate } = testPki();
  const ask = (length: number): Uint8Array =>
    encodeOcspRequest(parse(server), parse(intermediate), { provider, nonce: new Uint8Array(length) });
  for (const length of [0, 129]) {
    assert.throws(
      () => ask(length),
      (error) => error instanceof ConfigError && error.option === 'nonce' && /1 to 128/.test(error.message),
    );
  }
  for (const length of [1, 128]) assert.ok(toHex(ask(length)).endsWith('00'.repeat(length)));
});

test('the writer of the core agrees with that of the tests', () => {
  for (const dotted of ['1.3.6.1.5.5.7.48.1.2', '2.5.29.15', '1.2.840.113549.1.7.2', '0.9.2342.19200300']) {
    assert.deepEqual(encodeOid(dotted), der.oid(dotted));
  }
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 24]) {
    assert.deepEqual(encodeElement(0x04, new Uint8Array(length)), der.octetString(new Uint8Array(length)));
  }
});
