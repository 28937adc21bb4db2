import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageSummary } from '@docker/node-sdk';
import type { Container } from '../bridge/host.ts';
import { createHostState, toContainer } from './host-state.ts';

const container = (id: string, state: Container['state'] = 'running', imageId = 'sha256:a'): Container => ({
  id,
  name: id,
  image: 'sample',
  imageId,
  command: 'sh',
  state,
  ports: [],
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
});

const image = (id: string, ...references: string[]): ImageSummary => ({
  Id: id,
  ParentId: '',
  RepoTags: references,
  RepoDigests: [],
  Created: 0,
  Size: 7,
  SharedSize: -1,
  Labels: {},
  Containers: -1,
});

test('a reader gets what changed since, each entity once and as it is now', () => {
  const state = createHostState();
  const reader = state.reader();
  assert.equal(state.listed, false);
  state.replace([container('a'), container('b')], [image('sha256:a', 'sample:latest')]);
  assert.equal(state.listed, true);
  state.putContainer(container('a', 'exited'));
  state.putContainer(container('a', 'running'));
  state.putContainer(container('a', 'paused'));
  state.removeContainer('b');
  assert.deepEqual(reader.take(), {
    containers: { put: [container('a', 'paused')], gone: ['b'] },
    images: {
      put: [
        {
          id: 'sha256:a',
          references: ['sample:latest'],
          digests: [],
          unverified: [],
          size: 7,
          createdAt: '1970-01-01T00:00:00.000Z',
          containers: 1,
        },
      ],
      gone: [],
    },
  });
  assert.equal(reader.take(), undefined);
});

test('what did not change is not told', () => {
  const state = createHostState();
  state.replace([container('a')], [image('sha256:a', 'sample:latest')]);
  const reader = state.reader();
  state.putContainer(container('a'));
  state.replace([container('a')], [image('sha256:a', 'sample:latest')]);
  state.removeContainer('unknown');
  assert.equal(reader.take(), undefined);
});

test('after a reconnect what is not listed any more is gone', () => {
  const state = createHostState();
  state.replace([container('a'), container('b')], [image('sha256:a'), image('sha256:b')]);
  const reader = state.reader();
  state.replace([container('b', 'exited'), container('c')], [image('sha256:a')]);
  const patch = reader.take();
  assert.deepEqual(patch?.containers?.gone, ['a']);
  assert.deepEqual(
    patch?.containers?.put.map(({ id }) => id),
    ['b', 'c'],
  );
  assert.deepEqual(patch?.images, { put: [], gone: ['sha256:b'] });
});

test('an image counts the containers that use it', () => {
  const state = createHostState();
  state.replace([], [image('sha256:a', '<none>:<none>')]);
  const reader = state.reader();
  state.putContainer(container('a'));
  assert.deepEqual(
    reader.take()?.images?.put.map(({ containers, references }) => [containers, references]),
    [[1, []]],
  );
  state.removeContainer('a');
  assert.equal(reader.take()?.images?.put[0]?.containers, 0);
});

test('readers are independent', () => {
  const state = createHostState();
  const first = state.reader();
  const second = state.reader();
  state.putContainer(container('a'));
  assert.equal(first.take()?.containers?.put.length, 1);
  assert.equal(second.take()?.containers?.put.length, 1);
  second.close();
  state.removeContainer('a');
  assert.equal(second.take(), undefined);
});

test('an inspection becomes a container', () => {
  const inspected = {
    Id: 'f'.repeat(64),
    Name: '/web',
    Image: 'sha256:a',
    Path: 'sh',
    Args: ['-c', 'true'],
    Created: '2026-01-01T00:00:00Z',
    State: {
      Status: 'exited' as const,
      ExitCode: 137,
      Error: '',
      StartedAt: '2026-01-01T00:00:01Z',
      FinishedAt: '2026-01-01T00:00:02Z',
    },
    Config: { Image: 'sample', Labels: { a: 'b' } },
    NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': null } },
  } as unknown as Parameters<typeof toContainer>[0];
  assert.deepEqual(toContainer(inspected), {
    id: 'f'.repeat(64),
    name: 'web',
    image: 'sample',
    imageId: 'sha256:a',
    command: 'sh -c true',
    state: 'exited',
    startedAt: '2026-01-01T00:00:01Z',
    finishedAt: '2026-01-01T00:00:02Z',
    exitCode: 137,
    ports: [
      { containerPort: 80, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080 },
      { containerPort: 53, protocol: 'udp' },
    ],
    createdAt: '2026-01-01T00:00:00Z',
    labels: { a: 'b' },
  });
});

test('health is told of what runs, and of nothing else', () => {
  const healthOf = (Status: 'running' | 'paused' | 'exited', found?: string) =>
    toContainer({ Id: 'a', State: { Status, ...(found && { Health: { Status: found as 'healthy' } }) } }).health;
  assert.equal(healthOf('running', 'starting'), 'starting');
  assert.equal(healthOf('running', 'unhealthy'), 'unhealthy');
  assert.equal(healthOf('running', 'none'), undefined);
  assert.equal(healthOf('running'), undefined);
  assert.equal(healthOf('paused', 'unhealthy'), undefined);
  assert.equal(healthOf('exited', 'unhealthy'), undefined);
});

test('a container that never ran has no times and no exit code', () => {
  const never = '0001-01-01T00:00:00Z';
  const state = { Status: 'created' as const, ExitCode: 0, StartedAt: never, FinishedAt: never };
  const { startedAt, finishedAt, exitCode } = toContainer({ Id: 'a', State: state });
  assert.deepEqual(
    { startedAt, finishedAt, exitCode },
    { startedAt: undefined, finishedAt: undefined, exitCode: undefined },
  );
});

test('limits: processors as --cpus or as quota and period, memory; none when there are none', () => {
  const limits = (config: object) => {
    const { cpuLimit, memoryLimit } = toContainer({ HostConfig: config });
    return [cpuLimit, memoryLimit];
  };
  assert.deepEqual(limits({ NanoCpus: 1_500_000_000, Memory: 512 }), [150, 512]);
  assert.deepEqual(limits({ CpuQuota: 25_000, CpuPeriod: 50_000 }), [50, undefined]);
  assert.deepEqual(limits({ CpuQuota: 20_000, CpuPeriod: 0 }), [20, undefined]);
  assert.deepEqual(limits({ CpuQuota: -1, NanoCpus: 0, Memory: 0 }), [undefined, undefined]);
  assert.equal('cpuLimit' in toContainer({}), false);
});
