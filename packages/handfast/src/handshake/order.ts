/**
 * Which handshake messages must have arrived, and what they must have proved, before Finished is accepted.
 * These tables are the rule; the coroutines are written to the same order, but every message passes here first,
 * so no path through the code can accept one that the tables do not allow (RFC 9846 sections 4 and 4.5).
 */
import type { Role } from '../trace/events.ts';
import { TlsError } from '../wire/errors.ts';

/** What this handshake has come to know about itself, which decides what must follow. */
export interface Facts {
  /** A HelloRetryRequest was sent, and this connection waits for the answer. */
  secondClientHelloExpected: boolean;
  /** The server asked for the client's certificate. */
  certificateRequested: boolean;
  /** The client's Certificate message held a certificate. */
  certificateShown: boolean;
  /** The server insists on one. */
  certificateRequired: boolean;
}

interface Step {
  readonly message: string;
  /** Whether the message must come, may come, or must not, given the facts. */
  readonly presence: (facts: Facts) => 'required' | 'optional' | 'absent';
}

const always: Step['presence'] = () => 'required';
const sometimes: Step['presence'] = () => 'optional';
const only =
  (fact: keyof Facts): Step['presence'] =>
  (facts) =>
    facts[fact] ? 'required' : 'absent';

/** The messages that each side receives in a full TLS 1.3 handshake, in their order. */
export const MESSAGE_ORDER: Readonly<Record<Role, readonly Step[]>> = {
  client: [
    { message: 'HelloRetryRequest', presence: sometimes },
    { message: 'ServerHello', presence: always },
    { message: 'EncryptedExtensions', presence: always },
    { message: 'CertificateRequest', presence: sometimes },
    { message: 'Certificate', presence: always },
    { message: 'CertificateVerify', presence: always },
    { message: 'Finished', presence: always },
  ],
  server: [
    { message: 'ClientHello', presence: always },
    { message: 'ClientHello', presence: only('secondClientHelloExpected') },
    { message: 'Certificate', presence: only('certificateRequested') },
    { message: 'CertificateVerify', presence: only('certificateShown') },
    { message: 'Finished', presence: always },
  ],
};

/** Something about the peer that was checked and held. */
export type Proof = 'trusted certificate' | 'CertificateVerify';

/** What the peer must have proved before its Finished counts. */
export const PROOFS_BEFORE_FINISHED: Readonly<
  Record<Role, readonly { readonly proof: Proof; readonly needed: (facts: Facts) => boolean }[]>
> = {
  client: [
    { proof: 'trusted certificate', needed: () => true },
    { proof: 'CertificateVerify', needed: () => true },
  ],
  server: [
    { proof: 'trusted certificate', needed: (facts) => facts.certificateShown || facts.certificateRequired },
    { proof: 'CertificateVerify', needed: (facts) => facts.certificateShown || facts.certificateRequired },
  ],
};

/** Follows one handshake through its table. */
export class MessageOrder {
  readonly facts: Facts = {
    secondClientHelloExpected: false,
    certificateRequested: false,
    certificateShown: false,
    certificateRequired: false,
  };
  readonly #role: Role;
  readonly #proofs = new Set<Proof>();
  #position = 0;

  constructor(role: Role) {
    this.#role = role;
  }

  /**
   * Accepts a received message as the next one.
   * @throws {TlsError} `ERR_UNEXPECTED_MESSAGE` when it is not its turn, or `ERR_INTERNAL` when a Finished
   * arrives although the peer did not prove what it must.
   */
  admit(message: string): void {
    const steps = MESSAGE_ORDER[this.#role];
    const expected: string[] = [];
    for (let i = this.#position; i < steps.length; i++) {
      const step = steps[i] as Step;
      const presence = step.presence(this.facts);
      if (presence === 'absent') continue;
      if (step.message === message) {
        if (message === 'Finished') this.#requireProofs();
        this.#position = i + 1;
        return;
      }
      expected.push(step.message);
      if (presence === 'required') break;
    }
    const wanted = expected.length === 0 ? 'no further handshake message' : expected.join(' or ');
    throw new TlsError('ERR_UNEXPECTED_MESSAGE', `expected ${wanted}, received ${message}`, {
      message,
      expected,
    });
  }

  /** Notes that the peer proved something. */
  prove(proof: Proof): void {
    this.#proofs.add(proof);
  }

  #requireProofs(): void {
    for (const { proof, needed } of PROOFS_BEFORE_FINISHED[this.#role]) {
      if (needed(this.facts) && !this.#proofs.has(proof)) {
        throw new TlsError('ERR_INTERNAL', `Finished arrived, but the peer has not proved: ${proof}`);
      }
    }
  }
}
