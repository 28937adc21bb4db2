import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { toEngineError } from '../../base/errors.ts';
import { fileTypes, makeNodeAt, setAttribute } from '../../base/libc-files.ts';
import { type TarFixture, tarBytes } from '../../testing/tar-bytes.ts';
import { createRootFiles, type RootFiles } from './root-files.ts';

let files: RootFiles;
let folder: string;
let root: number;
const at = (name: string) => path.join(folder, name);
before(() => {
  // as the engine's
  process.umask(0);
  files = createRootFiles();
});
after(() => files.close());
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-root-'));
  mkdirSync(at('root/etc'), { recursive: true });
  mkdirSync(at('root/t'));
  mkdirSync(at('outside'));
  root = openSync(at('root'), constants.O_RDONLY | constants.O_DIRECTORY);
});
afterEach(() => {
  closeSync(root);
  rmSync(folder, { recursive: true });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
const extract = (entries: readonly TarFixture[], destination = '/t', more: object = {}) =>
  files.extract({ root, destination, keepKinds: false, ...more }, one(tarBytes(entries)));
const outside = () => readdirSync(at('outside'));

test('links that are there and links of the archive lead into the root, wherever they point', async () => {
  // no directory of this computer: were they followed out of the root, nothing of it would be touched
  mkdirSync(at('root/only-inside'));
  symlinkSync(at('outside'), at('root/t/absolute'));
  symlinkSync('../../outside', at('root/t/upwards'));
  symlinkSync('/only-inside', at('root/t/inside'));
  await extract([
    { name: 'inside/a', content: 'a' },
    { name: 'made', type: '2', link: '/only-inside' },
    { name: 'made/c', content: 'c' },
    { name: 'loop', type: '2', link: 'loop' },
  ]);
  await assert.rejects(extract([{ name: 'absolute/x', content: 'x' }]), { code: 'not-found' });
  await assert.rejects(extract([{ name: 'upwards/x', content: 'x' }]), { code: 'not-found' });
  await assert.rejects(extract([{ name: 'loop/x', content: 'x' }]), { code: 'invalid' });
  assert.deepEqual(readdirSync(at('root/only-inside')), ['a', 'c']);
  assert.deepEqual(outside(), []);
});

test('names that lead out, damaged archives and nodes that cannot be are refused, in words', async () => {
  const cases: readonly (readonly [entry: TarFixture, words: RegExp])[] = [
    [{ name: '../x' }, /^"\.\.\/x" is outside of "\/t"$/],
    [{ name: 'a/../../x' }, /is outside of "\/t"$/],
    [{ name: 'h', type: '1', link: '../../outside/x' }, /^invalid hardlink /],
    [{ name: 'h', type: '1', link: 'none' }, /no such file or directory$/],
    [{ name: 'd', type: '3', device: { major: 99999, minor: 1 } }, /cannot be/],
    [{ name: 's', type: '2', link: '' }, /cannot be/],
    [{ name: 'n', content: 'x', size: 100_000 }, /^unexpected EOF$/],
  ];
  for (const [entry, words] of cases) {
    await assert.rejects(extract([entry]), (error) => {
      const { message, code } = toEngineError(error);
      assert.match(message, words);
      return code === 'invalid' || code === 'not-found';
    });
  }
  await assert.rejects(files.extract({ root, destination: '/t', keepKinds: false }, one(Buffer.alloc(1024, 65))), {
    code: 'invalid',
  });
  assert.deepEqual(readdirSync(at('root/t')), [], 'half a file is taken away');
});

test('nothing is written through a link or a FIFO that has the name of a file', async () => {
  writeFileSync(at('outside/victim'), 'kept');
  symlinkSync(at('outside/victim'), at('root/t/link'));
  makeNodeAt(root, 't/fifo', fileTypes.fifo | 0o644, 0, 0);
  await extract([
    { name: 'link', content: 'new' },
    { name: 'fifo', content: 'new' },
  ]);
  assert.equal(readFileSync(at('outside/victim'), 'utf8'), 'kept');
  assert.ok(lstatSync(at('root/t/link')).isFile() && lstatSync(at('root/t/fifo')).isFile());
});

test('a directory that somebody swaps for a link all the time never leads out', async () => {
  const swaps = `cd ${at('root/t')}; while :; do mkdir d 2>/dev/null; rm -rf d; ln -s ${at('outside')} d; rm -f d; done`;
  const swapping = spawn('sh', ['-c', swaps]);
  try {
    for (let round = 0; round < 30; round++) {
      const entries = Array.from({ length: 20 }, (_, index) => ({ name: `d/e${index}/f`, content: 'x' }));
      // it may find a link, or nothing
      await extract(entries).catch(() => {});
      await files.stat(root, '/t/d/e0').catch(() => {});
    }
  } finally {
    const ended = once(swapping, 'exit');
    swapping.kill('SIGKILL');
    await ended;
  }
  assert.deepEqual(outside(), []);
});

test('changes of a copy are found by comparing, and packed as a layer', async () => {
  mkdirSync(at('old/sub'), { recursive: true });
  for (const name of ['same', 'gone', 'sub/changed']) writeFileSync(at(`old/${name}`), 'old');
  execFileSync('cp', ['-a', `${at('old')}/.`, at('root')]);
  rmSync(at('root/gone'));
  writeFileSync(at('root/sub/changed'), 'longer');
  writeFileSync(at('root/etc/hosts'), '');
  symlinkSync('/etc', at('root/t/link'));
  const changes = await files.changes({
    directory: at('root'),
    beneath: { copied: at('old') },
    made: ['etc', 'etc/hosts'],
  });
  const told = changes.map(({ path: name, kind }) => `${kind} ${name}`);
  assert.deepEqual(told, ['modified sub/changed', 'added t', 'added t/link', 'deleted gone']);
  writeFileSync(at('layer'), '');
  const { digest, size } = await files.pack({ root, changes, file: at('layer') });
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.equal(readFileSync(at('layer')).length, size);
  const names = execFileSync('tar', ['-tf', at('layer')])
    .toString()
    .trim()
    .split('\n');
  assert.deepEqual(names, ['sub/changed', 't/', 't/link', '.wh.gone']);
});

test('changes of an overlay: whiteouts, opaque directories, files in the place of directories', async () => {
  for (const name of ['opaque/old', 'opaque/kept', 'file-now/in', 'plain/in']) {
    mkdirSync(path.dirname(at(`lower/${name}`)), { recursive: true });
    writeFileSync(at(`lower/${name}`), '');
  }
  mkdirSync(at('nearer/plain'), { recursive: true });
  writeFileSync(at('nearer/plain/more'), '');
  execFileSync('mknod', [at('nearer/plain/in'), 'c', '0', '0']);
  for (const name of ['opaque', 'plain']) mkdirSync(at(`root/${name}`));
  const opaque = openSync(at('root/opaque'), constants.O_RDONLY);
  setAttribute(opaque, 'trusted.overlay.opaque', Buffer.from('y'));
  closeSync(opaque);
  writeFileSync(at('root/opaque/kept'), 'new');
  writeFileSync(at('root/file-now'), '');
  for (const name of ['plain/more', 'plain/in', 'nothing']) execFileSync('mknod', [at(`root/${name}`), 'c', '0', '0']);
  const found = await files.changes({
    directory: at('root'),
    beneath: { layers: [at('nearer'), at('lower')] },
    made: ['etc'],
  });
  assert.deepEqual(
    found.map(({ path: name, kind }) => `${kind} ${name}`),
    [
      'modified file-now',
      'modified opaque',
      // an opaque directory has its own files only, and hides the rest; what has the name of a hidden one is a change of it
      'modified opaque/kept',
      'deleted opaque/old',
      'modified plain',
      // what was hidden already is no deletion
      'deleted plain/more',
      'added t',
    ],
  );
  assert.ok(!existsSync(at('root/none')));
});
