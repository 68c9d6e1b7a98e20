/** What `handfast verify` does: judges a chain from files, and shows the verdict. */
import { nodeProvider } from 'handfast/crypto/node';
import { rootAnchors } from 'handfast/node';
import {
  type Certificate,
  DEFAULT_PROFILE,
  type ProfileRule,
  type Purpose,
  RFC5280_PROFILE,
  type TrustAnchor,
  verify,
  WEB_PKI_PROFILE,
} from 'handfast/x509';
import { certificatesIn, readAuthorities } from '../credentials.ts';
import { fileLabel, readArgument } from '../files.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { styleFor } from '../render/style.ts';
import { isoTime } from '../times.ts';
import { readRevocationLists } from './status.ts';
import { type Question, verificationLines } from './text.ts';

/** The command's options, as they were parsed. */
export interface VerifyCommandOptions {
  readonly name?: string;
  readonly purpose: Purpose;
  readonly ca?: readonly string[];
  readonly at?: number;
  readonly profile: 'default' | 'rfc5280' | 'web-pki';
  readonly certificatePolicy?: readonly string[];
  readonly crl?: readonly string[];
  readonly requireStatus: 'never' | 'leaf' | 'chain';
  readonly json?: true;
}

const PROFILES: Readonly<Record<VerifyCommandOptions['profile'], readonly ProfileRule[]>> = {
  default: DEFAULT_PROFILE,
  rfc5280: RFC5280_PROFILE,
  'web-pki': WEB_PKI_PROFILE,
};

function checkOptions(files: readonly string[], { name, purpose }: VerifyCommandOptions): void {
  if (files.filter((file) => file === '-').length > 1) {
    throw new Failure(ExitCode.usage, 'The standard input (-) can be read once only.');
  }
  if (name === '') throw new Failure(ExitCode.usage, '--name needs a name.');
  if (name === undefined && purpose === 'server') {
    throw new Failure(
      ExitCode.usage,
      '--name is missing: a server certificate is good for the names that it carries, so say which host it is for; or judge it with --purpose client',
    );
  }
}

async function readChain(files: readonly string[]): Promise<readonly Certificate[]> {
  const chain: Certificate[] = [];
  for (const file of files) chain.push(...certificatesIn('', file, await readArgument(file)));
  return chain;
}

/**
 * Judges and tells.
 * @throws {Failure} when a file or an option cannot be used, in plain words.
 */
export async function runVerify(files: readonly string[], options: VerifyCommandOptions): Promise<ExitCode> {
  checkOptions(files, options);
  const { ca, name, purpose, profile, certificatePolicy, at = Date.now() } = options;
  const anchors: readonly TrustAnchor[] =
    ca === undefined ? rootAnchors() : readAuthorities('--ca', ca).map((certificate) => ({ certificate }));
  const revocation = { crls: readRevocationLists(options.crl ?? []), require: options.requireStatus };
  const [leaf, ...intermediates] = await readChain(files);
  const verdict = await verify({
    // A server has a name: that was checked above.
    ...(purpose === 'server' ? { purpose, name: name as string } : { purpose, name: name ?? null }),
    provider: nodeProvider,
    leaf: leaf as Certificate,
    intermediates,
    anchors,
    at,
    profile: PROFILES[profile],
    revocation,
    ...(certificatePolicy === undefined
      ? {}
      : { policies: { userInitialPolicySet: certificatePolicy, initialExplicitPolicy: true } }),
  });
  const asked: Question = {
    files: files.map(fileLabel),
    certificates: 1 + intermediates.length,
    purpose,
    name: name ?? null,
    at: isoTime(at),
    revocation: { lists: revocation.crls.length, required: revocation.require },
    authorities: { from: ca ?? null, count: anchors.length },
  };
  const output = options.json
    ? JSON.stringify({ ok: verdict.ok, question: asked, verdict }, null, 2)
    : verificationLines(styleFor(process.stdout, process.env), asked, verdict).join('\n');
  process.stdout.write(`${output}\n`);
  return verdict.ok ? ExitCode.fine : ExitCode.refused;
}
