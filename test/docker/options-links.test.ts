import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
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
const idle = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sleep', '1000');
const inspect = (name: string, format: string) => docker('inspect', '-f', format, name);
const addressOf = (name: string) => inspect(name, '{{.NetworkSettings.Networks.bridge.IPAddress}}');
const namesOf = async () => (await docker('ps', '-a', '--no-trunc', '--format', '{{.Names}}')).split(/[\n,]/).sort();

test('--link: hosts, variables, names; and without it again', async () => {
  const exposed = ['80', '81/tcp', '90-92', '53/udp'].flatMap((port) => ['--expose', port]);
  const child = await idle('web', ...exposed, '-e', 'COLOUR=blue');
  await docker('run', '--name', 'user', '--link', 'web:data-base', sampleImage, 'env');
  const address = await addressOf('web');
  const variables = (await docker('logs', 'user')).split('\n').filter((line) => line.startsWith('DATA_BASE'));
  const port = (number: number, protocol: string) => {
    const name = `DATA_BASE_PORT_${number}_${protocol.toUpperCase()}`;
    const url = `${protocol}://${address}:${number}`;
    return [`${name}=${url}`, `${name}_ADDR=${address}`, `${name}_PORT=${number}`, `${name}_PROTO=${protocol}`];
  };
  assert.deepEqual(
    variables.sort(),
    [
      ...[80, 81, 90, 91, 92].flatMap((number) => port(number, 'tcp')),
      ...port(53, 'udp'),
      `DATA_BASE_PORT=udp://${address}:53`,
      ...[`DATA_BASE_PORT_90_TCP_START=tcp://${address}:90`, 'DATA_BASE_PORT_90_TCP_PORT_START=90'],
      ...[`DATA_BASE_PORT_90_TCP_END=tcp://${address}:92`, 'DATA_BASE_PORT_90_TCP_PORT_END=92'],
      ...['DATA_BASE_NAME=/user/data-base', 'DATA_BASE_ENV_COLOUR=blue'],
    ].sort(),
  );
  await docker('rm', 'user');
  await idle('user', '--link', 'web:db');
  assert.equal(await inspect('user', '{{json .HostConfig.Links}}'), '["/web:/user/db"]');
  assert.match(
    await docker('exec', 'user', 'cat', '/etc/hosts'),
    new RegExp(`${address}\\tdb ${child.slice(0, 12)} web`),
  );
  const inside = (await docker('exec', '-e', 'DB_NAME=mine', 'user', 'env')).split('\n');
  assert.ok(inside.includes(`DB_PORT_80_TCP_ADDR=${address}`), 'an exec has the variables of links too');
  assert.ok(inside.includes('DB_NAME=mine'));
  assert.deepEqual(await namesOf(), ['user', 'user/db', 'web']);
  assert.equal(await inspect('user/db', '{{.Name}}'), '/web');
  await docker('rename', 'web', 'store');
  assert.equal(await inspect('user', '{{json .HostConfig.Links}}'), '["/store:/user/db"]');
  assert.match(await subject.docker.fails(1, 'rm', '--link', 'user'), /cannot remove the default link name/);
  assert.match(
    await subject.docker.fails(1, 'rm', '--link', 'nobody/db'),
    /No such container: nobody\/db|Cannot get parent/,
  );
  assert.equal(await docker('rm', '--link', 'user/db'), 'user/db');
  assert.deepEqual(await namesOf(), ['store', 'user']);
  assert.equal(await inspect('user', '{{json .HostConfig.Links}}'), 'null');
});

test('a linked container that comes back is found under its new address; one that is away keeps the other from starting', async () => {
  await idle('web');
  await idle('user', '--link', 'web:db');
  await docker('stop', '-t', '0', 'web');
  // takes the address that was free
  await idle('other');
  await docker('start', 'web');
  const hosts = await docker('exec', 'user', 'cat', '/etc/hosts');
  assert.match(hosts, new RegExp(`^${await addressOf('web')}\\s+db `, 'm'));
  await docker('stop', '-t', '0', 'web', 'user');
  const words = await subject.docker.fails(1, 'start', 'user');
  assert.match(words, /Cannot link to a non running container: \/web AS \/user\/db/);
});

test('--mac-address: the interface has it, inspect says it', async (t) => {
  const api = await docker('version', '--format', '{{.Server.APIVersion}}');
  if (!subject.isBeluga && api === '1.41') return t.skip('today’s client does not ask an old dockerd for it');
  const mac = '02:42:ac:11:00:77';
  await idle('own', '--mac-address', mac);
  assert.match(await docker('exec', 'own', 'ip', 'link', 'show', 'eth0'), new RegExp(mac));
  assert.equal(await inspect('own', '{{.NetworkSettings.Networks.bridge.MacAddress}}'), mac);
  await docker('restart', '-t', '0', 'own');
  assert.match(await docker('exec', 'own', 'ip', 'link', 'show', 'eth0'), new RegExp(mac));
});
