/** zstd by libzstd's streaming API (zstd.h, "Streaming decompression"), without a turn of the event loop for each piece. */
import koffi from 'koffi';
import type { Inflater } from './libisal.ts';
import { once } from './once.ts';

/** Bytes of a piece that comes out, and of one that goes in. */
const pieceSize = 256 << 10;
/** `ZSTD_inBuffer` and `ZSTD_outBuffer`: address, size, position. */
const place = { address: 0, size: 8, position: 16, length: 24 } as const;

interface Library {
  create(): unknown;
  free(context: unknown): void;
  decompress(context: unknown, output: Uint8Array, input: Uint8Array): number | bigint;
  isError(result: number | bigint): number;
  errorName(result: number | bigint): string;
}

function load(): Library | undefined {
  try {
    const library = koffi.load('libzstd.so.1');
    return {
      create: library.func('void *ZSTD_createDCtx()'),
      free: library.func('size_t ZSTD_freeDCtx(void *context)'),
      decompress: library.func('size_t ZSTD_decompressStream(void *context, void *output, void *input)'),
      isError: library.func('unsigned ZSTD_isError(size_t result)'),
      errorName: library.func('const char *ZSTD_getErrorName(size_t result)'),
    };
  } catch {
    return undefined;
  }
}

function openInflater(library: Library): Inflater {
  const context = library.create();
  const output = Buffer.allocUnsafeSlow(pieceSize);
  const input = Buffer.allocUnsafeSlow(pieceSize);
  const [into, from] = [Buffer.alloc(place.length), Buffer.alloc(place.length)];
  into.writeBigUInt64LE(BigInt(koffi.address(output)), place.address);
  into.writeBigUInt64LE(BigInt(pieceSize), place.size);
  from.writeBigUInt64LE(BigInt(koffi.address(input)), place.address);
  /** Of the last call: bytes that are still wanted, 0 at the end of a frame. */
  let wanted = 0;

  function* some(length: number): Generator<Buffer> {
    from.writeBigUInt64LE(BigInt(length), place.size);
    from.writeBigUInt64LE(0n, place.position);
    for (;;) {
      into.writeBigUInt64LE(0n, place.position);
      const result = library.decompress(context, into, from);
      if (library.isError(result)) {
        throw Object.assign(new Error(`zstd: ${library.errorName(result)}`), {
          code: 'ZSTD_error_corruption_detected',
        });
      }
      wanted = Number(result);
      const made = Number(into.readBigUInt64LE(place.position));
      if (made > 0) yield output.subarray(0, made);
      if (made < pieceSize && Number(from.readBigUInt64LE(place.position)) === length) return;
    }
  }
  return {
    *push(chunk) {
      for (let at = 0; at < chunk.length; at += pieceSize) {
        const part = chunk.subarray(at, at + pieceSize);
        input.set(part);
        yield* some(part.length);
      }
    },
    end() {
      if (wanted !== 0) throw Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' });
    },
    close: () => library.free(context),
  };
}

const loadOnce = once(load);

/** An inflater by libzstd, to be closed; undefined where the system has none. */
export function zstdInflater(): Inflater | undefined {
  const library = loadOnce();
  return library && openInflater(library);
}
