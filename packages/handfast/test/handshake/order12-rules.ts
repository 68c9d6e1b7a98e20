/**
 * What must have arrived before Finished in TLS 1.2: every message of every flow, with each of the three key exchanges, is
 * dropped, repeated, exchanged with its neighbour, replaced by and preceded by every other message, in both roles. The
 * coroutines run without a record layer, so nothing but the handshake itself can notice; ChangeCipherSpec, which is no
 * handshake message, has a test of its own.
 *
 * What must happen is computed by these rules, which are stated here apart from the code:
 *
 * 1. A HelloRequest is as if it had not come for a client that knows the version, as often as the limit allows. A
 *    ClientHello after the handshake is declined likewise. Anywhere else they are messages that may not come.
 * 2. A message that may not come now is refused with ERR_UNEXPECTED_MESSAGE ({@link admitted}).
 * 3. A hello of TLS 1.3 is refused by the version, or by what else betrays it, and so is one that shows that the server
 *    was led to TLS 1.2 ({@link misled}). A message that is read as what it is not is refused for its bytes
 *    ({@link misread}).
 * 4. A certificate that is missing from Certificate is refused: by a client always, by a server that requires one.
 * 5. The server signs both randoms and its key, with the key of its certificate: ServerKeyExchange is refused with
 *    ERR_BAD_SIGNATURE where it, ServerHello or Certificate is not what the server sent.
 * 6. Any other departure from what the peer sent makes the next proof over everything fail: ERR_BAD_SIGNATURE for
 *    CertificateVerify, ERR_BAD_FINISHED for Finished.
 * 7. Where nothing more arrives, the receiver waits, and has not completed.
 */
import assert from 'node:assert/strict';
import { MAX_RENEGOTIATION_ATTEMPTS } from '../../src/policy/limits.ts';
import type { Role } from '../../src/trace/events.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { nameOf } from '../support/bare.ts';
import {
  flowsOf,
  foreignMessages12,
  isEmptyCertificate12,
  KEY_EXCHANGES,
  type KeyExchange12,
  MALFORMED,
  OF_TLS13,
  readServerHello,
  SENTINEL,
  SUITES,
} from '../support/order12.ts';
import type { PairOptions } from '../support/pair.ts';
import {
  type Delivery,
  type Foreign,
  type OrderRules,
  type Outcome,
  testTampering,
} from '../support/tampering.ts';

export const FOREIGN: readonly Foreign[] = foreignMessages12();

/** The key exchange that a flow's server has chosen. */
function chosenBy({ server }: PairOptions): KeyExchange12 {
  const [suite] = server?.cipherSuites ?? [];
  const found = KEY_EXCHANGES.find((keyExchange) => SUITES[keyExchange] === suite);
  assert.ok(found);
  return found;
}

/** The messages that may come after `seen`. */
function admitted(flow: PairOptions, receiver: Role, seen: readonly Delivery[]): readonly string[] {
  const last = nameAt(seen, -1);
  return receiver === 'client' ? admittedAtClient(seen, last) : admittedAtServer(flow, seen, last);
}

const nameAt = (seen: readonly Delivery[], index: number): string | undefined => {
  const delivery = seen.at(index);
  return delivery && nameOf(delivery.message);
};

function admittedAtClient(seen: readonly Delivery[], last: string | undefined): readonly string[] {
  const [hello] = seen;
  if (hello === undefined) return ['HelloRetryRequest', 'ServerHello'];
  const { keyExchange, mayStaple } = readServerHello(hello.message);
  const afterCertificate =
    keyExchange === 'RSA' ? ['CertificateRequest', 'ServerHelloDone'] : ['ServerKeyExchange'];
  switch (last) {
    case 'ServerHello':
      return ['Certificate'];
    case 'Certificate':
      return mayStaple ? ['CertificateStatus', ...afterCertificate] : afterCertificate;
    case 'CertificateStatus':
      return afterCertificate;
    case 'ServerKeyExchange':
      return ['CertificateRequest', 'ServerHelloDone'];
    case 'CertificateRequest':
      return ['ServerHelloDone'];
    case 'ServerHelloDone':
      return ['Finished'];
    default:
      return [];
  }
}

function admittedAtServer(
  { server }: PairOptions,
  seen: readonly Delivery[],
  last: string | undefined,
): readonly string[] {
  switch (last) {
    case undefined:
      return ['ClientHello'];
    case 'ClientHello':
      return [server?.clientAuthentication === undefined ? 'ClientKeyExchange' : 'Certificate'];
    case 'Certificate':
      return ['ClientKeyExchange'];
    case 'ClientKeyExchange': {
      const isShown =
        nameAt(seen, 1) === 'Certificate' && !isEmptyCertificate12(seen[1]?.message as Uint8Array);
      return [isShown ? 'CertificateVerify' : 'Finished'];
    }
    case 'CertificateVerify':
      return ['Finished'];
    default:
      return [];
  }
}

/** What a hello is refused with that speaks of another version. */
function misled({ client }: PairOptions, receiver: Role, { form }: Delivery): TlsErrorCode | undefined {
  const speaksBoth = client?.versions !== undefined;
  // A client that offered TLS 1.3 has sent a session id, and wants it back.
  if (form === OF_TLS13) {
    return receiver === 'client' && speaksBoth ? 'ERR_ILLEGAL_PARAMETER' : 'ERR_PROTOCOL_VERSION';
  }
  return form === SENTINEL && speaksBoth ? 'ERR_DOWNGRADE' : undefined;
}

/** What a message is refused with that is not of the form that `read` has. */
function misread(name: string, form: string | undefined, read: KeyExchange12): TlsErrorCode | undefined {
  if (form === MALFORMED) return 'ERR_DECODE';
  switch (name) {
    case 'Certificate':
    case 'CertificateRequest':
    case 'Finished':
      return form === OF_TLS13 ? 'ERR_DECODE' : undefined;
    case 'ServerKeyExchange':
      if (form === read) return undefined;
      return read === 'ECDHE' ? 'ERR_ILLEGAL_PARAMETER' : 'ERR_DECODE'; // no named curve; no room for such a prime
    case 'ClientKeyExchange': {
      // 256 bytes can be a ciphertext of RSA-2048 and a share of ffdhe2048.
      const isReadable = form === read || (form !== 'ECDHE' && read !== 'ECDHE');
      return isReadable ? undefined : 'ERR_DECODE';
    }
    default:
      return undefined;
  }
}

/** What the rules say about what a receiver was given. */
function expectedOutcome(flow: PairOptions, receiver: Role, deliveries: readonly Delivery[]): Outcome {
  const again = receiver === 'client' ? 'HelloRequest' : 'ClientHello';
  const seen: Delivery[] = [];
  let wishes = 0;
  let [hasDeparted, hasStrangeSigner] = [false, false];
  for (const delivery of deliveries) {
    const { message, isGenuine, isAfterGap, form = chosenBy(flow) } = delivery;
    const name = nameOf(message);
    const isOver = nameAt(seen, -1) === 'Finished';
    if (name === again && (isOver || (receiver === 'client' && seen.length > 0))) {
      if (++wishes > MAX_RENEGOTIATION_ATTEMPTS) return 'ERR_TOO_MANY_RENEGOTIATIONS';
      continue;
    }
    if (!admitted(flow, receiver, seen).includes(name)) return 'ERR_UNEXPECTED_MESSAGE';
    const read =
      receiver === 'client' && seen[0] ? readServerHello(seen[0].message).keyExchange : chosenBy(flow);
    const refusal = /Hello(RetryRequest)?$/.test(name)
      ? misled(flow, receiver, delivery)
      : misread(name, form, read);
    if (refusal !== undefined) return refusal;
    if (name === 'Certificate' && isEmptyCertificate12(message)) {
      if (receiver === 'client') return 'ERR_EMPTY_CERTIFICATE';
      if (flow.server?.clientAuthentication === 'require') return 'ERR_NO_CERTIFICATE';
    }
    hasDeparted ||= !isGenuine || isAfterGap;
    hasStrangeSigner ||= !isGenuine && ['ServerHello', 'Certificate', 'ServerKeyExchange'].includes(name);
    if (hasStrangeSigner && name === 'ServerKeyExchange') return 'ERR_BAD_SIGNATURE';
    if (hasDeparted && name === 'CertificateVerify') return 'ERR_BAD_SIGNATURE';
    if (hasDeparted && name === 'Finished') return 'ERR_BAD_FINISHED';
    if (name === 'Finished') wishes = 0; // those after the handshake are counted anew
    seen.push(delivery);
  }
  return nameAt(seen, -1) === 'Finished' ? 'completes' : 'waits';
}

/** The rules above. */
export const RULES: OrderRules = {
  foreign: FOREIGN,
  expectedOutcome,
  takenAfterwards: { client: ['HelloRequest'], server: ['ClientHello'] },
};

/** The tests of one key exchange: each has a file of its own, so that they run side by side. */
export function testOrder(keyExchange: KeyExchange12): void {
  for (const [name, flow] of Object.entries(flowsOf(keyExchange))) {
    for (const receiver of ['client', 'server'] as const) {
      testTampering(`${keyExchange}, ${name}`, flow, receiver, RULES);
    }
  }
}
