import { EngineError } from '../../base/errors.ts';
import { applyConfig, type ConfigChange } from '../../dockerfile/apply-config.ts';
import type { Command } from '../../dockerfile/command.ts';
import type { Instruction } from '../../dockerfile/dockerfile.ts';
import { DockerfileError } from '../../dockerfile/dockerfile-error.ts';
import { expandCommand } from '../../dockerfile/expand-command.ts';
import { environmentOf } from '../../dockerfile/image-config.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import { readCommand } from '../../dockerfile/read-command.ts';
import type { ImageConfig } from './image-service.ts';

const changeNames: ReadonlySet<string> = new Set([
  ...['CMD', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'LABEL', 'ONBUILD', 'STOPSIGNAL', 'USER', 'VOLUME'],
  'WORKDIR',
]);

/**
 * Applies what `docker commit --change` and `docker import --change` take: Dockerfile instructions, one a line.
 * @throws EngineError `invalid` in Docker's words
 */
export function applyChanges(before: ImageConfig, changes: readonly string[]): ImageConfig {
  if (changes.length === 0) return before;
  try {
    const { escapeCharacter, instructions } = parseDockerfile(changes.join('\n'));
    let config = before;
    let hasCommand = false;
    for (const instruction of instructions) {
      const written = changeOf(instruction, escapeCharacter);
      const lookup = (name: string) => environmentOf(config).get(name);
      const change = expandCommand(written, { lookup, escapeCharacter });
      config = applyConfig(config, change, { hasCommand });
      hasCommand ||= change.kind === 'CMD';
    }
    return config;
  } catch (error) {
    // lines of what has none
    if (error instanceof DockerfileError) throw new EngineError('invalid', error.words);
    throw error;
  }
}

function changeOf(instruction: Instruction, escapeCharacter: string): Command & ConfigChange {
  if (!changeNames.has(instruction.name))
    throw new DockerfileError(`${instruction.name} is not a valid change command`);
  return readCommand(instruction, escapeCharacter) as Command & ConfigChange;
}
