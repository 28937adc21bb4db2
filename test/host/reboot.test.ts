import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { runLauncher, startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

/**
 * The machine goes down and comes up again, as far as an engine can tell: every process of it is killed, the run root is
 * empty, and the boot id, which lies over the kernel's in a mount namespace of the engine's own, is another one.
 */
const bootFile = `/tmp/beluga-boot-id-${process.pid}`;
const withBootFile = `mount --bind ${bootFile} /proc/sys/kernel/random/boot_id && exec "$@"`;

const inThatBoot = 'unshare --mount --propagation unchanged unshare --mount sh -c'.split(' ');
const prefix = [...inThatBoot, withBootFile, 'sh'];

let engine: TestEngine;
before(async () => {
  writeFileSync(bootFile, `${randomUUID()}\n`);
  engine = await startEngine({ prefix });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(bootFile, { force: true });
});

const docker = (...args: string[]) => engine.docker(...args);
const look = (name: string, format: string) => docker('inspect', '-f', format, name);
const run = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sh', '-c', 'echo run >> /kept; exec sleep 10000');
const isGone = (pid: number) => !existsSync(`/proc/${pid}`);
const healthy = (name: string) =>
  waitUntil(`${name} is healthy`, async () => (await look(name, '{{.State.Health.Status}}')) === 'healthy');

/** Of every container: the monitor and the first process. */
async function processes(): Promise<number[]> {
  const bundles = path.join(engine.folders.runRoot, 'containers');
  const monitors = readdirSync(bundles).map((id) => Number(readFileSync(path.join(bundles, id, 'conmon.pid'), 'utf8')));
  const ids = (await docker('ps', '-q', '--no-trunc')).split('\n').filter(Boolean);
  const firsts = await Promise.all(ids.map(async (id) => Number(await look(id, '{{.State.Pid}}'))));
  return [...monitors, ...firsts].filter((pid) => pid > 0);
}

async function goDown(): Promise<void> {
  const pids = await processes();
  await engine.kill('SIGKILL');
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // its monitor's end was its own
    }
  }
  await waitUntil('all of them are gone', () => pids.every(isGone));
  await runLauncher(engine.folders, ['--release'], prefix);
  rmSync(engine.folders.runRoot, { recursive: true });
  writeFileSync(bootFile, `${randomUUID()}\n`);
}

test('restart policies hold across a reboot; what was to go with its end is gone; files are kept', async () => {
  await run('always', '--restart', 'always', '-p', '127.0.0.1::80');
  await run('unless', '--restart', 'unless-stopped', '--network', 'none');
  await run('halted', '--restart', 'unless-stopped', '--network', 'none');
  await run('always-halted', '--restart', 'always', '--network', 'none');
  await run('failing', '--restart', 'on-failure', '--network', 'none');
  await run('plain', '--network', 'none', '--health-cmd', 'true', '--health-interval', '200ms');
  await run('passing', '--rm', '--network', 'none');
  await docker('create', '--name', 'never', '--restart', 'always', '--network', 'none', sampleImage);
  await docker('stop', '-t', '0', 'halted', 'always-halted');
  await healthy('plain');
  const before = await look('always', '{{.State.StartedAt}}');
  await goDown();
  await engine.restart();

  const bootId = (file: string) => readFileSync(file, 'utf8');
  assert.equal(bootId(`/proc/${engine.pid}/root/proc/sys/kernel/random/boot_id`), bootId(bootFile));
  const status = async (name: string) => look(name, '{{.State.Status}} {{.State.ExitCode}}');
  for (const name of ['always', 'unless', 'always-halted', 'failing'])
    await waitUntil(`${name} runs again`, async () => (await status(name)) === 'running 0');
  assert.notEqual(await look('always', '{{.State.StartedAt}}'), before);
  assert.equal(await docker('exec', 'always', 'cat', '/kept'), 'run\nrun');
  assert.match(await docker('port', 'always', '80'), /^127\.0\.0\.1:\d+$/);
  assert.equal(await status('halted'), 'exited 137');
  assert.equal(await status('plain'), 'exited 255');
  assert.equal(await look('plain', '{{.State.Health.Status}}'), 'unhealthy');
  assert.equal(await status('never'), 'created 0');
  assert.match(await engine.docker.fails(1, 'inspect', '--type', 'container', 'passing'), /No such container/);
  await docker('start', 'plain');
  await healthy('plain');
  assert.equal(await docker('exec', 'plain', 'cat', '/kept'), 'run\nrun');
});

test('a crash is no reboot: what runs goes on, with its health; what ended meanwhile is started again or removed', async () => {
  await run('passing', '--rm', '--network', 'none');
  const pid = await look('always', '{{.State.Pid}}');
  const count = Number(await look('unless', '{{.RestartCount}}'));
  const [unless, passing] = [
    Number(await look('unless', '{{.State.Pid}}')),
    Number(await look('passing', '{{.State.Pid}}')),
  ];
  const checks = async () => JSON.parse(await look('plain', '{{json .State.Health}}'));
  await healthy('plain');
  await engine.kill('SIGKILL');
  for (const one of [unless, passing]) process.kill(one, 'SIGKILL');
  await waitUntil('both have ended', () => isGone(unless) && isGone(passing));
  await engine.restart();
  assert.equal(await look('always', '{{.State.Status}} {{.State.Pid}}'), `running ${pid}`);
  const first = await checks();
  assert.equal(first.Status, 'healthy', 'the status is not lost with the engine');
  await waitUntil('the checks go on', async () => (await checks()).Log.at(-1).Start > first.Log.at(-1).Start);
  await waitUntil('it was started again', async () => (await look('unless', '{{.State.Status}}')) === 'running');
  assert.equal(Number(await look('unless', '{{.RestartCount}}')), count + 1);
  assert.match(await engine.docker.fails(1, 'inspect', '--type', 'container', 'passing'), /No such container/);
});

test('live restore switched off and on again by a signal: the containers end with the engine, and their policies bring them back', async () => {
  const config = path.join(engine.folders.root, 'daemon.json');
  writeFileSync(config, '{}');
  const own = await startEngine({ flags: ['--config-file', config] });
  try {
    await own.docker('load', '-i', sampleArchive());
    const start = (name: string, policy: string, ...options: string[]) =>
      own.docker(
        'run',
        '-d',
        '--name',
        name,
        '--network',
        'none',
        '--restart',
        policy,
        ...options,
        sampleImage,
        'sh',
        '-c',
        'trap "exit 5" TERM; while :; do sleep 0.1; done',
      );
    await start('back', 'always');
    await start('stays', 'no');
    await start('paused', 'unless-stopped');
    await own.docker('pause', 'paused');
    await start('failed', 'on-failure:3');
    await own.docker(
      'run',
      '-d',
      '--rm',
      '--name',
      'goes',
      '--network',
      'none',
      '--stop-timeout',
      '0',
      sampleImage,
      'sleep',
      '1000',
    );
    const ids = async (format: string) =>
      Promise.all(
        ['back', 'stays', 'paused', 'failed', 'goes'].map((name) => own.docker('inspect', '-f', format, name)),
      );
    const pids = (await ids('{{.State.Pid}}')).map(Number);
    writeFileSync(config, JSON.stringify({ 'live-restore': false, 'shutdown-timeout': 30, 'exec-root': '/elsewhere' }));
    process.kill(own.pid, 'SIGHUP');
    const told = await waitUntil('the log tells what was read', () =>
      own
        .log()
        .split('\n')
        .find((line) => line.includes('the configuration was read again')),
    );
    const { changed, needRestart } = JSON.parse(told);
    assert.deepEqual([changed, needRestart], [['live-restore', 'shutdown-timeout'], ['exec-root']]);
    assert.equal(await own.docker('info', '--format', '{{.LiveRestoreEnabled}}'), 'false');
    writeFileSync(config, JSON.stringify({ 'live-restore': false, 'shutdown-timeout': 30 }));
    await own.kill('SIGTERM');
    assert.ok(pids.every(isGone), 'nothing is left running');
    await own.restart();
    await waitUntil(
      'those are back whose policy says so',
      async () => (await own.docker('ps', '--format', '{{.Names}}')).split('\n').sort().join() === 'back,failed,paused',
    );
    assert.equal(await own.docker('inspect', '-f', '{{.RestartCount}}', 'failed'), '0', 'being stopped counts nothing');
    assert.equal(await own.docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'stays'), 'exited 5');
    assert.match(await own.docker.fails(1, 'inspect', '--type', 'container', 'goes'), /No such container/);
  } finally {
    await own[Symbol.asyncDispose]();
  }
});
