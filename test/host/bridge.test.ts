import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import {
  hostAddress,
  hostAddress6,
  lanAddress,
  type NetworkScene,
  openNetworkScene,
  udpProgram,
} from './network-scene.ts';

let scene: NetworkScene;
let engine: TestEngine;
/** Inside of the containers `web`, which publishes, and `other`. */
let insiders: Place[];
before(async () => {
  scene = openNetworkScene();
  engine = await startEngine({ prefix: scene.prefix });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  try {
    await engine[Symbol.asyncDispose]();
    assert.deepEqual(await scene.leftOvers(), []);
  } finally {
    scene.close();
  }
});

const docker = (...args: string[]) => engine.docker(...args);
const inspect = (name: string, field: string) => docker('inspect', '-f', `{{${field}}}`, name);
const addressOf = (name: string) => inspect(name, '.NetworkSettings.Networks.bridge.IPAddress');
const web = (text: string) => [
  ...[sampleImage, 'sh', '-c'],
  `mkdir -p /www; echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`,
];

type Place = NetworkScene['inHost'];

/** What a web server answers, seen from a namespace; empty when it does not. */
async function ask(from: Place, address: string, port = 8080): Promise<string> {
  const { stdout } = await from('curl', '-s', '-m', '4', `http://${address}:${port}/index.html`);
  return stdout.trim();
}

const answers = (from: Place, address: string, text: string, port = 8080) =>
  waitUntil(`${address}:${port} says ${text}`, async () => (await ask(from, address, port)) === text, {
    boundMs: 20_000,
  });

async function askUdp(from: Place, address: string, word: string): Promise<string> {
  return (await from(process.execPath, udpProgram, 'ask', address, '5353', word)).stdout.trim();
}

/** From within a container, whose own programs have no http client that works without libraries. */
async function inContainer(name: string): Promise<Place> {
  const pid = await inspect(name, '.State.Pid');
  return (...command) => runToEnd('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...command], { boundMs: 30_000 });
}

/** Answers udp inside a container's network until `close`. */
async function udpServer(name: string): Promise<{ close(): Promise<void> }> {
  const pid = await inspect(name, '.State.Pid');
  const args = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, udpProgram, 'echo', '53'];
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function answersEverywhere(text: string): Promise<void> {
  const onLan = [hostAddress, `[${hostAddress6}]`];
  for (const address of ['127.0.0.1', '[::1]', ...onLan]) await answers(scene.inHost, address, text);
  for (const address of onLan) await answers(scene.inLan, address, text);
  for (const inside of insiders) await answers(inside, hostAddress, text);
}

async function udpAnswersEverywhere(): Promise<void> {
  const onLan = [hostAddress, hostAddress6];
  for (const address of ['127.0.0.1', '::1', ...onLan]) assert.equal(await askUdp(scene.inHost, address, 'a'), 're a');
  for (const address of onLan) assert.equal(await askUdp(scene.inLan, address, 'b'), 're b');
  for (const inside of insiders) assert.equal(await askUdp(inside, hostAddress, 'c'), 're c');
}

test('a published port answers on every address, for other containers and for the container itself', async () => {
  await docker('run', '-d', '--name', 'web', '-p', '8080:80', '-p', '5353:53/udp', ...web('hello'));
  await docker('run', '-d', '--name', 'other', sampleImage, 'sleep', '600');
  insiders = [await inContainer('web'), await inContainer('other')];
  await answersEverywhere('hello');
  const server = await udpServer('web');
  try {
    await udpAnswersEverywhere();
  } finally {
    await server.close();
  }
});

test('what goes out is masqueraded, and the way out is found', async () => {
  const seen = await docker('run', '--rm', sampleImage, 'ping', '-c', '1', '-W', '2', lanAddress);
  // the LAN has no route to the bridge's range: an answer comes only to the host's address
  assert.match(seen, /1 (packets )?received/);
});

test('of the LAN nobody gets to a port that is not published, nor to what is published on loopback', async () => {
  const address = await addressOf('web');
  await docker('run', '-d', '--name', 'private', '-p', '127.0.0.1:8090:80', ...web('private'));
  await answers(scene.inHost, '127.0.0.1', 'private', 8090);
  await scene.inLan('ip', 'route', 'add', `${address}/32`, 'via', hostAddress);
  assert.equal(await ask(scene.inLan, address, 80), '');
  assert.equal(await ask(scene.inLan, hostAddress, 8090), '');
  assert.equal(await ask(scene.inHost, hostAddress, 8090), '');
  await docker('rm', '-f', 'private');
});

test('while the engine is down, killed, the ports answer and stay reserved; afterwards too', async () => {
  const server = await udpServer('web');
  try {
    await engine.kill('SIGKILL');
    await answersEverywhere('hello');
    await udpAnswersEverywhere();
    for (const listen of ['0.0.0.0', '127.0.0.1', '::']) {
      const script = `require('net').createServer().on('error', (e) => console.log(e.code)).listen(8080, '${listen}', () => process.exit())`;
      assert.equal((await scene.inHost(process.execPath, '-e', script)).stdout.trim(), 'EADDRINUSE');
    }
    for (const [family, address] of [
      ['udp4', '0.0.0.0'],
      ['udp4', '127.0.0.1'],
      ['udp6', '::1'],
    ]) {
      const script = `require('dgram').createSocket('${family}').on('error', (e) => console.log(e.code)).bind(5353, '${address}', () => process.exit())`;
      assert.equal((await scene.inHost(process.execPath, '-e', script)).stdout.trim(), 'EADDRINUSE');
    }
    await engine.restart();
    await answersEverywhere('hello');
    await udpAnswersEverywhere();
  } finally {
    await server.close();
  }
});

test('a container that ends while no engine runs gives everything back to the next', async () => {
  await docker('run', '-d', '--name', 'short', '-p', '8081:80', sampleImage, 'sleep', '600');
  const pid = await inspect('short', '.State.Pid');
  const address = await addressOf('short');
  await engine.kill('SIGKILL');
  process.kill(Number(pid), 'SIGKILL');
  await waitUntil('it ended', () => !existsSync(`/proc/${pid}/root`));
  await engine.restart();
  assert.equal(await inspect('short', '.State.Status'), 'exited');
  await docker('run', '-d', '--name', 'next', '-p', '8081:80', ...web('next'));
  await answers(scene.inHost, '127.0.0.1', 'next', 8081);
  await docker('start', 'short').catch((error) =>
    assert.match(String(error), /8081 failed: port is already allocated/),
  );
  assert.match(address, /^\d/);
  await docker('rm', '-f', 'short', 'next');
});

test('the keeper of the ports is started again when it is killed', async () => {
  const { stdout } = await scene.inHost('pgrep', '-f', `port-keeper-worker.*${engine.folders.runRoot}`);
  const pid = stdout.trim();
  process.kill(Number(pid), 'SIGKILL');
  await answers(scene.inHost, '[::1]', 'hello');
  assert.match(engine.log(), /keeper of published ports ended/);
});

test('a firewall that drops what is forwarded: before the bridge is there, and afterwards', async () => {
  const drop =
    'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }';
  assert.equal((await scene.inHost('/usr/sbin/nft', drop)).code, 0);
  await waitUntil('it lets our packets through', async () => (await ask(scene.inLan, hostAddress)) === 'hello', {
    boundMs: 20_000,
  });
  const address = await addressOf('web');
  assert.equal(await ask(await inContainer('other'), address, 80), 'hello');
  await engine.kill('SIGKILL');
  assert.equal((await scene.inHost('/usr/sbin/nft', 'flush ruleset')).code, 0);
  assert.equal(
    (
      await scene.inHost(
        '/usr/sbin/nft',
        `${drop}; add chain ip filter DOCKER-USER; add rule ip filter FORWARD jump DOCKER-USER`,
      )
    ).code,
    0,
  );
  await engine.restart();
  await answersEverywhere('hello');
  const rules = await scene.inHost('/usr/sbin/nft', 'list', 'chain', 'ip', 'filter', 'DOCKER-USER');
  assert.match(rules.stdout, /iifname "beluga[0-9a-f]+" accept/);
});

test('rules that another program flushed are made again', async () => {
  assert.equal((await scene.inHost('/usr/sbin/nft', 'flush ruleset')).code, 0);
  await answersEverywhere('hello');
});

test('a second engine on the same host: a bridge, a range and ports of its own', async () => {
  const second = await startEngine({ prefix: scene.prefix });
  try {
    await second.docker('load', '-i', sampleArchive());
    const words = await second.docker.fails(125, 'run', '-d', '-p', '8080:80', ...web('second'));
    assert.match(words, /failed to bind host port 0\.0\.0\.0:8080\/tcp: address already in use/);
    await second.docker('run', '-d', '--name', 'web', '-p', '8082:80', ...web('second'));
    for (const address of ['127.0.0.1', '[::1]', hostAddress]) await answers(scene.inHost, address, 'second', 8082);
    await answers(await inContainer('other'), hostAddress, 'second', 8082);
    await answersEverywhere('hello');
    const field = '{{.NetworkSettings.Networks.bridge.Gateway}}';
    assert.notEqual(await second.docker('inspect', '-f', field, 'web'), await docker('inspect', '-f', field, 'web'));
  } finally {
    await second[Symbol.asyncDispose]();
  }
  await answersEverywhere('hello');
});

test('an address is not given again while something still holds its namespace', async () => {
  await docker('run', '-d', '--name', 'held', sampleImage, 'sleep', '600');
  const pid = await inspect('held', '.State.Pid');
  const address = await addressOf('held');
  const holder = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', 'sleep', '600'], { stdio: 'ignore' });
  try {
    await once(holder, 'spawn');
    await waitUntil('it is inside', () => readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep');
    await docker('rm', '-f', 'held');
    const names = ['n1', 'n2', 'n3'];
    for (const name of names) await docker('run', '-d', '--name', name, sampleImage, 'sleep', '600');
    for (const name of names) assert.notEqual(await addressOf(name), address);
    await docker('rm', '-f', ...names);
  } finally {
    holder.kill('SIGKILL');
  }
});

test('rules that are made again do not translate the port of one that leaves', async () => {
  await docker('run', '-d', '--name', 'leaving', '-p', '8099:80', sampleImage, 'sleep', '600');
  const translated = async () => (await scene.inHost('/usr/sbin/nft', 'list ruleset')).stdout.includes('tcp . 8099 :');
  assert.ok(await translated());
  const pid = await inspect('leaving', '.State.Pid');
  const holder = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', 'sleep', '600'], { stdio: 'ignore' });
  try {
    await once(holder, 'spawn');
    await waitUntil('it is inside', () => readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep');
    const removal = docker('rm', '-f', 'leaving');
    await waitUntil('it is not translated any more', async () => !(await translated()));
    assert.equal((await scene.inHost('/usr/sbin/nft', 'flush ruleset')).code, 0);
    await removal;
    await answersEverywhere('hello');
    assert.equal(await translated(), false);
  } finally {
    holder.kill('SIGKILL');
  }
});
