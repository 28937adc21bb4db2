import type { Heredoc } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import type { LineReader } from './logical-lines.ts';
import { jsonList, rawWords, unquoted } from './words.ts';

const instructionsWithHeredocs: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD']);

type Opening = Omit<Heredoc, 'content'> & { stripTabs: boolean };

/** The here-documents that an instruction's text opens, in their order. */
export function openingsOf(name: string, rest: string, escapeCharacter: string): Opening[] {
  if (!instructionsWithHeredocs.has(name) || jsonList(rest)) return [];
  return rawWords(rest, escapeCharacter).flatMap((word) => {
    const [, descriptor = '', dash, written = ''] = /^(\d*)<<(-?)([^<\s]+)$/.exec(word) ?? [];
    const terminator = unquoted(written);
    if (terminator === '') return [];
    return [{ name: terminator, descriptor, expand: terminator === written, stripTabs: dash === '-' }];
  });
}

/** Reads a here-document up to its terminator. @throws DockerfileError when the file ends before */
export function readHeredoc({ stripTabs, ...heredoc }: Opening, reader: LineReader, first: number): Heredoc {
  let content = '';
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const words = stripTabs ? line.replace(/^\t+/, '') : line;
    if (words === heredoc.name) return { ...heredoc, content };
    content += `${words}\n`;
  }
  throw new DockerfileError('unterminated heredoc', { first, last: reader.line });
}
