import type { Command } from './command.ts';
import type { Dockerfile } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { readCommand } from './read-command.ts';

export type FromCommand = Extract<Command, { kind: 'FROM' }>;
export type ArgCommand = Extract<Command, { kind: 'ARG' }>;
export type StageCommand = Exclude<Command, FromCommand>;

export interface Stage {
  from: FromCommand;
  commands: readonly StageCommand[];
}

export interface Stages {
  /** ARG above the first FROM: for the FROM lines only. */
  args: readonly ArgCommand[];
  stages: readonly Stage[];
}

/** Reads all instructions and parts them into stages (Dockerfile reference, "FROM"). @throws DockerfileError */
export function stagesOf({ instructions, escapeCharacter }: Dockerfile): Stages {
  const args: ArgCommand[] = [];
  const stages: { from: FromCommand; commands: StageCommand[] }[] = [];
  for (const instruction of instructions) {
    const command = readCommand(instruction, escapeCharacter);
    const stage = stages.at(-1);
    if (command.kind === 'FROM') stages.push({ from: command, commands: [] });
    else if (stage) stage.commands.push(command);
    else if (command.kind === 'ARG') args.push(command);
    else throw new DockerfileError('no build stage in current context', instruction.lines);
  }
  if (stages.length === 0) throw new DockerfileError('dockerfile contains no stages to build');
  return { args, stages };
}
