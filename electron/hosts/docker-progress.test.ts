import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, createDockerProgress } from './docker-progress.ts';

test('the lines of a pull become layers with sizes, states and speed', () => {
  let now = 0;
  const progress = createDockerProgress(() => now);
  progress.add({ status: 'Pulling from library/node', id: '22' });
  progress.add({ status: 'Already exists', id: 'aa', progressDetail: {} });
  progress.add({ status: 'Pulling fs layer', id: 'bb', progressDetail: {} });
  progress.add({ status: 'Downloading', id: 'bb', progressDetail: { current: 100, total: 1000 } });
  now = 1000;
  progress.add({ status: 'Downloading', id: 'bb', progressDetail: { current: 600, total: 1000 } });
  assert.deepEqual(
    progress.layers().map(({ digest, size, current, state, speed }) => [digest, size, current, state, speed]),
    [
      ['aa', 0, 0, 'there', 0],
      ['bb', 1000, 600, 'downloading', 600],
    ],
  );
  assert.equal(progress.speed(), 600);
  assert.deepEqual(bytesOf(progress.layers()), { current: 600, total: 1000 });
  progress.add({ status: 'Extracting', id: 'bb', progressDetail: { current: 1, total: 1000 } });
  assert.deepEqual(bytesOf(progress.layers()), { current: 1000, total: 1000 });
  progress.add({ status: 'Pull complete', id: 'bb', progressDetail: {} });
  progress.add({ status: `Digest: sha256:${'c'.repeat(64)}` });
  assert.equal(progress.layers()[1]?.state, 'done');
  assert.equal(progress.digest, `sha256:${'c'.repeat(64)}`);
});

test('the lines of a push: what the registry has is there, the digest is in the last words', () => {
  const progress = createDockerProgress(() => 0);
  progress.add({ status: 'The push refers to repository [127.0.0.1:5000/a]' });
  progress.add({ status: 'Preparing', id: 'aa', progressDetail: {} });
  progress.add({ status: 'Mounted from library/b', id: 'bb', progressDetail: {} });
  progress.add({ status: 'Pushing', id: 'aa', progressDetail: { current: 5, total: 10 } });
  assert.deepEqual(bytesOf(progress.layers()), { current: 5, total: 10 });
  progress.add({ status: 'Pushed', id: 'aa', progressDetail: {} });
  progress.add({ status: `1: digest: sha256:${'d'.repeat(64)} size: 7` });
  assert.deepEqual(
    progress.layers().map(({ state }) => state),
    ['done', 'there'],
  );
  assert.equal(progress.digest, `sha256:${'d'.repeat(64)}`);
});
