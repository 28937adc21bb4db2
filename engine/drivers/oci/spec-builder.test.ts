import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { capabilitiesOf, defaultCapabilities } from './capabilities.ts';
import { readDefaultSeccompProfile } from './seccomp-profile.ts';
import { buildSpec, specText } from './spec-builder.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecRequest } from './spec-request.ts';

const everything = capabilitiesOf('1ffffffffff');
const host: SpecHost = {
  architecture: 'amd64',
  kernel: [6, 1],
  cgroupVersion: 2,
  capabilities: everything,
  hardLimits: { RLIMIT_NOFILE: 1000 },
  oomScoreAdjust: 0,
  swapAccounting: true,
  defaultSysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
  seccompProfile: readDefaultSeccompProfile(),
  appArmor: false,
  devices: () => [{ path: '/dev/loop0', type: 'b', major: 7, minor: 0 }],
};
const request: SpecRequest = {
  args: ['sh'],
  environment: ['A=1'],
  workingDirectory: '',
  user: { uid: 0, gid: 0, additionalGids: [0, 10] },
  hostname: 'box',
  rootfs: { path: '/r', readonly: false },
  terminal: false,
  mounts: [],
  network: '/run/netns/x',
  cgroupsPath: '/beluga/x',
  resources: {},
  capabilitiesAdd: [],
  capabilitiesDrop: [],
  privileged: false,
  seccomp: 'default',
  noNewPrivileges: false,
  ulimits: [],
  sysctls: {},
};
const specOf = (change: Partial<SpecRequest> = {}, on: Partial<SpecHost> = {}) =>
  buildSpec({ ...request, ...change }, { ...host, ...on });
const allows = (name: string, change: Partial<SpecRequest> = {}) =>
  specOf(change).spec.linux.seccomp?.syscalls.some(
    (rule) => rule.action === 'SCMP_ACT_ALLOW' && rule.names.includes(name) && !rule.args,
  );

test('a container that asks for nothing gets what Docker gives', () => {
  const { spec, warnings } = specOf();
  assert.deepEqual(warnings, []);
  assert.equal(defaultCapabilities.length, 14);
  assert.deepEqual(new Set(spec.process.capabilities.bounding), new Set(capabilitiesOf('a80425fb')));
  assert.deepEqual(spec.process.capabilities.effective, spec.process.capabilities.bounding);
  assert.deepEqual(spec.process.capabilities.ambient, []);
  assert.deepEqual(spec.process.env, [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOSTNAME=box',
    'A=1',
  ]);
  assert.equal(spec.process.cwd, '/');
  assert.deepEqual(
    spec.linux.namespaces.map(({ type }) => type),
    ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'],
  );
  assert.ok(spec.linux.maskedPaths?.includes('/proc/kcore'));
  assert.ok(spec.linux.readonlyPaths?.includes('/proc/sys'));
  assert.deepEqual(spec.linux.resources.devices[0], { allow: false, access: 'rwm' });
  assert.deepEqual(
    spec.mounts.map(({ destination }) => destination),
    ['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'],
  );
  assert.ok(spec.mounts.find(({ destination }) => destination === '/sys')?.options.includes('ro'));
});

test('the default profile follows the capabilities and the kernel', () => {
  const { seccomp } = specOf().spec.linux;
  assert.equal(seccomp?.defaultAction, 'SCMP_ACT_ERRNO');
  assert.deepEqual(seccomp?.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  for (const name of ['read', 'openat2', 'statx', 'ptrace', 'chroot']) assert.ok(allows(name), name);
  for (const name of ['mount', 'unshare', 'bpf', 'io_uring_setup', 'kexec_load', 'clone', 'socket']) {
    assert.ok(!allows(name), name);
  }
  assert.ok(allows('mount', { capabilitiesAdd: ['sys_admin'] }));
  assert.ok(!allows('chroot', { capabilitiesDrop: ['SYS_CHROOT'] }));
  const clone3 = seccomp?.syscalls.find(({ names }) => names.includes('clone3'));
  assert.equal(clone3?.errnoRet, 38);
  assert.ok(!specOf({}, { kernel: [4, 7] }).spec.linux.seccomp?.syscalls.some(({ names }) => names.includes('ptrace')));
});

test('capabilities are added and dropped by Docker rules', () => {
  const bounding = (change: Partial<SpecRequest>) => specOf(change).spec.process.capabilities.bounding;
  assert.deepEqual(bounding({ capabilitiesDrop: ['ALL'], capabilitiesAdd: ['net_admin'] }), ['CAP_NET_ADMIN']);
  assert.equal(bounding({ capabilitiesAdd: ['ALL'], capabilitiesDrop: ['CAP_MKNOD'] }).length, everything.length - 1);
  assert.throws(
    () => specOf({ capabilitiesAdd: ['NOPE'] }),
    (error) => error instanceof EngineError && error.code === 'invalid',
  );
  const other = specOf({ user: { uid: 1000, gid: 1000, additionalGids: [1000] } }).spec.process.capabilities;
  assert.deepEqual([other.effective, other.permitted, other.bounding.length], [[], [], 14]);
});

test('a privileged container has everything', () => {
  const { spec } = specOf({ privileged: true });
  assert.equal(spec.process.capabilities.effective.length, everything.length);
  assert.equal(spec.linux.seccomp, undefined);
  assert.deepEqual([spec.linux.maskedPaths, spec.linux.readonlyPaths], [[], []]);
  assert.deepEqual(spec.linux.resources.devices, [{ allow: true, access: 'rwm' }]);
  assert.equal(spec.linux.devices?.[0]?.path, '/dev/loop0');
  assert.ok(spec.mounts.find(({ destination }) => destination === '/sys')?.options.includes('rw'));
});

test('mounts replace the usual ones and come after their parents', () => {
  const mount = (destination: string) => ({ destination, type: 'bind', source: '/s', options: ['rbind'] });
  const { mounts } = specOf({ mounts: [mount('/a/b/c'), mount('/a'), mount('/dev/shm')] }).spec;
  const destinations = mounts.map(({ destination }) => destination);
  assert.deepEqual(destinations.slice(-3), ['/a', '/dev/shm', '/a/b/c']);
  assert.equal(mounts.filter(({ destination }) => destination === '/dev/shm').length, 1);
});

test('the host network takes neither namespace nor network sysctls', () => {
  const { linux } = specOf({ network: 'host', sysctls: { 'kernel.msgmax': '1' } }).spec;
  assert.ok(!linux.namespaces.some(({ type }) => type === 'network'));
  assert.deepEqual(linux.sysctl, { 'kernel.msgmax': '1' });
});

test('in a user namespace: its path, its maps for the runtime, and no group that it does not have', () => {
  const range = (inside: number, outside: number, length: number) => ({ inside, outside, length });
  const ids = { uids: [range(0, 5000, 100)], gids: [range(0, 6000, 50), range(50, 9000, 50)] };
  const { linux } = specOf(
    { userNamespace: { path: '/run/users', map: ids } },
    { defaultSysctls: { 'net.ipv4.ping_group_range': '0 2147483647' } },
  ).spec;
  assert.deepEqual(
    linux.namespaces.find(({ type }) => type === 'user'),
    { type: 'user', path: '/run/users' },
  );
  assert.deepEqual(linux.uidMappings, [{ containerID: 0, hostID: 5000, size: 100 }]);
  assert.deepEqual(linux.gidMappings?.[1], { containerID: 50, hostID: 9000, size: 50 });
  assert.deepEqual(linux.sysctl, { 'net.ipv4.ping_group_range': '0 99' });
  assert.equal(specOf().spec.linux.uidMappings, undefined);
});

test('limits become the kernel’s', () => {
  const { linux } = specOf({
    resources: { memoryBytes: 1000, nanoCpus: 1.5e9, pidsLimit: 7, cpuShares: 512, cpusetCpus: '0' },
  }).spec;
  assert.deepEqual(linux.resources.memory, { limit: 1000, swap: 2000 });
  assert.deepEqual(linux.resources.cpu, { shares: 512, period: 100_000, quota: 150_000, cpus: '0' });
  assert.deepEqual(linux.resources.pids, { limit: 7 });
  const noSwap = specOf({ resources: { memoryBytes: 1000, memorySwapBytes: 1500 } }, { swapAccounting: false });
  assert.deepEqual(noSwap.spec.linux.resources.memory, { limit: 1000 });
  assert.match(noSwap.warnings.join(), /swap limit/);
});

test('what the engine may not raise is lowered, with a word', () => {
  const ulimits = [{ name: 'nofile', soft: 500, hard: 4000 }];
  const weak = { capabilities: everything.filter((name) => name !== 'CAP_SYS_RESOURCE') };
  const lowered = specOf({ ulimits, oomScoreAdjust: -500 }, weak);
  assert.deepEqual(lowered.spec.process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 500, hard: 1000 }]);
  assert.equal(lowered.spec.process.oomScoreAdj, 0);
  assert.equal(lowered.warnings.length, 2);
  const strong = specOf({ ulimits, oomScoreAdjust: -500 });
  assert.deepEqual(strong.spec.process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 500, hard: 4000 }]);
  assert.deepEqual([strong.spec.process.oomScoreAdj, strong.warnings], [-500, []]);
  assert.throws(() => specOf({ ulimits: [{ name: 'nope', soft: 1, hard: 1 }] }), /invalid ulimit type/);
});

test('no limit is written as the kernel writes it', () => {
  const { spec } = specOf({ ulimits: [{ name: 'memlock', soft: -1, hard: -1 }] });
  assert.match(specText(spec), /"soft":18446744073709551615,"hard":18446744073709551615/);
});

test('a profile of AppArmor where the kernel has it: the default, one’s own, none of a privileged container', () => {
  const profileOf = (change: Partial<SpecRequest>, appArmor = true) =>
    specOf(change, { appArmor }).spec.process.apparmorProfile;
  assert.equal(profileOf({}), 'beluga-default');
  assert.equal(profileOf({ appArmorProfile: 'mine' }), 'mine');
  assert.equal(profileOf({ appArmorProfile: 'unconfined' }), 'unconfined');
  assert.equal(profileOf({ privileged: true, appArmorProfile: 'mine' }), 'unconfined');
  assert.equal(profileOf({ appArmorProfile: 'unconfined' }, false), undefined);
});
