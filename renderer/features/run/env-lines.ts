/** A variable of a line. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unquoted(text: string): string {
  const single = /^'([^']*)'/.exec(text);
  if (single) return single[1] ?? '';
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text);
  if (double) return (double[1] ?? '').replace(/\\(.)/g, (_, char: string) => escapes[char] ?? char);
  return text.replace(/\s+#.*$/, '').trim();
}

/**
 * Reads lines as Compose reads an `.env` file: `NAME=value`, also `export NAME=value` and `NAME: value`; quotes are taken
 * off, what follows a blank and `#` is a comment. Lines that are none of these are left out.
 */
export function parseEnvLines(text: string): Variable[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?:export\s+)?([^\s=:#'"]+)\s*(?:=|:\s)\s*(.*?)\s*$/.exec(line);
    return match?.[1] ? [{ name: match[1], value: unquoted(match[2] ?? '') }] : [];
  });
}

/** More than one word that somebody types into a field: lines of variables. */
export function looksLikeEnvLines(text: string): boolean {
  return parseEnvLines(text).length > 0 && (text.trim().includes('\n') || text.includes('='));
}
