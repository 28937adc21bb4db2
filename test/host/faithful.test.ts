import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { attributesAt } from '../../engine/base/libc-files.ts';
import { tarBytes } from '../../engine/testing/tar-bytes.ts';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { dockerArchive, sampleLayer } from '../sample.ts';

let engine: TestEngine;
const folder = mkdtempSync(path.join(tmpdir(), 'beluga-faithful-'));
before(async () => {
  engine = await startEngine();
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(program, args);
  assert.equal(code, 0, `${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** A tree with everything that a layer can have; made by the system's own programs. */
async function makeTree(tree: string): Promise<void> {
  const long = `${'long-name-'.repeat(15)}x`;
  const script = `
    set -e; cd "$1"; umask 022
    mkdir -p x/plain x/sticky x/setgid x/closed "x/${long}/${long}"
    echo content > x/plain/file; echo deep > "x/${long}/${long}/file"; : > x/plain/empty
    echo setuid > x/setuid; chown 33:44 x/setuid; chmod 6755 x/setuid
    chmod 1777 x/sticky; chown 1:2 x/setgid; chmod 2750 x/setgid; echo in > x/closed/in; chmod 0500 x/closed
    echo owned > x/owned; chown 1234567:7654321 x/owned; chmod 0640 x/owned
    ln x/plain/file x/hard; ln x/plain/file x/closed/hard2
    ln -s plain/file x/relative; ln -s /etc/passwd x/absolute; ln -s nowhere/at/all x/dangling; ln -s "$(printf 't%.0s' $(seq 300))" x/far
    chown -h 5:6 x/relative
    mkfifo -m 0622 x/fifo; mknod -m 0666 x/null c 1 3; mknod -m 0640 x/disk b 259 70000
    cp /bin/true x/capable; setcap cap_net_raw+ep x/capable 2>/dev/null || python3 -c 'import os,sys; os.setxattr("x/capable","security.capability",bytes.fromhex("0100000200200000000000000000000000000000"))'
    python3 -c 'import os; os.setxattr("x/owned","user.note",b"\\x00\\xff binary"); os.setxattr("x/plain","user.of-folder",b"yes"); os.setxattr("x/null","trusted.of-device",b"1",follow_symlinks=False)'
    truncate -s 3M x/holes; printf begin | dd of=x/holes conv=notrunc status=none; printf middle | dd of=x/holes bs=1 seek=1500000 conv=notrunc status=none
    truncate -s 1M x/all-hole
    printf 'name of bytes' > "$(printf 'x/bytes-\\303\\244-\\377')"
    find x -exec touch -h -d '2001-02-03 04:05:06.123456789' {} +
    touch -d '1969-12-31 23:00:00' x/plain/empty; touch -d '2040-01-01' x/setuid; touch -h -d '2011-11-11 11:11:11' x/relative
    touch -d '2005-05-05 05:05:05.5' x/plain x/sticky x/closed x`;
  await run('bash', '-c', script, 'bash', tree);
}

/** All that can be seen of what lies below, by path; hard links by the first of their names. */
function seen(root: string): Record<string, unknown> {
  const inodes = new Map<string, string>();
  const found: Record<string, unknown> = {};
  const directory = openSync(root, 'r');
  const visit = (name: Buffer) => {
    const file = Buffer.concat([Buffer.from(`${root}/`), name]);
    const status = lstatSync(file, { bigint: true });
    const { mode, uid, gid, mtimeNs, rdev, ino, nlink } = status;
    const text = name.toString('latin1');
    const key = `${ino}`;
    if (!status.isDirectory() && nlink > 1n && !inodes.has(key)) inodes.set(key, text);
    const attributes = attributesAt(directory, Buffer.concat([name, Buffer.from([0])]))
      .filter((attribute) => !attribute.name.startsWith('trusted.overlay.'))
      .map((attribute) => [attribute.name, Buffer.from(attribute.value).toString('hex')])
      .sort();
    const content = status.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
    const link = status.isSymbolicLink() ? readlinkSync(file) : '';
    const linked = inodes.get(key) ?? '';
    const size = status.isFile() ? Number(status.size) : 0;
    found[text] = { mode: mode.toString(8), uid, gid, mtimeNs, rdev, content, link, linked, size, attributes };
    if (!status.isDirectory()) return;
    for (const below of readdirSync(file, { encoding: 'buffer' }).sort(Buffer.compare))
      visit(Buffer.concat([name, Buffer.from('/'), below]));
  };
  visit(Buffer.from('x'));
  closeSync(directory);
  return found;
}

/** Where the engine has the layer's own files: the one snapshot with `x` in it. */
function ofEngine(): string {
  const snapshots = path.join(engine.folders.dataRoot, 'snapshots/l');
  const roots = readdirSync(snapshots).map((name) => path.join(snapshots, name));
  const [root, more] = roots.filter((each) => existsSync(path.join(each, 'x')));
  assert.ok(root && !more);
  return root;
}

const formats: readonly (readonly string[])[] = [
  ['--format=posix', '--sparse', '--sparse-version=1.0'],
  ['--format=posix', '--sparse', '--sparse-version=0.1'],
  ['--format=posix', '--sparse', '--sparse-version=0.0'],
  ['--format=posix'],
  ['--format=gnu', '--sparse'],
];
test('a layer of GNU tar is unpacked to the same tree as GNU tar does it', async () => {
  const tree = path.join(folder, 'tree');
  mkdirSync(tree);
  await makeTree(tree);
  for (const [index, format] of formats.entries()) {
    const archive = path.join(folder, `${index}.tar`);
    const all = ['--xattrs', '--xattrs-include=*'];
    // the old formats have no attributes
    const attributes = format.includes('--format=gnu') ? [] : all;
    await run('tar', '-C', tree, '--numeric-owner', ...format, ...attributes, '-cf', archive, 'x');
    const expected = path.join(folder, `expected-${index}`);
    mkdirSync(expected);
    await run('tar', '-C', expected, '--numeric-owner', '--same-owner', '-p', ...attributes, '-xf', archive);
    const layers = [await sampleLayer(), readFileSync(archive)];
    await engine.docker.run(['load'], { input: await dockerArchive({ name: 'faithful/x:1', layers }) });
    const wanted = seen(expected);
    assert.ok(Object.keys(wanted).length > 25);
    assert.deepEqual(seen(ofEngine()), wanted, format.join(' '));
    const blocks = Number(lstatSync(path.join(ofEngine(), 'x/holes')).blocks) * 512;
    if (format.includes('--sparse')) assert.ok(blocks < 200_000, `${blocks} bytes are allocated for the holes`);
    await engine.docker('rmi', 'faithful/x:1');
  }
});

test('whiteouts and opaque directories: a container sees what is left', async () => {
  const file = (name: string) => ({ name, content: name });
  const dir = (name: string) => ({ name: `${name}/`, type: '5' });
  const lower = tarBytes([
    dir('x'),
    file('x/gone'),
    file('x/stays'),
    dir('x/opaque'),
    file('x/opaque/old'),
    dir('x/whole'),
    file('x/whole/f'),
  ]);
  const upper = tarBytes([
    dir('x'),
    { name: 'x/.wh.gone' },
    dir('x/opaque'),
    file('x/opaque/before'),
    { name: 'x/opaque/.wh..wh..opq' },
    file('x/opaque/after'),
    { name: 'x/.wh.whole' },
    file('x/new'),
  ]);
  const layers = [await sampleLayer(), lower, upper];
  await engine.docker.run(['load'], { input: await dockerArchive({ name: 'faithful/w:1', layers }) });
  const found = await engine.docker('run', '--rm', '--network', 'none', 'faithful/w:1', 'find', '/x');
  assert.deepEqual(found.split('\n').sort(), [
    '/x',
    '/x/new',
    '/x/opaque',
    '/x/opaque/after',
    '/x/opaque/before',
    '/x/stays',
  ]);
});
