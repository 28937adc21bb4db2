import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { ImageCalls } from '../../engine/compose/docker-host.ts';
import type { SaveProgress } from '../bridge/images.ts';
import { HostError } from '../hosts/host-error.ts';

/** Bytes between two words about how far it is. */
const STEP = 1 << 20;

export interface SaveSources {
  readonly images: ImageCalls;
  /** Asks for a file; undefined when none was chosen. */
  readonly chooseNewFile: (name: string) => Promise<string | undefined>;
}

/** `team/web:1.2` becomes `web_1.2.tar`. */
export function fileNameOf(reference: string): string {
  const name =
    reference
      .replace(/^sha256:/, '')
      .split('/')
      .at(-1) ?? '';
  return `${name.replace(/@.*$/, '').replace(/[^\w.-]+/g, '_') || 'images'}.tar`;
}

function notWritten(error: unknown): HostError {
  if (error instanceof HostError) return error;
  return new HostError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Writes the archive beside its place, and puts it there when it is whole; see `images.save`. */
export async function* saveImages(
  { images, chooseNewFile }: SaveSources,
  references: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<SaveProgress> {
  const path = await chooseNewFile(references.length === 1 ? fileNameOf(references[0] ?? '') : 'images.tar');
  if (path === undefined || signal.aborted) {
    yield { type: 'none' };
    return;
  }
  yield { type: 'file', path };
  const part = `${path}.part`;
  const file = createWriteStream(part);
  // told by the write or the end that waits for it
  const closed = finished(file);
  closed.catch(() => undefined);
  let whole = false;
  try {
    let bytes = 0;
    let told = 0;
    for await (const piece of images.save(references, signal)) {
      if (!file.write(piece)) await Promise.race([once(file, 'drain'), closed]);
      bytes += piece.length;
      if (bytes - told < STEP) continue;
      told = bytes;
      yield { type: 'written', bytes };
    }
    if (signal.aborted) return;
    file.end();
    await closed;
    await rename(part, path);
    whole = true;
    yield { type: 'written', bytes };
  } catch (error) {
    throw notWritten(error);
  } finally {
    if (!whole) {
      file.destroy();
      await closed.catch(() => undefined);
      await rm(part, { force: true });
    }
  }
}
