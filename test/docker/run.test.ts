import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const sh = (script: string) => [sampleImage, 'sh', '-c', script];

test('the output comes on its own stream, the exit code is the program’s', async () => {
  const ended = await subject.docker.run(
    ['run', '--rm', '--network', 'none', ...sh('echo out; echo err >&2; exit 7')],
    { exits: 7 },
  );
  assert.equal(ended.stdout, 'out\n');
  assert.equal(ended.stderr, 'err\n');
});

test('exit code 125 for an image that is not there and cannot be pulled', async () => {
  const words = await subject.docker.fails(125, 'run', '--rm', '127.0.0.1:1/fixture/missing:1');
  assert.match(words, /Unable to find image '127\.0\.0\.1:1\/fixture\/missing:1' locally/);
  assert.match(words, /127\.0\.0\.1:1.*connect.*refused/i);
  assert.equal(await docker('ps', '-aq'), '');
});

test('exit code 127 for a command that is not there, 126 for one that cannot be executed', async () => {
  const missing = await subject.docker.fails(127, 'run', '--name', 'missing', sampleImage, 'no-such-command');
  assert.match(missing, /exec: "no-such-command": executable file not found in \$PATH/);
  assert.match(missing, /(?:OCI runtime|runtime) create failed/);
  const [inspected] = JSON.parse(await docker('inspect', 'missing'));
  assert.equal(inspected.State.ExitCode, 127);
  assert.equal(inspected.State.Status, 'created');
  assert.match(inspected.State.Error, /executable file not found/);
  await docker('rm', 'missing');
  const absolute = await subject.docker.fails(127, 'run', '--rm', sampleImage, '/no/such/file');
  assert.match(absolute, /no such file or directory/);
  const denied = await subject.docker.fails(126, 'run', '--rm', sampleImage, '/etc/passwd');
  assert.match(denied, /permission denied/);
});

test('run -d says the id; the container runs', async () => {
  const id = await docker('run', '-d', '--name', 'daemon', sampleImage);
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.equal(await docker('inspect', '-f', '{{.State.Status}}', id), 'running');
  await waitUntil('it said hello', async () => (await docker('logs', 'daemon')).includes('Welcome to Beluga!'));
  await docker('rm', '-f', 'daemon');
});

test('--rm removes after the exit, also of a detached container', async () => {
  await docker('run', '--rm', '--name', 'gone', ...sh('true'));
  await waitUntil('gone is removed', async () => (await docker('ps', '-aq', '--filter', 'name=gone')) === '');
  await docker('run', '-d', '--rm', '--name', 'gone', ...sh('sleep 0.2'));
  await waitUntil('gone is removed', async () => (await docker('ps', '-aq', '--filter', 'name=gone')) === '');
});

test('-i passes standard input and its end', async () => {
  const { stdout } = await subject.docker.run(['run', '--rm', '-i', ...sh('cat; echo after the end')], {
    input: 'a\nb\n',
  });
  assert.equal(stdout, 'a\nb\nafter the end\n');
  const large = Buffer.alloc(3_000_000, 'x');
  const counted = await subject.docker.run(['run', '--rm', '-i', sampleImage, 'wc', '-c'], { input: large });
  assert.equal(counted.stdout.trim(), '3000000');
});

test('a large output arrives whole', async () => {
  const { stdout } = await subject.docker.run(['run', '--rm', ...sh('head -c 5000000 /dev/zero | tr "\\0" y')]);
  assert.equal(stdout.length, 5_000_000);
});

test('-t gives a terminal', async () => {
  const { stdout } = await subject.docker.run(['run', '--rm', '-t', ...sh('tty; test -t 1 && echo terminal')]);
  assert.equal(stdout, '/dev/pts/0\r\nterminal\r\n');
});

test('environment, folder, user, hostname and labels', async () => {
  const printed = await docker(
    ...['run', '--rm', '-e', 'GREETING=hello there', '-w', '/tmp/new', '-u', 'beluga', '-h', 'whale'],
    ...sh(
      'echo $GREETING; pwd; id -u; id -g; id -un; hostname; grep -q localhost /etc/hosts && echo hosts; echo $HOME',
    ),
  );
  assert.deepEqual(printed.split('\n'), [
    'hello there',
    '/tmp/new',
    '1000',
    '1000',
    'beluga',
    'whale',
    'hosts',
    '/home',
  ]);
  assert.equal(await docker('run', '--rm', '-u', '123:456', ...sh('id -u; id -g')), '123\n456');
  const words = await subject.docker.fails(125, 'run', '--rm', '-u', 'nobody-here', ...sh('true'));
  assert.match(words, /unable to find user nobody-here/);
  const id = await docker('create', '-l', 'a=1', '-l', 'b', sampleImage);
  assert.deepEqual(JSON.parse(await docker('inspect', '-f', '{{json .Config.Labels}}', id)), {
    a: '1',
    b: '',
    'org.opencontainers.image.title': "Beluga's sample image",
  });
  await docker('rm', id);
});

test('the hostname is the short id when none is given', async () => {
  const id = await docker('run', '-d', ...sh('hostname; cat /etc/hostname'));
  await docker('wait', id);
  const short = id.slice(0, 12);
  assert.equal(await docker('logs', id), `${short}\n${short}`);
  await docker('rm', id);
});

test('--entrypoint replaces the entrypoint and clears the command', async () => {
  assert.equal(await docker('run', '--rm', '--entrypoint', 'echo', sampleImage, 'a', 'b c'), 'a b c');
  assert.equal(await docker('run', '--rm', '--entrypoint', 'echo', sampleImage), '');
});

test('a name that is taken is a conflict, an ill-formed one is refused', async () => {
  const id = await docker('create', '--name', 'taken', sampleImage);
  const words = await subject.docker.fails(125, 'run', '--name', 'taken', sampleImage);
  assert.match(words, new RegExp(`Conflict. The container name "/taken" is already in use by container "${id}"`));
  assert.match(await subject.docker.fails(1, 'create', '--name', 'x', sampleImage), /Invalid container name \(x\)/);
  assert.match(await subject.docker.fails(1, 'create', '--name', 'a b', sampleImage), /Invalid container name \(a b\)/);
  await docker('rename', 'taken', 'free');
  await docker('run', '--rm', '--name', 'taken', ...sh('true'));
  assert.equal(await docker('inspect', '-f', '{{.Name}}', id), '/free');
  await docker('rm', 'free');
});

test('a client that is killed leaves the container running', async () => {
  const client = subject.docker.start(['run', '--name', 'left', sampleImage]);
  await waitUntil('it runs', async () => (await docker('ps', '-q', '--filter', 'name=left')) !== '');
  client.child.kill('SIGKILL');
  await client.ended;
  assert.equal(await docker('inspect', '-f', '{{.State.Running}}', 'left'), 'true');
  await docker('rm', '-f', 'left');
});

test('a signal to the client reaches the container', async () => {
  const client = subject.docker.start(['run', '--rm', '--name', 'trapped', sampleImage]);
  await waitUntil('it ticks', async () => (await docker('logs', 'trapped')).includes('tick'));
  client.child.kill('SIGTERM');
  const { code, stdout } = await client.ended;
  assert.equal(code, 0);
  assert.match(stdout, /Goodbye/);
});

test('several clients run containers at once', async () => {
  const numbers = Array.from({ length: 8 }, (_, index) => String(index));
  const said = await Promise.all(numbers.map((n) => docker('run', '--rm', ...sh(`echo ${n}; exit 0`))));
  assert.deepEqual(said, numbers);
  await waitUntil('all are removed', async () => (await docker('ps', '-aq')) === '');
});
