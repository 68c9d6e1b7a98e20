/** Every file of the Wycheproof archive is either run, or named here with the reason why not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutVectors } from '../../support/vectors.ts';
import { archiveListing } from '../wycheproof.ts';
import { agreementFiles } from '../wycheproof-agreement.ts';
import { mlDsaFiles } from '../wycheproof-ml-dsa.ts';
import { mlKemFiles } from '../wycheproof-ml-kem.ts';
import { rsaFiles } from '../wycheproof-rsa.ts';
import { signatureFiles } from '../wycheproof-signatures.ts';
import { symmetricFiles } from '../wycheproof-symmetric.ts';
import { nobleSubject } from './ml-kem.ts';
import { nodeSubject } from './subject.ts';

const NOT_OFFERED: Readonly<Record<string, readonly string[]>> = {
  'ECDH keys in ASN.1: key shares of TLS are points': [
    'ecdh_secp256r1_test.json',
    'ecdh_secp384r1_test.json',
    'ecdh_secp521r1_test.json',
  ],
  'ECDSA signatures without ASN.1: those of TLS and X.509 are DER': [
    'ecdsa_secp256r1_sha256_p1363_test.json',
  ],
  'primality tests: whether a prime of TLS 1.2 is one is not tested, since that takes seconds': [
    'primality_test.json',
  ],
};

test('Wycheproof: every file is run or named with a reason', { timeout: 30_000 }, (t) => {
  const listing = archiveListing();
  if (listing === undefined) return skipWithoutVectors(t, 'the Wycheproof archive, or xz,');
  const files = [symmetricFiles, agreementFiles, rsaFiles, signatureFiles, mlDsaFiles];
  const run = [...files.flatMap((list) => list(nodeSubject)), ...mlKemFiles(nobleSubject)];
  const known = [...run.map(({ name }) => name), ...Object.values(NOT_OFFERED).flat()];
  assert.deepEqual([...known].sort(), [...listing].sort());
});
