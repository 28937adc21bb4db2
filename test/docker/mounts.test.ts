import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

/** On a shared mount, away from /tmp: there is the engine's data root, which has rules of its own. */
const folder = mkdtempSync('/var/tmp/beluga-mounts-');
const shared = path.join(folder, 'shared');
const source = path.join(shared, 'source');
const plain = path.join(folder, 'plain');
/** Shared when the engine starts, and not later on. */
const turned = path.join(folder, 'turned');

let subject: Subject;
let api = 0;
const host = async (...args: [string, ...string[]]) => {
  const [program, ...rest] = args;
  const { code, stderr } = await runToEnd(program, rest);
  assert.equal(code, 0, stderr);
};
before(async () => {
  for (const directory of [source, plain, turned]) mkdirSync(directory, { recursive: true });
  await host('mount', '-t', 'tmpfs', 'beluga-mounts', shared);
  await host('mount', '--make-shared', shared);
  mkdirSync(path.join(source, 'below'), { recursive: true });
  await host('mount', '-t', 'tmpfs', 'beluga-below', path.join(source, 'below'));
  writeFileSync(path.join(source, 'file'), 'of the host\n');
  await host('mount', '-t', 'tmpfs', 'beluga-turned', turned);
  await host('mount', '--make-shared', turned);
  subject = await startSubject();
  api = Number((await docker('version', '-f', '{{.Server.APIVersion}}')).split('.')[1]);
});
after(async () => {
  await subject.close();
  await host('umount', '-R', shared);
  await host('umount', turned);
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
const run = (...args: string[]) => docker('run', '--rm', '--network', 'none', ...args);
/** Its output, and what it said of a failure. */
const tried = async (...args: string[]) => {
  const { stdout, stderr } = await subject.docker.run(['run', '--rm', '--network', 'none', ...args], { exits: 'any' });
  return stdout + stderr;
};
const refused = async (words: string, ...options: string[]) => {
  const stderr = await subject.docker.fails(1, 'create', ...options, sampleImage);
  assert.equal(stderr.split('\n')[0], `Error response from daemon: ${words}`);
};
const sh = (script: string) => [sampleImage, 'sh', '-c', script];

test('what -v refuses, in Docker’s words', async () => {
  const spec = (bind: string, why = '') => refused(`invalid volume specification: '${bind}'${why}`, '-v', bind);
  const config = (type: string, why: string) => `: invalid mount config for type "${type}": ${why}`;
  await spec('name:x', config('volume', "invalid mount path: 'x' mount path must be absolute"));
  await spec('/a:b', config('bind', "invalid mount path: 'b' mount path must be absolute"));
  await spec('/a:/', config('bind', "invalid specification: destination can't be '/'"));
  await spec('name:/x/..', config('volume', "invalid specification: destination can't be '/'"));
  await spec('name:/x:shared', config('volume', 'field BindOptions must not be specified'));
  await spec('/a:/x:nocopy', config('bind', 'field VolumeOptions must not be specified'));
  await spec('/x:ro');
  await spec('/a:/b:c:d');
  for (const mode of ['foo', 'rw,ro', 'z,Z', 'shared,slave'])
    await refused(`invalid mode: ${mode}`, '-v', `/a:/b:${mode}`);
  const characters =
    '"_x" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed';
  await refused(`create _x: ${characters}. If you intended to pass a host directory, use absolute path`, '-v', '_x:/x');
  for (const two of [
    ['-v', 'name:/x/'],
    ['--tmpfs', '/x'],
    ['--mount', `type=bind,src=${plain},dst=/x`],
  ])
    await refused('Duplicate mount point: /x', '-v', `${plain}:/x`, ...two);
  assert.equal(await docker('ps', '-aq'), '');
});

test('what --mount and --tmpfs refuse, in Docker’s words', async () => {
  const config = (type: string, why: string, options: string) =>
    refused(`invalid mount config for type "${type}": ${why}`, '--mount', `type=${type},${options}`);
  await config('bind', 'bind source path does not exist: /no/such', 'src=/no/such,dst=/x');
  await config('bind', 'field Source must not be empty', 'dst=/x');
  await config('bind', "invalid mount path: 'rel' mount path must be absolute", 'src=rel,dst=/x');
  await config('bind', 'invalid propagation mode: foo', 'src=/tmp,dst=/x,bind-propagation=foo');
  await config('volume', 'must not set ReadOnly mode when using anonymous volumes', 'dst=/x,readonly');
  await config('volume', "invalid mount path: 'x' mount path must be absolute", 'src=name,dst=x');
  await config('tmpfs', 'field Source must not be specified', 'src=name,dst=/x');
  await config('foo', 'mount type unknown', 'src=name,dst=/x');
  await refused("invalid specification: destination can't be '/'", '--tmpfs', '/');
  await refused("invalid mount path: 'x' mount path must be absolute", '--tmpfs', 'x');
  assert.match(await tried('--tmpfs', '/x:foo', sampleImage), /invalid tmpfs option \[?"foo"/);
  assert.match(await tried('--tmpfs', '/x:size=foo', sampleImage), /[iI]nvalid argument/);
  if (api < 42) return;
  const create = async (mount: object) => {
    const body = { Image: sampleImage, HostConfig: { Mounts: [{ Target: '/x', ...mount }] } };
    const answer = await askJson(subject.socket, '/containers/create', body);
    return `${answer.status} ${answer.json().message}`;
  };
  const foreign = (field: string, type: string) => `400 ${field} must not be specified on mount type "${type}"`;
  assert.equal(await create({ Type: 'bind', Source: '/tmp', VolumeOptions: {} }), foreign('VolumeOptions', 'bind'));
  assert.equal(await create({ Type: 'tmpfs', BindOptions: {} }), foreign('BindOptions', 'tmpfs'));
  assert.equal(await create({ Type: 'volume', TmpfsOptions: {} }), foreign('TmpfsOptions', 'volume'));
  assert.equal(await docker('ps', '-aq'), '');
});

test('inspect tells each kind of mount with Docker’s fields', async () => {
  const id = await docker(
    ...['create', '--name', 'all', '-v', 'named:/n', '-v', 'impl:/i:ro', '-v', `${source}/../source/:/b:z`],
    ...[
      '--mount',
      'type=volume,dst=/anon',
      '--mount',
      'type=volume,src=given,dst=/m,readonly,volume-nocopy,volume-label=a=b',
    ],
    ...['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700', '--tmpfs', '/u:size=2m'],
    ...['--mount', `type=bind,src=${source},dst=/b2,readonly,bind-propagation=private`, sampleImage],
  );
  const [all] = JSON.parse(await docker('inspect', 'all'));
  const byPlace = (a: { Destination: string }, b: { Destination: string }) => (a.Destination < b.Destination ? -1 : 1);
  const anonymous = all.Mounts.find(({ Destination }: { Destination: string }) => Destination === '/anon').Name;
  const directory = path.dirname(path.dirname(await docker('volume', 'inspect', '-f', '{{.Mountpoint}}', 'named')));
  const volume = (Name: string, Destination: string, Mode: string, RW: boolean) => ({
    ...{ Type: 'volume', Name, Source: `${directory}/${Name}/_data`, Destination, Driver: 'local', Mode, RW },
    Propagation: '',
  });
  assert.deepEqual(all.Mounts.sort(byPlace), [
    volume(anonymous, '/anon', 'z', true),
    { Type: 'bind', Source: source, Destination: '/b', Mode: 'z', RW: true, Propagation: 'rprivate' },
    { Type: 'bind', Source: source, Destination: '/b2', Mode: '', RW: false, Propagation: 'private' },
    volume('impl', '/i', 'ro', false),
    volume('given', '/m', 'z', false),
    volume('named', '/n', 'z', true),
    { Type: 'tmpfs', Source: '', Destination: '/t', Mode: '', RW: true, Propagation: '' },
  ]);
  assert.deepEqual(all.HostConfig.Mounts, [
    { Type: 'volume', Target: '/anon' },
    {
      Type: 'volume',
      Source: 'given',
      Target: '/m',
      ReadOnly: true,
      VolumeOptions: { NoCopy: true, Labels: { a: 'b' }, DriverConfig: {} },
    },
    { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1024 * 1024, Mode: 0o700 } },
    { Type: 'bind', Source: source, Target: '/b2', ReadOnly: true, BindOptions: { Propagation: 'private' } },
  ]);
  assert.deepEqual(all.HostConfig.Binds.sort(), [`${source}/../source/:/b:z`, 'impl:/i:ro', 'named:/n'].sort());
  assert.deepEqual(all.HostConfig.Tmpfs, { '/u': 'size=2m' });
  assert.deepEqual(JSON.parse(await docker('volume', 'inspect', '-f', '{{json .Labels}}', 'given')), { a: 'b' });
  for (const filter of ['named', '/n', source, '/t', anonymous])
    assert.equal(await docker('ps', '-aq', '--no-trunc', '--filter', `volume=${filter}`), id, filter);
  for (const filter of ['/u', 'name', '/'])
    assert.equal(await docker('ps', '-aq', '--filter', `volume=${filter}`), '', filter);
});

test('a missing source is made for -v, and where --mount asks for it', async () => {
  const made = path.join(plain, 'made/for/v');
  await docker('create', '--name', 'early', '-v', `${made}:/x`, sampleImage, 'true');
  assert.equal(existsSync(made), false, 'not before the start');
  await docker('start', '-a', 'early');
  assert.equal(statSync(made).mode & 0o777, 0o755);
  const short = path.join(plain, 'made/here');
  await docker('create', '--name', 'late', '--mount', `type=bind,src=${plain}/made,dst=/x`, sampleImage, 'true');
  rmSync(path.join(plain, 'made'), { recursive: true });
  assert.match(await subject.docker.fails(1, 'start', '-a', 'late'), /made/);
  if (api < 42) return;
  const Mounts = [{ Type: 'bind', Source: short, Target: '/x', BindOptions: { CreateMountpoint: true } }];
  const body = { Image: sampleImage, Cmd: ['true'], HostConfig: { Mounts, NetworkMode: 'none' } };
  const { Id } = (await askJson(subject.socket, '/containers/create', body)).json<{ Id: string }>();
  await docker('start', '-a', Id);
  assert.ok(existsSync(short));
});

test('binds show the host’s files, with or without what is mounted below; read-only as far as asked', async () => {
  const look = 'cat /x/file; grep -c " /x/below " /proc/self/mountinfo';
  assert.equal(await run('-v', `${source}:/x`, ...sh(look)), 'of the host\n1');
  const write = sh('for file in /x/no /x/below/no; do touch $file && rm $file && echo wrote $file; done; true');
  const both = 'wrote /x/no\nwrote /x/below/no';
  assert.equal(await run('-v', `${source}:/x:rw,cached`, ...write), both);
  const below = api < 44 ? 'wrote /x/below/no' : '';
  const wrote = async (...options: string[]) =>
    lines(await tried(...options, ...write))
      .filter((line) => line.startsWith('wrote'))
      .join();
  assert.equal(await wrote('-v', `${source}:/x:ro`), below);
  assert.equal(await wrote('--mount', `type=bind,src=${source},dst=/x,readonly`), below);
  const bind = `type=bind,src=${source},dst=/x`;
  assert.equal(await tried('--mount', `${bind},bind-recursive=disabled`, ...sh(look)), 'of the host\n0\n');
  if (api < 44) return;
  assert.equal(await wrote('--mount', `${bind},readonly,bind-recursive=writable`), 'wrote /x/below/no');
  assert.equal(await wrote('--mount', `${bind},readonly,bind-recursive=readonly,bind-propagation=rprivate`), '');
  if (subject.isBeluga) assert.equal(await wrote('--runtime', 'runc', '-v', `${source}:/x:ro`), '');
});

test('a client before API 1.44 gets read-only binds as they were; words against each other are told at the start', async (t) => {
  if (api < 44) return t.skip('came with API 1.44');
  const start = async (version: string, host: object) => {
    const Cmd = ['sh', '-c', 'touch /x/below/no && rm /x/below/no && echo wrote'];
    const body = { Image: sampleImage, Cmd, HostConfig: { NetworkMode: 'none', ...host } };
    const made = await askJson(subject.socket, `/v${version}/containers/create`, body);
    if (made.status !== 201) return made.json().message;
    const { stdout, stderr } = await subject.docker.run(['start', '-a', made.json<{ Id: string }>().Id], {
      exits: 'any',
    });
    return stdout + (stderr.split('\n')[0] ?? '');
  };
  const mount = (more: object) => ({ Mounts: [{ Type: 'bind', Source: source, Target: '/x', ...more }] });
  assert.equal(await start('1.43', { Binds: [`${source}:/x:ro`] }), 'wrote\n');
  assert.equal(await start('1.43', mount({ ReadOnly: true })), 'wrote\n');
  assert.match((await start('1.44', mount({ ReadOnly: true }))) ?? '', /Read-only/);
  const force = { BindOptions: { ReadOnlyForceRecursive: true } };
  assert.equal(await start('1.43', mount(force)), 'BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
  const conflict = 'Error response from daemon: mount options conflict:';
  assert.equal(await start('1.44', mount(force)), `${conflict} !ReadOnly && BindOptions.ReadOnlyForceRecursive`);
  const never = { BindOptions: { ReadOnlyNonRecursive: true } };
  assert.equal(await start('1.44', mount(never)), `${conflict} !ReadOnly && BindOptions.ReadOnlyNonRecursive`);
  const both = { ReadOnly: true, BindOptions: { ...force.BindOptions, ...never.BindOptions } };
  assert.equal(
    await start('1.44', mount(both)),
    `${conflict} ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive`,
  );
});

test('propagation: shared and slave where the host’s mount is shared, else Docker’s refusal', async () => {
  const field = (place: string) => sh(`grep " ${place} " /proc/self/mountinfo | grep -o "shared:\\|master:"`);
  assert.equal(await run('-v', `${source}:/x:shared`, ...field('/x')), 'shared:');
  assert.equal(
    await run('--mount', `type=bind,src=${source},dst=/x,bind-propagation=rslave`, ...field('/x')),
    'master:',
  );
  await docker('run', '-d', '--name', 'sees', '-v', `${source}:/x:rslave`, sampleImage, 'sleep', '1000');
  const late = path.join(source, 'late');
  mkdirSync(late);
  await host('mount', '-t', 'tmpfs', 'beluga-late', late);
  try {
    assert.match(await docker('exec', 'sees', 'grep', ' /x/late ', '/proc/mounts'), /^beluga-late/);
  } finally {
    await host('umount', late);
  }
  const closed = path.join(folder, 'closed');
  mkdirSync(closed);
  await host('mount', '--bind', closed, closed);
  await host('mount', '--make-private', closed);
  try {
    const sentence = (kind: string) =>
      new RegExp(`path ${closed} is mounted on (/|.*closed) but it is not a ${kind} mount`);
    assert.match(await tried('-v', `${closed}:/x:rshared`, sampleImage), sentence('shared'));
    assert.match(await tried('-v', `${closed}:/x:slave`, sampleImage), sentence('shared or slave'));
  } finally {
    await host('umount', closed);
  }
});

test('propagation: what the host makes private later is refused from then on', async () => {
  const field = sh('grep " /x " /proc/self/mountinfo | grep -o "shared:\\|master:"');
  const words = (kind: string) => `path ${turned} is mounted on ${turned} but it is not a ${kind} mount`;
  assert.equal(await run('-v', `${turned}:/x:rshared`, ...field), 'shared:');
  await docker('create', '--name', 'before', '-v', `${turned}:/x:rshared`, sampleImage, 'true');
  await host('mount', '--make-private', turned);
  assert.ok((await tried('-v', `${turned}:/x:rshared`, sampleImage)).includes(words('shared')));
  assert.ok((await tried('-v', `${turned}:/x:rslave`, sampleImage)).includes(words('shared or slave')));
  assert.ok((await subject.docker.fails(1, 'start', 'before')).includes(words('shared')), 'it was made before');
  assert.equal(await run('-v', `${turned}:/x`, sampleImage, 'echo', 'plain'), 'plain');
  await host('mount', '--make-shared', turned);
  const again = await tried('-v', `${turned}:/x:rshared`, ...field);
  if (!subject.isBeluga) assert.equal(again, 'shared:\n');
  else assert.ok(again.includes(`${words('shared')} for the engine, which has it from before it was shared`), again);
});

test('who binds a directory above the engine’s data gets it as slave', async () => {
  await docker('create', '--name', 'sees', '-v', '/:/host:ro', sampleImage, 'cat', `/host${source}/file`);
  assert.equal(await docker('inspect', '-f', '{{(index .Mounts 0).Propagation}}', 'sees'), 'rslave');
  assert.match(
    await subject.docker.fails(1, 'create', '-v', '/:/host:slave', sampleImage),
    /^Error response from daemon: invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: ".*", bind mount source: "\/", propagation: "slave"/,
  );
});

test('tmpfs by both ways, with size, mode and the words of mount', async () => {
  const mounted = sh('grep " /t " /proc/mounts; stat -c %a /t');
  const [line, mode] = lines(await run('--mount', 'type=tmpfs,dst=/t,tmpfs-size=1048576,tmpfs-mode=1770', ...mounted));
  assert.match(line ?? '', /^tmpfs \/t tmpfs rw,nosuid,nodev,noexec,.*size=1024k/);
  assert.equal(mode, '1770');
  assert.match(
    await run('--tmpfs', '/t:exec,uid=7,ro', ...mounted),
    /^tmpfs \/t tmpfs ro,nosuid,nodev,relatime.*uid=7/,
  );
});

test('a directory or a file of a volume by volume-subpath', async (t) => {
  if (api < 45) return t.skip('came with API 1.45');
  const make =
    'mkdir -p /v/sub/dir; echo inside > /v/sub/dir/file; ln -s /etc /v/out; ln -s sub/dir /v/in; echo outside > /v/file';
  await run('-v', 'vol:/v', ...sh(make));
  const bySubpath = (subpath: string, script: string) =>
    tried('--mount', `type=volume,src=vol,dst=/x,volume-subpath=${subpath}`, ...sh(script));
  assert.equal(await bySubpath('sub/dir', 'ls /x'), 'file\n');
  assert.equal(await bySubpath('in', 'ls /x'), 'file\n');
  assert.equal(await bySubpath('sub/dir/file', 'cat /x'), 'inside\n');
  assert.match(
    await bySubpath('no/such', 'ls'),
    /cannot access path .*\/volumes\/vol\/_data\/no\/such: lstat .*: no such file or directory/,
  );
  assert.match(await bySubpath('out', 'ls'), /path concatenation escapes the base directory|no such file or directory/);
  const config = (why: string, options: string) =>
    refused(`invalid mount config for type "volume": ${why}`, '--mount', `type=volume,${options}`);
  await config('subpath must be a relative path within the volume', 'src=vol,dst=/x,volume-subpath=../vol');
  await config('must not set Subpath when using anonymous volumes', 'dst=/x,volume-subpath=sub');
});

test('an image as a mount: read-only, whole or a part, and not removed meanwhile', async (t) => {
  if (!subject.isBeluga) return t.skip('came with Docker 28');
  await docker('import', '-c', 'LABEL a=b', await archiveOf('inner'), 'inner:1');
  const mount = 'type=image,src=inner:1,dst=/i';
  assert.equal(
    await tried('--mount', mount, ...sh('cat /i/etc/inner; touch /i/no')),
    'inner\ntouch: /i/no: Read-only file system\n',
  );
  assert.equal(await run('--mount', `${mount},image-subpath=etc`, sampleImage, 'ls', '/i'), 'inner');
  assert.match(
    await tried('--mount', 'type=image,src=nothing:1,dst=/i', sampleImage),
    /No such image: nothing:1|cannot be reached/,
  );
  await docker('run', '-d', '--name', 'holds', '--network', 'none', '--mount', mount, sampleImage, 'sleep', '1000');
  const [point] = JSON.parse(await docker('inspect', '-f', '{{json .Mounts}}', 'holds'));
  assert.deepEqual(point, {
    Type: 'image',
    Source: 'inner:1',
    Destination: '/i',
    Mode: '',
    RW: false,
    Propagation: '',
  });
  assert.match(await subject.docker.fails(1, 'rmi', 'inner:1'), /conflict: .*is using|must be forced/);
  await docker('rm', '-f', 'holds');
  await docker('rmi', 'inner:1');
});

/** A root filesystem with one file, `/etc/NAME`. */
async function archiveOf(name: string): Promise<string> {
  const root = path.join(plain, 'image');
  mkdirSync(path.join(root, 'etc'), { recursive: true });
  writeFileSync(path.join(root, 'etc', name), `${name}\n`);
  const archive = path.join(plain, 'image.tar');
  await host('tar', '-C', root, '-cf', archive, '.');
  return archive;
}
