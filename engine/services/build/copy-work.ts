import { createReadStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decompressAny } from '../../base/decompress.ts';
import { EngineError } from '../../base/errors.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import type { MissingSource, SelectedSource } from '../../storage/files/select-files.ts';
import type { CopyNode } from './node.ts';
import type { WorkSite } from './work-site.ts';

/** A root that files are taken from. */
export interface SourceRoot {
  root: number;
  /** Where it is. */
  directory: string;
}

/** Files of one part of a copy. */
export interface CopySource {
  from: SourceRoot;
  selected: readonly SelectedSource[];
  /** Archives are unpacked; as the instruction says when absent. */
  unpack?: boolean;
  /** Files of a context belong to nobody. */
  isContext: boolean;
}

/** @throws EngineError `invalid` naming the source that is missing, and the rule that hides it */
export function requireSources(found: readonly (SelectedSource | MissingSource)[], kind: string): SelectedSource[] {
  return found.map((each) => {
    if (!('missing' in each)) return each;
    const { missing, rule } = each;
    if (rule !== undefined)
      throw new EngineError(
        'invalid',
        `${kind} failed: ${missing} is left out of the context by .dockerignore (${rule})`,
        {
          reason: 'build.source-ignored',
          params: { source: missing, rule },
        },
      );
    const words = `${kind} failed: file not found in build context or excluded by .dockerignore: stat ${missing}: file does not exist`;
    throw new EngineError('invalid', words, { reason: 'build.source-missing', params: { source: missing } });
  });
}

/** Puts the files of a copy into the root that is mounted. */
export async function copyInto(
  files: RootFiles,
  { node, site, sources }: { node: CopyNode; site: WorkSite; sources: readonly CopySource[] },
): Promise<void> {
  const owner = ownerOf(node, site);
  const intoDirectory = node.destination.endsWith('/') || (await isDirectory(files, site, node.destination));
  const place = node.destination === '/' ? '' : node.destination.replace(/\/$/, '');
  if (intoDirectory && place !== '')
    await files.makeDirectories({ root: site.root, path: place, owner: owner ?? { uid: 0, gid: 0 } });
  for (const { from, selected, isContext, unpack: own } of sources) {
    for (const source of selected) {
      if ((own ?? node.unpack) && !source.isDirectory && (await isArchive(from, source))) {
        await unpack(files, { from, source, site, place });
        continue;
      }
      const below = latin1(
        node.parents ? `${place}/${source.path}` : source.isDirectory ? place : nameFor(place, source, intoDirectory),
      );
      await files.copy({
        from: from.root,
        to: site.root,
        files: source.files.map((file) => ({
          source: joined(source.path, file.path),
          target: file.path === '' ? below : `${below}/${file.path}`,
        })),
        ...(owner ? { owner } : isContext ? { owner: { uid: 0, gid: 0 } } : {}),
        ...(node.mode !== undefined && { mode: node.mode }),
      });
    }
  }
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');
const nativeText = (bytes: string) => Buffer.from(bytes, 'latin1').toString();
const joined = (above: string, below: string) => (below === '' ? above : above === '' ? below : `${above}/${below}`);
const nameFor = (place: string, { name }: SelectedSource, into: boolean) =>
  into ? `${place}/${nativeText(name)}` : place;

function ownerOf({ owner }: CopyNode, site: WorkSite): { uid: number; gid: number } | undefined {
  if (owner === undefined) return undefined;
  const { uid, gid } = lookUpUser(site.rootfs, owner, []);
  // without a group, the number of the user: 55 is 55:55
  return { uid, gid: owner.includes(':') || !/^\d+$/.test(owner) ? gid : uid };
}

async function isDirectory(files: RootFiles, { root }: WorkSite, place: string): Promise<boolean> {
  try {
    await files.destination(root, place);
    return true;
  } catch (error) {
    if (error instanceof EngineError && ['not-found', 'invalid'].includes(error.code)) return false;
    throw error;
  }
}

/** A tar, plain or compressed in a way that ADD knows. */
async function isArchive({ directory }: SourceRoot, { path: name }: SelectedSource): Promise<boolean> {
  const file = createReadStream(path.join(directory, nativeText(name)));
  try {
    let head = Buffer.alloc(0);
    for await (const chunk of decompressAny(file)) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= 512) break;
    }
    return head.toString('latin1', 257, 262) === 'ustar';
  } catch {
    // it only begins like one that is compressed
    return false;
  } finally {
    file.destroy();
  }
}

async function unpack(
  files: RootFiles,
  { from, source, site, place }: { from: SourceRoot; source: SelectedSource; site: WorkSite; place: string },
): Promise<void> {
  const target = place === '' ? '/' : place;
  await files.makeDirectories({ root: site.root, path: target, owner: { uid: 0, gid: 0 } });
  const destination = await files.destination(site.root, target);
  const archive = createReadStream(path.join(from.directory, nativeText(source.path)));
  try {
    await files.extract({ root: site.root, destination, keepKinds: false }, archive);
  } finally {
    archive.destroy();
  }
}

/** A file for each here-document, in a folder that is the caller's. */
export function writeDocuments(folder: string, documents: readonly { name: string; content: string }[]): void {
  for (const { name, content } of documents)
    writeFileSync(path.join(folder, path.basename(name)), content, { mode: 0o644 });
}
