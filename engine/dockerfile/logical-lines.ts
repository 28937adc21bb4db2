import type { DirectiveName, Dockerfile, Lines } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';

const directiveNames: readonly string[] = ['syntax', 'escape', 'check'] satisfies DirectiveName[];
const isDirective = (name: string): name is DirectiveName => directiveNames.includes(name);

const isComment = (line: string) => /^\s*#/.test(line);
const isEmpty = (line: string) => /^\s*$/.test(line);

/** The file line by line; what is read is gone. */
export interface LineReader {
  /** Of the line that was read last, from 1; 0 before the first. */
  readonly line: number;
  next(): string | undefined;
}

/** A byte order mark at the start and carriage returns at the ends are left out. */
export function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

export function readLines(lines: readonly string[]): LineReader {
  let read = 0;
  return {
    get line() {
      return read;
    },
    next: () => (read < lines.length ? lines[read++] : undefined),
  };
}

/**
 * The parser directives at the top (Dockerfile reference, "Parser directives"): they end with the first line that is none.
 * @throws DockerfileError for one that comes twice, and an escape that is none
 */
export function directivesOf(lines: readonly string[]): Pick<Dockerfile, 'directives' | 'escapeCharacter'> {
  const directives: Partial<Record<DirectiveName, string>> = {};
  // a script's first line may stand above them
  const first = lines[0]?.startsWith('#!') ? 1 : 0;
  for (const [index, line] of lines.entries()) {
    if (index < first) continue;
    const [, word = '', value = ''] = /^\s*#\s*([a-z][a-z0-9]*)\s*=\s*(.+?)\s*$/i.exec(line) ?? [];
    const name = word.toLowerCase();
    if (!isDirective(name)) break;
    const place = { first: index + 1, last: index + 1 };
    if (directives[name] !== undefined)
      throw new DockerfileError(`only one ${name} parser directive can be used`, place);
    if (name === 'escape' && value !== '\\' && value !== '`')
      throw new DockerfileError(`invalid escape token '${value}' does not match ^[\\\\\`]$`, place);
    directives[name] = value;
  }
  return { directives, escapeCharacter: directives.escape === '`' ? '`' : '\\' };
}

export interface LogicalLine {
  text: string;
  lines: Lines;
}

/** Ends with one escape character, not with two. */
const continuation = (escapeCharacter: string) => {
  const one = escapeCharacter === '\\' ? '\\\\' : escapeCharacter;
  return new RegExp(`^(|[\\s\\S]*[^${one}])${one}[ \\t]*$`);
};

/**
 * The next line that is no comment, joined with those that continue it. Comments and empty lines between these are left out.
 * Undefined at the end.
 */
export function nextLogicalLine(reader: LineReader, escapeCharacter: string): LogicalLine | undefined {
  const goesOn = continuation(escapeCharacter);
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (isComment(line)) continue;
    const first = reader.line;
    let part = line.trimStart();
    let text = '';
    for (let match = goesOn.exec(part); match; match = goesOn.exec(part)) {
      text += match[1] ?? '';
      const further = nextOfContinuation(reader);
      part = further ?? '';
      if (further === undefined) break;
    }
    text += part;
    if (!isEmpty(text)) return { text: text.trim(), lines: { first, last: reader.line } };
  }
  return undefined;
}

function nextOfContinuation(reader: LineReader): string | undefined {
  let line = reader.next();
  while (line !== undefined && (isComment(line) || isEmpty(line))) line = reader.next();
  return line;
}
