/** Commands that a reader may copy into a shell. */

/** A file's path as one word of a shell; `FILE` for the standard input. */
export function shellWord(path: string): string {
  if (path === '-') return 'FILE';
  return /^[\w./:@%+=,][\w./:@%+=,-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
