import { appendFile, mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Channel, createChannel } from '../../base/channel.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { StoredLine } from './build-run-service.ts';

/** Bytes of a step's log: the first are written as they come, the last ones when the step has ended. */
export interface LogLimits {
  head: number;
  tail: number;
}

/** The log of a step that runs. */
export interface StepLog {
  add(line: StoredLine): void;
  /** Resolves when everything is written. */
  end(): Promise<void>;
}

/** Files `<directory>/RUN/STEP.log`, a JSON text a line (`StoredLine`). */
export interface StepLogs {
  begin(run: string, step: number): StepLog;
  /** From the first line on, also of what is still to come. */
  read(run: string, step: number): Channel<string>;
  remove(run: string): Promise<void>;
  /** Removes all but those of these runs. */
  keepOnly(runs: ReadonlySet<string>): Promise<void>;
}

interface Writing {
  /** Whoever waits for more. */
  wake: Set<() => void>;
}

export interface StepLogOptions {
  directory: string;
  limits: LogLimits;
  log: Pick<Log, 'warn'>;
}

export function createStepLogs({ directory, limits, log }: StepLogOptions): StepLogs {
  const writing = new Map<string, Writing>();
  const fileOf = (run: string, step: number) => path.join(directory, run, `${step}.log`);
  return {
    begin(run, step) {
      const file = fileOf(run, step);
      const own: Writing = { wake: new Set() };
      writing.set(file, own);
      const wake = () => {
        for (const each of [...own.wake]) each();
      };
      const failed = (error: unknown) => log.warn('a log of a build is not kept', { file, why: messageOf(error) });
      return createStepLog({
        file,
        limits,
        wake,
        failed,
        over: () => writing.delete(file),
      });
    },
    read: (run, step) => readLines(fileOf(run, step), (file) => writing.get(file)),
    remove: (run) => rm(path.join(directory, run), { recursive: true, force: true }),
    async keepOnly(runs) {
      const there = await readdir(directory).catch(() => []);
      for (const name of there)
        if (!runs.has(name)) await rm(path.join(directory, name), { recursive: true, force: true });
    },
  };
}

interface StepLogParts {
  file: string;
  limits: LogLimits;
  wake(): void;
  failed(error: unknown): void;
  over(): void;
}

function createStepLog({ file, limits, wake, failed, over }: StepLogParts): StepLog {
  let pending = '';
  let room = limits.head;
  let tail: string[] = [];
  let tailBytes = 0;
  let dropped = 0;
  let flushing: Promise<void> | undefined;

  const flush = async () => {
    try {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      while (pending !== '') {
        const text = pending;
        pending = '';
        await appendFile(file, text, { mode: 0o600 });
        wake();
      }
    } catch (error) {
      // a full disk: the build goes on
      pending = '';
      failed(error);
    }
    flushing = undefined;
  };
  const write = (text: string) => {
    pending += text;
    flushing ??= flush();
  };
  const keepForLast = (text: string) => {
    tail.push(text);
    tailBytes += text.length;
    while (tailBytes > limits.tail) {
      tailBytes -= tail.shift()?.length ?? 0;
      dropped++;
    }
  };
  return {
    add(line) {
      const text = `${JSON.stringify(line)}\n`;
      room -= text.length;
      if (room >= 0) write(text);
      else keepForLast(text);
    },
    async end() {
      if (dropped > 0) write(`${JSON.stringify({ dropped })}\n`);
      if (tail.length > 0) write(tail.join(''));
      tail = [];
      await flushing;
      over();
      wake();
    },
  };
}

const piece = 64 * 1024;

/** Lines of a file, and of what is appended as long as somebody writes it. */
function readLines(file: string, writingOf: (file: string) => Writing | undefined): Channel<string> {
  let left = false;
  let rouse = () => {};
  const channel = createChannel<string>({
    onClose: () => {
      left = true;
      rouse();
    },
  });
  const go = async () => {
    let position = 0;
    let rest = Buffer.alloc(0);
    while (!left) {
      const writing = writingOf(file);
      // subscribed before the look: nothing is missed between
      const more = new Promise<void>((resolve) => {
        rouse = resolve;
        writing?.wake.add(resolve);
      });
      const data = await readAll(file, position);
      position += data.length;
      const all = Buffer.concat([rest, data]);
      const cut = all.lastIndexOf(10) + 1;
      rest = all.subarray(cut);
      for (const line of all.subarray(0, cut).toString('utf8').split('\n')) if (line !== '') channel.push(line);
      if (!writing) break;
      if (data.length === 0) await more;
      writing.wake.delete(rouse);
    }
    channel.end();
  };
  go().catch((error: unknown) => channel.fail(error));
  return channel;
}

async function readAll(file: string, from: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return Buffer.alloc(0);
  try {
    const parts: Buffer[] = [];
    for (let at = from; ; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(piece), 0, piece, at);
      if (bytesRead === 0) return Buffer.concat(parts);
      parts.push(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
