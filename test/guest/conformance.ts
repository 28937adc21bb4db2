import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openCgroupV2 } from '../../engine/drivers/oci/cgroups/cgroup-v2.ts';
import {
  type CgroupSubject,
  cgroupConformance,
} from '../../engine/drivers/oci/cgroups/container-cgroup.conformance.ts';
import { waitUntil } from '../wait-until.ts';
import { useGuestEngine } from './guest-engine.ts';

const one = useGuestEngine();

function limitsIn(directory: string) {
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8').trim();
  const [quota = 0, period = 0] = read('cpu.max').split(' ').map(Number);
  const memory = Number(read('memory.max'));
  const memoryAndSwap = memory + Number(read('memory.swap.max'));
  const [cpus, pids] = [read('cpuset.cpus'), Number(read('pids.max'))];
  return { memory, memoryAndSwap, cpuQuota: quota, cpuPeriod: period, cpus, pids };
}

for (const runtime of ['crun', 'runc'])
  cgroupConformance(`cgroup v2 of a real kernel, a container of ${runtime}`, async (): Promise<CgroupSubject> => {
    await one.guest.start(runtime, { Runtime: runtime, PidsLimit: 100 }, 'sleep 1000 & while :; do :; done');
    const [, place = ''] =
      /^0::(.*)$/m.exec(readFileSync(`/proc/${await one.guest.look(runtime, 'State.Pid')}/cgroup`, 'utf8')) ?? [];
    const directory = path.join('/sys/fs/cgroup', place);
    const cgroup = openCgroupV2(directory);
    const members = await waitUntil('the shell and its child run', () => {
      const isIn = (pid: string) => {
        try {
          return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(place);
        } catch {
          return false;
        }
      };
      const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isIn(pid));
      return pids.length === 2 && cgroup.stats().cpu.user > 0 ? pids.map(Number) : null;
    });
    return { cgroup, members, limits: () => limitsIn(directory), remove: () => one.guest.remove(runtime) };
  });
