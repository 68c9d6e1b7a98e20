/** Which `throw` of the built files an error came from: so a table of errors can be held against all that there are. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** All places that throw an error of their own, such as `x509/der.js:94:19`. What passes on an error it caught is none. */
export function throwSites(files: readonly string[]): ReadonlyMap<string, string> {
  const sites = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8');
    for (const [index, line] of text.split('\n').entries()) {
      for (const { index: column } of line.matchAll(/\bthrow (?=new |\w+\()/g)) {
        sites.set(`${file}:${index + 1}:${column + 'throw '.length + 1}`, line.trim());
      }
    }
  }
  return sites;
}

/** The places that an error and its causes went through, the innermost ones first. */
export function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const places = Array.from(
    (error.stack ?? '').matchAll(/\/dist\/src\/(\S+:\d+:\d+)\)?$/gm),
    ([, at]) => at ?? '',
  );
  return [...placesOf(error.cause), ...places.slice(0, 2)];
}
