/** systemd is the init: the service is installed, and its engine ends and crashes; then the guest is booted anew (service-again.ts). */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { sampleArchive } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { mebibyte } from './guest-engine.ts';
import { beluga, bootId, keepFacts, serviceDocker } from './service-facts.ts';

const { docker, look, start, kernel } = serviceDocker();
const systemctl = async (...args: string[]) => (await runToEnd('systemctl', args)).stdout.trim();
const show = (property: string) => systemctl('show', '--value', '-p', property, 'beluga.service');
const answers = () =>
  waitUntil('the engine answers', async () => (await docker.run(['version'], { exits: 'any' })).code === 0);
const names = ['always', 'unless', 'halted', 'always-halted', 'failing', 'plain', 'tidy'];
const idle = 'echo run >> /kept; exec sleep 10000';

test('install under systemd: the engine runs at once, in a unit that ends only its own process', async () => {
  assert.equal((await systemctl('is-system-running')).split('\n')[0] !== 'offline', true);
  const installed = await runToEnd(process.execPath, [beluga, 'service', 'install']);
  assert.deepEqual([installed.code, installed.stderr], [0, '']);
  assert.match(installed.stdout, /is written, enabled and started/);
  await answers();
  assert.equal(await show('ActiveState'), 'active');
  assert.equal(await systemctl('is-enabled', 'beluga.service'), 'enabled');
  await docker('load', '-i', sampleArchive());
});

test('limits below systemd: containers have a cgroup of their own, and nothing is left out', async () => {
  const limits = { Memory: 64 * mebibyte, MemorySwap: 96 * mebibyte, NanoCpus: 5e8, PidsLimit: 20 };
  assert.deepEqual(await start('limited', limits, idle), []);
  assert.equal(await kernel('limited', 'memory.swap.max'), String(32 * mebibyte));
  const pid = await look('limited', 'State.Pid');
  assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), /^0::\/beluga-[^/]+\/[0-9a-f]{64}$/m);
  await docker('rm', '-f', 'limited');
});

test('the engine is restarted, ends by a crash: containers go on, and systemd brings it back', async () => {
  await start('always', { RestartPolicy: { Name: 'always' } }, idle);
  await start('unless', { RestartPolicy: { Name: 'unless-stopped' } }, idle);
  await start('halted', { RestartPolicy: { Name: 'unless-stopped' } }, idle);
  await start('always-halted', { RestartPolicy: { Name: 'always' } }, idle);
  await start('failing', { RestartPolicy: { Name: 'on-failure' } }, idle);
  await start('plain', {}, idle);
  await start('tidy', {}, "trap 'echo in order >> /kept; exit 7' TERM; while :; do sleep 0.2; done");
  await docker('stop', '-t', '0', 'halted', 'always-halted');
  const running = ['always', 'unless', 'failing', 'plain', 'tidy'];
  const pids = () => Promise.all(running.map((name) => look(name, 'State.Status', 'State.Pid')));
  const before = await pids();
  await systemctl('restart', 'beluga.service');
  await answers();
  assert.deepEqual(await pids(), before, 'after a restart of the unit');
  const main = await show('MainPID');
  process.kill(Number(main), 'SIGKILL');
  await waitUntil('systemd starts it again', async () => ![main, '0'].includes(await show('MainPID')));
  await answers();
  assert.deepEqual(await pids(), before, 'a crash is no reboot');
  assert.equal(await look('always', 'RestartCount'), '0');
  assert.equal(await look('halted', 'State.Status'), 'exited');
});

test('what the next boot has to know is written down', async () => {
  const startedAt = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await look(name, 'State.StartedAt')])),
  );
  rmSync('/var/lib/service-facts.json', { force: true });
  keepFacts({ bootId: bootId(), startedAt });
});
