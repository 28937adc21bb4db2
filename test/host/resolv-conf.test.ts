import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let folder: string;
let engine: TestEngine;
/** The engine sees an /etc that the test may change: an overlay in its own mount namespace. */
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bt-etc-'));
  for (const name of ['upper', 'work', 'layers']) mkdirSync(path.join(folder, name));
  const script = [
    'mount -t tmpfs tmpfs "$0/layers"',
    'mkdir "$0/layers/upper" "$0/layers/work"',
    'mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/layers/upper,workdir=$0/layers/work" /etc',
    'rm -f /etc/resolv.conf',
    'echo "nameserver 192.0.2.53" > /etc/resolv.conf',
    'exec "$@"',
  ].join(' && ');
  engine = await startEngine({ prefix: ['unshare', '--mount', '--', 'sh', '-c', script, folder] });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const docker = (...args: string[]) => engine.docker(...args);

async function inHost(script: string, ...args: string[]): Promise<void> {
  const { pid: holder } = JSON.parse(readFileSync(path.join(engine.folders.runRoot, 'holder.json'), 'utf8')) as {
    pid: number;
  };
  const { code } = await runToEnd('nsenter', ['-t', `${holder}`, '-m', '--', 'sh', '-c', script, 'sh', ...args]);
  assert.equal(code, 0);
}

/** Replaces the file as resolvconf and NetworkManager do. */
const hostSays = (text: string) => inHost('printf "%b" "$1" > /etc/draft && mv /etc/draft /etc/resolv.conf', text);

async function inside(name: string): Promise<string> {
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', name);
  return (await runToEnd('nsenter', ['-t', pid, '-m', '-r', '--', '/bin/cat', '/etc/resolv.conf'])).stdout;
}

const sees = (name: string, text: string) =>
  waitUntil(`${name} sees ${text}`, async () => (await inside(name)) === text);

test('containers that run follow the name servers of the host, also after the engine was away', async () => {
  for (const [name, ...more] of [['plain'], ['asked', '--dns', '9.9.9.9'], ['changed']] as [string, ...string[]][])
    await docker('run', '-d', '--name', name, ...more, sampleImage, 'sleep', '600');
  assert.equal(await inside('plain'), 'nameserver 192.0.2.53\n');
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'changed');
  await runToEnd('nsenter', [
    '-t',
    pid,
    '-m',
    '-r',
    '--',
    '/bin/sh',
    '-c',
    'echo "nameserver 192.0.2.99" > /etc/resolv.conf',
  ]);

  await hostSays('nameserver 192.0.2.54\\nsearch vpn.example\\n');
  await sees('plain', 'nameserver 192.0.2.54\nsearch vpn.example\n');
  assert.equal(await inside('asked'), 'nameserver 9.9.9.9\nsearch vpn.example\n');
  assert.equal(await inside('changed'), 'nameserver 192.0.2.99\n');

  await engine.kill('SIGKILL');
  await hostSays('nameserver 127.0.0.1\\n');
  await engine.restart();
  await sees('plain', 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n');
});

test('a server on the host’s loopback is replaced; the target of a symlink is followed', async () => {
  await docker('run', '-d', '--name', 'linked', sampleImage, 'sleep', '600');
  await hostSays('nameserver 127.0.0.53\\noptions edns0\\n');
  await sees('linked', 'nameserver 8.8.8.8\nnameserver 8.8.4.4\noptions edns0\n');
  await inHost('mkdir /etc/links && echo "nameserver 192.0.2.61" > /etc/links/servers');
  await inHost('ln -s links/servers /etc/draft && mv -T /etc/draft /etc/resolv.conf');
  await sees('linked', 'nameserver 192.0.2.61\n');
  await inHost('echo "nameserver 192.0.2.62" > /etc/links/draft && mv /etc/links/draft /etc/links/servers');
  await sees('linked', 'nameserver 192.0.2.62\n');
});
