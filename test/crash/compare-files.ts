import { Readable } from 'node:stream';
import { filesOf } from '../sample.ts';
import { call } from './call.ts';
import type { KnownContainer } from './known-container.ts';

const contentOf = async (archive: Buffer) => String([...(await filesOf(Readable.from(archive))).values()][0] ?? '');

/** What is wrong with the files that a container was given, or its image before it, and that no look has seen yet. */
export async function compareFiles(
  socket: string,
  { id, known }: { id: string; known: KnownContainer },
): Promise<string[]> {
  const wrong: string[] = [];
  for (const file of known.unseen) {
    const content = known.copied.get(file) ?? '';
    const { status, text } = await call(socket, { path: `/containers/${id}/archive?path=${file}` });
    const found = status === 200 ? await contentOf(Buffer.from(text, 'latin1')) : undefined;
    if (found === undefined) wrong.push(`${file}, which was copied to ${known.key}, is lost: ${status} ${text}`);
    else if (found !== content)
      wrong.push(`${file} of ${known.key} is not what was copied: ${found.length} bytes of ${content.length}`);
  }
  return wrong;
}
