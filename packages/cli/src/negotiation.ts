/** What may be negotiated: the options that `connect` and `serve` have in common, read and handed to the library. */
import { type Command, InvalidArgumentError } from 'commander';
import {
  CipherSuite,
  NamedGroup,
  type NegotiationOptions,
  POLICIES,
  type Policy,
  SignatureScheme,
  type TlsVersion,
} from 'handfast';

/** The options, as they were parsed. */
export interface NegotiationCommandOptions {
  readonly tls?: readonly TlsVersion[];
  readonly policy?: Policy;
  readonly groups?: readonly NamedGroup[];
  readonly suites?: readonly CipherSuite[];
  readonly signatureSchemes?: readonly SignatureScheme[];
  readonly allowRsaKeyExchange?: true;
}

type Registry = Readonly<Record<string, number>>;

/** Signalling values have numbers of cipher suites, and are none. */
const SUITES: Registry = without(CipherSuite, /_SCSV$/);
/** They have numbers and are never negotiated. */
const SCHEMES: Registry = without(SignatureScheme, /_sha1$/);

function without(registry: Registry, names: RegExp): Registry {
  return Object.fromEntries(Object.entries(registry).filter(([name]) => !names.test(name)));
}

/** The names in `text` behind those that were given before, none of them twice. */
function appended<T>(text: string, earlier: readonly T[], read: (name: string) => T): T[] {
  const values = [...earlier];
  for (const name of text.split(',').map((part) => part.trim())) {
    const value = read(name);
    if (values.includes(value)) throw new InvalidArgumentError(`${name} is named twice.`);
    values.push(value);
  }
  return values;
}

const VERSION = /^(?:tls ?)?v?(1\.[23])$/i;

/** A version as people write it, such as `1.3` or `TLSv1.3`; `undefined` for all that handfast does not speak. */
export function tlsVersion(text: string): TlsVersion | undefined {
  const number = VERSION.exec(text)?.[1];
  return number === undefined ? undefined : (`TLSv${number}` as TlsVersion);
}

/** `1.2`, `1.3`, or both with a comma between them. */
export function versions(text: string, earlier: readonly TlsVersion[] = []): TlsVersion[] {
  return appended(text, earlier, (name) => {
    const version = tlsVersion(name);
    if (version !== undefined) return version;
    const isOld = /^(?:ssl.*|(?:tls)?v?1(?:\.[01])?)$/i.test(name);
    const reason = ' What is older is broken, and handfast never speaks it; handfast scan finds it.';
    throw new InvalidArgumentError(`Expected 1.2, 1.3, or both: 1.2,1.3.${isOld ? reason : ''}`);
  });
}

const YEAR = /-\d{4}$/;

/** A policy by its name, dated or not; without a year it is the newest of that name. */
export function policy(name: string): Policy {
  const all: readonly Policy[] = Object.values(POLICIES);
  const wanted = name.toLowerCase();
  const found = all.filter((one) => one.name === wanted || one.name.replace(YEAR, '') === wanted);
  const newest = found.sort((a, b) => (a.name < b.name ? -1 : 1)).at(-1);
  if (newest !== undefined) return newest;
  const names = [...new Set(all.map((one) => one.name.replace(YEAR, '')))];
  throw new InvalidArgumentError(
    `Expected ${names.join(', ')}, or one of them with its year, such as ${all[0]?.name}.`,
  );
}

/** What other standards and OpenSSL call the curves. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'p-256': 'secp256r1',
  prime256v1: 'secp256r1',
  'p-384': 'secp384r1',
  'p-521': 'secp521r1',
  curve25519: 'x25519',
  curve448: 'x448',
};

/** Up to this many names of the same kind are listed in full where one is not known. */
const MAX_LISTED = 16;
const MAX_SUGGESTED = 4;

function registered(registry: Registry, kind: string, example: string) {
  const byName = new Map(Object.entries(registry).map(([name, number]) => [name.toLowerCase(), number]));
  return (text: string, earlier: readonly number[] = []): number[] =>
    appended(text, earlier, (name) => {
      const number = byName.get(name.toLowerCase());
      if (number !== undefined) return number;
      if (name === '') throw new InvalidArgumentError(`Expected names with commas between them, ${example}.`);
      const names = Object.keys(registry);
      const own = OTHER_NAMES[name.toLowerCase()];
      const advice =
        names.length <= MAX_LISTED
          ? `There are ${names.join(', ')}.`
          : `The names are those of IANA, ${similar(name, names) ?? example}.`;
      const isKnown = own !== undefined && own in registry;
      const mistake = isKnown ? `IANA calls ${name} ${own}.` : `handfast has no ${kind} ${name}. ${advice}`;
      throw new InvalidArgumentError(mistake);
    });
}

/** Groups by their IANA names. */
export const groups: (text: string, earlier?: readonly NamedGroup[]) => NamedGroup[] = registered(
  NamedGroup,
  'group',
  'such as X25519MLKEM768,x25519',
);

/** Cipher suites by their IANA names. */
export const suites: (text: string, earlier?: readonly CipherSuite[]) => CipherSuite[] = registered(
  SUITES,
  'cipher suite',
  'such as TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
);

/** Signature schemes by their IANA names. */
export const signatureSchemes: (text: string, earlier?: readonly SignatureScheme[]) => SignatureScheme[] =
  registered(SCHEMES, 'signature scheme', 'such as ed25519,rsa_pss_rsae_sha256');

/** Pairs of neighbouring letters and digits, without what all names of suites have in common. */
function pairs(name: string): Set<string> {
  const plain = name.toUpperCase().replace(/TLS_|_WITH_|[^A-Z0-9]/g, '');
  return new Set(Array.from({ length: Math.max(0, plain.length - 1) }, (_, i) => plain.slice(i, i + 2)));
}

/** How alike two sets are: from 0, nothing in common, to 1 (the coefficient of Dice). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return (2 * shared) / (a.size + b.size || 1);
}

const MIN_LIKENESS = 0.5;

/** `such as` the names most like `name`, which may be spelled as OpenSSL spells it; `undefined` where none is like it. */
function similar(name: string, names: readonly string[]): string | undefined {
  const wanted = pairs(name);
  const found = names
    .map((candidate) => ({ candidate, rank: likeness(wanted, pairs(candidate)) }))
    .filter(({ rank }) => rank >= MIN_LIKENESS)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MAX_SUGGESTED)
    .map(({ candidate }) => candidate);
  return found.length === 0 ? undefined : `such as ${found.join(', ')}`;
}

/** Adds the options to a command. */
export function addNegotiationOptions(command: Command): Command {
  return command
    .optionsGroup('What may be negotiated (IANA names with commas between them, best first):')
    .option('--tls <versions>', "protocol versions: 1.2, 1.3, or 1.2,1.3 (default: the policy's)", versions)
    .option('--policy <name>', 'modern, intermediate, legacy or cnsa-2 (default: intermediate)', policy)
    .option('--groups <names>', 'key-exchange groups, such as X25519MLKEM768,x25519', groups)
    .option('--suites <names>', 'cipher suites, of both versions in one list', suites)
    .option('--signature-schemes <names>', 'schemes that the peer may sign with', signatureSchemes)
    .option('--allow-rsa-key-exchange', 'take RSA key transport too, which has no forward secrecy');
}

/** The same as options of the library. */
export function negotiationOptions(options: NegotiationCommandOptions): NegotiationOptions {
  const { tls, policy, groups, suites, signatureSchemes, allowRsaKeyExchange } = options;
  return {
    ...(tls === undefined ? {} : { versions: tls }),
    ...(policy === undefined ? {} : { policy }),
    ...(groups === undefined ? {} : { groups }),
    ...(suites === undefined ? {} : { cipherSuites: suites }),
    ...(signatureSchemes === undefined ? {} : { signatureSchemes }),
    ...(allowRsaKeyExchange === undefined ? {} : { allowRsaKeyExchange }),
  };
}
