import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ask } from '../raw-http.ts';
import { dockerArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

const image = 'fixture/volume:1';
/** 20.10 knows no label of anonymous volumes and prunes all. */
let old = false;

const folder = mkdtempSync('/var/tmp/beluga-volumes-');
let subject: Subject;
before(async () => {
  subject = await startSubject();
  const layers = [
    await sampleLayer(),
    await tarOf([
      { name: 'data', type: 'directory', mode: 0o750, uid: 7, gid: 8 },
      { name: 'data/given', content: 'of the image', mode: 0o640, uid: 9, gid: 10 },
      { name: 'data/link', type: 'symlink', linkname: 'given' },
    ]),
  ];
  const input = await dockerArchive({
    name: image,
    layers,
    config: { Cmd: ['true'], Volumes: { '/data': {}, '/new/place': {} } },
  });
  await subject.docker.run(['load'], { input });
  old = Number((await docker('version', '-f', '{{.Server.APIVersion}}')).split('.')[1]) < 42;
});
after(async () => {
  await subject.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  const all = lines(await docker('ps', '-aq'));
  if (all.length > 0) await docker('rm', '-fv', ...all);
  const volumes = lines(await docker('volume', 'ls', '-q'));
  if (volumes.length > 0) await docker('volume', 'rm', ...volumes);
});

const docker = (...args: string[]) => subject.docker(...args);
const lines = (words: string) => words.split('\n').filter(Boolean);
const volumes = async (...filters: string[]) => lines(await docker('volume', 'ls', '-q', ...filters)).sort();
const refusal = async (...args: string[]) => {
  const { code, stderr } = await subject.docker.run(args, { exits: 'any' });
  return `${code} ${stderr.split('\n').find((line) => line.includes('daemon')) ?? stderr}`.replace(
    /^(\d+) docker: /,
    '$1 ',
  );
};
const run = (...args: string[]) => docker('run', '--rm', '--network', 'none', ...args);
const create = (name: string, ...args: string[]) => docker('create', '--name', name, '--network', 'none', ...args);
const inspect = async (name: string) => JSON.parse(await docker('volume', 'inspect', name))[0];

test('a volume is made, listed, looked at, removed', async () => {
  assert.equal(await docker('volume', 'create', '--label', 'z=1', '--label', 'a=2', 'mine'), 'mine');
  assert.equal(await docker('volume', 'create', 'mine'), 'mine', 'one that is there is given as it is');
  const volume = await inspect('mine');
  assert.match(volume.CreatedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
  assert.match(volume.Mountpoint, /\/volumes\/mine\/_data$/);
  assert.deepEqual(
    { ...volume, CreatedAt: '', Mountpoint: '' },
    {
      ...{ CreatedAt: '', Driver: 'local', Labels: { a: '2', z: '1' }, Mountpoint: '', Name: 'mine' },
      ...{ Options: null, Scope: 'local' },
    },
  );
  assert.equal(await docker('volume', 'ls'), 'DRIVER    VOLUME NAME\nlocal     mine');
  assert.equal(await docker('volume', 'rm', 'mine'), 'mine');
  assert.equal(await refusal('volume', 'rm', 'mine'), '1 Error response from daemon: get mine: no such volume');
  assert.equal(await docker('volume', 'rm', '-f', 'mine'), 'mine', 'by force it is no failure');
  assert.equal(await refusal('volume', 'inspect', 'mine'), '1 Error response from daemon: get mine: no such volume');
});

test('names and options are checked in Docker’s words', async () => {
  const refused = async (words: string, ...args: string[]) =>
    assert.equal(await refusal('volume', 'create', ...args), `1 Error response from daemon: ${words}`);
  await refused('create a: volume name is too short, names should be at least two alphanumeric characters', 'a');
  for (const name of ['.ab', 'a/b', 'äb', 'a b', '../ab'])
    await refused(
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      name,
    );
  await refused('create ab: error looking up volume plugin nope: plugin "nope" not found', '-d', 'nope', 'ab');
  await refused('create ab: invalid option: "foo"', '-o', 'foo=1', 'ab');
  await refused('create ab: missing required option: "device"', '-o', 'type=tmpfs', 'ab');
  await refused('create ab: missing required option: "type"', '-o', 'device=/x', 'ab');
  await refused('create ab: missing required option: "device"', '-o', 'o=bind', 'ab');
  await refused('create ab: quota size requested but no quota support', '-o', 'size=1g', 'ab');
  assert.deepEqual(await volumes(), []);
});

test('without a name it gets one of 64 hex digits', async () => {
  const name = await docker('volume', 'create');
  assert.match(name, /^[0-9a-f]{64}$/);
  assert.deepEqual((await inspect(name)).Labels, old ? null : { 'com.docker.volume.anonymous': '' });
});

test('filters', async () => {
  await docker('volume', 'create', '--label', 'colour=red', 'one');
  await docker('volume', 'create', '--label', 'colour=blue', 'two');
  await create('user', '-v', 'two:/x', sampleImage);
  assert.deepEqual(await volumes('-f', 'dangling=true'), ['one']);
  assert.deepEqual(await volumes('-f', 'dangling=0'), ['two']);
  assert.deepEqual(await volumes('-f', 'label=colour'), ['one', 'two']);
  assert.deepEqual(await volumes('-f', 'label=colour=blue'), ['two']);
  assert.deepEqual(await volumes('-f', 'name=w'), ['two']);
  assert.deepEqual(await volumes('-f', 'name=^o', '-f', 'driver=local'), ['one']);
  assert.deepEqual(await volumes('-f', 'driver=nope'), []);
  assert.match(await refusal('volume', 'ls', '-f', 'dangling=x'), /[iI]nvalid filter 'dangling=\[x\]'/);
  assert.match(await refusal('volume', 'ls', '-f', 'foo=x'), /[iI]nvalid filter 'foo'/);
});

test('data stays when the container goes; what is in use is not removed', async () => {
  const id = await create('first', '-v', 'kept:/x', sampleImage, 'sh', '-c', 'echo mine > /x/file');
  await docker('start', '-a', 'first');
  const words = `remove kept: volume is in use - [${id}]`;
  assert.equal(await refusal('volume', 'rm', '-f', 'kept'), `1 Error response from daemon: ${words}`);
  await docker('rm', '-v', 'first');
  assert.deepEqual(await volumes(), ['kept'], 'docker rm -v leaves what has a name');
  assert.equal(await run('-v', 'kept:/y:ro', sampleImage, 'cat', '/y/file'), 'mine');
  assert.match(
    (await subject.docker.run(['run', '--rm', '-v', 'kept:/y:ro', sampleImage, 'touch', '/y/no'], { exits: 1 })).stderr,
    /Read-only/,
  );
});

test('an empty volume gets what the image has there, with owners, modes and links; another one stays', async () => {
  const look = 'stat -c "%a %u %g %n" /x /x/given; readlink /x/link; cat /x/given';
  const filled = '750 7 8 /x\n640 9 10 /x/given\ngiven\nof the image';
  await create('filler', '-v', 'filled:/data', image);
  assert.equal(await run('-v', 'filled:/x', sampleImage, 'sh', '-c', look), filled, 'at the create already');
  await run('-v', 'filled:/data', image, 'sh', '-c', 'rm /data/given');
  assert.equal(await run('-v', 'filled:/data', image, 'ls', '/data'), 'link', 'not again');
  assert.equal(await run('-v', 'bare:/data:nocopy', image, 'ls', '/data'), '');
  assert.equal(await run('--mount', 'type=volume,src=bare,dst=/data,volume-nocopy', image, 'ls', '/data'), '');
  assert.equal(await run('--mount', 'type=volume,src=bare,dst=/data', image, 'ls', '/data'), 'given\nlink');
});

test('each VOLUME of an image, and -v with a path alone, is a volume without a name that goes with rm -v and --rm', async () => {
  await create('anonymous', '-v', '/own', image, 'sh', '-c', 'ls /data; echo mine > /data/mine; echo mine > /own/mine');
  const mounts = JSON.parse(await docker('inspect', '-f', '{{json .Mounts}}', 'anonymous'));
  const names = mounts.map((mount: { Name: string }) => mount.Name).sort();
  assert.deepEqual(await volumes(), names);
  const byPlace = (a: { Destination: string }, b: { Destination: string }) => (a.Destination < b.Destination ? -1 : 1);
  for (const [index, mount] of mounts.sort(byPlace).entries()) {
    const { Name, Source, ...rest } = mount;
    assert.match(Name, /^[0-9a-f]{64}$/);
    assert.match(Source, new RegExp(`/volumes/${Name}/_data$`));
    const Destination = ['/data', '/new/place', '/own'][index];
    assert.deepEqual(rest, { Type: 'volume', Destination, Driver: 'local', Mode: '', RW: true, Propagation: '' });
    if (!old) assert.deepEqual((await inspect(Name)).Labels, { 'com.docker.volume.anonymous': '' });
  }
  assert.equal(await docker('start', '-a', 'anonymous'), 'given\nlink');
  assert.equal(await docker('start', '-a', 'anonymous'), 'given\nlink\nmine', 'the same one at every start');
  assert.match(
    await docker('inspect', '-f', '{{json .Config.Volumes}}', 'anonymous'),
    /"\/data":{},"\/new\/place":{},"\/own":{}/,
  );
  await docker('rm', 'anonymous');
  assert.equal((await volumes()).length, 3, 'without -v they stay');
  await docker('volume', 'rm', ...names);
  await create('anonymous', image, 'true');
  await docker('rm', '-v', 'anonymous');
  await run('-v', 'named:/own', image, 'true');
  await subject.docker.run(['run', '--rm', '--network', 'none', image, '/no/such'], { exits: 127 });
  assert.deepEqual(await volumes(), ['named']);
});

test('a VOLUME stays writable below a read-only root; -v, --mount and --tmpfs go before it', async () => {
  const script = 'echo mine > /data/written && echo mine > /new/place/written; echo no > /no; cat /data/written';
  const { stdout, stderr } = await subject.docker.run(['run', '--rm', '--read-only', image, 'sh', '-c', script]);
  assert.equal(stdout, 'mine\n');
  assert.match(stderr, /\/no: Read-only/);
  assert.equal(await run('--tmpfs', '/data', image, 'ls', '-A', '/data'), '');
  await create('given', '-v', 'named:/data', '--tmpfs', '/new/place', image);
  assert.deepEqual(await volumes(), ['named']);
  assert.match(
    await refusal('create', '-v', '/bin/busybox', sampleImage),
    /cannot mount volume over existing file, file exists .*\/bin\/busybox/,
  );
  assert.deepEqual(await volumes(), ['named'], 'and nothing of the failed create');
});

test('a VOLUME behind a symlink that leads out of the image stays inside', async () => {
  const name = 'fixture/escaping:1';
  const layers = [await sampleLayer(), await tarOf([{ name: 'out', type: 'symlink', linkname: '/../../../../tmp' }])];
  await subject.docker.run(['load'], {
    input: await dockerArchive({ name, layers, config: { Volumes: { '/out/here': {} } } }),
  });
  const script = 'echo mine > /out/here/written; cat /tmp/here/written; echo no > /tmp/no || true';
  const ended = await subject.docker.run(['run', '--rm', '--read-only', '--network', 'none', name, 'sh', '-c', script]);
  assert.equal(ended.stdout.trim(), 'mine');
  assert.match(ended.stderr, /\/tmp\/no: Read-only/);
});

test('--volumes-from: all mounts of another container, read-only where asked', async () => {
  await create('source', '-v', 'named:/n', '-v', '/tmp:/t:ro', image);
  await docker('create', '--name', 'heir', '--volumes-from', 'source:ro', '-v', 'other:/n', sampleImage);
  const mounts: { Destination: string; Name?: string; RW: boolean }[] = JSON.parse(
    await docker('inspect', '-f', '{{json .Mounts}}', 'heir'),
  );
  const told = mounts.map(({ Destination, Name, RW }) => `${Destination} ${Name?.slice(0, 5)} ${RW}`).sort();
  const anonymous = async (place: string) =>
    (
      await docker(
        'inspect',
        '-f',
        `{{range .Mounts}}{{if eq .Destination "${place}"}}{{.Name}}{{end}}{{end}}`,
        'source',
      )
    ).slice(0, 5);
  assert.deepEqual(told, [
    `/data ${await anonymous('/data')} false`,
    '/n other true',
    `/new/place ${await anonymous('/new/place')} false`,
    '/t undefined false',
  ]);
  assert.equal(await docker('inspect', '-f', '{{json .HostConfig.VolumesFrom}}', 'heir'), '["source:ro"]');
  await docker('rm', '-v', 'source');
  assert.equal((await volumes()).length, 4, 'the heir has them');
  assert.match(
    await refusal('create', '--volumes-from', 'nobody', sampleImage),
    /^1 Error response from daemon: No such container: nobody$/,
  );
  assert.match(await refusal('create', '--volumes-from', 'heir:shared', sampleImage), /invalid mode: shared$/);
  await docker('rm', '-v', 'heir');
  assert.deepEqual(await volumes(), ['named', 'other']);
});

test('options of the local driver are mounted while a container uses the volume', async () => {
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m,uid=7', 'memory');
  assert.deepEqual((await inspect('memory')).Options, { device: 'tmpfs', o: 'size=1m,uid=7', type: 'tmpfs' });
  const run2 = (name: string) =>
    docker('run', '-d', '--name', name, '--network', 'none', '-v', 'memory:/m', sampleImage, 'sleep', '1000');
  await run2('one');
  await docker('exec', 'one', 'sh', '-c', 'echo mine > /m/file');
  assert.match(await docker('exec', 'one', 'grep', ' /m ', '/proc/mounts'), /^tmpfs \/m tmpfs rw,.*size=1024k,.*uid=7/);
  await run2('two');
  await docker('rm', '-f', 'one');
  assert.equal(await docker('exec', 'two', 'cat', '/m/file'), 'mine');
  await docker('rm', '-f', 'two');
  await run2('three');
  assert.equal(await docker('exec', 'three', 'ls', '/m'), '', 'the last one took it away');
  await docker('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/no/such/place', 'broken');
  const words = await refusal('run', '--rm', '-v', 'broken:/b', sampleImage);
  assert.match(
    words,
    /^127 Error response from daemon: error while mounting volume '.*\/volumes\/broken\/_data': failed to mount local volume: mount \/no\/such\/place:.*_data, flags: 0x1000: no such file or directory/,
  );
});

test('docker cp reaches the volumes of a container that does not run, also by their own mounts', async () => {
  await run('-v', 'disk:/d', sampleImage, 'sh', '-c', 'echo mine > /d/file');
  await docker('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${folder}`, 'bound');
  await create('stopped', '-v', 'disk:/d', '-v', 'bound:/b', sampleImage);
  assert.equal(
    await docker('cp', 'stopped:/d/file', path.join(folder, 'out')).then(() =>
      readFileSync(path.join(folder, 'out'), 'utf8'),
    ),
    'mine\n',
  );
  await docker('cp', path.join(folder, 'out'), 'stopped:/b/in');
  assert.equal(readFileSync(path.join(folder, 'in'), 'utf8'), 'mine\n');
});

test('events of volumes', async () => {
  const since = await docker('info', '-f', '{{.SystemTime}}');
  const id = await create('told', '-v', 'named:/n:ro', sampleImage, 'true');
  await docker('start', '-a', 'told');
  await docker('rm', 'told');
  await docker('volume', 'rm', 'named');
  const until = await docker('info', '-f', '{{.SystemTime}}');
  const format = '{{.Action}} {{.Actor.ID}} {{json .Actor.Attributes}}';
  const told = lines(
    await docker('events', '--since', since, '--until', until, '--filter', 'type=volume', '--format', format),
  );
  assert.deepEqual(told, [
    'create named {"driver":"local"}',
    `mount named {"container":"${id}","destination":"/n","driver":"local","propagation":"","read/write":"false"}`,
    `unmount named {"container":"${id}","driver":"local"}`,
    'destroy named {"driver":"local"}',
  ]);
});

test('prune: before API 1.42 everything that nobody has, since then only what has no name', async () => {
  const setUp = async () => {
    await docker('volume', 'create', '--label', 'keep=1', 'named');
    await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory');
    await docker('volume', 'create');
    await run('-v', 'used:/u', sampleImage, 'sh', '-c', 'echo 12345 > /u/x');
    await create('user', '-v', 'used:/u', sampleImage);
  };
  await setUp();
  const prune = async (version: string, filters: object) => {
    const route = `/v${version}/volumes/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`;
    const answer = await ask(subject.socket, { method: 'POST', path: route });
    assert.equal(answer.status, 200, answer.text);
    return answer.json<{ VolumesDeleted: string[]; SpaceReclaimed: number }>();
  };
  if (!old) {
    const { VolumesDeleted } = await prune('1.42', {});
    assert.equal(VolumesDeleted.length, 1);
    assert.deepEqual(await volumes(), ['memory', 'named', 'used']);
  }
  assert.deepEqual((await prune('1.41', { 'label!': ['keep'] })).SpaceReclaimed, 0);
  assert.deepEqual(await volumes(), ['memory', 'named', 'used']);
  await docker('rm', 'user');
  const all = old ? await prune('1.41', {}) : await prune('1.42', { all: ['true'] });
  assert.deepEqual([all.VolumesDeleted.sort(), all.SpaceReclaimed], [['named', 'used'], 6]);
  assert.deepEqual(await volumes(), ['memory'], 'one with options of its own stays');
  assert.match(await refusal('volume', 'prune', '-f', '--filter', 'until=1h'), /[iI]nvalid filter 'until'/);
});

test('system df tells size and users', async () => {
  await run('-v', 'big:/b', sampleImage, 'sh', '-c', 'head -c 100000 /dev/zero > /b/x');
  await create('user', '-v', 'big:/b', sampleImage);
  await docker('volume', 'create', 'empty');
  const table = await docker(
    'system',
    'df',
    '--format',
    '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}',
  );
  assert.match(table, /^Local Volumes 2 1 100kB 0B \(0%\)$/m);
  assert.match(await docker('system', 'df', '-v'), /^big +1 +100kB$/m);
});

test('update is for cluster volumes', async (t) => {
  if (old) return t.skip('20.10 has no such call');
  await docker('volume', 'create', 'named');
  const { status, text } = await ask(subject.socket, { method: 'PUT', path: '/volumes/named?version=1' });
  assert.equal(status, 503);
  assert.match(text, /volume update only valid for cluster volumes, but swarm is unavailable/);
});
