import assert from 'node:assert/strict';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { addressesMeet, boundSockets, kernelAddress, lookAtPorts } from './port-holder.ts';

test('proc(5): of tcp those that listen, of udp all', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0',
    '   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0',
  ].join('\n');
  assert.deepEqual(boundSockets(table, 'tcp'), [{ address: '127.0.0.1', port: 8080, inode: '4711' }]);
  assert.deepEqual(
    boundSockets(table, 'udp').map(({ port }) => port),
    [8080, 8081],
  );
});

test('addresses as the kernel writes them', () => {
  assert.equal(kernelAddress('00000000'), '0.0.0.0');
  assert.equal(kernelAddress('0A01A8C0'), '192.168.1.10');
  assert.equal(kernelAddress('0'.repeat(32)), '::');
  assert.equal(kernelAddress('00000000000000000000000001000000'), '::1');
  assert.equal(kernelAddress('B80D0120000000000000000001000000'), '2001:db8::1');
  assert.equal(kernelAddress('0000000000000000FFFF00000100007F'), '127.0.0.1');
});

test('who is bound where keeps whom from binding', () => {
  const meets: [bound: string, wanted: string, meets: boolean][] = [
    ['127.0.0.1', '', true],
    ['::1', '', true],
    ['0.0.0.0', '127.0.0.1', true],
    ['127.0.0.1', '0.0.0.0', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '192.168.1.10', false],
    ['::', '127.0.0.1', true],
    ['::1', '127.0.0.1', false],
    ['127.0.0.1', '::1', false],
    ['::', '::1', true],
    ['0.0.0.0', '::', false],
  ];
  for (const [bound, wanted, expected] of meets)
    assert.equal(addressesMeet(bound, wanted), expected, `${bound} ${wanted}`);
});

test('this process is found as the holder of its port', async () => {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as net.AddressInfo;
    const ports = lookAtPorts();
    const wanted = { address: '', port, protocol: 'tcp' } as const;
    const holder = ports.holder(wanted);
    assert.equal(holder?.pid, process.pid);
    assert.equal(holder?.name, path.basename(realpathSync(process.execPath)));
    assert.equal(ports.holder({ ...wanted, address: '127.0.0.9' }), undefined);
    const next = ports.nextFree(wanted);
    assert.ok(next > port);
    assert.ok(ports.nextFree(wanted, new Set([next])) > next);
    assert.equal(ports.holder({ ...wanted, port: next }), undefined);
  } finally {
    server.close();
  }
});

test('above the highest port there is none', () => {
  assert.equal(lookAtPorts().nextFree({ address: '', port: 65_535, protocol: 'udp' }), 0);
});
