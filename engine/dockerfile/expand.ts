import { DockerfileError } from './dockerfile-error.ts';
import { replaceIn, withoutPrefix, withoutSuffix } from './shell-pattern.ts';

/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface Expansion {
  lookup: Lookup;
  escapeCharacter: string;
  /** False: quotes are characters as any other, as in a here-document. */
  quotes?: boolean;
}

/** Blanks part words only where they are bare: neither quoted nor escaped. */
interface Piece {
  text: string;
  bare: boolean;
}

/**
 * Replaces variables and takes quotes and escapes away, as a shell does; the result is one word whatever blanks it has
 * (Dockerfile reference, "Environment replacement").
 * @throws DockerfileError
 */
export function expandWord(text: string, expansion: Expansion): string {
  return piecesOf(text, expansion)
    .map((piece) => piece.text)
    .join('');
}

/** As `expandWord`, parted into words by the blanks that are bare, also those in the values of variables. */
export function expandWords(text: string, expansion: Expansion): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const { text: part, bare } of piecesOf(text, expansion)) {
    if (!bare) {
      word = (word ?? '') + part;
      continue;
    }
    for (const [index, bit] of part.split(/\s+/).entries()) {
      if (index > 0 && word !== undefined) words.push(word);
      if (index > 0) word = undefined;
      if (bit !== '') word = (word ?? '') + bit;
    }
  }
  return word === undefined ? words : [...words, word];
}

interface Cursor extends Expansion {
  readonly text: string;
  at: number;
}

const peek = ({ text, at }: Cursor) => text.charAt(at);
const next = (cursor: Cursor) => cursor.text.charAt(cursor.at++);
const isAtEnd = ({ text, at }: Cursor) => at >= text.length;

const piecesOf = (text: string, expansion: Expansion) => readPieces({ ...expansion, text, at: 0 });

/** Up to the end, or past `stop`. `keepEscapes`: for a pattern, which reads them itself. */
function readPieces(cursor: Cursor, stop = '', keepEscapes = false): Piece[] {
  const pieces: Piece[] = [];
  while (!isAtEnd(cursor)) {
    const character = next(cursor);
    if (character === stop) return pieces;
    pieces.push(readPiece(cursor, character, keepEscapes));
  }
  if (stop !== '') throw new DockerfileError(`syntax error: missing '${stop}'`);
  return pieces;
}

function readPiece(cursor: Cursor, character: string, keepEscapes: boolean): Piece {
  if (character === '$') return { text: readVariable(cursor), bare: true };
  if (character === cursor.escapeCharacter) return { text: (keepEscapes ? character : '') + next(cursor), bare: false };
  if (cursor.quotes !== false && character === "'") return { text: readSingleQuoted(cursor), bare: false };
  if (cursor.quotes !== false && character === '"') return { text: readDoubleQuoted(cursor), bare: false };
  return { text: character, bare: true };
}

function readSingleQuoted(cursor: Cursor): string {
  const end = cursor.text.indexOf("'", cursor.at);
  if (end < 0) throw new DockerfileError('unexpected end of statement while looking for matching single-quote');
  const text = cursor.text.slice(cursor.at, end);
  cursor.at = end + 1;
  return text;
}

function readDoubleQuoted(cursor: Cursor): string {
  let text = '';
  while (!isAtEnd(cursor)) {
    const character = next(cursor);
    if (character === '"') return text;
    if (character === '$') text += readVariable(cursor);
    else if (character === cursor.escapeCharacter && ['"', '$', cursor.escapeCharacter].includes(peek(cursor)))
      text += next(cursor);
    else text += character;
  }
  throw new DockerfileError('unexpected end of statement while looking for matching double-quote');
}

/** A name, a number, or one of the shell's special parameters (POSIX shell, 2.5.2), of which none is ever set. */
function readName(cursor: Cursor): string {
  const [name = ''] = /^(?:[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?$!-])/u.exec(cursor.text.slice(cursor.at)) ?? [];
  cursor.at += name.length;
  return name;
}

/** What stands behind a dollar sign. */
function readVariable(cursor: Cursor): string {
  if (peek(cursor) !== '{') {
    const name = readName(cursor);
    return name === '' ? '$' : (cursor.lookup(name) ?? '');
  }
  next(cursor);
  if (isAtEnd(cursor)) throw new DockerfileError("syntax error: missing '}'");
  if (['{', '}', ':'].includes(peek(cursor))) throw new DockerfileError('syntax error: bad substitution');
  return readSubstitution(cursor, readName(cursor));
}

function readSubstitution(cursor: Cursor, name: string): string {
  if (isAtEnd(cursor)) throw new DockerfileError("syntax error: missing '}'");
  const value = cursor.lookup(name);
  const first = next(cursor);
  if (first === '}') return value ?? '';
  const emptyIsUnset = first === ':';
  const operator = emptyIsUnset ? next(cursor) : first;
  if (operator === '/' && !emptyIsUnset) return replaced(cursor, value ?? '');
  const isPattern = operator === '#' || operator === '%';
  if (!['-', '+', '?', '#', '%'].includes(operator) || (emptyIsUnset && isPattern))
    throw new DockerfileError(`unsupported modifier (${emptyIsUnset ? ':' : ''}${operator}) in substitution`);
  const word = textUpTo(cursor, '}', isPattern);
  if (isPattern) return trimmed(value ?? '', operator, word);
  return chosen({ name, value, word, emptyIsUnset }, operator);
}

const textUpTo = (cursor: Cursor, stop: string, keepEscapes: boolean) =>
  readPieces(cursor, stop, keepEscapes)
    .map(({ text }) => text)
    .join('');

interface Choice {
  name: string;
  value: string | undefined;
  word: string;
  emptyIsUnset: boolean;
}

function chosen({ name, value, word, emptyIsUnset }: Choice, operator: string): string {
  const isSet = value !== undefined && !(emptyIsUnset && value === '');
  if (operator === '+') return isSet ? word : '';
  if (isSet) return value;
  if (operator === '-') return word;
  const why = emptyIsUnset ? 'not allowed to be empty' : 'not allowed to be unset';
  throw new DockerfileError(`${name}: ${word === '' ? why : word}`);
}

function trimmed(value: string, operator: string, written: string): string {
  const longest = written.startsWith(operator);
  const pattern = longest ? written.slice(1) : written;
  return operator === '#' ? withoutPrefix(value, pattern, longest) : withoutSuffix(value, pattern, longest);
}

function replaced(cursor: Cursor, value: string): string {
  const all = peek(cursor) === '/';
  if (all) next(cursor);
  const pattern = textUpTo(cursor, '/', true);
  return replaceIn(value, { pattern, by: textUpTo(cursor, '}', false), all });
}
