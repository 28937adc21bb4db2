import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
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
const sh = (script: string) => [sampleImage, 'sh', '-c', script];
const idle = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sleep', '1000');
const inspect = (name: string, format: string) => docker('inspect', '-f', format, name);
const namespaceOf = (name: string, kind: string) => docker('exec', name, 'readlink', `/proc/self/ns/${kind}`);

test('--network container: one address, one hosts file, one name; ports of the other stay', async () => {
  const donor = await idle('donor', '-h', 'whale', '-p', '127.0.0.1::80');
  await idle('guest', '--network', 'container:donor');
  const port = await docker('port', 'donor', '80');
  assert.equal(await inspect('guest', '{{.HostConfig.NetworkMode}}'), `container:${donor}`);
  assert.equal(
    await inspect('guest', '{{.Config.Hostname}} {{.HostsPath}}'),
    `whale ${await inspect('donor', '{{.HostsPath}}')}`,
  );
  assert.equal(await inspect('guest', '{{len .NetworkSettings.Networks}}'), '0');
  assert.equal(await namespaceOf('guest', 'net'), await namespaceOf('donor', 'net'));
  const address = await inspect('donor', '{{.NetworkSettings.Networks.bridge.IPAddress}}');
  assert.match(await docker('exec', 'guest', 'cat', '/etc/hosts'), new RegExp(`${address}\\s+whale`));
  await docker('rm', '-f', 'guest');
  assert.equal(await docker('port', 'donor', '80'), port);
  assert.match(await docker('exec', 'donor', 'ip', '-4', '-o', 'addr'), new RegExp(address.replaceAll('.', '\\.')));
});

test('when the joined one stops the other goes on, and starts again only with it', async () => {
  const donor = await idle('donor');
  await idle('guest', '--network', 'container:donor');
  await docker('stop', '-t', '0', 'donor');
  assert.equal(await inspect('guest', '{{.State.Running}}'), 'true');
  const words = await subject.docker.fails(1, 'restart', '-t', '0', 'guest');
  assert.match(words, new RegExp(`cannot join network of a non running container: ${donor}`));
  assert.match(await inspect('guest', '{{.State.ExitCode}} {{.State.Error}}'), /^137 cannot join network of a non/);
  await docker('start', 'donor');
  await docker('start', 'guest');
  assert.equal(await namespaceOf('guest', 'net'), await namespaceOf('donor', 'net'));
  await docker('rm', '-f', 'donor');
  await docker('stop', '-t', '0', 'guest');
  assert.match(await subject.docker.fails(1, 'start', 'guest'), new RegExp(`No such container: ${donor}`));
  const self = await subject.docker.fails(125, 'run', '--name', 'self', '--network', 'container:self', ...sh('true'));
  assert.match(self, /cannot join own network/);
});

test('--pid container: sees the other’s processes, ends with it', async () => {
  await idle('donor');
  await idle('guest', '--pid', 'container:donor');
  assert.match(await docker('exec', 'guest', 'ps', '-o', 'pid,args'), /1 sleep 1000\n\s+\d+ sleep 1000/);
  await docker('kill', 'donor');
  await waitUntil('the guest ended', async () => (await inspect('guest', '{{.State.Status}}')) === 'exited');
  assert.equal(await inspect('guest', '{{.State.ExitCode}}'), '137');
  assert.match(await subject.docker.fails(1, 'start', 'guest'), /is not running|cannot join PID of a non running/);
});

test('--ipc: private is not shared, shareable is, with its /dev/shm; none has none', async () => {
  await idle('closed');
  const words = await subject.docker.fails(125, 'run', '--ipc', 'container:closed', ...sh('true'));
  assert.match(words, /non-shareable IPC \(hint: use IpcMode:shareable for the donor container\)/);
  await idle('open', '--ipc', 'shareable', '--shm-size', '2m');
  await docker('exec', 'open', 'sh', '-c', 'echo shared > /dev/shm/note');
  await idle('guest', '--ipc', 'container:open');
  assert.equal(await docker('exec', 'guest', 'cat', '/dev/shm/note'), 'shared');
  assert.match(await docker('exec', 'guest', 'df', '-k', '/dev/shm'), /\s2048\s/);
  assert.equal(await namespaceOf('guest', 'ipc'), await namespaceOf('open', 'ipc'));
  await docker('restart', '-t', '0', 'open');
  assert.equal(await docker('exec', 'open', 'ls', '-A', '/dev/shm'), '');
  assert.equal(await docker('run', '--rm', '--ipc', 'none', ...sh('ls -d /dev/shm 2>/dev/null || echo none')), 'none');
});

test('the host’s namespaces: pid, ipc, uts, cgroup', async () => {
  const own = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);
  const links = 'for kind in pid ipc uts; do readlink /proc/self/ns/$kind; done; hostname';
  const said = await docker('run', '--rm', '--pid', 'host', '--ipc', 'host', '--uts', 'host', ...sh(links));
  assert.deepEqual(said.split('\n'), [own('pid'), own('ipc'), own('uts'), hostname()]);
  const cgroup = (mode: string) => docker('run', '--rm', '--cgroupns', mode, ...sh('readlink /proc/self/ns/cgroup'));
  assert.notEqual(await cgroup('private'), own('cgroup'));
  assert.equal(await cgroup('host'), own('cgroup'));
  // what it leaves behind in the host's pid namespace goes with it
  await docker('run', '--rm', '--pid', 'host', '--name', 'short', ...sh('sleep 4321 & exec true'));
  const seen = await docker('run', '--rm', '--pid', 'host', ...sh('ps -o args | grep -c "^sleep 432[1]" || true'));
  assert.equal(seen, '0');
});

test('--init: the first process is a small one that reaps and passes signals on', async () => {
  const script = 'trap "echo got it; exit 3" TERM; (sleep 0.1 &) ; while :; do sleep 0.05; done';
  await docker('run', '-d', '--init', '--name', 'init', ...sh(script));
  assert.match(await docker('exec', 'init', 'cat', '/proc/1/cmdline'), /^\/sbin\/docker-init\0--\0sh/);
  await waitUntil('no zombie', async () => !(await docker('exec', 'init', 'ps', '-o', 'stat,args')).includes('Z'));
  await docker('stop', 'init');
  assert.equal(await docker('logs', 'init'), 'got it');
  assert.equal(await inspect('init', '{{.State.ExitCode}} {{.HostConfig.Init}}'), '3 true');
});
