/** What `handfast connect --json` prints: one document, of a connection or of its failure. */
import { cipherSuiteName, groupName, signatureSchemeName, TlsError, type TraceEvent } from 'handfast';
import type { TLSSocket } from 'handfast/node';
import type { Address } from '../address.ts';
import { explain } from '../explain.ts';
import { traceData } from '../render/trace.ts';
import { describeCertificate } from '../render/verdict.ts';
import { weakPoints } from '../render/weak-points.ts';
import type { HttpReply } from './http.ts';

type Traced = readonly TraceEvent[] | false | undefined;

function events(traced: Traced): object {
  return traced ? { events: traced.map(traceData) } : {};
}

function connection({ established, remoteAddress, verdict }: TLSSocket): object {
  if (established === undefined) return verdict === undefined ? {} : { verdict };
  const {
    version,
    cipherSuite,
    keyExchange,
    group,
    extendedMasterSecret,
    encryptThenMac,
    applicationProtocol,
    serverName,
    helloRetried,
    resumed,
    earlyData,
    pskIdentity,
    peer,
    own,
    choices,
  } = established;
  return {
    remoteAddress,
    version,
    cipherSuite: cipherSuiteName(cipherSuite),
    keyExchange,
    group: group === undefined ? null : groupName(group),
    extendedMasterSecret,
    encryptThenMac: encryptThenMac ?? null,
    applicationProtocol: applicationProtocol ?? null,
    serverName: serverName ?? null,
    helloRetried,
    resumed,
    earlyData: earlyData ?? null,
    pskIdentity: pskIdentity === undefined ? null : Buffer.from(pskIdentity).toString('latin1'),
    peer: peer && {
      certificates: peer.chain.map(describeCertificate),
      signatureScheme: peer.signatureScheme === undefined ? null : signatureSchemeName(peer.signatureScheme),
    },
    clientCertificateShown: own !== undefined,
    verdict: peer?.verdict,
    weaknesses: weakPoints(established),
    choices: choices.map(({ type: _type, ...choice }) => choice),
  };
}

export function successDocument(
  address: Address,
  socket: TLSSocket,
  reply: HttpReply | undefined,
  traced: Traced,
): object {
  return {
    ok: true,
    address,
    ...connection(socket),
    ...(reply === undefined ? {} : { response: reply }),
    ...events(traced),
  };
}

export function failureDocument(address: Address, socket: TLSSocket, error: unknown, traced: Traced): object {
  const { exitCode, text } = explain(error, address);
  const code = (error as { readonly code?: unknown }).code;
  return {
    ok: false,
    address,
    error: {
      code: typeof code === 'string' ? code : null,
      message: text,
      exitCode,
      ...(error instanceof TlsError
        ? { alertSent: error.alert, alertReceived: error.context.alertReceived ?? null }
        : {}),
    },
    ...connection(socket),
    ...events(traced),
  };
}
