/** A chain that everybody accepts: what is varied of it does not matter to anyone. */
import { COMMON_KEYS, keyOf } from './keys.ts';
import type { CertificatePlan, ChainPlan } from './plan.ts';
import type { NameSpec, SignatureHash } from './support.ts';

/** What a chain is like before it is twisted; all numbers are choices. */
export interface Shape {
  /** 0 to 2. */
  readonly intermediates: number;
  /** Which kind of key, from the leaf up. */
  readonly keys: readonly number[];
  readonly hashes: readonly number[];
  /** Whether an RSA key signs with PSS. */
  readonly pss: boolean;
  readonly names: number;
  readonly serials: readonly number[];
  readonly details: number;
}

export const HOST = 'www.example.test';

const DAY = 86_400_000;
const HASHES: readonly SignatureHash[] = ['sha256', 'sha384', 'sha512'];

const SUBJECTS: readonly ((label: string) => NameSpec)[] = [
  (label) => label,
  (label) => [
    ['C', 'CH'],
    ['O', 'Example Trust'],
    ['CN', label],
  ],
  (label) => [
    ['C', 'DE'],
    ['ST', 'Bayern'],
    ['L', 'München'],
    ['OU', label],
  ],
  (label) => [
    ['DC', 'test'],
    ['DC', 'example'],
    ['CN', label],
  ],
];

function pick<T>(list: readonly T[], choice = 0): T {
  return list[choice % list.length] as T;
}

/** The time of all verdicts, and around it the validities: whole seconds, as certificates have them. */
export const NOW: number = Math.floor(Date.now() / 1000) * 1000;

export function basePlan(shape: Shape): ChainPlan {
  const { intermediates, keys, hashes, names, serials, details } = shape;
  const subject = pick(SUBJECTS, names);
  const certificates: CertificatePlan[] = [];
  for (let index = 0; index <= intermediates + 1; index++) {
    const isRoot = index === intermediates + 1;
    const place = index === 0 ? 'leaf' : isRoot ? 'root' : 'intermediate';
    const kind = pick(COMMON_KEYS, keys[index]);
    const key = keyOf(kind, index === 2 && !isRoot ? 'second' : place);
    const serial = 0x10_0000 + (serials[index] ?? 0);
    const common = { key, serial, notBefore: new Date(NOW - 30 * DAY) };
    const options =
      place === 'leaf'
        ? {
            ...common,
            subject: subject(HOST),
            dnsNames: [HOST, 'example.test'],
            extKeyUsage: details & 1 ? ['serverAuth', 'clientAuth'] : ['serverAuth'],
            notAfter: new Date(NOW + 90 * DAY),
            ...(details & 2 && { ca: false }),
          }
        : {
            ...common,
            subject: subject(isRoot ? 'Root' : `Intermediate ${index}`),
            ca: true,
            notAfter: new Date(NOW + (isRoot ? 9000 : 2000) * DAY),
            ...(!isRoot && details & 4 && { pathLen: index - 1 }),
            ...(!isRoot && details & 8 && { extKeyUsage: ['serverAuth', 'clientAuth'] }),
          };
    certificates.push({ place, options, before: [], after: [] });
  }
  // How each is signed is a matter of the key above it.
  for (const [index, { options }] of certificates.entries()) {
    const { key } = (certificates[index + 1] ?? certificates[index] ?? pick(certificates)).options;
    const type = key.asymmetricKeyType;
    if (type === 'rsa') options.pss = shape.pss;
    if (type === 'rsa' || type === 'rsa-pss' || type === 'ec')
      options.signatureHash = pick(HASHES, hashes[index]);
  }
  return { certificates, name: HOST, finish: [] };
}
