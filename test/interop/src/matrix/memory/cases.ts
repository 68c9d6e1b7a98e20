/** What handfast is tried with in memory: every combination by itself, and every choice among a few. */
import type { KeyKind } from '../../pki.ts';
import {
  clientSchemesOf,
  type GroupName,
  groupsOf,
  type Scheme,
  type SchemeName,
  SUITES,
  type Suite,
  type SuiteName,
  schemesOf,
  VERSIONS,
  type Version,
} from '../axes.ts';
import { consistent, EVERYTHING, narrowTerms, type Terms, wideTerms } from '../cell.ts';
import { isWorth, plainCell } from '../cover.ts';
import type { ClientSide, Match, ServerSide } from './terms.ts';

/** A row of the table, with the handshakes that it counts. */
export interface Section {
  readonly name: string;
  matches(): Iterable<Match>;
}

const PREFERENCES = ['server', 'client'] as const;

/** All lists of up to `most` different entries, in every order. */
export function orders<T>(entries: readonly T[], most = entries.length): (readonly T[])[] {
  if (most === 0) return [];
  return entries.flatMap((first) => [
    [first],
    ...orders(
      entries.filter((entry) => entry !== first),
      most - 1,
    ).map((rest) => [first, ...rest]),
  ]);
}

/** All lists that keep the order, but not the empty one. */
function subsets<T>([first, ...others]: readonly T[]): (readonly T[])[] {
  if (first === undefined) return [];
  const rest = subsets(others);
  return [[first], ...rest, ...rest.map((list) => [first, ...list])];
}

const client = (terms: Terms, more: Partial<ClientSide> = {}): ClientSide => ({
  ...consistent(terms, 'client'),
  shares: terms.groups.slice(0, 1),
  keys: [],
  alpn: [],
  ...more,
});

const server = (terms: Terms, more: Partial<ServerSide> = {}): ServerSide => ({
  ...consistent(terms, 'server'),
  keys: ['rsa2048'],
  alpn: [],
  preference: 'server',
  clientAuthentication: 'none',
  ...more,
});

/** One combination, which one side knows alone and the other among all others. */
function* single(
  suite: Suite,
  group: ReturnType<typeof groupsOf>[number],
  scheme: Scheme | undefined,
  clientScheme: Scheme | undefined,
): Generator<Match> {
  for (const narrow of ['client', 'server'] as const) {
    for (const last of narrow === 'server' ? [false, true] : [true]) {
      const cell = plainCell(suite, group, { scheme, client: clientScheme, last });
      const [few, all] = [narrowTerms(cell), wideTerms(cell, EVERYTHING)];
      yield {
        client: client(narrow === 'client' ? few : all, {
          keys: clientScheme === undefined ? [] : [clientScheme.key],
        }),
        server: server(narrow === 'server' ? few : all, {
          keys: [scheme?.key ?? 'rsa2048'],
          clientAuthentication: clientScheme === undefined ? 'none' : 'require',
        }),
      };
    }
  }
}

const exchangeOf = ({ version, keyExchange }: Suite): string => `${version} ${keyExchange ?? ''}`.trimEnd();

/** Suites, groups and signatures of one kind of key exchange: all of them with all of them. */
function products(exchange: string): Section[] {
  const suites = SUITES.filter((suite) => exchangeOf(suite) === exchange);
  const [first] = suites;
  if (first === undefined) return [];
  return [
    {
      name: `${exchange}: suite x group x signature`,
      *matches() {
        let turn = 0;
        for (const suite of suites) {
          const clients = [undefined, ...clientSchemesOf(suite)];
          for (const group of groupsOf(suite).filter((entry) => isWorth(suite, entry))) {
            for (const scheme of schemesOf(suite)) {
              yield* single(suite, group, scheme, clients[turn++ % clients.length]);
            }
          }
        }
      },
    },
    {
      name: `${exchange}: signature x client's signature`,
      *matches() {
        for (const suite of exchange.endsWith('ECDHE') ? byAuthentication(suites) : [first]) {
          for (const scheme of schemesOf(suite)) {
            for (const clientScheme of clientSchemesOf(suite)) {
              yield* single(suite, groupsOf(suite)[0], scheme, clientScheme);
            }
          }
        }
      },
    },
  ];
}

function byAuthentication(suites: readonly Suite[]): Suite[] {
  return (['ECDSA', 'RSA'] as const).flatMap(
    (kind) => suites.find(({ authentication }) => authentication === kind) ?? [],
  );
}

const SCHEMES: readonly SchemeName[] = ['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256', 'ed25519'];
const BASE: Terms = {
  versions: VERSIONS,
  suites: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  ],
  groups: ['x25519', 'secp256r1', 'ffdhe2048'],
  schemes: SCHEMES,
};

const TLS13: Terms = { ...BASE, versions: ['TLSv1.3'] };
const TLS12: Terms = { ...BASE, versions: ['TLSv1.2'] };
const only = (version: Version): Terms => (version === 'TLSv1.3' ? TLS13 : TLS12);

/** Every pair of lists, by either preference. */
function* contests<T>(
  clients: readonly T[],
  servers: readonly T[],
  match: (of: T, by: T, preference: ServerSide['preference']) => Match | undefined,
): Generator<Match> {
  for (const of of clients) {
    for (const by of servers) {
      for (const preference of PREFERENCES) {
        const made = match(of, by, preference);
        // A side that is left with nothing is no configuration.
        if (made !== undefined && made.client.suites.length > 0 && made.server.suites.length > 0) yield made;
      }
    }
  }
}

const SUITES13: readonly SuiteName[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
];
const SUITES12: readonly SuiteName[] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
];
const KEYS: readonly (readonly KeyKind[])[] = [
  ['p256'],
  ['rsa2048'],
  ['ed25519'],
  ['p256', 'rsa2048'],
  ['rsa2048', 'p256'],
];

const CHOICES: readonly Section[] = [
  {
    name: 'choice of the version',
    matches: () =>
      contests(orders(VERSIONS), orders(VERSIONS), (of, by, preference) => ({
        client: client({ ...BASE, versions: of }),
        server: server({ ...BASE, versions: by }, { preference }),
      })),
  },
  {
    name: 'TLSv1.3: choice of the suite',
    matches: () =>
      contests(orders(SUITES13), orders(SUITES13), (of, by, preference) => ({
        client: client({ ...TLS13, suites: of }),
        server: server({ ...TLS13, suites: by }, { preference }),
      })),
  },
  {
    name: 'TLSv1.3: choice of the group, any shares',
    *matches() {
      const groups: readonly GroupName[] = ['x25519', 'secp256r1', 'x448'];
      for (const of of orders(groups)) {
        for (const shares of subsets(of)) {
          yield* contests([of], orders(groups), (_, by, preference) => ({
            client: client({ ...TLS13, groups: of }, { shares }),
            server: server({ ...TLS13, groups: by }, { preference }),
          }));
        }
      }
    },
  },
  {
    name: 'TLSv1.2: choice of the suite, by keys',
    *matches() {
      for (const keys of KEYS) {
        yield* contests(orders(SUITES12, 3), orders(SUITES12, 2), (of, by, preference) => ({
          client: client({ ...TLS12, suites: of }),
          server: server({ ...TLS12, suites: by }, { preference, keys }),
        }));
      }
    },
  },
  {
    name: 'TLSv1.2: choice of the group',
    *matches() {
      const groups: readonly GroupName[] = ['x25519', 'secp256r1', 'ffdhe2048', 'ffdhe3072'];
      for (const suites of orders(SUITES12.slice(0, 3), 2).filter(({ length }) => length === 2)) {
        yield* contests(orders(groups, 2), orders(groups, 3), (of, by, preference) => ({
          client: client({ ...TLS12, suites, groups: of }),
          server: server({ ...TLS12, suites, groups: by }, { preference, keys: ['rsa2048', 'p256'] }),
        }));
      }
    },
  },
  ...VERSIONS.flatMap((version): Section[] => [
    {
      name: `${version}: choice of the signature, by keys`,
      *matches() {
        const schemes: readonly SchemeName[] = [...SCHEMES, 'rsa_pss_rsae_sha512', 'rsa_pkcs1_sha256'];
        for (const keys of KEYS) {
          yield* contests(orders(schemes, 3), [SCHEMES], (of, by, preference) => ({
            client: client({ ...only(version), schemes: of }),
            server: server({ ...only(version), schemes: by }, { preference, keys }),
          }));
        }
      },
    },
    {
      name: `${version}: clients with and without certificates`,
      *matches() {
        for (const clientAuthentication of ['none', 'request', 'require'] as const) {
          for (const keys of [[], ...KEYS]) {
            yield* contests([SCHEMES], orders(SCHEMES), (of, by, preference) => ({
              client: client({ ...only(version), schemes: of }, { keys }),
              server: server({ ...only(version), schemes: by }, { preference, clientAuthentication }),
            }));
          }
        }
      },
    },
    {
      name: `${version}: application protocols`,
      matches: () => {
        const lists = [[], ...orders(['h2', 'http/1.1', 'x'])];
        return contests(lists, lists, (of, by, preference) => ({
          client: client(only(version), { alpn: of }),
          server: server(only(version), { preference, alpn: by }),
        }));
      },
    },
  ]),
];

/** All sections, in the order of the table. */
export const SECTIONS: readonly Section[] = [
  ...['TLSv1.3', 'TLSv1.2 ECDHE', 'TLSv1.2 DHE', 'TLSv1.2 RSA'].flatMap(products),
  ...CHOICES,
];
