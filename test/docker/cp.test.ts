import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { type Answer, ask, openWire } from '../raw-http.ts';
import { sampleImage, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  subject = await startSubject();
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-cp-'));
});
after(async () => {
  await subject.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const fails = (...args: string[]) => subject.docker.fails(1, ...args);
const file = (name: string) => path.join(folder, name);
const made =
  'mkdir -p /t/d; echo hi > /t/f; ln -s f /t/l; ln -s /t/d /t/ld; ln -s /none /t/br; ln -s ../../../../etc/passwd /t/up; mkfifo /t/p; chmod 4711 /t/f; mkdir /t/none; rmdir /t/none';
async function start(name: string, ...options: string[]): Promise<void> {
  const script = `${made}; echo up; sleep 1000`;
  await docker('run', '-d', '--name', name, '--network', 'none', ...options, sampleImage, 'sh', '-c', script);
  await waitUntil(`${name} is up`, async () => (await docker('logs', name)).includes('up'));
}
const archive = (name: string, at: string, more: Parameters<typeof ask>[1] | object = {}) =>
  ask(subject.socket, { path: `/v1.41/containers/${name}/archive?path=${encodeURIComponent(at)}`, ...more });
const put = async (name: string, at: string, entries: Parameters<typeof tarOf>[0], query = '') =>
  ask(subject.socket, {
    ...{ method: 'PUT', body: await tarOf(entries), headers: { 'content-type': 'application/x-tar' } },
    path: `/v1.41/containers/${name}/archive?path=${encodeURIComponent(at)}${query}`,
  });
/** dockerd answers with 500 where its API tells of 400 and 403. */
const refused = (answer: Answer, status: 400 | 403 | 404 | 409, words: RegExp) => {
  assert.ok(
    answer.status === status || (!subject.isBeluga && answer.status === 500),
    `${answer.status} ${answer.text}`,
  );
  assert.match(answer.json().message, words);
};
const statOf = (answer: Answer) =>
  JSON.parse(Buffer.from(String(answer.headers['x-docker-container-path-stat']), 'base64').toString());
const listed = (answer: Buffer | string) =>
  execFileSync('tar', ['-tf', '-'], { input: answer }).toString().trim().split('\n');

test('what a path is: kinds, modes, where links lead, slashes and dots at its end', async () => {
  await start('c1');
  const cases: readonly (readonly [path: string, name: string, mode: number, target: string])[] = [
    ['/t/f', 'f', 2 ** 23 + 0o711, ''],
    ['t/../t/f', 'f', 2 ** 23 + 0o711, ''],
    ['/t/l', 'l', 134218239, '/t/f'],
    ['/t/ld', 'ld', 134218239, '/t/d'],
    ['/t/ld/', 'ld', 2147484141, ''],
    ['/t/ld/.', '.', 2147484141, ''],
    ['/t/br', 'br', 134218239, '/none'],
    ['/t/up', 'up', 134218239, '/etc/passwd'],
    ['/t/p', 'p', 33554852, ''],
    ['/', '/', 2147484141, ''],
  ];
  for (const [at, name, mode, target] of cases) {
    const answer = await archive('c1', at, { method: 'HEAD' });
    assert.equal(answer.status, 200, at);
    const stat = statOf(answer);
    assert.deepEqual([stat.name, stat.mode, stat.linkTarget], [name, mode, target], at);
    assert.match(stat.mtime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  }
  assert.equal((await archive('c1', '/nope', { method: 'HEAD' })).status, 404);
  refused(await archive('c1', '/nope'), 404, /^Could not find the file \/nope in container c1$/);
  refused(await archive('c1', '/t/f/'), 400, /^lstat .*\/t\/f\/: not a directory$/);
  refused(await archive('c1', '/t/f/x'), 400, /^lstat .*\/t\/f\/x: not a directory$/);
  assert.equal((await archive('c1', '')).status, 400);
  refused(await archive('none-such', '/'), 404, /^No such container: none-such$/);
});

test('names in the archive begin with the last component of the path; links are links', async () => {
  await start('c2');
  const names = async (at: string) => listed((await archive('c2', at)).bytes).sort();
  assert.deepEqual(await names('/t/f'), ['f']);
  assert.deepEqual(await names('/t/l'), ['l']);
  assert.deepEqual(await names('/t/ld/'), ['ld/']);
  assert.deepEqual(await names('/t/ld/.'), ['./']);
  assert.deepEqual(await names('/t'), ['t/', 't/br', 't/d/', 't/f', 't/l', 't/ld', 't/p', 't/up']);
  assert.deepEqual(await names('/t/'), ['t/', 't/br', 't/d/', 't/f', 't/l', 't/ld', 't/p', 't/up']);
  assert.deepEqual(await names('/t/.'), ['./', './br', './d/', './f', './l', './ld', './p', './up']);
  const all = await names('/');
  assert.ok(all.includes('/etc/passwd') || all.includes('etc/passwd'));
  assert.ok(!all.some((name) => /^\/?(proc|sys)\/./.test(name)));
  const answer = await archive('c2', '/t/f');
  assert.equal(answer.headers['content-type'], 'application/x-tar');
  assert.equal(statOf(answer).size, 3);
  await docker('cp', 'c2:/t/f', file('out'));
  assert.equal(readFileSync(file('out'), 'utf8'), 'hi\n');
  await docker('cp', '-L', 'c2:/t/l', file('followed'));
  assert.equal(readFileSync(file('followed'), 'utf8'), 'hi\n');
  assert.deepEqual(listed((await subject.docker.run(['cp', 'c2:/t/d', '-'])).stdout), ['d/']);
});

for (const state of ['running', 'paused', 'stopped', 'never started'] as const) {
  test(`copying to a container that is ${state}: owners, times, links, and back again`, async () => {
    const folderIn = file('in');
    rmSync(folderIn, { recursive: true, force: true });
    mkdirSync(path.join(folderIn, 'sub'), { recursive: true });
    writeFileSync(path.join(folderIn, 'sub/x'), 'x', { mode: 0o640 });
    writeFileSync(path.join(folderIn, `${'n'.repeat(200)}ä`), 'long');
    execFileSync('ln', [path.join(folderIn, 'sub/x'), path.join(folderIn, 'sub/y')]);
    symlinkSync('/etc/none', path.join(folderIn, 'sub/link'));
    execFileSync('chown', ['-hR', '7:8', folderIn]);
    utimesSync(path.join(folderIn, 'sub/x'), 1577836800, 1577836800);
    const options = ['--name', 'c3', '--network', 'none', sampleImage];
    if (state === 'never started') await docker('create', ...options, 'ls', '-lnR', '/in');
    else if (state === 'stopped') await docker('run', ...options, 'true');
    else await docker('run', '-d', ...options, 'sleep', '1000');
    if (state === 'paused') await docker('pause', 'c3');
    await docker('cp', folderIn, 'c3:/in');
    await docker('cp', folderIn, 'c3:/in');
    rmSync(file('back'), { recursive: true, force: true });
    await docker('cp', '-a', 'c3:/in', file('back'));
    assert.equal(readFileSync(file('back/in/sub/y'), 'utf8'), 'x', 'a folder that is there is copied into');
    const one = statSync(file('back/sub/x'));
    assert.deepEqual([one.mode & 0o7777, one.mtimeMs, one.nlink], [0o640, 1577836800000, 2]);
    assert.equal(readFileSync(file(`back/${'n'.repeat(200)}ä`), 'utf8'), 'long');
    const input = (await archive('c3', '/in/sub')).bytes;
    const list = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input }).toString();
    assert.match(list, /^-rw-r----- 7\/8 .* sub\/x$/m);
    assert.match(list, /^lrwxrwxrwx 7\/8 .* sub\/link -> \/etc\/none$/m);
    if (state === 'paused') await docker('unpause', 'c3');
    if (state === 'never started') assert.match(await docker('start', '-a', 'c3'), /-rw-r----- +2 7 +8 /);
    assert.match(await docker('diff', 'c3'), /^A \/in\/sub\/x$/m);
  });
}

test("what the archive may not do, in Docker's words", async () => {
  await start('c4');
  const text = { content: 'x\n' };
  refused(await put('c4', '/t/f', [{ name: 'a', ...text }]), 400, /^extraction point is not a directory$/);
  refused(await put('c4', '/nope', [{ name: 'a', ...text }]), 404, /^Could not find the file \/nope in container c4$/);
  refused(await put('c4', '/t/br', [{ name: 'a', ...text }]), 404, /^Could not find the file \/t\/br in container c4$/);
  const [keep, no] = ['&noOverwriteDirNonDir=true', '&noOverwriteDirNonDir=0'];
  refused(
    await put('c4', '/t', [{ name: 'f', type: 'directory' }], keep),
    400,
    /cannot overwrite non-directory "\/t\/f" with directory "\/t"$/,
  );
  refused(
    await put('c4', '/t', [{ name: 'd', ...text }], keep),
    400,
    /cannot overwrite directory "\/t\/d" with non-directory "\/t"$/,
  );
  assert.equal((await put('c4', '/t', [{ name: 'd', ...text }], no)).status, 200);
  assert.equal(await docker('exec', 'c4', 'cat', '/t/d'), 'x');
  refused(await put('c4', '/t', [{ name: '../../x1', ...text }]), 400, /"(\.\.\/)+x1" is outside of "\/t"$/);
  refused(await put('c4', '/t', [{ name: 'a/../../b', ...text }]), 400, /is outside of "\/t"$/);
  refused(
    await put('c4', '/t', [{ name: 'h', type: 'link', linkname: '../../etc/passwd' }]),
    400,
    /invalid hardlink .*etc\/passwd"$/,
  );
  assert.equal((await put('c4', '/t', [{ name: '/abs', ...text }])).status, 200);
  assert.equal(await docker('exec', 'c4', 'cat', '/t/abs'), 'x');
  // a link of the archive leads to the container's /etc, never to the host's
  const through = [
    { name: 's', type: 'symlink' as const, linkname: '/etc' },
    { name: 's/through', ...text },
  ];
  assert.equal((await put('c4', '/t', through)).status, 200);
  assert.equal(await docker('exec', 'c4', 'cat', '/etc/through'), 'x');
  assert.equal((await put('c4', '/t/up/..', [{ name: 'beside', ...text }])).status, 200);
  const answer = await archive('c4', '/t', { method: 'PUT', body: Buffer.alloc(2000, 7) });
  refused(answer, 400, /invalid tar header/);
  assert.equal((await archive('c4', '/t', { method: 'PUT', body: '' })).status, 200, 'nothing is nothing');
  assert.match(await fails('cp', file('none-such'), 'c4:/t'), /no such file or directory/);
  await writeFileSync(file('one'), '1');
  assert.match(await fails('cp', file('one'), 'c4:/nodir/'), /Could not find the file \/nodir|no such directory/);
  assert.match(await fails('cp', file('one'), 'c4:/etc/hosts'), /device or resource busy/);
});

test('mounts: files go into them, a read-only root and read-only mounts refuse', async () => {
  const [bound, readOnly] = [file('bound'), file('read-only')];
  for (const each of [bound, readOnly]) mkdirSync(each);
  writeFileSync(path.join(readOnly, 'given'), 'given');
  const options = ['-v', `${bound}:/data`, '-v', `${readOnly}:/ro:ro`, '--network', 'none', '--read-only'];
  await docker('create', '--name', 'c5', ...options, sampleImage, 'sleep', '1000');
  writeFileSync(file('one'), '1');
  for (const start of [false, true]) {
    if (start) await docker('start', 'c5');
    rmSync(path.join(bound, 'one'), { force: true });
    await docker('cp', file('one'), 'c5:/data');
    assert.equal(readFileSync(path.join(bound, 'one'), 'utf8'), '1');
    await docker('cp', 'c5:/ro/given', file('got'));
    assert.equal(readFileSync(file('got'), 'utf8'), 'given');
    const entries = [{ name: 'a', content: 'x' }];
    refused(await put('c5', '/tmp', entries), 403, /^container rootfs is marked read-only$/);
    refused(await put('c5', '/data/../tmp', entries), 403, /^container rootfs is marked read-only$/);
    refused(await put('c5', '/ro', entries), 403, /^mounted volume is marked read-only$/);
  }
});

test("a tmpfs of a running container is there: Beluga goes through the container's own root", async () => {
  await start('c6', '--tmpfs', '/tm');
  await put('c6', '/tm', [{ name: 'a', content: 'seen' }]);
  // Docker writes below the mount
  const { stdout } = await subject.docker.run(['exec', 'c6', 'cat', '/tm/a'], { exits: 'any' });
  assert.equal(stdout, subject.isBeluga ? 'seen' : '');
});

test('copyUIDGID gives everything to the user of the container', async () => {
  if (!subject.isBeluga) return;
  await docker('run', '-d', '--name', 'c7', '--network', 'none', '--user', '55:66', sampleImage, 'sleep', '1000');
  const entries = [{ name: 'own', content: 'x', uid: 1234, gid: 2345, mode: 0o4751 }];
  await put('c7', '/tmp', entries);
  assert.match(await docker('exec', 'c7', 'ls', '-ln', '/tmp/own'), /^-rwsr-x--x +1 1234 +2345 /);
  await put('c7', '/tmp', entries, '&copyUIDGID=1');
  assert.match(await docker('exec', 'c7', 'ls', '-ln', '/tmp/own'), /^-rwsr-x--x +1 55 +66 /);
});

test('compressed archives are unpacked, events tell, a client that leaves leaves nothing', async () => {
  await start('c8');
  const since = Math.floor(Date.now() / 1000) - 1;
  const gzip = execFileSync('gzip', ['-c'], { input: await tarOf([{ name: 'z', content: 'zipped' }]) });
  const answer = await archive('c8', '/t', { method: 'PUT', body: gzip });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await docker('exec', 'c8', 'cat', '/t/z'), 'zipped');
  await docker('cp', 'c8:/t/z', file('z'));
  const told = await docker(
    ...['events', '--since', String(since), '--until', String(Date.now() / 1000), '--filter', 'container=c8'],
    ...['--filter', 'event=extract-to-dir', '--filter', 'event=archive-path', '--format', '{{.Action}}'],
  );
  assert.deepEqual(told.split('\n'), ['extract-to-dir', 'archive-path']);
  // dockerd waits for the rest for ever, and so does everything else that is asked of the container
  if (!subject.isBeluga) return;
  const whole = await tarOf([{ name: 'half', content: Buffer.alloc(3_000_000, 1) }]);
  const wire = await openWire(subject.socket);
  wire.socket.write(
    `PUT /v1.41/containers/c8/archive?path=/t HTTP/1.1\r\nHost: d\r\nContent-Length: ${whole.length}\r\n\r\n`,
  );
  wire.socket.write(whole.subarray(0, 2_000_000));
  const there = async () => (await docker('exec', 'c8', 'ls', '/t')).split('\n').includes('half');
  await waitUntil('it has begun', there);
  wire.socket.destroy();
  await waitUntil('half a file is gone', async () => !(await there()));
});

test('a large file goes through whole, both ways, and the engine stays small', async () => {
  await start('c9');
  execFileSync('sh', ['-c', `head -c 80000000 /dev/urandom > ${file('large')}`]);
  await docker('cp', file('large'), 'c9:/large');
  await docker('cp', 'c9:/large', file('large-back'));
  execFileSync('cmp', [file('large'), file('large-back')]);
  if (!subject.isBeluga) return;
  const [pid] = execFileSync('pgrep', ['-f', subject.socket]).toString().split('\n');
  const peaks = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(peaks)?.[1]);
  // what was moved to a thread waits for that thread's collector: known to be as much again as the file
  assert.ok(kilobytes < 400_000, `${kilobytes} kB`);
});
