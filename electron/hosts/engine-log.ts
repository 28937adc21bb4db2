import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorFromFields, HostError } from './host-error.ts';

/** Beyond this many bytes a log is put aside when the next engine starts. */
const MAX_LOG = 5 * 1024 * 1024;
/** The most that is read back at once. */
const MAX_TAIL = 2 * 1024 * 1024;

/** Opens the log for an engine to write to, and tells where its part begins. The caller closes `descriptor`. */
export function openEngineLog(file: string): { descriptor: number; offset: number } {
  if (existsSync(file) && statSync(file).size > MAX_LOG) renameSync(file, `${file}.1`);
  const descriptor = openSync(file, 'a', 0o600);
  return { descriptor, offset: fstatSync(descriptor).size };
}

/** What was written from `offset` on, at most the last 2 MiB of it. */
export function readEngineLog(file: string, offset: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(offset, size - MAX_TAIL);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start));
  } finally {
    closeSync(descriptor);
  }
}

/** The last lines of the log; empty when there is none yet. */
export async function tailEngineLog(file: string, lines: number): Promise<string> {
  if (!existsSync(file)) return '';
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - MAX_TAIL);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    return buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .slice(-lines - 1)
      .join('\n');
  } finally {
    await handle.close();
  }
}

/** The line by which the engine says that it answers. */
export const readyLine = /^beluga engine ready \S+ pid (\d+)$/m;

/** Whether the engine itself said why it ended: then a further start would end in the same way. */
export interface StartFailure {
  readonly error: HostError;
  readonly final: boolean;
}

/** Refusals that pass by themselves, because another engine is just ending. */
const passing = new Set(['data-root.in-use']);

function lastFatal(text: string): unknown {
  for (const line of text.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && 'level' in value && value.level === 'fatal') return value;
    } catch {
      // Half a line of a killed engine.
    }
  }
  return undefined;
}

/** Why an engine ended that wrote `text`: its last fatal line, sudo's refusal, or else its last words. */
export function startFailure(text: string, ending: string): StartFailure {
  const fatal = lastFatal(text);
  if (fatal !== undefined) {
    const error = errorFromFields(fatal, { code: 'internal', message: 'The container engine could not start.' });
    return { error, final: error.reason === undefined || !passing.has(error.reason) };
  }
  if (/^sudo: /m.test(text)) {
    const message =
      'The container engine needs root: allow this user to run sudo without a password, or start as root.';
    return { error: new HostError('forbidden', message, { reason: 'engine.needs-sudo' }), final: true };
  }
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const message = `The container engine ended (${ending})${last === '' ? '.' : `: ${last}`}`;
  const options = { reason: 'engine.start-failed', params: { ending, last } };
  return { error: new HostError('unavailable', message, options), final: false };
}
