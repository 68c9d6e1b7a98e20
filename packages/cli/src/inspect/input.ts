/** The blocks of the files that are inspected: of PEM all of them, of DER the one that it is. */
import { ConfigError } from 'handfast';
import { readPem } from 'handfast/x509';
import { unusable } from '../files.ts';

/** One structure of a file. */
export interface Block {
  readonly file: string;
  /** Its place among the blocks of the file, from 1. */
  readonly number: number;
  readonly count: number;
  /** What PEM calls it; `undefined` for DER. */
  readonly label: string | undefined;
  /** `undefined` where there is none: keys that are encrypted in the old way of OpenSSL, and damaged blocks. */
  readonly der: Uint8Array | undefined;
  /** Why there is none. */
  readonly problem?: 'encrypted' | { readonly reason: string };
}

/** RFC 1421's header lines, which mark a key that is encrypted in OpenSSL's old way. */
const HEADERS = /^-----BEGIN [^-\r\n]*-----\r?\n[\w-]+:/;

function pemBlock(text: string): Pick<Block, 'label' | 'der' | 'problem'> {
  const label = /^-----BEGIN ([^-\r\n]*)-----/.exec(text)?.[1] ?? '';
  if (HEADERS.test(text)) return { label, der: undefined, problem: 'encrypted' };
  try {
    return { label, der: readPem(text, 'pem')[0]?.der };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { label, der: undefined, problem: { reason: error.message.replace(/^pem: /, '') } };
  }
}

/**
 * The blocks of a file's content.
 * @throws {Failure} when it is neither PEM nor DER.
 */
export function blocksOf(file: string, content: Uint8Array): readonly Block[] {
  const SEQUENCE = 0x30;
  if (content[0] === SEQUENCE) return [{ file, number: 1, count: 1, label: undefined, der: content }];
  const text = Buffer.from(content).toString('latin1');
  const blocks = text.split(/(?=-----BEGIN [^-\r\n]*-----)/).filter((part) => part.startsWith('-----BEGIN '));
  if (blocks.length === 0) {
    const found = content.length === 0 ? 'it is empty' : 'it begins with neither';
    throw unusable('', file, `expected PEM (-----BEGIN ...) or DER (a SEQUENCE, 30), and ${found}`);
  }
  return blocks.map((block, i) => ({ file, number: i + 1, count: blocks.length, ...pemBlock(block) }));
}
