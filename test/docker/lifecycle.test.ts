import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
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
const sh = (script: string) => [sampleImage, 'sh', '-c', script];
const state = (name: string, field: string) => docker('inspect', '-f', `{{.State.${field}}}`, name);
const lines = (words: string) => words.split('\n').filter(Boolean);
const shrugs = 'trap "" TERM; echo up; while :; do sleep 0.1; done';
const up = (name: string, word = 'up') =>
  waitUntil(`${name} said ${word}`, async () => (await docker('logs', name)).includes(word));

test('ps shows what runs, -a everything, filters and formats', async () => {
  await docker('run', '-d', '--name', 'one', '-l', 'tier=web', sampleImage);
  await docker('run', '--name', 'two', '-l', 'tier=db', ...sh('exit 3'), '--').catch(() => {});
  await docker('create', '--name', 'three', sampleImage);
  const names = async (...args: string[]) => lines(await docker('ps', '--format', '{{.Names}}', ...args)).sort();
  assert.deepEqual(await names(), ['one']);
  assert.deepEqual(await names('-a'), ['one', 'three', 'two']);
  assert.deepEqual(await names('-a', '--filter', 'label=tier'), ['one', 'two']);
  assert.deepEqual(await names('-a', '--filter', 'label=tier=db'), ['two']);
  assert.deepEqual(await names('-a', '--filter', 'status=created'), ['three']);
  assert.deepEqual(await names('-a', '--filter', 'status=exited', '--filter', 'status=running'), ['one', 'two']);
  assert.deepEqual(await names('-a', '--filter', 'exited=3'), ['two']);
  assert.deepEqual(await names('-a', '--filter', 'name=^/t'), ['three', 'two']);
  assert.deepEqual(await names('-a', '--filter', `ancestor=${sampleImage}`), ['one', 'three', 'two']);
  assert.deepEqual(await names('-a', '--filter', 'before=two'), ['one']);
  assert.deepEqual(await names('-a', '--filter', 'since=two'), ['three']);
  assert.deepEqual(lines(await docker('ps', '-a', '--format', '{{.Names}}')), ['three', 'two', 'one']);
  assert.deepEqual(await names('-n', '1'), ['three']);
  assert.match(
    await docker('ps', '--format', '{{.Status}} {{.Image}} {{.Command}}', '--no-trunc'),
    /^Up .* beluga\/welcome:latest "\/welcome"$/,
  );
  assert.match(await docker('ps', '-a', '--format', '{{.Status}}', '--filter', 'name=two'), /^Exited \(3\) /);
  assert.match(await subject.docker.fails(1, 'ps', '--filter', 'nonsense=1'), /invalid filter 'nonsense'/i);
});

test('stop asks first: a container that listens ends with its own code', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'polite',
    ...sh('trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.1; done'),
  );
  await up('polite');
  assert.equal(await docker('stop', 'polite'), 'polite');
  assert.equal(await state('polite', 'ExitCode'), '5');
  assert.match(await docker('logs', 'polite'), /bye/);
  assert.equal(await docker('stop', 'polite'), 'polite', 'stopping twice is fine');
});

test('stop kills after the time is over: 137', async () => {
  await docker('run', '-d', '--name', 'deaf', ...sh(shrugs));
  await up('deaf');
  await docker('stop', '-t', '1', 'deaf');
  assert.equal(await state('deaf', 'ExitCode'), '137');
  assert.equal(await state('deaf', 'Running'), 'false');
});

test('stop uses the stop signal of the container', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'quits',
    '--stop-signal',
    'QUIT',
    ...sh('trap "exit 9" QUIT; echo up; while :; do sleep 0.1; done'),
  );
  await up('quits');
  await docker('stop', 'quits');
  assert.equal(await state('quits', 'ExitCode'), '9');
});

test('kill sends the signal that was named, KILL when none was', async () => {
  await docker('run', '-d', '--name', 'ck', ...sh('trap "echo got usr1" USR1; echo up; while :; do sleep 0.1; done'));
  await up('ck');
  assert.equal(await docker('kill', '-s', 'USR1', 'ck'), 'ck');
  await up('ck', 'got usr1');
  assert.equal(await state('ck', 'Running'), 'true');
  await docker('kill', 'ck');
  await waitUntil('it ended', async () => (await state('ck', 'Running')) === 'false');
  assert.equal(await state('ck', 'ExitCode'), '137');
  assert.match(await subject.docker.fails(1, 'kill', 'ck'), /is not running/);
  assert.match(await subject.docker.fails(1, 'kill', '-s', 'NONSENSE', 'ck'), /Invalid signal: NONSENSE/i);
});

test('wait gives the exit code, whether it comes or came', async () => {
  await docker('run', '-d', '--name', 'cw', ...sh('sleep 0.5; exit 42'));
  assert.equal(await docker('wait', 'cw'), '42');
  assert.equal(await docker('wait', 'cw'), '42');
  assert.match(await subject.docker.fails(1, 'wait', 'none-such'), /No such container: none-such/);
});

test('rm refuses what runs, rm -f does not', async () => {
  const id = await docker('run', '-d', '--name', 'cr', sampleImage);
  const words = await subject.docker.fails(1, 'rm', 'cr');
  assert.match(words, /container.* is running|You cannot remove a running container/);
  assert.match(words, /stop the container before|Stop the container before/i);
  assert.equal(await docker('rm', '-f', 'cr'), 'cr');
  assert.match(await subject.docker.fails(1, 'inspect', id), /No such (?:object|container)/i);
  assert.match(await subject.docker.fails(1, 'rm', 'cr'), /No such container: cr/);
});

test('start again keeps the files and counts on in the logs; restart gives a new process', async () => {
  await docker('run', '--name', 'cs', ...sh('echo x >> /count; wc -l < /count'));
  await docker('start', '-a', 'cs');
  assert.deepEqual(lines(await docker('logs', 'cs')), ['1', '2']);
  await docker('run', '-d', '--name', 'ct', sampleImage);
  const [pid, startedAt] = [await state('ct', 'Pid'), await state('ct', 'StartedAt')];
  assert.equal(await docker('restart', 'ct'), 'ct');
  assert.notEqual(await state('ct', 'Pid'), pid);
  assert.notEqual(await state('ct', 'StartedAt'), startedAt);
  assert.equal(await docker('start', 'ct'), 'ct', 'starting what runs is fine');
});

test('a container is found by a unique prefix of its id', async () => {
  const id = await docker('create', '--name', 'cp', sampleImage);
  assert.equal(await docker('inspect', '-f', '{{.Id}}', id.slice(0, 10)), id);
  assert.equal(await docker('inspect', '-f', '{{.Id}}', '/cp'), id);
});

test('inspect tells what was asked and what is', async () => {
  const id = await docker(
    'run',
    '-d',
    '--name',
    'ci',
    '-e',
    'A=b',
    '--read-only',
    '-w',
    '/tmp',
    '-m',
    '64m',
    sampleImage,
    '/welcome',
    'arg',
  );
  const [i] = JSON.parse(await docker('inspect', 'ci'));
  assert.equal(i.Id, id);
  assert.equal(i.Name, '/ci');
  assert.equal(i.Path, '/welcome');
  assert.deepEqual(i.Args, ['arg']);
  assert.equal(i.Config.Image, sampleImage);
  assert.equal(i.Image, await docker('image', 'inspect', '-f', '{{.Id}}', sampleImage));
  assert.ok(i.Config.Env.includes('A=b'));
  assert.equal(i.Config.WorkingDir, '/tmp');
  assert.equal(i.HostConfig.ReadonlyRootfs, true);
  assert.equal(i.HostConfig.Memory, 64 * 1024 * 1024);
  assert.equal(i.HostConfig.RestartPolicy.Name, 'no');
  assert.equal(i.State.Running, true);
  assert.ok(i.State.Pid > 1);
  assert.ok(Date.parse(i.State.StartedAt) >= Date.parse(i.Created));
  assert.equal(i.State.FinishedAt, '0001-01-01T00:00:00Z');
  assert.equal(i.RestartCount, 0);
  await docker('kill', 'ci');
  await docker('wait', 'ci');
  const [ended] = JSON.parse(await docker('inspect', 'ci'));
  assert.equal(ended.State.Status, 'exited');
  assert.equal(ended.State.Pid, 0);
  assert.ok(Date.parse(ended.State.FinishedAt) >= Date.parse(ended.State.StartedAt));
});

test('events between two moments, in order, with filters', async () => {
  const since = String(Date.now() / 1000);
  const id = await docker('run', '-d', '--name', 'ce', '-l', 'of=events', ...sh('exit 4'));
  await docker('wait', 'ce');
  await waitUntil('it ended', async () => (await state('ce', 'Status')) === 'exited');
  await docker('rm', 'ce');
  const read = async (...args: string[]) => {
    const until = String(Date.now() / 1000 + 0.001);
    const printed = await docker('events', '--since', since, '--until', until, '--format', '{{json .}}', ...args);
    return lines(printed).map((line) => JSON.parse(line));
  };
  const mine = await read('--filter', 'type=container');
  const actions = mine.map((event) => event.Action);
  for (const action of ['create', 'start', 'die', 'destroy'])
    assert.ok(actions.includes(action), `${action} of ${actions}`);
  assert.ok(actions.indexOf('create') < actions.indexOf('start'));
  assert.ok(actions.indexOf('start') < actions.indexOf('die'));
  assert.ok(actions.indexOf('die') < actions.indexOf('destroy'));
  const die = mine.find((event) => event.Action === 'die');
  assert.equal(die.Actor.ID, id);
  assert.equal(die.Actor.Attributes.exitCode, '4');
  assert.equal(die.Actor.Attributes.name, 'ce');
  assert.equal(die.Actor.Attributes.of, 'events');
  assert.equal(die.Actor.Attributes.image, sampleImage);
  assert.ok(mine.every((event, index) => index === 0 || event.timeNano >= mine[index - 1].timeNano));
  assert.deepEqual(
    (await read('--filter', 'event=die', '--filter', 'container=ce')).map((event) => event.Action),
    ['die'],
  );
});

test('events live: a listener hears what happens after it came', async () => {
  const listener = subject.docker.start(['events', '--format', '{{.Action}} {{.Actor.Attributes.name}}']);
  let n = 0;
  await waitUntil('the listener heard a container', async () => {
    await docker('create', '--name', `live-${n++}`, sampleImage);
    return listener.said().includes('create live-');
  });
  listener.child.kill();
  assert.match((await listener.ended).stdout, /^create live-\d+$/m);
});

test('top-level answers while others start and stop', async () => {
  const names = ['ca', 'cb', 'cc', 'cd'];
  await Promise.all(names.map((name) => docker('run', '-d', '--name', name, sampleImage)));
  await Promise.all([
    ...names.slice(0, 2).map((name) => docker('stop', '-t', '5', name)),
    ...names.slice(2).map((name) => docker('restart', '-t', '5', name)),
    docker('ps', '-a'),
    docker('images'),
  ]);
  assert.deepEqual(lines(await docker('ps', '--format', '{{.Names}}')).sort(), ['cc', 'cd']);
  await Promise.all(names.map((name) => docker('rm', '-f', name)));
  assert.equal(await docker('ps', '-aq'), '');
});
