import type { Command, CopySources, RunMount } from './command.ts';
import { at } from './dockerfile-error.ts';
import { type Expansion, expandWord, expandWords } from './expand.ts';

type Pairs = readonly (readonly [string, string])[];

/**
 * The instruction with its variables replaced, where an instruction has any (Dockerfile reference, "Environment
 * replacement"); the shell's own are left to the shell.
 * @throws DockerfileError with its lines
 */
export function expandCommand<T extends Command>(command: T, expansion: Expansion): T {
  return at(command.lines, () => ({ ...command, ...expandedParts(command, expansion) }));
}

function expandedParts(command: Command, expansion: Expansion): Partial<Command> {
  const word = (text: string) => expandWord(text, expansion);
  const bothOf = (pairs: Pairs) => pairs.map(([name, value]) => [word(name), word(value)] as const);
  switch (command.kind) {
    case 'ENV':
    case 'LABEL':
      return { pairs: bothOf(command.pairs) };
    case 'ARG':
      return { pairs: command.pairs.map(([name, value]) => [word(name), value === undefined ? value : word(value)]) };
    case 'EXPOSE':
      return { ports: command.ports.flatMap((port) => expandWords(port, expansion)) };
    case 'VOLUME':
      return { paths: command.paths.map(word) };
    case 'USER':
      return { user: word(command.user) };
    case 'WORKDIR':
      return { path: word(command.path) };
    case 'STOPSIGNAL':
      return { signal: word(command.signal) };
    case 'RUN':
      return { mounts: command.mounts.map((mount) => expandedMount(mount, word)) };
    case 'COPY':
      return {
        ...expandedSources(command, expansion),
        ...(command.from !== undefined && { from: word(command.from) }),
      };
    case 'ADD':
      return {
        ...expandedSources(command, expansion),
        ...(command.checksum !== undefined && { checksum: word(command.checksum) }),
      };
    default:
      return {};
  }
}

function expandedSources(sources: CopySources, expansion: Expansion): CopySources {
  const word = (text: string) => expandWord(text, expansion);
  const { owner, mode } = sources;
  return {
    ...sources,
    paths: sources.paths.map(word),
    destination: word(sources.destination),
    exclude: sources.exclude.map(word),
    ...(owner !== undefined && { owner: word(owner) }),
    ...(mode !== undefined && { mode: word(mode) }),
    contents: sources.contents.map(({ heredoc }) => ({
      heredoc: heredoc.expand
        ? { ...heredoc, content: expandWord(heredoc.content, { ...expansion, quotes: false }) }
        : heredoc,
    })),
  };
}

function expandedMount(mount: RunMount, word: (text: string) => string): RunMount {
  const { from, source, target, id, env } = mount;
  return {
    ...mount,
    ...(from !== undefined && { from: word(from) }),
    ...(source !== undefined && { source: word(source) }),
    ...(target !== undefined && { target: word(target) }),
    ...(id !== undefined && { id: word(id) }),
    ...(env !== undefined && { env: word(env) }),
  };
}
