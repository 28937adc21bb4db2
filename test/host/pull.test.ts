import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type ClientScene, openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { pushImage, pushIndex } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let registry: RegistryProcess;
let front: Front;
let engine: TestEngine;
let client: ClientScene;
before(async () => {
  registry = await startRegistry();
  front = await startFront(registry.host);
  engine = await startEngine();
  client = openClient({ address: registry.host });
});
after(async () => {
  client[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});
const at = (name: string) => `${front.host}/${name}`;
const docker = (...args: string[]) => engine.docker(...args);

const noise = (bytes: number) => ({ name: 'noise', content: randomBytes(bytes) });

/** Everything of a pull that did not come to its end, but the bytes for going on. */
async function assertNothingVisible(name: string): Promise<void> {
  assert.equal(await docker('images', '-q', name), '');
  assert.deepEqual(readdirSync(path.join(engine.folders.dataRoot, 'content/ingest')), []);
}

test('docker pull: layers of all kinds, on each other as they should be; it runs', async () => {
  const upper = await tarOf([
    { name: 'etc/', type: 'directory' },
    { name: 'etc/one', content: '1' },
    { name: 'etc/two', content: '2' },
  ]);
  // names a file in a folder that only the layers below have, and takes one away
  const top = await tarOf([
    { name: 'etc/three', content: '3' },
    { name: 'etc/.wh.one', content: '' },
  ]);
  const layers = [
    { tar: await sampleLayer() },
    { tar: upper, blob: { bytes: zstdCompressSync(upper), compression: 'zstd' as const } },
    { tar: top, blob: { bytes: top, compression: 'none' as const } },
  ];
  const { digest } = await pushImage(client.at('team/app'), '1', layers, { config: { Cmd: ['cat', '/etc/two'] } });
  const said = await docker('pull', at('team/app:1'));
  assert.match(said, /^1: Pulling from team\/app$/m);
  assert.match(said, /Pulling fs layer/);
  assert.equal(said.match(/Pull complete/g)?.length, 3);
  assert.ok(said.includes(`Digest: ${digest}`), said);
  assert.ok(said.includes(`Status: Downloaded newer image for ${at('team/app:1')}`), said);
  assert.match(await docker('pull', at('team/app:1')), /Status: Image is up to date/);
  assert.equal(
    await docker('inspect', '-f', '{{index .RepoDigests 0}}', at('team/app:1')),
    `${at('team/app')}@${digest}`,
  );
  assert.equal(await docker('run', '--rm', '--network', 'none', at('team/app:1')), '2');
  const list = ['run', '--rm', '--network', 'none', at('team/app:1'), 'ls', '/etc'];
  assert.deepEqual(
    (await docker(...list))
      .split('\n')
      .filter((name) => /^(one|two|three)$/.test(name))
      .sort(),
    ['three', 'two'],
  );
});

test('docker run of what is not there pulls it first; by digest it has no tag', async () => {
  const { digest } = await pushImage(client.at('team/run'), '1', [{ tar: await sampleLayer() }], {
    config: { Cmd: ['echo', 'pulled'] },
  });
  const name = `${at('team/run')}@${digest}`;
  const { stdout, stderr } = await engine.docker.run(['run', '--rm', '--network', 'none', name]);
  assert.equal(stdout.trim(), 'pulled');
  assert.match(stderr, /Unable to find image/);
  assert.equal(await docker('images', '--format', '{{.Tag}}', at('team/run')), '<none>');
});

test('docker pull -a brings every tag of a repository', async () => {
  const work = client.at('team/tags');
  const tar = await sampleLayer();
  for (const tag of ['1', '2', 'old']) await pushImage(work, tag, [{ tar }], { config: { Cmd: ['echo', tag] } });
  const said = await docker('pull', '-a', at('team/tags'));
  assert.equal(said.match(/Pulling from team\/tags/g)?.length, 3);
  const tags = await docker('images', '--format', '{{.Tag}}', at('team/tags'));
  assert.deepEqual(tags.split('\n').sort(), ['1', '2', 'old']);
  assert.match(await engine.docker.fails(1, 'pull', '-a', at('team/no-such')), /pull access denied|not found/);
});

test('of an index this machine’s image is taken, or the one that is asked for; attestations are passed over', async () => {
  const work = client.at('team/many');
  const base = { tar: await sampleLayer() };
  const own = await pushImage(work, undefined, [base], { config: { Cmd: ['echo', 'amd64'] } });
  const other = await pushImage(work, undefined, [{ tar: await tarOf([noise(10)]) }], { architecture: 'arm64' });
  const attestation = await pushImage(work, undefined, [{ tar: await tarOf([noise(20)]) }]);
  const index = await pushIndex(work, '1', [
    { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } },
    { ...other, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { ...own, platform: { os: 'linux', architecture: 'amd64' } },
  ]);
  await docker('pull', at('team/many:1'));
  assert.equal(await docker('inspect', '-f', '{{.Architecture}}', at('team/many:1')), 'amd64');
  assert.ok((await docker('inspect', '-f', '{{.RepoDigests}}', at('team/many:1'))).includes(index));
  await docker('pull', '--platform', 'linux/arm64', at('team/many:1'));
  assert.equal(await docker('inspect', '-f', '{{.Architecture}}', at('team/many:1')), 'arm64');
  const refused = await engine.docker.fails(1, 'pull', '--platform', 'linux/s390x', at('team/many:1'));
  assert.match(refused, /no matching manifest for linux\/s390x in the manifest list entries/);
});

test('what cannot be pulled is said in Docker’s words, and leaves nothing', async () => {
  const work = client.at('team/odd');
  await pushImage(work, 'artifact', [{ tar: await tarOf([noise(10)]) }], {
    mediaType: 'application/vnd.cncf.helm.config.v1+json',
  });
  const tar = await tarOf([{ name: '../escaped', content: 'x' }]);
  await pushImage(work, 'hostile', [{ tar }]);
  await pushImage(work, 'lying', [{ tar: await tarOf([noise(10)]) }], {
    rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
  });
  const fails = (name: string) => engine.docker.fails(1, 'pull', at(name));
  assert.match(await fails('team/odd:none'), /manifest for .*team\/odd:none not found: manifest unknown/);
  assert.match(await fails('team/odd:artifact'), /no container image: its config is application\/vnd\.cncf\.helm/);
  assert.match(await fails('team/odd:hostile'), /escape|outside/);
  assert.match(await fails('team/odd:lying'), /digest mismatch/);
  assert.match(await engine.docker.fails(1, 'pull', '127.0.0.1:1/a/b'), /cannot be reached.*ECONNREFUSED/);
  await assertNothingVisible(at('team/odd'));
});

test('a connection that breaks goes on where it broke; wrong bytes are never taken', async () => {
  await pushImage(client.at('team/cut'), '1', [{ tar: await tarOf([noise(6_000_000)]) }]);
  let cuts = 0;
  front.sickness = ({ path: asked }) =>
    /cut\/blobs/.test(asked) && cuts++ < 4 ? { kind: 'cut', after: 1_000_000 } : undefined;
  const begin = front.seen.length;
  await docker('pull', '-q', at('team/cut:1'));
  const ranges = front.seen.slice(begin).flatMap(({ range }) => range ?? []);
  // one of the cuts may have hit the config, which is too short for it
  assert.ok(ranges.length >= 3, ranges.join(' '));
  assert.ok(ranges.every((range, index) => Number.parseInt(range.slice(6), 10) >= (index + 1) * 1_000_000));

  await pushImage(client.at('team/wrong'), '1', [{ tar: await tarOf([noise(3_000_000)]) }]);
  front.sickness = ({ path: asked }) => (/wrong\/blobs/.test(asked) ? { kind: 'wrong', at: 1_500_000 } : undefined);
  assert.match(await engine.docker.fails(1, 'pull', at('team/wrong:1')), /digest mismatch/);
  await assertNothingVisible(at('team/wrong'));
  front.sickness = ({ path: asked }) => (/wrong\/blobs/.test(asked) ? { kind: 'whole' } : undefined);
  await docker('pull', '-q', at('team/wrong:1'));
  front.sickness = () => undefined;
});

test('cancelled, and killed in the middle: nothing shows, and what came is not sent again', async () => {
  await pushImage(client.at('team/big'), '1', [
    { tar: await tarOf([noise(8_000_000)]) },
    { tar: await tarOf([noise(8_000_000)]) },
  ]);
  const total = 16_000_000;
  front.speed = 3_000_000;
  const begin = front.blobBytes();
  const pulling = engine.docker.start(['pull', at('team/big:1')]);
  await waitUntil('some of it has come', () => front.blobBytes() - begin > 4_000_000);
  pulling.child.kill('SIGINT');
  await pulling.ended;
  await waitUntil('the engine has let go', async () => {
    const seen = front.blobBytes();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return front.blobBytes() === seen;
  });
  await assertNothingVisible(at('team/big'));

  const again = engine.docker.start(['pull', at('team/big:1')]);
  const before = front.blobBytes();
  await waitUntil('more of it has come', () => front.blobBytes() - before > 3_000_000);
  await engine.kill('SIGKILL');
  await again.ended;
  await engine.restart();
  await assertNothingVisible(at('team/big'));
  front.speed = 0;
  const sent = front.blobBytes() - begin;
  await docker('pull', '-q', at('team/big:1'));
  const last = front.blobBytes() - begin - sent;
  assert.ok(sent + last < total + 6_000_000, `${sent} and then ${last} of ${total}`);
  await docker('rmi', at('team/big:1'));
});

test('two pulls of one image share the work, and one that leaves does not end the other', async () => {
  await pushImage(client.at('team/shared'), '1', [{ tar: await tarOf([noise(6_000_000)]) }]);
  front.speed = 3_000_000;
  const begin = front.seen.length;
  const blobs = () => front.seen.slice(begin).filter(({ path: asked }) => asked.includes('/blobs/'));
  const first = engine.docker.start(['pull', at('team/shared:1')]);
  await waitUntil('the layer comes', () => blobs().some(({ sent }) => sent > 500_000));
  const second = engine.docker.start(['pull', at('team/shared:1')]);
  await waitUntil('the second waits too', () => /Downloading|Pulling fs layer/.test(second.said()));
  first.child.kill('SIGINT');
  await first.ended;
  assert.equal((await second.ended).code, 0);
  front.speed = 0;
  assert.equal(blobs().filter(({ sent }) => sent > 500_000).length, 1);
});

test('a login of the CLI reaches its registry', async () => {
  const htpasswd = 'robot$ci:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
  await using locked = await startRegistry({ htpasswd });
  const logins = { [locked.host]: { username: 'robot$ci', password: 'secret' } };
  using owner = openClient({ address: locked.host, logins });
  await pushImage(owner.at('team/private'), '1', [{ tar: await tarOf([noise(10)]) }]);
  const name = `${locked.host}/team/private:1`;
  assert.match(
    await engine.docker.fails(1, 'pull', name),
    /pull access denied for .*team\/private, repository does not exist or may require 'docker login'/,
  );
  const auth = Buffer.from('robot$ci:secret').toString('base64');
  const config = path.join(engine.folders.root, 'docker-config/config.json');
  writeFileSync(config, JSON.stringify({ auths: { [locked.host]: { auth } } }));
  await docker('pull', '-q', name);
  assert.ok(!engine.log().includes('secret'));
});
