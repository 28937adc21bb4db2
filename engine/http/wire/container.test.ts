import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerDetails } from '../../testing/door-services.ts';
import { containerSummaryToWire, containerToWire, statusWords } from './container.ts';

const now = Date.parse('2026-01-02T12:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000);

test('status in the words of docker ps', () => {
  const words = (changes: Parameters<typeof containerDetails>[0]) => statusWords(containerDetails(changes), now);
  assert.equal(words({}), 'Created');
  assert.equal(words({ state: 'running', startedAt: ago(3) }), 'Up 3 seconds');
  assert.equal(words({ state: 'paused', startedAt: ago(120) }), 'Up 2 minutes (Paused)');
  assert.equal(
    words({ state: 'exited', exitCode: 137, startedAt: ago(99), finishedAt: ago(60) }),
    'Exited (137) About a minute ago',
  );
  assert.equal(
    words({ state: 'restarting', exitCode: 1, startedAt: ago(9), finishedAt: ago(1) }),
    'Restarting (1) 1 second ago',
  );
  assert.equal(words({ state: 'removing' }), 'Removal In Progress');
  assert.equal(words({ state: 'dead' }), 'Dead');
});

test('a line of the list', () => {
  const line = containerSummaryToWire(containerDetails({ state: 'running', startedAt: ago(3) }), 'abcdef012345', now);
  assert.deepEqual(line.Names, ['/web']);
  assert.equal(line.Command, "sh -c 'echo hello world'");
  assert.equal(line.Created, Date.parse('2026-01-02T03:04:05Z') / 1000);
  assert.deepEqual(Object.keys(line.NetworkSettings?.Networks ?? {}), ['bridge']);
  assert.equal(line.Status, 'Up 3 seconds');
});

test('inspect has what clients read, never-happened times are zero', () => {
  const base = containerDetails();
  const wire = containerToWire(
    containerDetails({
      state: 'running',
      pid: 42,
      startedAt: ago(5),
      config: { ...base.config, entrypoint: ['/init'], exposedPorts: ['80/tcp'], stopTimeoutSeconds: 3 },
      hostConfig: { ...base.hostConfig, networkMode: 'host', resources: { memoryBytes: 1024, pidsLimit: 10 } },
      mounts: [{ type: 'bind', source: '/a', target: '/b', mode: 'ro', readOnly: true, propagation: 'rprivate' }],
    }),
    { instance: 'abcdef012345', cgroupVersion: 2 },
  );
  assert.deepEqual([wire.State?.Running, wire.State?.Pid, wire.State?.StartedAt], [true, 42, '2026-01-02T11:59:55Z']);
  assert.equal(wire.State?.FinishedAt, '0001-01-01T00:00:00Z');
  assert.deepEqual(wire.Config?.Entrypoint, ['/init']);
  assert.equal(wire.Config?.Cmd, null);
  assert.equal(wire.Config?.Hostname, 'c'.repeat(12));
  assert.equal(wire.Config?.StopTimeout, 3);
  assert.deepEqual(wire.Config?.ExposedPorts, { '80/tcp': {} });
  assert.deepEqual([wire.HostConfig?.Memory, wire.HostConfig?.PidsLimit], [1024, 10]);
  assert.deepEqual(Object.keys(wire.NetworkSettings?.Networks ?? {}), ['host']);
  assert.deepEqual(wire.Mounts, [
    { Type: 'bind', Source: '/a', Destination: '/b', Mode: 'ro', RW: false, Propagation: 'rprivate' },
  ]);
});
