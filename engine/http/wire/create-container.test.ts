import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerCreateRequest, HostConfig } from '@docker/node-sdk';
import type { ApiVersion } from '../api-version.ts';
import { createContainerFromWire } from './create-container.ts';
import { validate } from './validate.ts';

/** What docker CLI 28.2 sends for `docker run -d busybox`. */
const plain = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: 'busybox',
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: { Type: '', Config: {} },
    NetworkMode: 'bridge',
    PortBindings: {},
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [24, 80],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 0,
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: {
    EndpointsConfig: { default: { IPAMConfig: null, Links: null, Aliases: null, MacAddress: '', DriverOpts: null } },
  },
};

const read = (body: unknown, name: string | null = null, version: ApiVersion = [1, 51]) =>
  createContainerFromWire(validate('ContainerCreateRequest', body), { name }, version);

test('what the CLI sends for a plain run asks for nothing', () => {
  const request = read(plain, '/web');
  assert.equal(request.name, 'web');
  assert.deepEqual(Object.keys(request.config).sort(), [
    'attachStderr',
    'attachStdin',
    'attachStdout',
    'environment',
    'exposedPorts',
    'image',
    'labels',
    'openStdin',
    'stdinOnce',
    'terminal',
    'volumes',
  ]);
  assert.deepEqual(request.hostConfig.resources, {});
  assert.equal(request.hostConfig.logDriver, '', 'the engine’s own');
  assert.equal(read({ Image: 'a' }).hostConfig.networkMode, 'default');
});

test('what is asked arrives in our words', () => {
  const { config, hostConfig } = read({
    ...plain,
    Entrypoint: [''],
    Cmd: ['ls'],
    StopTimeout: 0,
    User: '1:2',
    HostConfig: {
      ...plain.HostConfig,
      Memory: 1024,
      MemorySwap: -1,
      Init: false,
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Mounts: [
        { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { Propagation: 'rshared' } },
        { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 10, Mode: 0o1770 } },
      ],
    },
  });
  assert.deepEqual(config.entrypoint, ['']);
  assert.deepEqual(config.command, ['ls']);
  assert.equal(config.stopTimeoutSeconds, 0);
  assert.equal(config.user, '1:2');
  assert.deepEqual(hostConfig.resources, { memoryBytes: 1024, memorySwapBytes: -1 });
  assert.equal(hostConfig.init, false);
  assert.deepEqual(hostConfig.ulimits, [{ name: 'nofile', soft: 1, hard: 2 }]);
  assert.deepEqual(hostConfig.mounts, [
    { type: 'bind', source: '/a', target: '/b', readOnly: true, bind: { propagation: 'rshared' } },
    { type: 'tmpfs', target: '/t', readOnly: false, tmpfs: { sizeBytes: 10, mode: 0o1770 } },
  ]);
});

test('a client before 1.25 removes the container itself', () => {
  const body = { Image: 'a', HostConfig: { AutoRemove: true } };
  assert.equal(read(body).hostConfig.autoRemove, true);
  assert.equal(read(body, null, [1, 24]).hostConfig.autoRemove, false);
});

test('ports to publish: each binding of each port, an empty list publishes nothing', () => {
  const HostConfig = {
    PublishAllPorts: true,
    PortBindings: { '80/tcp': [{ HostPort: '8080' }, { HostIp: '127.0.0.1', HostPort: '8000-8010' }], '53/udp': [] },
  };
  const { hostConfig } = read({ Image: 'a', HostConfig });
  assert.equal(hostConfig.publishAllPorts, true);
  assert.deepEqual(hostConfig.portBindings, [
    { port: '80/tcp', hostAddress: '', hostPort: '8080' },
    { port: '80/tcp', hostAddress: '127.0.0.1', hostPort: '8000-8010' },
  ]);
});

test('wishes that few have, in our words', () => {
  const asked = (host: HostConfig, rest: ContainerCreateRequest = {}) =>
    read({ ...plain, ...rest, HostConfig: { ...plain.HostConfig, ...host } });
  const device = { PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'r' };
  const { hostConfig } = asked({ Devices: [device], PidMode: 'host', MaskedPaths: [], MemorySwappiness: 0 });
  assert.deepEqual(hostConfig.devices, [{ pathOnHost: '/dev/fuse', pathInContainer: '/dev/f', permissions: 'r' }]);
  assert.deepEqual([hostConfig.pidMode, hostConfig.maskedPaths], ['host', []]);
  assert.equal(hostConfig.resources.memorySwappiness, 0);
  assert.deepEqual(asked({ Links: ['/web:/own/db', 'web'] }).hostConfig.links, [
    { name: 'web', alias: 'db' },
    { name: 'web', alias: 'web' },
  ]);
  assert.throws(() => asked({ Links: ['a:b:c'] }), /bad format for links: a:b:c/);
  const endpoints = { EndpointsConfig: { default: { Aliases: ['db'], MacAddress: '02:42:ac:11:00:09' } } };
  const [wishes] = asked({}, { NetworkingConfig: endpoints }).endpoints ?? [];
  assert.deepEqual([wishes?.network, wishes?.aliases, wishes?.macAddress], ['default', ['db'], '02:42:ac:11:00:09']);
});
