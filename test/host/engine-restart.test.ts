import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { runLauncher, startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
let flags: string;

before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
  flags = path.join(engine.folders.root, 'flags');
  mkdirSync(flags);
});
after(() => engine[Symbol.asyncDispose]());

/** Counts on until the file `/flags/<name>` is there, then says so and ends with 7. */
const counting = (name: string) =>
  `i=0; while [ ! -e /flags/${name} ]; do i=$((i+1)); echo line $i; sleep 0.05; done; echo last; exit 7`;
const run = (name: string, ...options: string[]) =>
  engine.docker(
    ...['run', '-d', '--name', name, '-v', `${flags}:/flags`, '--network', 'none', ...options],
    ...[sampleImage, 'sh', '-c', counting(name)],
  );
const inspect = (name: string, format: string) => engine.docker('inspect', '-f', format, name);
const linesOf = async (name: string) => (await engine.docker('logs', name)).split('\n');
const numbersOf = async (name: string) =>
  (await linesOf(name)).flatMap((line) => (line.startsWith('line ') ? [Number(line.slice(5))] : []));
const isGone = (pid: string) => !existsSync(`/proc/${pid}`);
const overlayComplaints = () =>
  spawnSync('dmesg', { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => /overlay.*(in-use|undefined behavior)/.test(line)).length;

function rootMounts(): string[] {
  const { pid } = JSON.parse(readFileSync(path.join(engine.folders.runRoot, 'holder.json'), 'utf8'));
  return mountsBelow(engine.folders.runRoot, pid).filter((target) => target.endsWith('/rootfs'));
}

test('containers live through SIGKILL of the engine; those that ended meanwhile have their exit and every line', async () => {
  const complaints = overlayComplaints();
  const names = ['one', 'two', 'three', 'ends', 'goes'];
  for (const name of names) await run(name, ...(name === 'goes' ? ['--rm'] : []));
  const pids = new Map<string, string>();
  for (const name of names) pids.set(name, await inspect(name, '{{.State.Pid}}'));
  await engine.kill('SIGKILL');
  for (const name of ['ends', 'goes']) {
    writeFileSync(path.join(flags, name), '');
    await waitUntil(`${name} has ended`, () => isGone(pids.get(name) ?? ''));
  }
  await engine.restart();

  for (const name of ['one', 'two', 'three']) {
    assert.equal(await inspect(name, '{{.State.Status}} {{.State.Pid}}'), `running ${pids.get(name)}`);
  }
  assert.equal(await inspect('ends', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 7');
  assert.match(await engine.docker.fails(1, 'inspect', '--type', 'container', 'goes'), /No such container: goes/);
  assert.equal((await linesOf('ends')).at(-1), 'last');
  for (const name of ['one', 'ends']) {
    const numbers = await numbersOf(name);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `no line of ${name} is lost`,
    );
  }
  // `--until` counts in whole seconds: the exits of this second come a moment later
  const died = await waitUntil('the exits are told', async () => {
    const names = await engine.docker(
      ...['events', '--since', '1', '--until', '0s', '--filter', 'event=die', '--format', '{{.Actor.Attributes.name}}'],
    );
    return names.includes('ends') && names.includes('goes') ? names.split('\n').sort() : null;
  });
  assert.deepEqual(died, ['ends', 'goes'], 'once each');

  await engine.docker('start', 'ends');
  assert.equal(await engine.docker('wait', 'ends'), '7', 'the file is still there: it ends at once');
  await engine.docker('stop', '-t', '0', 'two');
  assert.equal(await inspect('two', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  await engine.docker('start', 'two');

  assert.equal(rootMounts().length, 3, 'one root mount per running container');
  assert.deepEqual(mountsBelow(engine.folders.root).sort(), [engine.folders.dataRoot, engine.folders.runRoot].sort());
  assert.equal(overlayComplaints(), complaints, 'no upper directory was mounted twice');
});

test('a graceful end keeps containers too, and a second engine on the data root is refused in one sentence', async () => {
  const pid = await inspect('one', '{{.State.Pid}}');
  const other = path.join(engine.folders.root, 'other-run');
  const refused = await runLauncher({ ...engine.folders, runRoot: other });
  assert.equal(refused.code, 1);
  const fatal = JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '');
  assert.deepEqual([fatal.level, fatal.reason], ['fatal', 'data-root.in-use']);
  await engine.restart();
  assert.equal(await inspect('one', '{{.State.Status}} {{.State.Pid}}'), `running ${pid}`);
});

test('what was left half-made goes at the next start', async () => {
  await engine.kill('SIGKILL');
  const stray = 'e'.repeat(64);
  mkdirSync(path.join(engine.folders.dataRoot, 'containers', stray));
  mkdirSync(path.join(engine.folders.runRoot, 'containers', stray, 'rootfs'), { recursive: true });
  await engine.restart();
  assert.equal(existsSync(path.join(engine.folders.dataRoot, 'containers', stray)), false);
  assert.equal(existsSync(path.join(engine.folders.runRoot, 'containers', stray)), false);
  assert.equal(await inspect('one', '{{.State.Status}}'), 'running');
});

test('after a power cut what ran is over, and what was to go with its end is gone', async () => {
  await run('short-lived', '--rm');
  const pids: number[] = [];
  for (const name of (await engine.docker('ps', '--format', '{{.Names}}')).split('\n')) {
    const [pid = '', id = ''] = (await inspect(name, '{{.State.Pid}} {{.Id}}')).split(' ');
    const monitor = readFileSync(path.join(engine.folders.runRoot, 'containers', id, 'conmon.pid'), 'utf8');
    pids.push(Number(monitor), Number(pid));
  }
  await engine.kill('SIGKILL');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await waitUntil('all of them are gone', () => pids.every((pid) => isGone(String(pid))));
  await runLauncher(engine.folders, ['--release']);
  rmSync(engine.folders.runRoot, { recursive: true });
  const database = new DatabaseSync(path.join(engine.folders.dataRoot, 'beluga.db'));
  database.exec("UPDATE containers SET status = json_set(status, '$.bootId', 'the boot before')");
  database.close();
  await engine.restart();

  assert.equal(await inspect('one', '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}'), 'exited 255 0');
  assert.match(await engine.docker.fails(1, 'inspect', '--type', 'container', 'short-lived'), /No such container/);
  assert.deepEqual(rootMounts(), []);
  await engine.docker('start', 'one');
  assert.equal(await inspect('one', '{{.State.Status}}'), 'running');
});
