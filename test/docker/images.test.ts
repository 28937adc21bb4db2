import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dockerArchive, ociArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name);

test('version and info name the server', async () => {
  const version = JSON.parse(await docker('version', '--format', '{{json .Server}}'));
  assert.equal(version.Os, 'linux');
  assert.match(version.ApiVersion, /^1\.\d+$/);
  assert.ok(version.Version.length > 0);
  const info = JSON.parse(await docker('info', '--format', '{{json .}}'));
  assert.equal(info.OSType, 'linux');
  assert.equal(info.Images, 1);
  assert.equal(info.Containers, 0);
  assert.ok(info.ID.length > 0);
  assert.ok(info.MemTotal > 0);
  assert.ok(info.NCPU > 0);
});

test('load of a docker save archive says the name, and the image runs', async () => {
  const archive = await dockerArchive({
    name: 'fixture/saved:1',
    layers: [await sampleLayer(), await tarOf([{ name: 'second', content: 'from the second layer\n' }])],
    config: { Cmd: ['cat', '/second'], Env: ['PATH=/bin'] },
  });
  const { stdout } = await subject.docker.run(['load'], { input: archive });
  assert.match(stdout, /Loaded image: fixture\/saved:1/);
  assert.equal(await docker('run', '--rm', 'fixture/saved:1'), 'from the second layer');
});

test('load of a compressed archive, and of one without a name', async () => {
  const archive = await dockerArchive({ layers: [await sampleLayer()], config: { Cmd: ['true'] } });
  const { stdout } = await subject.docker.run(['load'], { input: gzipSync(archive, { level: 1 }) });
  const id = /Loaded image ID: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
  assert.match(id, /^sha256:/);
  assert.equal(await docker('run', '--rm', id, 'echo', 'by id'), 'by id');
  assert.match(await docker('images', '--filter', 'dangling=true', '--no-trunc', '-q'), new RegExp(id));
  await docker('rmi', id);
});

test('load of an OCI layout with gzip layers', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd 20.10 reads no OCI layouts');
  const layer = await tarOf([{ name: 'oci', content: 'oci layout\n' }]);
  const parts = { name: 'fixture/oci:1', layers: [await sampleLayer(), layer], config: { Cmd: ['cat', '/oci'] } };
  const archive = await ociArchive(parts, { compress: (bytes) => gzipSync(bytes, { level: 1 }) });
  const { stdout } = await subject.docker.run(['load'], { input: archive });
  assert.match(stdout, /Loaded image: fixture\/oci:1/);
  assert.equal(await docker('run', '--rm', 'fixture/oci:1'), 'oci layout');
});

test('the image id is the digest of the config', async () => {
  const config = { Labels: { of: 'the id' } };
  const archive = await dockerArchive({ name: 'fixture/id:1', layers: [await sampleLayer()], config });
  const at = archive.indexOf('.json');
  const digest = archive.subarray(at - 64, at).toString();
  await subject.docker.run(['load'], { input: archive });
  assert.equal(await idOf('fixture/id:1'), `sha256:${digest}`);
  await docker('rmi', 'fixture/id:1');
});

test('later layers hide earlier files by whiteouts', async () => {
  const layers = [
    await sampleLayer(),
    await tarOf([
      { name: 'd/', type: 'directory' },
      { name: 'd/one', content: '1' },
      { name: 'd/two', content: '2' },
      { name: 'opaque/', type: 'directory' },
      { name: 'opaque/old', content: 'o' },
    ]),
    await tarOf([
      { name: 'd/.wh.one', content: '' },
      { name: 'opaque/', type: 'directory' },
      { name: 'opaque/.wh..wh..opq', content: '' },
      { name: 'opaque/new', content: 'n' },
    ]),
  ];
  await subject.docker.run(['load'], { input: await dockerArchive({ name: 'fixture/whiteout:1', layers }) });
  assert.equal(
    await docker('run', '--rm', 'fixture/whiteout:1', 'ls', '-A', '/d', '/opaque'),
    '/d:\ntwo\n\n/opaque:\nnew',
  );
  await docker('rmi', 'fixture/whiteout:1');
});

test('import makes an image of a root filesystem, with --change and a message', async () => {
  const args = [
    'import',
    '-m',
    'made by a test',
    '-c',
    'CMD ["echo","imported"]',
    '-c',
    'ENV A=b',
    '-',
    'fixture/imported:1',
  ];
  const { stdout } = await subject.docker.run(args, { input: await sampleLayer() });
  assert.match(stdout.trim(), /^sha256:[0-9a-f]{64}$/);
  assert.equal(await docker('run', '--rm', 'fixture/imported:1'), 'imported');
  assert.equal(await docker('run', '--rm', 'fixture/imported:1', 'sh', '-c', 'echo $A'), 'b');
  assert.equal(await docker('image', 'inspect', '-f', '{{.Comment}}', 'fixture/imported:1'), 'made by a test');
  await docker('rmi', 'fixture/imported:1');
});

test('images lists, filters and formats', async () => {
  const names = (await docker('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n');
  assert.ok(names.includes(sampleImage));
  assert.equal(await docker('images', '-q', '--no-trunc', sampleImage), await idOf(sampleImage));
  assert.equal(await docker('images', '-q', '--filter', 'reference=beluga/*', '--no-trunc'), await idOf(sampleImage));
  assert.equal(await docker('images', '-q', 'no/such'), '');
});

test('inspect has what the config says', async () => {
  const [image] = JSON.parse(await docker('image', 'inspect', sampleImage));
  assert.deepEqual(image.RepoTags, [sampleImage]);
  assert.equal(image.Os, 'linux');
  assert.equal(image.Architecture, 'amd64');
  assert.deepEqual(image.Config.Cmd, ['/welcome']);
  assert.deepEqual(image.Config.Labels, { 'org.opencontainers.image.title': "Beluga's sample image" });
  assert.ok(image.Size > 500_000);
  assert.deepEqual(image.RootFS, {
    Type: 'layers',
    Layers: [
      `sha256:${createHash('sha256')
        .update(await sampleLayer())
        .digest('hex')}`,
    ],
  });
  assert.match(await subject.docker.fails(1, 'image', 'inspect', 'no/such'), /No such image: no\/such/);
});

test('an image is found by short id and by name without tag; history shows its layers', async () => {
  const id = await idOf(sampleImage);
  assert.equal(await idOf(id.slice('sha256:'.length, 'sha256:'.length + 12)), id);
  assert.equal(await idOf('beluga/welcome'), id);
  assert.equal(await idOf('docker.io/beluga/welcome:latest'), id);
  assert.match(await docker('history', '--no-trunc', sampleImage), /busybox-static/);
});

test('tag gives a second name; rmi takes names first, then the image', async () => {
  await subject.docker.run(['load'], {
    input: await dockerArchive({ name: 'fixture/tags:1', layers: [await sampleLayer()], config: { Env: ['X=tags'] } }),
  });
  const id = await idOf('fixture/tags:1');
  await docker('tag', 'fixture/tags:1', 'other');
  assert.equal(await idOf('other:latest'), id);
  assert.match(
    await subject.docker.fails(1, 'rmi', id),
    /(?:must be forced|must force).*referenced in multiple repositories/,
  );
  const untagged = await docker('rmi', 'fixture/tags:1');
  assert.match(untagged, /^Untagged: fixture\/tags:1$/m);
  assert.doesNotMatch(untagged, /Deleted/);
  const removed = await docker('rmi', 'other');
  assert.match(removed, /Untagged: other:latest/);
  assert.match(removed, new RegExp(`Deleted: ${id}`));
  assert.match(await subject.docker.fails(1, 'rmi', 'other'), /No such image: other/);
  assert.match(await subject.docker.fails(1, 'tag', 'no/such', 'x'), /No such image: no\/such/);
  assert.match(await subject.docker.fails(1, 'tag', sampleImage, 'Not A Name'), /not a valid repository\/tag/);
});

test('an image in use is not removed; force only untags it while the container stays', async () => {
  await docker('tag', sampleImage, 'in-use:1');
  const archive = await dockerArchive({
    name: 'fixture/used:1',
    layers: [await sampleLayer()],
    config: { Env: ['X=used'] },
  });
  await subject.docker.run(['load'], { input: archive });
  const id = await docker('create', 'fixture/used:1', 'true');
  const refused = await subject.docker.fails(1, 'rmi', 'fixture/used:1');
  assert.match(refused, /conflict: unable to remove repository reference "fixture\/used:1"/);
  assert.match(refused, new RegExp(`container ${id.slice(0, 12)} is using its referenced image`));
  assert.match(await docker('rmi', '-f', 'fixture/used:1'), /Untagged: fixture\/used:1/);
  assert.equal((await docker('start', '-a', id)).length, 0);
  await docker('rm', id);
  await docker('rmi', 'in-use:1');
  assert.equal(await docker('images', '-q', 'in-use'), '');
});

test('a running container holds its image even against force', async () => {
  const id = await docker('run', '-d', sampleImage);
  const imageId = await idOf(sampleImage);
  assert.match(
    await subject.docker.fails(1, 'rmi', '-f', imageId),
    /cannot be forced.*image is being used by running container/,
  );
  await docker('rm', '-f', id);
  assert.equal(await idOf(sampleImage), imageId);
});

test('a registry that cannot be reached: which, why, and what to do instead', async () => {
  const words = await subject.docker.fails(1, 'pull', '127.0.0.1:1/fixture/missing:1');
  assert.match(words, /127\.0\.0\.1:1.*connect.*refused/i);
  if (subject.isBeluga) assert.match(words, /cannot pull 127\.0\.0\.1:1\/fixture\/missing:1: .*docker load/);
});
