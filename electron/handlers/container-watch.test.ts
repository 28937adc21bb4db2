import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerInspectResponse, ContainerStatsResponse } from '@docker/node-sdk';
import type { ContainerCalls, DockerHost } from '../../engine/compose/docker-host.ts';
import { HostError } from '../hosts/host-error.ts';
import { createPulse } from '../hosts/pulse.ts';
import { containerInspect, containerStats } from './container-watch.ts';

const away = new HostError('unavailable', 'away');
const gone = new HostError('not-found', 'gone');
const hostOf = (containers: Partial<ContainerCalls>) => ({ containers }) as unknown as DockerHost;

const statsAt = (second: number): ContainerStatsResponse =>
  ({
    read: new Date(second * 1000).toISOString(),
    pids_stats: { current: second },
    cpu_stats: { system_cpu_usage: second, cpu_usage: { total_usage: 1 }, online_cpus: 1 },
  }) as unknown as ContainerStatsResponse;

test('stats go on over a restart of the engine, and end when the container is removed', async () => {
  const looks = [{}, away, {}, gone];
  const runs = [[statsAt(1), statsAt(2), away], [statsAt(9)]];
  let waits = 0;
  const sources = {
    events: createPulse(),
    engineRuns: async () => {
      waits += 1;
    },
    host: hostOf({
      inspect: async () => {
        const next = looks.shift() ?? gone;
        if (next instanceof Error) throw next;
        return next as ContainerInspectResponse;
      },
      stats: async function* () {
        for (const item of runs.shift() ?? []) {
          if (item instanceof Error) throw item;
          yield item;
        }
      },
    }),
  };
  const pids: number[] = [];
  for await (const sample of containerStats(sources, { id: 'x' }, new AbortController().signal)) pids.push(sample.pids);
  assert.deepEqual(pids, [1, 2, 9]);
  assert.equal(waits, 1);
});

test('inspect: again when an event came and something changed', async () => {
  const answers = [{ Name: 'a' }, { Name: 'a' }, { Name: 'b' }];
  const events = createPulse();
  let asked = 0;
  const sources = {
    events,
    engineRuns: async () => undefined,
    host: hostOf({
      inspect: async () => {
        const answer = answers[asked];
        asked += 1;
        if (!answer) throw gone;
        setTimeout(events.beat, 1);
        return answer as ContainerInspectResponse;
      },
    }),
  };
  const names: unknown[] = [];
  for await (const found of containerInspect(sources, { id: 'x' }, new AbortController().signal))
    names.push(found.Name);
  assert.deepEqual(names, ['a', 'b']);
  assert.equal(asked, 4);
});
