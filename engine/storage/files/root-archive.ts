import { readdirSync } from 'node:fs';
import { filterProgram } from '../../base/filter-program.ts';

/** GNU tar, for it knows all kinds of files; 1: a file changed while it was read, which of a running container is nobody's fault. */
const tar = {
  name: 'tar',
  args: [
    ...['--create', '--file=-', '--directory=/proc/self/fd/3', '--format=posix', '--numeric-owner', '--sparse'],
    ...['--pax-option=delete=atime,delete=ctime', '--xattrs', '--xattrs-include=security.capability'],
    ...['--xattrs-include=user.*', '--one-file-system', '--null', '--verbatim-files-from', '--files-from=-'],
  ],
  codes: [0, 1],
} as const;

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/**
 * A root filesystem as a tar, with owners, modes, links and attributes.
 * @param root descriptor of its directory, which stays open until the end
 * @param through makes of the command the one that runs it as somebody else
 * @throws EngineError as `filterProgram`
 */
export async function* rootArchive(
  root: number,
  through: (command: Command) => Command = (command) => command,
): AsyncGenerator<Buffer> {
  const names = readdirSync(`/proc/self/fd/${root}`, { encoding: 'buffer' });
  const list = Buffer.concat(names.flatMap((each) => [each, Buffer.of(0)]));
  const [program, ...args] = through([tar.name, ...tar.args]);
  yield* filterProgram(program, args, oneOf(list), { directory: root, codes: tar.codes });
}

async function* oneOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
