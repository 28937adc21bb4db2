import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createChannel } from '../base/channel.ts';
import { pump } from './stream.ts';

const chunk = Buffer.alloc(1000, 'x');
const chunks = 5000;

/** A response that `pump` fills; gives what the client got and the most that waited for it at once. */
async function transfer(chunksOf: (item: number) => readonly Uint8Array[]) {
  const directory = mkdtempSync(path.join(tmpdir(), 'beluga-stream-'));
  const socketPath = path.join(directory, 'socket');
  let waiting = 0;
  const server = http.createServer(async (_request, response) => {
    const source = createChannel<number>();
    for (let item = 0; item < chunks; item++) source.push(item);
    source.end();
    response.flushHeaders();
    await pump(source, response, (item) => {
      waiting = Math.max(waiting, response.writableLength);
      return chunksOf(item);
    });
    response.end();
  });
  try {
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    let got = 0;
    await new Promise<void>((resolve, reject) => {
      http
        .get({ socketPath, agent: false }, (response) => {
          response.on('data', (data: Buffer) => {
            got += data.length;
          });
          response.on('end', resolve).on('error', reject);
        })
        .on('error', reject);
    });
    return { got, waiting };
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
}

test('a response waits for its client instead of holding everything, and everything arrives', async () => {
  for (const parts of [1, 2]) {
    const { got, waiting } = await transfer(() => Array<Uint8Array>(parts).fill(chunk));
    assert.equal(got, chunks * parts * chunk.length);
    assert.ok(waiting < 200_000, `${waiting} bytes waited`);
  }
  // what passes nothing on writes nothing
  assert.deepEqual((await transfer((item) => (item % 2 === 0 ? [] : [chunk]))).got, (chunks / 2) * chunk.length);
});
