/** What is kept is copied: a caller may reuse its arrays, Node's Buffers among them, whose `slice()` copies nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, copy } from '../../src/wire/bytes.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { Pair } from '../support/pair.ts';
import { testPki } from '../support/pki.ts';

test('a copy of a Buffer has bytes of its own', () => {
  const buffer = Buffer.from([1, 2, 3]);
  const own = copy(buffer);
  buffer.fill(0);
  assert.deepEqual(own, Uint8Array.of(1, 2, 3));
});

test('a certificate outlives the Buffer that it was read from', () => {
  const { der } = testPki('p256').root;
  const buffer = Buffer.from(der);
  const certificate = parseCertificate(buffer);
  buffer.fill(0);
  assert.deepEqual(certificate.der, new Uint8Array(der));
});

test('what is sent before the handshake is complete may be overwritten at once', () => {
  const pair = new Pair();
  const buffer = Buffer.from('before');
  pair.client.send(buffer);
  buffer.fill(0);
  pair.run();
  const data = pair.events.flatMap((event) => (event.type === 'data' ? [event.data] : []));
  assert.equal(Buffer.from(concat(...data)).toString(), 'before');
});
