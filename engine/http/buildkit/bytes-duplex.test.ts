import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { bytesDuplex } from './bytes-duplex.ts';

for (const how of ['cancels', 'ends and cancels', 'is gone'] as const)
  test(`a write that waits for room fails when the other side ${how}`, async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('error', () => {});
    const request = client.request({ ':method': 'POST', ':path': '/' });
    request.on('error', () => {});
    const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream];
    stream.respond({ ':status': 200 });
    const duplex = bytesDuplex(stream);
    duplex.on('error', () => {}).resume();
    const failed = new Promise<unknown>((resolve) => {
      // more than the other side has room for, which reads none of it
      duplex.write(Buffer.alloc(8 << 20), resolve);
    });
    if (how === 'is gone') client.destroy();
    else {
      if (how === 'ends and cancels') request.end();
      request.close(http2.constants.NGHTTP2_CANCEL);
    }
    assert.match(String(await failed), /the other side has left/);
    await (duplex.closed || once(duplex, 'close'));
    client.destroy();
    server.close();
  });
