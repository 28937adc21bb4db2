import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { dockerArchive, type Entry, ociArchive, sampleArchive, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { filesOfDataRoot } from './data-root-files.ts';

let engine: TestEngine;
/** A folder of the host that hostile layers aim at. */
let target: string;
let empty: string[];
before(async () => {
  target = mkdtempSync(path.join(tmpdir(), 'beluga-target-'));
  writeFileSync(path.join(target, 'kept'), 'kept');
  engine = await startEngine();
  empty = filesOfDataRoot(engine.folders.dataRoot);
});
after(async () => {
  rmSync(target, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

const docker = (...args: string[]) => engine.docker(...args);

/** Loads what must be refused: one sentence that matches, no image, no file more than before, the target untouched. */
async function refused(archive: Buffer, words: RegExp): Promise<void> {
  const { stdout, stderr } = await engine.docker.run(['load'], { input: archive, exits: 1 });
  assert.match(stderr, words);
  assert.doesNotMatch(stdout, /Loaded image/);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.equal(await docker('images', '-aq'), '');
  await waitUntil(
    'nothing of it is left on the disk',
    () => filesOfDataRoot(engine.folders.dataRoot).length <= empty.length,
  );
  assert.deepEqual(filesOfDataRoot(engine.folders.dataRoot), empty);
  assert.deepEqual(readdirSync(target), ['kept']);
  assert.equal(readFileSync(path.join(target, 'kept'), 'utf8'), 'kept');
}

const hostile = async (entries: Entry[]) =>
  dockerArchive({ name: 'fixture/hostile:1', layers: [await sampleLayer(), await tarOf(entries)] });

test('what is not an image: noise, text, nothing, an archive of something else', async () => {
  const notAnImage = /not an image|no image|invalid|unrecognized|archive/i;
  await refused(randomBytes(200_000), notAnImage);
  await refused(Buffer.from('Dear engine, this is a letter.\n'), notAnImage);
  await refused(Buffer.alloc(0), notAnImage);
  await refused(await tarOf([{ name: 'holiday.txt', content: 'sun' }]), notAnImage);
  await refused(gzipSync(Buffer.from('compressed letter')), notAnImage);
  await refused(await tarOf([{ name: 'manifest.json', content: '{"not": "a list"}' }]), notAnImage);
  await refused(
    await tarOf([{ name: 'manifest.json', content: '[{"Config": "../../../etc/passwd", "Layers": []}]' }]),
    /./,
  );
});

test('an archive that ends too early, plain and compressed', async () => {
  const whole = readFileSync(sampleArchive());
  await refused(whole.subarray(0, Math.floor(whole.length / 2)), /truncated|ends too early|unexpected end|incomplete/i);
  await refused(whole.subarray(0, 700), /truncated|ends too early|unexpected end|incomplete|not an image/i);
  const zipped = gzipSync(whole, { level: 1 });
  await refused(
    zipped.subarray(0, Math.floor(zipped.length / 2)),
    /truncated|ends too early|unexpected end|incomplete/i,
  );
});

test('a config that names a file the archive does not have', async () => {
  await refused(
    await tarOf([{ name: 'manifest.json', content: '[{"Config":"gone.json","RepoTags":["a:1"],"Layers":[]}]' }]),
    /gone\.json|missing|not an image/i,
  );
});

test('content that does not match its digest, wherever it is', async () => {
  const parts = { name: 'fixture/damaged:1', layers: [await sampleLayer()] };
  for (const role of ['layer', 'config', 'manifest']) {
    const damage = (bytes: Buffer, of: string) => {
      if (of !== role) return bytes;
      const copy = Buffer.from(bytes);
      const at = role === 'layer' ? 600_000 : copy.indexOf('{') + 2;
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    await refused(await ociArchive(parts, { damage }), /expected sha256:[0-9a-f]{64}, got sha256:/);
  }
  const diffIds = [`sha256:${'0'.repeat(64)}`];
  await refused(await dockerArchive({ ...parts, diffIds }), /expected layer sha256:0{64}, got sha256:/);
});

/** By title; `goal` is the folder they aim at. */
const escapes = (goal: string): Record<string, Entry[]> => {
  const up = '../'.repeat(12);
  const out = goal.slice(1);
  return {
    'a name that leaves by ..': [{ name: `${up}${out}/escaped`, content: 'x' }],
    'a name that leaves from further down': [{ name: `bin/../../${up}${out}/escaped`, content: 'x' }],
    'a folder outside': [{ name: `${up}${out}/folder/`, type: 'directory' }],
    'a symlink placed outside': [{ name: `${up}${out}/link`, type: 'symlink', linkname: '/etc/passwd' }],
    'a hardlink to a file outside': [{ name: 'stolen', type: 'link', linkname: `${up}${out}/kept` }],
    'a write through a symlink that leads outside': [
      { name: 'way', type: 'symlink', linkname: `${up}${out}` },
      { name: 'way/escaped', content: 'x' },
    ],
    'a write through two symlinks': [
      { name: 'one', type: 'symlink', linkname: '..' },
      { name: 'two', type: 'symlink', linkname: `one/${up}${out}` },
      { name: 'two/escaped', content: 'x' },
    ],
    'a hardlink through a symlink that leads outside': [
      { name: 'way', type: 'symlink', linkname: `${up}${out}` },
      { name: 'stolen', type: 'link', linkname: 'way/kept' },
    ],
    'a whiteout of a file outside': [{ name: `${up}${out}/.wh.kept`, content: '' }],
    'a whiteout through a symlink that leads outside': [
      { name: 'way', type: 'symlink', linkname: `${up}${out}` },
      { name: 'way/.wh.kept', content: '' },
    ],
  };
};
for (const title of Object.keys(escapes('/unused'))) {
  test(`a layer with ${title} is refused`, async () => {
    await refused(await hostile(escapes(target)[title] ?? []), /outside|escape|breakout|leaves/i);
  });
}

test('a symlink of a lower layer does not lead an upper one outside', async () => {
  const out = target.slice(1);
  const lower = await tarOf([{ name: 'way', type: 'symlink', linkname: `${'../'.repeat(12)}${out}` }]);
  const upper = await tarOf([{ name: 'way/escaped', content: 'x' }]);
  const layers = [await sampleLayer(), lower, upper];
  await refused(await dockerArchive({ name: 'fixture/hostile:1', layers }), /outside|escape|breakout|leaves/i);
});

test('a write through an absolute symlink stays in the image', async () => {
  const archive = await hostile([
    { name: 'way', type: 'symlink', linkname: target },
    { name: 'way/escaped', content: 'x' },
  ]);
  await engine.docker.run(['load'], { input: archive, exits: 'any' });
  assert.deepEqual(readdirSync(target), ['kept']);
  const images = (await docker('images', '-aq')).split('\n').filter(Boolean);
  if (images.length > 0) await docker('rmi', '-f', ...images);
});

test('absolute names are of the layer’s root, absolute symlinks keep their target', async () => {
  const archive = await hostile([
    { name: '/absolute/', type: 'directory' },
    { name: '/absolute/name', content: 'inside\n' },
    { name: './dotted', content: 'dotted\n' },
    { name: 'to', type: 'symlink', linkname: '/absolute/name' },
    { name: 'hard', type: 'link', linkname: '/absolute/name' },
  ]);
  await engine.docker.run(['load'], { input: archive });
  const script = 'cat /absolute/name /dotted /to /hard; readlink /to';
  assert.equal(
    await docker('run', '--rm', 'fixture/hostile:1', 'sh', '-c', script),
    'inside\ndotted\ninside\ninside\n/absolute/name',
  );
  assert.ok(!existsSync('/absolute'));
  await waitUntil('the container is removed', async () => (await docker('ps', '-aq')) === '');
  await docker('rmi', 'fixture/hostile:1');
  await waitUntil('the image’s files are gone', () => filesOfDataRoot(engine.folders.dataRoot).length <= empty.length);
});

test('names in the outer archive that leave it are written nowhere', async () => {
  const archive = await tarOf([{ name: `${'../'.repeat(12)}${target.slice(1)}/escaped`, content: 'x' }]);
  await refused(archive, /./);
});

test('two names that share content: one removed, the other whole', async () => {
  const layers = [await sampleLayer()];
  await engine.docker.run(['load'], {
    input: await dockerArchive({ name: 'share/a:1', layers, config: { Env: ['A=a'] } }),
  });
  await engine.docker.run(['load'], {
    input: await dockerArchive({ name: 'share/b:1', layers, config: { Env: ['A=b'] } }),
  });
  await docker('rmi', 'share/a:1');
  assert.equal(await docker('run', '--rm', 'share/b:1', 'sh', '-c', 'echo $A'), 'b');
  await waitUntil('the container is removed', async () => (await docker('ps', '-aq')) === '');
  await docker('rmi', 'share/b:1');
  await waitUntil('all files are gone', () => filesOfDataRoot(engine.folders.dataRoot).length <= empty.length);
});
