/** The scenes of the demonstration: one connection that must work, and those that must not. */
import { Authority, type Credential, DAY_MS, validFor } from '../authority.ts';
import { converse, type Setup } from './conversation.ts';
import { type Expectation, failuresOf, judgeRefusal, tellExchange } from './judgement.ts';
import type { CastMember, DemoReport, Refusal } from './report.ts';
import { tellHandshake } from './story.ts';

const SERVER_NAME = 'shop.example';
const PATH = '/orders/7';
const ANSWER = 'Order 7: one silver ring, paid. Only you can read this.\n';
const VALID_DAYS = 30;

/** Byte 11 of the first record: the first of ClientHello.random, behind record header, type, length and version. */
const HELLO_RANDOM_OFFSET = 11;
/** Half way into the ciphertext of the response. */
const RESPONSE_OFFSET = 40;

interface Cast {
  readonly root: Authority;
  readonly intermediate: Authority;
  readonly server: Credential;
  readonly client: Credential;
}

async function makeCast(): Promise<Cast> {
  const validity = validFor(VALID_DAYS);
  const root = await Authority.root('Demo Root', 'ECDSA P-384', validity);
  const intermediate = await root.intermediate('Demo Intermediate', 'ECDSA P-256', validity);
  return {
    root,
    intermediate,
    server: await serverCredential(intermediate, SERVER_NAME),
    client: await intermediate.leaf({ name: 'Ada', usage: 'client', kind: 'Ed25519', validity }),
  };
}

function serverCredential(
  authority: Authority,
  host: string,
  validity = validFor(VALID_DAYS),
): Promise<Credential> {
  return authority.leaf({ name: host, hosts: [host], usage: 'server', kind: 'ECDSA P-256', validity });
}

interface Scene extends Expectation {
  /** How the connection differs from the one that works. */
  readonly change: (cast: Cast) => Promise<Partial<Setup>>;
}

const SCENES: readonly Scene[] = [
  {
    name: 'unknown authority',
    situation: `a stranger has signed the certificate for ${SERVER_NAME}.`,
    refusedBy: 'client',
    code: 'ERR_UNKNOWN_CA',
    change: async () => {
      const stranger = await Authority.root('Stranger Root', 'ECDSA P-256', validFor(VALID_DAYS));
      return { server: await serverCredential(stranger, SERVER_NAME) };
    },
  },
  {
    name: 'other name',
    situation: 'a good certificate, but for another server.',
    refusedBy: 'client',
    code: 'ERR_NAME_MISMATCH',
    change: async ({ intermediate }) => ({ server: await serverCredential(intermediate, 'other.example') }),
  },
  {
    name: 'expired',
    situation: 'the right name and authority, but it ended yesterday.',
    refusedBy: 'client',
    code: 'ERR_CERTIFICATE_EXPIRED',
    change: async ({ intermediate }) => {
      const now = Date.now();
      const past = { notBefore: new Date(now - VALID_DAYS * DAY_MS), notAfter: new Date(now - DAY_MS) };
      return { server: await serverCredential(intermediate, SERVER_NAME, past) };
    },
  },
  {
    name: 'no client certificate',
    situation: 'the server requires one, the client has none.',
    refusedBy: 'server',
    code: 'ERR_CERTIFICATE_REQUIRED',
    change: async () => ({ client: undefined }),
  },
  {
    name: 'changed hello',
    situation: 'a man in the middle flips a bit of the open ClientHello.',
    refusedBy: 'client',
    code: 'ERR_BAD_RECORD_MAC',
    tampered: true,
    keysDiffer: true,
    change: async () => ({
      tamper: { when: 'first hello', plan: { from: 'client', offset: HELLO_RANDOM_OFFSET } },
    }),
  },
  {
    name: 'changed response',
    situation: 'a man in the middle flips a bit of the ciphertext.',
    refusedBy: 'client',
    code: 'ERR_BAD_RECORD_MAC',
    tampered: true,
    change: async () => ({ tamper: { when: 'response', plan: { from: 'server', offset: RESPONSE_OFFSET } } }),
  },
];

function tellCast({ root, intermediate, server, client }: Cast): CastMember[] {
  const member = (
    part: CastMember['part'],
    { name, kind, validity }: Pick<Credential, 'name' | 'kind' | 'validity'>,
    issuer: string,
  ): CastMember => ({ part, name, keyType: kind, issuer, notAfter: validity.notAfter.toISOString() });
  return [
    member('root', root, root.name),
    member('intermediate', intermediate, root.name),
    member('server', server, intermediate.name),
    member('client', client, intermediate.name),
  ];
}

/** Plays all scenes and tells what happened. */
export async function playDemo(): Promise<DemoReport> {
  const cast = await makeCast();
  const base: Setup = {
    server: cast.server,
    client: cast.client,
    trust: cast.root.certificate,
    serverName: SERVER_NAME,
    path: PATH,
    answer: ANSWER,
  };
  const outcome = await converse(base);
  const exchanges = [tellExchange(outcome, 'client'), tellExchange(outcome, 'server')];
  const refusals: Refusal[] = [];
  for (const { change, ...expected } of SCENES) {
    const setup: Setup = { ...base, ...(await change(cast)) };
    refusals.push(judgeRefusal(expected, await converse(setup)));
  }
  const failures = [
    ...failuresOf(outcome, exchanges, ANSWER),
    ...refusals.flatMap(({ asExpected, name, expectedCode, code }) =>
      asExpected ? [] : [`${name}: expected ${expectedCode} and its alert, found ${code ?? 'no error'}`],
    ),
  ];
  return {
    ok: failures.length === 0,
    cast: tellCast(cast),
    handshake: tellHandshake(outcome.traces),
    exchanges,
    refusals,
    failures,
  };
}
