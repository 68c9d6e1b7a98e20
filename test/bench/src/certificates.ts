/** Reading certificates and judging chains, beside what `node:crypto` has for it: X509Certificate, and bare signatures. */
import assert from 'node:assert/strict';
import { verify as nodeVerify, X509Certificate } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nodeProvider } from 'handfast/crypto/node';
import { parseCertificate, verify } from 'handfast/x509';
import { der, pki } from './setup.ts';

/** One way of doing something. */
export interface Contestant {
  readonly name: string;
  run(): unknown;
}

/** The same thing, done in several ways; the first is what the others are compared with. */
export interface Contest {
  readonly what: string;
  readonly contestants: readonly Contestant[];
}

const HOST = 'www.example.com';
const KINDS = [
  ['p256', 'ECDSA P-256'],
  ['rsa2048', 'RSA 2048'],
] as const;

const uri = (text: string): Uint8Array => der.contextPrimitive(6, Buffer.from(text));

/** What public authorities write into a leaf: access information, a policy, a revocation list, two timestamps of logs. */
const EXTENSIONS = [
  {
    oid: '1.3.6.1.5.5.7.1.1',
    value: der.sequence(
      der.sequence(der.oid('1.3.6.1.5.5.7.48.1'), uri('http://ocsp.example.com')),
      der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), uri('http://ca.example.com/intermediate.der')),
    ),
  },
  { oid: '2.5.29.32', value: der.sequence(der.sequence(der.oid('2.23.140.1.2.2'))) },
  {
    oid: '2.5.29.31',
    value: der.sequence(der.sequence(der.context(0, der.context(0, uri('http://crl.example.com/1.crl'))))),
  },
  { oid: '1.3.6.1.4.1.11129.2.4.2', value: der.octetString(new Uint8Array(242).fill(7)) },
];

function makeChain(kind: 'p256' | 'rsa2048') {
  const root = pki.issue({
    subject: [
      ['C', 'US'],
      ['O', 'Example Trust'],
      ['CN', 'Example Root'],
    ],
    key: pki.makeKey(kind, 0),
    ca: true,
  });
  const intermediate = pki.issue({
    subject: [
      ['C', 'US'],
      ['O', 'Example Trust'],
      ['CN', 'Example Intermediate 1'],
    ],
    key: pki.makeKey(kind, 1),
    issuer: root,
    ca: true,
    pathLen: 0,
    extKeyUsage: ['serverAuth', 'clientAuth'],
  });
  const leaf = pki.issue({
    subject: [
      ['C', 'US'],
      ['ST', 'California'],
      ['L', 'San Francisco'],
      ['O', 'Example'],
      ['CN', HOST],
    ],
    key: pki.makeKey(kind, 2),
    issuer: intermediate,
    ca: false,
    dnsNames: [HOST, 'example.com', 'api.example.com'],
    extKeyUsage: ['serverAuth', 'clientAuth'],
    extraExtensions: EXTENSIONS,
  });
  return { root: root.der, intermediate: intermediate.der, leaf: leaf.der };
}

function reading(label: string, leaf: Uint8Array): Contest {
  return {
    what: `Read a leaf, ${label}, ${leaf.length} bytes`,
    contestants: [
      { name: 'X509Certificate', run: () => new X509Certificate(leaf) },
      {
        name: 'X509Certificate, its fields read',
        run: () => {
          const {
            subject,
            issuer,
            subjectAltName,
            validFrom,
            validTo,
            serialNumber,
            publicKey,
            keyUsage,
            infoAccess,
          } = new X509Certificate(leaf);
          return [
            subject,
            issuer,
            subjectAltName,
            validFrom,
            validTo,
            serialNumber,
            publicKey,
            keyUsage,
            infoAccess,
          ];
        },
      },
      // It reads all fields at once.
      { name: 'handfast', run: () => parseCertificate(leaf) },
    ],
  };
}

/** In each way two signatures are checked: the leaf's and the intermediate's. */
function judging(label: string, chain: ReturnType<typeof makeChain>): Contest {
  const [leaf, intermediate, root] = [chain.leaf, chain.intermediate, chain.root].map(parseCertificate);
  const [x, y, z] = [chain.leaf, chain.intermediate, chain.root].map((one) => new X509Certificate(one));
  assert.ok(leaf && intermediate && root && x && y && z);
  const [ofIntermediate, ofRoot] = [y.publicKey, z.publicKey];
  const question = {
    provider: nodeProvider,
    anchors: [{ certificate: root }],
    at: Date.now(),
    purpose: 'server',
    name: HOST,
  } as const;
  const judge = (own: typeof leaf, sent: typeof leaf): void => {
    const verdict = verify({ ...question, leaf: own, intermediates: [sent] });
    assert.ok('ok' in verdict && verdict.ok);
  };
  return {
    what: `Verify three certificates, ${label}`,
    contestants: [
      {
        name: 'crypto.verify alone',
        run: () => {
          assert.ok(nodeVerify('sha256', leaf.tbs, ofIntermediate, leaf.signature));
          assert.ok(nodeVerify('sha256', intermediate.tbs, ofRoot, intermediate.signature));
        },
      },
      {
        name: 'X509Certificate.verify alone',
        run: () => assert.ok(x.verify(ofIntermediate) && y.verify(ofRoot)),
      },
      { name: 'handfast, the whole verdict', run: () => judge(leaf, intermediate) },
      {
        name: 'X509Certificate, from bytes',
        run: () => {
          const own = new X509Certificate(chain.leaf);
          const sent = new X509Certificate(chain.intermediate);
          assert.ok(own.checkHost(HOST) && own.checkIssued(sent) && sent.checkIssued(z));
          assert.ok(own.verify(sent.publicKey) && sent.verify(ofRoot));
        },
      },
      {
        name: 'handfast, from bytes',
        run: () => judge(parseCertificate(chain.leaf), parseCertificate(chain.intermediate)),
      },
    ],
  };
}

export function certificateContests(): Contest[] {
  return KINDS.flatMap(([kind, label]) => {
    const chain = makeChain(kind);
    return [reading(label, chain.leaf), judging(label, chain)];
  });
}

setFlagsFromString('--expose-gc');
/** Without it one contestant would pay for the garbage of another, of which X509Certificate leaves much. */
const collectGarbage = runInNewContext('gc') as () => void;

/** Microseconds of CPU time for each run. */
export function time({ run }: Contestant, count: number): number {
  collectGarbage();
  // What the collection took of compiled code comes back before the clock runs.
  for (let i = 0; i < count / 2; i++) run();
  const started = process.cpuUsage();
  for (let i = 0; i < count; i++) run();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / count;
}
