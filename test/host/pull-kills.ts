import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { digestOf, openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { pushImage } from '../registry/push-image.ts';
import { startRegistry } from '../registry/registry-process.ts';
import { sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

/** What one kill was. */
export interface Kill {
  /** Whether a layer of 40 MB or more was under way, neither at its begin nor at its end. */
  inLargeLayer: boolean;
  /** Whether the pull had come to its end before. */
  late: boolean;
}

/** A real engine, a registry behind a front that counts, and an image with two large layers. */
export interface KillScene extends AsyncDisposable {
  /** Kills the engine at a random point of a pull and asserts everything that has to hold then; `random` gives 0 to 1. */
  killOnce(random: () => number): Promise<Kill>;
}

const large = 40_000_000;
/** For each layer under way: what lies in the buffers of sockets and of the engine. */
const slack = 8 << 20;
const image = 'team/killed';

/** Numbers from 0 to 1 that a seed repeats. */
export function randomOf(seed: number): () => number {
  let count = 0;
  return () => {
    count += 1;
    return createHash('sha256').update(`${seed}/${count}`).digest().readUInt32LE() / 2 ** 32;
  };
}

/** The layers, and what `sha256sum` says of the large files. */
async function makeLayers() {
  const noise = (name: string, bytes: number) => ({ name, content: randomBytes(bytes) });
  const files = [noise('large-1', 44_000_000), noise('large-2', 42_000_000), noise('middle', 5_000_000)];
  const small = Array.from({ length: 400 }, (_, index) => noise(`small/${index}`, 2000));
  const tars = [
    await sampleLayer(),
    ...(await Promise.all(files.map((file) => tarOf([file])))),
    await tarOf([{ name: 'small/', type: 'directory' }, ...small]),
    await tarOf([{ name: '.wh.middle' }, { name: 'etc/', type: 'directory' }, { name: 'etc/.wh.group' }]),
  ];
  const layers = tars.map((tar) => ({
    tar,
    blob: { bytes: gzipSync(tar, { level: 1 }), compression: 'gzip' as const },
  }));
  const sums = files
    .slice(0, 2)
    .map(({ name, content }) => `${createHash('sha256').update(content).digest('hex')}  /${name}`);
  return { layers, sums: sums.join('\n') };
}

export async function openKillScene(): Promise<KillScene> {
  await using cleanUp = new AsyncDisposableStack();
  const registry = cleanUp.use(await startRegistry());
  const front = cleanUp.use(await startFront(registry.host));
  const engine = cleanUp.use(await startEngine());
  const { layers, sums } = await makeLayers();
  using client = openClient({ address: registry.host });
  await pushImage(client.at(image), '1', layers);
  const sizes = new Map(layers.map(({ blob }) => [digestOf(blob.bytes), blob.bytes.length]));
  const all = cleanUp.move();
  return {
    killOnce: (random) => killOnce({ engine, front, sizes, sums }, random),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

interface Scene {
  engine: TestEngine;
  front: Front;
  /** Digest of each layer -> bytes. */
  sizes: ReadonlyMap<string, number>;
  sums: string;
}

async function killOnce(scene: Scene, random: () => number): Promise<Kill> {
  const { engine, front, sizes, sums } = scene;
  const name = `${front.host}/${image}:1`;
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const before = { seen: front.seen.length, bytes: front.blobBytes() };
  const sent = () => front.blobBytes() - before.bytes;
  front.speed = 30_000_000;
  const pulling = engine.docker.start(['pull', '-q', name]);
  const ended = pulling.ended.then(({ code }) => code);
  // most while bytes come, some while the last ones are put on the disk
  const isAfter = random() > 0.85;
  const point = isAfter ? total : random() * total;
  while (sent() < point) await sleep(2);
  if (isAfter) await sleep(random() * 300);
  const underWay = layersUnderWay(scene, before.seen);
  const first = sent();
  await engine.kill('SIGKILL');
  const code = await ended;
  front.speed = 0;
  const said = `killed after ${first} of ${total} bytes, under way: ${JSON.stringify(underWay)}`;
  await engine.restart();
  try {
    const isThere = (await engine.docker('images', '-q', name)) !== '';
    if (!isThere) assert.notEqual(code, 0, 'the client was told of success');
    await assertConsistent(scene, isThere);
    const begin = front.blobBytes();
    await engine.docker('pull', '-q', name);
    const second = front.blobBytes() - begin;
    // the config is not counted before
    const most = Math.max(0, total - first) + slack * underWay.length + 10_000;
    assert.ok(second <= most, `${second} bytes came again, ${most} at most`);
    assert.equal(
      await engine.docker('run', '--rm', '--network', 'none', name, 'sha256sum', '/large-1', '/large-2'),
      sums,
    );
    await engine.docker('rmi', name);
    await assertEmpty(scene);
    return { inLargeLayer: underWay.some(({ size, sent }) => size >= large && sent > 0 && sent < size), late: isThere };
  } catch (error) {
    throw new Error(said, { cause: error });
  }
}

/** Milliseconds in which what was sent to its end may still lie in the buffers of sockets. */
const arriving = 1000;

/** Layers that were asked for and have not been sent to their end, or only just. */
function layersUnderWay({ front, sizes }: Scene, from: number) {
  return front.seen.slice(from).flatMap(({ path: asked, sent, ended = Date.now() }) => {
    const size = sizes.get(asked.split('/').at(-1) ?? '');
    if (size === undefined || !asked.includes('/blobs/')) return [];
    return sent < size || Date.now() - ended < arriving ? [{ size, sent }] : [];
  });
}

const partialOf = (digest: string) => createHash('sha256').update(`blob:${digest}`).digest('hex');
const rowsOf = (engine: TestEngine, query: string) => {
  const database = new DatabaseSync(path.join(engine.folders.dataRoot, 'beluga.db'), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
};

/** After the next start: what is there is whole, and belongs to something. */
async function assertConsistent({ engine, front, sizes }: Scene, isThere: boolean): Promise<void> {
  const { dataRoot } = engine.folders;
  const list = (folder: string) => readdirSync(path.join(dataRoot, folder)).sort();
  const blobs = list('content/blobs/sha256');
  for (const name of blobs) {
    const bytes = readFileSync(path.join(dataRoot, 'content/blobs/sha256', name));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), name, 'a blob is not what its name says');
  }
  if (!isThere) assert.deepEqual(blobs, [], 'blobs that nothing needs');
  assert.deepEqual(list('content/ingest'), []);
  // the config as well as the layers
  const asked = front.seen.filter((one) => one.path.includes('/blobs/'));
  const known = new Set(asked.map((one) => partialOf(one.path.split('/').at(-1) ?? '')));
  assert.deepEqual(
    list('content/partial').filter((name) => !known.has(name)),
    [],
    'parts of nothing',
  );
  const snapshots = rowsOf(engine, 'SELECT name, kind FROM snapshots');
  assert.deepEqual(list('snapshots/l'), snapshots.map(({ name }) => String(name)).sort(), 'directories and rows');
  assert.deepEqual(list('snapshots/w'), [], 'work directories');
  assert.equal(snapshots.length, isThere ? sizes.size : 0, 'snapshots');
  assert.deepEqual(rowsOf(engine, 'SELECT id FROM leases'), []);
  assert.deepEqual(rowsOf(engine, 'SELECT id FROM transfers'), []);
  await assertNothingLeft(engine);
}

async function assertNothingLeft({ folders, pid }: TestEngine): Promise<void> {
  await waitUntil(
    'everything removed is gone',
    () => readdirSync(path.join(folders.dataRoot, 'snapshots/r')).length === 0,
  );
  assert.deepEqual(readdirSync(folders.temp), [], 'temporary files');
  const own = [folders.dataRoot, folders.runRoot].sort();
  assert.deepEqual([...new Set(mountsBelow(folders.root, pid))].sort(), own, 'mounts');
}

async function assertEmpty({ engine }: Scene): Promise<void> {
  const folders = ['content/blobs/sha256', 'content/ingest', 'content/partial', 'snapshots/l', 'snapshots/w'];
  for (const folder of folders) assert.deepEqual(readdirSync(path.join(engine.folders.dataRoot, folder)), [], folder);
  await assertNothingLeft(engine);
}
