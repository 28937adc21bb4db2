import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { EngineError } from '../../base/errors.ts';
import { dockerArchive, type ImageFixture, ociLayout, sha256 } from '../../testing/image-archives.ts';
import { openImageScene } from '../../testing/image-scene.ts';
import { tarBytes } from '../../testing/tar-bytes.ts';
import type { LoadMessage } from './image-service.ts';
import { chainIds } from './layer-chain.ts';

const umask = process.umask(0);
const directory = mkdtempSync(path.join(tmpdir(), 'beluga-images-'));
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
  process.umask(umask);
  rmSync(directory, { recursive: true });
});
let roots = 0;

async function open(root = path.join(directory, String(++roots))) {
  const scene = await openImageScene(root);
  closing.push(scene.close);
  return scene;
}

type Subject = Awaited<ReturnType<typeof open>>;

const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const layerOf = (files: Readonly<Record<string, string>>) =>
  tarBytes(Object.entries(files).map(([name, content]) => ({ name, content, ...mine })));
const base = layerOf({ base: 'b'.repeat(1000) });
const top = layerOf({ top: 'top' });

async function load({ images }: Subject, archive: Uint8Array): Promise<LoadMessage[]> {
  const messages: LoadMessage[] = [];
  for await (const message of images.load(Readable.from([Buffer.from(archive)]))) messages.push(message);
  return messages;
}

const loaded = (messages: LoadMessage[]) =>
  messages.flatMap((message) => ('loaded' in message ? [message.loaded] : []));
const failsWith = (reason: string) => (error: unknown) => error instanceof EngineError && error.reason === reason;
const says = (words: string | RegExp) => (error: unknown) =>
  error instanceof EngineError && (typeof words === 'string' ? error.message === words : words.test(error.message));
const image = (more: Partial<ImageFixture> = {}): ImageFixture => ({
  layers: [base, top],
  names: ['fix/one:1'],
  ...more,
});

test('docker save: loaded once, all of it there, everything gone after remove', async () => {
  const subject = await open();
  const archive = dockerArchive([
    image({ config: { Cmd: ['run'], Labels: { a: 'b' } } }),
    image({ layers: [base], names: [] }),
  ]);
  const messages = await load(subject, archive);
  const list = await subject.images.list();
  assert.equal(list.length, 2);
  const one = await subject.images.inspect('fix/one:1');
  const other = list.find(({ id }) => id !== one.id);
  assert.deepEqual(loaded(messages), ['fix/one:1', other?.id]);
  assert.deepEqual(one.repoTags, ['fix/one:1']);
  assert.match(one.repoDigests[0] ?? '', /^fix\/one@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(one.config.command, ['run']);
  assert.deepEqual(one.diffIds, [sha256(base), sha256(top)]);
  assert.equal(one.size, 1003);
  assert.deepEqual(
    one.history.map(({ createdBy, size, emptyLayer }) => [createdBy, size, emptyLayer]),
    [
      ['layer 0', 1000, undefined],
      ['layer 1', 3, undefined],
      ['nothing', 0, true],
    ],
  );
  assert.equal((await subject.snapshots.stat(one.topSnapshot ?? '')).parent, sha256(base));
  assert.deepEqual(subject.told, [`load ${one.id.slice(0, 19)}`, `load ${other?.id.slice(0, 19)}`]);
  // VERSION and the like are not kept: two manifests, two configs, two layers; two snapshots
  assert.equal(subject.files().length, 8);
  assert.deepEqual(loaded(await load(subject, archive)), loaded(messages));
  assert.equal(subject.files().length, 8);
  for (const { id } of list) await subject.images.remove(id);
  assert.deepEqual(subject.files(), []);
  assert.deepEqual(await subject.images.list(), []);
});

test('OCI layout: gzip and zstd layers as they came, the manifest as it was', async () => {
  const subject = await open();
  const layout = ociLayout();
  const zipped = layout.image(image(), (layer) => gzipSync(layer));
  const squeezed = layout.image(image({ config: { User: 'x' } }), (layer) => zstdCompressSync(layer));
  const named = { ...zipped, annotations: { 'io.containerd.image.name': 'docker.io/fix/zipped:1' } };
  const archive = layout.archive([named, { ...squeezed, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }]);
  const names = loaded(await load(subject, gzipSync(archive)));
  assert.equal(names[0], 'fix/zipped:1');
  assert.match(names[1] ?? '', /^sha256:/);
  const details = await subject.images.inspect('fix/zipped:1');
  assert.deepEqual(details.repoDigests, [`fix/zipped@${zipped.digest}`]);
  assert.equal((await subject.images.inspect(`fix/zipped@${zipped.digest}`)).id, details.id);
  for (const digest of layout.blobs.keys()) assert.equal((await subject.content.info(digest)).digest, digest);
  assert.equal((await subject.images.inspect(names[1] ?? '')).config.user, 'x');
});

test('OCI layout: nested indexes, the platform of this machine, no attestations', async () => {
  const subject = await open();
  const layout = ociLayout();
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const ours = { ...layout.image(image()), platform: { os: 'linux', architecture } };
  const foreign = {
    ...layout.image(image({ architecture: 's390x' })),
    platform: { os: 'linux', architecture: 's390x' },
  };
  const attestation = { ...layout.image(image({ layers: [] })), platform: { os: 'unknown', architecture: 'unknown' } };
  const index = layout.index([foreign, attestation, ours]);
  const name = { annotations: { 'io.containerd.image.name': 'docker.io/fix/multi:1' } };
  assert.deepEqual(loaded(await load(subject, layout.archive([{ ...layout.index([index]), ...name }]))), [
    'fix/multi:1',
  ]);
  const details = await subject.images.inspect('fix/multi:1');
  assert.equal(details.architecture, architecture);
  assert.equal((await subject.images.list()).length, 1);
  // the index that the name came from stays, with the way down
  assert.equal((await subject.content.info(index.digest)).size, index.size);
  const only = ociLayout();
  const absent = only.index([
    { ...only.image(image({ architecture: 's390x' })), platform: foreign.platform },
    { ...only.image(image({ architecture: 'mips' })), platform: { os: 'linux', architecture: 'mips' } },
  ]);
  await assert.rejects(load(subject, only.archive([absent])), failsWith('image.platform-mismatch'));
});

test('docker save of version 25: both lists name the same image once, by the manifest it has', async () => {
  const subject = await open();
  const layout = ociLayout();
  const manifest = layout.image(image());
  const file = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  const [config, ...layers] = [...layout.blobs.keys()];
  const list = [
    { Config: file(config ?? ''), RepoTags: ['fix/both:1', 'fix/both:2'], Layers: layers.slice(0, 2).map(file) },
  ];
  const annotations = { 'io.containerd.image.name': 'docker.io/fix/both:1' };
  const archive = layout.archive(
    [{ ...manifest, annotations }],
    [{ name: 'manifest.json', content: JSON.stringify(list) }],
  );
  assert.deepEqual(loaded(await load(subject, archive)), ['fix/both:1', 'fix/both:2']);
  const details = await subject.images.inspect('fix/both:2');
  assert.deepEqual(details.repoDigests, [`fix/both@${manifest.digest}`]);
});

test('layers by symlink in the archive, as docker save writes them', async () => {
  const subject = await open();
  const config = Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: [sha256(base), sha256(base)] } }));
  const archive = tarBytes([
    { name: 'one/layer.tar', content: base },
    { name: 'two/layer.tar', type: '2', link: '../one/layer.tar' },
    { name: 'config.json', content: config },
    {
      name: 'manifest.json',
      content: JSON.stringify([
        { Config: 'config.json', RepoTags: ['fix/links:1'], Layers: ['one/layer.tar', 'two/layer.tar'] },
      ]),
    },
  ]);
  assert.deepEqual(loaded(await load(subject, archive)), ['fix/links:1']);
});

test('what is refused leaves nothing', async () => {
  const subject = await open();
  const whole = dockerArchive([image()]);
  const refused = async (archive: Uint8Array, reason: string) => {
    await assert.rejects(load(subject, archive), failsWith(reason));
    assert.deepEqual(await subject.images.list(), []);
    assert.deepEqual(subject.files(), []);
    assert.deepEqual(subject.told, []);
  };
  await refused(Buffer.from('Dear engine,\n'.repeat(100)), 'image.not-an-image');
  await refused(tarBytes([{ name: 'etc/passwd', content: 'root' }]), 'image.not-an-image');
  await refused(tarBytes([{ name: 'manifest.json', content: '{' }]), 'image.not-an-image');
  await refused(
    tarBytes([{ name: 'manifest.json', content: '[{"Config":"gone.json","Layers":[]}]' }]),
    'image.truncated',
  );
  for (const at of [600, 3000, whole.length - 1500]) await refused(whole.subarray(0, at), 'image.truncated');
  await refused(gzipSync(whole).subarray(0, 300), 'image.truncated');
  await refused(dockerArchive([image({ diffIds: [sha256(base), sha256(base)] })]), 'image.digest-mismatch');
  await refused(dockerArchive([image({ diffIds: [sha256(base)] })]), 'image.not-an-image');
  await refused(
    dockerArchive([image(), image({ layers: [base, layerOf({ '../../out': 'x' })] })]),
    'image.layer-escapes',
  );
  for (const name of ['Not a name', `fix/one@sha256:${'0'.repeat(64)}`, `sha256:${'a'.repeat(64)}`]) {
    await refused(dockerArchive([image({ names: [name] })]), 'image.reference-invalid');
  }
  const layout = ociLayout();
  const manifest = layout.image(image());
  await refused(layout.archive([{ ...manifest, size: manifest.size + 1 }]), 'image.digest-mismatch');
  const [first] = layout.blobs.keys();
  if (first) layout.blobs.set(first, Buffer.from('other'));
  await refused(layout.archive([manifest]), 'image.digest-mismatch');
});

test('two loads at once share their layers', async () => {
  const subject = await open();
  const archives = ['a', 'b', 'c'].map((user) =>
    dockerArchive([image({ names: [`fix/${user}:1`], config: { User: user } })]),
  );
  await Promise.all(archives.map((archive) => load(subject, archive)));
  assert.equal((await subject.images.list()).length, 3);
  // 3 configs, 3 manifests, 2 layers, 2 snapshots
  assert.equal(subject.files().length, 10);
  await Promise.all([
    subject.images.remove('fix/a:1'),
    load(subject, archives[0] ?? base),
    subject.images.remove('fix/b:1'),
  ]);
  assert.equal(
    (await subject.snapshots.stat((await subject.images.inspect('fix/a:1')).topSnapshot ?? '')).kind,
    'committed',
  );
});

test('a reader that leaves cancels the load, also while the client is silent', async () => {
  const subject = await open();
  const silent = new PassThrough();
  silent.write(dockerArchive([image()]).subarray(0, 2000));
  const channel = subject.images.load(silent);
  const waiting = channel.next();
  await channel.return();
  assert.equal((await waiting).done, true);
  // closing waits for the threads; the next collection is the next start's at the latest
  await subject.close();
  const again = await open(subject.root);
  assert.deepEqual(again.files(), []);
  assert.ok(silent.destroyed);
});

test('names move, ids are found by what begins them', async () => {
  const subject = await open();
  await load(subject, dockerArchive([image({ config: { User: 'first' } })]));
  const first = await subject.images.inspect('fix/one:1');
  const messages = await load(subject, dockerArchive([image({ config: { User: 'second' } })]));
  assert.ok(
    messages.some(
      (message) =>
        'status' in message &&
        message.status ===
          `The image fix/one:1 already exists, renaming the old one with ID ${first.id} to empty string`,
    ),
  );
  const second = await subject.images.inspect('fix/one:1');
  assert.notEqual(first.id, second.id);
  assert.deepEqual((await subject.images.inspect(first.id)).repoTags, []);
  for (const name of [second.id, second.id.slice(7), second.id.slice(7, 19), second.id.slice(0, 19)]) {
    assert.equal((await subject.images.inspect(name)).id, second.id);
  }
  // one of 16 first digits, so that 17 images have two alike
  for (let user = 0; user < 16; user++)
    await load(subject, dockerArchive([image({ names: [], config: { User: String(user) } })]));
  const digits = (await subject.images.list()).map(({ id }) => id.slice(7, 8));
  const twice = digits.find((digit, index) => digits.indexOf(digit) !== index) ?? '';
  await assert.rejects(subject.images.inspect(`sha256:${twice}`), {
    reason: 'image.ambiguous',
    message: `Multiple IDs found with provided prefix: ${twice}`,
  });
  await assert.rejects(subject.images.inspect('no/such'), says('No such image: no/such:latest'));
  await assert.rejects(subject.images.inspect('f'.repeat(64)), says(`No such image: sha256:${'f'.repeat(64)}`));
  await assert.rejects(subject.images.inspect('NO'), says(/must be lowercase/));
});

test("tag and remove, with dockerd's rules and words", async () => {
  const subject = await open();
  const { images, using, told } = subject;
  await load(subject, dockerArchive([image()]));
  const { id } = await images.inspect('fix/one:1');
  const short = id.slice(7, 19);
  await images.tag('fix/one:1', 'other/name');
  await images.tag(short, 'localhost:5000/third:3');
  await assert.rejects(
    images.tag('fix/one:1', `x@${sha256(base)}`),
    says('refusing to create a tag with a digest reference'),
  );
  await assert.rejects(images.tag('gone', 'x'), says('No such image: gone:latest'));
  await assert.rejects(
    images.remove(id),
    says(`conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`),
  );
  assert.deepEqual(await images.remove('other/name:latest'), [{ untagged: 'other/name:latest' }]);
  using.push({ id: 'c'.repeat(64), running: false });
  await images.remove('localhost:5000/third:3');
  await assert.rejects(
    images.remove('fix/one:1'),
    says(
      `conflict: unable to remove repository reference "fix/one:1" (must force) - container cccccccccccc is using its referenced image ${short}`,
    ),
  );
  await assert.rejects(
    images.remove(id),
    says(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`,
    ),
  );
  using.splice(0, 1, { id: 'd'.repeat(64), running: true });
  await assert.rejects(
    images.remove(id, { force: true }),
    says(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container dddddddddddd`,
    ),
  );
  assert.deepEqual(await images.remove('fix/one:1', { force: true }), [{ untagged: 'fix/one:1' }]);
  assert.equal((await images.list()).length, 1);
  using.splice(0, 1, { id: 'e'.repeat(64), running: false });
  const layers = chainIds([sha256(base), sha256(top)]).toReversed();
  assert.deepEqual(
    await images.remove(id, { force: true }),
    [id, ...layers].map((deleted) => ({ deleted })),
  );
  const name = id.slice(0, 19);
  assert.deepEqual(told, [
    `load ${name}`,
    'tag other/name:latest',
    'tag localhost:5000/third'.slice(0, 23),
    `untag ${name}`,
    `untag ${name}`,
    `untag ${name}`,
    `delete ${name}`,
  ]);
});

test("a container's layer keeps what is beneath it when the image goes", async () => {
  const subject = await open();
  await load(subject, dockerArchive([image()]));
  const { id, topSnapshot = '' } = await subject.images.inspect('fix/one:1');
  await subject.snapshots.prepare('container:x', topSnapshot);
  await subject.images.remove(id);
  assert.equal((await subject.snapshots.stat('container:x')).parent, topSnapshot);
  await subject.snapshots.remove('container:x');
  await load(subject, dockerArchive([image({ layers: [base] })]));
  await subject.images.remove('fix/one:1');
  assert.deepEqual(subject.files(), []);
});

test('import: plain and compressed, with changes, name and message', async () => {
  const subject = await open();
  const tar = Readable.from([gzipSync(top)]);
  const id = await subject.images.import({
    tar,
    reference: 'made/here',
    message: 'by hand',
    changes: ['CMD ["x"]', 'ENV A=b'],
  });
  const details = await subject.images.inspect('made/here:latest');
  assert.equal(details.id, id);
  assert.deepEqual(details.diffIds, [sha256(top)]);
  assert.deepEqual([details.config.command, details.config.environment], [['x'], ['A=b']]);
  assert.deepEqual(
    details.history.map(({ comment, size }) => [comment, size]),
    [['by hand', 3]],
  );
  assert.deepEqual(subject.told, [`import ${id.slice(0, 19)}`, 'tag made/here:latest']);
  await assert.rejects(
    subject.images.import({ tar: Readable.from([Buffer.from('no tar')]) }),
    failsWith('image.not-an-image'),
  );
  await assert.rejects(
    subject.images.import({ tar: Readable.from([top]), changes: ['RUN x'] }),
    says(/not a valid change/),
  );
  await subject.images.remove('made/here');
  assert.deepEqual(subject.files(), []);
});
