import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Dockerd, dockerdPrograms, openDockerd } from './dockerd-scene.ts';
import { hostAddress, lanAddress, type NetworkScene, openNetworkScene } from './network-scene.ts';

// two engines of ours are tested in bridge.test.ts; this is Docker's own, with its rules by iptables
const skip = dockerdPrograms && existsSync(dockerdPrograms) ? false : 'no dockerd: BELUGA_DOCKERD_PROGRAMS is not set';

let scene: NetworkScene;
let engine: TestEngine;
let dockerd: Dockerd | undefined;
before(async () => {
  if (skip) return;
  scene = openNetworkScene();
  engine = await startEngine({ prefix: scene.prefix });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  if (skip) return;
  try {
    await dockerd?.close();
    await engine[Symbol.asyncDispose]();
    const { stdout } = await scene.inHost('/usr/sbin/nft', 'list', 'ruleset');
    assert.doesNotMatch(stdout, /beluga/, 'nothing of ours is left in the rules of dockerd either');
  } finally {
    scene.close();
  }
});

const web = (text: string) => [
  ...[sampleImage, 'sh', '-c'],
  `mkdir -p /www; echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`,
];

type Place = NetworkScene['inHost'];

async function answers(from: Place, address: string, port: number, text: string): Promise<void> {
  const url = `http://${address}:${port}/index.html`;
  await waitUntil(
    `${url} says ${text}`,
    async () => (await from('curl', '-s', '-m', '4', url)).stdout.trim() === text,
    {
      boundMs: 20_000,
    },
  );
}

async function everywhere(port: number, text: string): Promise<void> {
  for (const address of ['127.0.0.1', '[::1]', hostAddress]) await answers(scene.inHost, address, port, text);
  await answers(scene.inLan, hostAddress, port, text);
}

/** From within a container of either engine. */
async function insideOf({ docker }: Pick<Dockerd, 'docker'>, name: string): Promise<Place> {
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', name);
  return (...command) => runToEnd('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...command], { boundMs: 30_000 });
}

const goesOut = ({ docker }: Pick<Dockerd, 'docker'>) =>
  docker('run', '--rm', sampleImage, 'ping', '-c', '1', '-W', '2', lanAddress);

test('a dockerd that comes later: ports, the way out and the ranges of both stay', { skip }, async () => {
  await engine.docker('run', '-d', '--name', 'ours', '-p', '8080:80', ...web('ours'));
  await everywhere(8080, 'ours');
  dockerd = await openDockerd(dockerdPrograms ?? '', scene.prefix);
  await dockerd.docker('load', '-i', sampleArchive());
  await dockerd.docker('run', '-d', '--name', 'theirs', '-p', '8090:80', ...web('theirs'));
  await everywhere(8090, 'theirs');
  await everywhere(8080, 'ours');
  assert.match(await goesOut(engine), /1 (packets )?received/);
  assert.match(await goesOut(dockerd), /1 (packets )?received/);
  const field = '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}';
  assert.notEqual(
    await engine.docker('inspect', '-f', field, 'ours'),
    await dockerd.docker('inspect', '-f', field, 'theirs'),
  );
});

test('each reaches what the other publishes, and neither gets the other’s port', { skip }, async () => {
  assert.ok(dockerd);
  await answers(await insideOf(engine, 'ours'), hostAddress, 8090, 'theirs');
  await answers(await insideOf(dockerd, 'theirs'), hostAddress, 8080, 'ours');
  const said = await engine.docker.fails(125, 'run', '-d', '--name', 'no', '-p', '8090:80', ...web('no'));
  assert.match(said, /failed to bind host port 0\.0\.0\.0:8090\/tcp: address already in use/);
  await dockerd.docker.fails(125, 'run', '-d', '--name', 'no', '-p', '8080:80', ...web('no'));
  await everywhere(8080, 'ours');
  await everywhere(8090, 'theirs');
});

test('an engine that is killed and starts again beside it', { skip }, async () => {
  assert.ok(dockerd);
  await engine.kill('SIGKILL');
  await everywhere(8080, 'ours');
  await everywhere(8090, 'theirs');
  await engine.restart();
  await everywhere(8080, 'ours');
  await everywhere(8090, 'theirs');
});

test('dockerd still reads its own rules, and ends without ours', { skip }, async () => {
  assert.ok(dockerd);
  // iptables-nft refuses a whole table that has something it does not know: then dockerd cannot publish any more
  await dockerd.docker('run', '-d', '--name', 'later', '-p', '8091:80', ...web('later'));
  await everywhere(8091, 'later');
  await dockerd.docker('rm', '-f', 'later');
  await dockerd.close();
  dockerd = undefined;
  await everywhere(8080, 'ours');
  assert.match(await goesOut(engine), /1 (packets )?received/);
});
