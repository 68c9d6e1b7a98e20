/** Numbers and names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlertDescription, alertMeaning, alertName } from '../../src/wire/alerts.ts';
import { ERROR_ALERTS, TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import {
  CipherSuite,
  ClientCertificateType,
  ContentType,
  cipherSuiteName,
  clientCertificateTypeName,
  contentTypeName,
  EcPointFormat,
  ExtensionType,
  ecPointFormatName,
  extensionName,
  groupName,
  HandshakeType,
  handshakeTypeName,
  isGrease,
  messageName,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
  signatureSchemeName,
  versionName,
} from '../../src/wire/registry.ts';

const REGISTRIES: readonly (readonly [
  string,
  Readonly<Record<string, number>>,
  (value: number) => string,
  number,
  string,
])[] = [
  ['versions', ProtocolVersion, versionName, 0x7f1c, 'version(0x7f1c)'],
  ['content types', ContentType, contentTypeName, 99, 'content(0x63)'],
  ['handshake types', HandshakeType, handshakeTypeName, 99, 'type(0x63)'],
  ['extensions', ExtensionType, extensionName, 0xff77, 'extension(0xff77)'],
  ['cipher suites', CipherSuite, cipherSuiteName, 0xfefe, 'suite(0xfefe)'],
  ['groups', NamedGroup, groupName, 0x0001, 'group(0x0001)'],
  ['signature schemes', SignatureScheme, signatureSchemeName, 0x0700, 'scheme(0x0700)'],
  [
    'client certificate types',
    ClientCertificateType,
    clientCertificateTypeName,
    0x63,
    'certificate type(0x63)',
  ],
  ['point formats', EcPointFormat, ecPointFormatName, 0x63, 'point format(0x63)'],
];
for (const [what, table, nameOf, unknown, text] of REGISTRIES) {
  test(`${what}: every number has one name and every name one number`, () => {
    for (const [name, value] of Object.entries(table)) assert.equal(nameOf(value), name);
    assert.equal(new Set(Object.values(table)).size, Object.keys(table).length);
    assert.equal(nameOf(unknown), text);
  });
}

test('GREASE values are the sixteen of RFC 8701', () => {
  const found: number[] = [];
  for (let value = 0; value < 0x10000; value++) if (isGrease(value)) found.push(value);
  assert.deepEqual(
    found,
    Array.from({ length: 16 }, (_, i) => 0x0a0a + i * 0x1010),
  );
  assert.equal(groupName(0x2a2a), 'GREASE(0x2a2a)');
  assert.equal(cipherSuiteName(0x0a0a), 'GREASE(0x0a0a)');
});

test('messages are named as the RFC names their structs', () => {
  assert.equal(messageName(HandshakeType.client_hello), 'ClientHello');
  assert.equal(messageName(HandshakeType.key_update), 'KeyUpdate');
  assert.equal(messageName(99), 'type(0x63)');
});

test('alerts: names, meanings, and what no registry knows', () => {
  for (const [name, value] of Object.entries(AlertDescription)) {
    assert.equal(alertName(value), name);
    assert.notEqual(alertMeaning(value), alertMeaning(255));
  }
  assert.equal(alertName(255), undefined);
});

test('every error has an alert of the registry, or none on purpose', () => {
  const silent: string[] = [];
  for (const [code, alert] of Object.entries(ERROR_ALERTS)) {
    if (alert === null) silent.push(code);
    else assert(alert in AlertDescription, `${code}: ${alert}`);
    const error = new TlsError(code as TlsErrorCode, 'text', { offset: 1 });
    assert.deepEqual(
      [error.code, error.alert, error.name, error.context],
      [code, alert, 'TlsError', { offset: 1 }],
    );
  }
  assert.deepEqual(silent, ['ERR_ALERT_RECEIVED', 'ERR_TRUNCATED', 'ERR_CLOSED']);
});
