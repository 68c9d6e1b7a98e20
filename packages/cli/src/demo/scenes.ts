/** The scenes of the demonstration: one connection that must work, and those that must not. */
import { type ErrorContext, TlsError, type TlsErrorCode } from 'handfast';
import { Authority, type Credential, DAY_MS, validFor } from '../authority.ts';
import { converse, type Outcome, type Setup } from './conversation.ts';
import type { Side } from './relay.ts';
import type { CastMember, DemoReport, Exchange, Refusal, RefusalName } from './report.ts';
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

interface Scene {
  readonly name: RefusalName;
  readonly situation: string;
  readonly refusedBy: Side;
  readonly code: TlsErrorCode;
  /** The other side cannot decrypt the alert, since it has other keys. */
  readonly keysDiffer?: true;
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
    change: async () => ({ tamper: { when: 'response', plan: { from: 'server', offset: RESPONSE_OFFSET } } }),
  },
];

/** The alert by which the other side heard of it, as its own error tells. */
function heardAlert(error: Error | undefined): string | null {
  const context: ErrorContext = error instanceof TlsError ? error.context : {};
  return context.alertReceived === undefined ? null : String(context.alertReceived);
}

async function playRefusal(scene: Scene, base: Setup, cast: Cast): Promise<Refusal> {
  const { name, situation, refusedBy, code: expectedCode, keysDiffer } = scene;
  const setup: Setup = { ...base, ...(await scene.change(cast)) };
  const { errors, tamperings, received } = await converse(setup);
  const error = errors[refusedBy];
  const refusal = error instanceof TlsError ? error : undefined;
  const otherError = errors[refusedBy === 'client' ? 'server' : 'client'];
  const alertHeard = heardAlert(otherError);
  const [tampering] = tamperings;
  const responseDelivered = received.client.length > 0;
  const wasTampered =
    setup.tamper === undefined || (tampering !== undefined && tampering.before !== tampering.after);
  return {
    name,
    situation,
    refusedBy,
    expectedCode,
    code: refusal?.code ?? null,
    message: error?.message ?? 'nothing: the connection was accepted',
    ...(refusal?.context.verdict === undefined ? {} : { verdict: refusal.context.verdict }),
    alertHeard,
    otherSideCode: otherError instanceof TlsError ? otherError.code : null,
    ...(tampering === undefined ? {} : { tampering }),
    responseDelivered,
    asExpected:
      refusal?.code === expectedCode &&
      alertHeard === (keysDiffer ? null : refusal.alert) &&
      otherError !== undefined &&
      wasTampered &&
      !responseDelivered,
  };
}

/** Pieces of the plaintext of this many bytes are looked for in what the observer saw. */
const TELLTALE_LENGTH = 8;

function occurs(plaintext: Buffer, wire: Buffer): boolean {
  for (let i = 0; i + TELLTALE_LENGTH <= plaintext.length; i++) {
    if (wire.includes(plaintext.subarray(i, i + TELLTALE_LENGTH))) return true;
  }
  return false;
}

function tellExchange(outcome: Outcome, from: Side): Exchange {
  const reader: Side = from === 'client' ? 'server' : 'client';
  const plaintext = outcome.received[reader];
  const carriers = outcome.traces[reader].flatMap((event) =>
    event.type === 'record' &&
    event.direction === 'received' &&
    event.epoch === 'application' &&
    event.innerType === APPLICATION_DATA
      ? [Buffer.from(event.bytes).toString('hex')]
      : [],
  );
  // The name of the server stands in its ClientHello for all to read; what must be secret is in protected records.
  const seen = outcome.seen
    .filter(({ bytes }) => bytes[0] === APPLICATION_DATA)
    .map(({ bytes }) => Buffer.from(bytes));
  const passed = new Set(seen.map((record) => record.toString('hex')));
  return {
    from,
    plaintext: plaintext.toString('latin1'),
    recordsHex: carriers.filter((record) => passed.has(record)),
    plaintextSeen: occurs(plaintext, Buffer.concat(seen)),
  };
}

/** Record content type application_data (RFC 9846 section 5.1). */
const APPLICATION_DATA = 23;

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

function failuresOf({ errors, status, body }: Outcome, exchanges: readonly Exchange[]): string[] {
  const failures = Object.entries(errors).map(([side, error]) => `the ${side} failed: ${error.message}`);
  if (status !== 200 || body !== ANSWER) failures.push('the response is not the one that the server sent');
  for (const { from, recordsHex, plaintextSeen } of exchanges) {
    if (recordsHex.length === 0) failures.push(`the observer saw no record with the data of the ${from}`);
    if (plaintextSeen) failures.push(`the observer could read what the ${from} sent`);
  }
  return failures;
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
  for (const scene of SCENES) refusals.push(await playRefusal(scene, base, cast));
  const failures = [
    ...failuresOf(outcome, exchanges),
    ...refusals.flatMap(({ name, asExpected, expectedCode, code }) =>
      asExpected
        ? []
        : [
            `${name}: expected ${expectedCode} on one side and its alert on the other, found ${code ?? 'no error'}`,
          ],
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
