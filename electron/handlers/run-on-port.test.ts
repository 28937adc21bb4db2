import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerInspectResponse } from '@docker/node-sdk';
import type { ContainerCalls } from '../../engine/compose/docker-host.ts';
import { HostError } from '../hosts/host-error.ts';
import { requestWithPort, runOnPort } from './run-on-port.ts';

const inspected = (startedAt: string): ContainerInspectResponse =>
  ({
    Id: 'abcdef0123456789',
    Name: '/web',
    State: { StartedAt: startedAt },
    Config: { Image: 'i', Hostname: 'abcdef012345', Labels: { a: 'b', 'com.docker.compose.project': 'p' } },
    HostConfig: {
      CgroupnsMode: 'host',
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }], '80/udp': [{ HostIp: '', HostPort: '8080' }] },
    },
  }) as unknown as ContainerInspectResponse;
const never = '0001-01-01T00:00:00Z';
const change = { protocol: 'tcp', from: 8080, to: 8081 } as const;

test('the same container but for its port; what is the host’s own is left out', () => {
  assert.deepEqual(requestWithPort(inspected(never), change), {
    Image: 'i',
    Labels: { a: 'b' },
    HostConfig: {
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8081' }], '80/udp': [{ HostIp: '', HostPort: '8080' }] },
    },
  });
});

async function stepsOf(startedAt: string, fails = false): Promise<string[]> {
  const steps: string[] = [];
  const containers = {
    inspect: async () => inspected(startedAt),
    create: async (_: unknown, name: string) => {
      steps.push(`create ${name}`);
      return { id: 'new', warnings: [] };
    },
    start: async (id: string) => {
      steps.push(`start ${id}`);
      if (fails) throw new HostError('conflict', 'taken again');
    },
    remove: async (id: string) => void steps.push(`remove ${id}`),
    rename: async (id: string, name: string) => void steps.push(`rename ${id} ${name}`),
  } as unknown as ContainerCalls;
  await runOnPort(containers, { id: 'old', ...change }).catch(() => steps.push('failed'));
  return steps;
}

test('one that never ran is replaced, one that did stays, and a failed start leaves all as it was', async () => {
  assert.deepEqual(await stepsOf(never), ['create web-8081', 'start new', 'remove old', 'rename new web']);
  assert.deepEqual(await stepsOf('2026-01-01T00:00:00Z'), ['create web-8081', 'start new']);
  assert.deepEqual(await stepsOf(never, true), ['create web-8081', 'start new', 'remove new', 'failed']);
});
