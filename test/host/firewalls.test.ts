import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type FirewallPlace, firewallPrograms, openFirewallPlace } from './firewall-scene.ts';
import { hostAddress, lanAddress, type NetworkScene, openNetworkScene } from './network-scene.ts';

// the real programs of a Debian host, which drop what is forwarded and not theirs, and what comes in
const skip =
  firewallPrograms && existsSync(firewallPrograms)
    ? false
    : 'no ufw, no firewalld: BELUGA_FIREWALL_PROGRAMS is not set';

let scene: NetworkScene;
let place: FirewallPlace;
let engine: TestEngine;
let endPlainServer = async () => {};
before(async () => {
  if (skip) return;
  scene = openNetworkScene();
  place = await openFirewallPlace(firewallPrograms ?? '', scene.prefix);
  engine = await startEngine({ prefix: scene.prefix });
  await engine.docker('load', '-i', sampleArchive());
  await engine.docker('run', '-d', '--name', 'web', '-p', '8080:80', ...web('hello'));
  endPlainServer = startPlainServer();
});
after(async () => {
  if (skip) return;
  try {
    await endPlainServer();
    await engine[Symbol.asyncDispose]();
    const { stdout } = await scene.inHost('/usr/sbin/nft', 'list', 'ruleset');
    assert.match(stdout, /ufw/, 'the firewall is still there');
    assert.doesNotMatch(stdout, /beluga/, 'nothing of ours is left in its rules');
  } finally {
    await place.close();
    scene.close();
  }
});

const web = (text: string) => [
  ...[sampleImage, 'sh', '-c'],
  `mkdir -p /www; echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`,
];
const plainPort = 8099;

/** A program of the host's own: by it is seen whether a firewall is in force. */
function startPlainServer(): () => Promise<void> {
  const script = `require('node:http').createServer((q, a) => a.end('plain')).listen(${plainPort})`;
  const [program = '', ...args] = [...scene.prefix, process.execPath, '-e', script];
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

const ask = async (from: NetworkScene['inHost'], address: string, port: number) =>
  (await from('curl', '-s', '-m', '2', `http://${address}:${port}/`)).stdout.trim();

const answers = (from: NetworkScene['inHost'], address: string, port: number, text: string) =>
  waitUntil(`${address}:${port} says ${text}`, async () => (await ask(from, address, port)) === text, {
    boundMs: 60_000,
  });

/** Published ports from everywhere, and the way out: the LAN knows no route back to a container's own address. */
async function works(port = 8080, text = 'hello'): Promise<void> {
  await answers(scene.inLan, hostAddress, port, text);
  for (const address of ['127.0.0.1', '[::1]', hostAddress]) await answers(scene.inHost, address, port, text);
  await waitUntil('a container gets out', async () => {
    const { stdout } = await engine.docker.run(['exec', 'web', 'ping', '-c', '1', '-W', '2', lanAddress], {
      exits: 'any',
    });
    return /1 (packets )?received/.test(stdout);
  });
}

async function isInForce(): Promise<void> {
  assert.equal(await ask(scene.inHost, '127.0.0.1', plainPort), 'plain');
  assert.equal(await ask(scene.inLan, hostAddress, plainPort), '', 'the LAN does not get in');
}

async function command(...words: [string, ...string[]]): Promise<void> {
  const { code, stdout, stderr } = await place.run(...words);
  assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`);
}

async function publishesOneMore(): Promise<void> {
  await engine.docker('run', '-d', '--name', 'more', '-p', '8081:80', ...web('more'));
  await works(8081, 'more');
  await engine.docker('rm', '-f', 'more');
}

async function survivesKill(meanwhile: () => Promise<void>): Promise<void> {
  await engine.kill('SIGKILL');
  await answers(scene.inLan, hostAddress, 8080, 'hello');
  await meanwhile();
  // published ports need no engine
  await answers(scene.inLan, hostAddress, 8080, 'hello');
  await engine.restart();
  await works();
}

test('without a firewall the LAN gets in, and a container out', { skip }, async () => {
  await answers(scene.inLan, hostAddress, plainPort, 'plain');
  await works();
});

test('firewalld: started, reloaded, reloaded while the engine is away, ended', { skip }, async () => {
  const end = await place.startFirewalld();
  await isInForce();
  await works();
  await publishesOneMore();
  for (const reload of ['--reload', '--complete-reload']) {
    await command('firewall-cmd', reload);
    await works();
  }
  await isInForce();
  await survivesKill(() => command('firewall-cmd', '--reload'));
  await isInForce();
  await end();
  await works();
});

test('ufw: enabled, reloaded, reloaded while the engine is away, disabled, enabled again', { skip }, async () => {
  await command('ufw', '--force', 'enable');
  await isInForce();
  await works();
  await publishesOneMore();
  await command('ufw', 'reload');
  await works();
  await survivesKill(() => command('ufw', 'reload'));
  await isInForce();
  await command('ufw', 'disable');
  await works();
  await command('ufw', '--force', 'enable');
  await works();
  await isInForce();
});
