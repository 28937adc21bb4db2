import { type Group, get, given, post, type Step } from '../steps.ts';

/** Containers that are made differently; each is looked at when it is made, and those that run again. */
const made: readonly { name: string; runs?: true; body: object }[] = [
  { name: 'none', runs: true, body: { HostConfig: { NetworkMode: 'none' }, Cmd: ['sleep', '9999'] } },
  { name: 'host', runs: true, body: { HostConfig: { NetworkMode: 'host', PidMode: 'host', UTSMode: 'host' } } },
  { name: 'shareable', runs: true, body: { HostConfig: { IpcMode: 'shareable' }, Hostname: 'donor' } },
  {
    name: 'joined',
    runs: true,
    body: {
      HostConfig: {
        NetworkMode: 'container:@shareable',
        PidMode: 'container:@shareable',
        IpcMode: 'container:@shareable',
      },
    },
  },
  { name: 'privileged', body: { HostConfig: { Privileged: true, CgroupnsMode: 'host', UsernsMode: 'host' } } },
  {
    name: 'devices',
    body: {
      HostConfig: {
        Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nothing', CgroupPermissions: 'rw' }],
        DeviceCgroupRules: ['c 1:3 rwm'],
        CapAdd: ['net_admin', 'CAP_SYS_TIME'],
        CapDrop: ['all'],
        SecurityOpt: ['no-new-privileges:true', 'seccomp=unconfined', 'label=disable'],
        GroupAdd: ['5', 'daemon'],
      },
    },
  },
  {
    name: 'limits',
    runs: true,
    body: {
      HostConfig: {
        CpuShares: 100,
        CpuPeriod: 100000,
        CpuQuota: 50000,
        CpusetCpus: '0',
        CpusetMems: '0',
        Memory: 67108864,
        MemorySwap: -1,
        MemoryReservation: 33554432,
        MemorySwappiness: 10,
        OomKillDisable: true,
        OomScoreAdj: 100,
        PidsLimit: 77,
        Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
        ShmSize: 1048576,
        Sysctls: { 'net.core.somaxconn': '99' },
        StorageOpt: {},
      },
    },
  },
  {
    name: 'logged',
    body: {
      HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2', labels: 'a' } } },
    },
  },
  { name: 'unlogged', runs: true, body: { HostConfig: { LogConfig: { Type: 'none' } } } },
  {
    name: 'health',
    body: {
      Healthcheck: {
        Test: ['CMD-SHELL', 'true'],
        Interval: 60000000000,
        Timeout: 5000000000,
        Retries: 4,
        StartPeriod: 1000000,
      },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      Shell: ['/bin/sh', '-ec'],
    },
  },
  {
    name: 'command',
    body: {
      Entrypoint: 'sh',
      Cmd: ['-c', 'true'],
      Env: ['A=1', 'A=2', 'PATH', 'EMPTY='],
      Labels: { a: '', 'b.c': 'd' },
      Domainname: 'd.test',
      User: '1:2',
      WorkingDir: '/tmp/..//x',
    },
  },
  { name: 'noentry', body: { Entrypoint: [], Cmd: [] } },
  { name: 'nothing', body: { Entrypoint: [''] } },
  { name: 'emptyentry', body: { Entrypoint: [''], Cmd: ['true'] } },
  {
    name: 'terminal',
    body: {
      Tty: true,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: { ConsoleSize: [24, 80], Init: true, AutoRemove: true, ContainerIDFile: '/x' },
    },
  },
  {
    name: 'mounts',
    runs: true,
    body: {
      Volumes: { '/anonymous': {} },
      HostConfig: {
        Binds: ['/usr/share:/share:ro', '@named:/named:nocopy'],
        Mounts: [
          {
            Type: 'bind',
            Source: '/usr/share',
            Target: '/m/bind',
            ReadOnly: true,
            BindOptions: { Propagation: 'private' },
          },
          { Type: 'volume', Target: '/m/new' },
          {
            Type: 'volume',
            Source: '@other',
            Target: '/m/volume',
            VolumeOptions: { NoCopy: true, Labels: { l: '1' }, DriverConfig: { Name: 'local' } },
          },
        ],
      },
    },
  },
  {
    name: 'memory',
    runs: true,
    body: {
      HostConfig: {
        Tmpfs: { '/t': 'size=1m' },
        Mounts: [{ Type: 'tmpfs', Target: '/m/tmpfs', TmpfsOptions: { SizeBytes: 1048576, Mode: 448 } }],
      },
    },
  },
  { name: 'mountsfrom', body: { HostConfig: { VolumesFrom: ['@mounts:ro'], VolumeDriver: 'local' } } },
  {
    name: 'ports',
    runs: true,
    body: {
      ExposedPorts: { '90/tcp': {}, '91/udp': {}, '92': {} },
      HostConfig: {
        PortBindings: {
          '90/tcp': [{ HostIp: '127.0.0.1', HostPort: '18090' }, { HostPort: '18091' }],
          '93/tcp': [{ HostPort: '18093' }],
          '94': null,
        },
      },
    },
  },
  {
    name: 'network',
    runs: true,
    body: {
      MacAddress: '02:42:ac:11:00:99',
      HostConfig: {
        Dns: ['9.9.9.9'],
        DnsSearch: ['x.test'],
        DnsOptions: ['ndots:2'],
        ExtraHosts: ['a:1.2.3.4', 'h:host-gateway'],
        Links: ['@shareable:donor'],
      },
    },
  },
  { name: 'again', runs: true, body: { HostConfig: { RestartPolicy: { Name: 'unless-stopped' } } } },
  { name: 'offline', runs: true, body: { NetworkDisabled: true } },
];

const look = (name: string, when: string): Step => get(`/containers/@${name}/json`, { as: `inspect @${name} ${when}` });

/** Inspect, field by field, of containers that were made and have ended differently. */
export const inspections: readonly Group[] = [
  {
    name: 'inspections',
    steps: [
      ...made.flatMap(({ name, runs, body }) => [
        post(`/containers/create?name=@${name}`, { Image: 'IMAGE', ...body }, { as: `create @${name}` }),
        look(name, 'when it is made'),
        ...(runs
          ? [post(`/containers/@${name}/start`, undefined, { as: `start @${name}` }), look(name, 'while it runs')]
          : []),
      ]),
      given('pause @none'),
      look('none', 'paused'),
      given('unpause @none'),
      given('kill @none'),
      look('none', 'killed'),
      given('stop -t 1 @ports'),
      look('ports', 'stopped'),
      given('stop -t 1 @network'),
      look('network', 'stopped'),
      given('start @logged'),
      post('/containers/create?name=@ended', { Image: 'IMAGE', Cmd: ['sh', '-c', 'exit 3'] }, { quiet: true }),
      post('/containers/@ended/start', undefined, { quiet: true }),
      post('/containers/@ended/wait', undefined, { as: 'wait for @ended' }),
      look('ended', 'ended'),
      post('/containers/create?name=@wrong', { Image: 'IMAGE', Cmd: ['nosuch'] }, { quiet: true }),
      post('/containers/@wrong/start', undefined, { as: 'start @wrong' }),
      look('wrong', 'not started'),
    ],
  },
];
