/** What `handfast ca issue` makes: certificates for servers and clients, and intermediates in folders of their own. */
import { join } from 'node:path';
import { ConfigError } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { type Certificate, parseHostName, serialNumberText, verify } from 'handfast/x509';
import { type Credential, type Validity, validFor } from '../authority.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { isoTime } from '../times.ts';
import { checkFree, keyText, makeFolder, type Opened, parsed, saveAuthority, writeWhole } from './folder.ts';
import { KEY_TYPES, type KeyType } from './keys.ts';
import type { Usage } from './records.ts';

export interface IssueRequest {
  readonly names: readonly string[];
  readonly usage: Usage;
  readonly key: KeyType;
  readonly days: number;
  /** For an intermediate. */
  readonly permit: readonly string[];
  /** Where to write; without it, beside the authority. */
  readonly out: string | undefined;
  readonly force: boolean;
}

/** What was made, and where it is. */
export interface Issuance {
  readonly usage: Usage;
  readonly names: readonly string[];
  readonly serialNumber: string;
  readonly notAfter: string;
  /** The chain of a leaf, or the folder of an intermediate. */
  readonly path: string;
  /** The private key of a leaf. */
  readonly key: string | undefined;
}

/** A name as the name of a file: `*.example.com` becomes `wildcard.example.com`. */
function fileName(name: string): string {
  const plain = name
    .replace(/^\*\./, 'wildcard.')
    .replace(/[^A-Za-z0-9.@_-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100);
  return plain === '' ? 'certificate' : plain;
}

/** Names of a server as they stand in its certificate. */
function serverName(name: string): string {
  const [, host = name] = /^\*\.(.*)$/.exec(name) ?? [];
  const { kind, text } = parseHostName(host, 'name');
  if (host === name) return text;
  if (kind === 'ip' || !text.includes('.')) {
    throw new ConfigError(
      'name',
      `name: ${JSON.stringify(name)} stands for nothing: * needs a name of at least two labels after it`,
    );
  }
  return `*.${text}`;
}

function checkNames({ names, usage }: IssueRequest): readonly string[] {
  if (usage === 'server') return [...new Set(names.map(serverName))];
  const [name = ''] = names;
  if (names.length > 1)
    throw new Failure(ExitCode.usage, `A certificate of this kind has one name; found ${names.length}.`);
  // X.520 gives a common name 64 characters.
  if (name.trim() === '' || name.length > 64 || /\p{Cc}/u.test(name)) {
    throw new Failure(
      ExitCode.usage,
      'The name must have 1 to 64 characters, none of them control characters.',
    );
  }
  return [name];
}

/** As long as was asked for, but no longer than the issuer. */
function validityBelow({ authority: { validity } }: Opened, days: number): Validity {
  const wanted = validFor(days);
  if (validity.notAfter.getTime() <= Date.now()) {
    throw new Failure(
      ExitCode.usage,
      `The authority expired at ${isoTime(validity.notAfter.getTime())}: make a new one with handfast ca init.`,
    );
  }
  return {
    notBefore: new Date(Math.max(wanted.notBefore.getTime(), validity.notBefore.getTime())),
    notAfter: new Date(Math.min(wanted.notAfter.getTime(), validity.notAfter.getTime())),
  };
}

/**
 * Nothing leaves the authority that would be refused: its own constraints are checked as a peer would.
 * @throws {Failure} with the verdict's sentence.
 */
async function checkAccepted(
  { root, chain }: Opened,
  leaf: Certificate,
  usage: 'server' | 'client',
  names: readonly string[],
): Promise<void> {
  const hosts = usage === 'server' ? names.map((name) => name.replace(/^\*/, 'wildcard')) : [null];
  for (const name of hosts) {
    const verdict = await verify({
      ...(usage === 'server' ? { purpose: usage, name } : { purpose: usage }),
      provider: nodeProvider,
      leaf,
      intermediates: chain,
      anchors: [{ certificate: root }],
      at: Date.now(),
    });
    if (!verdict.ok) {
      throw new Failure(ExitCode.usage, `Nothing was issued, since it would be refused. ${verdict.sentence}`);
    }
  }
}

function record(
  { records }: Opened,
  certificate: Certificate,
  usage: Usage,
  names: readonly string[],
  path: string,
): Issuance {
  const serialNumber = serialNumberText(certificate);
  const notAfter = isoTime(certificate.notAfter.time);
  records.add({
    event: 'issued',
    serialNumber,
    usage,
    names,
    notBefore: isoTime(certificate.notBefore.time),
    notAfter,
    certificate: path,
  });
  return { usage, names, serialNumber, notAfter, path, key: undefined };
}

async function issueLeaf(
  opened: Opened,
  request: IssueRequest,
  usage: 'server' | 'client',
  names: readonly string[],
): Promise<Issuance> {
  const folder = request.out ?? join(opened.dir, 'issued');
  const base = join(folder, fileName(names[0] as string));
  const paths = { chain: `${base}.pem`, key: `${base}.key` };
  checkFree([paths.chain, paths.key], request.force);
  const credential: Credential = await opened.authority.leaf({
    name: (names[0] as string).slice(0, 64),
    ...(usage === 'server' ? { hosts: names } : {}),
    usage,
    kind: KEY_TYPES[request.key],
    validity: validityBelow(opened, request.days),
  });
  const certificate = parsed(credential.certificate);
  await checkAccepted(opened, certificate, usage, names);
  makeFolder(folder);
  const issuance = record(opened, certificate, usage, names, paths.chain);
  writeWhole({ path: paths.key, content: keyText(credential.key), secret: true });
  writeWhole({ path: paths.chain, content: `${credential.chain}\n` });
  return { ...issuance, key: paths.key };
}

async function issueIntermediate(
  opened: Opened,
  request: IssueRequest,
  names: readonly string[],
): Promise<Issuance> {
  if (opened.certificate.basicConstraints?.pathLength === 0) {
    throw new Failure(
      ExitCode.usage,
      `The authority in ${opened.dir} is an intermediate itself, and may issue certificates for servers and clients only.`,
    );
  }
  const [name = ''] = names;
  const dir = request.out ?? join(opened.dir, 'intermediates', fileName(name));
  checkFree([join(dir, 'ca.pem'), join(dir, 'ca.key')], request.force);
  const validity = validityBelow(opened, request.days);
  const intermediate = await opened.authority.intermediate(
    name,
    KEY_TYPES[request.key],
    validity,
    request.permit,
  );
  const issuance = record(
    opened,
    parsed(intermediate.certificate),
    'intermediate',
    names,
    join(dir, 'ca.pem'),
  );
  saveAuthority(dir, intermediate, request.force, opened.rootText);
  return { ...issuance, path: dir };
}

/**
 * Issues a certificate and writes it with its key.
 * @throws {Failure} when a name cannot be used, something would be overwritten, or nobody would accept it.
 */
export async function issueCertificate(opened: Opened, request: IssueRequest): Promise<Issuance> {
  const names = checkNames(request);
  const { usage } = request;
  return usage === 'intermediate'
    ? issueIntermediate(opened, request, names)
    : issueLeaf(opened, request, usage, names);
}

/** Days that certificates are good for where nothing else is asked for. */
export const DEFAULT_DAYS: Readonly<Record<Usage | 'root', number>> = {
  server: 90,
  client: 90,
  intermediate: 1825,
  root: 3650,
};
