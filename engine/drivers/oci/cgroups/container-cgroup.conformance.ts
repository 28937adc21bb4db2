import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineError } from '../../../base/errors.ts';
import type { ContainerCgroup } from './container-cgroup.ts';

const mebibyte = 1024 * 1024;

/** A container whose cgroup is under test. */
export interface CgroupSubject {
  cgroup: ContainerCgroup;
  /** Pids that are in it. */
  members: readonly number[];
  /** The limits as they stand in the kernel's files, read past the code under test. Bytes, microseconds. */
  limits(): { memory: number; memoryAndSwap: number; cpuQuota: number; cpuPeriod: number; cpus: string; pids: number };
  /** Ends the container and its cgroup. */
  remove(): Promise<void>;
}

/** What every version of cgroups has to do, on a container that computes all the time. */
export function cgroupConformance(name: string, make: () => Promise<CgroupSubject>): void {
  describe(name, () => {
    let subject: CgroupSubject;

    test('limits are set while it runs, up and down, one alone or several', async () => {
      subject = await make();
      const { cgroup, limits } = subject;
      for (const size of [256, 64, 512]) {
        cgroup.update({ memory: { limit: size * mebibyte, swap: 2 * size * mebibyte } });
        assert.deepEqual([limits().memory, limits().memoryAndSwap], [size * mebibyte, 2 * size * mebibyte]);
        assert.equal(cgroup.stats().memory.limitBytes, size * mebibyte);
      }
      cgroup.update({ cpu: { quota: 50_000, period: 100_000, cpus: '0' }, pids: { limit: 40 } });
      const { cpuQuota, cpuPeriod, cpus, pids } = limits();
      assert.deepEqual(
        { cpuQuota, cpuPeriod, cpus, pids },
        { cpuQuota: 50_000, cpuPeriod: 100_000, cpus: '0', pids: 40 },
      );
      assert.equal(cgroup.stats().pids.limit, 40);
      cgroup.update({ cpu: { quota: 80_000 } });
      assert.deepEqual([limits().cpuQuota, limits().cpuPeriod], [80_000, 100_000], 'the period stays');
      cgroup.update({ pids: { limit: -1 } });
      assert.equal(cgroup.stats().pids.limit, undefined);
      assert.equal(limits().memory, 512 * mebibyte, 'what is not named stays');
    });

    test('it stands still and goes on, asked once or twice', async () => {
      const { cgroup } = subject;
      assert.equal(cgroup.frozen(), false);
      await cgroup.freeze();
      await cgroup.freeze();
      assert.equal(cgroup.frozen(), true);
      const { total } = cgroup.stats().cpu;
      assert.equal(cgroup.stats().cpu.total, total, 'no time is counted');
      cgroup.thaw();
      cgroup.thaw();
      assert.equal(cgroup.frozen(), false);
    });

    test('what is counted is there and fits together', () => {
      const { cgroup, members } = subject;
      const { cpu, memory, pids } = cgroup.stats();
      assert.ok(cpu.total > 0 && cpu.kernel + cpu.user > 0, JSON.stringify(cpu));
      assert.ok(cpu.throttledPeriods <= cpu.periods);
      assert.ok(memory.usageBytes > 0);
      const cache = memory.values.total_inactive_file ?? memory.values.inactive_file;
      assert.ok(cache !== undefined && cache <= memory.usageBytes, `${cache} of ${memory.usageBytes}`);
      assert.equal(pids.current, members.length);
      assert.deepEqual(cgroup.processes().toSorted(), [...members].toSorted());
    });

    test('of one that is gone nothing is told, and to let it go on is no failure', async () => {
      const { cgroup, remove } = subject;
      await remove();
      const isGone = (error: unknown) => error instanceof EngineError && error.code === 'not-found';
      assert.throws(() => cgroup.stats(), isGone);
      assert.throws(() => cgroup.update({ pids: { limit: 3 } }), isGone);
      await assert.rejects(cgroup.freeze(), isGone);
      assert.equal(cgroup.frozen(), false);
      assert.deepEqual(cgroup.processes(), []);
      cgroup.thaw();
    });
  });
}
