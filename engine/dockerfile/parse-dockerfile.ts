import type { Dockerfile, Instruction } from './dockerfile.ts';
import { at, DockerfileError } from './dockerfile-error.ts';
import { takeFlags } from './flags.ts';
import { openingsOf, readHeredoc } from './heredocs.ts';
import { directivesOf, type LogicalLine, linesOf, nextLogicalLine, readLines } from './logical-lines.ts';

/** Takes a logical line apart: name, flags and the rest. */
export function parseLine({ text, lines }: LogicalLine): Omit<Instruction, 'heredocs'> {
  const [, word = '', argument = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  return { name: word.toUpperCase(), text, ...takeFlags(argument), lines };
}

/**
 * Reads a Dockerfile into its instructions; what they mean is not looked at (Dockerfile reference, "Format").
 * @throws DockerfileError for directives, here-documents and lists that are wrong, and a file without instructions
 */
export function parseDockerfile(text: string): Dockerfile {
  const lines = linesOf(text);
  const { directives, escapeCharacter } = directivesOf(lines);
  const reader = readLines(lines);
  const instructions: Instruction[] = [];
  for (let line = nextLogicalLine(reader, escapeCharacter); line; line = nextLogicalLine(reader, escapeCharacter)) {
    const parsed = parseLine(line);
    const heredocs = at(parsed.lines, () => openingsIn(parsed, escapeCharacter)).map((opening) =>
      readHeredoc(opening, reader, parsed.lines.first),
    );
    const last = heredocs.length > 0 ? reader.line : parsed.lines.last;
    instructions.push({ ...parsed, heredocs, lines: { first: parsed.lines.first, last } });
  }
  if (instructions.length === 0) throw new DockerfileError('file with no instructions');
  return { directives, escapeCharacter, instructions };
}

function openingsIn({ name, rest, lines }: Omit<Instruction, 'heredocs'>, escapeCharacter: string) {
  if (name !== 'ONBUILD') return openingsOf(name, rest, escapeCharacter);
  const trigger = parseLine({ text: rest, lines });
  return openingsOf(trigger.name, trigger.rest, escapeCharacter);
}
