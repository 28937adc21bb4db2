import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BelugaDisk, BelugaPrunePreview } from '../../engine/http/extension-types.ts';
import { ask } from '../raw-http.ts';
import { dockerArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name);
const idsOf = async (...args: string[]) =>
  (await docker('images', '-q', '--no-trunc', ...args)).split('\n').filter(Boolean);

/** An image of the sample's layer and one of its own; nameless without a name. */
async function load(
  mark: string,
  { name, labels, bytes = 0 }: { name?: string; labels?: Record<string, string>; bytes?: number } = {},
) {
  const own = await tarOf([{ name: `own/${mark}`, content: Buffer.alloc(bytes, mark) }]);
  const config = { Cmd: ['true'], Env: [`MARK=${mark}`], ...(labels && { Labels: labels }) };
  const archive = await dockerArchive({ ...(name && { name }), layers: [await sampleLayer(), own], config });
  const { stdout } = await subject.docker.run(['load'], { input: archive });
  return name ? idOf(name) : (/ID: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? '');
}

/** A container that only exists. */
const create = (image: string) => docker('create', '--network', 'none', image, 'true');

test('image prune takes the nameless ones that no container uses, and tells what it freed', async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const named = await load('named', { name: 'fixture/prune:1' });
  const gone = await load('gone', { bytes: 123_456 });
  const used = await load('used');
  const container = await create(used);
  const said = await docker('image', 'prune', '-f');
  assert.match(said, new RegExp(`deleted: ${gone}`));
  assert.match(said, /Total reclaimed space: 123\.5kB/);
  assert.deepEqual((await idsOf('-a')).sort(), [named, used, await idOf(sampleImage)].sort());
  assert.equal(await docker('start', '-a', container), '');
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const format = '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.reclaimed}}';
  const told = (
    await docker('events', '--since', since, '--until', until, '--filter', 'type=image', '--format', format)
  ).split('\n');
  assert.ok(told.includes(`delete ${gone} <no value>`), told.join('\n'));
  assert.ok(
    told.some((line) => /^prune\s+123456$/.test(line)),
    told.join('\n'),
  );
  assert.match(await docker('image', 'prune', '-f'), /Total reclaimed space: 0B/);
  await docker('rm', container);
  assert.match(await docker('image', 'prune', '-f'), new RegExp(`deleted: ${used}`));
  await docker('rmi', 'fixture/prune:1');
});

test('image prune -a takes named ones too, never what a container uses, also a stopped one', async () => {
  await load('a', { name: 'fixture/all:1' });
  await docker('tag', 'fixture/all:1', 'fixture/all:2');
  const kept = await load('b', { name: 'fixture/kept:1' });
  const container = await create('fixture/kept:1');
  const sample = await create(sampleImage);
  const said = await docker('image', 'prune', '-af');
  assert.match(said, /untagged: fixture\/all:1\n/);
  assert.match(said, /untagged: fixture\/all:2\n/);
  assert.deepEqual((await idsOf('-a')).sort(), [kept, await idOf(sampleImage)].sort());
  assert.equal(await idOf('fixture/kept:1'), kept);
  assert.equal(await docker('start', '-a', container), '');
  await docker('rm', container, sample);
  await docker('rmi', 'fixture/kept:1');
});

test('image prune with until, label and label!', async () => {
  const plain = await load('plain');
  const stage = await load('stage', { labels: { stage: 'test' } });
  const other = await load('other', { labels: { stage: 'build', keep: '' } });
  const prune = (...filters: string[]) =>
    docker('image', 'prune', '-f', ...filters.flatMap((one) => ['--filter', one]));
  const left = () => idsOf('-a', '--filter', 'dangling=true');
  await prune('until=2020-02-02T00:00:00Z');
  assert.equal((await left()).length, 3);
  await prune('label=stage=none');
  assert.equal((await left()).length, 3);
  await prune('label=stage=test');
  assert.deepEqual((await left()).sort(), [plain, other].sort());
  await prune('label!=keep');
  assert.deepEqual(await left(), [other]);
  await prune('until=1h', 'label=stage');
  assert.deepEqual(await left(), []);
  assert.notEqual(stage, '');
  const refused = ['{"dangling":["perhaps"]}', '{"colour":["red"]}', '{'];
  // dockerd refuses it too, as a failure of its own
  if (subject.isBeluga) refused.push('{"until":["1h","2h"]}');
  for (const filters of refused) {
    const answer = await ask(subject.socket, {
      method: 'POST',
      path: `/images/prune?filters=${encodeURIComponent(filters)}`,
    });
    assert.equal(answer.status, 400, answer.text);
  }
});

test('images: filters by time and name, and only the names that match', async () => {
  const id = await load('times', { name: 'fixture/times:1' });
  await docker('tag', 'fixture/times:1', 'fixture/other:1');
  const { stdout } = await subject.docker.run(['import', '-', 'made'], { input: await tarOf([{ name: 'now' }]) });
  const later = stdout.trim();
  await docker('tag', 'made', 'fixture/made:1');
  const names = (...args: string[]) => docker('images', '--format', '{{.Repository}}:{{.Tag}}', ...args);
  assert.equal(await names('fixture/times'), 'fixture/times:1');
  assert.equal(await names('--filter', 'reference=fixture/o*'), 'fixture/other:1');
  const mine = (filter: string) => idsOf('--filter', 'reference=fixture/*', '--filter', filter);
  assert.deepEqual(await mine('before=made'), [id, id]);
  assert.deepEqual(await mine('before=fixture/times:1'), []);
  assert.deepEqual(await mine('since=fixture/times:1'), [later]);
  assert.deepEqual(await mine('since=made'), []);
  if (subject.isBeluga) {
    assert.deepEqual(await mine('until=2020-02-02T02:02:03Z'), [id, id]);
    assert.deepEqual(await mine('until=2020-02-02T02:02:02Z'), []);
  }
  assert.match(await docker('images', '--digests', 'fixture/times'), /DIGEST/);
  await docker('rmi', 'fixture/times:1', 'fixture/other:1', 'fixture/made:1', 'made');
});

interface Summary {
  Id: string;
  Size: number;
  SharedSize: number;
}

test('sizes as Docker counts: what layers share is counted once', async () => {
  const one = await load('one', { name: 'fixture/size:1', bytes: 200_000 });
  const two = await load('two', { name: 'fixture/size:2', bytes: 300_000 });
  const list = (await ask(subject.socket, { path: '/v1.43/images/json?shared-size=1' })).json<Summary[]>();
  const of = (id: string) => list.find(({ Id }) => Id === id);
  const shared = of(one)?.SharedSize ?? 0;
  assert.equal(of(one)?.Size, shared + 200_000);
  assert.equal(of(two)?.Size, shared + 300_000);
  assert.equal(of(two)?.SharedSize, shared);
  assert.ok(shared > 500_000);
  const without = (await ask(subject.socket, { path: '/v1.43/images/json' })).json<Summary[]>();
  assert.ok(without.every(({ SharedSize }) => SharedSize === -1));
  const df = (await ask(subject.socket, { path: '/v1.43/system/df?type=image' })).json<{
    LayersSize: number;
    Images: Summary[];
  }>();
  const sample = df.Images.find(({ Id }) => Id !== one && Id !== two);
  assert.equal(df.LayersSize, shared + 500_000);
  assert.equal(sample?.SharedSize, sample?.Size);
  const [row] = (
    await docker('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Reclaimable}}')
  ).split('\n');
  assert.match(row ?? '', /^Images 3 0 .*\(100%\)$/);
  const verbose = await docker('system', 'df', '-v');
  assert.match(verbose, /SHARED SIZE\s+UNIQUE SIZE\s+CONTAINERS/);
  assert.match(verbose, /fixture\/size\s+1\s.*\s200kB\s+0/);
  await docker('rmi', 'fixture/size:1', 'fixture/size:2');
});

test('rmi by digest, of several tags, and in a repository of many: Docker’s rules and words', async (t) => {
  const id = await load('rmi', { name: 'fixture/rmi:1' });
  await docker('tag', 'fixture/rmi:1', 'fixture/rmi:2');
  assert.match(
    await subject.docker.fails(1, 'rmi', id),
    /conflict: unable to delete [0-9a-f]{12} \(must be forced\) - image is referenced in multiple repositories/,
  );
  const container = await create('fixture/rmi:1');
  // one of two names may go, the last may not
  assert.equal(await docker('rmi', 'fixture/rmi:2'), 'Untagged: fixture/rmi:2');
  const last = new RegExp(
    `conflict: unable to remove repository reference "fixture/rmi:1" \\(must force\\) - container ${container.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}`,
  );
  assert.match(await subject.docker.fails(1, 'rmi', 'fixture/rmi:1'), last);
  assert.match(
    await subject.docker.fails(1, 'rmi', id),
    new RegExp(`\\(must be forced\\) - image is being used by stopped container ${container.slice(0, 12)}`),
  );
  await docker('rm', container);
  const removed = (await docker('rmi', 'fixture/rmi:1')).split('\n');
  assert.deepEqual(removed.slice(0, 2), ['Untagged: fixture/rmi:1', `Deleted: ${id}`]);
  // the layer that only this image had, and not the one that is the sample's too
  assert.equal(removed.length, 3, removed.join('\n'));
  if (!subject.isBeluga) return t.skip('what a dockerd loads has no digest');
  const again = await load('rmi', { name: 'fixture/rmi:1' });
  const digest = await docker('image', 'inspect', '-f', '{{index .RepoDigests 0}}', 'fixture/rmi:1');
  assert.equal(await docker('rmi', digest), `Untagged: ${digest}`);
  assert.equal(await idOf('fixture/rmi:1'), again);
  assert.equal(await docker('image', 'inspect', '-f', '{{json .RepoDigests}}', 'fixture/rmi:1'), '[]');
  assert.match(await subject.docker.fails(1, 'rmi', digest), /No such image/);
  await docker('rmi', 'fixture/rmi:1');
});

test('what is allocated, and what a prune would free, are told', async (t) => {
  if (!subject.isBeluga) return t.skip('an extension of ours');
  const id = await load('preview', { bytes: 300_000 });
  const preview = (filters: object) =>
    ask(subject.socket, { path: `/beluga/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}` });
  const dangling = (await preview({ dangling: ['true'] })).json<BelugaPrunePreview>();
  assert.deepEqual(dangling.images, [{ id, tags: [] }]);
  // its layer, unpacked and as it came; the sample's layer stays
  assert.ok(dangling.freed > 600_000 && dangling.freed < 700_000, String(dangling.freed));
  const all = (await preview({ dangling: ['false'] })).json<BelugaPrunePreview>();
  assert.deepEqual(all.images.map(({ tags }) => tags.join()).sort(), ['', sampleImage]);
  assert.ok(all.freed > dangling.freed + 1_000_000);
  assert.deepEqual((await preview({ label: ['none'] })).json<BelugaPrunePreview>(), { images: [], freed: 0 });
  const disk = (await ask(subject.socket, { path: '/beluga/disk' })).json<BelugaDisk>();
  assert.deepEqual(Object.keys(disk).sort(), ['blobs', 'containers', 'layers', 'logs', 'partial']);
  assert.ok(disk.layers > 800_000 && disk.blobs > 800_000 && disk.partial === 0, JSON.stringify(disk));
  await docker('image', 'prune', '-f');
});
