/** What `handfast verify` does: judges a chain from files, and shows the verdict. */
import { nodeProvider } from 'handfast/crypto/node';
import type { FetchedVerdict } from 'handfast/node';
import {
  type Certificate,
  DEFAULT_PROFILE,
  type ProfileRule,
  type Purpose,
  type RevocationOptions,
  RFC5280_PROFILE,
  type Verdict,
  type VerifyOptions,
  verify,
  WEB_PKI_PROFILE,
} from 'handfast/x509';
import { readTrust, trustSources } from '../authorities.ts';
import { certificatesIn } from '../credentials.ts';
import { readFetcher } from '../fetching.ts';
import { fileLabel, readArgument } from '../files.ts';
import type { FetchingCommandOptions, TrustCommandOptions } from '../options.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { styleFor } from '../render/style.ts';
import { isoTime } from '../times.ts';
import { readOcspResponses, readRevocationLists, readStapledResponse } from './evidence.ts';
import { purposeName, readPurpose } from './purpose.ts';
import { type Question, verificationLines } from './text.ts';
import { readTransparency, type TransparencyCommandOptions } from './transparency.ts';

/** The command's options, as they were parsed. */
export interface VerifyCommandOptions
  extends FetchingCommandOptions,
    TransparencyCommandOptions,
    TrustCommandOptions {
  readonly name?: string;
  readonly purpose: string;
  readonly at?: number;
  readonly profile: 'default' | 'rfc5280' | 'web-pki';
  readonly certificatePolicy?: readonly string[];
  readonly crl?: readonly string[];
  readonly ocsp?: readonly string[];
  readonly stapled?: string;
  readonly requireStatus: 'never' | 'leaf' | 'chain';
  readonly json?: true;
}

const PROFILES: Readonly<Record<VerifyCommandOptions['profile'], readonly ProfileRule[]>> = {
  default: DEFAULT_PROFILE,
  rfc5280: RFC5280_PROFILE,
  'web-pki': WEB_PKI_PROFILE,
};

/** What the command line asks, before any file is read. */
function readAsked(files: readonly string[], { name, purpose: text }: VerifyCommandOptions): Purpose {
  if (files.filter((file) => file === '-').length > 1) {
    throw new Failure(ExitCode.usage, 'The standard input (-) can be read once only.');
  }
  if (name === '') throw new Failure(ExitCode.usage, '--name needs a name.');
  const purpose = readPurpose(text);
  if (name === undefined && purpose === 'server') {
    throw new Failure(
      ExitCode.usage,
      '--name is missing: a server certificate is good for the names that it carries, so say which host it is for; or judge it with --purpose client',
    );
  }
  return purpose;
}

async function readChain(files: readonly string[]): Promise<readonly Certificate[]> {
  const chain: Certificate[] = [];
  for (const file of files) chain.push(...certificatesIn('', file, await readArgument(file)));
  return chain;
}

function readRevocation({ crl = [], ocsp = [], stapled, requireStatus }: VerifyCommandOptions) {
  return {
    crls: readRevocationLists(crl),
    ocspResponses: readOcspResponses(ocsp),
    ...(stapled === undefined ? {} : { stapled: readStapledResponse(stapled).der }),
    require: requireStatus,
  } satisfies RevocationOptions;
}

/**
 * Judges and tells.
 * @throws {Failure} when a file or an option cannot be used, in plain words.
 */
export async function runVerify(files: readonly string[], options: VerifyCommandOptions): Promise<ExitCode> {
  const purpose = readAsked(files, options);
  const fetcher = readFetcher(options);
  const { name = null, profile, certificatePolicy, at = Date.now() } = options;
  const { anchors } = readTrust(options);
  const revocation = readRevocation(options);
  const transparency = readTransparency(options);
  const [leaf, ...intermediates] = await readChain(files);
  const asked: VerifyOptions = {
    purpose,
    name,
    provider: nodeProvider,
    leaf: leaf as Certificate,
    intermediates,
    anchors,
    at,
    profile: PROFILES[profile],
    revocation,
    ...(transparency && { transparency }),
    ...(certificatePolicy === undefined
      ? {}
      : { policies: { userInitialPolicySet: certificatePolicy, initialExplicitPolicy: true } }),
  };
  const verdict: Verdict | FetchedVerdict = await (fetcher ?? { verify }).verify(asked);
  const question: Question = {
    files: files.map(fileLabel),
    certificates: 1 + intermediates.length,
    purpose: purposeName(purpose),
    name,
    at: isoTime(at),
    revocation: {
      lists: revocation.crls.length,
      ocspResponses: revocation.ocspResponses.length,
      stapled: revocation.stapled !== undefined,
      required: revocation.require,
    },
    transparency: transparency ? { logs: transparency.logs.length, required: transparency.require } : null,
    authorities: { from: trustSources(options), count: anchors.length },
  };
  const output = options.json
    ? JSON.stringify({ ok: verdict.ok, question, verdict }, null, 2)
    : verificationLines(styleFor(process.stdout, process.env), question, verdict).join('\n');
  process.stdout.write(`${output}\n`);
  return verdict.ok ? ExitCode.fine : ExitCode.refused;
}
