import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ask } from '../raw-http.ts';
import { dockerArchive, filesOf, ociArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-archives-'));
  subject = await startSubject();
});
after(async () => {
  rmSync(folder, { recursive: true });
  await subject.close();
});

const docker = (...args: string[]) => subject.docker(...args);
const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name);
const digestsOf = (name: string) => docker('image', 'inspect', '-f', '{{.RepoDigests}}', name);
const compressed = (program: 'xz' | 'bzip2', input: Buffer) =>
  execFileSync(program, ['-c', '-1'], { input, maxBuffer: 1 << 28 });
const forms: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  plain: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes, { level: 1 }),
  zstd: (bytes) => zstdCompressSync(bytes),
  xz: (bytes) => compressed('xz', bytes),
  bzip2: (bytes) => compressed('bzip2', bytes),
};
const file = (name: string, bytes: Buffer) => {
  const at = path.join(folder, name);
  writeFileSync(at, bytes);
  return at;
};

interface SavedEntry {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}
const listOf = (files: ReadonlyMap<string, Buffer>) => JSON.parse(String(files.get('manifest.json'))) as SavedEntry[];
const savedFiles = (at: string) => filesOf(createReadStream(at));

async function loadSample(name: string, mark: string): Promise<string> {
  const layers = [await sampleLayer(), await tarOf([{ name: 'mark', content: mark }])];
  const archive = await dockerArchive({ name, layers, config: { Cmd: ['cat', '/mark'] } });
  await subject.docker.run(['load'], { input: archive });
  return idOf(name);
}

for (const [form, compress] of Object.entries(forms)) {
  test(`load and import take ${form}, whatever the file is called`, async () => {
    const layers = [await sampleLayer(), await tarOf([{ name: 'form', content: form }])];
    const archive = await dockerArchive({ name: `fixture/form:${form}`, layers, config: { Cmd: ['cat', '/form'] } });
    const said = await docker('load', '-q', '-i', file('export.zip', compress(archive)));
    assert.equal(said, `Loaded image: fixture/form:${form}`);
    assert.equal(await docker('run', '--rm', '--network', 'none', `fixture/form:${form}`), form);
    const root = await tarOf([{ name: 'only', content: form }]);
    const id = await docker('import', file('root.zip', compress(root)), `fixture/imported:${form}`);
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    const diffIds = await docker('image', 'inspect', '-f', '{{json .RootFS.Layers}}', id);
    assert.equal(diffIds, await docker('image', 'inspect', '-f', '{{json .RootFS.Layers}}', await importPlain(root)));
    await docker('rmi', `fixture/form:${form}`, `fixture/imported:${form}`);
  });
}

async function importPlain(root: Buffer): Promise<string> {
  const { stdout } = await subject.docker.run(['import', '-'], { input: root });
  return stdout.trim();
}

test('an archive of layers that are compressed in all ways', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd 20.10 knows no zstd');
  const layers = [await sampleLayer()];
  for (const form of Object.keys(forms)) layers.push(await tarOf([{ name: `in/${form}`, content: form }]));
  const plain = await dockerArchive({ name: 'fixture/layers:1', layers, config: { Cmd: ['ls', '/in'] } });
  const files = await filesOf(Readable.from([plain]));
  const [entry] = listOf(files);
  const names = entry?.Layers ?? [];
  for (const [index, compress] of Object.values(forms).entries()) {
    const name = names[index + 1] ?? '';
    files.set(name, compress(files.get(name) ?? Buffer.alloc(0)));
  }
  const archive = await tarOf([...files].map(([name, content]) => ({ name, content })));
  await subject.docker.run(['load'], { input: archive });
  const names_ = (await docker('run', '--rm', '--network', 'none', 'fixture/layers:1')).split('\n').sort();
  assert.deepEqual(names_, Object.keys(forms).sort());
  await docker('rmi', 'fixture/layers:1');
});

test('xz and bzip2 that are cut or damaged are refused in one sentence, and leave nothing', async (t) => {
  if (!subject.isBeluga) return t.skip('the words are ours');
  const archive = await dockerArchive({ name: 'fixture/broken:1', layers: [await sampleLayer()] });
  for (const program of ['xz', 'bzip2'] as const) {
    const whole = compressed(program, archive);
    const cut = await subject.docker.run(['load'], { input: whole.subarray(0, -100_000), exits: 1 });
    assert.match(cut.stderr, /unexpected EOF: the archive ends too early/);
    const damaged = Buffer.from(whole);
    damaged.fill(0, 200_000, 200_100);
    const refused = await subject.docker.run(['load'], { input: damaged, exits: 1 });
    assert.match(refused.stderr, /invalid archive: the compressed data is damaged/);
    const imported = await subject.docker.run(['import', '-'], { input: whole.subarray(0, -100_000), exits: 1 });
    assert.match(imported.stderr, /unexpected EOF/);
  }
  assert.equal(await docker('images', '-q', 'fixture/broken'), '');
});

test('save: several images and tags into one archive of both kinds; back again with the same ids', async () => {
  const one = await loadSample('fixture/one:1', 'one');
  const two = await loadSample('fixture/two:1', 'two');
  await docker('tag', 'fixture/one:1', 'fixture/one:latest');
  const at = path.join(folder, 'several.tar');
  await docker('save', '-o', at, 'fixture/one', 'fixture/two:1');
  const list = listOf(await savedFiles(at));
  assert.deepEqual(
    list.map(({ RepoTags }) => RepoTags?.sort()).sort(),
    [['fixture/one:1', 'fixture/one:latest'], ['fixture/two:1']].sort(),
  );
  await docker('rmi', 'fixture/one:1', 'fixture/one:latest', 'fixture/two:1');
  const said = (await docker('load', '-i', at))
    .split('\n')
    .filter((line) => line.startsWith('Loaded'))
    .sort();
  assert.deepEqual(
    said,
    ['fixture/one:1', 'fixture/one:latest', 'fixture/two:1'].map((name) => `Loaded image: ${name}`),
  );
  assert.deepEqual([await idOf('fixture/one:1'), await idOf('fixture/two:1')], [one, two]);
  assert.equal(await idOf('fixture/one:latest'), one);
  assert.equal(await docker('run', '--rm', '--network', 'none', 'fixture/one:1'), 'one');
  await docker('rmi', 'fixture/one:1', 'fixture/one:latest', 'fixture/two:1');
});

test('save to standard output, by an id: the image comes back without a name', async () => {
  const id = await loadSample('fixture/nameless:1', 'nameless');
  const answer = await ask(subject.socket, { path: `/images/${id}/get` });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers['content-type']), /x-tar/);
  const at = path.join(folder, 'nameless.tar');
  await docker('save', '-o', at, id.slice('sha256:'.length, 'sha256:'.length + 12));
  const [entry] = listOf(await savedFiles(at));
  assert.equal(entry?.RepoTags, null);
  const cli = process.env.BELUGA_DOCKER_CLI ?? 'docker';
  const env = { ...process.env, DOCKER_HOST: `unix://${subject.socket}` };
  const piped = execFileSync(cli, ['save', 'fixture/nameless:1'], { env, maxBuffer: 1 << 28 });
  await docker('save', '-o', path.join(folder, 'named.tar'), 'fixture/nameless:1');
  if (subject.isBeluga) assert.ok(readFileSync(path.join(folder, 'named.tar')).equals(piped));
  await docker('rmi', 'fixture/nameless:1');
  assert.match(await docker('load', '-i', at), new RegExp(`Loaded image ID: ${id}`));
  await docker('rmi', id);
});

test('what is saved is an OCI layout too: names, digests, layers as they came', async (t) => {
  if (!subject.isBeluga) return t.skip('layers of dockerd are plain');
  const layers = [await sampleLayer(), await tarOf([{ name: 'oci', content: 'oci' }])];
  for (const form of ['gzip', 'zstd'] as const) {
    const compress = forms[form] ?? ((bytes) => bytes);
    const archive = await ociArchive(
      { name: 'fixture/kept:1', layers, config: { Cmd: ['cat', '/oci'] } },
      { compress },
    );
    const before = await filesOf(Readable.from([archive]));
    await subject.docker.run(['load'], { input: archive });
    const [id, digests] = [await idOf('fixture/kept:1'), await digestsOf('fixture/kept:1')];
    const at = path.join(folder, 'kept.tar');
    await docker('save', '-o', at, 'fixture/kept:1');
    const files = await savedFiles(at);
    for (const [name, bytes] of before) if (name.startsWith('blobs/')) assert.ok(files.get(name)?.equals(bytes), name);
    assert.deepEqual(JSON.parse(String(files.get('oci-layout'))), { imageLayoutVersion: '1.0.0' });
    const index = JSON.parse(String(files.get('index.json')));
    assert.deepEqual(index.manifests[0].annotations, {
      'io.containerd.image.name': 'docker.io/fixture/kept:1',
      'org.opencontainers.image.ref.name': '1',
    });
    assert.equal(`[fixture/kept@${index.manifests[0].digest}]`, digests);
    const [entry] = listOf(files);
    for (const name of [entry?.Config ?? '', ...(entry?.Layers ?? [])]) assert.ok(files.has(name), name);
    assert.equal(Object.keys(JSON.parse(String(files.get('repositories')))['fixture/kept']).join(), '1');
    await docker('rmi', 'fixture/kept:1');
    await docker('load', '-i', at);
    assert.deepEqual([await idOf('fixture/kept:1'), await digestsOf('fixture/kept:1')], [id, digests]);
    assert.equal(await docker('run', '--rm', '--network', 'none', 'fixture/kept:1'), 'oci');
    await docker('rmi', 'fixture/kept:1');
  }
});

test('save of what is not there, and of another platform, is refused before anything comes', async (t) => {
  await subject.docker.fails(1, 'save', '-o', path.join(folder, 'none.tar'), 'no/such:1');
  if (!subject.isBeluga) return t.skip('the words are ours');
  const words = await subject.docker.fails(1, 'save', '-o', path.join(folder, 'none.tar'), sampleImage, 'no/such:1');
  assert.match(words, /No such image: no\/such:1/);
  const other = await subject.docker.fails(
    1,
    'save',
    '--platform',
    'linux/arm64',
    '-o',
    path.join(folder, 'none.tar'),
    sampleImage,
  );
  assert.match(other, /was found but does not provide the specified platform \(linux\/arm64\)/);
  await docker('save', '--platform', 'linux/amd64', '-o', path.join(folder, 'own.tar'), sampleImage);
  assert.equal((await ask(subject.socket, { path: '/images/get?names=no%2Fsuch' })).status, 404);
});

test('events of archives: load, save, import, tag, untag, delete', async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const id = await loadSample('fixture/events:1', 'events');
  await docker('save', '-o', path.join(folder, 'events.tar'), 'fixture/events:1');
  await docker('tag', 'fixture/events:1', 'fixture/events:2');
  await docker('rmi', 'fixture/events:1', 'fixture/events:2');
  const root = await tarOf([{ name: 'only', content: 'events' }]);
  const imported = await docker('import', file('events-root.tar', root));
  await docker('rmi', imported);
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const format = '{{.Actor.ID}} {{.Action}}';
  const told = (
    await docker('events', '--since', since, '--until', until, '--filter', 'type=image', '--format', format)
  )
    .split('\n')
    .map((line) => line.split(' '));
  const of = (image: string) => told.filter(([actor]) => actor === image).map(([, action]) => action);
  assert.deepEqual(of(id), ['load', 'save', 'tag', 'untag', 'untag', 'delete']);
  assert.deepEqual(of(imported), ['import', 'delete']);
});
