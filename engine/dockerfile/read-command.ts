import type { Command, CommandLine } from './command.ts';
import type { Instruction } from './dockerfile.ts';
import { at, DockerfileError } from './dockerfile-error.ts';
import { type FlagTable, type ReadFlags, readFlags } from './instruction-flags.ts';
import { nearest } from './nearest.ts';
import { readAdd, readCopy } from './read-copy.ts';
import { readHealth } from './read-health.ts';
import { readRun } from './read-run.ts';
import { blankWords, jsonList, pairsOf, rawWords } from './words.ts';

/** What one kind of instruction says, without its place. */
export type Said = Command extends infer Each ? (Each extends Command ? Omit<Each, 'words' | 'lines'> : never) : never;

interface Reader {
  flags?: FlagTable;
  read(instruction: Instruction, flags: ReadFlags, escapeCharacter: string): Said;
}

const readers: Readonly<Record<string, Reader>> = {
  FROM: { flags: { platform: 'text' }, read: readFrom },
  ARG: { read: ({ rest }, _, escapeCharacter) => ({ kind: 'ARG', pairs: readArguments(rest, escapeCharacter) }) },
  RUN: { flags: { mount: 'list', network: 'text', security: 'text' }, read: readRun },
  COPY: {
    flags: { from: 'text', chown: 'text', chmod: 'text', link: 'switch', parents: 'switch', exclude: 'list' },
    read: readCopy,
  },
  ADD: {
    flags: {
      ...{ chown: 'text', chmod: 'text', link: 'switch', 'keep-git-dir': 'switch', checksum: 'text' },
      ...{ exclude: 'list', unpack: 'switch' },
    },
    read: readAdd,
  },
  CMD: { read: ({ rest }) => ({ kind: 'CMD', command: commandLine(rest) }) },
  ENTRYPOINT: { read: ({ rest }) => ({ kind: 'ENTRYPOINT', command: commandLine(rest) }) },
  ENV: { read: (instruction, _, escapeCharacter) => ({ kind: 'ENV', pairs: readPairs(instruction, escapeCharacter) }) },
  LABEL: {
    read: (instruction, _, escapeCharacter) => ({ kind: 'LABEL', pairs: readPairs(instruction, escapeCharacter) }),
  },
  EXPOSE: { read: (instruction) => ({ kind: 'EXPOSE', ports: blankWords(atLeastOne(instruction)) }) },
  VOLUME: { read: readVolumes },
  USER: { read: (instruction) => ({ kind: 'USER', user: exactlyOne(instruction) }) },
  WORKDIR: { read: (instruction) => ({ kind: 'WORKDIR', path: exactlyOne(instruction) }) },
  STOPSIGNAL: { read: (instruction) => ({ kind: 'STOPSIGNAL', signal: exactlyOne(instruction) }) },
  MAINTAINER: { read: (instruction) => ({ kind: 'MAINTAINER', name: exactlyOne(instruction) }) },
  SHELL: { read: readShell },
  ONBUILD: { read: readTrigger },
  // its flags are its own
  HEALTHCHECK: { read: (instruction) => ({ kind: 'HEALTHCHECK', health: readHealth(instruction) }) },
};

export const instructionNames: readonly string[] = Object.keys(readers);

/**
 * What an instruction says; variables stay as they are written (Dockerfile reference).
 * @throws DockerfileError with its lines
 */
export function readCommand(instruction: Instruction, escapeCharacter: string): Command {
  const { name, text, lines } = instruction;
  return at(lines, () => {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader) throw new DockerfileError(unknownInstruction(name));
    const flags = name === 'HEALTHCHECK' ? noFlags : readFlags(instruction, reader.flags ?? {});
    return { ...reader.read(instruction, flags, escapeCharacter), words: text, lines };
  });
}

const noFlags = readFlags({ flags: [] }, {});

function unknownInstruction(name: string): string {
  const meant = nearest(name, instructionNames);
  return `unknown instruction: ${name}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}

function atLeastOne({ name, rest }: Instruction): string {
  if (rest === '') throw new DockerfileError(`${name} requires at least one argument`);
  return rest;
}

function exactlyOne({ name, rest }: Instruction): string {
  if (rest === '') throw new DockerfileError(`${name} requires exactly one argument`);
  return rest;
}

function commandLine(rest: string): CommandLine | undefined {
  const args = jsonList(rest);
  if (args) return { shell: false, args };
  return rest === '' ? undefined : { shell: true, words: rest };
}

function readFrom({ rest }: Instruction, flags: ReadFlags): Said {
  const words = blankWords(rest);
  const [base = '', as, name] = words;
  if (words.length !== 1 && (words.length !== 3 || as?.toUpperCase() !== 'AS'))
    throw new DockerfileError('FROM requires either one or three arguments');
  const stage = name?.toLowerCase();
  if (stage !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(stage))
    throw new DockerfileError(
      `invalid name for build stage: ${JSON.stringify(name)}, name can't start with a number or contain symbols`,
    );
  const platform = flags.text('platform');
  return {
    kind: 'FROM',
    base,
    ...(stage !== undefined && { name: stage }),
    ...(platform !== undefined && { platform }),
  };
}

function readArguments(rest: string, escapeCharacter: string): [string, string | undefined][] {
  const words = rawWords(rest, escapeCharacter);
  if (words.length === 0) throw new DockerfileError('ARG requires at least one argument');
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw new DockerfileError('ARG names can not be blank');
    return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
  });
}

const readPairs = (instruction: Instruction, escapeCharacter: string) =>
  pairsOf(instruction.name, atLeastOne(instruction), escapeCharacter);

function readVolumes(instruction: Instruction): Said {
  const paths = jsonList(atLeastOne(instruction)) ?? blankWords(instruction.rest);
  if (paths.length === 0) throw new DockerfileError('VOLUME requires at least one argument');
  if (paths.some((each) => each.trim() === ''))
    throw new DockerfileError('VOLUME specified can not be an empty string');
  return { kind: 'VOLUME', paths };
}

function readShell({ rest }: Instruction): Said {
  const shell = jsonList(rest);
  if (shell === undefined) throw new DockerfileError('SHELL requires the arguments to be in JSON form');
  if (shell.length === 0) throw new DockerfileError('SHELL requires at least one argument');
  return { kind: 'SHELL', shell };
}

function readTrigger(instruction: Instruction): Said {
  const trigger = atLeastOne(instruction);
  const name = (/^\S*/.exec(trigger)?.[0] ?? '').toUpperCase();
  if (name === 'ONBUILD') throw new DockerfileError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'MAINTAINER' || name === 'FROM')
    throw new DockerfileError(`${name} isn't allowed as an ONBUILD trigger`);
  return { kind: 'ONBUILD', trigger };
}
