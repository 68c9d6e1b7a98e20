import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Field } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { type Certificate, encodeOcspRequest, parseCertificate, readCertificates } from 'handfast/x509';
import { Authority, validFor } from '../src/authority.ts';
import { revocationList } from '../src/ca/revocation-list.ts';
import { der } from '../src/der.ts';
import { describeBlock } from '../src/inspect/describe.ts';
import { derFields } from '../src/inspect/fields.ts';
import { blocksOf } from '../src/inspect/input.ts';
import { MAX_DUMP_ELEMENTS } from '../src/limits.ts';
import { ExitCode, Failure } from '../src/outcome.ts';
import { dumpStructure } from '../src/render/dump.ts';
import { plainStyle } from '../src/render/style.ts';
import { makeOcspResponse, testPki } from './support/library.ts';
import { certificateBag, fixture, indefiniteStore, PASSWORD, plainPart } from './support/store.ts';

// Whatever is in a file, it is described, or refused with a reason: never another exception, never a hang.

const LIMIT = { timeout: 60_000 };
const { intermediate, server } = testPki();

async function samples(): Promise<readonly Uint8Array[]> {
  const root = await Authority.root('Root', 'ECDSA P-256', validFor(2), ['a.test', '10.0.0.0/8']);
  const [certificate] = readCertificates(root.certificate, 'root');
  const signer = { certificate: certificate as Certificate, key: root.key, kind: root.kind };
  const revoked = [
    { serialNumber: '01', time: new Date(), reason: 'keyCompromise' },
    { serialNumber: '02', time: new Date(), reason: 'unspecified' },
  ] as const;
  const keys = [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ];
  return [
    signer.certificate.der,
    revocationList(signer, 1, new Date(), new Date(Date.now() + 1000), revoked),
    makeOcspResponse([{ certificate: server, issuer: intermediate, status: { reason: 1 } }], {
      nonce: Uint8Array.of(1),
      certificates: [intermediate.der],
    }),
    encodeOcspRequest(parseCertificate(server.der), parseCertificate(intermediate.der), {
      provider: nodeProvider,
      nonce: Uint8Array.of(1),
    }),
    fixture('3des.p12'), // of one iteration, so that what is changed costs little
    fixture('open-no-mac.p12'),
    indefiniteStore(plainPart(certificateBag(server.der))),
    ...keys.map((key) => key.export({ type: 'pkcs8', format: 'der' })),
    ...keys.map((key) => createPublicKey(key).export({ type: 'spki', format: 'der' })),
  ];
}

/** Fields lie inside their parent, one after the other. */
function checkFields(fields: readonly Field[], start: number, end: number): void {
  let at = start;
  for (const field of fields) {
    assert.ok(field.start >= at && field.end >= field.start && field.end <= end);
    checkFields(field.fields ?? [], field.start, field.end);
    at = field.end;
  }
}

async function describes(content: Uint8Array): Promise<void> {
  let blocks: ReturnType<typeof blocksOf>;
  try {
    blocks = blocksOf('file', content);
  } catch (error) {
    assert.ok(error instanceof Failure && error.exitCode === ExitCode.usage);
    return;
  }
  for (const block of blocks) {
    const description = await describeBlock(block, PASSWORD);
    assert.ok(description.problem !== undefined || description.kind !== '');
    JSON.stringify(description.data);
    if (block.der !== undefined) checkFields(derFields(description.kind, block.der), 0, block.der.length);
  }
}

test('changed and cut structures are described or refused', LIMIT, async () => {
  const originals = await samples();
  const changed = fc
    .tuple(fc.constantFrom(...originals), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean())
    .map(([original, place, value, cut]) => {
      const bytes = Uint8Array.from(original);
      const at = place % bytes.length;
      bytes[at] = value;
      return cut ? bytes.subarray(0, at) : bytes;
    });
  await fc.assert(fc.asyncProperty(changed, describes), { numRuns: 1500 });
});

test('whatever bytes and texts come', LIMIT, async () => {
  const pem = fc
    .tuple(fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'X509 CRL', 'EC PARAMETERS', 'x'), fc.base64String())
    .map(([label, body]) => Buffer.from(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`));
  const anything = fc.uint8Array({ maxLength: 300 });
  const sequence = anything.map((bytes) => Uint8Array.of(0x30, ...bytes));
  await fc.assert(fc.asyncProperty(fc.oneof(pem, anything, sequence), describes), { numRuns: 1500 });
});

test('elements inside elements end somewhere', LIMIT, async () => {
  let nested: Buffer = der(0x05);
  while (nested.length < 4_000) nested = der(0x30, nested);
  await describes(nested);
});

test('what is called a private key is a secret, whatever it looks like', LIMIT, async () => {
  for (const sample of await samples()) {
    const text = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(sample).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    for (const block of blocksOf('file', Buffer.from(text))) {
      assert.equal((await describeBlock(block)).secret, true);
    }
  }
});

test('more elements than are named are shown as bytes', LIMIT, () => {
  const nothing = der(0x05);
  const many = der(0x30, Buffer.concat(Array.from({ length: MAX_DUMP_ELEMENTS }, () => nothing)));
  const [all] = derFields('certificate', many.subarray(0));
  assert.equal(all?.fields, undefined);
  assert.equal(all?.end, many.length);
  const fewer = der(0x30, Buffer.concat(Array.from({ length: MAX_DUMP_ELEMENTS - 1 }, () => nothing)));
  assert.equal(derFields('certificate', fewer)[0]?.fields?.length, MAX_DUMP_ELEMENTS - 1);
  // The bytes are all there, in lines that fit.
  const lines = dumpStructure(plainStyle, many, [all]);
  const digits = lines.flatMap(
    (line) => line.match(/^ {2}[0-9a-f]{5} {2}((?:[0-9a-f]{2} ?)+)(?= |$)/)?.[1] ?? [],
  );
  assert.equal(digits.join('').replaceAll(' ', '').length, 2 * many.length);
  assert.ok(lines.every((line) => line.length <= 80));
});
