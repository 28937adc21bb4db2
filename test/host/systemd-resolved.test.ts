import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { lanAddress, type NetworkScene, openNetworkScene } from './network-scene.ts';

/** Of the VPN, which comes up later. */
const vpnAddress = '198.51.100.3';
const nameServer = fileURLToPath(new URL('./name-server.mjs', import.meta.url));

let folder: string;
let scene: NetworkScene;
let engine: TestEngine;
const servers: ChildProcess[] = [];

async function startNameServer(address: string, answer: string): Promise<void> {
  const child = spawn('nsenter', [...scene.lanArguments, process.execPath, nameServer, address, answer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  await once(child.stdout, 'data');
}

/** A host as systemd-resolved has it: its /etc and /run are a mount namespace's own. resolved itself is not there yet. */
before(async () => {
  scene = openNetworkScene();
  await scene.inLan('ip', 'address', 'add', `${vpnAddress}/24`, 'dev', 'eth0');
  await startNameServer(lanAddress, '192.0.2.1');
  await startNameServer(vpnAddress, '192.0.2.2');
  folder = mkdtempSync(path.join(tmpdir(), 'bt-resolved-'));
  mkdirSync(path.join(folder, 'layers'));
  const script = [
    'mount -t tmpfs tmpfs "$0/layers"',
    'mkdir "$0/layers/upper" "$0/layers/work"',
    'mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/layers/upper,workdir=$0/layers/work" /etc',
    'mount -t tmpfs tmpfs /run',
    'ln -sfn ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
    'exec "$@"',
  ].join(' && ');
  engine = await startEngine({ prefix: [...scene.prefix, 'unshare', '--mount', '--', 'sh', '-c', script, folder] });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  for (const child of servers) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  scene.close();
  rmSync(folder, { recursive: true });
});

const docker = (...args: string[]) => engine.docker(...args);

async function inHost(script: string, ...args: string[]): Promise<void> {
  const holder = JSON.parse(readFileSync(path.join(engine.folders.runRoot, 'holder.json'), 'utf8')) as { pid: number };
  const { code, stderr } = await runToEnd('nsenter', [
    '-t',
    `${holder.pid}`,
    '-m',
    '--',
    'sh',
    '-c',
    script,
    'sh',
    ...args,
  ]);
  assert.equal(code, 0, stderr);
}

/** Both files of resolved, each replaced by a rename: the stub never changes but for its search domains. */
const resolvedWrites = (server: string, search: string) =>
  inHost(
    [
      'cd /run/systemd/resolve',
      'printf "nameserver 127.0.0.53\\noptions edns0 trust-ad\\nsearch %s\\n" "$2" > .#stub && mv .#stub stub-resolv.conf',
      'printf "nameserver %s\\nsearch %s\\n" "$1" "$2" > .#real && mv .#real resolv.conf',
    ].join(' && '),
    server,
    search,
  );

const resolvConf = (name: string) => docker('exec', name, 'cat', '/etc/resolv.conf');
const sees = (name: string, text: string) =>
  waitUntil(`${name} sees ${text}`, async () => (await resolvConf(name)) === text);
const looksUp = (name: string, answer: string) =>
  waitUntil(`${name} gets ${answer}`, async () => {
    const { stdout } = await engine.docker.run(['exec', name, 'nslookup', 'anything.example'], { exits: 'any' });
    return stdout.includes(answer);
  });

test('resolved starts after the engine: containers that run get its real server, never 127.0.0.53', async () => {
  await docker('run', '-d', '--name', 'early', sampleImage, 'sleep', '600');
  assert.equal(await resolvConf('early'), 'nameserver 8.8.8.8\nnameserver 8.8.4.4');
  await inHost('mkdir -p /run/systemd/resolve');
  await resolvedWrites(lanAddress, 'lan.example');
  await sees('early', `nameserver ${lanAddress}\nsearch lan.example`);
  await looksUp('early', '192.0.2.1');
  await docker('run', '-d', '--name', 'late', sampleImage, 'sleep', '600');
  assert.equal(await resolvConf('late'), `nameserver ${lanAddress}\nsearch lan.example`);
  await looksUp('late', '192.0.2.1');
});

test('a VPN comes up and goes: resolved replaces its files, containers that run ask the other server', async () => {
  await resolvedWrites(vpnAddress, 'vpn.example');
  for (const name of ['early', 'late']) {
    await sees(name, `nameserver ${vpnAddress}\nsearch vpn.example`);
    await looksUp(name, '192.0.2.2');
  }
  await resolvedWrites(lanAddress, 'lan.example');
  await sees('early', `nameserver ${lanAddress}\nsearch lan.example`);
  await looksUp('early', '192.0.2.1');
});

test('a change while the engine is away is caught up with', async () => {
  await engine.kill('SIGKILL');
  await resolvedWrites(vpnAddress, 'vpn.example');
  await engine.restart();
  await sees('early', `nameserver ${vpnAddress}\nsearch vpn.example`);
  await looksUp('early', '192.0.2.2');
});

test('a container on the host’s network has the host’s own file, stub and all', async () => {
  const said = await docker('run', '--rm', '--network', 'host', sampleImage, 'cat', '/etc/resolv.conf');
  assert.equal(said, 'nameserver 127.0.0.53\nsearch vpn.example\noptions edns0 trust-ad');
});
