import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BelugaDisk, BelugaPrunePreview } from '../../engine/http/extension-types.ts';
import { getJson, startEngine, type TestEngine } from '../engine-fixture.ts';
import { type ClientScene, openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { pushImage } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { type Entry, filesOf, ociArchive, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
let registry: RegistryProcess;
let front: Front;
let client: ClientScene;
before(async () => {
  registry = await startRegistry();
  front = await startFront(registry.host);
  client = openClient({ address: registry.host });
  engine = await startEngine();
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  client[Symbol.dispose]();
  await front[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

const docker = (...args: string[]) => engine.docker(...args);
const below = (...names: string[]) => path.join(engine.folders.dataRoot, ...names);
const du = (...paths: string[]) =>
  execFileSync('du', ['--block-size=1', '-s', ...paths], { encoding: 'utf8' })
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split('\t')[0] || 0), 0);
/** What was removed is deleted in the background. */
const settled = () => waitUntil('removed layers are deleted', () => readdirSync(below('snapshots/r')).length === 0);
const within = (found: number, expected: number, share: number) =>
  assert.ok(Math.abs(found - expected) <= expected * share, `${found} instead of ${expected}`);

/** Many small files, whose blocks are more than their bytes, and names of the same ones. */
function manyFiles(folder: string, count: number, bytes: number): Entry[] {
  const noise = randomBytes(count * bytes);
  return Array.from({ length: count }, (_, index): Entry[] => {
    const name = `${folder}/${index % 40}/${index}`;
    const content = noise.subarray(index * bytes, (index + 1) * bytes);
    return index % 10 === 0
      ? [
          { name, content },
          { name: `${name}.link`, type: 'link', linkname: name },
        ]
      : [{ name, content }];
  }).flat();
}

async function load(name: string, layers: readonly Buffer[]): Promise<string> {
  const compress = (bytes: Buffer) => gzipSync(bytes, { level: 1 });
  const archive = await ociArchive({ name, layers, config: { Cmd: ['true'], Env: [`NAME=${name}`] } }, { compress });
  await engine.docker.run(['load', '-q'], { input: archive });
  return docker('image', 'inspect', '-f', '{{.Id}}', name);
}

test('what the preview promises is free after the prune, by du, within 1%', async () => {
  const shared = await tarOf([{ name: 'shared', content: randomBytes(5_000_000) }]);
  const kept = await load('fixture/kept:1', [await sampleLayer(), shared]);
  await load('fixture/small-files:1', [await sampleLayer(), shared, await tarOf(manyFiles('many', 4000, 700))]);
  await load('fixture/large:1', [await tarOf([{ name: 'large', content: randomBytes(40_000_000) }])]);
  const container = await docker('create', '--network', 'none', 'fixture/kept:1', 'true');
  const filters = encodeURIComponent(JSON.stringify({ dangling: ['false'] }));
  const preview = await getJson<BelugaPrunePreview>(engine.folders.socket, `/beluga/images/prune?filters=${filters}`);
  assert.deepEqual(preview.images.flatMap(({ tags }) => tags).sort(), ['fixture/large:1', 'fixture/small-files:1']);
  await settled();
  const before = du(engine.folders.dataRoot);
  const said = await docker('image', 'prune', '-af');
  await settled();
  within(before - du(engine.folders.dataRoot), preview.freed, 0.01);
  // Docker counts what files hold, not their blocks, and not what came
  assert.match(said, /Total reclaimed space: 42\.8MB/);
  assert.ok(preview.freed > 2 * 42_800_000, String(preview.freed));
  assert.deepEqual(await docker('images', '-q', '--no-trunc'), kept);
  assert.equal(await docker('start', '-a', container), '');
  await docker('rm', container);
  await docker('rmi', 'fixture/kept:1');
});

test('what is allocated: layers, blobs, what containers wrote, their logs, what is not whole', async () => {
  await load('fixture/disk:1', [await sampleLayer(), await tarOf(manyFiles('disk', 500, 3000))]);
  const empty = await getJson<BelugaDisk>(engine.folders.socket, '/beluga/disk');
  const write = 'dd if=/dev/zero of=/written bs=1000000 count=20 2>/dev/null; yes 0123456789abcdef | head -n 200000';
  await docker('run', '--network', 'none', '--name', 'writer', 'fixture/disk:1', 'sh', '-c', write);
  const disk = await getJson<BelugaDisk>(engine.folders.socket, '/beluga/disk');
  assert.equal(disk.layers, empty.layers);
  within(disk.containers, 20_000_000, 0.01);
  within(disk.logs, du(below('containers')), 0.01);
  assert.ok(disk.logs > 200_000 * 17);
  assert.equal(disk.partial, 0);
  const all = disk.layers + disk.blobs + disk.containers + disk.logs;
  within(all, du(below('snapshots'), below('content'), below('containers')), 0.01);
  await docker('rm', 'writer');
  await settled();
  assert.ok((await getJson<BelugaDisk>(engine.folders.socket, '/beluga/disk')).containers === 0);
  await docker('rmi', 'fixture/disk:1');
});

test('a prune while a pull stands in the middle: nothing that it needs goes, and it ends well', async () => {
  const common = { tar: await tarOf([{ name: 'common', content: randomBytes(500_000) }]) };
  const base = { tar: await sampleLayer() };
  const last = { tar: await tarOf([{ name: 'last', content: randomBytes(3_000_000) }]) };
  await pushImage(client.at('team/one'), '1', [base, common]);
  await pushImage(client.at('team/two'), '1', [base, common, last], { config: { Cmd: ['cat', '/common'] } });
  await docker('pull', '-q', `${front.host}/team/one:1`);
  front.speed = 400_000;
  const pull = engine.docker.start(['pull', `${front.host}/team/two:1`]);
  // its lower layers are there already, its upper one is on the way, and no image has the name
  await waitUntil('the last layer is coming', () => readdirSync(below('content/partial')).length > 0);
  const said = await docker('image', 'prune', '-af');
  assert.match(said, /untagged: .*team\/one:1/);
  assert.equal(await docker('images', '-q'), '');
  assert.match(said, /Total reclaimed space: 0B/);
  front.speed = 0;
  const { code, stderr } = await pull.ended;
  assert.equal(code, 0, stderr);
  const content = execFileSync('tar', ['-xO', 'common'], { input: common.tar });
  const { stdout } = await engine.docker.run([
    'run',
    '--rm',
    '--network',
    'none',
    `${front.host}/team/two:1`,
    'sh',
    '-c',
    'md5sum < /common',
  ]);
  assert.equal(stdout.split(' ')[0], execFileSync('md5sum', { input: content }).toString().split(' ')[0]);
  await docker('image', 'prune', '-af');
  await settled();
  assert.deepEqual(readdirSync(below('content/blobs/sha256')), []);
  assert.deepEqual(readdirSync(below('snapshots/l')), []);
});

/** GET of an archive, of which nothing is read before `resume`. */
function startSave(name: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http
      .get(
        { socketPath: engine.folders.socket, path: `/images/get?names=${encodeURIComponent(name)}`, agent: false },
        resolve,
      )
      .on('error', reject);
  });
}

const residentBytes = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1]) * 1024;
const blobs = () => readdirSync(below('content/blobs/sha256')).length;
const openBlobs = () =>
  readdirSync(`/proc/${engine.pid}/fd`).filter((fd) => {
    const { stdout } = {
      stdout: execFileSync('readlink', [`/proc/${engine.pid}/fd/${fd}`], { encoding: 'utf8', stdio: 'pipe' }),
    };
    return stdout.includes('/content/blobs/');
  }).length;

test('a save keeps what it reads though the image goes, in a bounded memory; one that is left leaves nothing', async () => {
  await load('fixture/long:1', [
    await sampleLayer(),
    await tarOf([{ name: 'long', content: randomBytes(70_000_000) }]),
  ]);
  const count = blobs();
  const before = residentBytes();
  const slow = await startSave('fixture/long:1');
  await docker('rmi', 'fixture/long:1');
  assert.equal(blobs(), count);
  await waitUntil('it waits for its reader', () => openBlobs() > 0);
  assert.ok(residentBytes() < before + 60_000_000, `${residentBytes()} after ${before}`);
  const files = await filesOf(Readable.from([await buffer(slow)]));
  assert.ok([...files.keys()].includes('manifest.json'));
  await waitUntil('what it read is freed', () => blobs() === 0);

  await load('fixture/left:1', [await tarOf([{ name: 'left', content: randomBytes(40_000_000) }])]);
  const left = await startSave('fixture/left:1');
  await docker('rmi', 'fixture/left:1');
  assert.ok(blobs() > 0);
  left.destroy();
  await waitUntil('a save that was left lets go', () => blobs() === 0);
  assert.equal(openBlobs(), 0);
});
