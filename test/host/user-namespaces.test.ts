import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { deleteFolders, newFolders, runLauncher, startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

/** One engine whose containers have users of their own: those from 300000 on, as its own /etc/subuid and /etc/subgid say. */
let engine: TestEngine;
let folder: string;
const first = 300_000;
const length = 65_536;
const map = `0 ${first} ${length}`;
const config = () => path.join(folder, 'daemon.json');
const host = () => path.join(folder, 'host');

/** The engine sees its own files of ranges; and the containers' users get through its folder. */
const etcOfItsOwn = (ranges: string) => [
  ...['unshare', '--mount', '--propagation', 'slave', 'sh', '-c'],
  `chmod 711 "$TMPDIR/.." && mount --bind ${ranges} /etc/subuid && mount --bind ${ranges} /etc/subgid && exec "$@"`,
  'sh',
];
const remap = (user: string) => writeFileSync(config(), JSON.stringify(user ? { 'userns-remap': user } : {}));

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-userns-'));
  mkdirSync(host());
  writeFileSync(path.join(host(), 'root'), 'of the host', { mode: 0o600 });
  writeFileSync(path.join(host(), 'theirs'), 'of the container');
  chownSync(path.join(host(), 'theirs'), first + 5, first + 6);
  const ranges = path.join(folder, 'ranges');
  writeFileSync(ranges, `somebody:100000:65536\ndockremap:${first}:${length}\n`);
  remap('default');
  engine = await startEngine({ flags: ['--config-file', config()], prefix: etcOfItsOwn(ranges) });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', '-v', ...all);
});

const docker = (...args: string[]) => engine.docker(...args);
const inspect = (name: string, format: string) => docker('inspect', '-f', format, name);
const idle = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sleep', '1000');
const sh = (name: string, script: string) => docker('exec', name, 'sh', '-c', script);
const processOf = async (name: string) => Number(await inspect(name, '{{.State.Pid}}'));
const uidMap = (pid: number | 'self') => readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().replace(/\s+/g, ' ');
/** As the host sees a file of a running container. */
const ownerOutside = async (name: string, file: string) => {
  const { uid, gid } = statSync(`/proc/${await processOf(name)}/root${file}`);
  return [uid, gid];
};
const ownersIn = (name: string, ...files: string[]) => docker('exec', name, 'stat', '-c', '%u:%g', ...files);
/** `UID/GID name` of an archive that a call of the CLI writes. */
const ownersOf = async (...args: string[]) => {
  const archive = path.join(folder, 'archive.tar');
  execFileSync('sh', ['-c', 'exec "$@" > "$0"', archive, process.env.BELUGA_DOCKER_CLI ?? 'docker', ...args], {
    env: { ...process.env, DOCKER_HOST: `unix://${engine.folders.socket}` },
  });
  const { stdout } = await runToEnd('tar', ['--list', '--verbose', '--numeric-owner', '--file', archive]);
  return new Map(stdout.split('\n').map((line) => [line.split(/\s+/).at(5) ?? '', line.split(/\s+/).at(1) ?? '']));
};

for (const runtime of ['crun', 'runc']) {
  test(`${runtime}: root inside is nobody outside, and every file has the right owner on both sides`, async () => {
    const made = path.join(host(), 'made', runtime);
    await idle(
      ...(['one', '--runtime', runtime, '--ipc', 'shareable', '--tmpfs', '/memory'] as const),
      ...['-v', `filled-${runtime}:/usr/local`, '-v', `${host()}:/host`, '-v', `${made}:/made`],
    );
    const pid = await processOf('one');
    assert.equal(uidMap(pid), map);
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\\t${first}\\t`, 'm'));
    const engines = [
      '/',
      '/etc/hosts',
      '/etc/hostname',
      '/etc/resolv.conf',
      '/dev/shm',
      '/dev',
      '/memory',
      '/usr/local',
    ];
    assert.equal(await ownersIn('one', ...engines, '/made'), [...engines, '/made'].map(() => '0:0').join('\n'));
    assert.equal(await ownersIn('one', '/host/root', '/host/theirs'), '65534:65534\n5:6');
    await docker('exec', 'one', 'sh', '-c', 'for each in / /usr/local /host /made; do touch $each/mine; done || true');
    assert.deepEqual(await ownerOutside('one', '/mine'), [first, first]);
    assert.deepEqual([statSync(made).uid, existsSync(path.join(host(), 'mine'))], [first, false]);
    await engine.docker.fails(1, 'exec', 'one', 'cat', '/host/root');
    // a volume keeps the owners of the image, whoever mounts it
    const shown = await docker(
      ...['run', '--rm', '--userns', 'host', '-v', `filled-${runtime}:/v`, sampleImage],
      ...['stat', '-c', '%u:%g', '/v', '/v/mine'],
    );
    assert.equal(shown, '0:0\n0:0');
  });

  test(`${runtime}: exec, privileged exec, terminals, standard streams, health, statistics`, async () => {
    const health = ['--health-cmd', 'echo fine > /dev/stdout', '--health-interval', '300ms'];
    const script = 'echo begun > /dev/stdout; sleep 1000';
    await docker(
      ...['run', '-d', '--name', 'one', '--runtime', runtime, ...health, '-p', '127.0.0.1::80', sampleImage],
      ...['sh', '-c', script],
    );
    await waitUntil('its first words', async () => (await docker('logs', 'one')) === 'begun');
    assert.equal(await sh('one', 'echo said > /dev/stdout'), 'said');
    assert.equal(await docker('exec', '-u', '1000:1000', 'one', 'sh', '-c', 'echo $(id -u) > /dev/stdout'), '1000');
    assert.match(
      await docker('exec', '--privileged', 'one', 'cat', '/proc/self/status'),
      /^CapEff:\t[0-9a-f]*[13]fffe?f/m,
    );
    assert.match(await docker('exec', '-t', 'one', 'tty'), /^\/dev\/pts\/0/);
    await waitUntil('it is healthy', async () => (await inspect('one', '{{.State.Health.Status}}')) === 'healthy');
    assert.equal(await inspect('one', '{{(index .State.Health.Log 0).Output}}'), 'fine');
    assert.match(await docker('stats', '--no-stream', '--format', '{{.PIDs}} {{.MemUsage}}', 'one'), /^[1-9]\d* \d/);
    assert.match(await docker('top', 'one', '-o', 'uid,pid'), new RegExp(`^${first}\\s+\\d`, 'm'));
    assert.match(await sh('one', 'cat /proc/sys/net/ipv4/ping_group_range'), new RegExp(`^0\\s+${length - 1}$`));
    assert.match(await sh('one', 'ip -4 -o addr show eth0'), /inet 172\./);
  });
}

test('cp, export, commit and diff give the owners of the inside, running and stopped', async () => {
  await idle('one', '-v', '/volume', '-v', `${host()}:/host`);
  await sh(
    'one',
    'echo 1 > /mine; chown 7:8 /mine; mkdir /into; rm /welcome; echo 2 > /volume/mine; chown 9:9 /volume/mine',
  );
  const send = path.join(folder, 'send');
  mkdirSync(send);
  await docker('cp', 'one:/bin/busybox', send);
  // CAP_NET_RAW, permitted and effective: struct vfs_cap_data
  const bytes = '0100000200200000000000000000000000000000';
  const set = `import os; os.setxattr("${send}/busybox", "security.capability", bytes.fromhex("${bytes}"))`;
  execFileSync('python3', ['-c', set]);
  const words = ['--create', '--xattrs', '--xattrs-include=security.capability', '--owner=3', '--group=4', '-C', send];
  const archive = execFileSync('tar', [...words, 'busybox'], { maxBuffer: 1 << 24 });
  const far = execFileSync('tar', [...words.with(3, '--owner=70000'), 'busybox'], { maxBuffer: 1 << 24 });
  const capable = (name: string) =>
    docker('exec', '-u', '5', name, '/into/busybox', 'grep', 'CapEff', '/proc/self/status');
  for (const how of ['running', 'stopped']) {
    const into = how === 'running' ? '/into' : '/volume';
    await engine.docker.run(['cp', '-', `one:${into}`], { input: archive });
    const refused = await engine.docker.run(['cp', '-', `one:${into}`], { input: far, exits: 1 });
    assert.match(refused.stderr, /container ID 70000 cannot be mapped to a host ID/);
    await engine.docker.run(['cp', '-', `one:${into}`], { input: archive });
    const given = new Map<string, string>();
    for (const file of ['/mine', '/into/busybox', '/volume/mine', '/etc/hosts', '/host/theirs'])
      given.set(file, [...(await ownersOf('cp', `one:${file}`, '-')).values()][0] ?? '');
    assert.deepEqual(Object.fromEntries(given), {
      ...{ '/mine': '7/8', '/into/busybox': '3/4', '/volume/mine': '9/9' },
      ...{ '/etc/hosts': '0/0', '/host/theirs': '5/6' },
    });
    const exported = await ownersOf('export', 'one');
    assert.deepEqual(
      [exported.get('mine'), exported.get('into/busybox'), exported.get('bin/busybox')],
      ['7/8', '3/4', '0/0'],
    );
    const changes = (await docker('diff', 'one')).split('\n');
    for (const change of ['A /mine', 'A /into/busybox', 'D /welcome'])
      assert.ok(changes.includes(change), changes.join());
    await docker('commit', 'one', `copy:${how}`);
    for (const userns of [[], ['--userns', 'host']]) {
      await docker('run', '-d', '--name', 'again', ...userns, `copy:${how}`, 'sleep', '1000');
      assert.equal(await ownersIn('again', '/mine', '/into/busybox', '/bin/busybox'), '7:8\n3:4\n0:0');
      assert.match(await capable('again'), /0000002000$/);
      await docker('rm', '-f', 'again');
    }
    if (how === 'running') {
      assert.match(await capable('one'), /0000002000$/);
      await docker('stop', '-t', '0', 'one');
    }
  }
  await docker('start', 'one');
  assert.equal(await ownersIn('one', '/mine', '/volume/busybox', '/volume/mine'), '7:8\n3:4\n9:9');
  assert.deepEqual(await ownerOutside('one', '/volume/busybox'), [first + 3, first + 4]);
});

test('what cannot be where users are remapped is refused as by dockerd; --userns=host is as ever', async () => {
  const refused: readonly [options: string[], words: RegExp][] = [
    [
      ['--privileged'],
      /privileged mode is incompatible with user namespaces\. {2}You must run the container in the host n/,
    ],
    [['--network', 'host'], /cannot share the host's network namespace when user namespaces are enabled/],
    [['--pid', 'host'], /cannot share the host PID namespace when user namespaces are enabled/],
    [['--ipc', 'host'], /cannot share the host's IPC namespace when user namespaces are enabled/],
  ];
  for (const [options, words] of refused) {
    assert.match(await engine.docker.fails(1, 'create', ...options, sampleImage), words);
    const command = ['run', '--rm', '--userns', 'host', ...options, sampleImage, 'cat', '/proc/self/uid_map'];
    assert.equal((await docker(...command)).trim().replace(/\s+/g, ' '), uidMap('self'));
  }
  assert.match(await docker('info', '--format', '{{json .SecurityOptions}}'), /"name=userns"/);
});

test('who joins the namespaces of another has its users', async () => {
  await idle('donor', '--ipc', 'shareable');
  await idle('guest', ...['network', 'pid', 'ipc'].map((kind) => `--${kind}=container:donor`));
  const users = async (name: string) => docker('exec', name, 'readlink', '/proc/self/ns/user');
  assert.equal(await users('guest'), await users('donor'));
  await idle('other');
  assert.notEqual(await users('other'), await users('donor'));
  await sh('donor', 'echo here > /dev/shm/shared');
  assert.equal(
    await sh('guest', 'cat /dev/shm/shared; stat -c %u /dev/shm/shared; ls /sys/class/net'),
    'here\n0\neth0\nlo',
  );
  const two = ['--network', 'container:donor', '--pid', 'container:other'];
  assert.match(await engine.docker.fails(125, 'run', ...two, sampleImage), /have users of their own each/);
  await idle('hosts', '--userns', 'host');
  const foreign = ['--network', 'container:hosts'];
  assert.match(await engine.docker.fails(125, 'run', ...foreign, sampleImage), /--userns=host is needed here too/);
  assert.equal(await docker('run', '--rm', '--userns', 'host', ...foreign, sampleImage, 'id', '-u'), '0');
});

test('goes on over the engine’s SIGKILL; without the setting the same files belong to the same users', async () => {
  await idle('one', '--restart', 'always', '-v', 'kept:/kept');
  await sh('one', 'touch /mine /kept/mine; chown 7:8 /mine /kept/mine');
  const pid = await processOf('one');
  await engine.kill('SIGKILL');
  await engine.restart();
  assert.equal(await processOf('one'), pid);
  assert.equal(await ownersIn('one', '/mine', '/kept/mine'), '7:8\n7:8');
  await engine.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await engine.restart();
  await waitUntil('it is back', async () => ![0, pid].includes(await processOf('one')));
  assert.equal(uidMap(await processOf('one')), map);
  assert.equal(await ownersIn('one', '/mine', '/kept/mine'), '7:8\n7:8');
  remap('');
  await engine.restart();
  // it has the users that it was started with, and its files are told as it sees them
  assert.equal(uidMap(await processOf('one')), map);
  assert.equal((await ownersOf('cp', 'one:/mine', '-')).get('mine'), '7/8');
  await docker('restart', '-t', '0', 'one');
  assert.equal(uidMap(await processOf('one')), uidMap('self'));
  assert.equal(await ownersIn('one', '/', '/etc/hosts', '/mine', '/kept/mine'), '0:0\n0:0\n7:8\n7:8');
  await docker('run', '--rm', '--privileged', '--name', 'strong', sampleImage, 'true');
  await docker('create', '--privileged', '--name', 'strong', sampleImage, 'true');
  remap('default');
  await engine.restart();
  assert.match(await engine.docker.fails(1, 'start', 'strong'), /privileged mode is incompatible with user namespaces/);
});

test('an engine that cannot give users to its containers says why, and what to do', async () => {
  const folders = newFolders();
  try {
    const refusal = async (user: string) => {
      const { code, stderr } = await runLauncher(folders, ['--userns-remap', user]);
      assert.notEqual(code, 0);
      return JSON.parse(stderr.split('\n').find((line) => line.includes('"fatal"')) ?? '{}');
    };
    const missing = await refusal('daemon');
    assert.equal(missing.reason, 'userns.no-ranges');
    assert.match(
      missing.message,
      /^Can't create ID mappings: no subuid ranges found for user "daemon": add the line daemon:\d+:65536 to \/etc\/subuid/,
    );
    assert.match((await refusal('no-such-user')).message, /^Error during uid lookup for "no-such-user"/);
  } finally {
    await runLauncher(folders, ['--release']);
    deleteFolders(folders);
  }
});
