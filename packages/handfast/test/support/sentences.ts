/** Which sentences of the built files were never told: so a table of verdicts can be held against all that there is to say. */
import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** A text in the source, and where it begins. */
interface Literal {
  readonly offset: number;
  readonly text: string;
}

/** What may stand before a regular expression, which a quotation mark in it must not be taken for a text's. */
const BEFORE_REGEXP = /[(,=:[!&|?{};\n]\s*$|\breturn\s*$/;

/** The texts of a JavaScript file; of a template the parts between its expressions, whose texts are listed by themselves. */
export function literals(source: string): readonly Literal[] {
  const found: Literal[] = [];
  let at = 0;
  const quoted = (quote: string): void => {
    const offset = at++;
    while (source[at] !== quote) at += source[at] === '\\' ? 2 : 1;
    found.push({ offset, text: source.slice(offset + 1, at++) });
  };
  const template = (): void => {
    let offset = at++;
    for (;;) {
      if (source[at] === '\\') at += 2;
      else if (source[at] === '`' || source.startsWith('${', at)) {
        found.push({ offset, text: source.slice(offset + 1, at) });
        if (source[at] === '`') break;
        at += 2;
        code('}');
        offset = at++;
      } else at++;
    }
    at++;
  };
  const skipLine = (): void => {
    const end = source.indexOf('\n', at);
    at = end < 0 ? source.length : end;
  };
  const code = (end: string): void => {
    for (let depth = 0; at < source.length; ) {
      const character = source[at] as string;
      if (character === end && depth === 0) return;
      if (character === "'" || character === '"') quoted(character);
      else if (character === '`') template();
      else if (source.startsWith('//', at)) skipLine();
      else if (source.startsWith('/*', at)) at = source.indexOf('*/', at) + 2;
      else if (character === '/' && BEFORE_REGEXP.test(source.slice(Math.max(0, at - 20), at))) {
        skipLine();
      } else {
        if (character === '{') depth++;
        if (character === '}') depth--;
        at++;
      }
    }
  };
  code('');
  return found;
}

/** What a caller is told about an option is no part of a verdict. */
function isConfigError(source: string, offset: number): boolean {
  const statement = source.slice(Math.max(source.lastIndexOf(';', offset), 0), offset);
  return /ConfigError\(|\bfail\(/.test(statement);
}

/** How often the code at an offset ran: that of the innermost range around it. */
function countAt(functions: readonly Profiler.FunctionCoverage[], offset: number): number {
  let best: Profiler.CoverageRange | undefined;
  for (const { ranges } of functions) {
    for (const range of ranges) {
      const isAround = range.startOffset <= offset && offset < range.endOffset;
      const length = range.endOffset - range.startOffset;
      if (isAround && (best === undefined || length <= best.endOffset - best.startOffset)) best = range;
    }
  }
  return best?.count ?? 0;
}

export interface Untold {
  /** Texts of several words. */
  readonly sentences: number;
  /** Those among them that were never reached, with their files. */
  readonly untold: readonly { readonly file: string; readonly text: string }[];
}

/** Runs something, and finds the texts of several words in these files (such as `x509/checks.js`) that it did not reach. */
export function untoldSentences(files: readonly string[], run: () => void): Untold {
  const session = new Session();
  session.connect();
  let scripts: readonly Profiler.ScriptCoverage[] = [];
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  run();
  session.post('Profiler.takePreciseCoverage', (_, { result }) => {
    scripts = result;
  });
  session.post('Profiler.stopPreciseCoverage');
  session.disconnect();
  let sentences = 0;
  const untold: { file: string; text: string }[] = [];
  for (const file of files) {
    const url = new URL(`../../src/${file}`, import.meta.url);
    const source = readFileSync(fileURLToPath(url), 'utf8');
    const functions = scripts.find((script) => script.url === url.href)?.functions ?? [];
    for (const { offset, text } of literals(source)) {
      if (text.split(' ').length < 3 || isConfigError(source, offset)) continue;
      sentences++;
      if (countAt(functions, offset) === 0) untold.push({ file, text });
    }
  }
  return { sentences, untold };
}
