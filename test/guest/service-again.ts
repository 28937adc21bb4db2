/** After a reboot of the guest: systemd has started the engine, and restart policies have brought back what they promise. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { waitUntil } from '../wait-until.ts';
import { beluga, bootId, readFacts, serviceDocker } from './service-facts.ts';

const { docker, look } = serviceDocker();
const status = (name: string) => look(name, 'State.Status', 'State.ExitCode');

test('another boot: the service was started with the machine', async () => {
  assert.notEqual(bootId(), readFacts().bootId);
  await waitUntil('the engine answers', async () => (await docker.run(['version'], { exits: 'any' })).code === 0);
});

test('always and unless-stopped are back, what was stopped stays so, the rest was stopped before the machine went down', async () => {
  for (const name of ['always', 'unless', 'always-halted', 'failing'])
    await waitUntil(`${name} runs again`, async () => (await status(name)) === 'running 0');
  const { startedAt } = readFacts();
  assert.notEqual(await look('always', 'State.StartedAt'), startedAt.always);
  assert.equal(await docker('exec', 'always', 'cat', '/kept'), 'run\nrun', 'its files are kept');
  assert.equal(await status('halted'), 'exited 137');
  assert.equal(await look('halted', 'State.StartedAt'), startedAt.halted);
  assert.equal(await status('plain'), 'exited 137', 'it did not hear its stop signal, and was killed');
  assert.equal(await status('tidy'), 'exited 7', 'it was told to stop before the machine went down');
  await docker('start', 'tidy');
  assert.equal(await docker('exec', 'tidy', 'cat', '/kept'), 'in order');
});

test('remove: containers go on without it, and nothing of the service is left', async () => {
  const pid = await look('always', 'State.Pid');
  await docker('rm', '-f', 'unless', 'always-halted', 'failing', 'plain', 'halted', 'tidy');
  const removed = await runToEnd(process.execPath, [beluga, 'service', 'remove']);
  assert.deepEqual([removed.code, removed.stderr], [0, '']);
  assert.ok(existsSync(`/proc/${pid}/stat`));
  assert.equal(existsSync('/etc/systemd/system/beluga.service'), false);
  const listed = await runToEnd('systemctl', ['list-unit-files', 'beluga.service', '--no-legend']);
  assert.equal(listed.stdout.trim(), '');
});
