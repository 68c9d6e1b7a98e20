import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issue, KEY_KINDS, testPki } from '../support/pki.ts';

// The test certificates are themselves judged by an independent implementation: node:crypto's OpenSSL.
for (const kind of KEY_KINDS) {
  test(`the ${kind} test hierarchy is well-formed and well-signed`, () => {
    const pki = testPki(kind);
    const [root, intermediate, server, client] = [pki.root, pki.intermediate, pki.server, pki.client].map(
      (issued) => new X509Certificate(issued.pem),
    );
    assert.ok(root && intermediate && server && client);
    assert.ok(root.checkIssued(root) && root.verify(root.publicKey));
    assert.ok(intermediate.checkIssued(root) && intermediate.verify(root.publicKey));
    for (const leaf of [server, client]) {
      assert.ok(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey));
    }
    assert.ok(root.ca && intermediate.ca && !server.ca && !client.ca);
    assert.equal(server.checkHost('localhost'), 'localhost');
    assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(server.checkIP('::1'), '::1');
    assert.equal(client.checkEmail('client@example.test'), 'client@example.test');
    assert.ok(createPublicKey(pki.server.keyPem).equals(server.publicKey));
    assert.equal(testPki(kind), pki);
  });
}

test('a broken signature is broken', () => {
  const certificate = new X509Certificate(issue({ subject: 'broken', breakSignature: true }).der);
  assert.equal(certificate.verify(certificate.publicKey), false);
});

test('serial numbers and times outside the common range are written as DER asks', () => {
  const { der } = issue({ subject: 'x', serial: 128, notAfter: new Date('2051-01-02T03:04:05Z') });
  const certificate = new X509Certificate(der);
  assert.equal(certificate.serialNumber, '80');
  assert.equal(certificate.validTo, 'Jan  2 03:04:05 2051 GMT');
});
