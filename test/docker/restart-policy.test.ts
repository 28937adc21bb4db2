import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
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

const docker = (...args: string[]) => subject.docker(...args);
const fails = (...args: string[]) => subject.docker.fails(1, ...args);
const look = (name: string, format: string) => docker('inspect', '-f', format, name);
const state = (name: string) => look(name, '{{.State.Status}}');
const run = (name: string, policy: string, script: string) =>
  docker('run', '-d', '--name', name, '--network', 'none', '--restart', policy, sampleImage, 'sh', '-c', script);
/** Until it waits for its next start, which it does for longer each time. */
const waiting = (name: string) =>
  waitUntil(`${name} waits for its restart`, async () => {
    const said = await look(name, '{{.State.Status}} {{.RestartCount}}');
    return said.startsWith('restarting') && Number(said.split(' ')[1]) >= 4;
  });

async function actionsOf(name: string): Promise<string[]> {
  const until = String(Date.now() / 1000 + 0.001);
  const filters = ['--filter', 'type=container', '--filter', `container=${name}`];
  const printed = await docker('events', '--since', '1', '--until', until, ...filters, '--format', '{{.Action}}');
  return printed.split('\n').filter(Boolean);
}

test('on-failure:n starts it again n times, each with its log; an exit of 0 ends it', async () => {
  await run('f1', 'on-failure:2', 'echo once more; exit 4');
  await waitUntil(
    'it has given up',
    async () => (await look('f1', '{{.State.Status}} {{.RestartCount}}')) === 'exited 2',
  );
  assert.equal(await look('f1', '{{.State.ExitCode}}'), '4');
  assert.deepEqual((await docker('logs', 'f1')).split('\n'), ['once more', 'once more', 'once more']);
  assert.deepEqual(await actionsOf('f1'), ['create', 'start', 'die', 'start', 'die', 'start', 'die']);
  await run('f2', 'on-failure', 'exit 0');
  assert.equal(await docker('wait', 'f2'), '0');
  assert.equal(await look('f2', '{{.State.Status}} {{.RestartCount}}'), 'exited 0');
  await run('f3', 'no', 'exit 3');
  assert.equal(await docker('wait', 'f3'), '3');
  assert.equal(await look('f3', '{{.State.Status}} {{.RestartCount}}'), 'exited 0');
});

test('run in the foreground ends with the first exit', async () => {
  const { code, stdout } = await subject.docker.run(
    [
      'run',
      '--name',
      'fg',
      '--network',
      'none',
      '--restart',
      'on-failure:1',
      sampleImage,
      'sh',
      '-c',
      'echo hi; exit 4',
    ],
    { exits: 4 },
  );
  assert.deepEqual([code, stdout], [4, 'hi\n']);
});

test('while it waits for its restart: shown so, and what needs its processes is refused in words', async () => {
  await run('w1', 'always', 'exit 3');
  await waiting('w1');
  const [shown, status, pid] = (
    await look('w1', '{{.State.Running}} {{.State.Restarting}}|{{.State.ExitCode}}|{{.State.Pid}}')
  ).split('|');
  assert.deepEqual([shown, status, pid], ['true true', '3', '0']);
  assert.match(await docker('ps', '--format', '{{.State}} {{.Status}}'), /^restarting Restarting \(3\) .+ ago$/);
  for (const [method, path] of [
    ['POST', 'pause'],
    ['GET', 'top'],
  ] as const) {
    const answer = await waitUntil(`it waited while ${path} was asked for`, async () => {
      await waiting('w1');
      const said = await ask(subject.socket, { method, path: `/containers/w1/${path}` });
      if (said.status === 204) await docker('unpause', 'w1');
      return said.status === 409 ? said : null;
    });
    assert.match(answer.json().message, /^Container [0-9a-f]{64} is restarting, wait until the container is running$/);
  }
  assert.equal((await ask(subject.socket, { method: 'POST', path: '/containers/w1/start' })).status, 304);
  assert.match(await fails('rm', 'w1'), /restarting/);
  await docker('rm', '-f', 'w1');
  assert.equal(await docker('ps', '-aq'), '');
});

test('stop, kill and restart by hand are obeyed, running or waiting', async () => {
  await run('h1', 'always', 'sleep 1000');
  await docker('stop', '-t', '0', 'h1');
  assert.equal(await state('h1'), 'exited');
  await docker('start', 'h1');
  await docker('kill', 'h1');
  assert.equal(await state('h1'), 'exited');
  await docker('start', 'h1');
  await docker('restart', '-t', '0', 'h1');
  assert.equal(await look('h1', '{{.State.Status}} {{.RestartCount}}'), 'running 0');
  await run('h2', 'always', 'exit 3');
  await waiting('h2');
  await docker('stop', 'h2');
  assert.equal(await look('h2', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 3');
  const count = Number(await look('h2', '{{.RestartCount}}'));
  assert.ok(count >= 4);
  assert.equal((await actionsOf('h2')).at(-1), 'stop');
  await docker('start', 'h2');
  await waiting('h2');
  await docker('kill', 'h2');
  assert.equal(await state('h2'), 'exited');
  await docker('start', 'h2');
  await waiting('h2');
  await docker('restart', 'h2');
  assert.ok(Number(await look('h2', '{{.RestartCount}}')) < 4, 'a start by hand counts anew');
  const before = (await actionsOf('h1')).filter((action) => action === 'start').length;
  assert.equal(before, 4, 'nothing was started behind the back');
});

test('a process that is killed from outside comes back, its files are kept', async () => {
  await run('k1', 'unless-stopped', 'echo x >> /count; wc -l < /count; sleep 1000');
  const pid = await look('k1', '{{.State.Pid}}');
  await waitUntil('it wrote', async () => (await docker('logs', 'k1')) === '1');
  process.kill(Number(pid), 'SIGKILL');
  await waitUntil('it runs again', async () => (await docker('logs', 'k1')) === '1\n2');
  assert.equal(await look('k1', '{{.State.Status}} {{.RestartCount}}'), 'running 1');
  assert.notEqual(await look('k1', '{{.State.Pid}}'), pid);
});

test('update changes the policy of what runs, from its next end on', async () => {
  await run('u1', 'no', 'sleep 1000');
  await docker('update', '--restart', 'always', 'u1');
  process.kill(Number(await look('u1', '{{.State.Pid}}')), 'SIGKILL');
  await waitUntil(
    'it came back',
    async () => (await look('u1', '{{.State.Status}} {{.RestartCount}}')) === 'running 1',
  );
  await docker('update', '--restart', 'no', 'u1');
  process.kill(Number(await look('u1', '{{.State.Pid}}')), 'SIGKILL');
  await waitUntil('it ended', async () => (await state('u1')) === 'exited');
  assert.match(await fails('update', '--restart', 'foo', 'u1'), /invalid restart policy/);
});

test('--rm and a restart policy exclude each other; retries are for on-failure alone; nothing is warned of', async () => {
  const create = (HostConfig: unknown) =>
    askJson(subject.socket, '/containers/create', { Image: sampleImage, HostConfig });
  const refused = async (HostConfig: unknown) => {
    const answer = await create(HostConfig);
    assert.equal(answer.status, 400);
    return answer.json().message;
  };
  assert.equal(
    await refused({ AutoRemove: true, RestartPolicy: { Name: 'always' } }),
    "can't create 'AutoRemove' container with restart policy",
  );
  assert.match(await refused({ RestartPolicy: { Name: 'foo' } }), /invalid restart policy/);
  assert.match(await refused({ RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } }), /maximum retry count can/);
  assert.match(await refused({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } }), /cannot be negative/);
  const fine = await create({ NetworkMode: 'none', RestartPolicy: { Name: 'always' } });
  assert.deepEqual(fine.json<{ Warnings: string[] | null }>().Warnings ?? [], []);
  await docker('run', '-d', '--rm', '--name', 'r1', '--network', 'none', sampleImage, 'sleep', '1000');
  assert.match(await fails('update', '--restart', 'always', 'r1'), /AutoRemove is enabled for the container/);
});
