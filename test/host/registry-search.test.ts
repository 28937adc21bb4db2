import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BelugaNames, BelugaTags } from '../../engine/http/extension-types.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { openClient } from '../registry/client-scene.ts';
import { startFront } from '../registry/front.ts';
import { startProxy } from '../registry/proxy.ts';
import { pushImage } from '../registry/push-image.ts';
import { fill, registryDoor, ruleFor, settingsOf } from '../registry/registry-door.ts';
import { startRegistry } from '../registry/registry-process.ts';
import { startTokenServer } from '../registry/token-server.ts';
import { tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-search-'));
let engine: TestEngine;
before(async () => {
  engine = await startEngine();
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const door = registryDoor(() => engine.folders.socket);
const { get, put, test: testOf } = door;

test('docker search: Docker Hub’s own search, as dockerd asks it', async () => {
  const authority = makeAuthority(folder, 'hub-authority');
  const keys = makeCertificate(folder, 'hub', authority);
  const asked: string[] = [];
  const options = { cert: readFileSync(keys.cert), key: readFileSync(keys.key) };
  const hub = createHttpsServer(options, (request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    const found = [
      { name: 'alpine', description: 'small', star_count: 9000, is_official: true, is_automated: false },
      { name: 'acme/alpine', description: '', star_count: 3, is_official: false, is_automated: false },
    ];
    response.end(JSON.stringify({ num_results: 2, query: 'x', results: found }));
  }).listen(0, '127.0.0.1');
  await once(hub, 'listening');
  try {
    const { port } = hub.address() as { port: number };
    await using proxy = await startProxy({ 'index.docker.io': `127.0.0.1:${port}` });
    const hosts = { 'index.docker.io': { proxy: { url: proxy.url } } };
    await put({ rules: [], insecure: ['index.docker.io'], hosts });
    const found = (...args: string[]) =>
      engine.docker('search', '--format', '{{.Name}}|{{.StarCount}}|{{.IsOfficial}}|{{.Description}}', ...args);
    assert.equal(await found('library/alpine'), 'alpine|9000|[OK]|small\nacme/alpine|3||');
    assert.equal(await found('--filter', 'stars=4', '--limit', '7', 'alpine'), 'alpine|9000|[OK]|small');
    assert.deepEqual(asked, ['index.docker.io/v1/search?q=alpine&n=25', 'index.docker.io/v1/search?q=alpine&n=7']);
    const names = (await get('/beluga/names?text=alp')).json<BelugaNames>();
    assert.deepEqual(names.names[0], { registry: 'docker.io', name: 'alpine', official: true, description: 'small' });
    await put({ rules: [], insecure: [], hosts });
    assert.match(await engine.docker.fails(1, 'search', 'alpine'), /index\.docker\.io: TLS failed/);
  } finally {
    hub.closeAllConnections();
    hub.close();
  }
});

test('docker search: a catalogue of any registry, and of what stands for Docker Hub; filters', async () => {
  await using registry = await startRegistry();
  for (const name of ['library/busybox', 'team/box', 'team/other']) await fill(registry.host, name, { bytes: 10 });
  await put(settingsOf(ruleFor('docker.io', [], { upstream: `http://${registry.host}` })));
  const names = (...args: string[]) => engine.docker('search', '--format', '{{.Name}}:{{.IsOfficial}}', ...args);
  assert.equal(await names('box'), 'team/box:\nbusybox:[OK]');
  assert.equal(await names('--filter', 'is-official=true', 'box'), 'busybox:[OK]');
  assert.equal(await names('--filter', 'stars=1', 'box'), '');
  assert.equal(await names('--limit', '1', 'box'), 'team/box:');
  assert.equal(await names(`${registry.host}/te`), `${registry.host}/team/box:\n${registry.host}/team/other:`);
  assert.match(
    await engine.docker.fails(1, 'search', '--limit', '101', 'x'),
    /limit 101 is outside the range of \[1, 100\]/,
  );
  assert.match(await engine.docker.fails(1, 'search', '--filter', 'is-official=maybe', 'x'), /invalid filter/);
  assert.match(await engine.docker.fails(1, 'search', 'https://x'), /should not have a scheme/);
  assert.match(await engine.docker.fails(1, 'search', '127.0.0.1:1/x'), /127\.0\.0\.1:1 cannot be reached/);
});

test('names and tags: what can be searched answers, what cannot is named with its reason', async () => {
  await using registry = await startRegistry();
  await fill(registry.host, 'library/postgres', { tag: '17', bytes: 10 });
  await fill(registry.host, 'library/postgres', { tag: '16', bytes: 10 });
  await put(
    settingsOf(
      ruleFor('docker.io', [], { upstream: `http://${registry.host}` }),
      ruleFor('closed.test', [], { upstream: 'http://127.0.0.1:1' }),
    ),
  );
  const found = (await get('/beluga/names?text=postg')).json<BelugaNames>();
  assert.deepEqual(found.names, [{ registry: 'docker.io', name: 'postgres', official: true }]);
  assert.equal(found.unsearchable.length, 1);
  assert.equal(found.unsearchable[0]?.registry, 'closed.test');
  assert.match(found.unsearchable[0]?.message ?? '', /127\.0\.0\.1:1 cannot be reached/);
  const one = (await get(`/beluga/names?text=${encodeURIComponent(`${registry.host}/library/p`)}`)).json<BelugaNames>();
  assert.deepEqual(one, {
    names: [{ registry: registry.host, name: `${registry.host}/library/postgres` }],
    unsearchable: [],
  });

  const { tags, endpoint } = (await get('/beluga/tags?name=postgres')).json<BelugaTags>();
  assert.deepEqual([[...tags].sort(), endpoint], [['16', '17'], `http://${registry.host}`]);
  await put(settingsOf(ruleFor('docker.io', [`http://${registry.host}`], { upstream: 'http://127.0.0.1:1' })));
  assert.equal((await get('/beluga/tags?name=postgres')).json<BelugaTags>().endpoint, `http://${registry.host}`);
  const nobody = await get('/beluga/tags?name=127.0.0.1:1/x');
  assert.equal(nobody.json<{ reason: string }>().reason, 'registry.unreachable');
  assert.equal((await get('/beluga/tags?name=A')).status, 400);
});

test('daemon.json: mirrors and insecure registries count at SIGHUP, without a restart; a mistake changes nothing', async () => {
  const file = path.join(folder, 'daemon.json');
  const configure = (value: object) => writeFileSync(file, JSON.stringify(value));
  configure({ 'registry-mirrors': ['https://one.test/hub/'], 'insecure-registries': ['a.test:1'] });
  await using other = await startEngine({ flags: ['--config-file', file] });
  const info = async () => JSON.parse(await other.docker('info', '--format', '{{json .}}'));
  const { pid } = other;
  assert.deepEqual((await info()).RegistryConfig.Mirrors, ['https://one.test/hub/']);
  assert.match(await other.docker('info'), /Registry Mirrors:\n {2}https:\/\/one\.test\/hub\/\n/);

  await using registry = await startRegistry();
  await fill(registry.host, 'library/alpine', { bytes: 10 });
  configure({ 'registry-mirrors': [`http://${registry.host}`], 'insecure-registries': ['10.7.0.0/16'], debug: true });
  process.kill(pid, 'SIGHUP');
  await waitUntil(
    'the new mirror counts',
    async () => (await info()).RegistryConfig.Mirrors[0] === `http://${registry.host}/`,
  );
  const after = await info();
  assert.deepEqual(after.RegistryConfig.InsecureRegistryCIDRs, ['10.7.0.0/16', '::1/128', '127.0.0.0/8']);
  assert.equal(after.RegistryConfig.IndexConfigs['a.test:1'], undefined);
  assert.equal(after.Debug, true);
  const told = [
    'events',
    '--since',
    '1h',
    '--until=-1s',
    '--filter',
    'type=daemon',
    '--format',
    '{{json .Actor}} {{.Action}}',
  ];
  const [event = ''] = (await other.docker(...told)).split('\n');
  assert.match(event, / reload$/);
  const { ID, Attributes } = JSON.parse(event.slice(0, -' reload'.length));
  assert.equal(ID, after.ID);
  assert.equal(Attributes['registry-mirrors'], JSON.stringify([`http://${registry.host}`]));

  configure({ 'registry-mirrors': ['nonsense'] });
  process.kill(pid, 'SIGHUP');
  await waitUntil('the mistake is told', () => /cannot be read again.*no scheme specified/.test(other.log()));
  assert.deepEqual((await info()).RegistryConfig.Mirrors, [`http://${registry.host}/`]);
  assert.equal(other.pid, pid);
});

test('docker login as a robot account, by the token service and by Basic; a proxy-cache project as the mirror', async () => {
  const name = 'robot$project+ci';
  const authority = makeAuthority(folder, 'robots');
  const keys = makeCertificate(folder, 'robots-server', authority);
  const service = 'harbor.test';
  await using tokens = await startTokenServer({ keys, service, users: { [name]: 'secret' }, anonymousPull: false });
  const token = { realm: tokens.realm, service, issuer: 'issuer.test', certificate: authority.cert };
  await using registry = await startRegistry({ token });
  await using front = await startFront(registry.host);
  const login = (password: string, exits: number) =>
    engine.docker.run(['login', '-u', name, '--password-stdin', front.host], { input: password, exits });
  assert.match((await login('wrong', 1)).stderr, /incorrect username or password/);
  assert.match((await login('secret', 0)).stdout, /Login Succeeded/);
  const sent = tokens.requests.at(-1)?.authorization ?? '';
  assert.equal(Buffer.from(sent.slice('Basic '.length), 'base64').toString(), `${name}:secret`);

  const credentials = { username: name, password: 'secret' };
  {
    using client = openClient({ address: registry.host, logins: { [registry.host]: credentials } });
    const tar = await tarOf([{ name: 'noise', content: randomBytes(100_000) }]);
    await pushImage(client.at('hub-proxy/library/alpine'), 'latest', [{ tar }]);
    await pushImage(client.at('project/deep/app'), '1', [{ tar }]);
  }
  await engine.docker('pull', '-q', `${front.host}/project/deep/app:1`);
  const policy =
    '{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"current image with 3 vulnerabilities cannot be pulled"}]}';
  front.sickness = ({ path: at }) =>
    at.includes('/manifests/') ? { kind: 'status', status: 412, body: policy } : undefined;
  const refused = await engine.docker.fails(1, 'pull', `${front.host}/project/deep/app:1`);
  assert.match(refused, /412.*current image with 3 vulnerabilities cannot be pulled/);
  front.sickness = () => undefined;

  // the login of the mirror is the one that was handed over for exactly its host
  const url = `http://${front.host}/hub-proxy`;
  await put(settingsOf(ruleFor('docker.io', [url], { upstream: 'http://127.0.0.1:1' })));
  assert.equal((await testOf(url)).access?.login, 'missing');
  const at = `/beluga/logins/${encodeURIComponent(front.host)}`;
  await door.send(at, credentials, 'PUT');
  assert.deepEqual((await testOf(url)).access, { state: 'fine', login: 'sent' });
  await engine.docker('pull', '-q', 'alpine');
  assert.ok(front.seen.some(({ path: seen }) => seen.startsWith('/v2/hub-proxy/library/alpine/blobs/')));
  await door.remove(at);
  await engine.docker('rmi', 'alpine', `${front.host}/project/deep/app:1`);

  const htpasswd = 'robot$ci:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
  await using basic = await startRegistry({ htpasswd });
  const byBasic = (password: string, exits: number) =>
    engine.docker.run(['login', '-u', 'robot$ci', '--password-stdin', basic.host], { input: password, exits });
  assert.match((await byBasic('secret', 0)).stdout, /Login Succeeded/);
  assert.match((await byBasic('wrong', 1)).stderr, /401|unauthorized/i);
});
