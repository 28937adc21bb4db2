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
const lines = (words: string) => words.split('\n').filter(Boolean);
const logged = (name: string, word: string) =>
  waitUntil(`${name} said ${word}`, async () => (await docker('logs', name)).includes(word));

test('logs keep the streams apart and in order', async () => {
  await docker('run', '--name', 'cl', ...sh('echo a; echo b >&2; echo c; printf "no line end"'));
  const ended = await subject.docker.run(['logs', 'cl']);
  assert.equal(ended.stdout, 'a\nc\nno line end');
  assert.equal(ended.stderr, 'b\n');
});

test('logs --tail, --timestamps, --since, --until', async () => {
  await docker('run', '--name', 'cl', ...sh('for n in 1 2 3 4 5; do echo line $n; done; sleep 1.2; echo late'));
  assert.equal(await docker('logs', '--tail', '2', 'cl'), 'line 5\nlate');
  assert.equal(await docker('logs', '--tail', '0', 'cl'), '');
  assert.equal(lines(await docker('logs', '--tail', 'all', 'cl')).length, 6);
  const stamped = lines(await docker('logs', '-t', 'cl'));
  assert.ok(
    stamped.every((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (line \d|late)$/.test(line)),
    stamped[0],
  );
  const lateAt = stamped.at(-1)?.split(' ')[0] ?? '';
  const middle = new Date(Date.parse(lateAt) - 500).toISOString();
  assert.equal(await docker('logs', '--since', middle, 'cl'), 'late');
  assert.equal(await docker('logs', '--since', lateAt, 'cl'), 'late');
  assert.equal(lines(await docker('logs', '--until', middle, 'cl')).length, 5);
});

test('logs -f goes on until the container ends', async () => {
  await docker('run', '-d', '--name', 'cf', ...sh('for n in 1 2 3 4 5; do echo n$n; sleep 0.1; done'));
  assert.deepEqual(lines(await docker('logs', '-f', 'cf')), ['n1', 'n2', 'n3', 'n4', 'n5']);
  assert.deepEqual(lines(await docker('logs', '-f', 'cf')), ['n1', 'n2', 'n3', 'n4', 'n5'], 'also afterwards');
  await docker('run', '-d', '--name', 'cg', sampleImage);
  const follower = subject.docker.start(['logs', '-f', '--tail', '1', 'cg']);
  await waitUntil('it follows', () => follower.said() !== '');
  await docker('rm', '-f', 'cg');
  assert.equal((await follower.ended).code, 0);
});

test('a long line and many lines come whole', async () => {
  await docker('run', '--name', 'long', ...sh('head -c 100000 /dev/zero | tr "\\0" z; echo; seq 1 20000'));
  const { stdout } = await subject.docker.run(['logs', 'long']);
  const [first, ...rest] = lines(stdout);
  assert.equal(first?.length, 100_000);
  assert.equal(rest.length, 20_000);
  assert.equal(rest.at(-1), '20000');
  assert.equal(await docker('logs', '--tail', '3', 'long'), '19998\n19999\n20000');
});

test('logs of a container that is not there, of one that never ran', async () => {
  assert.match(await subject.docker.fails(1, 'logs', 'none-such'), /No such container: none-such/);
  await docker('create', '--name', 'never', sampleImage);
  assert.equal(await docker('logs', 'never'), '');
});

test('attach shows what comes and ends with the container’s exit code', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'ca',
    ...sh('while [ ! -e /go ]; do sleep 0.05; echo tick; done; echo last; exit 6'),
  );
  const client = subject.docker.start(['attach', '--no-stdin', 'ca']);
  await waitUntil('the client saw a tick', () => client.said().includes('tick'));
  await docker('kill', '-s', 'KILL', 'ca');
  assert.equal((await client.ended).code, 137);
});

test('attach passes standard input both to a created and a running container', async () => {
  await docker('create', '-i', '--name', 'cc', ...sh('read line; echo "got $line"'));
  assert.equal((await subject.docker.run(['start', '-ai', 'cc'], { input: 'first\n' })).stdout, 'got first\n');
  await docker('run', '-di', '--name', 'cd', ...sh('read line; echo "got $line"; exit 3'));
  // standard input stays open: where it ends first, Docker closes the output of this attach with it
  const client = subject.docker.start(['attach', 'cd']);
  client.child.stdin.write('second\n');
  assert.deepEqual(await client.ended, { code: 3, stdout: 'got second\n', stderr: '' });
  assert.match(
    await subject.docker.fails(1, 'attach', 'cd'),
    /You cannot attach to a stopped container|container is not running/i,
  );
});

test('two clients attached see the same', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'two',
    ...sh('trap "echo finale; exit 0" TERM; echo up; while :; do sleep 0.05; echo .; done'),
  );
  await logged('two', 'up');
  const clients = [0, 1].map(() => subject.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'two']));
  await waitUntil('both hear it', () => clients.every((client) => client.said().includes('.')));
  await docker('stop', 'two');
  for (const client of clients) assert.match((await client.ended).stdout, /finale/);
});

test('a client that does not read does not stall the container', async () => {
  await docker(
    'create',
    '--name',
    'flood',
    ...sh('head -c 20000000 /dev/zero | tr "\\0" q | fold -w 100; echo finished > /tmp/done'),
  );
  const client = subject.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'flood']);
  client.child.stdout.pause();
  await docker('start', 'flood');
  client.child.kill('SIGSTOP');
  assert.equal(await docker('wait', 'flood'), '0');
  client.child.kill('SIGKILL');
  client.child.stdout.resume();
  await client.ended;
});
