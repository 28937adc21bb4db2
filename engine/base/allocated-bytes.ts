import { runProgram } from './run-program.ts';

/** Directories given to one program: its arguments have to fit into 128 KiB. */
const atOnce = 500;
/** Milliseconds. A data root of many million files takes minutes. */
const longest = 10 * 60_000;

/**
 * Bytes that whole trees take on the disk, directories too and a hardlinked file once, as `du --block-size=1` counts
 * them, in a process of its own. What is not there has none.
 *
 * @throws EngineError `unavailable` (`program.missing`), `cancelled`, `internal` (`program.failed`).
 */
export async function allocatedBytes(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map(paths.map((path) => [path, 0]));
  for (let at = 0; at < paths.length; at += atOnce) {
    const args = ['--block-size=1', '--summarize', '--null', '--', ...paths.slice(at, at + atOnce)];
    const { stdout } = await runProgram('du', args, {
      timeoutMilliseconds: longest,
      maximumOutput: 16 << 20,
      // 1: something went away while it looked
      acceptedExitCodes: [0, 1],
      ...(signal && { signal }),
    });
    for (const line of stdout.split('\0')) {
      const [bytes, path] = line.split('\t', 2);
      if (path !== undefined && found.has(path)) found.set(path, Number(bytes));
    }
  }
  return found;
}
