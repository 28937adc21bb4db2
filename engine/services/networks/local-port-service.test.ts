import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkEndpoint } from '../../drivers/network/network-provider.ts';
import type { PortLookout } from '../../drivers/network/port-holder.ts';
import { createPortService } from './local-port-service.ts';

const endpoint: NetworkEndpoint = {
  address: '10.0.0.2',
  prefixLength: 24,
  gateway: '10.0.0.1',
  macAddress: '02:42:0a:00:00:02',
  ports: [{ containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080 }],
};
/** A host where the keeper of published ports has 8080, nginx 9000 and somebody unknown 9001. */
const host: PortLookout = {
  holder: ({ port }) => {
    if (port === 8080) return { name: 'node', pid: 7 };
    if (port === 9001) return { name: '', pid: 0 };
    return port === 9000 ? { name: 'nginx', pid: 812 } : undefined;
  },
  nextFree: ({ port }, avoid) => (avoid?.has(port + 1) ? port + 2 : port + 1),
};
const service = createPortService({
  endpoints: { all: () => [{ containerId: 'c'.repeat(64), endpoint }] },
  nameOf: () => 'web',
  look: () => host,
});
const tcp = (port: number, address = '') => ({ port, address, protocol: 'tcp' as const });

test('a published port is its container’s, not the keeper’s; on an address of its own only there', () => {
  const [taken, elsewhere] = service.ask([tcp(8080), tcp(8080, '192.168.1.10')]);
  assert.deepEqual(taken, {
    ...tcp(8080),
    state: 'container',
    container: { id: 'c'.repeat(64), name: 'web' },
    nextFree: 8081,
  });
  assert.equal(elsewhere?.state, 'process');
});

test('free, taken by a process, taken by who knows whom', () => {
  const answers = service.ask([tcp(1), tcp(9000), tcp(9001)]);
  assert.deepEqual(
    answers.map(({ state, process }) => [state, process]),
    [
      ['free', undefined],
      ['process', { name: 'nginx', pid: 812 }],
      ['process', undefined],
    ],
  );
  // 9001 is asked about as well
  assert.equal(answers[1]?.nextFree, 9002);
});
