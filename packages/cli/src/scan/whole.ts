/** Whole TLS 1.3 handshakes: there the certificate, the signature, the protocol and the tickets come encrypted. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type PeerVerifier, POLICIES, type Policy, type TraceEvent } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { type ConnectOptions, connect, type TLSSocket } from 'handfast/node';
import {
  CipherSuite,
  type Codec,
  certificate,
  certificateVerify,
  decode,
  encryptedExtensions,
  HANDSHAKE_HEADER_LENGTH,
  HandshakeType,
  NamedGroup,
  newSessionTicket,
} from 'handfast/wire';
import { explain } from '../explain.ts';
import { ExitCode, Failure } from '../outcome.ts';
import type { ScanContext } from './context.ts';
import { accepted } from './enumerate.ts';
import type { Accepted, Tls13Facts } from './facts.ts';
import { AFTERMATH_TIME } from './limits.ts';
import { nameOfScheme } from './registries.ts';

/** What a handshake showed, as far as it came. */
export interface WholeHandshake {
  /** DER-encoded, leaf first. */
  readonly chain?: readonly Uint8Array[];
  readonly ocspResponse?: Uint8Array;
  readonly timestamps: number;
  readonly scheme?: number;
  readonly protocol?: string;
  readonly asksForCertificate: boolean;
  readonly tickets: readonly { readonly lifetime: number; readonly earlyData: number }[];
  /** Why it failed. */
  readonly error?: string;
  /** The alert with which the server ended it, before or after its end. */
  readonly alert?: string;
}

/** All that handfast knows of TLS 1.3, so that a handshake fails for no choice of ours. */
const EVERYTHING: Policy = {
  ...POLICIES['modern-2026'],
  cipherSuites: [
    ...POLICIES['modern-2026'].cipherSuites,
    CipherSuite.TLS_AES_128_CCM_SHA256,
    CipherSuite.TLS_AES_128_CCM_8_SHA256,
  ],
  groups: [...new Set([NamedGroup.x25519, ...nodeProvider.groups.keys()])],
  keyShares: [NamedGroup.x25519],
};

/**
 * Lets every chain pass, so that what comes after it can be seen: nothing is ever sent on these connections, and what
 * the scan says about a chain is judged apart.
 */
const onlyLooking: PeerVerifier = {
  verify: () => ({ ok: true, path: [], sentence: 'Not judged here: this connection only looks.' }),
};

class Witness {
  #facts: WholeHandshake = { timestamps: 0, asksForCertificate: false, tickets: [] };

  get facts(): WholeHandshake {
    return this.#facts;
  }

  note(facts: Partial<WholeHandshake>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  see(event: TraceEvent): void {
    if (event.type === 'alert' && event.direction === 'received' && event.level === 'fatal') {
      this.note({ alert: String(event.description) });
    }
    if (event.type !== 'message' || event.direction !== 'received') return;
    const read = <T>(codec: Codec<T>): T =>
      decode(codec, event.name, event.bytes.subarray(HANDSHAKE_HEADER_LENGTH));
    try {
      this.#message(event.messageType, read);
    } catch {
      // The connection itself fails for what cannot be read, and says why.
    }
  }

  #message(type: number, read: <T>(codec: Codec<T>) => T): void {
    switch (type) {
      case HandshakeType.encrypted_extensions: {
        const [protocol] = read(encryptedExtensions).extensions.applicationLayerProtocolNegotiation ?? [];
        if (protocol !== undefined) this.note({ protocol: Buffer.from(protocol).toString('latin1') });
        return;
      }
      case HandshakeType.certificate_request:
        this.note({ asksForCertificate: true });
        return;
      case HandshakeType.certificate: {
        const list = read(certificate).certificateList;
        const { statusRequest, signedCertificateTimestamp = [] } = list[0]?.extensions ?? {};
        this.note({
          chain: list.map(({ certData }) => certData),
          timestamps: signedCertificateTimestamp.length,
          ...(statusRequest && { ocspResponse: statusRequest.response }),
        });
        return;
      }
      case HandshakeType.certificate_verify:
        this.note({ scheme: read(certificateVerify).algorithm });
        return;
      case HandshakeType.new_session_ticket: {
        const { ticketLifetime: lifetime, extensions } = read(newSessionTicket);
        const earlyData = extensions.earlyData?.maxEarlyDataSize ?? 0;
        this.note({ tickets: [...this.#facts.tickets, { lifetime, earlyData }] });
        return;
      }
    }
  }
}

async function watch(socket: TLSSocket, witness: Witness, linger: boolean): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('trace', (event) => witness.see(event));
  try {
    await once(socket, 'secureConnect');
    socket.on('error', () => {}); // an alert after the handshake, which the witness has seen
    socket.resume();
    const ticketed = new Promise<void>((resolve) => {
      socket.on('trace', () => witness.facts.tickets.length > 0 && resolve());
    });
    if (linger) await Promise.race([closed, ticketed, delay(AFTERMATH_TIME)]);
    socket.end();
    await Promise.race([closed, delay(AFTERMATH_TIME)]);
  } catch (error) {
    witness.note({ error: explain(error).text });
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

function late(timeout: number): Failure {
  return new Failure(ExitCode.network, `There was no handshake within ${timeout / 1000} s.`);
}

/**
 * Makes one handshake, as one connection of the scan.
 * @param linger wait for tickets.
 * @returns `undefined` when no more connections may be made.
 */
export function wholeHandshake(
  { dialer }: ScanContext,
  options: Pick<ConnectOptions, 'signatureSchemes' | 'ALPNProtocols'>,
  linger = false,
): Promise<WholeHandshake | undefined> {
  return dialer.within(async () => {
    const { port, serverName, timeout } = dialer.settings;
    const witness = new Witness();
    const socket = connect({
      host: dialer.host,
      port,
      // An empty name is none: the address then stands for it, and no name is sent.
      servername: serverName ?? '',
      verifier: onlyLooking,
      handshakeTimeout: timeout,
      policy: EVERYTHING,
      certificateSignatureSchemes: EVERYTHING.certificateSignatureSchemes,
      ...options,
    });
    const timer = setTimeout(() => socket.destroy(late(timeout)), timeout);
    await watch(socket, witness, linger);
    clearTimeout(timer);
    return witness.facts;
  });
}

/** The first handshake of a scan with TLS 1.3. */
export async function firstHandshake(
  context: ScanContext,
): Promise<{ readonly facts: Tls13Facts; readonly handshake: WholeHandshake } | undefined> {
  context.stage('TLSv1.3 handshake');
  const handshake = await wholeHandshake(context, {}, true);
  if (handshake === undefined) return undefined;
  const { tickets, error } = handshake;
  const lifetime = Math.max(0, ...tickets.map((ticket) => ticket.lifetime));
  const facts = {
    ok: error === undefined,
    ...(error === undefined ? {} : { error }),
    tickets: tickets.length,
    ...(tickets.length === 0 ? {} : { ticketLifetime: lifetime }),
    earlyData: Math.max(0, ...tickets.map(({ earlyData }) => earlyData)),
  };
  return { facts, handshake };
}

/** The schemes of CertificateVerify, of those that handfast knows; and a handshake with each of them. */
export async function askSchemes13(
  context: ScanContext,
): Promise<{ readonly schemes: Accepted<string>; readonly handshakes: readonly WholeHandshake[] }> {
  context.stage('TLSv1.3 signature schemes');
  const handshakes: WholeHandshake[] = [];
  const rest = new Set(EVERYTHING.signatureSchemes);
  const found: number[] = [];
  let complete = true;
  while (rest.size > 0) {
    const handshake = await wholeHandshake(context, { signatureSchemes: [...rest] });
    if (handshake === undefined) complete = false;
    if (handshake?.scheme === undefined || !rest.delete(handshake.scheme)) break;
    handshakes.push(handshake);
    found.push(handshake.scheme);
  }
  // Whose order this is would take another handshake, and the answer changes nothing: keys decide.
  return { schemes: accepted(found.map(nameOfScheme), null, complete), handshakes };
}
