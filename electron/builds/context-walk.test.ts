import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import tar from 'tar-stream';
import { createBuildFolders } from './build-folders.ts';
import { packContext } from './context-tar.ts';
import { walkContext } from './context-walk.ts';

let folder: string;
const write = (name: string, text = name) => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-walk-'));
  for (const name of [
    'Dockerfile',
    'a.txt',
    'src/b.ts',
    'src/b.log',
    'node_modules/x/y.js',
    'kept/keep.me',
    'kept/no.me',
  ])
    write(name);
  write('.dockerignore', '# comment\nnode_modules\n**/*.log\nkept/*\n!kept/keep.me\nDockerfile\n');
  symlinkSync('/etc/passwd', path.join(folder, 'out'));
  symlinkSync('/etc', path.join(folder, 'folder-out'));
});
after(() => rmSync(folder, { recursive: true }));

const options = (leaveOut: string[] = []) => ({ folder, dockerfile: 'Dockerfile', leaveOut });
const never = new AbortController().signal;

async function packed(): Promise<Map<string, { type: string; text: string }>> {
  const extract = Readable.from(packContext(options(), never)).pipe(tar.extract());
  const found = new Map<string, { type: string; text: string }>();
  for await (const entry of extract) {
    let text = '';
    for await (const chunk of entry) text += String(chunk);
    found.set(entry.header.name, { type: entry.header.type ?? '', text: entry.header.linkname ?? text });
  }
  return found;
}

test('what is sent: not what .dockerignore says, but the Dockerfile always; links as links, never what they lead to', async () => {
  const found = await packed();
  assert.deepEqual([...found.keys()].sort(), [
    '.dockerignore',
    'Dockerfile',
    'a.txt',
    'folder-out',
    'kept/',
    'kept/keep.me',
    'out',
    'src/',
    'src/b.ts',
  ]);
  assert.deepEqual(found.get('out'), { type: 'symlink', text: '/etc/passwd' });
  assert.deepEqual(found.get('src/b.ts'), { type: 'file', text: 'src/b.ts' });
});

test('a file that cannot be read fails the build by its name', { skip: process.platform === 'win32' }, async () => {
  write('src/locked');
  chmodSync(path.join(folder, 'src/locked'), 0);
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, 0o755);
  // root may read everything
  if (isRoot) process.seteuid?.(65_534);
  try {
    const all = async () => {
      for await (const _ of walkContext(options()));
    };
    const failure = { code: 'invalid', reason: 'build.file-unreadable', params: { file: 'src/locked' } };
    // access(2) asks for the real user, open(2) for the effective one
    const pack = async () => {
      for await (const _ of packContext(options(), never));
    };
    const look = isRoot ? pack : all;
    await assert.rejects(look(), failure);
  } finally {
    if (isRoot) process.seteuid?.(0);
    rmSync(path.join(folder, 'src/locked'));
  }
});

test('only folders that were chosen are read; large ones that are seldom meant are named', async () => {
  const folders = createBuildFolders();
  await assert.rejects(folders.look(folder, []), { reason: 'build.folder-unknown' });
  assert.equal(await folders.grant(path.join(folder, 'a.txt')), undefined);
  const granted = (await folders.grant(folder)) ?? '';
  write('src/.git/pack', 'x'.repeat(10_000_001));
  const look = await folders.look(granted, []);
  assert.deepEqual(look.large, [{ path: 'src/.git', bytes: 10_000_001, files: 1 }]);
  assert.deepEqual((await folders.look(granted, ['src/.git'])).large, []);
  write(
    'Dockerfile',
    'ARG A=1\nFROM x AS one\nARG B\nFROM --platform=linux/arm64 y \\\n  AS two\nCOPY --from=one / /\n',
  );
  assert.deepEqual(await folders.offers(granted, 'Dockerfile'), {
    stages: ['one', 'two'],
    arguments: [{ name: 'A', value: '1' }, { name: 'B' }],
  });
  await assert.rejects(folders.offers(granted, '../../etc/passwd'), { code: 'forbidden' });
});
