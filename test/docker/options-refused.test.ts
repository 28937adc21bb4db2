import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let major = 0;
before(async () => {
  subject = await startSubject();
  major = Number.parseInt(await subject.docker('version', '--format', '{{.Server.Version}}'), 10);
});
after(() => subject.close());

interface Case {
  host?: Record<string, unknown>;
  config?: Record<string, unknown>;
  /** Of the create's failure, or of the start's. */
  refused?: RegExp;
  /** Among the create's warnings; then it starts. */
  warned?: RegExp;
  /** Fields of inspect's HostConfig. */
  shows?: Record<string, unknown>;
  /** Why a dockerd says something else. */
  ours?: string;
  /** What only newer dockerds say. */
  since?: 26;
}

const mebibyte = 1024 * 1024;
const gpu = { Count: -1, Capabilities: [['gpu']] };
const cdi = { Driver: 'cdi', DeviceIDs: ['vendor.com/device=x'] };
const device = (PathOnHost: string, CgroupPermissions = 'rwm') => ({
  Devices: [{ PathOnHost, PathInContainer: '/dev/x', CgroupPermissions }],
});
const joined = (more: Record<string, unknown>) => ({ NetworkMode: 'container:nobody', ...more });
const bridged = (endpoint: Record<string, unknown>) => ({
  NetworkingConfig: { EndpointsConfig: { bridge: endpoint } },
});
const weightGone = /^Your kernel does not support Block I\/O weight or the cgroup is not mounted\. Weight discarded\.$/;

const cases: readonly Case[] = [
  // namespaces
  { host: { IpcMode: 'odd' }, refused: /^invalid IPC mode: odd$/i },
  { host: { IpcMode: 'container:nobody' }, refused: /^No such container: nobody$/ },
  { host: { PidMode: 'odd' }, refused: /^invalid PID mode: odd$/, since: 26 },
  { host: { PidMode: 'container:' }, refused: /^invalid PID mode: container:$/, since: 26 },
  { host: { PidMode: 'container:nobody' }, refused: /^No such container: nobody$/ },
  { host: { UTSMode: 'odd' }, refused: /^invalid UTS mode: odd$/, since: 26 },
  { host: { UTSMode: 'host' }, config: { Hostname: 'x' }, refused: /^conflicting options: hostname and the UTS mode$/ },
  { host: { UsernsMode: 'odd' }, refused: /^invalid user namespace mode: odd$/, ours: 'dockerd ignores it' },
  { host: { CgroupnsMode: 'odd' }, refused: /^invalid cgroup namespace mode: odd$/ },
  // networks
  { host: { NetworkMode: 'container:' }, refused: /invalid container format container:<name\|id>$/ },
  { host: { NetworkMode: 'container:nobody' }, refused: /^No such container: nobody$/ },
  { host: joined({}), config: { Hostname: 'x' }, refused: /^conflicting options: hostname and the network mode$/ },
  {
    host: joined({ Links: ['a:b'] }),
    refused: /^conflicting options: container type network can't be used with links/,
  },
  { host: joined({ Dns: ['1.1.1.1'] }), refused: /^conflicting options: dns and the network mode$/ },
  {
    host: joined({ ExtraHosts: ['a:1.1.1.1'] }),
    refused: /^conflicting options: custom host-to-IP mapping and the network mode$/,
  },
  {
    host: joined({ PublishAllPorts: true }),
    refused: /^conflicting options: port publishing and the container type network mode$/,
  },
  {
    host: joined({}),
    config: { ExposedPorts: { '80/tcp': {} } },
    refused: /^conflicting options: port exposing and the container type network mode$/,
  },
  { host: { NetworkMode: 'host', Links: ['a:b'] }, refused: /host type networking can't be used with links/ },
  { host: { Links: ['nobody:x'] }, refused: /^could not get container for nobody: No such container: nobody$/ },
  { host: { Links: ['a:b:c'] }, refused: /^bad format for links: a:b:c$/ },
  {
    config: bridged({ Aliases: ['x'] }),
    refused: /network-scoped alias is supported only for containers in user defined/,
  },
  {
    config: bridged({ IPAMConfig: { IPv4Address: '172.17.0.9' } }),
    refused: /user specified IP address is supported on user defined networks only/,
  },
  { host: { NetworkMode: 'bridge' }, config: { MacAddress: 'xx' }, refused: /invalid MAC address/ },
  { host: { ExtraHosts: ['bad'] }, refused: /^bad format for add-host: "bad"$/ },
  { host: { ExtraHosts: ['a:bad'] }, refused: /^invalid IP address in add-host: "bad"$/ },
  {
    host: { Dns: ['odd'] },
    refused: /^bad nameserver address odd: ParseAddr\("odd"\): unable to parse IP$/,
    since: 26,
  },
  // devices
  {
    host: device('/dev/nowhere'),
    refused:
      /^error gathering device information while adding custom device "\/dev\/nowhere": no such file or directory$/,
  },
  { host: device('/etc/passwd'), refused: /custom device "\/etc\/passwd": not a device node$/ },
  { host: device('/dev/null', 'q'), refused: /^bad mode specified: q$/, ours: 'dockerd leaves it to its clients' },
  { host: { DeviceCgroupRules: ['x 1:1 r'] }, refused: /^invalid device cgroup rule format: 'x 1:1 r'$/ },
  { host: { DeviceRequests: [gpu] }, refused: /^could not select device driver "" with capabilities: \[\[gpu\]\]$/ },
  { host: { DeviceRequests: [cdi] }, refused: /^could not select device driver "cdi" with capabilities: \[\]$/ },
  // memory
  { host: { Memory: 100 }, refused: /^Minimum memory limit allowed is 6MB$/ },
  {
    host: { MemorySwap: 64 * mebibyte },
    refused: /^You should always set the Memory limit when using Memoryswap limit/,
  },
  {
    host: { Memory: 64 * mebibyte, MemorySwap: 1000 },
    refused: /^Minimum memoryswap limit should be larger than memory/,
  },
  { host: { MemoryReservation: 100 }, refused: /^Minimum memory reservation allowed is 6MB$/ },
  { host: { MemorySwappiness: 101 }, refused: /^Invalid value: 101, valid memory swappiness range is 0-100$/ },
  { host: { MemorySwappiness: -1 }, shows: { MemorySwappiness: null } },
  { host: { MemorySwappiness: 0 }, shows: { MemorySwappiness: 0 } },
  {
    host: { OomKillDisable: true },
    warned: /^OOM killer is disabled for the container, but no memory limit is set/,
    shows: { OomKillDisable: true },
  },
  { host: { KernelMemoryTCP: 64 * mebibyte }, shows: { KernelMemoryTCP: 64 * mebibyte } },
  { host: { ShmSize: -1 }, refused: /^SHM size can not be less than 0$/ },
  { host: { OomScoreAdj: 1001 }, refused: /^Invalid value 1001, range for oom score adj is \[-1000, 1000\]$/ },
  // processors
  {
    host: { CpuPercent: 50 },
    warned: /^linux does not support CPU percent\. Percent discarded\.$/,
    shows: { CpuPercent: 0 },
  },
  { host: { CpuCount: 2 }, shows: { CpuCount: 2 } },
  { host: { CpuPeriod: 10 }, refused: /^CPU cfs period can not be less than 1ms/ },
  { host: { CpuQuota: 10 }, refused: /^CPU cfs quota can not be less than 1ms/ },
  {
    host: { NanoCpus: 9e14 },
    refused: /^range of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs available$/i,
  },
  {
    host: { NanoCpus: 1e8, CpuPeriod: 1000 },
    refused: /^Conflicting options: Nano CPUs and CPU Period cannot both be set$/,
  },
  { host: { CpusetCpus: '999' }, refused: /^Requested CPUs are not available - requested 999, available: [\d,-]+$/ },
  { host: { CpusetCpus: 'x' }, refused: /^Invalid value x for cpuset cpus: invalid format: x$/ },
  {
    host: { CpusetMems: '999' },
    refused: /^Requested memory nodes are not available - requested 999, available: [\d,-]+$/,
  },
  { host: { PidsLimit: -5 }, shows: { PidsLimit: null } },
  // block devices: this kernel has no weights
  { host: { BlkioWeight: 500 }, warned: weightGone, shows: { BlkioWeight: 0 } },
  {
    host: { BlkioWeightDevice: [{ Path: '/dev/loop0', Weight: 200 }] },
    warned:
      /^Your kernel does not support Block I\/O weight_device or the cgroup is not mounted\. Weight-device discarded\.$/,
    shows: { BlkioWeightDevice: [] },
  },
  {
    host: { BlkioDeviceReadBps: [{ Path: '/dev/nowhere', Rate: 1 }] },
    refused: /^stat \/dev\/nowhere: no such file or/,
  },
  {
    host: { IOMaximumBandwidth: 1 },
    refused: /^Invalid QoS settings: linux does not support configuration of maximum/,
  },
  {
    host: { IOMaximumIOps: 1 },
    refused: /^Invalid QoS settings: linux does not support configuration of maximum IOPs$/,
  },
  // sysctls that the whole host would have
  {
    host: { Sysctls: { 'vm.swappiness': '1' } },
    refused: /sysctl "vm\.swappiness" is not in a separate kernel namespace/,
  },
  {
    host: { Sysctls: { 'kernel.hostname': 'x' } },
    refused: /sysctl "kernel\.hostname" is not allowed as it conflicts/,
  },
  {
    host: { NetworkMode: 'host', Sysctls: { 'net.ipv4.ip_forward': '1' } },
    refused: /sysctl "net\.ipv4\.ip_forward" not allowed in host network namespace/,
  },
  {
    host: { IpcMode: 'host', Sysctls: { 'kernel.shmmax': '1000000' } },
    refused: /sysctl "kernel\.shmmax" is not allowed in the hosts ipc namespace/,
  },
  // security
  { host: { SecurityOpt: ['odd'] }, refused: /^invalid --security-opt 1: "odd"$/ },
  { host: { SecurityOpt: ['odd=1'] }, refused: /^invalid --security-opt 2: "odd=1"$/ },
  { host: { SecurityOpt: ['no-new-privileges=x'] }, refused: /^invalid --security-opt 2: "no-new-privileges=x"$/ },
  { host: { SecurityOpt: ['seccomp=nope'] }, refused: /^Decoding seccomp profile failed: / },
  {
    host: { SecurityOpt: ['apparmor=mine'] },
    refused: /^AppArmor is not enabled on this host/,
    ours: 'dockerd ignores it',
  },
  { host: { CapAdd: ['odd'] }, refused: /^invalid CapAdd: unknown capability: "CAP_ODD"$/ },
  { host: { PidMode: 'host' }, shows: { SecurityOpt: ['label=disable'], PidMode: 'host' } },
  { host: { MaskedPaths: [] }, shows: { MaskedPaths: [] } },
  { host: { MaskedPaths: ['/proc/acpi'] }, shows: { MaskedPaths: ['/proc/acpi'] } },
  // the rest
  {
    host: { StorageOpt: { size: '1G' } },
    refused: /^--storage-opt is supported only for overlay over xfs with 'pquota'/,
  },
  { host: { StorageOpt: { odd: '1' } }, refused: /^Unknown option odd$/ },
  { host: { Isolation: 'hyperv' }, refused: /^Invalid isolation: "hyperv" - linux only supports 'default'$/ },
  { host: { Runtime: 'nope' }, refused: /^unknown or invalid runtime name: nope$/, since: 26 },
  { host: { Annotations: { '': 'x' } }, refused: /^invalid Annotations: the empty string is not permitted/, since: 26 },
  {
    host: { GroupAdd: ['nobody-here'] },
    refused: /^unable to find group nobody-here: no matching entries in group file$/i,
  },
  { config: { User: 'nobody-here' }, refused: /^unable to find user nobody-here: no matching entries in passwd file$/ },
  { config: { Env: ['=x'] }, refused: /^invalid environment variable: =x$/ },
  {
    host: { Ulimits: [{ Name: 'nofile', Soft: 300, Hard: 200 }] },
    refused: /^ulimit soft limit must be less than or equal to hard limit: 300 > 200$/,
    ours: 'of dockerd the runtime says it',
  },
  {
    host: { Ulimits: [{ Name: 'nofile', Soft: 300, Hard: 2 ** 30 }] },
    warned: /^The ulimit nofile is \d+ instead of 1073741824: the engine may not raise its own limit\.$/,
    ours: 'dockerd without CAP_SYS_RESOURCE fails at the start',
  },
  { config: { Shell: ['/bin/sh', '-c'] } },
  { host: { CgroupParent: '/beluga-test-parent' }, shows: { CgroupParent: '/beluga-test-parent' } },
  { host: { ContainerIDFile: '/tmp/x', Cgroup: 'odd' }, shows: { ContainerIDFile: '/tmp/x', Cgroup: 'odd' } },
];

/** What the create, or else the start, says; then the container is gone. */
async function outcomeOf({ host = {}, config = {} }: Case) {
  const version = subject.isBeluga || major >= 26 ? 'v1.43' : 'v1.41';
  const body = { Image: sampleImage, Cmd: ['true'], ...config, HostConfig: { NetworkMode: 'none', ...host } };
  if ('NetworkingConfig' in config) body.HostConfig.NetworkMode = 'bridge';
  const made = await askJson(subject.socket, `/${version}/containers/create`, body);
  if (made.status !== 201) return { said: made.json<{ message: string }>().message, warnings: [], inspected: {} };
  const { Id, Warnings } = made.json<{ Id: string; Warnings: string[] | null }>();
  const inspected = await ask(subject.socket, { path: `/${version}/containers/${Id}/json` });
  const started = await ask(subject.socket, { method: 'POST', path: `/${version}/containers/${Id}/start` });
  await ask(subject.socket, { method: 'DELETE', path: `/${version}/containers/${Id}?force=1` });
  const said = started.status === 204 ? '' : started.json<{ message: string }>().message;
  return { said, warnings: Warnings ?? [], inspected: inspected.json<{ HostConfig: object }>().HostConfig };
}

const nameOf = ({ host, config }: Case) => JSON.stringify({ ...host, ...config });

for (const one of cases) {
  test(`${nameOf(one)}: ${one.refused ? 'refused' : one.warned ? 'a warning' : 'kept'}`, async (t) => {
    if (one.ours && !subject.isBeluga) return t.skip(one.ours);
    if (one.since && !subject.isBeluga && major < one.since) return t.skip('newer dockerds check it');
    const { said, warnings, inspected } = await outcomeOf(one);
    if (one.refused) assert.match(said, one.refused);
    else assert.equal(said, '');
    const fitting = one.warned ? warnings.filter((warning) => one.warned?.test(warning)) : [];
    if (one.warned) assert.equal(fitting.length, 1, `warnings: ${warnings.join(' | ')}`);
    const shown = inspected as Record<string, unknown>;
    for (const [field, value] of Object.entries(one.shows ?? {})) assert.deepEqual(shown[field], value, field);
  });
}
