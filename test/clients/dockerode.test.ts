import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, test } from 'node:test';
import Docker from 'dockerode';
import { type Subject, startSubject } from '../docker/subject.ts';
import { filesOf, sampleArchive, sampleImage, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { folderToBind, serve, served, statusOf } from './client-folders.ts';

let subject: Subject;
let docker: Docker;
before(async () => {
  subject = await startSubject();
  docker = new Docker({ socketPath: subject.socket });
});
after(() => subject.close());
afterEach(async () => {
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true });
});

const apart = { NetworkMode: 'none' };
const shell = (words: string) => ['sh', '-c', words];

/** Both streams of a connection without a terminal, as text, read as far as they came. */
function demux(stream: NodeJS.ReadableStream) {
  const heard = { stdout: '', stderr: '' };
  const part = (name: 'stdout' | 'stderr') =>
    new PassThrough().setEncoding('utf8').on('data', (words: string) => {
      heard[name] += words;
    });
  docker.modem.demuxStream(stream, part('stdout'), part('stderr'));
  return heard;
}

test('loads, and finds the image', async () => {
  await docker.getImage(sampleImage).remove({ force: true });
  const loaded = await text(await docker.loadImage(sampleArchive()));
  assert.match(loaded, new RegExp(`Loaded image: ${sampleImage}`));
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [sampleImage] }) });
  assert.deepEqual(
    images.map(({ RepoTags }) => RepoTags),
    [[sampleImage]],
  );
  assert.equal((await docker.getImage(sampleImage).inspect()).Os, 'linux');
});

test('creates with ports, binds and env, starts, follows the log, asks the port, stops and removes; events tell', async () => {
  using bound = folderToBind();
  const events = (await docker.getEvents({ filters: { type: ['container'] } })) as NodeJS.ReadableStream & {
    destroy(): void;
  };
  let told = '';
  events.setEncoding('utf8').on('data', (words: string) => {
    told += words;
  });
  const container = await docker.createContainer({
    name: 'web',
    Image: sampleImage,
    Cmd: shell(serve),
    Env: ['WORD=dockerode'],
    Labels: { made: 'here' },
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      Binds: [`${bound.path}:/bound`],
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  });
  await container.start();
  const log = (await container.logs({ follow: true, stdout: true, stderr: true })) as NodeJS.ReadableStream;
  const logEnds = once(log, 'end');
  const heard = demux(log);
  await waitUntil('it serves', () => heard.stdout.includes('serving dockerode'));

  const { NetworkSettings, State, Mounts } = await container.inspect();
  assert.equal(State.Running, true);
  assert.deepEqual(
    Mounts.map(({ Source, Destination, RW }) => [Source, Destination, RW]),
    [[bound.path, '/bound', true]],
  );
  const [port] = NetworkSettings.Ports['8080/tcp'] ?? [];
  const page = await fetch(`http://127.0.0.1:${port?.HostPort}/`);
  assert.equal(await page.text(), served('dockerode'));
  const [listed] = await docker.listContainers({ filters: { label: ['made=here'] } });
  assert.deepEqual([listed?.Names, listed?.State], [['/web'], 'running']);

  await container.stop({ t: 10 });
  await logEnds;
  assert.deepEqual(heard, { stdout: 'serving dockerode\nleaving\n', stderr: '' });
  assert.equal((await container.inspect()).State.ExitCode, 0);
  await container.remove();
  await waitUntil('all of it was told', () => told.includes('"Action":"destroy"'));
  events.destroy();
  const actions = told
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).Action as string);
  assert.deepEqual(actions, ['create', 'start', 'kill', 'die', 'stop', 'destroy']);
});

test('executes, with both streams apart, input and the exit code', async () => {
  const container = await docker.createContainer({ Image: sampleImage, Cmd: ['sleep', '1000'], HostConfig: apart });
  await container.start();
  const exec = await container.exec({
    Cmd: shell('read line; echo "$line in $(pwd) of $WHO"; echo oh >&2; exit 9'),
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, WorkingDir: '/tmp', Env: ['WHO=exec'] },
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const heard = demux(stream);
  const ended = once(stream, 'end');
  stream.end('a line\n');
  await ended;
  assert.deepEqual(heard, { stdout: 'a line in /tmp of exec\n', stderr: 'oh\n' });
  const { ExitCode, Running } = await exec.inspect();
  assert.deepEqual([ExitCode, Running], [9, false]);
});

test('attaches with standard input before the start, and waits for the end', async () => {
  const container = await docker.createContainer({
    ...{ Image: sampleImage, Cmd: shell('cat; echo done >&2; exit 4'), HostConfig: apart },
    ...{ OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true },
  });
  const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
  const heard = demux(stream);
  const ended = once(stream, 'end');
  const waited = container.wait({ condition: 'next-exit' });
  await container.start();
  stream.write('first\n');
  await waitUntil('the first comes back', () => heard.stdout === 'first\n');
  stream.end('second\n');
  await ended;
  assert.deepEqual(heard, { stdout: 'first\nsecond\n', stderr: 'done\n' });
  assert.equal((await waited).StatusCode, 4);
});

test('reads statistics, once and as a stream', async () => {
  const container = await docker.createContainer({
    ...{ Image: sampleImage, Cmd: shell('while :; do :; done'), HostConfig: { ...apart, Memory: 64 << 20 } },
  });
  await container.start();
  const once = await container.stats({ stream: false });
  assert.equal(once.memory_stats.limit, 64 << 20);
  assert.ok(once.cpu_stats.cpu_usage.total_usage >= once.precpu_stats.cpu_usage.total_usage);
  const stream = (await container.stats({ stream: true })) as NodeJS.ReadableStream & { destroy(): void };
  let samples = '';
  for await (const piece of stream) {
    samples += String(piece);
    if (samples.split('\n').length > 2) break;
  }
  stream.destroy();
  const [first, second] = samples.split('\n').map((line) => JSON.parse(line || '{}'));
  assert.ok(second.cpu_stats.cpu_usage.total_usage > first.cpu_stats.cpu_usage.total_usage, samples);
  assert.equal(second.precpu_stats.cpu_usage.total_usage, first.cpu_stats.cpu_usage.total_usage);
});

test('copies in and out, while it is not started and while it runs', async () => {
  const container = await docker.createContainer({
    Image: sampleImage,
    Cmd: shell('cat /tmp/in; sleep 1000'),
    HostConfig: apart,
  });
  await container.putArchive(await tarOf([{ name: 'in', mode: 0o600, content: 'from outside\n' }]), { path: '/tmp' });
  await container.start();
  await waitUntil('it has read it', async () => {
    return String(await container.logs({ stdout: true })).includes('from outside');
  });
  await container.putArchive(await tarOf([{ name: 'later', content: 'while it runs' }]), { path: '/tmp' });
  const files = await filesOf(await container.getArchive({ path: '/tmp' }));
  assert.equal(String(files.get('tmp/in')), 'from outside\n');
  assert.equal(String(files.get('tmp/later')), 'while it runs');
  const missing = await statusOf(container.getArchive({ path: '/nowhere' }));
  assert.equal(missing.status, 404);
  const into = await statusOf(container.putArchive(await tarOf([]), { path: '/tmp/in' }));
  assert.equal(into.status, 400);
});

test('a healthcheck is run: it becomes healthy, and unhealthy when it fails', async () => {
  const second = 1_000_000_000;
  const container = await docker.createContainer({
    ...{ Image: sampleImage, Cmd: shell('touch /well; sleep 1000'), HostConfig: apart },
    Healthcheck: {
      Test: ['CMD-SHELL', 'cat /well && echo fine'],
      Interval: second / 5,
      Timeout: 5 * second,
      Retries: 1,
    },
  });
  await container.start();
  const health = async () => (await container.inspect()).State.Health;
  await waitUntil('it is healthy', async () => (await health())?.Status === 'healthy');
  assert.match((await health())?.Log[0]?.Output ?? '', /fine/);
  const exec = await container.exec({ Cmd: ['rm', '/well'] });
  await exec.start({ Detach: true });
  await waitUntil('it is unhealthy', async () => (await health())?.Status === 'unhealthy');
});

test('sees 404, 409 and 400 by their status', async () => {
  const nothing = docker.getContainer('not-there');
  assert.deepEqual(await statusOf(nothing.inspect()), { status: 404, message: 'No such container: not-there' });
  const noImage = await statusOf(docker.createContainer({ Image: 'not/there:1' }));
  assert.equal(noImage.status, 404);
  assert.match(noImage.message, /No such image: not\/there:1/);

  const container = await docker.createContainer({
    name: 'taken',
    Image: sampleImage,
    Cmd: ['sleep', '1000'],
    HostConfig: apart,
  });
  const twice = await statusOf(docker.createContainer({ name: 'taken', Image: sampleImage }));
  assert.equal(twice.status, 409);
  assert.match(twice.message, /The container name "\/taken" is already in use by container/);
  await container.start();
  assert.equal((await statusOf(container.remove())).status, 409);
  assert.equal((await statusOf(container.start())).status, 304);

  const wrong = await statusOf(docker.createContainer({ Image: sampleImage, HostConfig: { Memory: 1 } }));
  assert.equal(wrong.status, 400);
  assert.match(wrong.message, /Minimum memory limit allowed is 6MB/);
  const badName = await statusOf(docker.createContainer({ name: 'not a name', Image: sampleImage }));
  assert.equal(badName.status, 400);
  assert.match(badName.message, /Invalid container name \(not a name\)/);
});

test('runs one to its end, which reads and writes a folder of the host', async () => {
  using bound = folderToBind();
  writeFileSync(path.join(bound.path, 'number'), '41');
  const { output, StatusCode } = await runToEnd(bound.path);
  assert.deepEqual([output, StatusCode], ['41\r\n', 0], 'run gives a terminal');
  assert.equal(readFileSync(path.join(bound.path, 'answer'), 'utf8'), '42\n');
  await waitUntil('it is removed', async () => (await docker.listContainers({ all: true })).length === 0);
});

/** docker.run of dockerode's: creates, attaches, starts, waits, removes. */
async function runToEnd(folder: string) {
  const out = new PassThrough().setEncoding('utf8');
  let output = '';
  out.on('data', (words: string) => {
    output += words;
  });
  const command = 'n=$(cat /bound/number); echo $n; echo $((n + 1)) > /bound/answer';
  const [{ StatusCode }] = await docker.run(sampleImage, shell(command), out, {
    HostConfig: { ...apart, Binds: [`${folder}:/bound`], AutoRemove: true },
  });
  return { output, StatusCode };
}
