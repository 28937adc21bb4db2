import { EngineError } from '../base/errors.ts';
import type { Lines } from './dockerfile.ts';

/** A fault of a Dockerfile, with the lines that it is about. Always `invalid`. */
export class DockerfileError extends EngineError {
  /** Without the place. */
  readonly words: string;

  constructor(words: string, lines?: Lines) {
    super('invalid', lines ? `dockerfile parse error on line ${lines.first}: ${words}` : words);
    this.name = 'DockerfileError';
    this.words = words;
    this.lines = lines;
  }
}

/** Does what may find a fault, which then has its place. @throws DockerfileError */
export function at<T>(lines: Lines, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DockerfileError && !error.lines) throw new DockerfileError(error.words, lines);
    throw error;
  }
}
