import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type FaultyPrograms, makeFaultyPrograms } from './faulty-programs.ts';

let programs: FaultyPrograms;
let engine: TestEngine;
before(async () => {
  programs = makeFaultyPrograms();
  engine = await startEngine({ env: { PATH: `${programs.folder}:${process.env.PATH}` } });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  programs.mend();
  await engine[Symbol.asyncDispose]();
  programs[Symbol.dispose]();
});

afterEach(async () => {
  programs.mend();
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => engine.docker(...args);
const look = (name: string, field: string) => docker('inspect', '-f', `{{${field}}}`, name);
const sleeper = (name: string, ...options: string[]) => [
  ...['run', '-d', '--name', name, '--stop-timeout', '0', ...options, sampleImage, 'sleep', '600'],
];

/** Of what only a running container may have. */
function halves(): string[] {
  const { runRoot } = engine.folders;
  return [
    ...readdirSync(path.join(runRoot, 'containers')),
    ...readdirSync(path.join(runRoot, 'netns')),
    ...mountsBelow(engine.folders.root, engine.pid).filter((mount) => /rootfs|netns/.test(mount)),
  ];
}

/** The call fails in one sentence, nothing is left half-done, and once mended the same container starts. */
async function failsAndMends(what: Parameters<FaultyPrograms['break']>[0], words: RegExp, ...options: string[]) {
  programs.break(what);
  const said = await engine.docker.fails(125, ...sleeper('victim', ...options));
  assert.match(said, words);
  assert.deepEqual(halves(), []);
  assert.equal(await look('victim', '.State.Status'), 'created');
  assert.match(await look('victim', '.State.Error'), words);
  programs.mend();
  await docker('start', 'victim');
  assert.equal(await look('victim', '.State.Status'), 'running');
  await docker('rm', '-f', 'victim');
  assert.deepEqual(halves(), []);
}

for (const runtime of ['crun', 'runc']) {
  test(`${runtime} fails to create`, () =>
    failsAndMends('fail-create', /this runtime does not want to create/, '--runtime', runtime));
}

test('runc fails to start', () =>
  failsAndMends('fail-start', /this runtime does not want to start/, '--runtime', 'runc'));

test('the exec fifo of crun is gone', () => failsAndMends('fifo', /OCI runtime|crun|fifo/, '--runtime', 'crun'));

test('conmon is killed while it makes a container', () =>
  failsAndMends('conmon', /conmon ended without making the container/));

test('a runtime that hangs keeps nobody else waiting, and when it is ended its client is told', async () => {
  programs.break('hang-create');
  const waiting = engine.docker.run(sleeper('hanging', '--runtime', 'runc'), { exits: 'any' });
  const pid = await programs.hanging();
  programs.mend();
  await docker(...sleeper('other'));
  assert.equal(await docker('exec', 'other', 'echo', 'here'), 'here');
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await waiting;
  assert.equal(code, 125);
  assert.match(stderr, /OCI runtime create failed|conmon/);
  await docker('start', 'hanging');
  await docker('rm', '-f', 'hanging', 'other');
  assert.deepEqual(halves(), []);
});

test('a runtime that fails to delete: the container is still stopped, and goes once it is mended', async () => {
  await docker(...sleeper('stays', '--runtime', 'runc'));
  programs.break('fail-delete');
  await docker('stop', 'stays');
  assert.equal(await look('stays', '.State.Status'), 'exited');
  programs.mend();
  await docker('start', 'stays');
  await docker('rm', '-f', 'stays');
  assert.deepEqual(halves(), []);
});

test('a runtime that fails to exec: the client is told, the container goes on', async () => {
  await docker(...sleeper('goes-on'));
  programs.break('fail-exec');
  const { code, stderr, stdout } = await engine.docker.run(['exec', 'goes-on', 'echo', 'x'], { exits: 'any' });
  assert.notEqual(code, 0);
  assert.match(stderr + stdout, /OCI runtime exec failed/);
  programs.mend();
  assert.equal(await docker('exec', 'goes-on', 'echo', 'x'), 'x');
  await docker('rm', '-f', 'goes-on');
});

const monitorOf = async (name: string) => {
  const status = readFileSync(`/proc/${await look(name, '.State.Pid')}/status`, 'utf8');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
};

test('conmon is killed: the container goes on, is looked into, stopped, started again; its end is told', async () => {
  await docker(...sleeper('orphan'));
  const exec = engine.docker.start(['exec', 'orphan', 'sh', '-c', 'sleep 2; echo done']);
  const conmon = await monitorOf('orphan');
  process.kill(conmon, 'SIGKILL');
  await waitUntil('it has ended', () => !existsSync(`/proc/${conmon}/root`));
  assert.equal(await look('orphan', '.State.Status'), 'running');
  assert.equal((await exec.ended).stdout, 'done\n');
  assert.equal(await docker('exec', 'orphan', 'echo', 'here'), 'here');
  const waiting = engine.docker.start(['wait', 'orphan']);
  await docker('stop', 'orphan');
  assert.equal((await waiting.ended).stdout, '137\n');
  await docker('start', 'orphan');
  assert.notEqual(await monitorOf('orphan'), conmon);
  await docker('rm', '-f', 'orphan');
  assert.deepEqual(halves(), []);
});

test('conmon is killed while no engine runs: the next one finds the container', async () => {
  await docker(...sleeper('orphan'));
  const pid = await look('orphan', '.State.Pid');
  const conmon = await monitorOf('orphan');
  await engine.kill('SIGKILL');
  process.kill(conmon, 'SIGKILL');
  await engine.restart();
  assert.equal(await look('orphan', '.State.Pid'), pid);
  await docker('rm', '-f', 'orphan');
  await waitUntil('its process has ended', () => !existsSync(`/proc/${pid}/root`));
  assert.deepEqual(halves(), []);
});

const inEngine = async (...command: string[]) => {
  const { code, stderr } = await runToEnd('nsenter', ['-t', String(engine.pid), '-m', '--', ...command]);
  assert.equal(code, 0, stderr);
};

test('cgroups that cannot be written: a start says so, nothing is left, and the next works', async () => {
  const mounted = readFileSync(`/proc/${engine.pid}/mountinfo`, 'utf8').split('\n');
  const hierarchies = mounted.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4] ?? '');
  for (const target of hierarchies) await inEngine('mount', '-o', 'remount,bind,ro', target);
  const said = await engine.docker.fails(125, ...sleeper('victim'));
  for (const target of hierarchies) await inEngine('mount', '-o', 'remount,bind,rw', target);
  assert.match(said, /OCI runtime create failed: .*cgroup/);
  assert.deepEqual(halves(), []);
  await docker('start', 'victim');
  await docker('rm', '-f', 'victim');
});

test('a data root that becomes read-only: what runs goes on, what writes says so, and all goes on afterwards', async () => {
  await docker(...sleeper('before'));
  const { dataRoot } = engine.folders;
  // over it, for the records are open in it
  await inEngine('mount', '--bind', dataRoot, dataRoot);
  await inEngine('mount', '-o', 'remount,bind,ro', dataRoot);
  try {
    assert.equal(await docker('exec', 'before', 'echo', 'here'), 'here');
    assert.match(await engine.docker.fails(1, 'create', '--name', 'never', sampleImage), /read-only|EROFS/i);
    assert.match((await engine.docker.run(['load', '-i', sampleArchive()], { exits: 1 })).stderr, /read-only|EROFS/i);
    assert.equal(await docker('ps', '-a', '--format', '{{.Names}}'), 'before');
  } finally {
    await inEngine('umount', dataRoot);
  }
  await docker('rm', '-f', 'before');
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'again'), 'again');
  assert.deepEqual(halves(), []);
});
