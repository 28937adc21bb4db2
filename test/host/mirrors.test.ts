import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { MirrorSetting, RegistryRule } from '../../engine/registry/mirrors/registry-settings.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { type ClientScene, digestOf, openClient } from '../registry/client-scene.ts';
import { type Front, type Sickness, startFront } from '../registry/front.ts';
import { callEngine, decisions, setRegistries, smallLimits, transfersOf } from '../registry/mirror-scene.ts';
import { startProxy } from '../registry/proxy.ts';
import { pushImage } from '../registry/push-image.ts';
import { freePort, type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { tarOf } from '../sample.ts';

/** Stands for docker.io, and all mirrors hold what it holds. */
let registry: RegistryProcess;
let badTls: RegistryProcess;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let upstream: Front;
let first: Front;
let second: Front;
let engine: TestEngine;
let client: ClientScene;
const folder = mkdtempSync(path.join(tmpdir(), 'beluga-mirrors-'));

before(async () => {
  registry = await startRegistry();
  badTls = await startRegistry({ tls: makeCertificate(folder, 'server', makeAuthority(folder)) });
  proxy = await startProxy({ 'registry.test': badTls.host });
  [upstream, first, second] = [
    await startFront(registry.host),
    await startFront(registry.host),
    await startFront(registry.host),
  ];
  engine = await startEngine({ env: { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } });
  client = openClient({ address: registry.host });
});
after(async () => {
  client[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
  for (const one of [upstream, first, second, proxy, badTls, registry]) await one[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const front of [upstream, first, second]) {
    front.sickness = () => undefined;
    front.speed = 0;
  }
});

const url = ({ host }: { host: string }) => `http://${host}`;
const docker = (...args: string[]) => engine.docker(...args);
const rule = (mirrors: readonly string[], more: Partial<RegistryRule> = {}): RegistryRule => ({
  prefix: 'docker.io',
  upstream: url(upstream),
  mirrors: mirrors.map((one): MirrorSetting => ({ url: one })),
  order: 'fixed',
  mirrorOnly: false,
  ...more,
});
const useMirrors = (mirrors: readonly string[], more: Partial<RegistryRule> = {}, limits = {}) =>
  setRegistries(engine, { rules: [rule(mirrors, more)], limits: { ...smallLimits, ...limits } });

let names = 0;
/** An image of its own with one layer of noise, and the digest of that layer. */
async function newImage(bytes = 3_000_000, tag = '1'): Promise<{ name: string; layer: string }> {
  const name = `team/mirrored-${++names}`;
  const tar = await tarOf([{ name: 'noise', content: randomBytes(bytes) }]);
  const blob = gzipSync(tar, { level: 1 });
  await pushImage(client.at(name), tag, [{ tar, blob: { bytes: blob, compression: 'gzip' } }]);
  return { name, layer: digestOf(blob) };
}
const of =
  (part: string, sickness: Sickness) =>
  ({ path: asked }: { path: string }) =>
    asked.includes(part) ? sickness : undefined;
const count = (front: Front, what: RegExp) => front.seen.filter(({ path: asked }) => what.test(asked)).length;

test('the tag is the registry’s word, and everything else comes from the first mirror', async () => {
  await useMirrors([url(first), url(second)]);
  const { name } = await newImage();
  await docker('pull', '-q', `${name}:1`);
  assert.deepEqual(await decisions(engine), [
    `tag served ${url(upstream)}`,
    `manifest served ${url(first)}`,
    `config served ${url(first)}`,
    `layer served ${url(first)}`,
  ]);
  assert.deepEqual(
    upstream.seen.map(({ method, path: asked }) => [method, asked.split('/').at(-2)]),
    [['HEAD', 'manifests']],
  );
  const [transfer] = await transfersOf(engine);
  assert.deepEqual(transfer?.tagFrom, { endpoint: url(upstream), verified: true });
  const [layer] = transfer?.layers ?? [];
  assert.deepEqual(layer?.servedBy, [{ endpoint: url(first), bytes: layer?.size }]);
});

const sicknesses: readonly {
  name: string;
  sickness: Sickness;
  /** What the log says of the first mirror. */
  told: RegExp;
  /** The second goes on from here. */
  goesOn: boolean;
}[] = [
  { name: '403', sickness: { kind: 'status', status: 403 }, told: /^layer failed .* 403$/, goesOn: false },
  { name: '404', sickness: { kind: 'status', status: 404 }, told: /^layer failed .* 404$/, goesOn: false },
  {
    name: '429',
    sickness: { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
    told: /^layer failed .* 429$/,
    goesOn: false,
  },
  { name: '500', sickness: { kind: 'status', status: 500 }, told: /^layer failed .* 500$/, goesOn: false },
  { name: 'silence', sickness: { kind: 'silent' }, told: /^layer hedged/, goesOn: false },
  { name: 'a cut in the middle', sickness: { kind: 'cut', after: 1_000_000 }, told: /^layer failed/, goesOn: true },
  { name: 'a stall in the middle', sickness: { kind: 'stall', after: 1_000_000 }, told: /^layer failed/, goesOn: true },
  { name: 'a trickle', sickness: { kind: 'slow', speed: 100_000 }, told: /^layer slow/, goesOn: true },
  { name: 'wrong bytes', sickness: { kind: 'wrong', at: 1_000_000 }, told: /^layer failed/, goesOn: false },
  { name: 'wrong bytes at the begin', sickness: { kind: 'wrong', at: 1 }, told: /^layer failed/, goesOn: false },
];
for (const { name, sickness, told, goesOn } of sicknesses) {
  test(`a mirror sick with ${name}: the layer comes from the next one, and it is told`, async () => {
    await useMirrors([url(first), url(second)]);
    const { name: image, layer } = await newImage();
    first.sickness = of(layer, sickness);
    const begin = second.seen.length;
    await docker('pull', '-q', `${image}:1`);
    const log = (await decisions(engine)).filter((line) => line.startsWith('layer'));
    assert.ok(
      log.some((line) => told.test(line) && line.includes(url(first))),
      log.join('\n'),
    );
    assert.equal(log.at(-1), `layer served ${url(second)}`);
    const asked = second.seen.slice(begin).find(({ path: asked }) => asked.includes(layer));
    const from = Number(/bytes=(\d+)-/.exec(asked?.range ?? '')?.[1] ?? 0);
    if (goesOn) assert.ok(from > 0 && from <= 1_100_000, `from byte ${from}`);
    else assert.equal(from, 0);
    const [transfer] = await transfersOf(engine);
    assert.equal(transfer?.layers[0]?.servedBy.at(-1)?.endpoint, url(second));
    assert.equal(count(upstream, /blobs/), 0);
  });
}

test('a mirror that is not there, and one with a bad certificate, cost no more than their limit', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`;
  const untrusted = `https://registry.test:${badTls.host.split(':')[1]}`;
  await useMirrors([gone, untrusted, url(second)]);
  const { name } = await newImage();
  await docker('pull', '-q', `${name}:1`);
  assert.deepEqual(await decisions(engine), [
    `tag served ${url(upstream)}`,
    `manifest failed ${gone}`,
    `manifest failed ${untrusted}`,
    `manifest served ${url(second)}`,
    ...['config', 'layer'].flatMap((what) => [
      `${what} failed ${gone}`,
      `${what} failed ${untrusted}`,
      `${what} served ${url(second)}`,
    ]),
  ]);
  const [transfer] = await transfersOf(engine);
  const reasons = transfer?.log.map(({ reason }) => reason).filter(Boolean);
  assert.deepEqual([...new Set(reasons)], ['registry.unreachable', 'registry.tls']);
});

test('a pull-through cache as a mirror: it fetches what it has not, and gives it again without', async () => {
  await using cache = await startRegistry({ proxy: `http://${registry.host}` });
  await useMirrors([url(cache)]);
  const { name } = await newImage();
  await docker('pull', '-q', `${name}:1`);
  assert.equal((await decisions(engine)).at(-1), `layer served ${url(cache)}`);
  await docker('rmi', `${name}:1`);
  await docker('pull', '-q', `${name}:1`);
  const log = await decisions(engine);
  assert.deepEqual(
    log.slice(1),
    ['manifest', 'config', 'layer'].map((what) => `${what} served ${url(cache)}`),
  );
});

test('an old tag of a mirror is never taken while the registry itself can be asked', async () => {
  await useMirrors([url(first)]);
  const { name } = await newImage(1000, 'old');
  const tar = await tarOf([{ name: 'new', content: 'new' }]);
  const { digest } = await pushImage(client.at(name), '1', [{ tar }]);
  first.sickness = of(`${name}/manifests/1`, { kind: 'instead', path: `/v2/${name}/manifests/old` });
  await docker('pull', '-q', `${name}:1`);
  assert.ok((await docker('inspect', '-f', '{{.RepoDigests}}', `${name}:1`)).includes(digest));
});

test('the registry itself cannot be reached: the mirror’s tag is taken, and marked', async () => {
  await useMirrors([url(first)], { upstream: `http://127.0.0.1:${await freePort()}` });
  const { name } = await newImage();
  const said = await docker('pull', `${name}:1`);
  assert.match(said, /Tag not verified.*taken from http:\/\/127\.0\.0\.1/);
  const [transfer] = await transfersOf(engine);
  assert.deepEqual(transfer?.tagFrom, { endpoint: url(first), verified: false });
  const { body } = await callEngine(engine, 'GET', `/images/${encodeURIComponent(`${name}:1`)}/json`);
  assert.deepEqual((body as { BelugaUnverified: unknown }).BelugaUnverified, [`${name}:1`]);
  // the mark goes when the registry confirms it
  await useMirrors([url(first)]);
  await docker('pull', '-q', `${name}:1`);
  const again = await callEngine(engine, 'GET', `/images/${encodeURIComponent(`${name}:1`)}/json`);
  assert.equal((again.body as { BelugaUnverified?: unknown }).BelugaUnverified, undefined);
});

test('mirror only: the registry itself is never asked', async () => {
  await useMirrors([url(first)], { mirrorOnly: true });
  const { name } = await newImage();
  const begin = upstream.seen.length;
  await docker('pull', '-q', `${name}:1`);
  first.sickness = () => ({ kind: 'status', status: 500 });
  const { name: other } = await newImage();
  const said = await engine.docker.fails(1, 'pull', `${other}:1`);
  assert.match(said, /answered 500/);
  assert.equal(upstream.seen.length, begin);
});

test('nobody has it: every endpoint is named with its status and reason', async () => {
  await useMirrors([url(first), url(second)]);
  const { name, layer } = await newImage();
  first.sickness = of(layer, {
    kind: 'status',
    status: 403,
    body: '{"errors":[{"code":"DENIED","message":"not here"}]}',
  });
  second.sickness = of(layer, { kind: 'status', status: 404 });
  upstream.sickness = of(layer, { kind: 'status', status: 416 });
  const said = await engine.docker.fails(1, 'pull', `${name}:1`);
  assert.ok(said.includes(`${url(first)}: 403 denied: not here`), said);
  assert.ok(said.includes(`${url(second)}: 404`), said);
  assert.ok(said.includes(`${url(upstream)}: 416`), said);
  assert.equal(await docker('images', '-q', name), '');
});

test('a sick mirror is not asked for a while, also by the next engine, and then tried again', async () => {
  await useMirrors([url(first), url(second)], {}, { sick: 60_000 });
  const { name, layer } = await newImage();
  first.sickness = of(layer, { kind: 'status', status: 500 });
  await docker('pull', '-q', `${name}:1`);
  first.sickness = () => undefined;
  const begin = first.seen.length;
  await docker('pull', '-q', `${(await newImage()).name}:1`);
  assert.deepEqual(
    (await decisions(engine)).filter((line) => line.includes(url(first))),
    [`manifest passed-over ${url(first)}`],
  );
  await engine.kill('SIGTERM');
  await engine.restart();
  await docker('pull', '-q', `${(await newImage()).name}:1`);
  assert.equal(first.seen.length, begin);
  const { body } = await callEngine(engine, 'GET', '/beluga/registries');
  const { health } = body as { health: { endpoint: string; failures: number; sickUntil?: number }[] };
  const sick = health.find(({ endpoint }) => endpoint === url(first));
  assert.equal(sick?.failures, 1);
  assert.ok((sick?.sickUntil ?? 0) > Date.now());
});

test('auto: the fastest comes first, once each was measured', async () => {
  await using slow = await startFront(registry.host);
  await using fast = await startFront(registry.host);
  slow.speed = 2_000_000;
  await useMirrors([url(slow), url(fast)], { order: 'auto' }, { floor: 0 });
  const servers: (string | undefined)[] = [];
  for (let pulls = 0; pulls < 3; pulls++) {
    await docker('pull', '-q', `${(await newImage()).name}:1`);
    servers.push((await decisions(engine)).at(-1));
  }
  assert.deepEqual(
    servers,
    [slow, fast, fast].map((front) => `layer served ${url(front)}`),
  );
});

test('a login goes to its own host only, and a mirror without one is passed with that reason', async () => {
  const htpasswd = 'team:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
  await using locked = await startRegistry({ htpasswd });
  await using front = await startFront(locked.host);
  using owner = openClient({
    address: locked.host,
    logins: { [locked.host]: { username: 'team', password: 'secret' } },
  });
  await useMirrors([url(front), url(second)]);
  const { name } = await newImage();
  await docker('pull', '-q', `${name}:1`);
  const [transfer] = await transfersOf(engine);
  const passed = transfer?.log.filter(({ endpoint }) => endpoint === url(front)) ?? [];
  assert.deepEqual([...new Set(passed.map(({ reason }) => reason))], ['registry.login-missing']);

  await callEngine(engine, 'PUT', `/beluga/logins/${front.host}`, { username: 'team', password: 'secret' });
  const tar = await tarOf([{ name: 'noise', content: randomBytes(1000) }]);
  for (const at of [client, owner]) await pushImage(at.at(name), '2', [{ tar }]);
  const seen = [second, upstream].map(({ seen: all }) => all.length);
  const config = path.join(engine.folders.root, 'docker-config/config.json');
  writeFileSync(config, JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth: btoa('hub:hubsecret') } } }));
  await docker('pull', '-q', `${name}:2`);
  rmSync(config);
  const [again] = await transfersOf(engine);
  assert.equal(again?.layers[0]?.servedBy[0]?.endpoint, url(front));
  const others = [second, upstream].flatMap(({ seen: all }, index) => all.slice(seen[index]));
  assert.ok(others.every(({ authorization }) => !authorization));
  assert.ok(front.seen.some(({ authorization = '' }) => authorization === `Basic ${btoa('team:secret')}`));
  assert.ok(!engine.log().includes('secret'));
  await callEngine(engine, 'DELETE', `/beluga/logins/${front.host}`);
});

test('a push goes to the registry itself and never to a mirror', async () => {
  await useMirrors([url(first), url(second)]);
  const { name } = await newImage(1000);
  await docker('pull', '-q', `${name}:1`);
  const begin = [first, second].map(({ seen }) => seen.length);
  await docker('tag', `${name}:1`, `${name}:pushed`);
  await docker('push', '-q', `${name}:pushed`);
  assert.deepEqual(
    [first, second].map(({ seen }) => seen.length),
    begin,
  );
  assert.ok(upstream.seen.some(({ method, path: asked }) => method === 'PUT' && asked.endsWith('/manifests/pushed')));
});
