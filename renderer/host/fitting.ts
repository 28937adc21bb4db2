/** How many of them fit, at least one, when the number of the others stands behind. Pure. */
export function fitting(texts: readonly string[], room: number): number {
  let length = 0;
  for (const [at, text] of texts.entries()) {
    length += text.length + (at > 0 ? 2 : 0);
    const rest = at < texts.length - 1 ? 3 : 0;
    if (at > 0 && length + rest > room) return at;
  }
  return texts.length;
}
