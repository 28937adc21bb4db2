import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { askJson } from '../raw-http.ts';
import { dockerArchive, sampleImage, sampleLayer } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

interface Health {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

const docker = (...args: string[]) => subject.docker(...args);
const health = async (name: string): Promise<Health> =>
  JSON.parse(await docker('inspect', '-f', '{{json .State.Health}}', name));
const is = (name: string, status: string) =>
  waitUntil(`${name} is ${status}`, async () => {
    const now = await health(name);
    return now?.Status === status ? now : null;
  });
/** Runs until it is removed; healthy as long as /well is there, where the check looks for it. */
const run = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, '--network', 'none', ...options, sampleImage, 'sleep', '10000');
const often = ['--health-interval', '200ms'];
const looksForWell = ['--health-cmd', 'test -e /well', ...often, '--health-retries', '2'];
const actionsOf = async (name: string) =>
  (
    await docker(
      ...['events', '--since', '1', '--until', String(Date.now() / 1000 + 0.001), '--filter', `container=${name}`],
      ...['--format', '{{.Action}}'],
    )
  ).split('\n');
const create = (Healthcheck: unknown, more: object = {}) =>
  askJson(subject.socket, '/v1.41/containers/create', {
    Image: sampleImage,
    Cmd: ['sleep', '10000'],
    HostConfig: { NetworkMode: 'none' },
    Healthcheck,
    ...more,
  });

test('starting, healthy, unhealthy and back: in inspect, in ps, by filter, as events', async () => {
  await run('one', ...looksForWell);
  assert.match(await docker('ps', '--format', '{{.Status}}'), /^Up .+ \(health: starting\)$/);
  assert.equal(await docker('ps', '-f', 'health=starting', '--format', '{{.Names}}'), 'one');
  const unwell = await is('one', 'unhealthy');
  assert.ok(unwell.FailingStreak >= 2);
  assert.match(await docker('ps', '--format', '{{.Status}}'), /^Up .+ \(unhealthy\)$/);
  await docker('exec', 'one', 'touch', '/well');
  const well = await is('one', 'healthy');
  assert.equal(well.FailingStreak, 0);
  const last = well.Log.at(-1);
  assert.equal(last?.ExitCode, 0);
  assert.ok(Date.parse(last?.End ?? '') >= Date.parse(last?.Start ?? ''));
  assert.match(await docker('ps', '--format', '{{.Status}}'), /^Up .+ \(healthy\)$/);
  assert.equal(await docker('ps', '-q', '-f', 'health=unhealthy', '-f', 'health=none'), '');
  await waitUntil('five are kept', async () => (await health('one')).Log.length === 5);
  assert.match(await subject.docker.fails(1, 'ps', '-f', 'health=foo'), /nrecognis?z?ed filter value for health: foo/i);
  const actions = await actionsOf('one');
  assert.deepEqual(
    actions.filter((action) => action.startsWith('health_status')),
    ['health_status: unhealthy', 'health_status: healthy'],
  );
  const words = '/bin/sh -c test -e /well';
  assert.deepEqual(actions.filter((action) => action.startsWith('exec_') && !action.includes('touch')).slice(0, 3), [
    `exec_create: ${words}`,
    `exec_start: ${words}`,
    'exec_die',
  ]);
});

test('what a check says: both streams, its exit code, 4096 bytes of it', async () => {
  await run('said', '--health-cmd', 'echo out; sleep 0.1; echo err >&2; exit 5', ...often);
  await run('much', '--health-cmd', 'yes | head -c 100000; kill -9 $$', ...often);
  const first = async (name: string) =>
    (await waitUntil(`${name} was checked`, async () => ((await health(name)).Log.length > 0 ? health(name) : null)))
      .Log[0];
  const said = await first('said');
  assert.deepEqual([said?.ExitCode, said?.Output], [5, 'out\nerr\n']);
  const much = await first('much');
  assert.deepEqual([much?.ExitCode, much?.Output], [137, `${'y\n'.repeat(2048)}...`]);
});

test('a check that takes too long is killed; one that cannot be run says why', async () => {
  await run(
    'slow',
    '--health-cmd',
    'echo begun; exec sleep 9876',
    ...often,
    '--health-timeout',
    '500ms',
    '--health-retries',
    '1',
  );
  const slow = (await is('slow', 'unhealthy')).Log.at(-1);
  assert.equal(slow?.ExitCode, -1);
  // dockerd 20.10 leaves the output out
  assert.match(slow?.Output ?? '', /^Health check exceeded timeout \(500ms\)(: begun\n)?$/);
  await docker('update', '--restart', 'no', 'slow');
  await waitUntil(
    'at most the next one runs',
    async () =>
      (await docker('top', 'slow', '-eo', 'pid,args')).split('\n').filter((line) => line.includes('9876')).length <= 1,
  );
  const { Id } = (await create({ Test: ['CMD', 'nope'], Interval: 2e8, Retries: 1 })).json<{ Id: string }>();
  await docker('start', Id);
  const broken = (await is(Id, 'unhealthy')).Log.at(-1);
  assert.equal(broken?.ExitCode, -1);
  assert.match(broken?.Output ?? '', /exec failed: .*exec: "nope": executable file not found in \$PATH: unknown$/);
  const told = await actionsOf(Id);
  assert.ok(told.includes('exec_start: nope ') && !told.includes('exec_die'));
});

test('failures of the start period do not count; one success ends it', async () => {
  // dockerd 20.10 knows no interval of the start
  const isOld = (await docker('version', '--format', '{{.Server.APIVersion}}')) === '1.41';
  const quick = isOld ? [] : ['--health-start-interval', '200ms'];
  await run('young', ...looksForWell, '--health-retries', '1', '--health-start-period', '1h', ...quick);
  await waitUntil('it was checked', async () => (await health('young')).Log.length >= 3);
  assert.deepEqual([(await health('young')).Status, (await health('young')).FailingStreak], ['starting', 0]);
  await docker('exec', 'young', 'touch', '/well');
  await is('young', 'healthy');
  await docker('exec', 'young', 'rm', '/well');
  await is('young', 'unhealthy');
});

test('nobody looks after what is paused or has ended; a start begins anew and keeps the log', async () => {
  await run('one', ...looksForWell);
  await docker('exec', 'one', 'touch', '/well');
  await is('one', 'healthy');
  await docker('pause', 'one');
  assert.equal((await health('one')).Status, 'unhealthy');
  assert.match(await docker('ps', '--format', '{{.Status}}'), /\(Paused\)$/);
  await docker('unpause', 'one');
  await is('one', 'healthy');
  await docker('stop', '-t', '0', 'one');
  const stopped = await health('one');
  assert.equal(stopped.Status, 'unhealthy');
  await docker('start', 'one');
  const started = await health('one');
  assert.deepEqual([started.Status, started.FailingStreak], ['starting', 0]);
  assert.equal(started.Log[0]?.Start, stopped.Log[0]?.Start);
  await is('one', 'healthy');
  await docker('restart', '-t', '0', 'one');
  await is('one', 'healthy');
});

test('user, directory and variables of a check are the container’s', async () => {
  await run(
    'one',
    '-u',
    '1000:5',
    '-w',
    '/tmp',
    '-e',
    'SAID=hello',
    '--health-cmd',
    'id -u; id -g; pwd; echo $SAID',
    ...often,
  );
  const { Log } = await is('one', 'healthy');
  assert.equal(Log[0]?.Output, '1000\n5\n/tmp\nhello\n');
});

test('an image’s check, changed by the request field by field, or switched off', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-health-'));
  try {
    const Healthcheck = { Test: ['CMD-SHELL', 'echo $0'], Interval: 2e8, Timeout: 3e9, Retries: 7 };
    const config = { Cmd: ['sleep', '1000'], Shell: ['/bin/sh', '-xc'], Env: ['PATH=/bin:/usr/bin'], Healthcheck };
    const file = path.join(folder, 'image.tar');
    writeFileSync(file, await dockerArchive({ name: 'checked:latest', layers: [await sampleLayer()], config }));
    await docker('load', '-i', file);
    assert.deepEqual(
      JSON.parse(await docker('image', 'inspect', '-f', '{{json .Config.Healthcheck}}', 'checked')),
      Healthcheck,
    );
    const checkOf = async (name: string) =>
      JSON.parse(await docker('inspect', '-f', '{{json .Config.Healthcheck}}', name));
    const start = (name: string, ...options: string[]) =>
      docker('run', '-d', '--name', name, '--network', 'none', ...options, 'checked');
    await start('asis');
    assert.deepEqual(await checkOf('asis'), Healthcheck);
    // not by the image's SHELL: that is the builder's alone
    assert.equal((await is('asis', 'healthy')).Log[0]?.Output, '/bin/sh\n');
    await start('changed', '--health-retries', '2', '--health-cmd', 'true');
    assert.deepEqual(await checkOf('changed'), { ...Healthcheck, Test: ['CMD-SHELL', 'true'], Retries: 2 });
    await start('off', '--no-healthcheck');
    assert.deepEqual((await checkOf('off')).Test, ['NONE']);
    assert.equal(await health('off'), null);
    assert.match(await docker('ps', '--format', '{{.Status}}', '-f', 'name=off'), /^Up [^(]+$/);
    assert.equal(await docker('ps', '--format', '{{.Names}}', '-f', 'health=none'), 'off');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what cannot be a check is refused in words; a shell of the request is used', async () => {
  const refused = async (check: object, message: RegExp) => {
    const answer = await create({ Test: ['CMD', 'true'], ...check });
    assert.equal(answer.status, 400);
    assert.match(answer.json().message, message);
  };
  await refused({ Interval: 1 }, /^Interval in Healthcheck cannot be less than (1ms|one millisecond)$/);
  await refused({ Timeout: -1 }, /^Timeout in Healthcheck cannot be less than /);
  await refused({ StartPeriod: 999_999 }, /^StartPeriod in Healthcheck cannot be less than /);
  await refused({ Retries: -1 }, /^Retries in Healthcheck cannot be negative$/);
  const { Id } = (await create({ Test: ['CMD-SHELL', 'echo $-'], Interval: 2e8 }, { Shell: ['/bin/sh', '-fc'] })).json<{
    Id: string;
  }>();
  await docker('start', Id);
  assert.match((await is(Id, 'healthy')).Log[0]?.Output ?? '', /f/);
});
