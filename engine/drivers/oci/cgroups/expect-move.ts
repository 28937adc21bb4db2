import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readMountTable } from '../../mounts/mount-table.ts';

/** The cgroup that this process is in, in the first hierarchy that it sees: its list of processes. cgroups(7) */
function ownProcesses(): string | undefined {
  const places = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  for (const { type, target, superOptions } of readMountTable()) {
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const names = type === 'cgroup2' ? [''] : superOptions.split(',');
    const place = places.find((line) => names.includes(line.split(':')[1] ?? '-'));
    if (place) return path.join(target, place.split(':').slice(2).join(':'), 'cgroup.procs');
  }
  return undefined;
}

let onItsWay: Promise<boolean> | undefined;

/**
 * Says to the kernel that a process will be moved to another cgroup soon. A move waits 5 to 10 ms for every processor to
 * have passed by (a grace period of RCU), unless there was one just before. Here this process moves to where it is, on a
 * thread of its own: the wait passes while a container or an exec is made ready.
 * @returns whether it was done; where it was not, the next move waits. Never fails
 */
export function expectMove(): Promise<boolean> {
  onItsWay ??= moveToOwnPlace().finally(() => {
    onItsWay = undefined;
  });
  return onItsWay;
}

async function moveToOwnPlace(): Promise<boolean> {
  try {
    // never remembered: a place that is not ours any more would move us
    const file = ownProcesses();
    if (file === undefined) return false;
    await writeFile(file, String(process.pid), { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}
