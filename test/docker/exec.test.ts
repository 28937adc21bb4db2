import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { terminalClient } from '../terminal-client.ts';
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
const run = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, '--network', 'none', ...options, sampleImage, 'sleep', '10000');
const exec = (args: readonly string[], exits: number | 'any' = 0, input?: string) =>
  subject.docker.run(['exec', ...args], { exits, ...(input !== undefined && { input }) });
const atTerminal = (args: readonly string[], size?: { rows: number; columns: number }) =>
  terminalClient(`unix://${subject.socket}`, args, size);
const execIds = (name: string) => docker('inspect', '-f', '{{len .ExecIDs}}', name);

/** `--until` counts in whole seconds: what happens now is told a moment later. */
const eventsOf = async (id: string, format: string) =>
  (await docker('events', '--since', '60s', '--until', '0s', '--filter', `container=${id}`, '--format', format)).split(
    '\n',
  );

test('a command runs in a running container: streams apart, exit code, no trace afterwards', async () => {
  await run('one');
  const ended = await exec(['one', 'sh', '-c', 'echo out; echo err >&2; echo dev > /dev/stdout; exit 5'], 5);
  assert.deepEqual(ended, { code: 5, stdout: 'out\ndev\n', stderr: 'err\n' });
  assert.equal((await exec(['one', 'sh', '-c', 'kill -9 $$'], 137)).code, 137);
  assert.equal(await execIds('one'), '0');
});

test('a command that is not there, or cannot be run, is 127 or 126', async () => {
  await run('one');
  const said = async (code: number, ...args: string[]) => {
    const { stdout, stderr } = await exec(args, code);
    return stdout + stderr;
  };
  assert.match(await said(127, 'one', 'nope'), /exec: "nope": executable file not found in \$PATH/);
  assert.match(await said(127, 'one', '/nope'), /exec: "\/nope": stat \/nope: no such file or directory/);
  assert.match(await said(126, 'one', '/etc'), /exec: "\/etc": (permission denied|is a directory)/);
  assert.match(await said(127, '-w', '/nope', 'one', 'true'), /no such file or directory/i);
  assert.match(await said(126, '-u', 'nobody-here', 'one', 'true'), /unable to find user nobody-here/);
});

test('standard input to its end, while output goes on', async () => {
  await run('one');
  const input = 'line\n'.repeat(100_000);
  const { stdout } = await exec(['-i', 'one', 'sh', '-c', 'cat; echo after the end'], 0, input);
  assert.equal(stdout, `${input}after the end\n`);
  assert.equal((await exec(['one', 'cat'], 0, 'not passed on')).stdout, '', 'without -i there is none');
});

test('user, directory and variables', async () => {
  await run('one', '-e', 'KEPT=kept', '-e', 'CHANGED=before');
  const look = 'id -u; id -g; pwd; echo $KEPT $CHANGED $ADDED';
  const { stdout } = await exec([
    '-u',
    '1000:5',
    '-w',
    '/tmp',
    '-e',
    'CHANGED=after',
    '-e',
    'ADDED=added',
    'one',
    'sh',
    '-c',
    look,
  ]);
  assert.equal(stdout, '1000\n5\n/tmp\nkept after added\n');
  const capabilities = async (...options: string[]) =>
    (await exec([...options, 'one', 'grep', 'CapEff', '/proc/self/status'])).stdout.split('\t')[1]?.trim();
  assert.equal(await capabilities(), '00000000a80425fb');
  assert.equal(await capabilities('-u', '1000'), '0000000000000000');
  assert.notEqual(await capabilities('--privileged'), '00000000a80425fb');
});

test('detached: it goes on alone, its exit code can be asked for', async () => {
  const id = await run('one');
  await exec(['-d', 'one', 'sh', '-c', 'while [ ! -e /go ]; do sleep 0.05; done; exit 3']);
  assert.equal(await execIds('one'), '1');
  await exec(['one', 'touch', '/go']);
  await waitUntil('it has ended', async () => (await execIds('one')) === '0');
  await waitUntil('its end is told', async () =>
    (await eventsOf(id, '{{.Action}} {{.Actor.Attributes.exitCode}}')).includes('exec_die 3'),
  );
  assert.match(await subject.docker.fails(1, 'exec', '-d', 'one', 'nope'), /exec: "nope": executable file not found/);
});

test('events tell the creation, the start and the end', async () => {
  const id = await run('one');
  await exec(['one', 'sh', '-c', 'exit 4'], 4);
  const told = await waitUntil('the events', async () => {
    const lines = (await eventsOf(id, '{{.Action}}')).filter((line) => line.startsWith('exec_'));
    return lines.length === 3 ? lines : null;
  });
  assert.deepEqual(told, ['exec_create: sh -c exit 4', 'exec_start: sh -c exit 4', 'exec_die']);
});

test('no container, a stopped one, one that never ran', async () => {
  assert.match(await subject.docker.fails(1, 'exec', 'none-such', 'true'), /No such container: none-such/);
  await run('one');
  await docker('stop', '-t', '0', 'one');
  assert.match(await subject.docker.fails(1, 'exec', 'one', 'true'), /container [0-9a-f]{64} is not running/);
  await docker('create', '--name', 'two', sampleImage);
  assert.match(await subject.docker.fails(1, 'exec', 'two', 'true'), /is not running/);
});

test('at a terminal: its size, its changes, keys, exit code', async () => {
  await run('one');
  const client = atTerminal(['exec', '-it', 'one', 'sh'], { rows: 33, columns: 111 });
  client.type('stty size; tty; echo $TERM\r');
  await client.sees(/33 111\r\n\/dev\/pts\/\d+\r\nxterm/);
  client.resize({ rows: 20, columns: 70 });
  client.type('while [ "$(stty size)" != "20 70" ]; do sleep 0.05; done; echo re""sized\r');
  await client.sees('resized');
  client.type('echo as""leep; sleep 1000\r');
  await client.sees('asleep');
  client.type('\x03');
  await client.sees('^C');
  client.type('echo code $?\r');
  await client.sees('code 130');
  client.type('exit 9\r');
  assert.equal(await client.ended, 9);
});

test('detach keys leave a terminal, and the process goes on', async () => {
  await run('one');
  const client = atTerminal([
    'exec',
    '-it',
    '--detach-keys',
    'ctrl-x,x',
    'one',
    'sh',
    '-c',
    'echo up; exec sleep 1000',
  ]);
  await client.sees('up');
  client.type('\x18x');
  await client.ended;
  assert.equal(await execIds('one'), '1');
});

test('it ends with its container', async () => {
  await run('one');
  const going = subject.docker.start(['exec', 'one', 'sh', '-c', 'echo up; exec sleep 1000']);
  await waitUntil('it runs', () => going.said().includes('up'));
  const terminal = atTerminal(['exec', '-it', 'one', 'sh', '-c', 'echo up; exec sleep 1000']);
  await terminal.sees('up');
  await docker('stop', '-t', '0', 'one');
  assert.equal((await going.ended).code, 137);
  assert.equal(await terminal.ended, 137);
});

test('a client that does not read stalls neither the container nor other clients', async () => {
  await docker(
    ...['run', '-d', '--name', 'noisy', '--network', 'none', sampleImage, 'sh', '-c'],
    'while :; do echo a line of some length >> /count; echo tick; done',
  );
  const client = subject.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'noisy']);
  await waitUntil('it is attached', () => client.said() !== '');
  client.child.kill('SIGSTOP');
  const count = async () => Number((await exec(['noisy', 'sh', '-c', 'wc -c < /count'])).stdout);
  for (let round = 0; round < 3; round += 1) {
    const before = await count();
    await waitUntil('the container goes on', async () => (await count()) > before + 100_000);
  }
  client.child.kill('SIGKILL');
  await client.ended;
});

/** The number of the system call that a process waits in (x86-64); `running` while it computes. */
const systemCall = (pid: string) => readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ')[0];

test('a client that does not read holds its own exec back, as in Docker; nothing else, and nothing is lost', async () => {
  await run('one');
  const script =
    'l=x; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do l=$l$l; done; i=0; ' +
    'while [ $i -lt 4000 ]; do i=$((i+1)); echo $i > /at; echo "$i $l"; done';
  const client = subject.docker.start(['exec', 'one', 'sh', '-c', script]);
  await waitUntil('it speaks', () => client.said() !== '');
  client.child.kill('SIGSTOP');
  const inside = async (file: string) => (await exec(['one', 'cat', file])).stdout.trim();
  const [, ...processes] = (await docker('top', 'one', '-o', 'pid,args')).split('\n');
  const [pid = ''] =
    processes
      .find((line) => line.includes('l=x'))
      ?.trim()
      .split(/\s+/) ?? [];
  const writing = process.arch === 'x64' ? '1' : '64';
  const standing = await waitUntil('it stands still in write(2)', async () => {
    const before = await inside('/at');
    return systemCall(pid) === writing && (await inside('/at')) === before && systemCall(pid) === writing
      ? before
      : null;
  });
  assert.ok(Number(standing) < 4000, 'not everything is taken for the client');
  assert.equal((await exec(['one', 'echo', 'others run'])).stdout, 'others run\n');
  client.child.kill('SIGCONT');
  const { code, stdout } = await client.ended;
  assert.equal(code, 0);
  const wanted = Array.from({ length: 4000 }, (_, index) => `${index + 1} ${'x'.repeat(4096)}\n`).join('');
  assert.ok(stdout === wanted, `${stdout.length} of ${wanted.length} characters`);
});

test('run -it and attach at a terminal: keys, size, several clients, detach keys', async () => {
  const first = atTerminal(['run', '-it', '--name', 'shell', '--network', 'none', sampleImage, 'sh'], {
    rows: 30,
    columns: 90,
  });
  first.type('while [ "$(stty size)" != "30 90" ]; do sleep 0.05; done; echo si""zed\r');
  await first.sees('sized');
  const second = atTerminal(['attach', 'shell']);
  await waitUntil('both are attached', async () => {
    second.type('echo se""cond\r');
    return first.said().includes('second') && second.said().includes('second');
  });
  first.type('\x10\x11');
  assert.equal(await first.ended, 0);
  assert.equal(await docker('inspect', '-f', '{{.State.Running}}', 'shell'), 'true');
  second.type('exit 6\r');
  assert.equal(await second.ended, 6);
  const removed = atTerminal(['run', '-it', '--rm', '--network', 'none', sampleImage, 'sh', '-c', 'read x; exit 4']);
  removed.type('\r');
  assert.equal(await removed.ended, 4);
});
