import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BelugaImported, BelugaRegistries } from '../../engine/http/extension-types.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { openWire } from '../raw-http.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { startProxy } from '../registry/proxy.ts';
import { pushImage } from '../registry/push-image.ts';
import { fill, registryDoor, ruleFor, settingsOf } from '../registry/registry-door.ts';
import { startRegistry } from '../registry/registry-process.ts';
import { startTokenServer } from '../registry/token-server.ts';
import { tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-registries-'));
let engine: TestEngine;
before(async () => {
  engine = await startEngine({
    flags: ['--insecure-registry', '10.9.0.0/16', '--insecure-registry', 'plain.test:5000'],
  });
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const door = registryDoor(() => engine.folders.socket);
const { get, put, test: testOf } = door;

test('settings: put, counted at once, kept over a restart; a wrong one changes nothing', async () => {
  const before = (await get('/beluga/registries')).json<BelugaRegistries>();
  assert.deepEqual(before.fixed, { mirrors: [], insecure: ['10.9.0.0/16', 'plain.test:5000'] });
  const wanted = settingsOf(ruleFor('docker.io', ['https://mirror.test', 'http://127.0.0.1:5'], { order: 'auto' }));
  assert.deepEqual((await put(wanted)).settings, wanted);
  const wrong = settingsOf(ruleFor('docker.io', ['ftp://x']));
  const refused = await door.send('/beluga/registries', wrong, 'PUT');
  assert.equal(refused.status, 400);
  assert.equal(refused.json<{ reason: string }>().reason, 'registry.address-scheme');
  await engine.restart();
  assert.deepEqual((await get('/beluga/registries')).json<BelugaRegistries>().settings, wanted);
  const imported = await door.send('/beluga/registries/import', {
    format: 'daemon.json',
    text: '{"registry-mirrors": ["https://other.test"], "mtu": 1400}',
  });
  assert.equal(imported.status, 200, imported.text);
  const { settings: next, ignored } = imported.json<BelugaImported>();
  assert.deepEqual(
    next.rules[0]?.mirrors.map(({ url }) => url),
    ['https://mirror.test', 'http://127.0.0.1:5', 'https://other.test'],
  );
  assert.equal(ignored[0]?.key, 'mtu');
  assert.deepEqual((await get('/beluga/registries')).json<BelugaRegistries>().settings, wanted);
  assert.deepEqual((await put(next)).settings, next);
  const broken = await door.send('/beluga/registries/import', { format: 'hosts.toml', text: '[' });
  assert.equal(broken.status, 400);
  assert.equal(broken.json<{ reason: string }>().reason, 'registry.import-invalid');
  for (const body of [{ format: 'x', text: '' }, { format: 'daemon.json' }, []]) {
    const bad = await door.send('/beluga/registries/import', body);
    assert.equal(bad.json<{ reason: string }>().reason, 'request.invalid', bad.text);
  }
});

test('docker info shows mirrors and insecure registries as dockerd does', async () => {
  await put({
    ...settingsOf(
      ruleFor('docker.io', ['https://one.test', 'https://two.test/hub']),
      ruleFor('ghcr.io', ['https://g.test']),
    ),
    insecure: ['reg.test', '10.8.0.0/16'],
  });
  const config = JSON.parse(await engine.docker('info', '--format', '{{json .RegistryConfig}}'));
  assert.deepEqual(config.Mirrors, ['https://one.test/', 'https://two.test/hub/']);
  assert.deepEqual(config.InsecureRegistryCIDRs, ['10.9.0.0/16', '10.8.0.0/16', '::1/128', '127.0.0.0/8']);
  assert.deepEqual(config.IndexConfigs['docker.io'], {
    ...{ Name: 'docker.io', Secure: true, Official: true },
    Mirrors: ['https://one.test/', 'https://two.test/hub/'],
  });
  const other = { Mirrors: [], Official: false, Secure: false };
  assert.deepEqual(config.IndexConfigs['plain.test:5000'], { Name: 'plain.test:5000', ...other });
  assert.deepEqual(config.IndexConfigs['reg.test'], { Name: 'reg.test', ...other });
  assert.deepEqual(config.IndexConfigs['ghcr.io'].Mirrors, ['https://g.test/']);
  const text = await engine.docker('info');
  assert.match(text, /Registry Mirrors:\n {2}https:\/\/one\.test\/\n {2}https:\/\/two\.test\/hub\/\n/);
  assert.match(text, /Insecure Registries:\n(?: {2}.*\n)* {2}127\.0\.0\.0\/8/);
});

test('the test of a mirror: fresh, old, without the tag, and the registry itself away', async () => {
  await using upstream = await startRegistry();
  await using mirror = await startRegistry({ proxy: `http://${upstream.host}` });
  await using stale = await startRegistry();
  await fill(upstream.host, 'library/alpine', { created: '2026-01-10T00:00:00Z' });
  await fill(stale.host, 'library/alpine', { created: '2026-01-02T12:00:00Z' });
  const up = `http://${upstream.host}`;
  await put(settingsOf(ruleFor('docker.io', [`http://${mirror.host}`, `http://${stale.host}`], { upstream: up })));

  const fine = await testOf(`http://${mirror.host}`);
  assert.equal(fine.reach.state, 'fine');
  assert.ok((fine.reach.latency ?? -1) >= 0 && fine.took < 15_000);
  assert.equal(fine.reach.tls, undefined);
  assert.deepEqual(fine.access, { state: 'fine', login: 'none-needed' });
  assert.equal(fine.speed?.state, 'fine');
  assert.ok((fine.speed?.bytesPerSecond ?? 0) > 50_000);
  assert.deepEqual(fine.freshness, { state: 'fine', image: 'docker.io/library/alpine:latest', tag: 'same' });

  const old = await testOf(`http://${stale.host}`);
  assert.equal(old.freshness?.tag, 'older');
  assert.equal(old.freshness?.behind, 7.5 * 86_400_000);
  assert.equal(old.freshness?.state, 'warning');
  assert.ok((old.speed?.median ?? 0) > 0, 'the other mirror was measured before');

  const { health } = (await get('/beluga/registries')).json<BelugaRegistries>();
  assert.ok((health.find(({ endpoint }) => endpoint === `http://${mirror.host}`)?.speed ?? 0) > 0);

  await put(settingsOf(ruleFor('docker.io', [`http://${stale.host}`], { upstream: 'http://127.0.0.1:1' })));
  const alone = await testOf(`http://${stale.host}`);
  assert.equal(alone.freshness?.tag, 'unknown');
  assert.equal(alone.freshness?.error?.reason, 'registry.unreachable');
  assert.equal(alone.speed?.state, 'fine');

  await using empty = await startRegistry();
  const none = await testOf(`http://${empty.host}`);
  assert.equal(none.access?.state, 'warning');
  assert.equal(none.access?.error?.params?.status, 404);
  assert.equal(none.speed, undefined);
  const away = await testOf('http://127.0.0.1:1');
  assert.equal(away.reach.state, 'failed');
  assert.equal(away.reach.error?.reason, 'registry.unreachable');
  assert.equal(away.access, undefined);
  const wrong = await door.send('/beluga/registries/test', {
    url: 'ftp://x',
    prefix: 'docker.io',
  });
  assert.equal(wrong.status, 400);
});

test('the test of a mirror that is sick: refusing, down, with other bytes, slow', async () => {
  await using registry = await startRegistry();
  await using front = await startFront(registry.host);
  await fill(registry.host, 'library/alpine', { bytes: 300_000 });
  const rules = [ruleFor('docker.io', [`http://${front.host}`], { upstream: `http://${registry.host}` })];
  await put({ ...settingsOf(...rules), limits: { floor: 1_000_000 } });
  const url = `http://${front.host}`;
  const sick = async (sickness: Front['sickness']) => {
    front.sickness = sickness;
    return testOf(url);
  };
  const refused = await sick(({ path: at }) => (at === '/v2/' ? undefined : { kind: 'status', status: 403 }));
  assert.equal(refused.reach.state, 'fine');
  assert.equal(refused.access?.state, 'failed');
  assert.equal(refused.access?.error?.params?.status, 403);
  const down = await sick(() => ({ kind: 'status', status: 503 }));
  assert.equal(down.reach.state, 'warning');
  assert.equal(down.reach.error?.params?.status, 503);
  const wrong = await sick(({ path: at }) => (at.includes('/blobs/') ? { kind: 'wrong', at: 1000 } : undefined));
  assert.equal(wrong.speed?.error?.reason, 'registry.broken-answer');
  assert.match(wrong.speed?.error?.message ?? '', /came with other bytes/);
  front.sickness = () => undefined;
  front.speed = 100_000;
  const slow = await testOf(url);
  assert.equal(slow.speed?.state, 'warning');
  assert.ok((slow.speed?.bytesPerSecond ?? 1e9) < 1_000_000, JSON.stringify(slow.speed));
});

test('the test of a mirror with a login: only its own host’s is sent', async () => {
  const authority = makeAuthority(folder);
  const keys = makeCertificate(folder, 'server', authority);
  const service = 'registry.test';
  await using tokens = await startTokenServer({ keys, service, users: { robot: 'secret' }, anonymousPull: false });
  const token = { realm: tokens.realm, service, issuer: 'issuer.test', certificate: authority.cert };
  await using registry = await startRegistry({ token, tls: keys });
  const login = { username: 'robot', password: 'secret' };
  using client = openClient({ address: registry.host, logins: { [registry.host]: login } });
  await pushImage(client.at('library/alpine'), 'latest', [{ tar: await tarOf([{ name: 'a', content: 'b' }]) }]);
  await put(settingsOf(ruleFor('docker.io', [`https://${registry.host}`], { upstream: `https://${registry.host}` })));
  const url = `https://${registry.host}`;
  const at = (host: string) => `/beluga/logins/${encodeURIComponent(host)}`;
  const setLogin = (host: string, body: object) => door.send(at(host), body, 'PUT');

  assert.equal((await setLogin('127.0.0.1:1', login)).status, 204);
  const pushed = tokens.requests.length;
  const missing = await testOf(url);
  assert.equal(missing.access?.login, 'missing');
  assert.equal(missing.access?.error?.reason, 'registry.login-missing');
  const anonymous = tokens.requests.length;
  assert.ok(anonymous > pushed);
  assert.ok(tokens.requests.slice(pushed).every(({ authorization }) => authorization === undefined));
  assert.equal((await setLogin(registry.host, login)).status, 204);
  const sent = await testOf(url);
  assert.deepEqual(sent.access, { state: 'fine', login: 'sent' });
  assert.match(sent.reach.tls ?? '', /^TLSv1\.[23]$/);
  const until = sent.reach.certificateUntil ?? 0;
  assert.ok(until > Date.now() && until < Date.now() + 3 * 86_400_000);
  assert.equal(sent.reach.state, 'warning', 'its certificate ends in two days');
  assert.ok(tokens.requests.slice(anonymous).some(({ authorization }) => /^Basic /.test(authorization ?? '')));
  const { logins } = (await get('/beluga/registries')).json<BelugaRegistries>();
  assert.deepEqual(logins.map(({ host }) => host).sort(), ['127.0.0.1:1', registry.host].sort());
  assert.equal((await setLogin(registry.host, { username: 'robot', password: 'other' })).status, 204);
  assert.equal((await testOf(url)).access?.state, 'failed');
  for (const host of ['127.0.0.1:1', registry.host]) {
    assert.equal((await door.remove(at(host))).status, 204);
  }
  assert.equal((await testOf(url)).access?.login, 'missing');
  assert.equal((await setLogin('docker.io', login)).status, 204);
  assert.deepEqual((await get('/beluga/registries')).json<BelugaRegistries>().logins, [
    { host: 'docker.io', username: 'robot' },
  ]);
  await door.remove(at('docker.io'));
  assert.equal((await setLogin('a/b', login)).status, 400);
  assert.equal((await setLogin('a.test', { username: 1 })).status, 400);
  assert.ok(!engine.log().includes('secret'));
});

test('the test of a mirror whose certificate nobody trusts tells its end; with its authority it is fine', async () => {
  const authority = makeAuthority(folder, 'other');
  const keys = makeCertificate(folder, 'named', authority);
  await using registry = await startRegistry({ tls: keys });
  await using proxy = await startProxy({ 'registry.test': registry.host });
  // 127.0.0.1 is insecure by itself: the strict case needs another name, and the proxy of its host leads there
  const host = `registry.test:${registry.host.split(':')[1]}`;
  const proxied = { proxy: { url: proxy.url } };
  const rules = [ruleFor('docker.io', [`https://${host}`], { upstream: `http://${registry.host}` })];
  await put({ rules, insecure: [], hosts: { [host]: proxied } });
  const untrusted = await testOf(`https://${host}`);
  assert.equal(untrusted.reach.state, 'failed');
  assert.equal(untrusted.reach.error?.reason, 'registry.tls');
  assert.ok((untrusted.reach.certificateUntil ?? 0) > Date.now());
  await put({ rules, insecure: [], hosts: { [host]: { ...proxied, ca: readFileSync(authority.cert, 'utf8') } } });
  const trusted = await testOf(`https://${host}`);
  assert.equal(trusted.reach.error, undefined);
  assert.match(trusted.reach.tls ?? '', /^TLSv1/);
  assert.equal(trusted.access?.error?.params?.status, 404, 'nothing is in it');
  assert.ok(proxy.targets.every((target) => target === host));
});

/** A mirror that takes connections and says nothing. */
async function startSilent() {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.resume());
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, open: () => open.size, [Symbol.dispose]: close };
}

test('a client that leaves ends the test of a mirror, before one that was begun earlier gives up', async () => {
  await put(settingsOf());
  using stays = await startSilent();
  using left = await startSilent();
  const begin = async (url: string) => {
    const wire = await openWire(engine.folders.socket);
    const body = JSON.stringify({ url, prefix: 'docker.io' });
    const head = ['POST /beluga/registries/test HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
    wire.socket.write(`${[...head, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`);
    return wire;
  };
  const first = await begin(stays.url);
  await waitUntil('the first is asked', () => stays.open() === 1);
  const second = await begin(left.url);
  await waitUntil('the second is asked', () => left.open() === 1);
  second.socket.destroy();
  await waitUntil('the second is left', () => left.open() === 0);
  assert.equal(stays.open(), 1);
  first.socket.destroy();
});
