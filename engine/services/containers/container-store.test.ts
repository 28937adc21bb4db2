import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { createStoredEventBus } from '../../events/stored-event-bus.ts';
import { openRecords } from '../../storage/records/records.ts';
import type { ContainerRecord } from './container-record.ts';
import { openContainerStore } from './container-store.ts';

/** No container here has a check. */
const health = { look: () => {}, after: () => undefined };
const instance = 'aaaaaaaaaaaa';

function open() {
  const records = openRecords(':memory:');
  const events = createStoredEventBus({ records });
  return { records, events, store: openContainerStore({ records, events, health, instance }) };
}

const record = (id: string, name: string): ContainerRecord => ({
  id,
  name,
  state: 'created',
  createdNano: BigInt(Date.now()) * 1_000_000n,
  fixed: {
    imageId: 'sha256:a',
    config: { image: 'busybox', labels: { tier: 'x' } },
  } as unknown as ContainerRecord['fixed'],
  status: { pid: 0, exitCode: 0, error: '', oomKilled: false },
});
const code = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error instanceof EngineError ? `${error.code} ${error.message}` : error;
  }
  return 'done';
};

test('a container is found by id, name, slash and name, and unique prefix', () => {
  const { store } = open();
  store.add(record('abc1', 'web'), { action: 'create' });
  store.add(record('abd2', 'abc'), { action: 'create' });
  assert.equal(store.resolve('abc1').name, 'web');
  assert.equal(store.resolve('/web').id, 'abc1');
  assert.equal(store.resolve('abc').id, 'abd2', 'a name goes before a prefix');
  assert.equal(store.resolve('abd').id, 'abd2');
  assert.throws(() => store.resolve('ab'), {
    code: 'invalid',
    reason: 'container.ambiguous',
    message: 'multiple IDs found with provided prefix: ab',
  });
  assert.equal(
    code(() => store.resolve('nope')),
    'not-found No such container: nope',
  );
});

test('a taken name is refused in Docker words, a given-up one is free', () => {
  const { store } = open();
  store.add(record('a1', 'web'), { action: 'create' });
  const taken = 'conflict Conflict. The container name "/web" is already in use by container "a1".';
  assert.ok(String(code(() => store.add(record('b2', 'web'), { action: 'create' }))).startsWith(taken));
  store.change('a1', { name: 'other' }, { action: 'rename' });
  assert.equal(
    code(() => store.add(record('b2', 'web'), { action: 'create' })),
    'done',
  );
  assert.ok(String(code(() => store.change('a1', { name: 'web' }))).startsWith('conflict'));
  store.remove('b2', { action: 'destroy' });
  assert.equal(
    code(() => store.change('a1', { name: 'web' })),
    'done',
  );
});

test('whoever hears of a change sees it, and it is there after a reopen', async () => {
  const { store, events, records } = open();
  const heard = events.watch();
  store.add(record('a1', 'web'), { action: 'create' });
  const next = heard.next();
  store.change('a1', { state: 'running', status: { pid: 7 } }, { action: 'start' });
  assert.equal((await next).value?.action, 'create');
  const { value } = await heard.next();
  assert.deepEqual(value?.actor, { id: 'a1', attributes: { tier: 'x', image: 'busybox', name: 'web' } });
  const again = openContainerStore({ records, events, health, instance });
  assert.deepEqual(again.all(), store.all());
  assert.deepEqual([again.resolve('web').state, again.resolve('web').status.pid], ['running', 7]);
});
