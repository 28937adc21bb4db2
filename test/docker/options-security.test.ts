import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-security-'));
  subject = await startSubject();
});
after(async () => {
  rmSync(folder, { recursive: true });
  await subject.close();
});

const docker = (...args: string[]) => subject.docker(...args);
const sh = (script: string) => [sampleImage, 'sh', '-c', script];

const status = async (...options: string[]) => {
  const script = 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status';
  const said = await docker('run', '--rm', '--network', 'none', ...options, ...sh(script));
  return Object.fromEntries(said.split('\n').map((line) => line.split(/:\s+/)));
};
const none = '0'.repeat(16);
/** Docker's fourteen. */
const usual = '00000000a80425fb';

test('capabilities, no_new_privs and seccomp of a container are Docker’s', async () => {
  const rootOnly = { CapInh: none, CapPrm: usual, CapEff: usual, CapBnd: usual, CapAmb: none };
  assert.deepEqual(await status(), { ...rootOnly, NoNewPrivs: '0', Seccomp: '2' });
  const user = { CapInh: none, CapPrm: none, CapEff: none, CapBnd: usual, CapAmb: none };
  assert.deepEqual(await status('-u', '1000'), { ...user, NoNewPrivs: '0', Seccomp: '2' });
  const bare = await status('--cap-drop', 'ALL', '--security-opt', 'no-new-privileges');
  assert.deepEqual([bare.CapEff, bare.CapBnd, bare.NoNewPrivs, bare.Seccomp], [none, none, '1', '2']);
  const more = await status('--cap-drop', 'ALL', '--cap-add', 'net_admin', '--security-opt', 'seccomp=unconfined');
  assert.deepEqual([more.CapEff, more.CapBnd, more.Seccomp], ['0000000000001000', '0000000000001000', '0']);
});

test('a seccomp profile of one’s own', async () => {
  const file = path.join(folder, 'profile.json');
  const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }];
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
  const script = 'mkdir /tmp/x 2>&1; touch /tmp/y && echo touched';
  const said = await docker('run', '--rm', '--security-opt', `seccomp=${file}`, ...sh(script));
  assert.match(said, /Operation not permitted\ntouched/);
});

test('masked and read-only paths, and without them', async () => {
  const script = 'cat /proc/timer_list | wc -c; echo 1 > /proc/sys/kernel/panic_on_oops 2>/dev/null && echo written';
  const paths = (...options: string[]) => docker('run', '--rm', ...options, ...sh(`${script}; true`));
  assert.equal(await paths(), '0');
  const open = await paths('--security-opt', 'systempaths=unconfined');
  assert.doesNotMatch(open, /^0$/m);
});

/** Debian's Python out of the host, started by the host's own loader: the image has no C library. */
function pythonOfHost(): string[] {
  const [loader, triplet] =
    process.arch === 'arm64'
      ? ['/lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu']
      : ['/lib64/ld-linux-x86-64.so.2', 'x86_64-linux-gnu'];
  const inside = (file: string) => `/host${realpathSync(file)}`;
  return [inside(loader), '--library-path', `/host/usr/lib/${triplet}`, inside('/usr/bin/python3')];
}

/** What even root in a container must not do; each by a call of its own. */
const refused = [
  ...['mount', 'umount', 'pivot_root', 'fsopen', 'open_tree', 'move_mount', 'mount_setattr'],
  ...['keyctl', 'add_key', 'request_key', 'bpf', 'perf_event_open', 'setns', 'reboot', 'sethostname', 'settimeofday'],
  ...['user', 'ns', 'net', 'pid', 'ipc', 'uts', 'cgroup'].map((kind) => `unshare new${kind}`),
  ...['clock_settime', 'init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'swapon'],
  ...['swapoff', 'acct', 'quotactl', 'open_by_handle_at', 'userfaultfd', 'kcmp', 'pidfd_getfd', 'fanotify_init'],
  ...['syslog', 'vhangup', ...(process.arch === 'x64' ? ['iopl', 'ioperm'] : []), 'open disk'],
];
/** Refused by Docker since 23 and 25. */
const refusedByUs = ['io_uring_setup', 'io_uring_enter', 'socket vsock'];
/** Of the same that a capability gives back, by its rules of seccomp. */
const given = {
  SYS_ADMIN: ['mount', 'fsopen', 'open_tree', 'bpf', 'unshare newns', 'sethostname', 'fanotify_init'],
  SYS_PTRACE: ['kcmp'],
} as const;

const probe = fileURLToPath(new URL('forbidden-calls.py', import.meta.url));
const withPython = ['-e', 'PYTHONHOME=/host/usr', '-v', '/usr:/host/usr:ro', '-v', `${probe}:/probe.py:ro`];

/** What came of each, by its words. */
function outcomesOf(said: string): Map<string, string> {
  const lines = said.split('\n').map((line) => /^(.*) (\S+)$/.exec(line) ?? []);
  return new Map(lines.map(([, what = '', outcome = '']) => [what, outcome]));
}

function assertRefused(said: string): void {
  const outcomes = outcomesOf(said);
  const all = [...refused, ...(subject.isBeluga ? refusedByUs : [])];
  // its node is root's: a user is refused before the device is
  const wanted = (call: string) => (call === 'open disk' ? /^(EPERM|EACCES)$/ : /^EPERM$/);
  for (const call of all) assert.match(outcomes.get(call) ?? '', wanted(call), call);
  // as Docker: without it a C library takes clone; a process may be looked at by its own
  assert.deepEqual([outcomes.get('clone3'), outcomes.get('ptrace by its parent')], ['ENOSYS', 'allowed']);
  for (const [what, outcome] of outcomes) {
    if (what.startsWith('write ')) assert.match(outcome, /^(EROFS|ENOENT|EACCES|EPERM)$/, what);
    // an empty file or directory lies over it
    if (what.startsWith('masked ')) assert.match(outcome, /^(0|ENOENT|EACCES)$/, what);
    if (what.startsWith('readonly ')) assert.match(outcome, /^(yes|ENOENT)$/, what);
  }
  for (const what of ['write /proc/sysrq-trigger', 'masked /sys/firmware', 'masked /proc/kcore', 'readonly /proc/sys'])
    assert.ok(outcomes.has(what), said);
}

afterEach(async () => {
  const left = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (left.length > 0) await docker('rm', '-f', ...left);
});

const runtimes = process.env.BELUGA_TEST_PEER ? ['runc'] : ['crun', 'runc'];
for (const runtime of runtimes)
  test(`${runtime}: forbidden calls and files, tried from inside: run, exec, another user, more capabilities`, async () => {
    const start = (name: string, ...options: string[]) =>
      docker(
        ...['run', '-d', '--name', name, '--runtime', runtime, '--network', 'none', ...withPython, ...options],
        ...[sampleImage, 'sleep', '1000'],
      );
    await start('closed');
    const lists = await docker(
      ...['inspect', '-f', '{{join .HostConfig.MaskedPaths ","}} {{join .HostConfig.ReadonlyPaths ","}}', 'closed'],
    );
    const tried = [...pythonOfHost(), '/probe.py', ...lists.split(' ')];
    assertRefused(
      await docker(...['run', '--rm', '--runtime', runtime, '--network', 'none', ...withPython, sampleImage, ...tried]),
    );
    assertRefused(await docker('exec', 'closed', ...tried));
    assertRefused(await docker('exec', '-u', '1000', 'closed', ...tried));
    for (const [capability, calls] of Object.entries(given)) {
      await start(capability, '--cap-add', capability);
      const outcomes = outcomesOf(await docker('exec', capability, ...tried));
      for (const call of calls) assert.notEqual(outcomes.get(call), 'EPERM', `${capability}: ${call}`);
      const others = refused.filter(
        (call) =>
          !Object.values(given)
            .flat()
            .some((each) => each === call),
      );
      for (const call of others.filter((each) => /key|module|kexec|swap|reboot|time$|disk|iop|acct/.test(each)))
        assert.equal(outcomes.get(call), 'EPERM', `${capability}: ${call}`);
    }
  });

test('exec has what the container has: capabilities, seccomp, no_new_privs; --privileged all of the first', async () => {
  const script = 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status';
  for (const runtime of runtimes) {
    await docker(
      ...['run', '-d', '--name', 'inside', '--runtime', runtime, '--network', 'none', '--cap-drop', 'CHOWN'],
      ...['--security-opt', 'no-new-privileges', sampleImage, 'sleep', '1000'],
    );
    const inside = async (...options: string[]) => {
      const said = await docker('exec', ...options, 'inside', 'sh', '-c', script);
      return Object.fromEntries(said.split('\n').map((line) => line.split(/:\s+/)));
    };
    const held = '00000000a80425fa';
    const whole = {
      CapInh: none,
      CapPrm: held,
      CapEff: held,
      CapBnd: held,
      CapAmb: none,
      NoNewPrivs: '1',
      Seccomp: '2',
    };
    assert.deepEqual(await inside(), whole, runtime);
    assert.deepEqual(await inside('-u', '1000'), { ...whole, CapPrm: none, CapEff: none }, runtime);
    const privileged = await inside('--privileged');
    assert.deepEqual([privileged.Seccomp, privileged.CapInh, privileged.CapAmb], ['2', none, none], runtime);
    assert.equal(BigInt(`0x${privileged.CapEff}`) & BigInt(`0x${usual}`), BigInt(`0x${usual}`));
    await docker('rm', '-f', 'inside');
  }
});

test('a privileged container has every capability of the engine, every device, and writable system files', async (t) => {
  const old = (await docker('version', '--format', '{{.Server.Version}}')).startsWith('20.');
  if (old && !subject.isBeluga) return t.skip('its runc wants capabilities that this machine has not');
  const privileged = await status('--privileged');
  assert.equal(privileged.Seccomp, '0');
  assert.equal(BigInt(`0x${privileged.CapEff}`) & BigInt(`0x${usual}`), BigInt(`0x${usual}`));
  assert.notEqual(privileged.CapEff, usual);
  const script = 'ls /dev/loop-control; grep -c " /sys sysfs rw" /proc/mounts; cat /proc/timer_list | wc -c';
  const [loop, sys, timers] = (await docker('run', '--rm', '--privileged', ...sh(script))).split('\n');
  assert.deepEqual([loop, sys], ['/dev/loop-control', '1']);
  assert.notEqual(timers, '0');
});
