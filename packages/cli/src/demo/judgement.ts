/** Whether the scenes went as they must: by error codes, and by what passed the observer. */
import { type ErrorContext, TlsError, type TlsErrorCode } from 'handfast';
import type { Outcome } from './conversation.ts';
import type { Side } from './relay.ts';
import type { Exchange, Refusal, RefusalName } from './report.ts';

/** How a connection must fail. */
export interface Expectation {
  readonly name: RefusalName;
  readonly situation: string;
  readonly refusedBy: Side;
  readonly code: TlsErrorCode;
  /** A byte is changed on the way. */
  readonly tampered?: true;
  /** The other side cannot decrypt the alert, since it has other keys. */
  readonly keysDiffer?: true;
}

/** Record content type application_data (RFC 9846 section 5.1). */
const APPLICATION_DATA = 23;

/** The alert by which the other side heard of it, as its own error tells. */
function heardAlert(error: Error | undefined): string | null {
  const context: ErrorContext = error instanceof TlsError ? error.context : {};
  return context.alertReceived === undefined ? null : String(context.alertReceived);
}

/** Whether a connection that must fail failed as it must, judged by error codes and by what was delivered. */
export function judgeRefusal(expected: Expectation, { errors, tamperings, received }: Outcome): Refusal {
  const { name, situation, refusedBy, code: expectedCode, tampered = false, keysDiffer = false } = expected;
  const error = errors[refusedBy];
  const refusal = error instanceof TlsError ? error : undefined;
  const otherError = errors[refusedBy === 'client' ? 'server' : 'client'];
  const alertHeard = heardAlert(otherError);
  const [tampering] = tamperings;
  const wasTampered = tampering !== undefined && tampering.before !== tampering.after;
  const responseDelivered = received.client.length > 0;
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
      otherError !== undefined &&
      alertHeard === (keysDiffer ? null : refusal.alert) &&
      wasTampered === tampered &&
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

/** What one end sent, and what of it the observer saw. */
export function tellExchange(outcome: Outcome, from: Side): Exchange {
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

/** What is not as it must be in the connection that must work; nothing, when all is well. */
export function failuresOf(
  { errors, status, body }: Outcome,
  exchanges: readonly Exchange[],
  answer: string,
): string[] {
  const failures = Object.entries(errors).map(([side, error]) => `the ${side} failed: ${error.message}`);
  if (status !== 200 || body !== answer) failures.push('the response is not the one that the server sent');
  for (const { from, recordsHex, plaintextSeen } of exchanges) {
    if (recordsHex.length === 0) failures.push(`the observer saw no record with the data of the ${from}`);
    if (plaintextSeen) failures.push(`the observer could read what the ${from} sent`);
  }
  return failures;
}
