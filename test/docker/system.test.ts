import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const v = '/v1.41';
const get = (path: string, method = 'GET') => ask(subject.socket, { method, path });
const post = (path: string, body: unknown = {}) => askJson(subject.socket, path, body);

test('ping: GET and HEAD, with the headers that clients read', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, text } = await get('/_ping', method);
    assert.deepEqual([status, text], [200, method === 'GET' ? 'OK' : '']);
    assert.match(String(headers['api-version']), /^1\.\d+$/);
    assert.deepEqual([headers['docker-experimental'], headers.ostype], ['false', 'linux']);
    assert.match(String(headers['cache-control']), /no-cache, no-store, must-revalidate/);
    assert.match(String(headers.server), /^\S+\/\S+ \(linux\)$/);
  }
});

test('info and version have every field that clients read', async () => {
  const info = (await get(`${v}/info`)).json<Record<string, unknown>>();
  const texts = ['ID', 'Driver', 'SystemTime', 'LoggingDriver', 'CgroupDriver', 'CgroupVersion', 'KernelVersion'];
  texts.push('OperatingSystem', 'OSType', 'OSVersion', 'Architecture', 'IndexServerAddress', 'DockerRootDir', 'Name');
  texts.push('ServerVersion', 'DefaultRuntime');
  for (const name of texts) assert.ok(typeof info[name] === 'string' && info[name] !== '', name);
  for (const name of [
    'Containers',
    'ContainersRunning',
    'ContainersPaused',
    'ContainersStopped',
    'Images',
    'NCPU',
    'MemTotal',
    'NFd',
  ])
    assert.equal(typeof info[name], 'number', name);
  assert.ok(Number(info.NFd) > 0 && Number(info.MemTotal) > 0 && Number(info.Images) === 1);
  for (const name of [
    'MemoryLimit',
    'SwapLimit',
    'CpuCfsPeriod',
    'CPUShares',
    'CPUSet',
    'PidsLimit',
    'IPv4Forwarding',
    'Debug',
    'LiveRestoreEnabled',
    'ExperimentalBuild',
  ])
    assert.equal(typeof info[name], 'boolean', name);
  for (const name of ['DriverStatus', 'Plugins', 'RegistryConfig', 'Runtimes', 'Swarm', 'SecurityOptions'])
    assert.equal(typeof info[name], 'object', name);
  assert.equal((info.Swarm as { LocalNodeState: string }).LocalNodeState, 'inactive');
  assert.match(await docker('info'), /Server Version: /);
  const version = (await get(`${v}/version`)).json<Record<string, unknown>>();
  for (const name of ['Version', 'ApiVersion', 'MinAPIVersion', 'Os', 'Arch', 'KernelVersion'])
    assert.ok(version[name], name);
  assert.ok((version.Components as { Name: string }[]).some(({ Name }) => Name === 'Engine'));
  assert.match(await docker('version', '--format', '{{.Server.Version}}'), /^\d+\.\d+/);
});

test('df: everything, one type, an empty build cache', async () => {
  const all = (await get(`${v}/system/df`)).json<Record<string, unknown>>();
  assert.ok(Number(all.LayersSize) > 0);
  assert.deepEqual([(all.Images as unknown[]).length, all.Containers, all.Volumes], [1, [], []]);
  assert.match(await docker('system', 'df'), /Images\s+1\s[\s\S]*Build Cache\s+0\s+0\s+0B\s+0B/);
  if (Number(String((await get('/_ping')).headers['api-version']).split('.')[1]) < 42) return;
  const one = (await get('/v1.44/system/df?type=image')).json<Record<string, unknown>>();
  assert.equal((one.Images as unknown[]).length, 1);
  assert.deepEqual([one.Containers ?? null, one.Volumes ?? null], [null, null]);
  const unknown = await get('/v1.44/system/df?type=nope');
  assert.deepEqual([unknown.status, unknown.json().message], [400, 'unknown object type: nope']);
});

test('the build cache is empty: prunes free nothing', async () => {
  const pruned = await post(`${v}/build/prune`);
  assert.deepEqual([pruned.status, pruned.json()], [200, { CachesDeleted: null, SpaceReclaimed: 0 }]);
  assert.match(await docker('builder', 'prune', '-af'), /Total(?: reclaimed space)?:\s+0B/);
  assert.equal((await post(`${v}/build/cancel?id=x`)).status, 200);
  assert.match((await post(`${v}/build/cancel`)).json().message, /^build ID not provided$/);
  assert.match((await post(`${v}/session`)).json().message, /no upgrade proto in request/);
});

test('in no swarm, without plugins and experiments: Docker’s statuses and words', async () => {
  const told = async (method: string, path: string, status: number, words: RegExp) => {
    const answer = await ask(subject.socket, {
      method,
      path: `${v}/${path}`,
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual(
      [answer.status, words.test(answer.json().message)],
      [status, true],
      `${method} ${path}: ${answer.text}`,
    );
  };
  const manager = /^This node is not a swarm manager\. Use "docker swarm init" or "docker swarm join" to connect/;
  for (const noun of ['nodes', 'services', 'tasks', 'secrets', 'configs']) {
    await told('GET', noun, 503, manager);
    await told('GET', `${noun}/x`, 503, manager);
    if (noun !== 'tasks') await told('DELETE', `${noun}/x`, 503, manager);
  }
  await told('GET', 'swarm', 503, manager);
  await told('GET', 'swarm/unlockkey', 503, manager);
  await told('POST', 'swarm/leave', 503, /^This node is not part of a swarm$/);
  assert.deepEqual((await get(`${v}/plugins`)).json(), []);
  await told('GET', 'plugins/x/json', 404, /plugin "x" not found/);
  await told('POST', 'plugins/x/disable', 404, /plugin "x" not found/);
  await told('DELETE', 'plugins/x', 404, /plugin "x" not found/);
  const experimental =
    /^This experimental feature is disabled by default\. Start the Docker daemon in experimental mode/;
  await told('GET', 'containers/x/checkpoints', 501, experimental);
  await told('POST', 'containers/x/checkpoints', 501, experimental);
  assert.match(await subject.docker.fails(1, 'node', 'ls'), /not a swarm manager/);
  assert.equal(await docker('plugin', 'ls', '-q'), '');
});

const oursAlone = process.env.BELUGA_TEST_PEER
  ? { skip: 'dockerd has it at an address of its own, or not at all' }
  : {};

test('metrics: dockerd’s names, the states of containers, health checks', oursAlone, async () => {
  await docker('run', '-d', '--name', 'm1', '--network', 'none', sampleImage, 'sleep', '1000');
  const { status, headers, text } = await get('/metrics');
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  for (const line of text.split('\n').filter(Boolean))
    assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? -?[\d.e+-]+)$/);
  assert.match(text, /^engine_daemon_engine_info\{.*version="\d.*"\} 1$/m);
  assert.match(text, /^engine_daemon_container_states_containers\{state="running"\} 1$/m);
  assert.match(text, /^engine_daemon_health_checks_total 0$/m);
  assert.match(text, /^process_resident_memory_bytes [1-9]/m);
  await docker('rm', '-f', 'm1');
  assert.match((await get('/metrics')).text, /^engine_daemon_container_states_containers\{state="running"\} 0$/m);
});

test('the configuration is read again by the API', oursAlone, async () => {
  const answer = await post('/beluga/reload');
  assert.deepEqual([answer.status, answer.json()], [200, { changed: [], needRestart: [] }]);
});
