import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  // a range that is told before it is taken could be gone by then: the engines of other suites choose at the same time
  subject = await startSubject(['--bip=10.213.77.1/24']);
});
after(() => subject.close());
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const lines = (words: string) => words.split('\n').filter(Boolean);

interface Network {
  Id: string;
  IPAM: { Config: { Subnet: string; Gateway: string }[] | null };
  Containers: Record<string, Record<string, string>>;
  Options: Record<string, string>;
}

async function inspect(name: string): Promise<Network> {
  const [network] = JSON.parse(await docker('network', 'inspect', name)) as [Network];
  return network;
}

const run = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sleep', '600');

/** First and last address of `172.30.0.0/16`, as numbers. */
function rangeOf(subnet: string): [number, number] {
  const [address = '', prefix = ''] = subnet.split('/');
  const base = numberOf(address);
  return [base, base + 2 ** (32 - Number(prefix)) - 1];
}
const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

test('the bridge is told before a container is on it, and is then what the containers have', async () => {
  const before = await inspect('bridge');
  const [config] = before.IPAM.Config ?? [];
  const subnet = config?.Subnet ?? '';
  assert.match(subnet, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
  assert.deepEqual(before.Containers, {});

  await run('one');
  const field = (name: string) =>
    docker('inspect', '-f', `{{(index .NetworkSettings.Networks "bridge").${name}}}`, 'one');
  const gateway = await field('Gateway');
  // dockerd 20.10 names the gateway only where it was configured
  if (subject.isBeluga) assert.equal(config?.Gateway, gateway);
  const [first, last] = rangeOf(subnet);
  assert.ok(numberOf(gateway) > first && numberOf(gateway) < last, `${gateway} in ${subnet}`);
  assert.equal(await field('NetworkID'), before.Id);
  assert.deepEqual((await inspect('bridge')).IPAM.Config, before.IPAM.Config);
  const route = await docker('exec', 'one', 'ip', 'route');
  assert.ok(route.includes(`default via ${gateway} dev eth0`), route);
  assert.ok(route.includes(`${subnet} dev eth0`), route);
});

test('options are Docker’s, and what the kernel has', async () => {
  await run('one');
  const { Options } = await inspect('bridge');
  const { 'com.docker.network.bridge.name': name = '', 'com.docker.network.driver.mtu': mtu, ...others } = Options;
  assert.deepEqual(others, {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
  });
  const links = await docker('run', '--rm', '--network', 'host', sampleImage, 'ip', 'link', 'show', name);
  assert.match(links, /<[^>]*\bUP,LOWER_UP>/);
  assert.ok((await docker('exec', 'one', 'ip', 'link', 'show', 'eth0')).includes(`mtu ${mtu} `));
});

test('Containers are those that run on it, with their place', async () => {
  const one = await run('one');
  await run('two');
  const { Containers } = await inspect('bridge');
  assert.deepEqual(
    Object.values(Containers)
      .map(({ Name }) => Name)
      .toSorted(),
    ['one', 'two'],
  );
  const field = (name: string) => docker('inspect', '-f', `{{.${name}}}`, 'one');
  const at = 'NetworkSettings.Networks.bridge';
  assert.deepEqual(Containers[one], {
    Name: 'one',
    EndpointID: await field(`${at}.EndpointID`),
    MacAddress: await field(`${at}.MacAddress`),
    IPv4Address: `${await field(`${at}.IPAddress`)}/${await field(`${at}.IPPrefixLen`)}`,
    IPv6Address: '',
  });
  await docker('pause', 'two');
  assert.equal(Object.keys((await inspect('bridge')).Containers).length, 2);
  await docker('rm', '-f', 'two');
  await docker('stop', '-t', '0', 'one');
  assert.deepEqual((await inspect('bridge')).Containers, {});
});

test('host and none have neither addresses nor options, and their containers', async () => {
  for (const name of ['host', 'none']) {
    const id = await run(`on-${name}`, '--network', name);
    const { IPAM, Options, Containers } = await inspect(name);
    assert.deepEqual([IPAM.Config ?? [], Options], [[], {}]);
    const { EndpointID = '', ...place } = Containers[id] ?? {};
    assert.match(EndpointID, /^[0-9a-f]{64}$/);
    assert.deepEqual(place, { Name: `on-${name}`, MacAddress: '', IPv4Address: '', IPv6Address: '' });
  }
  assert.deepEqual((await inspect('bridge')).Containers, {});
});

test('network ls, its filters and its inspect by a part of the id', async () => {
  const list = async (...args: string[]) => lines(await docker('network', 'ls', '--format', '{{.Name}}', ...args));
  assert.deepEqual(await list(), ['bridge', 'host', 'none']);
  assert.deepEqual(await list('--filter', 'driver=bridge'), ['bridge']);
  assert.deepEqual(await list('--filter', 'driver=null'), ['none']);
  assert.deepEqual(await list('--filter', 'name=o'), ['host', 'none']);
  assert.deepEqual(await list('--filter', 'type=custom'), []);
  assert.deepEqual(await list('--filter', 'type=builtin', '--filter', 'scope=local'), ['bridge', 'host', 'none']);
  assert.deepEqual(await list('--filter', 'dangling=true'), []);
  assert.deepEqual(await list('--filter', 'label=x'), []);
  assert.match(await subject.docker.fails(1, 'network', 'ls', '--filter', 'type=other'), /invalid filter: 'type'/);
  const { Id } = await inspect('bridge');
  assert.deepEqual(await list('--filter', `id=${Id.slice(0, 12)}`), ['bridge']);
  assert.equal((await inspect(Id.slice(0, 12))).Id, Id);
  assert.match(await subject.docker.fails(1, 'network', 'inspect', 'nowhere'), /network nowhere not found/);
});
