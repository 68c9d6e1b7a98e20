/** What the files of a command line say about the status of certificates: revocation lists and OCSP responses. */
import { ConfigError, TlsError } from 'handfast';
import {
  type CertificateRevocationList,
  type OcspResponse,
  type OcspResponseStatus,
  parseCertificateRevocationList,
  parseOcspResponse,
  readPem,
} from 'handfast/x509';
import { readInput, unusable } from '../files.ts';
import { STRUCTURE_NAMES, type Structure, structureOf } from '../inspect/structure.ts';
import { MAX_EVIDENCE_FILE_SIZE } from '../limits.ts';

const SEQUENCE = 0x30;

/** A kind of evidence, as files hold it. */
interface Kind<T> {
  readonly structure: Exclude<Structure, 'unknown'>;
  /** What PEM calls it; the first is the usual name. */
  readonly labels: readonly string[];
  readonly parse: (der: Uint8Array) => T;
}

const REVOCATION_LIST: Kind<CertificateRevocationList> = {
  structure: 'crl',
  labels: ['X509 CRL', 'CRL'],
  parse: parseCertificateRevocationList,
};

/** What the failures of responders mean (RFC 6960 section 4.2.1), and what to do. */
const FAILURES: Readonly<Record<Exclude<OcspResponseStatus, 'successful'>, string>> = {
  malformedRequest: 'it could not read the request; ask it again with a well-formed one',
  internalError: 'it is not well; ask it again, or another',
  tryLater: 'it has no answer for now; ask it again later',
  sigRequired: 'it answers signed requests only',
  unauthorized: 'it may not, or cannot, answer about this certificate',
};

/** A response that is the answer to nothing would only hide that an answer is missing. */
function parseAnswer(der: Uint8Array): OcspResponse {
  const response = parseOcspResponse(der);
  const { status } = response;
  if (status === 'successful') return response;
  throw new ConfigError('ocsp', `the responder gave no answer but ${status}: ${FAILURES[status]}`);
}

const OCSP_ANSWER: Kind<OcspResponse> = {
  structure: 'ocsp',
  labels: ['OCSP RESPONSE'],
  parse: parseAnswer,
};

/** A stapled response that is no answer is for the verdict to refuse. */
const OCSP_RESPONSE: Kind<OcspResponse> = { ...OCSP_ANSWER, parse: parseOcspResponse };

/** The structures of a PEM text with the labels of a kind, or the one that DER is. */
function structures({ structure, labels }: Kind<unknown>, content: Buffer): readonly Uint8Array[] {
  if (content[0] === SEQUENCE) return [content];
  const all = readPem(content.toString('latin1'), 'evidence');
  const blocks = all.filter(({ label }) => labels.includes(label));
  if (blocks.length > 0) return blocks.map(({ der }) => der);
  const found = [...new Set(all.map(({ label }) => label))].join(', ');
  throw new ConfigError(
    'evidence',
    `expected ${STRUCTURE_NAMES[structure]} (-----BEGIN ${labels[0]}-----), found only other PEM blocks (${found})`,
  );
}

function parseKind<T>({ structure, parse }: Kind<T>, der: Uint8Array): T {
  const found = structureOf(der);
  if (found !== structure && found !== 'unknown') {
    throw new ConfigError(
      'evidence',
      `expected ${STRUCTURE_NAMES[structure]}, found ${STRUCTURE_NAMES[found]}`,
    );
  }
  return parse(der);
}

function readFile<T>(option: string, path: string, kind: Kind<T>): T[] {
  const content = readInput(option, path, MAX_EVIDENCE_FILE_SIZE);
  try {
    return structures(kind, content).map((der) => parseKind(kind, der));
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TlsError)) throw error;
    throw unusable(option, path, error.message.replace(/^evidence: /, ''), error);
  }
}

/**
 * Reads revocation lists, PEM or DER.
 * @throws {Failure} when a file cannot be read or holds none.
 */
export function readRevocationLists(paths: readonly string[]): CertificateRevocationList[] {
  return paths.flatMap((path) => readFile('--crl', path, REVOCATION_LIST));
}

/**
 * Reads OCSP responses, PEM or DER.
 * @throws {Failure} when a file cannot be read, holds none, or one that says only why the responder gave no answer.
 */
export function readOcspResponses(paths: readonly string[]): OcspResponse[] {
  return paths.flatMap((path) => readFile('--ocsp', path, OCSP_ANSWER));
}

/**
 * Reads the one response that a server stapled.
 * @throws {Failure} when the file cannot be read, or does not hold exactly one.
 */
export function readStapledResponse(path: string): OcspResponse {
  const [response, ...others] = readFile('--stapled', path, OCSP_RESPONSE);
  if (response !== undefined && others.length === 0) return response;
  throw unusable('--stapled', path, `it holds ${1 + others.length} OCSP responses, and a server staples one`);
}
