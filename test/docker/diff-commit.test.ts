import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  subject = await startSubject();
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-commit-'));
});
after(async () => {
  await subject.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const fails = (...args: string[]) => subject.docker.fails(1, ...args);
const run = (name: string, script: string, ...options: string[]) =>
  docker('run', '--name', name, '--network', 'none', ...options, sampleImage, 'sh', '-c', script);
const lines = (words: string) => words.split('\n').filter(Boolean);
const diff = async (name: string) =>
  lines(await docker('diff', name)).sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
const json = async (name: string, part: string) =>
  JSON.parse(await docker('image', 'inspect', '-f', `{{json ${part}}}`, name));
const commit = (query: string, body: unknown = null) => askJson(subject.socket, `/v1.41/commit?${query}`, body);

const writes = [
  'rm -rf /home; mkdir /home; echo x > /home/n; rm /etc/group; echo z >> /etc/passwd; mkdir -p /newd/deep',
  'rm -rf /usr; echo f > /usr; chmod 700 /var; ln -s a /sl; mknod /dn c 1 3; mkfifo /newd/fifo; touch /newd/deep/x',
  'ln /newd/deep/x /newd/deep/y; chown 12:34 /newd/deep/x; chmod 4711 /newd/deep/x; touch -d "2020-01-01 00:00:00" /newd/deep/x',
].join('; ');
const changed = [
  ...['A /dn', 'C /etc', 'D /etc/group', 'C /etc/passwd', 'C /home', 'A /home/n', 'A /newd', 'A /newd/deep'],
  ...['A /newd/deep/x', 'A /newd/deep/y', 'A /newd/fifo', 'A /sl', 'C /usr', 'C /var'],
];

test('diff tells what was added, changed and deleted, running and stopped, and nothing of a container that wrote nothing', async () => {
  await run('d1', writes);
  assert.deepEqual(await diff('d1'), changed);
  await run('d2', 'true');
  assert.deepEqual(await diff('d2'), []);
  const raw = await ask(subject.socket, { path: '/v1.41/containers/d2/changes' });
  assert.equal(raw.text.trim(), 'null');
  await docker('create', '--name', 'd3', '--network', 'none', sampleImage);
  assert.deepEqual(await diff('d3'), []);
  await run('d4', 'echo x > /one; sleep 1000', '-d', '-v', `${folder}:/data`, '--tmpfs', '/tm');
  await waitUntil('it has written', async () => (await diff('d4')).includes('A /one'));
  // places of mounts that the image does not have are made in the container's own layer
  assert.deepEqual(await diff('d4'), ['A /data', 'A /one', 'A /tm']);
  assert.match(await fails('diff', 'none-such'), /No such container: none-such/);
});

test('a committed image has exactly what the container had, and its layers stay as they were', async () => {
  await run('c1', writes);
  const before = await json(sampleImage, '.RootFS.Layers');
  const id = await docker('commit', '-a', 'me', '-m', 'why', 'c1', 'co/it:1');
  assert.match(id, /^sha256:[0-9a-f]{64}$/);
  const layers = await json('co/it:1', '.RootFS.Layers');
  assert.deepEqual(layers.slice(0, -1), before);
  assert.deepEqual([await json('co/it:1', '.Author'), await json('co/it:1', '.Comment')], ['me', 'why']);
  assert.equal(await json('co/it:1', '.Parent'), await json(sampleImage, '.Id'));
  const [first] = lines(await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'co/it:1'));
  assert.equal(first, `sh -c ${writes}|why`);
  await docker('create', '--name', 'c2', '--network', 'none', 'co/it:1');
  assert.deepEqual(await diff('c2'), []);
  const look =
    'ls -lnR /newd /home; cat /usr; ls -ld /var; ls -l /dn /sl; ls /etc; tail -n 1 /etc/passwd; ls -l --full-time /newd/deep/x';
  const seen = await docker('run', '--rm', '--network', 'none', 'co/it:1', 'sh', '-c', look);
  assert.match(seen, /-rws--x--x +2 12 +34 .*x\n-rws--x--x +2 12 +34 .*y/);
  assert.match(seen, /\nf\ndrwx------ /);
  assert.match(seen, /crw\S+ +1 root +\S+ +1, +3 .*\/dn/);
  assert.match(seen, /sl -> a/);
  assert.match(seen, /2020-01-01 00:00:00/);
  assert.match(seen, /\nz\n/);
  assert.ok(!seen.includes('group'));
  assert.equal(await docker('run', '--rm', '--network', 'none', 'co/it:1', 'sh', '-c', 'ls /home'), 'n');
  // saved and loaded again it is the same
  const file = path.join(folder, 'saved.tar');
  await docker('save', '-o', file, 'co/it:1');
  const names = execFileSync('tar', ['-xOf', file, 'manifest.json']).toString();
  assert.match(names, /co\/it:1/);
  await docker('rm', 'c2');
  await docker('rmi', 'co/it:1');
  await docker('load', '-i', file);
  assert.deepEqual(await json('co/it:1', '.RootFS.Layers'), layers);
  await docker('rmi', 'co/it:1');
});

test('nothing changed: no layer, a line of history', async () => {
  await docker('create', '--name', 'c3', '--network', 'none', sampleImage);
  await docker('commit', 'c3', 'co/same:1');
  assert.deepEqual(await json('co/same:1', '.RootFS'), await json(sampleImage, '.RootFS'));
  assert.equal(lines(await docker('history', '-q', 'co/same:1')).length, 2);
  await docker('commit', 'c3', 'co/same:1');
  assert.equal(lines(await docker('history', '-q', 'co/same:1')).length, 2);
  await docker('rmi', 'co/same:1');
});

test('changes: every instruction that Docker takes, and its refusals', async () => {
  await run('c4', 'true', '-e', 'KEPT=1', '-l', 'own=1');
  const isOld = (await docker('version', '-f', '{{.Server.APIVersion}}')) === '1.41';
  const changes = [
    ...[
      'CMD ["x"]',
      'ENV A=b',
      'HEALTHCHECK --interval=5s CMD true',
      'ONBUILD RUN x',
      'WORKDIR sub',
      'EXPOSE 80/udp 8000-8001',
    ],
    ...[...(isOld ? [] : ['STOPSIGNAL 3']), 'LABEL a=b', 'VOLUME /v', 'USER u', 'ENTRYPOINT e'],
  ];
  await docker('commit', ...changes.flatMap((change) => ['-c', change]), 'c4', 'co/changed:1');
  const config = await json('co/changed:1', '.Config');
  assert.deepEqual([config.Cmd, config.Entrypoint], [['x'], ['/bin/sh', '-c', 'e']]);
  assert.ok(config.Env.includes('A=b') && config.Env.includes('KEPT=1'));
  assert.deepEqual(config.Labels.a + config.Labels.own, 'b1');
  assert.deepEqual(Object.keys(config.ExposedPorts).sort(), ['80/udp', '8000/tcp', '8001/tcp']);
  assert.deepEqual([config.Volumes, config.User, config.WorkingDir], [{ '/v': {} }, 'u', '/sub']);
  assert.deepEqual([config.StopSignal, config.OnBuild], [isOld ? undefined : '3', ['RUN x']]);
  assert.deepEqual(config.Healthcheck, { Test: ['CMD-SHELL', 'true'], Interval: 5e9 });
  await docker('rmi', 'co/changed:1');
  const refusals: readonly (readonly [change: string, words: RegExp])[] = [
    ['RUN x', /RUN is not a valid change command/i],
    ['ENV A', /ENV must have two arguments/i],
    ['EXPOSE x', /[Ii]nvalid containerPort: x/],
    ['WORKDIR', /WORKDIR requires exactly one argument/],
    ...(isOld ? [] : ([['STOPSIGNAL XX', /[Ii]nvalid signal: XX/]] as const)),
    ['HEALTHCHECK x', /Unknown type "X" in HEALTHCHECK \(try CMD\)/],
    ['LABEL', /LABEL requires at least one argument/],
    ['ONBUILD FROM x', /FROM isn't allowed as an ONBUILD trigger/],
    ['# c', /file with no instructions/],
  ];
  for (const [change, words] of refusals) assert.match(await fails('commit', '-c', change, 'c4'), words, change);
  const status = async (query: string, body?: unknown) => (await commit(query, body)).status;
  assert.equal(await status('container=none-such'), 404);
  // dockerd 20.10 has 500 for these
  if (!isOld) {
    assert.equal(await status('container='), 400);
    assert.equal(await status('container=c4&repo=UP'), 400);
    assert.equal((await commit('container=c4&repo=a&tag=b:c')).json().message, 'invalid tag format');
  }
  const given = { Cmd: ['given'], Env: ['Q=1'], Labels: { l: '2' } };
  assert.equal(await status('container=c4&repo=co/given&tag=1', given), 201);
  const merged = await json('co/given:1', '.Config');
  assert.deepEqual([merged.Cmd, merged.Env[0], merged.Labels.l, merged.Labels.own], [['given'], 'Q=1', '2', '1']);
  await docker('rmi', 'co/given:1');
});

test('a running container stands still meanwhile, unless it is asked not to; events tell', async () => {
  await run('c5', 'while :; do date +%s%N > /tick; sleep 0.05; done', '-d');
  const since = Math.floor(Date.now() / 1000) - 1;
  await docker('commit', '-m', 'still', 'c5', 'co/run:1');
  assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'c5'), 'running');
  await docker('commit', '--pause=false', 'c5', 'co/run:2');
  await docker('pause', 'c5');
  await docker('commit', 'c5', 'co/run:3');
  assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'c5'), 'paused');
  await docker('unpause', 'c5');
  const told = await docker(
    ...['events', '--since', String(since), '--until', String(Date.now() / 1000), '--filter', 'container=c5'],
    ...[
      '--filter',
      'type=container',
      '--format',
      '{{.Action}} {{with .Actor.Attributes.imageRef}}{{.}}{{end}} {{with .Actor.Attributes.comment}}{{.}}{{end}}',
    ],
  );
  const actions = lines(told)
    .map((line) => line.trim())
    .filter((line) => !/^(create|start|attach)/.test(line));
  const expected = [
    'pause',
    'commit co/run:1 still',
    'unpause',
    'commit co/run:2',
    'pause',
    'commit co/run:3',
    'unpause',
  ];
  assert.deepEqual(actions, expected);
  await docker('rmi', 'co/run:1', 'co/run:2', 'co/run:3');
});

test('prune: what does not run goes, by filters; space and an event', async () => {
  await run('p1', 'head -c 100000 /dev/zero > /z', '-l', 'keep=1');
  await run('p2', 'true', '-l', 'other=2');
  await docker('create', '--name', 'p3', '--network', 'none', sampleImage);
  await run('p4', 'sleep 1000', '-d');
  const prune = (filters?: unknown) =>
    ask(subject.socket, {
      method: 'POST',
      path: `/v1.41/containers/prune${filters ? `?filters=${encodeURIComponent(JSON.stringify(filters))}` : ''}`,
    });
  const refused = async (filters: unknown, words: RegExp) => {
    const answer = await prune(filters);
    // dockerd 20.10 has 500 for times that are none
    assert.ok(answer.status === 400 || !subject.isBeluga);
    assert.match(answer.json().message, words);
  };
  await refused({ foo: ['x'] }, /^invalid filter 'foo'$/i);
  await refused({ until: ['1h', '2h'] }, /^more than one until filter specified$/);
  await refused({ until: ['x'] }, /x/);
  const since = Math.floor(Date.now() / 1000) - 1;
  assert.deepEqual((await prune({ label: ['none'] })).json(), { ContainersDeleted: null, SpaceReclaimed: 0 });
  assert.deepEqual((await prune({ until: ['1h'] })).json(), { ContainersDeleted: null, SpaceReclaimed: 0 });
  const id = await docker('inspect', '-f', '{{.Id}}', 'p2');
  const one = (await prune({ label: ['other=2'], 'label!': ['keep'] })).json<{ ContainersDeleted: string[] }>();
  assert.deepEqual(one.ContainersDeleted, [id]);
  const printed = await docker('container', 'prune', '-f', '--filter', 'label=keep');
  assert.match(printed, /Total reclaimed space: 100kB/);
  await docker('container', 'prune', '-f');
  assert.deepEqual(lines(await docker('ps', '-a', '--format', '{{.Names}}')), ['p4']);
  const told = await docker(
    ...['events', '--since', String(since), '--until', String(Date.now() / 1000 + 1), '--filter', 'event=prune'],
    ...['--format', '{{.Type}} {{.Actor.Attributes.reclaimed}}'],
  );
  assert.ok(lines(told).includes('container 100000'), told);
});
