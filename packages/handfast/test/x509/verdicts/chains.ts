/** About the path itself: issuers, signatures, anchors, and the work that it takes. */
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import { chainVerifier } from '../../../src/handshake/verifier.ts';
import { MAX_INTERMEDIATES, MAX_OCSP_RESPONSES, MAX_REVOCATION_LISTS } from '../../../src/x509/limits.ts';
import { parseCertificateRevocationList } from '../../../src/x509/revocation/crl.ts';
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts';
import { refused, type Verdict } from '../../../src/x509/verdict.ts';
import * as der from '../../support/der.ts';
import { type Issued, issue, makeKey } from '../../support/pki.ts';
import { distributionPoints, makeList, ocspFailure } from '../../support/revocation.ts';
import { parse } from '../support.ts';
import {
  authority,
  type Cases,
  client,
  intermediate,
  leaf,
  of,
  ofLeaf,
  ownRoot,
  root,
  server,
} from './case.ts';

const stranger = ownRoot('Stranger');
const strangers = authority("Stranger's", { issuer: stranger });
const keyless = { keyIdentifiers: false } as const;

const publishedAt = (url: string) => ({
  oid: '1.3.6.1.5.5.7.1.1',
  value: der.sequence(
    der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), der.contextPrimitive(6, new TextEncoder().encode(url))),
  ),
});

/** Two authorities that vouch for each other, and a leaf below. */
function circle(): readonly Issued[] {
  const [keyA, keyB] = [makeKey('p256'), makeKey('p256')];
  const a = ownRoot('A', { key: keyA });
  const b = authority('B', { issuer: a, key: keyB });
  const aByB = authority('A', { issuer: b, key: keyA });
  return [leaf({ issuer: aByB }), aByB, b];
}

function rollover(): Verdict {
  const old = ownRoot('Rolled over');
  const next = ownRoot('Rolled over', { issuer: old });
  return of([leaf({ issuer: next }), next]);
}

const verifier = chainVerifier({ provider: nodeProvider, anchors: [{ certificate: parse(root) }] });
const ask = (chain: readonly Issued[]): Verdict =>
  verifier.verify({ peer: 'server', chain: chain.map(parse), at: Date.now(), use: 'signature' }) as Verdict;

const names = (count: number, domain: string) =>
  Array.from({ length: count }, (_, i) => ({ dns: `n${i}.${domain}` }));

const policy = (n: number) => der.sequence(der.oid(`1.3.6.1.4.1.99999.${n}`));

export const CHAINS: Cases = {
  'no anchors': () => of([server, intermediate], {}, []),
  'a self-signed leaf': () => of([leaf({ issuer: ownRoot('x'), issuerName: 'localhost', ...keyless })]),
  'nothing but the leaf was sent': () => of([server]),
  'nothing but the leaf was sent, by a client': () => of([client], { purpose: 'client' }),
  'nothing but the leaf was sent, for any purpose': () => of([server], { purpose: 'any' }),
  'nothing but the leaf was sent, which says where its issuer is published': () =>
    ofOnly(leaf({ extraExtensions: [publishedAt('http://ca.example/issuer.cer')] })),
  'the right intermediate was not sent': () => of([server, strangers]),
  'an unknown root was sent': () => of([leaf({ issuer: stranger }), stranger]),
  'the root of an intermediate is not known': () => of([leaf({ issuer: strangers }), strangers]),
  'authorities that vouch for each other': () => of(circle()),
  'self-issued with the key of before': rollover,
  'an anchor that is no root': () => of([server], { allowPartialChain: false }, [intermediate]),
  'an anchor that is no root, of which more was sent': () =>
    of([server, strangers], { allowPartialChain: false }, [intermediate]),
  'signed by another of that name, with another key identifier': () =>
    of([leaf({ issuer: ownRoot('Test root p256') })]),
  'signed by another of that name, without key identifiers': () =>
    of([leaf({ issuer: ownRoot('Test root p256'), ...keyless })]),
  'a broken signature': () => ofLeaf({ breakSignature: true }),
  'more intermediates than are looked at': () =>
    of([server, ...Array.from({ length: MAX_INTERMEDIATES + 1 }, () => intermediate)]),
  'more OCSP responses than are looked at': () =>
    of([server, intermediate], {
      revocation: {
        ocspResponses: Array.from({ length: MAX_OCSP_RESPONSES + 1 }, () =>
          parseOcspResponse(ocspFailure(2)),
        ),
      },
    }),
  'more revocation lists than are looked at': () =>
    of([server, intermediate], {
      revocation: {
        crls: new Array(MAX_REVOCATION_LISTS + 1).fill(parseCertificateRevocationList(makeList(root))),
      },
    }),
  "more certificates of statuses' signers than are looked at": () =>
    of([server, intermediate], {
      revocation: { certificates: new Array(MAX_INTERMEDIATES + 1).fill(parse(root)) },
    }),
  'too many signatures': () => of([server, intermediate], { budget: { signatureChecks: 1 } }),
  'too many candidates': () => of([server, intermediate], { budget: { candidateIssuers: 1 } }),
  'too many names': () => {
    const a = authority('A', { nameConstraints: { excluded: names(10, 'a.test') } });
    return of([leaf({ issuer: a, altNames: names(10, 'b.test') }), a], { budget: { nameComparisons: 50 } });
  },
  'too many policies': () => {
    const value = der.sequence(...Array.from({ length: 20 }, (_, i) => policy(i)));
    const end = leaf({ issuer: root, extraExtensions: [{ oid: '2.5.29.32', value }] });
    return of([end], { budget: { policySteps: 10 } });
  },
  'too many scopes of revocation lists': () => {
    const points = Array.from({ length: 60 }, () => ({ fullName: [{ uri: 'http://ca.example/x' }] }));
    const list = parseCertificateRevocationList(makeList(intermediate, { nextUpdate: null }));
    return ofLeaf(
      { extraExtensions: [distributionPoints(...points)] },
      { revocation: { crls: new Array(MAX_REVOCATION_LISTS).fill(list) } },
    );
  },
  'a peer without certificates': () => ask([]),
  'a server without a name to ask for': () => ask([server, intermediate]),
  "an application's own word about an issuer": () => refused('issuer', 'Nobody here knows it.'),
  "an application's own rule": () => refused('custom', 'Today is Sunday.'),
};

function ofOnly(certificate: Issued): Verdict {
  return of([certificate]);
}

/** Accepted: what is said then is said somewhere, too. */
export const ACCEPTED: Cases = {
  'a right chain': () => of([server, intermediate]),
  'a right client': () => of([client, intermediate], { purpose: 'client' }),
  'any purpose': () => of([server, intermediate], { purpose: 'any' }),
  'names within constraints': () => {
    const a = authority('A', { nameConstraints: { permitted: [{ dns: 'localhost' }] } });
    return of([leaf({ issuer: a }), a], {
      nameConstraints: { permitted: [{ kind: 'dNSName', value: 'localhost' }] },
    });
  },
  'an Ed25519 signature, and a policy': () => {
    const a = authority('A', { key: 'ed25519', extraExtensions: [anyPolicy] });
    return of([leaf({ issuer: a, extraExtensions: [mapping, ...[anyPolicy]] }), a]);
  },
  'an RSA key': () => ofLeaf({ key: 'rsa2048' }),
  'after another path': () => {
    const key = makeKey('p256');
    const past = issue({
      subject: 'A',
      issuer: root,
      ca: true,
      key,
      notBefore: new Date(0),
      notAfter: new Date(1e12),
    });
    const present = authority('A', { key });
    return of([leaf({ issuer: present }), past, present]);
  },
};

const anyPolicy = { oid: '2.5.29.32', value: der.sequence(der.sequence(der.oid('2.5.29.32.0'))) };
const mapping = {
  oid: '2.5.29.33',
  value: der.sequence(der.sequence(der.oid('1.2.3'), der.oid('1.2.4'))),
};
