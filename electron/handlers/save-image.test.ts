import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ImageCalls } from '../../engine/compose/docker-host.ts';
import { HostError } from '../hosts/host-error.ts';
import { fileNameOf, saveImages } from './save-image.ts';

const never = new AbortController().signal;

function scene(t: TestContext, save: () => AsyncIterable<Uint8Array>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-save-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'a.tar');
  const images = { save } as unknown as ImageCalls;
  return { file, sources: { images, chooseNewFile: async () => file } };
}

const big = new Uint8Array(3 << 20).fill(7);

test('the archive is written whole, with word of how far it is', async (t) => {
  const { file, sources } = scene(t, async function* () {
    yield big;
    yield Buffer.from('end');
  });
  const told = [];
  for await (const word of saveImages(sources, ['a:1'], never)) told.push(word);
  assert.deepEqual(told, [
    { type: 'file', path: file },
    { type: 'written', bytes: big.length },
    { type: 'written', bytes: big.length + 3 },
  ]);
  assert.equal(readFileSync(file).length, big.length + 3);
  assert.equal(existsSync(`${file}.part`), false);
});

test('a save that fails or is left keeps what was there before, and nothing of its own', async (t) => {
  const { file, sources } = scene(t, async function* () {
    yield big;
    throw new HostError('unavailable', 'lost');
  });
  writeFileSync(file, 'before');
  const words = saveImages(sources, ['a:1'], never);
  await assert.rejects(async () => {
    for await (const _ of words);
  }, /lost/);
  for await (const { type } of saveImages(sources, ['a:1'], never)) if (type === 'written') break;
  assert.equal(readFileSync(file, 'utf8'), 'before');
  assert.equal(existsSync(`${file}.part`), false);
});

test('a file that cannot be written is told with the cause; no choice is no failure', async (t) => {
  const { sources } = scene(t, async function* () {
    yield big;
  });
  const nowhere = { ...sources, chooseNewFile: async () => '/nowhere/at/all.tar' };
  await assert.rejects(
    async () => {
      for await (const _ of saveImages(nowhere, ['a:1'], never));
    },
    { code: 'internal', message: /ENOENT/ },
  );
  const told = [];
  for await (const word of saveImages({ ...sources, chooseNewFile: async () => undefined }, ['a'], never))
    told.push(word);
  assert.deepEqual(told, [{ type: 'none' }]);
});

test('a file is named after its image', () => {
  assert.equal(fileNameOf('127.0.0.1:5000/team/web:1.2'), 'web_1.2.tar');
  assert.equal(fileNameOf('node@sha256:00'), 'node.tar');
  assert.equal(fileNameOf(`sha256:${'a'.repeat(64)}`), `${'a'.repeat(64)}.tar`);
});
