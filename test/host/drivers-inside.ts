// Runs inside the engine's mount namespace, started by drivers-runtime.test.ts: FOLDER VARIANT [MODE].
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { EngineError } from '../../engine/base/errors.ts';
import { isAlive } from '../../engine/base/process-identity.ts';
import { mountsBelow, readMountTable } from '../../engine/drivers/mounts/mount-table.ts';
import { bundleDirectory, readMonitor } from '../../engine/drivers/mounts/namespace-record.ts';
import { cgroupConformance } from '../../engine/drivers/oci/cgroups/container-cgroup.conformance.ts';
import { cgroupHierarchies, cgroupVersion, createCgroups } from '../../engine/drivers/oci/cgroups.ts';
import { readCriLog } from '../../engine/drivers/oci/cri-log.ts';
import type { ExecProcess } from '../../engine/drivers/oci/runtime.ts';
import { waitUntil } from '../wait-until.ts';
import { fastPathTests } from './drivers-fast-paths.ts';
import { openScene, variants } from './drivers-scene.ts';

const [folder = '', asked = '', mode = 'suite', given = ''] = process.argv.slice(2);
const variant = variants.find((known) => known === asked);
if (!variant) throw new Error(`no such variant: ${asked}`);
const scene = await openScene(folder, variant, { waitingChunks: 16, spoolBytes: 16_000_000 });
const { runtime, create, remove, run, exec, logOf } = scene;
const { name } = scene.program;
// the drivers' watches do not keep a process running: an engine has its sockets
const running = setInterval(() => {}, 60_000);

const refusedWith = (reason: string) => (error: unknown) => error instanceof EngineError && error.reason === reason;

/** Everything it writes, and its exit code. */
async function heard({ stream, ended }: ExecProcess) {
  const text = { stdout: '', stderr: '' };
  for await (const chunk of stream.output) text[chunk.stream] += Buffer.from(chunk.data).toString();
  return { exitCode: await ended, ...text };
}
const field = (status: string, key: string) => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1];

/** The limits of a container as the host's own files say, whichever version of cgroups they are of. */
function limitsOf(cgroupsPath: string) {
  const read = (controller: string, file: string) =>
    readFileSync(path.join('/sys/fs/cgroup', controller, cgroupsPath, file), 'utf8').trim();
  if (cgroupVersion() === 2) {
    const [quota, period] = read('', 'cpu.max').split(' ').map(Number);
    const memory = Number(read('', 'memory.max'));
    return {
      memory,
      memoryAndSwap: memory + Number(read('', 'memory.swap.max')),
      cpuQuota: quota ?? 0,
      cpuPeriod: period ?? 0,
      cpus: read('', 'cpuset.cpus'),
      pids: Number(read('', 'pids.max')),
    };
  }
  return {
    memory: Number(read('memory', 'memory.limit_in_bytes')),
    memoryAndSwap: Number(read('memory', 'memory.memsw.limit_in_bytes')),
    cpuQuota: Number(read('cpu', 'cpu.cfs_quota_us')),
    cpuPeriod: Number(read('cpu', 'cpu.cfs_period_us')),
    cpus: read('cpuset', 'cpuset.cpus'),
    pids: Number(read('pids', 'pids.max')),
  };
}

function suite(): void {
  after(() => {
    clearInterval(running);
    scene.close();
  });

  cgroupConformance(`cgroup v${cgroupVersion()}, a container of ${name}`, async () => {
    const id = await create({ args: ['sh', '-c', 'sleep 1000 & while :; do :; done'], resources: { pidsLimit: 100 } });
    await runtime.start(id);
    const cgroupsPath = `/${path.basename(folder)}/${id}`;
    const cgroup = createCgroups().open(cgroupsPath);
    const members = await waitUntil('the shell and its child run', () => {
      const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && cgroupOf(pid).includes(id));
      return pids.length === 2 && cgroup.stats().cpu.user > 0 ? pids.map(Number) : null;
    });
    return { cgroup, members, limits: () => limitsOf(cgroupsPath), remove: () => remove(id) };
  });

  test('a frozen container is removed', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    await createCgroups()
      .open(`/${path.basename(folder)}/${id}`)
      .freeze();
    assert.equal(await runtime.state(id), 'paused');
    await remove(id);
    assert.equal(await runtime.state(id), 'absent');
  });

  test('output by stream, exit code, log', async () => {
    const id = await create({ args: ['sh', '-c', 'echo out; echo err >&2; printf end; exit 7'] });
    assert.equal(await runtime.state(id), 'created');
    const exit = runtime.wait(id);
    await runtime.start(id);
    assert.deepEqual({ ...(await exit), finishedAt: 0 }, { exitCode: 7, finishedAt: 0, oomKilled: false });
    assert.equal(await runtime.state(id), 'stopped');
    const texts = { stdout: '', stderr: '' };
    for await (const record of readCriLog({ file: logOf(id), stdout: true, stderr: true })) {
      texts[record.stream] += Buffer.from(record.data).toString();
    }
    assert.deepEqual(texts, { stdout: 'out\nend', stderr: 'err\n' });
    await remove(id);
    assert.equal(await runtime.state(id), 'absent');
    await remove(id);
  });

  test('a container sees what Docker’s would', async () => {
    const look = 'cat /proc/self/status; ls /proc/self/fd | head -1; cat /proc/kcore | head -c 1; mount; ifconfig lo';
    const { stdout } = await run({ args: ['sh', '-c', look] });
    assert.equal(field(stdout, 'CapEff'), '00000000a80425fb');
    assert.equal(field(stdout, 'CapBnd'), '00000000a80425fb');
    assert.equal(field(stdout, 'Seccomp'), '2');
    assert.equal(field(stdout, 'Umask'), '0022');
    assert.match(stdout, /^overlay on \/ type overlay/m);
    assert.match(stdout, /on \/proc\/(kcore|keys|timer_list) type/);
    assert.match(stdout, /proc on \/proc\/sys type proc \(ro,/);
    assert.match(stdout, /sysfs on \/sys type sysfs \(ro,/);
    assert.match(stdout, /UP LOOPBACK RUNNING/);
    const denied = await run({ args: ['sh', '-c', 'mount -t tmpfs none /tmp; echo $?'] });
    assert.doesNotMatch(denied.stdout, /^0$/m);
  });

  test('another user has no capabilities', async () => {
    const user = { uid: 1000, gid: 1001, additionalGids: [1001, 44] };
    const { stdout } = await run({ args: ['sh', '-c', 'id; cat /proc/self/status'], user });
    assert.match(stdout, /uid=1000 gid=1001 groups=(44,1001|1001,44)/);
    assert.equal(field(stdout, 'CapEff'), '0000000000000000');
  });

  test('commands that cannot run are told apart and leave nothing', async () => {
    const notFound = refusedWith('container.command-not-found');
    const notExecutable = refusedWith('container.command-not-executable');
    await assert.rejects(create({ args: ['nope'] }), notFound);
    await assert.rejects(create({ args: ['/nope'] }), notFound);
    await assert.rejects(create({ args: ['/etc'] }), notExecutable);
    await assert.rejects(create({ args: ['/etc/plain'] }), notExecutable);
  });

  test('stdin to its end, in pieces that conmon can take', async () => {
    const id = await create({ args: ['cat'], stdin: true });
    const stream = await runtime.attach(id);
    const exit = runtime.wait(id);
    await runtime.start(id);
    const size = 1024 * 1024;
    let heard = 0;
    const reading = (async () => {
      for await (const { data } of stream.output) heard += data.length;
    })();
    await stream.write(Buffer.alloc(size, 'a'));
    await stream.closeInput();
    assert.equal((await exit).exitCode, 0);
    await reading;
    assert.equal(heard, size);
    await remove(id);
  });

  test('a client that does not read holds nothing back, loses nothing, and is cut off only beyond a limit', async () => {
    for (const [size, within] of [
      [8_000_000, true],
      [20_000_000, false],
    ] as const) {
      const id = await create({ args: ['sh', '-c', `head -c ${size} /dev/zero; exit 3`] });
      const idle = await runtime.attach(id);
      const reader = await runtime.attach(id);
      const exit = runtime.wait(id);
      await runtime.start(id);
      const heardBy = async (stream: typeof reader) => {
        let heard = 0;
        for await (const { data } of stream.output) heard += data.length;
        return heard;
      };
      assert.equal(await heardBy(reader), size);
      assert.equal((await exit).exitCode, 3);
      if (within) assert.equal(await heardBy(idle), size);
      else await assert.rejects(heardBy(idle), /cut off/);
      await remove(id);
    }
  });

  test('kill, and what has ended cannot be killed', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    const exit = runtime.wait(id);
    await runtime.start(id);
    assert.equal(await runtime.state(id), 'running');
    await runtime.kill(id, 9);
    assert.equal((await exit).exitCode, 137);
    await assert.rejects(runtime.kill(id, 9), refusedWith('container.not-running'));
    await assert.rejects(runtime.attach(id), refusedWith('container.not-running'));
    await remove(id);
  });

  test('a wait can be given up', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    const giveUp = new AbortController();
    const waiting = runtime.wait(id, giveUp.signal);
    giveUp.abort();
    await assert.rejects(waiting, (error) => error instanceof EngineError && error.code === 'cancelled');
    await remove(id);
  });

  test('a terminal is one stream and has a size', async () => {
    const { stdout, stderr } = await run(
      {
        args: ['sh', '-c', 'while [ "$(stty size)" != "33 77" ]; do sleep 0.05; done; stty size; echo err >&2'],
        terminal: true,
      },
      (driver, id) => driver.resize(id, { rows: 33, columns: 77 }),
    );
    assert.deepEqual([stdout.includes('33 77\r\n'), stdout.includes('err\r\n'), stderr], [true, true, '']);
  });

  test('a lost monitor does not hide the end', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    const exit = runtime.wait(id);
    await runtime.start(id);
    const record = readMonitor(bundleDirectory(scene.runRoot, id));
    assert.ok(record && isAlive(record.monitor));
    process.kill(record.monitor.pid, 'SIGKILL');
    process.kill(record.process.pid, 'SIGKILL');
    assert.equal((await exit).exitCode, 137);
    await remove(id);
  });

  test('exec: streams apart, exit codes, half-close, user, variables, directory', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    const plain = await heard(await exec(id, ['sh', '-c', 'echo out; echo err >&2; echo again > /dev/stderr; exit 7']));
    assert.deepEqual(plain, { exitCode: 7, stdout: 'out\n', stderr: 'err\nagain\n' });
    const cat = await exec(id, ['cat']);
    await cat.stream.write(Buffer.alloc(1_000_000, 'x'));
    await cat.stream.closeInput();
    assert.equal((await heard(cat)).stdout.length, 1_000_000);
    const user = { uid: 1000, gid: 1001, additionalGids: [1001] };
    const look = 'id; cat /proc/self/cwd/plain; echo $A $HOSTNAME; cat /proc/self/status';
    const other = await heard(
      await exec(id, ['sh', '-c', look], { user, environment: ['A=b'], workingDirectory: '/etc' }),
    );
    assert.match(other.stdout, /^uid=1000 gid=1001 groups=1001\nnot a program\nb box\n/);
    assert.equal(field(other.stdout, 'CapEff'), '0000000000000000');
    assert.equal(field(other.stdout, 'Seccomp'), '2');
    assert.equal((await heard(await exec(id, ['sh', '-c', 'kill -9 $$']))).exitCode, 137);
    await remove(id);
  });

  // runc copies the output itself and does not end before that is closed
  test('exec: a child that keeps the output open', { skip: name === 'runc' && 'runc waits for it' }, async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    const child = await heard(await exec(id, ['sh', '-c', 'sleep 1000 & echo started; exit 3']));
    assert.deepEqual(child, { exitCode: 3, stdout: 'started\n', stderr: '' });
    await remove(id);
  });

  test('exec: what cannot run is told apart and leaves nothing', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    for (const [command, reason] of [
      ['nope', 'container.command-not-found'],
      ['/nope', 'container.command-not-found'],
      ['/etc', 'container.command-not-executable'],
      ['/etc/plain', 'container.command-not-executable'],
    ] as const) {
      await assert.rejects(exec(id, [command]), refusedWith(reason));
      await assert.rejects(exec(id, [command], { terminal: true }), refusedWith(reason));
    }
    assert.deepEqual(readdirSync(path.join(scene.runRoot, 'execs')), []);
    await remove(id);
    await assert.rejects(exec(id, ['true']), (error) => error instanceof EngineError && error.code === 'not-found');
  });

  test('exec: a terminal has a size, changes it, and takes input', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    const script = 'stty size; while [ "$(stty size)" != "22 77" ]; do sleep 0.05; done; read x; echo "got $x"; exit 4';
    const process = await exec(id, ['sh', '-c', script], { terminal: true, size: { rows: 33, columns: 66 } });
    const { output } = process.stream;
    assert.equal(String(Buffer.from((await output.next()).value?.data ?? [])), '33 66\r\n');
    process.resize({ rows: 22, columns: 77 });
    await process.stream.write(Buffer.from('hello\r'));
    const { exitCode, stdout } = await heard(process);
    assert.equal(exitCode, 4);
    assert.match(stdout, /got hello\r\n$/);
    process.resize({ rows: 1, columns: 1 });
    await remove(id);
  });

  test('exec: it ends with its container', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    const exit = runtime.wait(id);
    await runtime.start(id);
    const processes = [await exec(id, ['sleep', '1000']), await exec(id, ['sleep', '1000'], { terminal: true })];
    await runtime.kill(id, 9);
    await exit;
    for (const process of processes) assert.equal((await heard(process)).exitCode, 137);
    await remove(id);
  });

  test('exec: a client that has left does not hold the process back', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    for (const terminal of [false, true]) {
      const process = await exec(id, ['sh', '-c', 'head -c 3000000 /dev/zero; exit 9'], { terminal });
      await process.stream.close();
      assert.equal(await process.ended, 9);
    }
    await remove(id);
  });

  test('many layers are mounted whole', async () => {
    const layers = Array.from({ length: 120 }, (_, n) => `${folder}/data/layer-with-a-name-of-some-length-${n}`);
    const { mkdirSync, writeFileSync, rmSync } = await import('node:fs');
    for (const [n, layer] of layers.entries()) {
      mkdirSync(layer);
      writeFileSync(path.join(layer, `file${n}`), '');
    }
    const target = `${folder}/data/merged`;
    for (const part of ['merged', 'up', 'wk']) mkdirSync(`${folder}/data/${part}`);
    const options = [`lowerdir=${layers.join(':')}`, `upperdir=${folder}/data/up`, `workdir=${folder}/data/wk`];
    const mount = { type: 'overlay', source: 'overlay', options };
    await scene.mounter.mount([mount], target);
    assert.equal(readdirSync(target).length, 120);
    writeFileSync(path.join(target, 'new'), '');
    assert.ok(existsSync(`${folder}/data/up/new`));
    await scene.mounter.mount([mount], target);
    assert.deepEqual(scene.mounter.list(target), [target]);
    mkdirSync(`${folder}/data/second`);
    await assert.rejects(scene.mounter.mount([mount], `${folder}/data/second`), /still mounted at/);
    await scene.mounter.unmount(target);
    await scene.mounter.unmount(target);
    for (const part of [...layers, target, ...['up', 'wk', 'second'].map((entry) => `${folder}/data/${entry}`)]) {
      rmSync(part, { recursive: true });
    }
  });

  fastPathTests(scene);

  test('nothing is left', async () => {
    const { runRoot } = scene;
    const left = ['containers', 'execs', 'exits', 'netns', name].flatMap((entry) =>
      readdirSync(path.join(runRoot, entry)),
    );
    assert.deepEqual(left, []);
    assert.deepEqual(readdirSync(path.join(folder, 'data')), []);
    const mounts = mountsBelow(readMountTable(), folder).map(({ target }) => target);
    assert.deepEqual(mounts.toSorted(), [path.join(folder, 'data'), runRoot]);
    const cgroups = cgroupHierarchies().filter((entry) => existsSync(path.join(entry, path.basename(folder))));
    assert.deepEqual(cgroups, []);
    const words = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid);
    const ours = words.filter(
      (pid) =>
        existsSync(`/proc/${pid}/cmdline`) && commandOf(pid).startsWith('conmon') && commandOf(pid).includes(folder),
    );
    assert.deepEqual(ours, []);
  });
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

if (mode === 'suite') suite();
if (mode === 'start') {
  const id = await create({ args: ['sh', '-c', 'for i in $(seq 1 50); do echo $i; sleep 0.02; done; sleep 1000'] });
  await runtime.start(id);
  console.log(id);
}
if (mode === 'take-up') {
  assert.equal(await runtime.state(given), 'running');
  const exit = runtime.wait(given);
  const stream = await runtime.attach(given);
  await runtime.kill(given, 9);
  for await (const _ of stream.output);
  assert.equal((await exit).exitCode, 137);
  const lines: string[] = [];
  for await (const { data } of readCriLog({ file: logOf(given), stdout: true, stderr: true })) {
    lines.push(Buffer.from(data).toString());
  }
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, n) => `${n + 1}\n`),
  );
  await remove(given);
  scene.close();
  clearInterval(running);
}
