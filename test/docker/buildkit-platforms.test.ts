import assert from 'node:assert/strict';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openClient } from '../registry/client-scene.ts';
import { pushImage, pushIndex } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { filesOf, sampleLayer, tarOf } from '../sample.ts';
import { type BuildKitScene, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
let registry: RegistryProcess;
/** A base image for two platforms, of which one has programs. */
let base = '';

before(async () => {
  registry = await startRegistry();
  scene = await openBuildKitScene();
  base = `${registry.host}/team/base:1`;
  using client = openClient({ address: `http://${registry.host}`, path: 'team/base' });
  const push = async (architecture: string, tar: Buffer) => {
    const layer = { tar, blob: { bytes: gzipSync(tar, { level: 1 }), compression: 'gzip' as const } };
    const config = { architecture, config: { Env: [`BASE=${architecture}`] } };
    const pushed = await pushImage(client.work, undefined, [layer], config);
    return { ...pushed, platform: { os: 'linux', architecture } };
  };
  await pushIndex(client.work, '1', [
    await push('amd64', await sampleLayer()),
    await push('arm64', await tarOf([{ name: 'arm', content: 'arm\n' }])),
  ]);
});
after(async () => {
  await scene.close();
  await registry[Symbol.asyncDispose]();
});

const at = (...names: string[]) => path.join(scene.folder, ...names);
const json = (bytes: Buffer | undefined) => JSON.parse(String(bytes));
const both = ['--platform', 'linux/amd64,linux/arm64'];

const context = () =>
  scene.context(
    [
      `FROM --platform=$BUILDPLATFORM ${base} AS tools`,
      'ARG TARGETARCH',
      'RUN echo for $TARGETARCH > /made',
      `FROM ${base}`,
      'ARG TARGETPLATFORM',
      'ENV PLATFORM=$TARGETPLATFORM',
      'COPY --from=tools /made /made',
      'COPY own-$TARGETPLATFORM /own',
    ],
    { 'own-linux/amd64': 'own amd64', 'own-linux/arm64': 'own arm64', 'never/sent': 'x' },
  );

interface Document {
  mediaType: string;
  manifests: { digest: string; platform: { architecture: string } }[];
}

async function manifestAt(name: string): Promise<{ digest: string | null; document: Document }> {
  const [repository, tag] = name.split(/:(?=[^/:]+$)/) as [string, string];
  const answer = await fetch(`http://${repository.replace('/', '/v2/')}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' },
  });
  return { digest: answer.headers.get('docker-content-digest'), document: (await answer.json()) as Document };
}

test('--push: an index, with an image for each platform on the base of its own', async () => {
  const [one, two] = [`${registry.host}/team/app:1`, `${registry.host}/team/app:two`];
  const metadata = at('metadata');
  const said = await scene.buildx(context(), ...both, '-t', one, '-t', two, '--push', '--metadata-file', metadata);
  assert.match(said, /\[linux\/amd64 tools 2\/2\] RUN echo for/);
  assert.match(said, /\[linux\/arm64 stage-1 3\/3\] COPY own-/);
  const written = json(readFileSync(metadata));
  const { digest, document } = await manifestAt(one);
  assert.equal(document.mediaType, 'application/vnd.oci.image.index.v1+json');
  assert.deepEqual(
    document.manifests.map(({ platform }) => platform.architecture),
    ['amd64', 'arm64'],
  );
  assert.equal(written['containerimage.digest'], digest);
  assert.equal(written['containerimage.descriptor'].digest, digest);
  assert.equal((await manifestAt(two)).digest, digest);
  // all of it is kept, and goes out by another name as it is
  const three = `${registry.host}/team/other:3`;
  await scene.docker('tag', one, three);
  await scene.docker('push', '-q', three);
  assert.equal((await manifestAt(three)).digest, digest);
  await scene.docker('rmi', three);
  // the one of this machine runs here; the tag of the base still means what runs here
  assert.equal(
    await scene.run(one, 'sh', '-c', 'echo $(cat /made /own) $PLATFORM $BASE'),
    'for amd64 own amd64 linux/amd64 amd64',
  );
  assert.equal(await scene.docker('inspect', '-f', '{{.Architecture}}', one), 'amd64');
  assert.equal(await scene.run(base, 'echo', 'runs'), 'runs');
  await scene.docker('pull', '-q', '--platform', 'linux/arm64', two);
  assert.equal(
    await scene.docker('inspect', '-f', '{{.Architecture}} {{json .Config.Env}}', two),
    'arm64 ["BASE=arm64","PLATFORM=linux/arm64"]',
  );
  await scene.docker('rmi', one, two);
});

test('-o type=oci: an archive with all of them, which loads; -o type=local: a folder for each', async () => {
  const place = context();
  const before = await scene.docker('images', '-aq');
  await scene.buildx(place, ...both, '-t', 'several:1', '-o', `type=oci,dest=${at('all.tar')}`);
  const files = await filesOf(createReadStream(at('all.tar')));
  const index = json(files.get('index.json'));
  assert.equal(index.manifests.length, 1);
  assert.equal(index.manifests[0].annotations['io.containerd.image.name'], 'docker.io/library/several:1');
  const document = json(files.get(`blobs/${index.manifests[0].digest.replace(':', '/')}`)) as Document;
  assert.equal(document.manifests.length, 2);
  for (const { digest } of document.manifests) {
    const manifest = json(files.get(`blobs/${digest.replace(':', '/')}`));
    for (const blob of [manifest.config, ...manifest.layers])
      assert.ok(files.has(`blobs/${blob.digest.replace(':', '/')}`));
  }
  assert.equal(await scene.docker('images', '-aq'), before);
  assert.match(await scene.docker('load', '-i', at('all.tar')), /Loaded image: several:1/);
  assert.equal(await scene.run('several:1', 'cat', '/own'), 'own amd64');
  await scene.buildx(place, ...both, '-o', at('local'));
  assert.deepEqual(readdirSync(at('local')), ['linux_amd64', 'linux_arm64']);
  assert.equal(readFileSync(at('local/linux_arm64/made'), 'utf8'), 'for arm64\n');
  assert.equal(readFileSync(at('local/linux_arm64/arm'), 'utf8'), 'arm\n');
  assert.equal(readFileSync(at('local/linux_amd64/own'), 'utf8'), 'own amd64');
});

test('kept here: saved with all of them, whichever came first; a later build and another name mean what they say', async () => {
  const place = context();
  const name = `${registry.host}/team/kept`;
  await scene.buildx(place, '--platform', 'linux/arm64,linux/aarch64,linux/amd64', '-t', `${name}:rel`);
  await scene.docker('save', '-o', at('saved.tar'), `${name}:rel`);
  const files = await filesOf(createReadStream(at('saved.tar')));
  const [entry] = json(files.get('manifest.json'));
  assert.equal(json(files.get(entry.Config)).architecture, 'amd64');
  for (const layer of entry.Layers) assert.ok(files.has(layer));
  const architectures = [...files]
    .filter(([file, bytes]) => file.startsWith('blobs/') && bytes.toString('latin1', 0, 200).includes('"architecture"'))
    .map(([, bytes]) => json(bytes).architecture);
  assert.deepEqual(architectures.filter(Boolean).sort(), ['amd64', 'arm64']);
  // the same image of this machine, by names that mean something else
  await scene.buildx(place, '-t', `${name}:dev`);
  const pushed = async (from: string, to: string) => {
    await scene.docker('tag', `${name}:${from}`, `${name}:${to}`);
    await scene.docker('push', '-q', `${name}:${to}`);
    return (await manifestAt(`${name}:${to}`)).document;
  };
  assert.equal((await pushed('rel', 'a')).manifests?.length, 2);
  assert.equal((await pushed('dev', 'b')).manifests, undefined);
  await scene.buildx(place, '-t', `${name}:rel`);
  await scene.docker('save', '-o', at('saved.tar'), `${name}:rel`);
  assert.equal((await pushed('rel', 'c')).manifests, undefined);
  const names = (await scene.docker('images', '--format', '{{.Repository}}:{{.Tag}}', name)).split('\n');
  await scene.docker('rmi', ...names);
});

test('a cache of all of them; from it another engine takes every step', async () => {
  const place = context();
  const to = `type=registry,ref=${registry.host}/team/cache:1,mode=max`;
  await scene.buildx(place, ...both, '--cache-to', to, '-o', 'type=cacheonly');
  await scene.docker('buildx', 'prune', '-af');
  const said = await scene.buildx(place, ...both, '--cache-from', `type=registry,ref=${registry.host}/team/cache:1`);
  assert.match(said, /\[linux\/arm64 stage-1 3\/3\].*\n.*CACHED/);
  assert.match(said, /\[linux\/amd64 stage-1 3\/3\].*\n.*CACHED/);
});

test('what cannot be: programs of another machine, archives of one platform, a platform that is none or not there', async () => {
  const foreign = scene.context([`FROM ${base}`, 'RUN echo x']);
  assert.match(await scene.failsToBuild(foreign, ...both), /RUN cannot run programs of linux\/arm64 on this machine/);
  const place = context();
  assert.match(
    await scene.failsToBuild(place, ...both, '-o', `type=tar,dest=${at('x')}`),
    /type tar has one platform: use -o type=local/,
  );
  assert.match(
    await scene.failsToBuild(place, '--platform', 'linux/amd64,no/such/thing/ever'),
    /no\/such\/thing\/ever/,
  );
  assert.match(await scene.failsToBuild(place, '--platform', 'linux/amd64,linux/s390x'), /s390x/);
  assert.deepEqual(readdirSync(path.join(scene.engine.folders.runRoot, 'containers')), []);
});
