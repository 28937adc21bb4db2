import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { LogFields } from '../base/log.ts';
import { containerDetails, doorServices } from '../testing/door-services.ts';
import { ask, until } from '../testing/open-door.ts';
import { createDockerApi } from './server.ts';

test('a debug line per request: what was asked, by whom, and how it ended; no query, no body', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'beluga-door-'));
  const told: LogFields[] = [];
  const debug = (message: string, fields: LogFields = {}) => {
    if (message === 'answered') told.push(fields);
  };
  const services = doorServices({ containers: [containerDetails()] });
  const api = createDockerApi({ ...services, log: { debug, error: () => {} } });
  const socketPath = path.join(folder, 'docker.sock');
  await api.listen({ path: socketPath });
  try {
    await ask(socketPath, 'GET', '/v1.51/_ping?token=secret', undefined, { 'User-Agent': 'Tester/1' });
    await ask(socketPath, 'POST', '/nonsense', '{"password":"secret"}');
    const socket = net.connect(socketPath);
    socket.write(
      'POST /v1.51/containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );
    await until(socket, /^HTTP\/1\.1 101/);
    socket.destroy();
    services.world.attached.output.end();
    while (told.length < 3) await new Promise(setImmediate);
  } finally {
    await api.close();
    await rm(folder, { recursive: true });
  }
  assert.deepEqual(
    told.map(({ method, path: asked, status, client }) => [method, asked, status, client]),
    [
      ['GET', '/v1.51/_ping', 200, 'Tester/1'],
      ['POST', '/nonsense', 404, undefined],
      ['POST', '/v1.51/containers/web/attach', 101, undefined],
    ],
  );
  assert.ok(told.every(({ ms }) => typeof ms === 'number' && ms >= 0));
  assert.ok(!JSON.stringify(told).includes('secret'));
});
