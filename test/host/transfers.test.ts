import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import type { BelugaTransfers } from '../../engine/http/extension-types.ts';
import type { Transfer } from '../../engine/services/transfers/transfer-service.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type ClientScene, openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { callEngine, transfersOf } from '../registry/mirror-scene.ts';
import { pushImage } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let registry: RegistryProcess;
let front: Front;
let engine: TestEngine;
let client: ClientScene;
before(async () => {
  registry = await startRegistry();
  front = await startFront(registry.host);
  engine = await startEngine();
  client = openClient({ address: registry.host });
});
after(async () => {
  client[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});
afterEach(() => {
  front.speed = 0;
});

const size = 6_000_000;
let names = 0;
/** An image that takes some seconds at the front's speed. */
async function newImage(): Promise<string> {
  const name = `team/transfer-${++names}`;
  const layer = async () => ({ tar: await tarOf([{ name: 'noise', content: randomBytes(size / 2) }]) });
  await pushImage(client.at(name), '1', [await layer(), await layer()]);
  front.speed = 1_500_000;
  return `${front.host}/${name}:1`;
}

async function begin(reference: string): Promise<string> {
  const { status, body } = await callEngine(engine, 'POST', '/beluga/transfers', { reference });
  assert.equal(status, 201, JSON.stringify(body));
  return (body as { id: string }).id;
}
const call = async (method: string, id: string, what = '') =>
  (await callEngine(engine, method, `/beluga/transfers/${id}${what}`)).status;
async function find(id: string): Promise<Transfer | undefined> {
  return (await transfersOf(engine)).find((transfer) => transfer.id === id);
}
const comes = (id: string) =>
  waitUntil('some of it has come', async () => ((await find(id))?.current ?? 0) > 1_000_000);
const becomes = (id: string, state: Transfer['state']) =>
  waitUntil(`it is ${state}`, async () => (await find(id))?.state === state);
const isHere = async (reference: string) => (await engine.docker('images', '-q', reference)) !== '';

/** What `GET /beluga/transfers?follow=1` tells until it is closed. */
function follow(): { lines: BelugaTransfers[]; close(): void } {
  const lines: BelugaTransfers[] = [];
  const request = http.get({ socketPath: engine.folders.socket, path: '/beluga/transfers?follow=1' }, (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      const parts = (rest + piece).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((line) => JSON.parse(line) as BelugaTransfers));
    });
    response.on('error', () => {});
  });
  request.on('error', () => {});
  return { lines, close: () => request.destroy() };
}

test('a pull of the engine’s own goes on without a client; who follows sees bytes, speed and who served', async () => {
  const reference = await newImage();
  const following = follow();
  await waitUntil('the list is told at once', () => following.lines.length > 0);
  const id = await begin(reference);
  const told = () => following.lines.flatMap(({ transfers }) => transfers.filter((transfer) => transfer.id === id));
  await waitUntil('its end is told', () => told().at(-1)?.state === 'done');
  following.close();
  assert.ok(await isHere(reference));
  const seen = told();
  const [first, last] = [seen[0], seen.at(-1)];
  assert.equal(first?.state, 'running');
  const middle = seen.find(({ current, total }) => current > total / 3 && current < total);
  assert.ok(middle && middle.speed > 100_000 && middle.speed < 20_000_000, JSON.stringify(middle));
  assert.equal(last?.state, 'done');
  assert.equal(last?.current, last?.total);
  for (const layer of last?.layers ?? []) {
    assert.equal(layer.state, 'done');
    assert.deepEqual(layer.servedBy, [{ endpoint: `https://${front.host}`, bytes: layer.size }]);
  }
  assert.equal(last?.imageId, (await engine.docker('inspect', '-f', '{{.Id}}', reference)).trim());
  assert.ok(seen.length < 60, `${seen.length} lines`);
});

test('paused, nothing comes; resumed, it goes on where it stood', async () => {
  const reference = await newImage();
  const begun = front.blobBytes();
  const id = await begin(reference);
  await comes(id);
  assert.equal(await call('POST', id, '/pause'), 204);
  await becomes(id, 'paused');
  await waitUntil('the connections are closed', async () => {
    const sent = front.blobBytes();
    await new Promise((resolve) => setTimeout(resolve, 400));
    return front.blobBytes() === sent;
  });
  assert.ok(!(await isHere(reference)));
  const ranged = front.seen.length;
  assert.equal(await call('POST', id, '/resume'), 204);
  await becomes(id, 'done');
  assert.ok(await isHere(reference));
  assert.ok(front.seen.slice(ranged).some(({ range }) => range));
  assert.ok(front.blobBytes() - begun < size + 2_000_000, `${front.blobBytes() - begun} bytes`);
  assert.equal(await call('POST', id, '/pause'), 409);
  // what has ended is forgotten by a second DELETE
  assert.equal(await call('DELETE', id), 204);
  assert.equal(await find(id), undefined);
  assert.equal(await call('DELETE', id), 404);
});

test('cancelled, it ends at once and shows nothing', async () => {
  const reference = await newImage();
  const id = await begin(reference);
  await comes(id);
  assert.equal(await call('DELETE', id), 204);
  assert.equal((await find(id))?.state, 'cancelled');
  assert.ok(!(await isHere(reference)));
});

test('it goes on with the next engine, also after SIGKILL; one that was paused stays so', async () => {
  const [running, paused] = [await newImage(), await newImage()];
  const [runs, waits] = [await begin(running), await begin(paused)];
  await comes(runs);
  await call('POST', waits, '/pause');
  await engine.kill('SIGKILL');
  await engine.restart();
  await becomes(runs, 'done');
  assert.ok(await isHere(running));
  assert.equal((await find(waits))?.state, 'paused');
  await engine.kill('SIGTERM');
  await engine.restart();
  assert.equal((await find(waits))?.state, 'paused');
  assert.equal(await find(runs), undefined);
  await call('POST', waits, '/resume');
  await becomes(waits, 'done');
  assert.ok(await isHere(paused));
});

test('a pull of the CLI is listed, held and let go, and ends with the CLI', async () => {
  const reference = await newImage();
  const pulling = engine.docker.start(['pull', reference]);
  let id = '';
  await waitUntil('it is listed', async () => {
    const found = (await transfersOf(engine)).find((one) => one.reference === reference && one.current > 500_000);
    id = found?.id ?? '';
    return found !== undefined;
  });
  assert.equal((await find(id))?.owner, 'client');
  await call('POST', id, '/pause');
  await becomes(id, 'paused');
  assert.equal(pulling.child.exitCode, null);
  await call('POST', id, '/resume');
  assert.equal((await pulling.ended).code, 0);
  assert.equal((await find(id))?.state, 'done');

  const other = await newImage();
  const left = engine.docker.start(['pull', other]);
  await waitUntil('it is listed', async () => (await transfersOf(engine))[0]?.reference === other);
  left.child.kill('SIGINT');
  await left.ended;
  await waitUntil('it has ended', async () => (await transfersOf(engine))[0]?.state === 'cancelled');
});

test('what cannot be pulled is refused at once, or has failed with its reason', async () => {
  const refused = await callEngine(engine, 'POST', '/beluga/transfers', { reference: 'No/Name' });
  assert.equal(refused.status, 400);
  assert.equal((await callEngine(engine, 'POST', '/beluga/transfers', {})).status, 400);
  const id = await begin(`${front.host}/team/nothing:1`);
  await becomes(id, 'failed');
  const { error, log } = (await find(id)) ?? {};
  assert.equal(error?.reason, 'image.manifest-unknown');
  assert.deepEqual(
    log?.map(({ what, event, status }) => [what, event, status]),
    [['tag', 'failed', 404]],
  );
});
