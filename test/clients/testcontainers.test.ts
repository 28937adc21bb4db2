import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { type Subject, startSubject } from '../docker/subject.ts';
import { filesOf, sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { folderToBind, serve, served, statusOf } from './client-folders.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
  process.env.DOCKER_HOST = `unix://${subject.socket}`;
  // in a machine made of a container's image it takes itself for inside one, and asks for the gateway of a bridge that is
  // not made yet and may then have another
  process.env.TESTCONTAINERS_HOST_OVERRIDE = 'localhost';
  // its image cannot be pulled where there is no network
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
});
after(() => subject.close());

const names = async () => (await subject.docker('ps', '-a', '--format', '{{.Names}}')).split('\n').filter(Boolean);
const shell = (words: string) => ['sh', '-c', words];
const sleeper = () =>
  new GenericContainer(sampleImage)
    .withNetworkMode('none')
    .withCommand(shell('echo up; exec sleep 1000'))
    .withWaitStrategy(Wait.forLogMessage('up'));
const ask = async (container: StartedTestContainer) =>
  (await fetch(`http://${container.getHost()}:${container.getMappedPort(8080)}/`)).text();

test('loads through its runtime client, and finds the image that is there', async () => {
  const { container, image } = await getContainerRuntimeClient();
  await container.dockerode.getImage(sampleImage).remove({ force: true });
  assert.equal(await image.exists(ImageName.fromString(sampleImage)), false);
  (await container.dockerode.loadImage(sampleArchive())).resume();
  await waitUntil('it is there', () => image.exists(ImageName.fromString(sampleImage)));
});

test('ports, binds and environment; waits for the log and for the ports; stops and removes', async () => {
  using bound = folderToBind();
  const web = new GenericContainer(sampleImage)
    .withName('web')
    .withCommand(shell(serve))
    .withEnvironment({ WORD: 'testcontainers' })
    .withLabels({ made: 'here' })
    .withExposedPorts(8080)
    .withBindMounts([{ source: bound.path, target: '/bound', mode: 'ro' }]);
  const started = await web.withWaitStrategy(Wait.forLogMessage(/serving \w+/)).start();
  assert.equal(await ask(started), served('testcontainers'));
  assert.deepEqual([started.getName(), started.getLabels().made], ['/web', 'here']);
  await started.restart({ timeout: 10_000 });
  assert.equal(await ask(started), served('testcontainers'));
  await started.stop({ timeout: 10_000 });
  assert.deepEqual(await names(), []);

  const again = await web.withWaitStrategy(Wait.forListeningPorts()).start();
  assert.equal(await ask(again), served('testcontainers'));
  await again.stop();
  assert.deepEqual(await names(), []);
});

test('executes with both streams apart, a user, a directory, variables and the exit code', async () => {
  const container = await sleeper().start();
  const said = await container.exec(shell('echo "$WHO in $(pwd) as $(id -u)"; echo oh >&2; exit 9'), {
    ...{ workingDir: '/tmp', user: '65534', env: { WHO: 'exec' } },
  });
  assert.deepEqual([said.stdout, said.stderr, said.exitCode], ['exec in /tmp as 65534\n', 'oh\n', 9]);
  await container.stop();
});

test('attaches with standard input before the start', async () => {
  const { container: client } = await getContainerRuntimeClient();
  const container = await client.create({
    ...{ Image: sampleImage, Cmd: shell('cat; exit 4'), HostConfig: { NetworkMode: 'none' } },
    ...{ OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true },
  });
  const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true });
  const out = new PassThrough().setEncoding('utf8');
  let heard = '';
  out.on('data', (words: string) => {
    heard += words;
  });
  client.dockerode.modem.demuxStream(stream, out, out);
  const ended = once(stream, 'end');
  await client.start(container);
  stream.write('first\n');
  await waitUntil('it comes back', () => heard === 'first\n');
  stream.end('second\n');
  await ended;
  assert.equal(heard, 'first\nsecond\n');
  await waitUntil('it has ended', async () => !(await client.inspect(container)).State.Running);
  assert.equal((await client.inspect(container)).State.ExitCode, 4);
  await client.remove(container);
});

test('follows logs while it runs and to the end', async () => {
  using bound = folderToBind();
  const container = await new GenericContainer(sampleImage)
    .withNetworkMode('none')
    .withCommand(shell('echo one; until [ -e /bound/go ]; do sleep 0.1; done; echo two'))
    .withBindMounts([{ source: bound.path, target: '/bound' }])
    .withWaitStrategy(Wait.forLogMessage('one'))
    .start();
  let heard = '';
  const log = await container.logs();
  const ended = once(log, 'end');
  log.on('data', (words: string) => {
    heard += words;
  });
  await waitUntil('the first line came', () => heard === 'one\n');
  writeFileSync(path.join(bound.path, 'go'), '');
  await ended;
  assert.equal(heard, 'one\ntwo\n');
  assert.equal(readFileSync(path.join(bound.path, 'go'), 'utf8'), '');
  await container.stop();
});

test('reads statistics, and events of its container', async () => {
  const { container: client } = await getContainerRuntimeClient();
  const container = await sleeper().start();
  const stats = await client.getById(container.getId()).stats({ stream: false });
  assert.ok((stats.memory_stats.usage ?? 0) > 0 && stats.pids_stats?.current === 1, JSON.stringify(stats));
  const events = (await client.events(client.getById(container.getId()), [
    'die',
    'destroy',
  ])) as NodeJS.ReadableStream & {
    destroy(): void;
  };
  let told = '';
  events.setEncoding('utf8').on('data', (words: string) => {
    told += words;
  });
  await container.stop();
  await waitUntil('it was told', () => told.includes('"destroy"'));
  events.destroy();
  const lines = told.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).Action),
    ['die', 'destroy'],
  );
});

test('copies in before the start and while it runs, and out', async () => {
  using folder = folderToBind();
  const container = await new GenericContainer(sampleImage)
    .withNetworkMode('none')
    .withCommand(shell('cat /tmp/in; exec sleep 1000'))
    .withCopyContentToContainer([{ content: 'from outside\n', target: '/tmp/in', mode: 0o600 }])
    .withCopyFilesToContainer([{ source: path.join(folder.path, 'from-host'), target: '/tmp/file' }])
    .withWaitStrategy(Wait.forLogMessage('from outside'))
    .start();
  await container.copyContentToContainer([{ content: 'while it runs', target: '/tmp/later' }]);
  const files = await filesOf(await container.copyArchiveFromContainer('/tmp'));
  assert.deepEqual(
    ['tmp/in', 'tmp/file', 'tmp/later'].map((name) => String(files.get(name))),
    ['from outside\n', 'written on the host\n', 'while it runs'],
  );
  await container.stop();
});

test('waits for the health', async () => {
  const container = await new GenericContainer(sampleImage)
    .withNetworkMode('none')
    .withCommand(shell('sleep 0.5; touch /well; exec sleep 1000'))
    .withHealthCheck({ test: ['CMD', 'test', '-e', '/well'], interval: 100, retries: 100, timeout: 5000 })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  const { exitCode } = await container.exec(['test', '-e', '/well']);
  assert.equal(exitCode, 0);
  await container.stop();
  const sick = new GenericContainer(sampleImage)
    .withNetworkMode('none')
    .withCommand(['sleep', '1000'])
    .withHealthCheck({ test: ['CMD', 'false'], interval: 100, retries: 2, timeout: 5000 })
    .withWaitStrategy(Wait.forHealthCheck());
  await assert.rejects(sick.start(), /Health check failed: unhealthy/);
  assert.deepEqual(await names(), []);
});

test('sees 404, 409 and 400 by their status', async () => {
  const { container: client } = await getContainerRuntimeClient();
  assert.equal((await statusOf(client.inspect(client.getById('not-there')))).status, 404);
  const container = await sleeper().withName('taken').start();
  assert.equal((await statusOf(sleeper().withName('taken').start())).status, 409);
  assert.equal((await statusOf(client.remove(client.getById(container.getId())))).status, 409);
  const small = sleeper().withResourcesQuota({ memory: 0.000001 });
  assert.equal((await statusOf(small.start())).status, 400);
  await container.stop();
  assert.deepEqual(await names(), []);
});
