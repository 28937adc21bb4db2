/** A command line as its arguments, or what is wrong with it. */
export type SplitCommand =
  | { readonly ok: true; readonly args: readonly string[] }
  | { readonly ok: false; readonly problem: 'quote' | 'backslash' };

/**
 * Splits as a POSIX shell would (Shell Command Language 2.2 "Quoting"), without expansions: blanks part, single quotes
 * keep everything, double quotes keep all but `\"`, `\\`, `\$` and `` \` ``, a backslash keeps the next character.
 */
export function splitCommand(line: string): SplitCommand {
  const args: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (/\s/.test(char)) {
      if (word !== undefined) args.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    const piece = pieceAt(line, at);
    if (!piece.ok) return piece;
    word = (word ?? '') + piece.text;
    at = piece.next;
  }
  if (word !== undefined) args.push(word);
  return { ok: true, args };
}

type Piece =
  | { readonly ok: true; readonly text: string; readonly next: number }
  | { readonly ok: false; readonly problem: 'quote' | 'backslash' };

function pieceAt(line: string, at: number): Piece {
  const char = line.charAt(at);
  if (char === "'") {
    const end = line.indexOf("'", at + 1);
    return end < 0 ? { ok: false, problem: 'quote' } : { ok: true, text: line.slice(at + 1, end), next: end + 1 };
  }
  if (char === '"') return doubleQuoted(line, at + 1);
  if (char !== '\\') return { ok: true, text: char, next: at + 1 };
  if (at + 1 >= line.length) return { ok: false, problem: 'backslash' };
  return { ok: true, text: line.charAt(at + 1), next: at + 2 };
}

function doubleQuoted(line: string, from: number): Piece {
  let text = '';
  for (let at = from; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '"') return { ok: true, text, next: at + 1 };
    const escapes = char === '\\' && '"\\$`'.includes(line.charAt(at + 1)) && at + 1 < line.length;
    if (escapes) at += 1;
    text += line.charAt(at);
  }
  return { ok: false, problem: 'quote' };
}

/** An argument as it would be written in a shell. */
export function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
