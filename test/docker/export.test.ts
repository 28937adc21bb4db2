import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-export-'));
  subject = await startSubject();
});
after(async () => {
  rmSync(folder, { recursive: true });
  await subject.close();
});
const docker = (...args: string[]) => subject.docker(...args);
const run = (name: string, ...args: string[]) => docker('run', '--name', name, '--network', 'none', ...args);
const listed = (file: string) => execFileSync('tar', ['--list', '--file', file]).toString().split('\n');
const content = (file: string, name: string) => execFileSync('tar', ['-xOf', file, name]).toString();

const write = [
  'mkdir /made /made/deep; echo new > /made/deep/file; ln -s file /made/deep/link; ln /made/deep/file /made/deep/hard',
  'chown 12:34 /made/deep/file; chmod 4711 /made/deep/file; rm /etc/hostname 2>/dev/null; rm /etc/group; mkfifo /made/fifo',
  'echo -n > "/made/-n"',
].join('; ');

function check(file: string): void {
  const names = listed(file);
  for (const name of ['bin/', 'made/', 'made/deep/', 'made/deep/link', 'made/fifo', 'made/-n']) {
    assert.ok(names.includes(name), `${name} is missing of ${names.length}`);
  }
  assert.ok(!names.includes('etc/group'));
  assert.equal(content(file, 'made/deep/hard') || content(file, 'made/deep/file'), 'new\n');
  const lines = execFileSync('tar', ['--numeric-owner', '-tvf', file]).toString().split('\n');
  const of = (name: string) => lines.find((line) => line.includes(` ${name}`)) ?? '';
  assert.match(of('made/deep/hard') + of('made/deep/file'), /-rws--x--x 12\/34/);
  assert.match(of('made/deep/link'), /^l.* -> file$/);
}

test('docker export of a container that runs, that has ended, and that never ran', async () => {
  await run('ends', sampleImage, 'sh', '-c', write);
  const ended = path.join(folder, 'x.zip');
  await docker('export', '-o', ended, 'ends');
  check(ended);
  await run('runs', '-d', sampleImage, 'sh', '-c', `${write}; touch /made/ready; sleep 1000`);
  await waitUntil('it has written', async () =>
    (await docker('exec', 'runs', 'ls', '/made')).split('\n').includes('ready'),
  );
  const running = path.join(folder, 'running.tar');
  await docker('export', '-o', running, 'runs');
  check(running);
  assert.ok(!listed(running).some((name) => /^(proc|sys)\/./.test(name)));
  await docker('create', '--name', 'made', '--network', 'none', sampleImage);
  const made = path.join(folder, 'made.tar');
  await docker('export', '-o', made, 'made');
  assert.ok(listed(made).includes('bin/'));
  // it can be started and removed after it
  await docker('start', 'ends');
  await docker('rm', '-f', 'ends', 'runs', 'made');
});

test('what was exported is imported, whatever the file is called, and runs', async () => {
  const file = path.join(folder, 'x.zip');
  await docker('import', file, 'export/test:1');
  assert.equal(await docker('run', '--rm', '--network', 'none', 'export/test:1', 'cat', '/made/deep/file'), 'new');
  await docker('rmi', 'export/test:1');
});

test('refusals, the event, and a client that leaves', async () => {
  assert.match(await subject.docker.fails(1, 'export', '-o', path.join(folder, 'no'), 'nobody'), /No such container/);
  await run('large', sampleImage, 'sh', '-c', 'dd if=/dev/zero of=/large bs=1048576 count=200 2>/dev/null');
  const since = Math.floor(Date.now() / 1000) - 1;
  // into a pipe that nobody reads
  const going = subject.docker.start(['export', 'large']);
  going.child.stdout.pause();
  await waitUntil('tar runs', () => tars() > 0);
  going.child.kill('SIGKILL');
  await going.ended;
  await waitUntil('tar has ended', () => tars() === 0);
  const until = String(Date.now() / 1000);
  const told = await docker(
    ...[
      'events',
      '--since',
      String(since),
      '--until',
      until,
      '--filter',
      'event=export',
      '--filter',
      'container=large',
    ],
    ...['--format', '{{.Actor.Attributes.name}}'],
  );
  assert.equal(told, 'large');
  const whole = path.join(folder, 'large.tar');
  await docker('export', '-o', whole, 'large');
  assert.ok(statSync(whole).size > 1_000_000);
  await docker('rm', 'large');
});

/** Those of an export that run. */
function tars(): number {
  try {
    const found = execFileSync('pgrep', ['-fc', '^[^ ]*tar --create --file=- --directory=/proc/self/fd/3']);
    return Number(found);
  } catch {
    return 0;
  }
}
