const esc = String.fromCharCode(27);
/** CSI sequences (ECMA-48 5.4) and OSC strings, as terminals use them. */
const sequences = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${String.fromCharCode(7)}${esc}]*(?:${String.fromCharCode(7)}|${esc}\\\\)|[@-Z\\\\-_])`,
  'g',
);

/** A line without what colours it. */
export function plainText(text: string): string {
  return text.includes(esc) ? text.replace(sequences, '') : text;
}

/** Has sequences that colour it. */
export function isColoured(text: string): boolean {
  return text.includes(esc);
}
