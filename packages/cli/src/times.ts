/** Times as text. */

/** `2026-11-24T00:00:00Z`: whole seconds, as certificates have them. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+/, '');
}
