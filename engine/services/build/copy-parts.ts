import { DockerfileError } from '../../dockerfile/dockerfile-error.ts';
import type { StageCommand } from '../../dockerfile/stages.ts';
import type { CopyPart, Node } from './node.ts';

type Copying = Extract<StageCommand, { kind: 'COPY' | 'ADD' }>;

const isAddress = (source: string) => /^(https?|git|ssh):\/\//.test(source) || /^git@/.test(source);

/** Where the files of an instruction come from, in their order. @throws DockerfileError */
export function copyParts(command: Copying, from: Node | 'context'): CopyPart[] {
  if (command.kind === 'ADD') {
    const address = command.paths.find(isAddress);
    if (address !== undefined)
      throw new DockerfileError(`ADD of an address (${address}) is not there yet in Beluga: get the file in a RUN`);
  }
  const documents = command.contents.map(({ heredoc: { name, content } }) => ({ name, content }));
  if (command.paths.length === 0) return documents;
  return [...documents, { from, sources: command.paths, exclude: command.exclude }];
}
