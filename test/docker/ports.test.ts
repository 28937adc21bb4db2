import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { createDockerodeHost } from '../../electron/hosts/dockerode-host.ts';
import type { BelugaPorts } from '../../engine/http/extension-types.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const lines = (words: string) => words.split('\n').filter(Boolean);
const web = [sampleImage, 'sh', '-c', 'mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www'];
const run = (...args: string[]) => docker('run', '-d', ...args);

/** `docker port` as [container port, address, number]; IPv6 in brackets, as CLI 28 writes and 20.10 does not. */
async function published(name: string): Promise<[string, string, number][]> {
  return lines(await docker('port', name)).map((line) => {
    const [, port = '', address = '', number = ''] = /^(\S+) -> (.*):(\d+)$/.exec(line) ?? [];
    return [port, address.replace(/^([^[]*:.*)$/, '[$1]'), Number(number)];
  });
}

const answer = (url: string) =>
  waitUntil(`${url} answers`, async () => (await fetch(url, { signal: AbortSignal.timeout(5000) })).text());

test('any port: told by port, ps and inspect, and answering on both loopback addresses', async () => {
  await run('--name', 'web', '-p', '80', ...web);
  const ports = await published('web');
  const [, , number = 0] = ports[0] ?? [];
  assert.deepEqual(ports, [
    ['80/tcp', '0.0.0.0', number],
    ['80/tcp', '[::]', number],
  ]);
  assert.ok((await docker('ps', '--format', '{{.Ports}}')).includes(`0.0.0.0:${number}->80/tcp`));
  assert.equal(
    await docker('inspect', '-f', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', 'web'),
    `${number}`,
  );
  assert.equal(
    await docker('inspect', '-f', '{{json .HostConfig.PortBindings}}', 'web'),
    '{"80/tcp":[{"HostIp":"","HostPort":""}]}',
  );
  for (const host of ['127.0.0.1', '[::1]']) assert.equal(await answer(`http://${host}:${number}/`), 'hello\n');
  assert.equal(await docker('ps', '-q', '--filter', `publish=${number}`), (await docker('ps', '-q')).trim());
});

test('inspect tells address, gateway and hardware address while it runs, and no longer', async () => {
  await run('--name', 'web', ...web);
  const of = async (field: string) => docker('inspect', '-f', `{{${field}}}`, 'web');
  const address = await of('.NetworkSettings.Networks.bridge.IPAddress');
  assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
  assert.match(await of('.NetworkSettings.Networks.bridge.Gateway'), /^\d+\.\d+\.\d+\.\d+$/);
  assert.match(await of('.NetworkSettings.Networks.bridge.MacAddress'), /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
  await docker('kill', 'web');
  assert.equal(await of('.NetworkSettings.Networks.bridge.IPAddress'), '');
});

test('two containers have two addresses and reach each other', async () => {
  await run('--name', 'one', ...web);
  const one = await docker('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'one');
  const said = await docker(
    ...['run', '--rm', sampleImage, 'sh', '-c'],
    `for i in 1 2 3 4 5 6 7 8 9; do printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${one} 80 && break; sleep 0.2; done; hostname -i`,
  );
  assert.match(said, /\nhello\n/);
  assert.notEqual(lines(said).at(-1), one);
});

test('a range of ports, a choice out of a range, an address, udp', async () => {
  await run(
    '--name',
    'range',
    '-p',
    '28180-28182:80-82',
    '-p',
    '28190-28199:90',
    '-p',
    '127.0.0.1:28170:70/udp',
    ...[sampleImage, 'sh', '-c'],
    'for p in 80 81 82 90; do mkdir /$p; echo $p > /$p/index.html; httpd -p $p -h /$p; done; exec sleep 600',
  );
  const ports = await published('range');
  const of = (port: string) => ports.filter(([name]) => name === port);
  assert.deepEqual(
    ['80/tcp', '81/tcp', '82/tcp'].map((name) => of(name)[0]?.[2]),
    [28180, 28181, 28182],
  );
  const chosen = of('90/tcp')[0]?.[2] ?? 0;
  assert.ok(chosen >= 28190 && chosen <= 28199, `${chosen}`);
  assert.deepEqual(of('70/udp'), [['70/udp', '127.0.0.1', 28170]]);
  const numbers = { 80: 28180, 81: 28181, 82: 28182, 90: chosen };
  for (const [inside, outside] of Object.entries(numbers))
    for (const host of ['127.0.0.1', '[::1]'])
      assert.equal(await answer(`http://${host}:${outside}/`), `${inside}\n`, `${host}:${outside}`);
  await run('--name', 'second', '-p', '28190-28199:90', ...web);
  assert.notEqual((await published('second'))[0]?.[2], chosen);
});

test('-P publishes what the container exposes', async () => {
  await run('--name', 'all', '-P', '--expose', '80', '--expose', '53/udp', ...web);
  assert.deepEqual([...new Set((await published('all')).map(([port]) => port))].sort(), ['53/udp', '80/tcp']);
  await run('--name', 'exposed', '--expose', '80', ...web);
  assert.equal(await docker('ps', '--filter', 'name=exposed', '--format', '{{.Ports}}'), '80/tcp');
});

test('a port of another container is refused with Docker’s words; the container stays, and starts when it is free', async () => {
  await run('--name', 'first', '-p', '28280:80', ...web);
  const words = await subject.docker.fails(125, 'run', '-d', '--name', 'second', '-p', '28280:80', ...web);
  assert.match(words, /Bind for (0\.0\.0\.0|:::|\[::\]):28280 failed: port is already allocated/);
  assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'second'), 'created');
  await docker('stop', '-t', '0', 'first');
  await docker('start', 'second');
  assert.equal(await answer('http://127.0.0.1:28280/'), 'hello\n');
});

test('a port of a program of the host names the program and the next free port', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd says it in other words');
  const server = createServer((_, response) => response.end('mine'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const words = await subject.docker.fails(125, 'run', '-d', '-p', `${port}:80`, ...web);
    assert.match(
      words,
      new RegExp(`0\\.0\\.0\\.0:${port}/tcp: address already in use \\(by .*process ${process.pid}\\)`),
    );
  } finally {
    server.close();
  }
});

test('the extension tells who has a port, on which address, and the next free one', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd has no such extension');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await run('--name', 'holder', '-p', '127.0.0.1:28480:80', ...web);
    const id = await docker('inspect', '-f', '{{.Id}}', 'holder');
    const host = createDockerodeHost(subject.socket);
    const query = `port=28480&port=${port}/tcp&port=127.0.0.9:${port}/tcp&port=28480/udp`;
    const { ports } = (await host.system.extension(`/beluga/ports?${query}`)) as BelugaPorts;
    assert.deepEqual(
      ports.map(({ state }) => state),
      ['container', 'process', 'free', 'free'],
    );
    assert.deepEqual(ports[0]?.container, { id, name: 'holder' });
    assert.equal(ports[0]?.nextFree, 28481);
    assert.equal(ports[1]?.process?.pid, process.pid);
    assert.ok((ports[1]?.nextFree ?? 0) > port);
    await assert.rejects(host.system.extension('/beluga/ports?port=x'), { code: 'invalid' });
  } finally {
    server.close();
  }
});

test('a port is free for the host once its container has stopped, and is taken again by a restart', async () => {
  await run('--name', 'web', '-p', '127.0.0.1:28380:80', ...web);
  await docker('restart', '-t', '0', 'web');
  assert.equal(await answer('http://127.0.0.1:28380/'), 'hello\n');
  await docker('stop', '-t', '0', 'web');
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(28380, '127.0.0.1', resolve);
  });
  server.close();
});

test('an address that the host does not have; what is no port', async () => {
  assert.match(
    await subject.docker.fails(125, 'run', '-d', '-p', '198.51.100.77:28480:80', ...web),
    /cannot assign requested address/,
  );
});

test('with the host’s network published ports are discarded with a warning', async () => {
  const ended = await subject.docker.run(['run', '--rm', '--network', 'host', '-p', '28580:80', sampleImage, 'true']);
  assert.match(ended.stderr, /Published ports are discarded when using host network mode/);
});

test('host-gateway and host.docker.internal', async (t) => {
  const read = async (...args: string[]) =>
    lines(await docker('run', '--rm', ...args, sampleImage, 'cat', '/etc/hosts'));
  const gateway = /^(\d+\.\d+\.\d+\.\d+)\s+up$/;
  const hosts = await read('--add-host', 'up:host-gateway');
  const found = hosts.map((line) => gateway.exec(line)?.[1]).find(Boolean);
  assert.ok(found, hosts.join('\n'));
  if (!subject.isBeluga) return t.skip('dockerd knows host.docker.internal only when it is asked');
  assert.ok(hosts.some((line) => line.split(/\s+/).join(' ') === `${found} host.docker.internal`));
});
