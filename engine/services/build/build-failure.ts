import { EngineError } from '../../base/errors.ts';
import type { Lines } from '../../dockerfile/dockerfile.ts';

/** A step that ended with an exit code other than 0. */
export class BuildFailure extends EngineError {
  readonly exitCode: number;

  constructor(command: readonly string[], exitCode: number, lines: Lines) {
    super('invalid', `The command '${command.join(' ')}' returned a non-zero code: ${exitCode}`, {
      reason: 'build.step-failed',
      params: { command: command.join(' '), code: exitCode, line: lines.first },
    });
    this.name = 'BuildFailure';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

/** Does a step's work; what goes wrong in it is about the step's lines, unless it says others already. */
export async function atStep<T>(lines: Lines, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError && error.code !== 'cancelled') error.lines ??= lines;
    throw error;
  }
}
