import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from './bridge/app.ts';
import { createQuitting } from './quitting.ts';
import { parseSwitches } from './switches.ts';

function user(onQuit: Settings['onQuit'], running: string[]) {
  const done: string[] = [];
  const quitting = createQuitting({
    onQuit: () => onQuit,
    remember: (choice) => done.push(`remember ${choice}`),
    running: () => running,
    ask: (count) => done.push(`ask ${count}`),
    stop: async (id) => {
      done.push(`stop ${id}`);
      if (id === 'stubborn') throw new Error('it does not stop');
    },
    leaving: (stopping) => done.push(`leaving ${stopping}`),
    leave: () => done.push('leave'),
  });
  return { done, quitting };
}

test('nothing runs: the app leaves without a question', async () => {
  const { done, quitting } = user('ask', []);
  await quitting.request();
  assert.deepEqual(done, ['leaving 0', 'leave']);
  assert.ok(quitting.isLeaving);
});

test('keep and stop are done as remembered, without a question', async () => {
  const kept = user('keep', ['a']);
  await kept.quitting.request();
  assert.deepEqual(kept.done, ['leaving 0', 'leave']);
  const stopped = user('stop', ['a', 'stubborn', 'b']);
  await stopped.quitting.request();
  assert.deepEqual(stopped.done, ['leaving 3', 'stop a', 'stop stubborn', 'stop b', 'leave']);
});

test('the question holds the app; asked twice it is put again; cancel changes nothing', async () => {
  const { done, quitting } = user('ask', ['a']);
  await quitting.request();
  await quitting.request();
  assert.equal(quitting.isLeaving, false);
  await quitting.answer('cancel', true);
  assert.deepEqual(done, ['ask 1', 'ask 1']);
  await quitting.answer('stop', true);
  assert.deepEqual(done, ['ask 1', 'ask 1'], 'an answer without a question is none');
});

test('closing the window keeps what runs, whatever the settings say and also while the question is open', async () => {
  const stopping = user('stop', ['a']);
  assert.equal(stopping.quitting.close(), true);
  assert.deepEqual(stopping.done, ['leaving 0', 'leave']);
  const asked = user('ask', ['a']);
  await asked.quitting.request();
  assert.equal(asked.quitting.close(), true);
  await asked.quitting.answer('stop', true);
  assert.deepEqual(asked.done, ['ask 1', 'leaving 0', 'leave']);
});

test('a window does not close before everything is stopped', async () => {
  const { done, quitting } = user('stop', ['a']);
  const stopped = quitting.request();
  assert.equal(quitting.close(), false);
  await stopped;
  assert.equal(quitting.close(), true);
  assert.deepEqual(done, ['leaving 1', 'stop a', 'leave']);
});

test('an answer is remembered only when the user wants it', async () => {
  const once = user('ask', ['a']);
  await once.quitting.request();
  await once.quitting.answer('keep', false);
  assert.deepEqual(once.done, ['ask 1', 'leaving 0', 'leave']);
  const always = user('ask', ['a']);
  await always.quitting.request();
  await always.quitting.answer('stop', true);
  assert.deepEqual(always.done, ['ask 1', 'remember stop', 'leaving 1', 'stop a', 'leave']);
});

test('switches: ours among those of Chromium, relative files from where the app was started', () => {
  const argv = [
    'electron',
    '--no-sandbox',
    '/repo',
    '--beluga-data-root=/d=1',
    '--beluga-screenshot=out/a.png',
    '--beluga-report',
  ];
  assert.deepEqual(parseSwitches(argv, '/work'), {
    dataRoot: '/d=1',
    runRoot: '/run/beluga',
    screenshot: '/work/out/a.png',
    welcome: false,
    report: true,
  });
  assert.deepEqual(parseSwitches(['electron', '--beluga-run-root='], '/'), {
    dataRoot: '/var/lib/beluga',
    runRoot: '/run/beluga',
    welcome: false,
    report: false,
  });
});
