import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { EngineError } from './errors.ts';
import { missingProgram, requireProgram } from './program-file.ts';

/** Bytes kept of what it says on stderr. */
const longestComplaint = 2000;

export interface FilterOptions {
  /** A descriptor that it finds as its descriptor 3. */
  directory?: number;
  /** Exit codes that are no failure. */
  codes?: readonly number[];
}

/**
 * What a program makes of `source`: given to its stdin, read from its stdout at the reader's pace. Never through a shell;
 * leaving the loop, or a failure of the source, kills it, and it is gone when the loop is left.
 *
 * @throws EngineError `unavailable` (`program.missing`), `internal` (`program.failed`) with its words; what the source throws.
 */
export async function* filterProgram(
  name: string,
  args: readonly string[],
  source: AsyncIterable<Buffer>,
  { directory, codes = [0] }: FilterOptions = {},
): AsyncGenerator<Buffer> {
  const program = path.basename(name);
  const env = { ...process.env, LC_ALL: 'C' };
  const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const, directory ?? ('ignore' as const)];
  const child = spawn(requireProgram(name), args, { env, stdio }) as ChildProcessWithoutNullStreams;
  const ended = new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }));
    child.once('close', (code) => resolve({ code }));
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    said = (said + words).slice(-longestComplaint);
  });
  // a program that refuses its input says why when it ends
  child.stdin.on('error', () => {});
  let isLeft = false;
  const feed = async () => {
    for await (const chunk of source) {
      if (isLeft || child.stdin.destroyed) return;
      if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), ended]);
    }
    child.stdin.end();
  };
  const fed = feed();
  // a failure of the source has to end the reading, which then tells it
  fed.catch(() => child.kill('SIGKILL'));
  try {
    yield* child.stdout;
    const { code, error } = await ended;
    if (error) throw 'code' in error && error.code === 'ENOENT' ? missingProgram(name) : error;
    if (code === null || !codes.includes(code)) {
      // that of the source comes first: it is why the program was killed
      if (code === null) await fed;
      throw new EngineError('internal', `${program} failed with exit code ${code}: ${said.trim()}`, {
        reason: 'program.failed',
        params: { program, detail: said.trim() },
      });
    }
    await fed;
  } finally {
    isLeft = true;
    child.kill('SIGKILL');
    child.stdin.destroy();
    child.stdout.destroy();
    await ended;
  }
}
