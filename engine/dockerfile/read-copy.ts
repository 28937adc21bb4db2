import type { Command, CopySources } from './command.ts';
import type { Heredoc, Instruction } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import type { ReadFlags } from './instruction-flags.ts';
import { blankWords, jsonList, unquoted } from './words.ts';

type Copy = Extract<Command, { kind: 'COPY' }>;
type Add = Extract<Command, { kind: 'ADD' }>;

/** @throws DockerfileError */
export function readCopy(instruction: Instruction, flags: ReadFlags): Omit<Copy, 'words' | 'lines'> {
  const from = flags.text('from');
  return {
    kind: 'COPY',
    ...sourcesOf(instruction, flags),
    ...(from !== undefined && { from }),
    parents: flags.isOn('parents'),
  };
}

/** @throws DockerfileError */
export function readAdd(instruction: Instruction, flags: ReadFlags): Omit<Add, 'words' | 'lines'> {
  const checksum = flags.text('checksum');
  return {
    kind: 'ADD',
    ...sourcesOf(instruction, flags),
    ...(checksum !== undefined && { checksum }),
    keepGitDirectory: flags.isOn('keep-git-dir'),
    ...(flags.isGiven('unpack') && { unpack: flags.isOn('unpack') }),
  };
}

function sourcesOf({ name, rest, heredocs }: Instruction, flags: ReadFlags): CopySources {
  const list = jsonList(rest);
  const words = list ?? blankWords(rest);
  const destination = words.at(-1);
  if (destination === undefined) throw new DockerfileError(`${name} requires at least two arguments`);
  if (words.length === 1)
    throw new DockerfileError(
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  const written = words.slice(0, -1);
  const contents = list ? [] : [...heredocs];
  const paths = list ? written : written.filter((word) => !isOpening(word, contents));
  const owner = flags.text('chown');
  const mode = flags.text('chmod');
  return {
    ...{ paths, destination, exclude: flags.list('exclude'), link: flags.isOn('link') },
    contents: contents.map((heredoc) => ({ heredoc })),
    ...(owner !== undefined && { owner }),
    ...(mode !== undefined && { mode }),
  };
}

/** The here-document that a word opens stands for it. */
function isOpening(word: string, heredocs: readonly Heredoc[]): boolean {
  const [, written] = /^\d*<<-?([^<\s]+)$/.exec(word) ?? [];
  return written !== undefined && heredocs.some(({ name }) => name === unquoted(written));
}
