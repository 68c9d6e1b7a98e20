/** handfast itself, in two questions: by its own rules, and by RFC 5280's profile as well. */
import { nodeProvider } from 'handfast/crypto/node';
import { TlsError } from 'handfast/wire';
import {
  DEFAULT_PROFILE,
  parseCertificate,
  RFC5280_PROFILE,
  type VerifyOptions,
  verify,
} from 'handfast/x509';
import { NOW } from '../base.ts';
import type { Chain } from '../plan.ts';
import type { Answer } from './judge.ts';

const STRICT = [...DEFAULT_PROFILE, ...RFC5280_PROFILE];

function answer(options: VerifyOptions): Answer & { readonly sentence: string } {
  const verdict = verify(options);
  if (!('ok' in verdict)) throw new Error('node:crypto answers at once');
  return verdict.ok
    ? { ok: true, says: '', sentence: verdict.sentence }
    : { ok: false, says: verdict.rule, sentence: verdict.sentence };
}

export interface OwnAnswers {
  /** By handfast's own rules. */
  readonly plain: Answer;
  /** By these and RFC 5280's profile, which is as strict as `-x509_strict` wants to be. */
  readonly strict: Answer;
  readonly sentence: string;
}

export function handfast({ leaf, sent, roots, name }: Chain): OwnAnswers {
  try {
    const options = {
      provider: nodeProvider,
      leaf: parseCertificate(leaf),
      intermediates: sent.map(parseCertificate),
      anchors: roots.map((root) => ({ certificate: parseCertificate(root) })),
      at: NOW,
      purpose: 'server',
      name,
    } as const;
    const { sentence, ...plain } = answer(options);
    const { sentence: strictly, ...strict } = answer({ ...options, profile: STRICT });
    return { plain, strict, sentence: plain.ok ? strictly : sentence };
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    const refused = { ok: false, says: String((error.context as { reason?: string }).reason) };
    return { plain: refused, strict: refused, sentence: error.message };
  }
}
