import { ftruncateSync, writeSync } from 'node:fs';

/** A file that was made anew, while its content comes. */
export interface NewFile {
  readonly descriptor: number;
  /** Bytes of it so far, holes too. */
  at: number;
}

/** Looked at together, by their place in the file: a chunk may begin or end between. */
const holeSize = 16 << 10;
const zeros = Buffer.alloc(holeSize);

/** Writes the next bytes. Longer zeros become holes: few archives tell where a file is sparse. */
export function writeData(file: NewFile, chunk: Uint8Array): void {
  let from = 0;
  for (let at = 0; at < chunk.length; ) {
    const length = Math.min(holeSize - ((file.at + at - from) % holeSize), chunk.length - at);
    const isHole = chunk[at] === 0 && zeros.subarray(0, length).equals(chunk.subarray(at, at + length));
    if (isHole) {
      writeAll(file, chunk.subarray(from, at));
      writeHole(file, length);
      from = at + length;
    }
    at += length;
  }
  writeAll(file, chunk.subarray(from));
}

export function writeHole(file: NewFile, bytes: number): void {
  file.at += bytes;
  ftruncateSync(file.descriptor, file.at);
}

function writeAll(file: NewFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file.descriptor, bytes, done, bytes.length - done, file.at + done);
  file.at += bytes.length;
}
