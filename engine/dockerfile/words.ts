import { DockerfileError } from './dockerfile-error.ts';

/** Words parted by blanks outside quotes; quotes and escapes are kept. */
export function rawWords(text: string, escapeCharacter: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (!quote && /\s/.test(character)) {
      if (inside) words.push(word);
      word = '';
      inside = false;
      continue;
    }
    inside = true;
    word += character;
    if (character === escapeCharacter && quote !== "'" && at + 1 < text.length) word += text.charAt(++at);
    else if (quote) quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
  }
  if (inside) words.push(word);
  return words;
}

/** Words parted by blanks, whatever quotes say. */
export const blankWords = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/**
 * The exec form: a JSON list of strings. Undefined for anything else, which is the shell form.
 * @throws DockerfileError for a list of something else
 */
export function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((entry) => typeof entry === 'string')) return value;
  throw new DockerfileError('when using JSON array syntax, arrays must be comprised of strings only');
}

/** `NAME=value …`, or the old `NAME value to the end`; quotes and escapes are kept. @throws DockerfileError */
export function pairsOf(name: string, text: string, escapeCharacter: string): [string, string][] {
  const words = rawWords(text, escapeCharacter);
  if (words[0] !== undefined && !words[0].includes('=')) {
    const [, key, value] = /^(\S+)\s+(\S[\s\S]*)$/.exec(text) ?? [];
    if (key === undefined || value === undefined) throw new DockerfileError(`${name} must have two arguments`);
    return [[key, value]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw new DockerfileError(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    if (equals === 0) throw new DockerfileError(`${name} names can not be blank`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Without its quotes; a character after a backslash stands for itself. */
export const unquoted = (word: string): string =>
  word.replace(/["']|\\([\s\S]?)/g, (_, escaped: string | undefined) => escaped ?? '');
