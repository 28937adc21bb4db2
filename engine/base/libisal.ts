/**
 * gzip by Intel's ISA-L (Debian: libisal2), which inflates in two thirds of zlib's time. It is taken where the system has it,
 * and where it inflates a sample right: the fields of its state are found by their place in memory (igzip_lib.h,
 * `struct inflate_state`), which a later version could move.
 */
import { gzipSync } from 'node:zlib';
import koffi from 'koffi';
import { once } from './once.ts';

/** Bytes of a piece that comes out. */
const pieceSize = 256 << 10;
/** Bytes; more than the state of any version so far. */
const stateSize = 96 << 10;
const place = {
  nextOut: 0,
  availableOut: 8,
  nextIn: 16,
  availableIn: 32,
  blockState: 21_160,
  wrapper: 21_172,
} as const;
const gzipWrapper = 1;
const finished = 5;

interface Library {
  init(state: Uint8Array): void;
  inflate(state: Uint8Array): number;
}

/** Takes pieces of a compressed file and gives what is in them; a piece holds only until the next one is asked for. */
export interface Inflater {
  push(chunk: Uint8Array): Generator<Buffer>;
  /** @throws Error `Z_BUF_ERROR` where the file ended too early, as Node's. */
  end(): void;
  /** Gives its memory back. */
  close(): void;
}

function failure(code: 'Z_DATA_ERROR' | 'Z_BUF_ERROR', words: string): Error {
  return Object.assign(new Error(words), { code });
}

function openInflater({ init, inflate }: Library): Inflater {
  const state = Buffer.alloc(stateSize);
  const output = Buffer.allocUnsafeSlow(pieceSize);
  const input = Buffer.allocUnsafeSlow(pieceSize);
  const [outputAddress, inputAddress] = [koffi.address(output), koffi.address(input)];
  let isOver = false;
  const begin = () => {
    init(state);
    state.writeUInt32LE(gzipWrapper, place.wrapper);
  };
  const isFinished = () => state.readInt32LE(place.blockState) === finished;
  begin();

  function* some(length: number): Generator<Buffer> {
    state.writeBigUInt64LE(BigInt(inputAddress), place.nextIn);
    state.writeUInt32LE(length, place.availableIn);
    while (!isOver) {
      const left = state.readUInt32LE(place.availableIn);
      if (isFinished()) {
        if (left === 0) return;
        // a file may be of many members; what is none is no part of it, as for gzip(1)
        const at = Number(state.readBigUInt64LE(place.nextIn) - BigInt(inputAddress));
        if (input[at] !== 0x1f) isOver = true;
        begin();
        state.writeBigUInt64LE(BigInt(inputAddress + BigInt(at)), place.nextIn);
        state.writeUInt32LE(left, place.availableIn);
        continue;
      }
      state.writeBigUInt64LE(BigInt(outputAddress), place.nextOut);
      state.writeUInt32LE(pieceSize, place.availableOut);
      const result = inflate(state);
      if (result < 0) throw failure('Z_DATA_ERROR', `the gzip data is damaged (${result})`);
      const length = pieceSize - state.readUInt32LE(place.availableOut);
      if (length > 0) yield output.subarray(0, length);
      if (length < pieceSize && !isFinished()) return;
    }
  }
  return {
    *push(chunk) {
      for (let at = 0; at < chunk.length && !isOver; at += pieceSize) {
        const part = chunk.subarray(at, at + pieceSize);
        input.set(part);
        yield* some(part.length);
      }
    },
    end() {
      if (!isOver && !isFinished()) throw failure('Z_BUF_ERROR', 'unexpected end of file');
    },
    // its memory is the collector's
    close() {},
  };
}

function load(): Library | undefined {
  try {
    const library = koffi.load('libisal.so.2');
    const found: Library = {
      init: library.func('void isal_inflate_init(void *state)'),
      inflate: library.func('int isal_inflate(void *state)'),
    };
    return inflatesRight(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Two members, longer than a piece, and an end that is not there. */
function inflatesRight(library: Library): boolean {
  const text = Buffer.from(Array.from({ length: 60_000 }, (_, index) => `${index * 7919} `).join(''));
  const file = Buffer.concat([gzipSync(text, { level: 1 }), gzipSync(text, { level: 1 })]);
  const inflater = openInflater(library);
  const pieces = Array.from(inflater.push(file), (piece) => Buffer.from(piece));
  inflater.end();
  if (!Buffer.concat(pieces).equals(Buffer.concat([text, text]))) return false;
  const cut = openInflater(library);
  for (const _ of cut.push(file.subarray(0, -20)));
  try {
    cut.end();
    return false;
  } catch {
    return true;
  }
}

const loadOnce = once(load);

/** An inflater by ISA-L, or undefined where the system has none that works. */
export function isalInflater(): Inflater | undefined {
  const library = loadOnce();
  return library && openInflater(library);
}
