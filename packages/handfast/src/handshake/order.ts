/**
 * Which handshake messages must have arrived, and what they must have proved, before Finished is accepted.
 * These tables are the rule; the coroutines are written to the same order, but every message passes here first,
 * so no path through the code can accept one that the tables do not allow (RFC 9846 sections 4 and 4.5, RFC 5246
 * section 7.3).
 */
import type { Role } from '../trace/events.ts';
import { TlsError } from '../wire/errors.ts';
import type { TlsVersion } from '../wire/registry.ts';

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
  /** TLS 1.3: a pre-shared key stands for the certificates, and no side shows one (RFC 9846 section 2.2). */
  pskChosen: boolean;
  /** TLS 1.3: the client's early data is taken, and ends with EndOfEarlyData (RFC 9846 section 4.6). */
  earlyDataTaken: boolean;
  /** TLS 1.2: the server said that an OCSP response may follow its Certificate (RFC 6066 section 8). */
  certificateStatusPossible: boolean;
  /** TLS 1.2: an earlier session goes on, and only Finished is exchanged (RFC 5246 section 7.3, figure 2). */
  sessionResumed: boolean;
  /** TLS 1.2: the server said that it will send a ticket (RFC 5077 section 3.2). */
  ticketPromised: boolean;
  /** TLS 1.2: the suite has an ephemeral key, which the server sends and signs (RFC 5246 section 7.4.3). */
  keyIsEphemeral: boolean;
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
const unless =
  (fact: keyof Facts, presence: 'required' | 'optional'): Step['presence'] =>
  (facts) =>
    facts[fact] ? 'absent' : presence;
const sometimesIf =
  (fact: keyof Facts): Step['presence'] =>
  (facts) =>
    facts[fact] ? 'optional' : 'absent';

/** The messages that each side receives before the version is known, in their order. */
export const HELLO_ORDER: Readonly<Record<Role, readonly Step[]>> = {
  client: [
    { message: 'HelloRetryRequest', presence: sometimes },
    { message: 'ServerHello', presence: always },
  ],
  server: [{ message: 'ClientHello', presence: always }],
};

/** The messages that each side receives once the version is known, in their order. */
export const MESSAGE_ORDER: Readonly<Record<TlsVersion, Readonly<Record<Role, readonly Step[]>>>> = {
  'TLSv1.3': {
    client: [
      { message: 'EncryptedExtensions', presence: always },
      { message: 'CertificateRequest', presence: unless('pskChosen', 'optional') },
      { message: 'Certificate', presence: unless('pskChosen', 'required') },
      { message: 'CertificateVerify', presence: unless('pskChosen', 'required') },
      { message: 'Finished', presence: always },
    ],
    server: [
      { message: 'ClientHello', presence: only('secondClientHelloExpected') },
      { message: 'EndOfEarlyData', presence: only('earlyDataTaken') },
      { message: 'Certificate', presence: only('certificateRequested') },
      { message: 'CertificateVerify', presence: only('certificateShown') },
      { message: 'Finished', presence: always },
    ],
  },
  'TLSv1.2': {
    client: [
      { message: 'Certificate', presence: unless('sessionResumed', 'required') },
      { message: 'CertificateStatus', presence: sometimesIf('certificateStatusPossible') },
      { message: 'ServerKeyExchange', presence: only('keyIsEphemeral') },
      { message: 'CertificateRequest', presence: unless('sessionResumed', 'optional') },
      { message: 'ServerHelloDone', presence: unless('sessionResumed', 'required') },
      { message: 'NewSessionTicket', presence: only('ticketPromised') },
      { message: 'Finished', presence: always },
    ],
    server: [
      { message: 'Certificate', presence: only('certificateRequested') },
      { message: 'ClientKeyExchange', presence: unless('sessionResumed', 'required') },
      { message: 'CertificateVerify', presence: only('certificateShown') },
      { message: 'Finished', presence: always },
    ],
  },
};

/** Something about the peer that was checked and held. */
export type Proof =
  | 'trusted certificate'
  | 'CertificateVerify'
  /** TLS 1.3: the PSK that was chosen came from this peer, once authenticated, or from the caller; Finished is made with it. */
  | 'pre-shared key'
  /** TLS 1.2: the server signed its ephemeral key and both randoms. */
  | 'ServerKeyExchange'
  /** TLS 1.2 key transport: the premaster secret went out under the key of the trusted certificate, and no other. */
  | 'premaster secret under the certificate'
  /** TLS 1.2: the session that goes on is one that this side has, made with this peer; Finished is made with its secret. */
  | 'earlier session';

interface NeededProof {
  readonly proof: Proof;
  readonly needed: (facts: Facts) => boolean;
}

const showsCertificate = (facts: Facts): boolean => facts.certificateShown || facts.certificateRequired;
const CLIENT_PROOFS: readonly NeededProof[] = [
  { proof: 'trusted certificate', needed: showsCertificate },
  { proof: 'CertificateVerify', needed: showsCertificate },
];

/** What the peer must have proved before its Finished counts; by the role of the receiver. */
export const PROOFS_BEFORE_FINISHED: Readonly<
  Record<TlsVersion, Readonly<Record<Role, readonly NeededProof[]>>>
> = {
  'TLSv1.3': {
    client: [
      { proof: 'trusted certificate', needed: (facts) => !facts.pskChosen },
      { proof: 'CertificateVerify', needed: (facts) => !facts.pskChosen },
      { proof: 'pre-shared key', needed: (facts) => facts.pskChosen },
    ],
    server: [...CLIENT_PROOFS, { proof: 'pre-shared key', needed: (facts) => facts.pskChosen }],
  },
  'TLSv1.2': {
    client: [
      { proof: 'trusted certificate', needed: (facts) => !facts.sessionResumed },
      { proof: 'ServerKeyExchange', needed: (facts) => !facts.sessionResumed && facts.keyIsEphemeral },
      {
        proof: 'premaster secret under the certificate',
        needed: (facts) => !facts.sessionResumed && !facts.keyIsEphemeral,
      },
      { proof: 'earlier session', needed: (facts) => facts.sessionResumed },
    ],
    server: [...CLIENT_PROOFS, { proof: 'earlier session', needed: (facts) => facts.sessionResumed }],
  },
};

/** Follows one handshake through its tables. */
export class MessageOrder {
  readonly facts: Facts = {
    secondClientHelloExpected: false,
    certificateRequested: false,
    certificateShown: false,
    certificateRequired: false,
    pskChosen: false,
    earlyDataTaken: false,
    certificateStatusPossible: false,
    sessionResumed: false,
    ticketPromised: false,
    keyIsEphemeral: false,
  };
  readonly #role: Role;
  readonly #proofs = new Set<Proof>();
  #steps: readonly Step[];
  #version: TlsVersion | undefined;
  #position = 0;

  constructor(role: Role) {
    this.#role = role;
    this.#steps = HELLO_ORDER[role];
  }

  /** The version is known: from the next message on, its table applies. */
  follow(version: TlsVersion): void {
    this.#version = version;
    this.#steps = MESSAGE_ORDER[version][this.#role];
    this.#position = 0;
  }

  /**
   * Accepts a received message as the next one.
   * @throws {TlsError} `ERR_UNEXPECTED_MESSAGE` when it is not its turn, or `ERR_INTERNAL` when a Finished
   * arrives although the peer did not prove what it must.
   */
  admit(message: string): void {
    const expected: string[] = [];
    for (let i = this.#position; i < this.#steps.length; i++) {
      const step = this.#steps[i] as Step;
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
    if (this.#version === undefined) {
      throw new TlsError('ERR_INTERNAL', 'Finished arrived, but the version is not known');
    }
    for (const { proof, needed } of PROOFS_BEFORE_FINISHED[this.#version][this.#role]) {
      if (needed(this.facts) && !this.#proofs.has(proof)) {
        throw new TlsError('ERR_INTERNAL', `Finished arrived, but the peer has not proved: ${proof}`);
      }
    }
  }
}
