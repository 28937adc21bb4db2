const esc = String.fromCharCode(27);
const bell = String.fromCharCode(7);
/** CSI sequences (ECMA-48 5.4), OSC strings, designations of character sets and single escapes, as terminals use them. */
const sequences = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\)|[ -/]+[0-~]|[@-Z\\\\-_])`,
  'g',
);
/** Select graphic rendition (ECMA-48 8.3.117): the ones that colour. */
const colours = new RegExp(`^${esc}\\[[0-9;:]*m$`);

/** A line without what colours it, or moves a terminal's cursor. */
export function plainText(text: string): string {
  return text.includes(esc) ? text.replace(sequences, '') : text;
}

/** A line with no sequences but those that colour it. */
export function withColoursOnly(text: string): string {
  return text.replace(sequences, (sequence) => (colours.test(sequence) ? sequence : ''));
}

/** Has sequences, such as those that colour. */
export function isColoured(text: string): boolean {
  return text.includes(esc);
}
