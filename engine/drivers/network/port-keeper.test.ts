import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createPortKeeper, endPortKeeper } from './port-keeper.ts';
import { keeperSocket } from './port-keeper-protocol.ts';

const loopback = {
  protocol: 'tcp',
  addresses: ['127.0.0.1'],
  first: 0,
  last: 0,
  target: { address: '127.0.0.1', port: 9 },
} as const;

/** One that is being killed: its socket still takes connections, and nobody answers any more. */
async function dyingKeeper(runRoot: string): Promise<void> {
  const server = net.createServer((connection) => {
    server.close();
    connection.on('error', () => {});
    connection.once('data', () => connection.destroy());
  });
  await new Promise<void>((resolve) => server.listen(keeperSocket(runRoot), resolve));
}

test('a keeper that takes the connection and ends is started again, and asked again', async () => {
  const runRoot = mkdtempSync(path.join(tmpdir(), 'beluga-keeper-'));
  const keeper = createPortKeeper({ runRoot, lost: () => {} });
  try {
    await dyingKeeper(runRoot);
    const result = await keeper.reserve('one', [loopback]);
    assert.ok('hostPorts' in result);
    assert.deepEqual(await keeper.list(), ['one']);
  } finally {
    await keeper.close();
    await endPortKeeper(runRoot);
    rmSync(runRoot, { recursive: true, force: true });
  }
});

test('nothing is kept by a keeper that ends while it is asked what it keeps', async () => {
  const runRoot = mkdtempSync(path.join(tmpdir(), 'beluga-keeper-'));
  const keeper = createPortKeeper({ runRoot, lost: () => {} });
  try {
    await dyingKeeper(runRoot);
    assert.deepEqual(await keeper.list(), []);
    await dyingKeeper(runRoot);
    await keeper.release('one');
  } finally {
    await keeper.close();
    rmSync(runRoot, { recursive: true, force: true });
  }
});
