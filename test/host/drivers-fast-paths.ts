// Of the shortcuts past the runtime: that they are taken, and that nothing is different with them. Part of drivers-inside.ts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { OciSpec } from '../../engine/drivers/oci/oci-spec.ts';
import { readDefaultSeccompProfile } from '../../engine/drivers/oci/seccomp-profile.ts';
import type { openScene } from './drivers-scene.ts';

type Scene = Awaited<ReturnType<typeof openScene>>;

/**
 * System calls that Docker's profile keeps from containers, with numbers of x86-64 and arm64, and arguments that do
 * nothing even where a call is let through.
 */
const forbidden: Readonly<Record<string, readonly [x64: number, arm64: number, ...args: number[]]>> = {
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  finit_module: [313, 273, -1],
  init_module: [175, 105],
  io_uring_setup: [425, 425],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  mount: [165, 40],
  move_mount: [429, 429, -1],
  open_by_handle_at: [304, 265, -1],
  perf_event_open: [298, 241],
  pivot_root: [155, 41],
  quotactl: [179, 60],
  reboot: [169, 142],
  request_key: [249, 218],
  setns: [308, 268, -1],
  settimeofday: [164, 170],
  swapon: [167, 224],
  umount2: [166, 39],
  unshare: [272, 97, 0x10000000],
  userfaultfd: [323, 282, 0x1000],
};
/** Those that need no capability, so that without a filter the kernel answers something else. */
const byFilterOnly = ['add_key', 'keyctl', 'request_key', 'setns', 'perf_event_open'];
const notPermitted = 1;

const script = [
  'for (@ARGV) {',
  '  my ($name, $number, @args) = split /,/; @args = (@args, 0, 0, 0, 0, 0, 0)[0 .. 5];',
  '  $! = 0; my $result = syscall($number + 0, map { $_ + 0 } @args);',
  '  print $name, " ", ($result == -1 ? $! + 0 : 0), "\\n";',
  '}',
].join('\n');
/** The host's perl, for busybox has no command for most of them. */
const perl = ['/usr', '/lib', '/lib64'].filter((name) => existsSync(name));
const mounts = perl.map((name) => ({ destination: name, type: 'bind', source: name, options: ['rbind', 'ro'] }));

function answersIn(text: string): Record<string, number> {
  const lines = text.trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => line.split(' ')).map(([name, errno]) => [name ?? '', Number(errno ?? Number.NaN)]),
  );
}

export function fastPathTests(scene: Scene): void {
  const { runtime, create, remove, run, exec, program, fast } = scene;
  const calls = Object.entries(forbidden).map(([name, [x64, arm64, ...args]]) =>
    [name, process.arch === 'arm64' ? arm64 : x64, ...args].join(','),
  );
  const tryAll = { args: ['/usr/bin/perl', '-e', script, ...calls], mounts };
  const refusals = Object.fromEntries(Object.keys(forbidden).map((name) => [name, notPermitted]));
  const stateOf = (id: string) => `${scene.runRoot}/${program.name}/${id}`;
  const specOf = (id: string) =>
    JSON.parse(readFileSync(`${scene.runRoot}/containers/${id}/config.json`, 'utf8')) as OciSpec;

  test('the runtime is called for what no shortcut does', async () => {
    const id = await create({ args: ['true'] });
    const exit = runtime.wait(id);
    await runtime.start(id);
    assert.equal((await exit).exitCode, 0);
    await remove(id);
    assert.deepEqual(scene.calls(id), fast ? ['create'] : ['create', 'start', 'delete']);
  });

  test('the runtime that stays with an exec is a copy in sealed memory', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    const { pid, ended } = await exec(id, ['sleep', '1000']);
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const isSealed = readlinkSync(`/proc/${parent}/exe`).startsWith(`/memfd:${program.name}`);
    assert.equal(isSealed, fast);
    process.kill(pid, 'SIGKILL');
    assert.equal(await ended, 137);
    await remove(id);
  });

  test('what the filter forbids fails, in the container and in its execs', async () => {
    const profile = readDefaultSeccompProfile();
    const extra = { names: ['uselib'], action: profile.defaultAction };
    // rules that no other test has: of their first container the runtime compiles them
    const seccomp = { ...profile, syscalls: [...profile.syscalls, extra] };
    for (const cached of [false, true]) {
      const id = await create({ args: ['sleep', '1000'], mounts, seccomp });
      assert.equal(specOf(id).linux.seccomp === undefined, fast && cached);
      await runtime.start(id);
      const { stream } = await exec(id, tryAll.args);
      let said = '';
      for await (const { data } of stream.output) said += Buffer.from(data).toString();
      assert.deepEqual(answersIn(said), refusals);
      await remove(id);
      const own = await run({ ...tryAll, seccomp });
      assert.deepEqual(answersIn(own.stdout), refusals);
    }
    const free = answersIn((await run({ ...tryAll, seccomp: 'unconfined' })).stdout);
    for (const name of byFilterOnly) assert.notEqual(free[name], notPermitted, name);
  });

  test('no filter of another container’s rules', async () => {
    const one = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    };
    for (let round = 0; round < 2; round++) {
      const { stdout } = await run({ args: ['sh', '-c', 'cat 2>&1 < /tmp; busybox mkdir /new 2>&1'], seccomp: one });
      assert.match(stdout, /Operation not permitted/);
      const other = await run({ args: ['sh', '-c', 'busybox mkdir /new && ls -d /new'] });
      assert.equal(other.stdout, '/new\n');
    }
  });

  test('with no_new_privs the filter is in force as well', async () => {
    for (let round = 0; round < 2; round++) {
      const { stdout } = await run({ ...tryAll, noNewPrivileges: true });
      assert.deepEqual(answersIn(stdout), refusals);
    }
  });

  if (fast) refusedShortcuts(scene, { stateOf, specOf });
}

/** Where the runtime does not play along, its own command does the work. */
function refusedShortcuts(
  scene: Scene,
  { stateOf, specOf }: { stateOf(id: string): string; specOf(id: string): OciSpec },
): void {
  const { runtime, create, remove, run } = scene;

  test('a start that is refused is done by the runtime, which says why', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    rmSync(`${stateOf(id)}/exec.fifo`);
    await assert.rejects(runtime.start(id), /exec\.fifo|started|running|state/);
    assert.deepEqual(scene.calls(id), ['create', 'start']);
    await remove(id);
  });

  test('a container of which nothing was recorded is removed by the runtime', async () => {
    const id = await create({ args: ['sleep', '1000'] });
    await runtime.start(id);
    rmSync(`${scene.runRoot}/containers/${id}/monitor.json`);
    await remove(id);
    assert.deepEqual(scene.calls(id), ['create', 'delete']);
    assert.equal(existsSync(stateOf(id)), false);
  });

  test('a removal that was interrupted is finished', async () => {
    const id = await create({ args: ['true'] });
    const exit = runtime.wait(id);
    await runtime.start(id);
    await exit;
    for (const name of readdirSync(stateOf(id))) if (name !== 'status') rmSync(`${stateOf(id)}/${name}`);
    await remove(id);
    assert.equal(existsSync(stateOf(id)), false);
  });

  // last: nothing is taken from the cache afterwards
  test('a filter that is not in force lets nothing run, and is made by the runtime', async () => {
    const { file } = scene.program;
    const script = readFileSync(file, 'utf8');
    await run({ args: ['true'] });
    // as a runtime would that does not know the annotation, and so starts without a filter
    const forgetful = script.replace('exec ', 'sed -i s/run.oci.seccomp_bpf_data/run.oci.unknown/ config.json; exec ');
    writeFileSync(file, forgetful, { mode: statSync(file).mode });
    try {
      const { stdout } = await run({ args: ['cat', '/proc/self/status'] });
      assert.match(stdout, /^Seccomp:\s*2$/m);
    } finally {
      writeFileSync(file, script, { mode: statSync(file).mode });
    }
    const id = await create({ args: ['true'] });
    assert.notEqual(specOf(id).linux.seccomp, undefined);
    await remove(id);
  });
}
