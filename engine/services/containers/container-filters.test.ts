import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listContainers } from './container-filters.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerState, ListContainers } from './container-service.ts';

function container(
  number: number,
  name: string,
  state: ContainerState,
  own: { labels?: Record<string, string>; exitCode?: number; network?: string; image?: string } = {},
): ContainerRecord {
  const id = String(number).repeat(64);
  return {
    id,
    name,
    state,
    createdNano: BigInt(number),
    fixed: {
      imageId: own.image ?? 'sha256:a',
      config: { labels: own.labels ?? {}, exposedPorts: ['80/tcp'] },
      hostConfig: { networkMode: own.network ?? 'default', binds: ['/src:/dst:ro'], mounts: [] },
    } as unknown as ContainerRecord['fixed'],
    status: { pid: 0, exitCode: own.exitCode ?? 0, error: '', oomKilled: false },
  };
}

const records = [
  container(1, 'web', 'running', { labels: { tier: 'front', x: '' } }),
  container(2, 'db', 'exited', { exitCode: 3, image: 'sha256:b' }),
  container(3, 'web2', 'created', { labels: { tier: 'back' } }),
  container(4, 'job', 'paused', { network: 'host', labels: { tier: 'front' } }),
];
const context = {
  resolve: (name: string) => {
    const found = records.find((record) => record.name === name);
    if (!found) throw new Error(`No such container: ${name}`);
    return found;
  },
  imagesFrom: (name: string) => new Set(name === 'busybox' ? ['sha256:b'] : []),
};
const names = (request: ListContainers) => listContainers(records, request, context).map(({ name }) => name);
const filtered = (filters: Record<string, string[]>, all = true) => names({ all, filters });

test('without all only live ones, newest first; a limit brings the newest of all', () => {
  assert.deepEqual(names({}), ['job', 'web']);
  assert.deepEqual(names({ all: true }), ['job', 'web2', 'db', 'web']);
  assert.deepEqual(names({ limit: 3 }), ['job', 'web2', 'db']);
});

test('each filter, and several together', () => {
  assert.deepEqual(filtered({ name: ['web'] }), ['web2', 'web']);
  assert.deepEqual(filtered({ name: ['^/web$'] }), ['web']);
  assert.deepEqual(filtered({ name: ['('] }), []);
  assert.deepEqual(filtered({ id: ['22', '3'] }), ['web2', 'db']);
  assert.deepEqual(filtered({ label: ['tier=front'] }), ['job', 'web']);
  assert.deepEqual(filtered({ label: ['tier', 'x'] }), ['web']);
  assert.deepEqual(filtered({ 'label!': ['tier=front'] }), ['web2', 'db']);
  assert.deepEqual(filtered({ status: ['exited', 'created'] }, false), ['web2', 'db']);
  assert.deepEqual(filtered({ exited: ['3'] }, false), [], 'as in Docker');
  assert.deepEqual(filtered({ exited: ['3'] }), ['db']);
  assert.deepEqual(filtered({ ancestor: ['busybox', 'none'] }), ['db']);
  assert.deepEqual(filtered({ before: ['web2'] }), ['db', 'web']);
  assert.deepEqual(filtered({ since: ['db'] }), ['job', 'web2']);
  assert.deepEqual(filtered({ network: ['host'] }), ['job']);
  assert.deepEqual(filtered({ network: ['bridge'], name: ['db'] }), ['db']);
  assert.deepEqual(filtered({ volume: ['/dst'], exited: ['3'] }), ['db']);
  assert.deepEqual(filtered({ name: [] }), ['job', 'web2', 'db', 'web'], 'an empty list asks for nothing');
});

test('unknown filters and values are refused', () => {
  const bad = { status: 'up', exited: 'x', wrong: '1', constructor: '1', 'is-task': '?' };
  for (const [filter, value] of Object.entries(bad)) {
    assert.throws(() => filtered({ [filter]: [value] }), /invalid filter/, filter);
  }
});
