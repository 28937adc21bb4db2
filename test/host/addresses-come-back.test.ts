import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type NetworkScene, openNetworkScene } from './network-scene.ts';

let scene: NetworkScene;
let engine: TestEngine;
before(async () => {
  scene = openNetworkScene();
  // a bridge with room for one container: its address is given again at once, or not at all
  engine = await startEngine({ prefix: scene.prefix, flags: ['--bip', '172.28.91.1/30'] });
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
const place = async (name: string) => [
  await inspect(name, '.NetworkSettings.Networks.bridge.IPAddress'),
  await inspect(name, '.NetworkSettings.Networks.bridge.MacAddress'),
];
const sleeper = (name: string, ...options: string[]) =>
  ['run', '-d', '--name', name, ...options, sampleImage, 'sleep', '600'] as const;

/** The links of the host that are plugged into the bridge. */
async function plugs(): Promise<string[]> {
  const { stdout } = await scene.inHost('ip', '-o', 'link', 'show', 'type', 'veth');
  return stdout.split('\n').filter((line) => / master beluga/.test(line));
}

const isReserved = async (port: number) =>
  (await scene.inHost('cat', '/proc/net/tcp')).stdout.includes(`:${port.toString(16).toUpperCase()} 00000000:0000 0A`);

test('a full bridge refuses in one sentence', async () => {
  await docker(...sleeper('only'));
  assert.match(await engine.docker.fails(125, ...sleeper('more')), /no address is left on the bridge/);
  await docker('rm', '-f', 'more', 'only');
});

test('address, hardware address and port are given again only when nothing is plugged in with them', async () => {
  await docker(...sleeper('held', '-p', '28777:80'));
  const before = await place('held');
  const pid = await inspect('held', '.State.Pid');
  const inside = [`--net=/proc/${pid}/ns/net`, '--'];
  const holder = spawn('nsenter', [...inside, 'sleep', '600'], { stdio: 'ignore' });
  try {
    await once(holder, 'spawn');
    await waitUntil('it is inside', () => readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep');
    const removed = docker('rm', '-f', 'held');
    let seen = 0;
    let over = false;
    const looking = (async () => {
      while (!over) {
        // the port first: what is plugged in afterwards was so before
        const reserved = await isReserved(28777);
        if ((await plugs()).length === 0) continue;
        seen += 1;
        assert.ok(reserved, 'the port was given back while the interface is there');
      }
    })();
    await removed;
    over = true;
    await looking;
    assert.ok(seen > 0, 'it was never looked at in time');
    assert.deepEqual(await plugs(), [], 'who holds the namespace keeps no interface');
    const links = await runToEnd('nsenter', [`--net=/proc/${holder.pid}/ns/net`, '--', 'ip', '-o', 'link']);
    assert.doesNotMatch(links.stdout, /eth0/);
    assert.equal(await isReserved(28777), false);
    await docker(...sleeper('next', '-p', '28777:80'));
    assert.deepEqual(await place('next'), before);
    await docker('rm', '-f', 'next');
  } finally {
    holder.kill('SIGKILL');
  }
});

test('an engine that is killed between the end and the giving back: the next one gives it back', async () => {
  await docker(...sleeper('lost', '-p', '28778:80'));
  const before = await place('lost');
  const pid = Number(await inspect('lost', '.State.Pid'));
  process.kill(pid, 'SIGKILL');
  await engine.kill('SIGKILL');
  assert.ok(await isReserved(28778));
  await engine.restart();
  await docker(...sleeper('next', '-p', '28778:80'));
  assert.deepEqual(await place('next'), before);
  await docker('rm', '-f', 'lost', 'next');
});
