import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let id: string;
let began: number;
/** A dockerd remembers the containers of other tests. */
const one = `one-${process.pid}`;
const [two, ex, bad] = [`two-${process.pid}`, `ex-${process.pid}`, `bad-${process.pid}`];
before(async () => {
  subject = await startSubject();
  began = Math.floor(Date.now() / 1000);
  id = await docker(
    'create',
    '--name',
    one,
    '--label',
    `tier-${process.pid}=web`,
    '--network',
    'none',
    sampleImage,
    'sh',
    '-c',
    'exit 4',
  );
  await docker('start', one);
  await docker('wait', one);
  await docker('tag', sampleImage, 'other:tag');
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const now = () => String(Date.now() / 1000 + 0.001);
const lines = (text: string) => text.split('\n').filter(Boolean);
const actions = async (...options: string[]) =>
  lines(await docker('events', '--since', '1', '--until', now(), '--format', '{{.Action}}', ...options));
const filtered = (...filters: string[]) => actions(...filters.flatMap((filter) => ['--filter', filter]));

test('every filter alone and with others', async () => {
  const life = ['create', 'start', 'die'];
  assert.deepEqual(await filtered(`container=${one}`), life);
  assert.deepEqual(await filtered(`container=${id.slice(0, 12)}`, 'type=container'), life);
  assert.deepEqual(await filtered(`container=${one}`, 'event=start', 'event=die'), ['start', 'die']);
  assert.deepEqual(await filtered(`container=${one}`, 'type=image'), []);
  assert.deepEqual(await filtered(`label=tier-${process.pid}`), life);
  assert.deepEqual(await filtered(`label=tier-${process.pid}=web`, 'event=create'), ['create']);
  assert.deepEqual(await filtered(`label=tier-${process.pid}=db`), []);
  assert.deepEqual(await filtered(`image=${sampleImage}`, 'type=container', `container=${one}`), life);
  assert.ok(
    (await filtered('image=other:tag', 'type=image')).includes('tag') || (await filtered('type=image')).includes('tag'),
  );
  assert.deepEqual(await filtered('scope=swarm'), []);
  assert.deepEqual(await filtered('scope=local', `container=${one}`), life);
  assert.deepEqual(await filtered('network=nope'), []);
  assert.deepEqual(await filtered('volume=nope'), []);
  assert.deepEqual(await filtered('daemon=nope'), []);
});

test('times: seconds, with a fraction, dates with and without zone, durations; nothing outside them', async () => {
  const only = ['--filter', `container=${one}`, '--format', '{{.Action}}'];
  const since = async (from: string, to = now()) =>
    lines(await docker('events', '--since', from, '--until', to, ...only));
  for (const from of [
    String(began - 1),
    `${began - 1}.5`,
    '1h',
    '1h30m',
    new Date((began - 1) * 1000).toISOString(),
    '2006-01-02',
    '2006-01-02T15:04:05',
    '2006-01-02T15:04:05.999+01:00',
  ])
    assert.equal((await since(from)).length, 3, from);
  assert.deepEqual(await since('1', String(began - 1)), []);
  assert.deepEqual(await since(now()), []);
  const bad = async (query: string, words: RegExp) => {
    const answer = await ask(subject.socket, { path: `/v1.41/events?${query}` });
    assert.ok([400, 500].includes(answer.status), `${query}: ${answer.status}`);
    assert.match(answer.json().message, words);
  };
  await bad('since=abc&until=1', /abc/);
  await bad('since=5&until=1', /^`since` time \(5\) cannot be after `until` time \(1\)$/);
  // dockerd does as if it were not there
  if (subject.isBeluga) await bad(`until=1&filters=${encodeURIComponent('{"nope":["x"]}')}`, /invalid filter/i);
});

test('a line has what clients of any age read; live ones follow the replay without a gap', async () => {
  const printed = lines(
    await docker('events', '--since', '1', '--until', now(), '--filter', `container=${one}`, '--format', '{{json .}}'),
  );
  const die = JSON.parse(printed[2] ?? '{}');
  assert.deepEqual([die.status, die.id, die.from], ['die', id, sampleImage]);
  assert.deepEqual([die.Type, die.Action, die.scope], ['container', 'die', 'local']);
  const { exitCode, name, image } = die.Actor.Attributes;
  assert.deepEqual(
    [exitCode, name, image, die.Actor.Attributes[`tier-${process.pid}`]],
    ['4', one, sampleImage, 'web'],
  );
  assert.equal(Math.floor(die.timeNano / 1e9), die.time);
  const going = subject.docker.start([
    ...['events', '--since', String(began - 1), '--filter', 'type=container'],
    ...['create', 'start', 'die', 'rename', 'destroy'].flatMap((event) => ['--filter', `event=${event}`]),
    '--format',
    '{{.Action}} {{.Actor.Attributes.name}}',
  ]);
  const ours = () => lines(going.said()).filter((line) => line.endsWith(String(process.pid)));
  await waitUntil('the replay came', () => going.said().includes(`die ${one}`));
  await docker('rename', one, two);
  await docker('rm', two);
  await waitUntil('the end came', () => going.said().includes(`destroy ${two}`));
  going.child.kill('SIGTERM');
  await going.ended;
  assert.deepEqual(ours(), [`create ${one}`, `start ${one}`, `die ${one}`, `rename ${two}`, `destroy ${two}`]);
});

test('execs: created, started, detached from, ended; a start that fails', async () => {
  await docker('run', '-d', '--name', ex, '--network', 'none', sampleImage, 'sleep', '1000');
  await subject.docker.run(['exec', ex, 'true']);
  await subject.docker.run(['exec', ex, 'nope'], { exits: 'any' });
  const told = await waitUntil('they are told', async () => {
    const found = (await filtered(`container=${ex}`)).filter((action) => action.startsWith('exec_'));
    return found.length >= 5 ? found : null;
  });
  assert.deepEqual(told.map((action) => action.trimEnd()).sort(), [
    'exec_create: nope',
    'exec_create: true',
    'exec_die',
    'exec_start: nope',
    'exec_start: true',
  ]);
  assert.equal((await filtered(`container=${ex}`, 'event=exec_start')).length, 2, 'by the name of the action alone');
  await docker('create', '--name', bad, '--network', 'none', sampleImage, 'nope');
  await subject.docker.fails(1, 'start', bad);
  assert.deepEqual(await filtered(`container=${bad}`), ['create']);
});

test('networks: connected before a start, disconnected at its end, each with the container, its name and its kind', async () => {
  const net = `net-${process.pid}`;
  for (const [mode, kind] of [
    ['bridge', 'bridge'],
    ['none', 'null'],
    ['host', 'host'],
  ] as const) {
    const since = now();
    const container = await docker('create', '--name', net, '--network', mode, sampleImage, 'true');
    await docker('start', '-a', net);
    await docker('rm', net);
    const told = await waitUntil('both are told', async () => {
      const flags = ['--since', since, '--until', now(), '--format', '{{json .}}', '--filter', 'type=network'];
      const events = lines(await docker('events', ...flags)).map((line) => JSON.parse(line));
      const ours = events.filter(({ Actor }) => Actor.Attributes.container === container);
      return ours.length >= 2 ? ours : null;
    });
    const id = await docker('network', 'inspect', '-f', '{{.Id}}', mode);
    assert.deepEqual(
      told.map(({ Action, Actor }) => [Action, Actor.ID, Actor.Attributes]),
      ['connect', 'disconnect'].map((action) => [action, id, { container, name: mode, type: kind }]),
    );
    const order = lines(
      await docker('events', '--since', since, '--until', now(), '--format', '{{.Type}} {{.Action}}'),
    ).filter((line) => /^network|start$/.test(line));
    assert.deepEqual(order, ['network connect', 'container start', 'network disconnect']);
  }
});
