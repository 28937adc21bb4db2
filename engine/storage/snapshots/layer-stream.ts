import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { decompress } from '../../base/decompress.ts';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { createTarParser } from '../../base/tar-parser.ts';
import { createLayerWriter, type LayerLimits } from './layer-writer.ts';
import type { LayerTarget } from './snapshotter.ts';

export interface StreamedLayer {
  /** Of the uncompressed tar. */
  diffId: Digest;
  bytes: number;
  inodes: number;
  /** Whether the layer says something of its root directory. */
  hasRoot: boolean;
}

export interface LayerStream {
  /** A layer's blob: a tar, plain or compressed. */
  chunks: AsyncIterable<Buffer>;
  target: LayerTarget;
  limits: LayerLimits;
  signal: AbortSignal;
}

/**
 * Unpacks a layer in one pass. What was written before a failure is the caller's to remove.
 *
 * @throws whatever reading, decompressing and writing throw: see layer-failure.ts; ParentsNeeded.
 */
export async function unpackStream({ chunks, target, limits, signal }: LayerStream): Promise<StreamedLayer> {
  const { directory, whiteouts, lowers = [] } = target;
  const writer = createLayerWriter({ directory, whiteouts, lowers, limits });
  try {
    const parser = createTarParser(writer);
    const hash = createHash('sha256');
    const take = async (plain: AsyncIterable<Buffer>) => {
      for await (const chunk of plain) {
        hash.update(chunk);
        parser.push(chunk);
      }
    };
    await pipeline(chunks, decompress, take, { signal });
    parser.finish();
    return { diffId: `sha256:${hash.digest('hex')}`, ...writer.finish() };
  } finally {
    writer.close();
  }
}

/** @throws EngineError `invalid` (`image.digest-mismatch`). */
export function checkDigest(expected: Digest | undefined, found: Digest | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new EngineError(
    'invalid',
    `digest mismatch: expected layer ${expected}, got ${found}: the archive is damaged; save it again`,
    {
      reason: 'image.digest-mismatch',
      params: { expected, found: found ?? '' },
    },
  );
}
