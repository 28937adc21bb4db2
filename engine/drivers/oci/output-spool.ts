import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { punchHole } from '../../base/libc-files.ts';
import type { OutputChunk } from './runtime.ts';

/** Output that waits on disk for one client, first in, first out, in a file without a name: nothing is left of it. */
export interface OutputSpool {
  /** Bytes that wait. */
  readonly waiting: number;
  /** @throws SystemError, e.g. ENOSPC. */
  add(chunk: OutputChunk): void;
  take(): OutputChunk | undefined;
  close(): void;
}

const headerBytes = 5;
const unnamedFile = 0o20200000;
/** Space that is given back at once. */
const holeBytes = 4 * 1024 * 1024;

/** Opens nothing before the first chunk. @param directory on the filesystem that may be filled */
export function createOutputSpool(directory: string): OutputSpool {
  let file: number | undefined;
  let [readAt, writeAt, freeAt] = [0, 0, 0];
  const giveBack = (descriptor: number) => {
    if (readAt === writeAt) {
      ftruncateSync(descriptor, 0);
      [readAt, writeAt, freeAt] = [0, 0, 0];
    } else if (readAt - freeAt >= holeBytes) {
      punchHole(descriptor, freeAt, readAt - freeAt);
      freeAt = readAt;
    }
  };
  return {
    get waiting() {
      return writeAt - readAt;
    },
    add({ stream, data }) {
      file ??= openSync(directory, constants.O_RDWR | unnamedFile, 0o600);
      const record = Buffer.alloc(headerBytes + data.length);
      record.writeUInt8(stream === 'stdout' ? 1 : 2, 0);
      record.writeUInt32LE(data.length, 1);
      record.set(data, headerBytes);
      for (let done = 0; done < record.length; ) done += writeSync(file, record, done, undefined, writeAt + done);
      writeAt += record.length;
    },
    take() {
      if (file === undefined || readAt === writeAt) return undefined;
      const header = Buffer.alloc(headerBytes);
      readSync(file, header, 0, headerBytes, readAt);
      const data = Buffer.alloc(header.readUInt32LE(1));
      readSync(file, data, 0, data.length, readAt + headerBytes);
      readAt += headerBytes + data.length;
      giveBack(file);
      return { stream: header[0] === 1 ? 'stdout' : 'stderr', data };
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      [readAt, writeAt] = [0, 0];
    },
  };
}
