import { readFileSync } from 'node:fs';
import path from 'node:path';

/** File of a cgroup in which a block device has its weight. */
export type WeightFile = 'io.bfq.weight' | 'io.weight';

export interface BlockDevice {
  major: number;
  minor: number;
}

/** Where the kernel tells of devices and of the root cgroup. */
export interface WeightPlaces {
  devices: string;
  root: string;
}

const usualPlaces: WeightPlaces = { devices: '/sys/dev/block', root: '/sys/fs/cgroup' };

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/**
 * What weighs a block device in cgroup v2 now: bfq where that is its scheduler, else the kernel's cost model where it is
 * enabled for the device (cgroup-v2.rst, "IO Interface Files"). Undefined for any other, and for a partition: the kernel
 * takes no weight for it, or takes it without effect.
 */
export function weightFileOf({ major, minor }: BlockDevice, places = usualPlaces): WeightFile | undefined {
  const numbers = `${major}:${minor}`;
  const scheduler = read(path.join(places.devices, numbers, 'queue/scheduler'));
  if (scheduler.includes('[bfq]')) return 'io.bfq.weight';
  const [, ...words] =
    read(path.join(places.root, 'io.cost.qos'))
      .split('\n')
      .map((line) => line.split(' '))
      .find(([device]) => device === numbers) ?? [];
  return words.includes('enable=1') ? 'io.weight' : undefined;
}
