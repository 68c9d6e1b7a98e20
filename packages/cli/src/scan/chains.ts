/** The chains that a server shows, one for each kind of key, and what a client thinks of them. */
import type { PeerVerifier } from 'handfast';
import { TlsError } from 'handfast/wire';
import { type Certificate, parseCertificate, refused, type Verdict } from 'handfast/x509';
import { describeCertificate } from '../render/verdict.ts';
import type { ChainFacts } from './facts.ts';
import type { Flight } from './flight.ts';
import { VERSIONS, type Version } from './hello.ts';
import { MAX_CHAIN_CERTIFICATES } from './limits.ts';
import type { WholeHandshake } from './whole.ts';

/** One showing of a chain. */
interface Showing {
  readonly version: Version;
  readonly chain: readonly Uint8Array[];
  readonly ocspResponse?: Uint8Array | undefined;
  readonly timestamps: number;
}

const TLS_FEATURE = '1.3.6.1.5.5.7.1.24';
const TIMESTAMP_LIST = '1.3.6.1.4.1.11129.2.4.2';

function bits(modulus: Uint8Array): number {
  return modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
}

/** `RSA 2048`, `ECDSA P-256`, `Ed25519`. */
function keyText({ publicKeyInfo: { key, algorithm } }: Certificate): string {
  switch (key?.kind) {
    case 'rsa':
      return `RSA ${bits(key.modulus)}`;
    case 'rsa-pss':
      return `RSA-PSS ${bits(key.modulus)}`;
    case 'ec':
      return `ECDSA ${key.curve}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    case 'ml-dsa':
      return key.parameterSet;
    default:
      return `key of algorithm ${algorithm.oid}`;
  }
}

function read(chain: readonly Uint8Array[]): Certificate[] | TlsError {
  try {
    return chain.slice(0, MAX_CHAIN_CERTIFICATES).map((der) => parseCertificate(der));
  } catch (error) {
    if (error instanceof TlsError) return error;
    throw error;
  }
}

function showingsOf(flights: readonly Flight[], handshakes: readonly WholeHandshake[]): Showing[] {
  return [
    ...handshakes.flatMap(({ chain, ocspResponse, timestamps }) =>
      chain === undefined ? [] : [{ version: 'TLSv1.3' as const, chain, ocspResponse, timestamps }],
    ),
    ...flights.flatMap(({ version, chain, ocspResponse, hello }) => {
      if (chain === undefined || hello.kind !== 'ServerHello12') return [];
      const timestamps = hello.hello.extensions.signedCertificateTimestamp?.length ?? 0;
      return [{ version, chain, ocspResponse, timestamps }];
    }),
  ];
}

/** Showings of the same certificates, in the order of the first of each. */
function sameChains(showings: readonly Showing[]): Showing[][] {
  const groups = new Map<string, Showing[]>();
  for (const showing of showings) {
    const key = showing.chain.map((der) => Buffer.from(der).toString('base64')).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [showing]);
    else group.push(showing);
  }
  return [...groups.values()];
}

async function judge(
  verifier: PeerVerifier,
  chain: readonly Certificate[],
  name: string,
  at: number,
): Promise<Verdict> {
  return verifier.verify({ peer: 'server', chain, name, at, use: 'signature' });
}

/** Judges every chain that was seen. */
export async function judgeChains(
  flights: readonly Flight[],
  handshakes: readonly WholeHandshake[],
  { verifier, name, at }: { readonly verifier: PeerVerifier; readonly name: string; readonly at: number },
): Promise<ChainFacts[]> {
  const groups = sameChains(showingsOf(flights, handshakes));
  return Promise.all(
    groups.map(async (group) => {
      const [{ chain } = { chain: [] }] = group;
      const certificates = read(chain);
      const common = {
        versions: VERSIONS.filter((version) => group.some((showing) => showing.version === version)),
        ocspStaple: group.some(({ ocspResponse }) => ocspResponse !== undefined),
      };
      const inHandshake = Math.max(...group.map(({ timestamps }) => timestamps));
      const [leaf] = certificates instanceof TlsError ? [] : certificates;
      if (certificates instanceof TlsError || leaf === undefined) {
        const reason =
          certificates instanceof TlsError ? certificates.message : 'there is no certificate in it';
        return {
          ...common,
          key: 'unreadable',
          certificates: [],
          verdict: refused('issuer', `The chain cannot be read: ${reason}.`),
          mustStaple: false,
          timestamps: { inHandshake, inCertificate: false },
        };
      }
      return {
        ...common,
        key: keyText(leaf),
        certificates: certificates.map(describeCertificate),
        verdict: await judge(verifier, certificates, name, at),
        mustStaple: leaf.extensions.has(TLS_FEATURE),
        timestamps: { inHandshake, inCertificate: leaf.extensions.has(TIMESTAMP_LIST) },
      };
    }),
  );
}
