/** How a verdict fetches what it lacks, and how is told whom it contacted. */
import { type Contact, type EvidenceFetcher, evidenceFetcher, type FetcherOptions } from 'handfast/node';
import type { FetchingCommandOptions } from './options.ts';
import { ExitCode, Failure } from './outcome.ts';
import { hanging, printable } from './render/layout.ts';
import type { Style } from './render/style.ts';

/**
 * The fetcher that the options ask for, if they do.
 * @throws {Failure} when one of them is without the other.
 */
export function readFetcher(
  { fetch, allowPrivateAddresses }: FetchingCommandOptions,
  details: Pick<FetcherOptions, 'totalTimeout' | 'onContact'> = {},
): EvidenceFetcher | undefined {
  if (fetch !== undefined) {
    return evidenceFetcher({ ...details, ocsp: true, crls: true, issuers: true, allowPrivateAddresses });
  }
  if (allowPrivateAddresses === undefined) return undefined;
  throw new Failure(
    ExitCode.usage,
    '--allow-private-addresses says where --fetch may ask: without --fetch nobody is asked.',
  );
}

/** One contact: what was asked of whom, and what came of it. */
export function contactLines(
  { paint, glyphs, width }: Style,
  { outcome, sentence, milliseconds }: Contact,
): readonly string[] {
  const mark = outcome === 'fetched' ? paint('good', glyphs.good) : paint('accent', glyphs.weak);
  const time = outcome === 'refused' ? '' : ` ${paint('quiet', `(${milliseconds} ms)`)}`;
  return hanging(`${mark} `, `${printable(sentence)}${time}`, width);
}
