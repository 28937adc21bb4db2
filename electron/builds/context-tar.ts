import { constants, createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import { HostError } from '../hosts/host-error.ts';
import { type ContextEntry, type ContextOptions, unreadable, walkContext } from './context-walk.ts';

/** As Docker's CLI sends it: root's, with the mode and the time that it has here. */
function headerOf({ name, stats, link }: ContextEntry) {
  const common = { mode: stats.mode & 0o7777, uid: 0, gid: 0, mtime: stats.mtime };
  if (link !== undefined) return { ...common, name, type: 'symlink' as const, linkname: link, size: 0 };
  if (stats.isDirectory()) return { ...common, name: `${name}/`, type: 'directory' as const, size: 0 };
  return { ...common, name, type: 'file' as const, size: stats.size };
}

async function packFile(pack: tar.Pack, folder: string, entry: ContextEntry): Promise<void> {
  const { size } = entry.stats;
  if (size === 0) return void pack.entry(headerOf(entry), '');
  const file = path.join(folder, entry.name);
  // a link that took the file's place meanwhile is not followed
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const source = createReadStream(file, { end: size - 1, flags: flags as unknown as string });
  let read = 0;
  const counted = async function* () {
    try {
      for await (const chunk of source) {
        read += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      throw unreadable(entry.name, error);
    }
    if (read === size) return;
    throw new HostError('conflict', `${entry.name} changed while it was sent`, {
      reason: 'build.file-changed',
      params: { file: entry.name },
    });
  };
  await pipeline(counted(), pack.entry(headerOf(entry)));
}

/**
 * The folder as an archive, as it is read.
 * @throws HostError `invalid` (`build.file-unreadable`), `conflict` (`build.file-changed`)
 */
export async function* packContext(options: ContextOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pack = tar.pack();
  let failure: unknown;
  const fill = async () => {
    for await (const entry of walkContext(options, signal)) {
      if (entry.link === undefined && entry.stats.isFile()) await packFile(pack, options.folder, entry);
      else pack.entry(headerOf(entry));
    }
    pack.finalize();
  };
  const filling = fill().catch((error: unknown) => {
    failure = error;
    pack.destroy();
  });
  try {
    for await (const chunk of pack) yield chunk as Uint8Array;
  } catch (error) {
    failure ??= error;
  } finally {
    pack.destroy();
    await filling;
  }
  if (failure) throw failure;
}
