/** How many characters must be put in, left out or changed to make `b` of `a` (Levenshtein distance). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}

/** The name that was most likely meant; undefined where none is near. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const word = written.toLowerCase();
  const [best] = names
    .map((name) => ({ name, away: distance(word, name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  return best && best.away > 0 && best.away <= Math.max(1, Math.floor(word.length / 3)) ? best.name : undefined;
}
