import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { errnoCode } from '../../base/libc.ts';
import { tellFollowers } from './follow-log.ts';
import { rotatedFiles } from './log-segments.ts';

const suffix = '.gz';
const unfinished = '.tmp';

/**
 * Moves `container.log` to `.1`, `.1` to `.2`, and so on; what is then beyond `most` files, the present one counted, is
 * deleted. Each step is one rename: a crash in between leaves a gap in the numbers, and nothing is lost.
 */
export function shiftLog(file: string, most: number): void {
  tellFollowers(file);
  for (const rotated of rotatedFiles(file).reverse()) {
    if (rotated.number + 1 >= most && most > 1) rmSync(rotated.file, { force: true });
    else renameSync(rotated.file, `${file}.${rotated.number + 1}${rotated.compressed ? suffix : ''}`);
  }
  renameSync(file, `${file}.1`);
}

/** Deletes what is beyond `most` files: where there is to be one only, what conmon has just left. */
export function trimLog(file: string, most: number): void {
  for (const rotated of rotatedFiles(file)) if (rotated.number >= most) rmSync(rotated.file, { force: true });
}

/**
 * Makes conmon open its log again, which makes a new file. To be said once for each rotation: at a second time conmon
 * would put an empty file in the place of the new one.
 * @param control conmon's `ctl`; @returns false where no conmon listens any more.
 */
export function reopenLog(control: string): boolean {
  try {
    const descriptor = openSync(control, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(descriptor, '2 0 0\n');
      return true;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (['ENOENT', 'ENXIO', 'EPIPE'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}

/** The name of a log leads to a file, also where nothing writes any more. */
export function makeEmptyLog(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o640 });
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw error;
  }
}

/** Removes what an interrupted compression left: an unfinished file, or one that is there in both forms. */
export function mendRotation(file: string): void {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix)) continue;
    const whole = path.join(directory, name);
    if (name.endsWith(`${suffix}${unfinished}`)) rmSync(whole, { force: true });
    else if (name.endsWith(suffix) && existsSync(whole.slice(0, -suffix.length))) rmSync(whole, { force: true });
  }
}

/**
 * Compresses the rotated files that are not yet, the oldest first. What it replaces is readable until the moment when the
 * other is whole. Given up at the signal: names are about to change.
 */
export async function compressRotated(file: string, signal: AbortSignal): Promise<void> {
  for (const rotated of rotatedFiles(file).reverse()) {
    if (rotated.compressed) continue;
    const goal = `${rotated.file}${suffix}`;
    try {
      await pipeline(
        createReadStream(rotated.file),
        createGzip({ level: 1 }),
        createWriteStream(`${goal}${unfinished}`, { mode: 0o640 }),
        { signal },
      );
      if (signal.aborted) throw signal.reason;
      renameSync(`${goal}${unfinished}`, goal);
      rmSync(rotated.file);
    } catch (error) {
      rmSync(`${goal}${unfinished}`, { force: true });
      if (signal.aborted) return;
      throw error;
    }
  }
}
