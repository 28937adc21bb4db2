import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { portRequests } from './port-bindings.ts';

const requests = (
  bindings: readonly [string, string, string][],
  exposedPorts: string[] = [],
  publishAllPorts = false,
) =>
  portRequests(
    { exposedPorts },
    {
      portBindings: bindings.map(([port, hostAddress, hostPort]) => ({ port, hostAddress, hostPort })),
      publishAllPorts,
    },
  );

test('single ports, ranges, any, bound to an address', () => {
  assert.deepEqual(
    requests([
      ['80/tcp', '', '8080'],
      ['53/udp', '127.0.0.1', '5300-5310'],
      ['90', '[::1]', ''],
      ['90', '', '0'],
    ]),
    [
      { containerPort: 80, protocol: 'tcp', hostAddress: '', hostPorts: { first: 8080, last: 8080 } },
      { containerPort: 53, protocol: 'udp', hostAddress: '127.0.0.1', hostPorts: { first: 5300, last: 5310 } },
      { containerPort: 90, protocol: 'tcp', hostAddress: '::1' },
      { containerPort: 90, protocol: 'tcp', hostAddress: '' },
    ],
  );
});

test('the same binding twice is one; -P adds the exposed ports that are not published', () => {
  assert.equal(
    requests([
      ['80/tcp', '', '1'],
      ['80', '', '1'],
    ]).length,
    1,
  );
  assert.deepEqual(
    requests([['80/tcp', '', '8080']], ['80/tcp', '443/tcp', '53/udp'], true).map(
      ({ containerPort, protocol, hostPorts }) => [containerPort, protocol, hostPorts?.first],
    ),
    [
      [80, 'tcp', 8080],
      [443, 'tcp', undefined],
      [53, 'udp', undefined],
    ],
  );
});

test('what is no port, protocol or address is refused', () => {
  for (const bad of [
    ['0/tcp', '', ''],
    ['70000', '', ''],
    ['80/ip', '', ''],
    ['80', '', '80-70'],
    ['80', '', '70000'],
    ['80', '', 'x'],
    ['80', 'nowhere', ''],
  ] as [string, string, string][]) {
    assert.throws(
      () => requests([bad]),
      (error) => error instanceof EngineError && error.code === 'invalid',
    );
  }
  assert.throws(() => requests([['80/sctp', '', '']]), /sctp/);
});
