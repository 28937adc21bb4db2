import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fetchManifest } from '../../engine/registry/fetch.ts';
import { listTags } from '../../engine/registry/lists.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { ask } from '../raw-http.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { openClient } from '../registry/client-scene.ts';
import { startFront } from '../registry/front.ts';
import { pushImage, pushIndex } from '../registry/push-image.ts';
import { startRegistry } from '../registry/registry-process.ts';
import { startTokenServer } from '../registry/token-server.ts';
import { sampleArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';

let engine: TestEngine;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
});
after(() => engine[Symbol.asyncDispose]());
const docker = (...args: string[]) => engine.docker(...args);

test('docker push: what was pulled goes on with the same digests; what is there is not sent again', async () => {
  await using registry = await startRegistry();
  await using front = await startFront(registry.host);
  using client = openClient({ address: registry.host });
  const layers = [
    { tar: await sampleLayer() },
    { tar: await tarOf([{ name: 'noise', content: randomBytes(2_000_000) }]) },
  ];
  const { digest } = await pushImage(client.at('team/from'), '1', layers);
  const from = `${front.host}/team/from:1`;
  const to = `${front.host}/team/to`;
  await docker('pull', '-q', from);
  await docker('tag', from, `${to}:1`);
  await docker('tag', from, `${to}:2`);
  const first = await docker('push', `${to}:1`);
  assert.match(first, /^The push refers to repository \[127\.0\.0\.1:\d+\/team\/to\]$/m);
  assert.equal(first.match(/Mounted from team\/from/g)?.length, 2, first);
  assert.match(first, new RegExp(`^1: digest: ${digest} size: \\d+$`, 'm'));
  assert.equal((await fetchManifest(client.at('team/to'), '1')).digest, digest);
  const told = [
    'events',
    '--since',
    '1h',
    '--until=-1s',
    '--filter',
    'type=image',
    '--format',
    '{{.Action}} {{.Actor.Attributes.name}}',
  ];
  assert.deepEqual((await docker(...told)).split('\n').slice(-4), [
    `pull ${from}`,
    `tag ${to}:1`,
    `tag ${to}:2`,
    `push ${to}:1`,
  ]);
  const again = await docker('push', '-a', to);
  assert.equal(again.match(/Layer already exists/g)?.length, 4, again);
  const tags: string[] = [];
  for await (const page of listTags(client.at('team/to'))) tags.push(...page);
  assert.deepEqual(tags.sort(), ['1', '2']);

  await using other = await startRegistry();
  await docker('tag', from, `${other.host}/team/sent:1`);
  const sent = await docker('push', `${other.host}/team/sent:1`);
  assert.equal(sent.match(/Pushed/g)?.length, 2, sent);
  using there = openClient({ address: other.host });
  assert.equal((await fetchManifest(there.at('team/sent'), '1')).digest, digest);
});

test('what was loaded can be pushed, pulled again and run; what is not there is refused', async () => {
  await using registry = await startRegistry();
  const name = `${registry.host}/team/loaded:1`;
  await docker('tag', sampleImage, name);
  await docker('push', '-q', name);
  const id = await docker('inspect', '-f', '{{.Id}}', name);
  await docker('rmi', name);
  await docker('pull', '-q', name);
  assert.equal(await docker('inspect', '-f', '{{.Id}}', name), id);
  assert.equal(await docker('run', '--rm', '--network', 'none', name, 'echo', 'x'), 'x');
  assert.match(await engine.docker.fails(1, 'push', `${registry.host}/team/loaded:none`), /tag does not exist/);
  assert.match(await engine.docker.fails(1, 'push', '-a', `${registry.host}/team/none`), /does not exist locally/);
});

test('a committed image: pushed, pulled by another engine, and run there with what was deleted gone', async () => {
  await using registry = await startRegistry();
  const name = `${registry.host}/team/committed:1`;
  const script = 'rm /etc/group; rm -rf /home; mkdir /home; echo mine > /home/own; truncate -s 4194304 /holes';
  await docker('run', '--name', 'changed', '--network', 'none', sampleImage, 'sh', '-c', script);
  await docker('commit', '-m', 'why', '-c', 'ENV MADE=here', 'changed', name);
  await docker('rm', 'changed');
  const digest = /digest: (sha256:\w+)/.exec(await docker('push', name))?.[1];
  const facts = ['image', 'inspect', '-f', '{{.Id}} {{.RootFS.Layers}} {{.Comment}} {{.Config.Env}}', name];
  await using other = await startEngine();
  assert.match(await other.docker('pull', name), new RegExp(`^Digest: ${digest}$`, 'm'));
  assert.equal(await other.docker(...facts), await docker(...facts));
  const look = 'ls /etc/group 2>&1; ls -A /home; echo $MADE; md5sum < /holes; du -k /holes';
  const [gone, home, made, sum, room] = (
    await other.docker('run', '--rm', '--network', 'none', name, 'sh', '-c', look)
  ).split('\n');
  assert.match(gone ?? '', /No such file/);
  assert.deepEqual([home, made, sum], ['own', 'here', 'b5cfa9d6c8febd618f91ac2843d50a1c  -']);
  assert.equal(room, '0\t/holes');
  await docker('rmi', name);
});

test('docker login: a login that is right, one that is wrong; then push and pull with it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-login-'));
  try {
    const authority = makeAuthority(folder);
    const keys = makeCertificate(folder, 'server', authority);
    const service = 'registry.test';
    await using tokens = await startTokenServer({ keys, service, users: { alice: 'secret' }, anonymousPull: false });
    const token = { realm: tokens.realm, service, issuer: 'issuer.test', certificate: authority.cert };
    await using registry = await startRegistry({ token });
    const name = `${registry.host}/team/mine:1`;
    const login = (password: string, exits: number) =>
      engine.docker.run(['login', '-u', 'alice', '--password-stdin', registry.host], { input: password, exits });
    assert.match((await login('wrong', 1)).stderr, /incorrect username or password/);
    await docker('tag', sampleImage, name);
    assert.match(await engine.docker.fails(1, 'push', name), /unauthorized|denied|401/);
    assert.match((await login('secret', 0)).stdout, /Login Succeeded/);
    await docker('push', '-q', name);
    await docker('rmi', name);
    await docker('pull', '-q', name);
    assert.ok(!engine.log().includes('secret'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a look at a registry gives digest and platforms, and fetches nothing', async () => {
  await using registry = await startRegistry();
  using client = openClient({ address: registry.host });
  const work = client.at('team/many');
  const base = { tar: await sampleLayer() };
  const own = await pushImage(work, 'one', [base]);
  const index = await pushIndex(work, 'all', [
    { ...own, platform: { os: 'linux', architecture: 'amd64' } },
    { ...own, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { ...own, platform: { os: 'unknown', architecture: 'unknown' } },
  ]);
  const look = async (tag: string) => {
    const url = `/distribution/${registry.host}/team/many:${tag}/json`;
    const answer = await ask(engine.folders.socket, { path: url });
    assert.equal(answer.status, 200, answer.text);
    return answer.json<{ Descriptor: { digest: string }; Platforms: unknown }>();
  };
  assert.deepEqual(await look('one'), {
    Descriptor: { mediaType: own.mediaType, digest: own.digest, size: own.size },
    Platforms: [{ os: 'linux', architecture: 'amd64' }],
  });
  const all = await look('all');
  assert.equal(all.Descriptor.digest, index);
  assert.deepEqual(all.Platforms, [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ]);
  assert.equal(await docker('images', '-q', `${registry.host}/team/many`), '');
});
