import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/wire/errors.ts';
import { type IssueOptions, issue, testPki } from '../support/pki.ts';
import { accepts, type Question, refuses } from './support.ts';

const { root, intermediate, server, client } = testPki();
const TIME_STAMPING = { extKeyUsage: '1.3.6.1.5.5.7.3.8' } as const;
const OWN = { extKeyUsage: '1.3.6.1.4.1.99999.1' } as const;

const leaf = (options: Partial<IssueOptions>, issuer = root) =>
  issue({ subject: 'leaf', issuer, ...options });

test('any purpose, or one of its own, can be asked for', () => {
  for (const chain of [
    [server, intermediate],
    [client, intermediate],
    [leaf({ extKeyUsage: ['timeStamping'] })],
    [leaf({ keyUsage: ['nonRepudiation'] })],
  ]) {
    accepts(chain, [root], { purpose: 'any' });
  }
  accepts([leaf({ extKeyUsage: ['timeStamping'] })], [root], { purpose: TIME_STAMPING });
  accepts([leaf({ extKeyUsage: ['1.2.3', OWN.extKeyUsage] })], [root], { purpose: OWN });
  accepts([leaf({})], [root], { purpose: OWN });
  refuses('extendedKeyUsage', /for serverAuth only, not for timeStamping/, [server, intermediate], [root], {
    purpose: TIME_STAMPING,
  });
  refuses(
    'extendedKeyUsage',
    /not for 1\.3\.6\.1\.4\.1\.99999\.1/,
    [leaf({ extKeyUsage: ['1.2.3'] })],
    [root],
    {
      purpose: OWN,
    },
  );
});

test('authorities are held to a purpose of their own too', () => {
  const stamps = issue({ subject: 'Stamps', issuer: root, ca: true, extKeyUsage: ['timeStamping'] });
  const chain = [leaf({}, stamps), stamps];
  accepts(chain, [root], { purpose: TIME_STAMPING });
  accepts(chain, [root], { purpose: 'any' });
  refuses('extendedKeyUsage', /'CN=Stamps'/, chain, [root], { purpose: OWN });
  refuses('extendedKeyUsage', /'CN=Stamps'/, chain, [root], { purpose: 'client' });
});

test('what other purposes need of the key is asked for by name', () => {
  const stamp = leaf({ extKeyUsage: ['timeStamping'], keyUsage: ['nonRepudiation'] });
  const ask = (keyUsage: NonNullable<Question['keyUsage']>): Question => ({
    purpose: TIME_STAMPING,
    keyUsage,
  });
  accepts([stamp], [root], ask('nonRepudiation'));
  refuses(
    'keyUsage',
    /nonRepudiation only, not to be used for keyAgreement/,
    [stamp],
    [root],
    ask('keyAgreement'),
  );
  // A TLS peer signs, whoever asks.
  refuses('keyUsage', /not to sign a handshake/, [leaf({ keyUsage: ['nonRepudiation'] })], [root], {
    purpose: 'client',
  });
});

test('whatever the purpose, all other rules hold, and a name where one is given', () => {
  accepts([server, intermediate], [root], { purpose: 'any', name: 'localhost' });
  refuses('name', /'other.test'/, [server, intermediate], [root], { purpose: 'any', name: 'other.test' });
  refuses('name', /'other.test'/, [leaf({})], [root], { purpose: OWN, name: 'other.test' });
  refuses('issuer', /./, [server], [root], { purpose: 'any' });
  const expired = leaf({ notAfter: new Date(Date.now() - 1000) });
  refuses('notAfter', /./, [expired], [root], { purpose: 'any' });
});

test('a purpose that is none is the caller’s mistake', () => {
  for (const purpose of ['email', '', { extKeyUsage: 'serverAuth' }, {}, null]) {
    assert.throws(
      () => accepts([server, intermediate], [root], { purpose, name: null } as Question),
      (error) => error instanceof ConfigError && error.option === 'purpose',
      JSON.stringify(purpose),
    );
  }
});
