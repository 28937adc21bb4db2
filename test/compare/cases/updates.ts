import { docker, type Group, get, given, post, type Step } from '../steps.ts';

/** Every field that an update may have. */
const fields = [
  {},
  { CpuShares: 300 },
  { CpuPeriod: 50000 },
  { CpuQuota: 25000 },
  { CpuQuota: 999 },
  { CpuPeriod: 5 },
  { NanoCpus: 500000000 },
  { CpusetCpus: '0' },
  { CpusetCpus: '99' },
  { CpusetCpus: 'x' },
  { CpusetMems: '0' },
  { CpusetMems: '7' },
  { CpuRealtimePeriod: 1000000 },
  { CpuCount: 3 },
  { CpuPercent: 50 },
  { Memory: 134217728, MemorySwap: 268435456 },
  { Memory: 67108864 },
  { MemorySwap: 201326592 },
  { MemoryReservation: 33554432 },
  { MemoryReservation: 1 },
  { MemorySwappiness: 101 },
  { KernelMemory: 67108864 },
  { PidsLimit: 60 },
  { PidsLimit: 0 },
  { PidsLimit: -1 },
  { PidsLimit: -7 },
  { BlkioWeight: 300 },
  { BlkioWeight: 5 },
  { CgroupParent: '/x' },
  { Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }] },
  { DeviceCgroupRules: ['c 1:3 r'] },
  { Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }] },
  { IOMaximumIOps: 5 },
  { IOMaximumBandwidth: 5 },
  { RestartPolicy: { Name: 'always' } },
  { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
  { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -2 } },
  { RestartPolicy: { Name: 'always', MaximumRetryCount: 2 } },
  { RestartPolicy: { Name: '' } },
  { RestartPolicy: { Name: 'no' } },
  { ReadonlyRootfs: true },
];

/** What dockerd takes without doing it, or does not take. */
const oddFields = [
  { Memory: 134217728 },
  { Memory: 134217728, MemorySwap: -1 },
  { Memory: 67108864 },
  { MemorySwap: 1048576 },
  { MemoryReservation: 268435456 },
  { CpuShares: -1 },
  { CpuRealtimeRuntime: 5000 },
  { MemorySwappiness: 40 },
  { OomKillDisable: true },
  { BlkioWeightDevice: [{ Path: '/dev/null', Weight: 200 }] },
  { BlkioDeviceReadBps: [{ Path: '/nowhere', Rate: 1000 }] },
  { BlkioDeviceWriteIOps: [{ Path: '/nowhere', Rate: 1000 }] },
];

/** An update, and what the container then has of the same fields. */
const updatesOf = (name: string, bodies: readonly object[]): Step[] =>
  bodies.flatMap((body) => [
    post(`/containers/@${name}/update`, body),
    get(`/containers/@${name}/json`, {
      as: `@${name} after ${JSON.stringify(body)}`,
      pick: Object.keys(body).map((field) => `HostConfig.${field}`),
    }),
  ]);

const files = [
  'cpu/cpu.shares',
  'cpu/cpu.cfs_period_us',
  'cpu/cpu.cfs_quota_us',
  'cpuset/cpuset.cpus',
  'cpuset/cpuset.mems',
  'memory/memory.limit_in_bytes',
  'memory/memory.memsw.limit_in_bytes',
  'memory/memory.soft_limit_in_bytes',
  'memory/memory.swappiness',
  'pids/pids.max',
].join(' ');

const kernelOf = (name: string, when: string): Step =>
  docker(`exec @${name} sh -c 'cd /sys/fs/cgroup && grep . ${files}'`, {
    as: `what the kernel has of @${name} ${when}`,
  });
const whole = (name: string): Step => get(`/containers/@${name}/json`, { as: `inspect @${name} after all` });

/** docker update, field by field, of what runs and of what does not. */
export const updates: readonly Group[] = [
  {
    name: 'update',
    steps: [
      given('run -d --name @live IMAGE'),
      ...updatesOf('live', fields),
      ...[whole('live'), kernelOf('live', 'after all')],
      given('create --name @stopped IMAGE'),
      ...updatesOf('stopped', fields),
      given('start @stopped'),
      ...[whole('stopped'), kernelOf('stopped', 'after its start')],
      given('run -d --name @nano --cpus 1 IMAGE'),
      ...updatesOf('nano', [{ NanoCpus: 500000000 }, { CpuPeriod: 50000 }, { CpuQuota: 25000 }]),
      kernelOf('nano', 'after all'),
      given('run -d --name @limited -m 64m --memory-swap 128m --pids-limit 50 IMAGE'),
      ...updatesOf('limited', [{ Memory: 268435456 }, { Memory: 100663296 }, { PidsLimit: 0 }]),
      kernelOf('limited', 'after all'),
      given('create --rm --name @removed IMAGE'),
      ...updatesOf('removed', [{ RestartPolicy: { Name: 'always' } }]),
      given('run -d --name @paused IMAGE'),
      given('pause @paused'),
      ...updatesOf('paused', [{ CpuShares: 512 }]),
      given('unpause @paused'),
      docker('update --cpus 0.5 --memory 64m --memory-swap -1 @paused nosuch'),
      docker('update @paused'),
      given('run -d --name @odd IMAGE'),
      ...updatesOf('odd', oddFields),
      given('create --name @idle IMAGE'),
      ...updatesOf('idle', oddFields),
    ],
  },
];
