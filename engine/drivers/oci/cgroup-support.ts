import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readMountTable } from '../mounts/mount-table.ts';
import { type BlockDevice, weightFileOf } from './cgroups/weight-file.ts';
import { cgroupVersion } from './cgroups.ts';

/** What this kernel's cgroups can limit; a limit that is not there is left out with a warning, as dockerd does. */
export interface CgroupSupport {
  memoryLimit: boolean;
  swapLimit: boolean;
  memoryReservation: boolean;
  memorySwappiness: boolean;
  kernelMemory: boolean;
  kernelMemoryTcp: boolean;
  oomKillDisable: boolean;
  cpuShares: boolean;
  cpuCfs: boolean;
  cpuRealtime: boolean;
  cpuset: boolean;
  /** Lists as the kernel writes them, `0-3,8`; of the processors and memory nodes that can be had. */
  cpus: string;
  memoryNodes: string;
  blockWeight: boolean;
  blockWeightDevice: boolean;
  /** Whether this device can have a weight now, where `blockWeightDevice` says that devices can. */
  weighs(device: BlockDevice): boolean;
  blockRates: boolean;
  pidsLimit: boolean;
}

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** Looks at the hierarchies; run it in the engine's mount namespace. */
export function readCgroupSupport(): CgroupSupport {
  return cgroupVersion() === 2 ? supportV2('/sys/fs/cgroup') : supportV1(controllerDirectories());
}

function controllerDirectories(): ReadonlyMap<string, string> {
  const entries = readMountTable().filter(({ type }) => type === 'cgroup');
  return new Map(entries.flatMap(({ superOptions, target }) => superOptions.split(',').map((name) => [name, target])));
}

/** @param directories where each controller of v1 is mounted */
export function supportV1(directories: ReadonlyMap<string, string>): CgroupSupport {
  const has = (controller: string, file: string) => {
    const directory = directories.get(controller);
    return directory !== undefined && existsSync(path.join(directory, file));
  };
  const cpuset = directories.get('cpuset');
  return {
    memoryLimit: has('memory', 'memory.limit_in_bytes'),
    swapLimit: has('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    memorySwappiness: has('memory', 'memory.swappiness'),
    // the file is still there, and refuses every value since Linux 5.16
    kernelMemory: false,
    kernelMemoryTcp: has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuCfs: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_period_us'),
    cpuset: cpuset !== undefined,
    cpus: cpuset === undefined ? '' : read(path.join(cpuset, 'cpuset.cpus')),
    memoryNodes: cpuset === undefined ? '' : read(path.join(cpuset, 'cpuset.mems')),
    blockWeight: has('blkio', 'blkio.weight') || has('blkio', 'blkio.bfq.weight'),
    blockWeightDevice: has('blkio', 'blkio.weight_device') || has('blkio', 'blkio.bfq.weight_device'),
    weighs: () => true,
    blockRates: has('blkio', 'blkio.throttle.read_bps_device'),
    pidsLimit: directories.has('pids'),
  };
}

/** What children get, as the runtimes do it with their first container: until then their files do not tell. */
function giveToChildren(root: string, controllers: ReadonlySet<string>): void {
  const file = path.join(root, 'cgroup.subtree_control');
  const given = new Set(read(file).split(/\s+/));
  for (const controller of controllers) {
    if (given.has(controller) || !existsSync(file)) continue;
    try {
      writeFileSync(file, `+${controller}`, { flag: 'r+' });
    } catch {
      // one that is taken otherwise, or a hierarchy that cannot be written: the files will not be there
    }
  }
}

/** Whether a child of the root has files of these names; where there is none yet, one is made to look at. */
function childHas<T extends string>(root: string, files: readonly T[]): Record<T, boolean> {
  const children = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = children.map(({ name }) => name);
  const trial = path.join(root, `beluga-trial-${process.pid}`);
  let made = false;
  try {
    if (names.length === 0) mkdirSync(trial);
    made = names.length === 0;
  } catch {
    // a hierarchy that cannot be written
  }
  if (made) names.push(path.basename(trial));
  const has = (file: string) => names.some((name) => existsSync(path.join(root, name, file)));
  const found = Object.fromEntries(files.map((file) => [file, has(file)])) as Record<T, boolean>;
  if (made) rmdirSync(trial);
  return found;
}

/** @param root where the one hierarchy is mounted. The root cgroup has no limits: its children are looked at. */
export function supportV2(root: string): CgroupSupport {
  const controllers = new Set(read(path.join(root, 'cgroup.controllers')).split(/\s+/));
  giveToChildren(root, controllers);
  const child = childHas(root, ['memory.swap.max', 'io.weight', 'io.bfq.weight']);
  const memory = controllers.has('memory');
  const cpu = controllers.has('cpu');
  return {
    memoryLimit: memory,
    swapLimit: memory && child['memory.swap.max'],
    memoryReservation: memory,
    memorySwappiness: false,
    kernelMemory: false,
    kernelMemoryTcp: false,
    oomKillDisable: false,
    cpuShares: cpu,
    cpuCfs: cpu,
    cpuRealtime: false,
    cpuset: controllers.has('cpuset'),
    cpus: read(path.join(root, 'cpuset.cpus.effective')),
    memoryNodes: read(path.join(root, 'cpuset.mems.effective')),
    blockWeight: controllers.has('io') && (child['io.weight'] || child['io.bfq.weight']),
    blockWeightDevice: controllers.has('io') && (child['io.weight'] || child['io.bfq.weight']),
    weighs: (device) => weightFileOf(device) !== undefined,
    blockRates: controllers.has('io'),
    pidsLimit: controllers.has('pids'),
  };
}
