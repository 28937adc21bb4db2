import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startRegistry } from '../registry/registry-process.ts';
import { filesOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
before(async () => {
  scene = await openBuildKitScene();
});
after(() => scene.close());

const at = (...names: string[]) => path.join(scene.folder, ...names);
const images = async () => (await scene.docker('images', '-a', '--no-trunc', '--format', '{{.ID}}')).split('\n').sort();
const json = (bytes: Buffer | undefined) => JSON.parse(String(bytes));

/** Files of every kind that an image of nothing else may have. */
const kinds = [
  `${from} AS base`,
  'RUN mkdir -p /out/a/b /out/empty && echo one > /out/a/one && chmod 4755 /out/a/one && ln /out/a/one /out/a/two && ln -s one /out/a/link',
  'RUN ln -s /nowhere /out/dangling && echo ü > "/out/a b ü" && echo z > /out/a.z',
  'RUN mkfifo /out/pipe && chown -R 12:34 /out/a/b && head -c 3000000 /dev/zero > /out/long && touch -d @1000000000 /out/a.z',
  'FROM scratch',
  'COPY --from=base /out /',
];

test('-o type=local: the files, into a folder of the client', async () => {
  const before = await images();
  const said = await scene.buildx(scene.context(kinds), '-o', at('local'));
  assert.match(said, /exporting to client directory\n(#\d+ copying files .*\n)*#\d+ copying files 3\.\d+MB .*done/);
  assert.deepEqual(readdirSync(at('local')), ['a', 'a b ü', 'a.z', 'dangling', 'empty', 'long', 'pipe']);
  assert.equal(readFileSync(at('local/a/two'), 'utf8'), 'one\n');
  assert.equal(statSync(at('local/a/one')).ino, statSync(at('local/a/two')).ino);
  assert.equal(statSync(at('local/a/one')).mode & 0o7777, 0o4755);
  assert.deepEqual([readlinkSync(at('local/a/link')), readlinkSync(at('local/dangling'))], ['one', '/nowhere']);
  assert.equal(readFileSync(at('local/a b ü'), 'utf8'), 'ü\n');
  assert.equal(statSync(at('local/long')).size, 3_000_000);
  assert.equal(statSync(at('local/a.z')).mtimeMs, 1e12);
  assert.ok(lstatSync(at('local/pipe')).isFIFO());
  assert.deepEqual(await images(), before, 'no image is left');
});

test('-o type=tar: the same as an archive, with owners', async () => {
  await scene.buildx(scene.context(kinds), '-o', `type=tar,dest=${at('out.tar')}`);
  // GNU's, for the long file is sparse
  mkdirSync(at('tar'));
  execFileSync('tar', ['-xpf', at('out.tar'), '--same-owner', '-C', at('tar')]);
  assert.equal(statSync(at('tar/a/one')).ino, statSync(at('tar/a/two')).ino);
  assert.equal(statSync(at('tar/long')).size, 3_000_000);
  assert.deepEqual([statSync(at('tar/a/b')).uid, statSync(at('tar/a/b')).gid], [12, 34]);
  const piped = await scene.docker.run(['buildx', 'build', '-o', 'type=tar,dest=-', scene.context(kinds)]);
  assert.ok(piped.stdout.includes('dangling'));
});

test('-o type=docker and type=oci: archives that load, here and elsewhere', async () => {
  const place = scene.context([from, 'RUN echo archived > /archived', 'CMD ["cat", "/archived"]']);
  const before = await images();
  const metadata = at('metadata');
  await scene.buildx(place, '-t', 'arch:1', '-o', `type=docker,dest=${at('docker.tar')}`, '--metadata-file', metadata);
  await scene.buildx(place, '-t', 'arch:2', '-o', `type=oci,dest=${at('oci.tar')}`);
  assert.deepEqual(await images(), before, 'nothing is here until it is loaded');
  const files = await filesOf(createReadStream(at('oci.tar')));
  const index = json(files.get('index.json'));
  assert.equal(index.manifests[0].annotations['io.containerd.image.name'], 'docker.io/library/arch:2');
  const written = json(readFileSync(metadata));
  assert.equal(written['containerimage.digest'], index.manifests[0].digest);
  assert.equal(written['containerimage.descriptor'].digest, index.manifests[0].digest);
  assert.equal(written['image.name'], 'arch:1');
  const manifest = json(files.get(`blobs/${index.manifests[0].digest.replace(':', '/')}`));
  assert.equal(written['containerimage.config.digest'], manifest.config.digest);
  for (const [archive, name] of [['docker.tar', 'arch:1'] as const, ['oci.tar', 'arch:2'] as const]) {
    assert.match(await scene.docker('load', '-i', at(archive)), new RegExp(`Loaded image: ${name}`));
    assert.equal(await scene.run(name), 'archived');
    assert.equal(await scene.docker('inspect', '-f', '{{.Id}}', name), manifest.config.digest);
    await scene.docker('rmi', name);
  }
});

test('an image that was here stays as it is when the same one is given out', async () => {
  const place = scene.context([from, 'RUN echo twice > /twice']);
  await scene.buildx(place, '-t', 'kept');
  const id = await scene.docker('inspect', '-f', '{{.Id}}', 'kept');
  await scene.buildx(place, '-o', `type=docker,dest=${at('kept.tar')}`);
  assert.equal(await scene.docker('inspect', '-f', '{{.Id}}', 'kept'), id);
});

test('--push: to a registry, with every tag; the digest is what the registry has', async () => {
  await using registry = await startRegistry();
  const [one, two] = [`${registry.host}/pushed/app:1`, `${registry.host}/pushed/app:two`];
  const place = scene.context([from, 'RUN echo pushed > /pushed']);
  const said = await scene.buildx(place, '-t', one, '-t', two, '--push', '--metadata-file', at('pushed'));
  assert.match(said, /pushing manifest sha256:[0-9a-f]{64} .*done/);
  const written = json(readFileSync(at('pushed')));
  for (const name of [one, two]) {
    const [repository = '', tag = ''] = name.split(/:(?=[^/:]+$)/);
    const answer = await fetch(`http://${repository.replace('/', '/v2/')}/manifests/${tag}`, {
      headers: { accept: written['containerimage.descriptor'].mediaType },
    });
    assert.equal(answer.headers.get('docker-content-digest'), written['containerimage.digest']);
  }
  await scene.docker('rmi', one, two);
  assert.equal(
    await scene.run(`${one.replace(/:1$/, '')}@${written['containerimage.digest']}`, 'cat', '/pushed'),
    'pushed',
  );
  const refused = await scene.failsToBuild(place, '-t', '127.0.0.1:1/nobody/there', '--push');
  assert.match(refused, /ERROR: failed to solve: .*127\.0\.0\.1:1/);
});

test('a client that leaves while it is sent files or an archive: the engine goes on, and nothing is left', async () => {
  const place = scene.context([from, 'RUN head -c 300000000 /dev/zero > /long && cat /long > /longer']);
  await scene.buildx(place);
  for (const output of ['type=tar,dest=-', 'type=oci,dest=-', at('left')]) {
    const { child, ended } = scene.docker.start(['buildx', 'build', '-o', output, place]);
    let heard = '';
    child.stderr.on('data', (words) => {
      heard += String(words);
    });
    await waitUntil('it is being sent', () => /(sending tarball|copying files)/.test(heard));
    child.stdout.destroy();
    child.kill('SIGINT');
    await ended;
  }
  const { runRoot } = scene.engine.folders;
  await waitUntil('nothing is left', () => readdirSync(path.join(runRoot, 'containers')).length === 0);
  assert.doesNotMatch(await scene.docker('buildx', 'du', '--verbose'), /Reclaimable:\s+false/, 'nothing is in use');
  assert.match(await scene.docker('version', '--format', '{{.Server.Version}}'), /\d/);
});

test('what cannot be given out is told, and leaves nothing', async () => {
  const place = scene.context(kinds);
  assert.match(
    await scene.failsToBuild(place, '-o', 'type=nosuch'),
    /there is no output of type nosuch: image, local, tar/,
  );
  assert.match(await scene.failsToBuild(place, '-o', `type=local,dest=/proc/nowhere`), /ERROR: .*\/proc\/nowhere/);
  assert.match(
    await scene.failsToBuild(place, '-t', 'x', '-o', `type=oci,dest=${at('z.tar')},compression=zstd`),
    /layers of a build compressed by zstd is not there yet/,
  );
  const odd = scene.context([from, 'RUN touch "$(printf \'/odd\\377\')"']);
  assert.match(await scene.failsToBuild(odd, '-o', at('odd')), /has a name that is not UTF-8.*use -o type=tar/);
  await scene.buildx(odd, '-o', `type=tar,dest=${at('odd.tar')}`);
  assert.ok(existsSync(at('odd.tar')));
  assert.deepEqual(readdirSync(path.join(scene.engine.folders.runRoot, 'containers')), []);
});
