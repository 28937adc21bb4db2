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
const detached = (name: string, ...args: string[]) => docker('run', '-d', '--name', name, '--network', 'none', ...args);
const idle = (name: string, ...options: string[]) => detached(name, ...options, sampleImage, 'sleep', '1000');
const busy = (name: string, ...options: string[]) =>
  detached(name, ...options, sampleImage, 'sh', '-c', 'while :; do :; done');
const state = (name: string, field = 'Status') => docker('inspect', '-f', `{{.State.${field}}}`, name);
const post = (path: string) => ask(subject.socket, { method: 'POST', path });
const lines = (words: string) => words.split('\n').filter(Boolean);

async function actionsOf(since: number, ...names: string[]): Promise<string[]> {
  const until = String(Date.now() / 1000 + 0.001);
  const filters = names.flatMap((name) => ['--filter', `container=${name}`]);
  const printed = await docker(
    ...['events', '--since', String(since), '--until', until, '--filter', 'type=container', ...filters],
    ...['--format', '{{.Action}}{{with .Actor.Attributes.signal}} {{.}}{{end}}'],
  );
  return lines(printed);
}

test('a paused container stands still, is told as paused, and goes on', async () => {
  await detached('p1', sampleImage, 'sh', '-c', 'while :; do echo tick; sleep 0.05; done');
  const since = Date.now() / 1000;
  assert.equal(await docker('pause', 'p1'), 'p1');
  assert.match(await docker('ps', '--format', '{{.State}} {{.Status}}'), /^paused Up .+ \(Paused\)$/);
  assert.equal(
    await docker('ps', '-q', '--filter', 'status=paused', '--no-trunc'),
    await docker('inspect', '-f', '{{.Id}}', 'p1'),
  );
  assert.equal(await docker('inspect', '-f', '{{.State.Running}} {{.State.Paused}}', 'p1'), 'true true');
  assert.equal(await docker('info', '-f', '{{.ContainersPaused}}'), '1');
  const [before, again] = [await docker('logs', 'p1'), await docker('logs', 'p1')];
  assert.equal(before, again);
  assert.match(await fails('pause', 'p1'), /Container [0-9a-f]{64} is already paused/);
  assert.match(await fails('start', 'p1'), /cannot start a paused container, try unpause instead/);
  assert.match(await fails('rm', 'p1'), /paused.*[Uu]npause and then stop the container before/s);
  assert.equal(await docker('unpause', 'p1'), 'p1');
  await waitUntil('it goes on', async () => (await docker('logs', 'p1')).length > before.length);
  assert.match(await fails('unpause', 'p1'), /Container [0-9a-f]{64} is not paused/);
  assert.equal(await state('p1'), 'running');
  assert.deepEqual(await actionsOf(since, 'p1'), ['pause', 'unpause']);
});

test('what does not run cannot be paused', async () => {
  await docker('create', '--name', 'p2', sampleImage);
  const answer = await post('/containers/p2/pause');
  assert.equal(answer.status, 409);
  assert.match(answer.json().message, /^[Cc]ontainer [0-9a-f]{64} is not running$/);
  assert.match(await fails('unpause', 'p2'), /is not paused/);
});

test('a signal that may end a paused container lets it run; stop, kill, restart and rm -f work', async () => {
  await idle('p3');
  const since = Date.now() / 1000;
  await docker('pause', 'p3');
  await docker('stop', '-t', '1', 'p3');
  assert.equal(await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'p3'), 'exited 137');
  assert.deepEqual(await actionsOf(since, 'p3'), ['pause', 'kill 15', 'unpause', 'kill 9', 'die', 'stop']);
  await docker('start', 'p3');
  await docker('pause', 'p3');
  await docker('kill', '-s', 'USR1', 'p3');
  assert.equal(await state('p3', 'Paused'), 'false');
  await docker('pause', 'p3');
  await docker('kill', 'p3');
  assert.equal(await state('p3'), 'exited');
  await docker('start', 'p3');
  await docker('pause', 'p3');
  await docker('restart', '-t', '0', 'p3');
  assert.equal(await state('p3'), 'running');
  await docker('pause', 'p3');
  await docker('rm', '-f', 'p3');
  await idle('p4', '--stop-signal', 'QUIT');
  await docker('pause', 'p4');
  await docker('kill', '-s', 'USR1', 'p4');
  assert.equal(await state('p4', 'Paused'), 'true', 'a signal beside the stop signal waits');
});

test('top shows the processes as ps does', async () => {
  await detached('t1', sampleImage, 'sh', '-c', 'sleep 1001 & sleep 1002 & wait');
  const wanted = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];
  const first = await waitUntil('all three run', async () => {
    const rows = lines(await docker('top', 't1'));
    return rows.length === 4 ? rows : null;
  });
  assert.deepEqual(first[0]?.split(/\s+/), wanted);
  assert.ok(first.some((row) => row.includes(`${' '.repeat(2)}sleep 1002`)));
  assert.match(first[1] ?? '', /^root\s+\d+\s+\d+/);
  assert.ok(first.some((row) => row.split(/\s+/)[1] === first[1]?.split(/\s+/)[1]));
  const pids = lines(await docker('top', 't1', '-o', 'pid,comm'))
    .slice(1)
    .map((row) => row.split(/\s+/)[0]);
  assert.ok(pids.includes(await state('t1', 'Pid')), 'they are the pids of the host');
  assert.equal(lines(await docker('top', 't1', 'axf')).length, 4, 'arguments that exclude a list of pids');
  assert.match(await fails('top', 't1', '-o', 'foo'), /ps: error: unknown user-defined format specifier "foo"/);
  assert.match(await fails('top', 't1', '-o', 'user'), /Couldn't find PID field in ps output/);
  assert.match(await fails('top', 't1', '-o', 'user= PIDX'), /specifying "user=PIDX" is not allowed|PID/);
  await docker('pause', 't1');
  assert.equal(lines(await docker('top', 't1')).length, 4, 'also while paused');
  await docker('rm', '-f', 't1');
  await docker('create', '--name', 't2', sampleImage);
  assert.match(await fails('top', 't2'), /[Cc]ontainer [0-9a-f]{64} is not running/);
});

interface Cpu {
  cpu_usage: { total_usage: number };
  system_cpu_usage: number;
  online_cpus: number;
}
interface Figures {
  read: string;
  preread: string;
  name: string;
  pids_stats: { current?: number; limit?: number };
  cpu_stats: Cpu;
  precpu_stats: Cpu;
  memory_stats: { usage: number; limit: number; stats: Record<string, number> };
  networks?: unknown;
}

test('stats once: two looks, a second apart; at once: one', async () => {
  await busy('s1', '-m', '64m', '--pids-limit', '30');
  const once = (await ask(subject.socket, { path: '/containers/s1/stats?stream=false' })).json<Figures>();
  assert.equal(once.name, '/s1');
  assert.equal(once.memory_stats.limit, 64 * 1024 * 1024);
  assert.ok(once.memory_stats.usage > 0 && once.memory_stats.usage <= 64 * 1024 * 1024);
  assert.deepEqual(once.pids_stats, { current: 1, limit: 30 });
  assert.equal(once.networks, undefined);
  const used = once.cpu_stats.cpu_usage.total_usage - once.precpu_stats.cpu_usage.total_usage;
  const passed = once.cpu_stats.system_cpu_usage - once.precpu_stats.system_cpu_usage;
  assert.ok(used > 0 && passed > 0 && once.precpu_stats.cpu_usage.total_usage > 0);
  // never more than its processor, beside what the clock of the machine rounds
  assert.ok((used / passed) * once.cpu_stats.online_cpus < 1.5, `${used} of ${passed}`);
  assert.ok(Date.parse(once.read) > Date.parse(once.preread));
  const atOnce = (await ask(subject.socket, { path: '/containers/s1/stats?stream=0&one-shot=1' })).json<Figures>();
  assert.equal(atOnce.precpu_stats.cpu_usage.total_usage, 0);
  assert.ok(atOnce.cpu_stats.cpu_usage.total_usage > 0);
});

test('docker stats: shares, memory without the cache, nothing for what does not run', async () => {
  await busy('s2', '--cpus', '0.5', '-m', '64m');
  await docker('create', '--name', 's3', sampleImage);
  const format = '{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.NetIO}}|{{.PIDs}}';
  const [row = ''] = lines(await docker('stats', '--no-stream', '--format', format, 's2'));
  const [name, cpu = '', memory = '', network, pids] = row.split('|');
  assert.deepEqual([name, network, pids], ['s2', '0B / 0B', '1']);
  const share = Number.parseFloat(cpu);
  assert.ok(share > 5 && share < 90, `half a processor is ${cpu}`);
  assert.match(memory, /^[\d.]+[KM]iB \/ 64MiB$/);
  const [still] = lines(await docker('stats', '--no-stream', '--format', format, 's3'));
  assert.match(still ?? '', /^s3\|0\.00%\|0B \/ 0B\|0B \/ 0B\|0$/);
  await docker('pause', 's2');
  assert.match(await docker('stats', '--no-stream', '--format', '{{.CPUPerc}}', 's2'), /^0\.00%$/);
});

test('stats streams, right from its first line', {
  // there the first line knows nothing of the time before
  skip: process.env.BELUGA_TEST_PEER !== undefined && 'probe peer: not a Beluga',
}, async () => {
  await busy('s4');
  const stream = subject.docker.start(['stats', '--format', '{{.Name}} {{.CPUPerc}}', 's4']);
  await waitUntil('a share of the processor is shown', () => /s4 [1-9]/.test(stream.said()));
  stream.child.kill('SIGKILL');
  await stream.ended;
});

test('update sets limits while it runs, and refuses in words', async () => {
  const cpus = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/memory/memory.limit_in_bytes';
  const v2 = 'cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.max';
  await detached(
    'u1',
    '-m',
    '64m',
    sampleImage,
    'sh',
    '-c',
    `trap '${cpus} 2>/dev/null || ${v2}' USR1; while :; do sleep 0.05; done`,
  );
  const since = Date.now() / 1000;
  assert.equal(
    await docker('update', '--cpus', '0.5', '-m', '128m', '--memory-swap', '256m', '--pids-limit', '77', 'u1'),
    'u1',
  );
  const field = (name: string) => docker('inspect', '-f', `{{.HostConfig.${name}}}`, 'u1');
  assert.deepEqual(
    [await field('NanoCpus'), await field('Memory'), await field('MemorySwap'), await field('PidsLimit')],
    ['500000000', '134217728', '268435456', '77'],
  );
  const { memory_stats, pids_stats } = (
    await ask(subject.socket, { path: '/containers/u1/stats?stream=0&one-shot=1' })
  ).json<Figures>();
  assert.deepEqual([memory_stats.limit, pids_stats.limit], [134_217_728, 77]);
  await docker('kill', '-s', 'USR1', 'u1');
  await waitUntil('it saw the new limits', async () => /50000\D[\s\S]*134217728/.test(await docker('logs', 'u1')));
  assert.match(
    await fails('update', '-m', '1g', 'u1'),
    /Memory limit should be smaller than already set memoryswap limit/,
  );
  assert.match(await fails('update', '-m', '1m', 'u1'), /Minimum memory limit allowed is 6MB/);
  assert.match(
    await fails('update', '--cpu-quota', '50000', 'u1'),
    /CPU Quota cannot be updated as NanoCPUs has already been set/,
  );
  assert.match(await fails('update', '--cpus', '1000', 'u1'), /Range of CPUs is from 0\.01 to/);
  assert.equal(await field('Memory'), '134217728', 'what was refused changes nothing');
  assert.deepEqual(await actionsOf(since, 'u1').then((all) => all.filter((action) => action === 'update')), ['update']);
  await docker('restart', '-t', '0', 'u1');
  assert.equal(await field('NanoCpus'), '500000000', 'they stay for the next start');
});

test('update of what does not run counts for its start', async () => {
  await docker('create', '--name', 'u0', '--pids-limit', '20', sampleImage, 'cat', '/sys/fs/cgroup/pids/pids.max');
  await docker('update', '--pids-limit', '-1', 'u0');
  assert.equal(await docker('start', '-a', 'u0'), 'max', 'no limit any more');
  await docker('create', '--name', 'u2', '-m', '32m', sampleImage, 'sleep', '1000');
  await docker('update', '--pids-limit', '55', '--restart', 'on-failure:3', 'u2');
  assert.equal(
    await docker('inspect', '-f', '{{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy}}', 'u2'),
    '55 {on-failure 3}',
  );
  await docker('start', 'u2');
  const figures = (await ask(subject.socket, { path: '/containers/u2/stats?stream=0&one-shot=1' })).json<Figures>();
  assert.equal(figures.pids_stats.limit, 55);
  const answer = await askJson(subject.socket, '/containers/u2/update', { Memory: 16 * 1024 * 1024 });
  assert.equal(answer.status, 200);
  assert.ok('Warnings' in answer.json<{ Warnings: unknown }>());
});

test('sizes: ps -s and system df tell what a container has written', async () => {
  await docker('run', '--name', 'z1', '--network', 'none', sampleImage, 'sh', '-c', 'head -c 3000000 /dev/zero > /big');
  const size = await docker('ps', '-as', '--filter', 'name=z1', '--format', '{{.Size}}');
  assert.match(size, /^3(\.\d+)?MB \(virtual [45](\.\d+)?MB\)$/);
  assert.match(await docker('system', 'df', '--format', '{{.Type}} {{.Size}}'), /^Containers 3(\.\d+)?MB$/m);
  assert.match(await docker('inspect', '-s', '-f', '{{.SizeRw}}', 'z1'), /^3\d{6}$/);
});
