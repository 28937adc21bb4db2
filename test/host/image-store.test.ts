import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { EngineError } from '../../engine/base/errors.ts';
import { attributesAt } from '../../engine/base/libc-files.ts';
import { createMounter } from '../../engine/drivers/mounts/mounter.ts';
import { dockerArchive } from '../../engine/testing/image-archives.ts';
import { tarBytes } from '../../engine/testing/tar-bytes.ts';
import { openImageStore } from './image-store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-image-store-'));
const mounter = createMounter({ runRoot: path.join(directory, 'run') });
after(async () => {
  await mounter.unmount(directory);
  rmSync(directory, { recursive: true });
});

const lower = tarBytes([
  { name: 'd/', type: '5' },
  { name: 'd/file', content: 'x'.repeat(5000) },
]);
const upper = tarBytes([{ name: 'd/.wh.file' }, { name: 'e', content: 'y' }]);
const archive = dockerArchive([
  { layers: [lower, upper], names: ['crash/a:1'] },
  { layers: [lower], names: ['crash/b:1'] },
]);

/** Each step costs a process: all of them in the long round, every third otherwise. */
const stride = process.env.BELUGA_TEST_LONG === '1' ? 1 : 3;

async function dieAt(root: string, file: string, step: number): Promise<NodeJS.Signals | null> {
  const program = path.join(import.meta.dirname, 'load-and-die.ts');
  const child = spawn(process.execPath, [program, root, file, String(step)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0);
  return signal;
}

test('killed at any step of a load: nothing of it is there, or all, and the next load works', async () => {
  const file = path.join(directory, 'archive.tar');
  writeFileSync(file, archive);
  let step = 1;
  let whole = 0;
  for (; ; step += stride) {
    const root = path.join(directory, `crash-${step}`);
    const signal = await dieAt(root, file, step);
    const store = await openImageStore({ root });
    const names = (await store.images.list()).flatMap((image) => image.repoTags).sort();
    if (names.length === 0) assert.deepEqual(store.left(), [], `died at step ${step}`);
    else {
      assert.deepEqual(names, ['crash/a:1', 'crash/b:1'], `died at step ${step}`);
      whole += 1;
    }
    assert.deepEqual(await store.load(archive), ['crash/a:1', 'crash/b:1']);
    for (const image of await store.images.list()) await store.images.remove(image.id);
    assert.deepEqual(store.left(), ['a row of events']);
    await store.close();
    rmSync(root, { recursive: true });
    if (signal === null) break;
  }
  assert.ok(step > 20, `${step} steps`);
  assert.ok(whole >= 1);
});

test('a full disk: one sentence, nothing left, and it works again with room', async () => {
  const root = path.join(directory, 'full');
  mkdirSync(root);
  await mounter.mount([{ type: 'tmpfs', source: 'tmpfs', options: ['size=24m'] }], root);
  const full = (error: unknown) =>
    error instanceof EngineError &&
    error.reason === 'storage.disk-full' &&
    /^no space left on device: /.test(error.message);
  const big = (bytes: number) =>
    dockerArchive([{ layers: [tarBytes([{ name: 'big', content: Buffer.alloc(bytes, 1) }])], names: ['full/x:1'] }]);
  const room = () => {
    const { bfree, bsize } = statfsSync(root);
    return bfree * bsize;
  };
  try {
    const store = await openImageStore({ root });
    const before = room();
    // while the archive is stored, and while its layer is unpacked
    for (const size of [30 << 20, 16 << 20]) {
      await assert.rejects(store.load(big(size)), full);
      assert.deepEqual(store.left(), []);
      assert.deepEqual(await store.images.list(), []);
    }
    await store.close();
    assert.ok(room() > before - (1 << 20), `${before - room()} bytes are lost`);
    const again = await openImageStore({ root });
    assert.deepEqual(await again.load(big(4 << 20)), ['full/x:1']);
    await again.close();
  } finally {
    await mounter.unmount(root);
  }
});

test('attributes and devices reach the layer, those of overlay itself do not', async () => {
  const root = path.join(directory, 'attributes');
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  const layer = tarBytes([
    {
      name: 'ping',
      uid: 3,
      content: 'x',
      pax: {
        'SCHILY.xattr.security.capability': capability,
        'SCHILY.xattr.user.note': 'n',
        'SCHILY.xattr.trusted.overlay.opaque': 'y',
      },
    },
    {
      name: 'd/',
      type: '5',
      pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.user.overlay.opaque': 'y' },
    },
    { name: 'd/null', type: '3', mode: 0o666, device: { major: 1, minor: 3 } },
  ]);
  const store = await openImageStore({ root });
  try {
    await store.load(dockerArchive([{ layers: [layer], names: ['fix/attributes:1'] }]));
    const [name = ''] = readdirSync(path.join(root, 'snapshots/l'));
    const opened = openSync(path.join(root, 'snapshots/l', name), 'r');
    const found = attributesAt(opened, 'ping').map((attribute) => [
      attribute.name,
      Buffer.from(attribute.value).toString('hex'),
    ]);
    assert.deepEqual(found.sort(), [
      ['security.capability', capability.toString('hex')],
      ['user.note', Buffer.from('n').toString('hex')],
    ]);
    assert.deepEqual(attributesAt(opened, 'd'), []);
    closeSync(opened);
  } finally {
    await store.close();
  }
});
