import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerDetails } from '../../testing/door-services.ts';
import { portBindingsToWire, portMapToWire, portSummariesToWire } from './ports.ts';

const base = containerDetails();
const port = { containerPort: 80, protocol: 'tcp', hostPort: 8080 } as const;
const container = containerDetails({
  state: 'running',
  config: { ...base.config, exposedPorts: ['80/tcp', '443/tcp'] },
  hostConfig: { ...base.hostConfig, portBindings: [{ port: '80', hostAddress: '', hostPort: '8080' }] },
  endpoint: {
    address: '172.30.0.2',
    prefixLength: 16,
    gateway: '172.30.0.1',
    macAddress: '02:42:ac:1e:00:02',
    ports: [
      { ...port, hostAddress: '0.0.0.0' },
      { ...port, hostAddress: '::' },
    ],
  },
});

test('what was asked, what is published, what is only exposed', () => {
  assert.deepEqual(portBindingsToWire(container), { '80/tcp': [{ HostIp: '', HostPort: '8080' }] });
  assert.deepEqual(portMapToWire(container), {
    '80/tcp': [
      { HostIp: '0.0.0.0', HostPort: '8080' },
      { HostIp: '::', HostPort: '8080' },
    ],
    '443/tcp': null,
  });
  assert.deepEqual(portSummariesToWire(container), [
    { IP: '0.0.0.0', PublicPort: 8080, PrivatePort: 80, Type: 'tcp' },
    { IP: '::', PublicPort: 8080, PrivatePort: 80, Type: 'tcp' },
    { PrivatePort: 443, Type: 'tcp' },
  ]);
});

test('a container that does not run on the bridge has no ports', () => {
  const { endpoint: _, ...ended } = container;
  assert.deepEqual(portMapToWire(ended), {});
  assert.deepEqual(portSummariesToWire(ended), []);
});
