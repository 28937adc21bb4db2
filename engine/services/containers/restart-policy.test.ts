import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerRecord } from './container-record.ts';
import { createRestarts, startsWithEngine, wantsRestart } from './restart-policy.ts';

const container = (
  policy: string,
  status: Partial<ContainerRecord['status']> = {},
  maximumRetryCount = 0,
): ContainerRecord => ({
  id: 'f00d',
  name: 'web',
  state: 'exited',
  createdNano: 1n,
  fixed: { hostConfig: { restartPolicy: { name: policy, maximumRetryCount } } } as unknown as ContainerRecord['fixed'],
  status: { pid: 0, exitCode: 0, error: '', oomKilled: false, startedAt: 1, ...status },
});

test('each policy wants back what it should', () => {
  const wants = (policy: string, code: number, status = {}, retries = 0) =>
    wantsRestart(container(policy, status, retries), code);
  assert.deepEqual([wants('no', 1), wants('', 1)], [false, false]);
  assert.deepEqual([wants('always', 0), wants('unless-stopped', 0), wants('on-failure', 0)], [true, true, false]);
  assert.deepEqual([wants('on-failure', 1), wants('on-failure', 1, { restartCount: 99 })], [true, true]);
  assert.equal(wants('on-failure', 1, { restartCount: 2 }, 3), true);
  assert.equal(wants('on-failure', 1, { restartCount: 3 }, 3), false);
  for (const policy of ['always', 'unless-stopped', 'on-failure']) {
    assert.equal(wants(policy, 137, { stoppedByHand: true }), false, policy);
  }
});

test('with the engine start those that ran and are wanted: always even where it was stopped by hand', () => {
  const starts = (policy: string, status = {}) => startsWithEngine(container(policy, status));
  assert.deepEqual(
    [starts('always'), starts('unless-stopped'), starts('on-failure'), starts('no')],
    [true, true, false, false],
  );
  assert.deepEqual(
    [starts('always', { stoppedByHand: true }), starts('unless-stopped', { stoppedByHand: true })],
    [true, false],
  );
  assert.equal(starts('always', { startedAt: undefined }), false, 'what never ran is not started');
  assert.equal(startsWithEngine({ ...container('always'), state: 'created' }), false);
});

test('the delay doubles up to a minute and begins anew after ten seconds of running, or by hand', () => {
  const restarts = createRestarts({ start: async () => {} });
  const record = container('always');
  const after = (ranMilliseconds: number) => restarts.delayAfter(record, { exitCode: 1, ranMilliseconds });
  const delays = Array.from({ length: 12 }, () => after(500));
  assert.deepEqual(delays.slice(0, 4), [100, 200, 400, 800]);
  assert.deepEqual(delays.slice(-3), [51_200, 60_000, 60_000]);
  assert.equal(after(9_999), 60_000);
  assert.equal(after(10_000), 100);
  assert.equal(after(0), 200);
  restarts.forget(record.id);
  assert.equal(after(0), 100);
  assert.equal(restarts.delayAfter(container('no'), { exitCode: 1, ranMilliseconds: 0 }), undefined);
});

test('what is planned starts once; what is forgotten, or planned after the close, does not', async () => {
  const started: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const restarts = createRestarts({
    start: async (id) => {
      started.push(id);
      if (id === 'last') resolve();
    },
  });
  restarts.plan('a', 0);
  restarts.plan('b', 0);
  restarts.plan('a', 1);
  restarts.forget('b');
  restarts.plan('last', 5);
  await promise;
  assert.deepEqual(started, ['a', 'last']);
  restarts.plan('c', 0);
  restarts.close();
  restarts.plan('d', 0);
  await new Promise((done) => setTimeout(done, 10));
  assert.deepEqual(started, ['a', 'last']);
});
