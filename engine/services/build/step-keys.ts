import { createHash } from 'node:crypto';
import type { SelectedSource } from '../../storage/files/select-files.ts';
import type { CopyNode, DirectoryNode, ExecNode } from './node.ts';

/** A name for what something is made of: the same parts, the same name. */
export function keyOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Of an exec on an input; `mounts`: what is bound from elsewhere, by its content. */
export function execKey(node: ExecNode, input: string, mounts: readonly string[]): string {
  const { args, environment, user, workingDirectory, network, isInsecure } = node;
  const places = node.mounts.map((mount) => ({ ...mount, from: undefined }));
  return keyOf('exec', input, { args, environment, user, workingDirectory, network, places, mounts, isInsecure });
}

export function directoryKey({ path, user }: DirectoryNode, input: string): string {
  return keyOf('directory', input, path, user);
}

/** Of a copy on an input; `sources` by their content. */
export function copyKey(node: CopyNode, input: string, sources: readonly string[]): string {
  const { destination, owner, mode, unpack, parents } = node;
  return keyOf('copy', input, { destination, owner, mode, unpack, parents, sources });
}

/**
 * A name for the content of files: what COPY takes of them, and no times. `owned`: their owners count as well; `moded`: their
 * permissions.
 */
export function contentKey(
  sources: readonly SelectedSource[],
  { owned, moded }: { owned: boolean; moded: boolean },
): string {
  const parts = sources.map(({ name, isDirectory, files }) => [
    isDirectory ? '' : name,
    files.map(({ path, type, mode, uid, gid, content }) => [
      ...[path, type, content],
      ...(moded ? [mode] : []),
      ...(owned ? [uid, gid] : []),
    ]),
  ]);
  return keyOf('content', parts);
}
