/** handfast as the matrix sees it: told the terms, it says what it agreed to. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  CipherSuite,
  cipherSuiteName,
  type Established,
  groupName,
  NamedGroup,
  SignatureScheme,
  signatureSchemeName,
} from 'handfast';
import { connect, createServer, type TLSSocket } from 'handfast/node';
import type { Authority, Credentials } from '../pki.ts';
import { SCHEMES } from './axes.ts';
import type { Terms } from './cell.ts';
import { EXPORT_LABEL, EXPORT_LENGTH } from './peers/peer.ts';

export interface OurSetup {
  readonly terms: Terms;
  readonly credentials: Credentials | undefined;
  readonly authority: Authority | undefined;
  readonly alpn: readonly string[];
  readonly requireExtendedMasterSecret: boolean;
}

export interface OurServerSetup extends OurSetup {
  readonly preference: 'server' | 'client';
}

export interface OurClientSetup extends OurSetup {
  readonly port: number;
  readonly name: string;
}

/** What our side agreed to. */
export interface Facts {
  readonly version: string;
  readonly suite: string;
  readonly group: string | undefined;
  /** What the peer signed with, and what our side did. */
  readonly peerScheme: string | undefined;
  readonly ownScheme: string | undefined;
  readonly alpn: string | undefined;
  readonly retried: boolean;
  readonly exported: string | undefined;
}

export interface Link {
  readonly socket: TLSSocket;
  readonly facts: Facts;
}

function options(setup: OurSetup) {
  const { terms, credentials, authority, alpn } = setup;
  return {
    versions: terms.versions,
    allowRsaKeyExchange: terms.suites.some((name) => name.startsWith('TLS_RSA_')),
    requireExtendedMasterSecret: setup.requireExtendedMasterSecret,
    cipherSuites: terms.suites.map((name) => CipherSuite[name]),
    groups: terms.groups.map((name) => NamedGroup[name]),
    // What certificates are signed with is no part of the matrix.
    certificateSignatureSchemes: SCHEMES.map(({ name }) => SignatureScheme[name]),
    signatureSchemes: terms.schemes.map((name) => SignatureScheme[name]),
    ...(alpn.length > 0 && { ALPNProtocols: alpn }),
    ...(credentials && { cert: credentials.chainPem, key: credentials.keyPem }),
    ...(authority && { ca: authority.pem }),
    allowHalfOpen: true,
  };
}

const schemeName = (scheme: number | undefined): string | undefined =>
  scheme === undefined ? undefined : signatureSchemeName(scheme);

/** What was agreed, by name. */
export function factsOf(established: Established, exported: string | undefined): Facts {
  const { version, cipherSuite, group, applicationProtocol, helloRetried, peer, own } = established;
  return {
    version,
    suite: cipherSuiteName(cipherSuite),
    group: group === undefined ? undefined : groupName(group),
    peerScheme: schemeName(peer?.signatureScheme),
    ownScheme: schemeName(own?.signatureScheme),
    alpn: applicationProtocol,
    retried: helloRetried,
    exported,
  };
}

function link(socket: TLSSocket): Link {
  const { established } = socket;
  if (established === undefined) throw new Error('secured, but nothing is established');
  // Errors to come reach those who read; without a reader they must not end the run.
  socket.on('error', () => undefined);
  // Without an extended master secret nothing may be exported (RFC 7627 section 5.4).
  const exported = established.extendedMasterSecret
    ? socket.exportKeyingMaterial(EXPORT_LENGTH, EXPORT_LABEL).toString('hex')
    : undefined;
  return { socket, facts: factsOf(established, exported) };
}

/** Resolves when established. @throws {TlsError} when refused. */
export async function dial(setup: OurClientSetup): Promise<Link> {
  const socket = connect({
    ...options(setup),
    host: '127.0.0.1',
    port: setup.port,
    servername: setup.name,
    // One share, so that the order of the groups decides whether there is a HelloRetryRequest.
    keyShares: setup.terms.groups.slice(0, 1).map((name) => NamedGroup[name]),
  });
  await once(socket, 'secureConnect');
  return link(socket);
}

export interface Listener {
  readonly port: number;
  /** The first connection: established, or the reason for its failure. */
  readonly first: Promise<Link>;
  close(): void;
}

export async function listen(setup: OurServerSetup): Promise<Listener> {
  const server = createServer({
    ...options(setup),
    preference: setup.preference,
    requestCert: setup.authority !== undefined,
  });
  const first = new Promise<Link>((resolve, reject) => {
    server.on('secureConnection', (socket: TLSSocket) => {
      try {
        resolve(link(socket));
      } catch (error) {
        reject(error);
      }
    });
    server.on('tlsClientError', reject);
  });
  first.catch(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, first, close: () => server.close() };
}
