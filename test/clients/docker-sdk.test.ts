// Docker's own client, version 0.0.17, with the calls that it does right. It sees no failure but a 404 of what it reads, sends
// archives as JSON, asks for a history at a path that is none, drops filters of events and the body of an update, and has no
// standard input: dockerode and testcontainers do those.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { after, afterEach, before, test } from 'node:test';
import { DockerClient, NotFoundError } from '@docker/node-sdk';
import { type Subject, startSubject } from '../docker/subject.ts';
import { filesOf, sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { folderToBind, serve, served } from './client-folders.ts';

let subject: Subject;
let client: DockerClient;
before(async () => {
  subject = await startSubject();
  client = await DockerClient.fromDockerHost(`unix://${subject.socket}`);
});
after(async () => {
  await client.close();
  await subject.close();
});
afterEach(async () => {
  for (const { Id = '' } of await client.containerList({ all: true }))
    await client.containerDelete(Id, { force: true });
});

const shell = (words: string) => ['sh', '-c', words];
const HostConfig = { NetworkMode: 'none' };

function listener() {
  const heard = { stdout: '', stderr: '' };
  const part = (name: 'stdout' | 'stderr') =>
    new PassThrough().setEncoding('utf8').on('data', (words: string) => {
      heard[name] += words;
    });
  return { heard, stdout: part('stdout'), stderr: part('stderr') };
}

test('pings, and tells versions and the system', async () => {
  assert.match(await client.systemPing(), /^1\.\d+$/);
  const { Version, ApiVersion } = await client.systemVersion();
  assert.ok(Version && ApiVersion);
  assert.equal((await client.systemInfo()).ServerVersion, Version);
  assert.ok(await client.systemDataUsage());
});

test('loads, lists, tags and inspects images', async () => {
  await client.imageLoad(Readable.toWeb(createReadStream(sampleArchive())) as never, { quiet: true });
  await waitUntil('it is there', async () => (await client.imageList()).length > 0);
  await client.imageTag(sampleImage, 'beluga/other', '2');
  assert.deepEqual((await client.imageInspect(sampleImage)).RepoTags?.sort(), ['beluga/other:2', sampleImage]);
  await client.imageDelete('beluga/other:2');
});

test('the life of a container: ports, binds, env, log, statistics, processes, pause, rename, exit code', async () => {
  using bound = folderToBind();
  const { Id: id = '' } = await client.containerCreate(
    {
      ...{ Image: sampleImage, Cmd: shell(serve), Env: ['WORD=sdk'], ExposedPorts: { '8080/tcp': {} } },
      HostConfig: {
        Binds: [`${bound.path}:/bound`],
        PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    },
    { name: 'web' },
  );
  await client.containerStart(id);
  const { heard, stdout, stderr } = listener();
  const followed = client.containerLogs(id, stdout, stderr, { follow: true, stdout: true, stderr: true });
  await waitUntil('it serves', () => heard.stdout === 'serving sdk\n');
  const port = (await client.containerInspect(id)).NetworkSettings?.Ports?.['8080/tcp']?.[0]?.HostPort;
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), served('sdk'));
  assert.ok(((await client.containerStats(id)).memory_stats?.usage ?? 0) > 0);
  assert.ok((await client.containerTop(id)).Processes?.some((line) => line.join(' ').includes('httpd')));
  await client.containerPause(id);
  assert.equal((await client.containerInspect(id)).State?.Status, 'paused');
  await client.containerUnpause(id);
  await client.containerRename(id, 'site');
  assert.deepEqual(
    (await client.containerList()).map(({ Names }) => Names),
    [['/site']],
  );
  await client.containerStop(id, { timeout: 10 });
  await followed;
  assert.equal(heard.stdout, 'serving sdk\nleaving\n');
  assert.equal((await client.containerWait(id)).StatusCode, 0);
  await client.containerDelete(id);
  assert.deepEqual(await client.containerList({ all: true }), []);
});

test('executes with both streams apart and the exit code; attaches to what is said; events tell', async () => {
  const events = client.systemEvents();
  const first = events.next();
  const { Id: id = '' } = await client.containerCreate({ Image: sampleImage, Cmd: shell('sleep 1000'), HostConfig });
  assert.equal((await first).value?.Action, 'create');
  await client.containerStart(id);
  // of its network first, as Docker tells it
  assert.equal((await events.next()).value?.Action, 'connect');
  assert.equal((await events.next()).value?.Action, 'start');
  await events.return();
  const { Id: exec = '' } = await client.containerExec(id, {
    ...{ AttachStdout: true, AttachStderr: true, Cmd: shell('pwd; echo oh >&2; exit 9'), WorkingDir: '/tmp' },
  });
  const said = listener();
  await client.execStart(exec, said.stdout, said.stderr, {});
  assert.deepEqual(said.heard, { stdout: '/tmp\n', stderr: 'oh\n' });
  assert.equal((await client.execInspect(exec)).ExitCode, 9);
  const attached = listener();
  const { Id: other = '' } = await client.containerCreate({
    Image: sampleImage,
    Cmd: shell('echo a word'),
    HostConfig,
  });
  const ends = client.containerAttach(other, attached.stdout, attached.stderr, { stream: true, stdout: true });
  await client.containerStart(other);
  await ends;
  assert.deepEqual(attached.heard, { stdout: 'a word\n', stderr: '' });
  await client.containerKill(id, { signal: 'SIGKILL' });
  assert.equal((await client.containerWait(id)).StatusCode, 137);
});

test('copies out, and tells what changed', async () => {
  const Cmd = shell('echo from inside > /tmp/made');
  const { Id: id = '' } = await client.containerCreate({ Image: sampleImage, Cmd, HostConfig });
  await client.containerStart(id);
  await client.containerWait(id);
  const out = new PassThrough();
  const files = filesOf(out);
  await client.containerArchive(id, '/tmp/made', Writable.toWeb(out));
  assert.equal(String((await files).get('made')), 'from inside\n');
  const changes = await client.containerChanges(id);
  assert.deepEqual(
    changes.map(({ Path, Kind }) => [Path, Number(Kind)]),
    [
      ['/tmp', 0],
      ['/tmp/made', 1],
    ],
  );
});

test('sees what is not there', async () => {
  // it throws the class itself
  await assert.rejects(client.containerInspect('not-there'), (error) => error === NotFoundError);
});
