import { rm } from 'node:fs/promises';
import path from 'node:path';

/** What a runtime's `delete --force` takes away of one container. */
export interface DeleteByHand {
  /** The runtime's `--root`. */
  stateDirectory: string;
  id: string;
  /** @returns whether the container's cgroup is gone, from every hierarchy */
  removeCgroup(): boolean;
}

/**
 * Removes a container whose process and monitor are known to have ended, as `crun delete --force` does: its cgroup, then
 * the runtime's directory. A second call is not an error, also after a crash in between.
 * @returns false where something is still in its cgroup: then the runtime, which waits for that, has to do it
 */
export async function deleteByHand({ stateDirectory, id, removeCgroup }: DeleteByHand): Promise<boolean> {
  if (!removeCgroup()) return false;
  await rm(path.join(stateDirectory, id), { recursive: true, force: true });
  return true;
}
