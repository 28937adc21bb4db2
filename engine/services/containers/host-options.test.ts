import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerHostConfig, CreateContainer } from './container-service.ts';
import { checkOptions } from './host-options.ts';

const request = (own: Partial<ContainerHostConfig>) =>
  ({
    config: { volumes: [], exposedPorts: [] },
    hostConfig: {
      networkMode: 'none',
      portBindings: [],
      publishAllPorts: false,
      privileged: false,
      binds: [],
      capabilitiesAdd: [],
      capabilitiesDrop: [],
      restartPolicy: { name: '', maximumRetryCount: 0 },
      logDriver: '',
      logOptions: {},
      resources: {},
      ...own,
    },
  }) as unknown as CreateContainer;

const host = { runtimes: [], bridgeProblem: () => undefined as string | undefined };

test('limits that no start could keep are refused at the create', () => {
  const refused = (own: Partial<ContainerHostConfig>, words: RegExp) =>
    assert.throws(() => checkOptions(request(own), host), words);
  for (const memoryBytes of [-5, 1, 6 * 2 ** 20 - 1, Number.POSITIVE_INFINITY]) {
    refused({ resources: { memoryBytes } }, /Minimum memory limit allowed is 6MB/);
  }
  refused({ shmSizeBytes: -1 }, /SHM size can not be less than 0/);
  refused({ capabilitiesAdd: ['nope'] }, /unknown capability: "CAP_NOPE"/);
  refused({ capabilitiesDrop: ['nope'], privileged: true }, /unknown capability: "CAP_NOPE"/);
  const own = { resources: { memoryBytes: 6 * 2 ** 20 }, shmSizeBytes: 0, capabilitiesAdd: ['ALL', 'net_admin'] };
  assert.deepEqual(checkOptions(request(own), host), []);
});

test('a bridge that does not work here: a warning, and no ports; with the host’s network ports mean nothing', () => {
  const broken = { runtimes: [], bridgeProblem: () => 'EPERM' };
  const portBindings = [{ port: '80/tcp', hostAddress: '', hostPort: '8080' }];
  assert.deepEqual(checkOptions(request({ networkMode: 'bridge', portBindings }), host), []);
  const [loopback] = checkOptions(request({ networkMode: 'bridge' }), broken);
  assert.match(loopback?.message ?? '', /EPERM.*loopback interface only/);
  assert.deepEqual(loopback?.params, { detail: 'EPERM' });
  assert.throws(() => checkOptions(request({ networkMode: 'bridge', portBindings }), broken), /cannot be published/);
  const [discarded] = checkOptions(request({ networkMode: 'host', portBindings }), broken);
  assert.match(discarded?.message ?? '', /discarded/);
});
