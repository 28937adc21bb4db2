import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask } from '../raw-http.ts';
import { type BuildScene, cachedSteps, from, openBuildScene } from './build-scene.ts';

let scene: BuildScene;
before(async () => {
  scene = await openBuildScene();
});
after(() => scene.close());

const build = (place: string, ...options: string[]) => scene.build(place, ...options);
const context = (lines: readonly string[]) => scene.context(lines);
const run = (image: string, ...command: string[]) => scene.run(image, ...command);

interface CacheEntry {
  ID: string;
  Type: string;
  Description: string;
  Size: number;
  Shared: boolean;
  InUse: boolean;
}
const cacheEntries = async () =>
  (await ask(scene.subject.socket, { path: '/v1.45/system/df' })).json<{ BuildCache: CacheEntry[] }>().BuildCache;
const pruneCache = async (filters: Readonly<Record<string, readonly string[]>>) => {
  const query = new URLSearchParams({ all: '1', filters: JSON.stringify(filters) });
  const answer = await ask(scene.subject.socket, { method: 'POST', path: `/v1.45/build/prune?${query}` });
  return answer.json<{ CachesDeleted: string[] | null; SpaceReclaimed: number }>();
};

test('what is built again of the same is the same image, and what is made anew is another one', async () => {
  const place = context([from, 'ENV A=1', 'RUN echo dated > /dated', 'LABEL b=2']);
  const idOf = async (...options: string[]) => (await build(place, '-q', ...options)).stdout;
  const first = await idOf('-t', 'dated');
  assert.equal(await idOf(), first);
  const dates = (await scene.subject.docker('history', '--format', '{{.CreatedAt}}', 'dated')).split('\n');
  assert.equal(new Set(dates.slice(0, 3)).size, 1, 'words are as old as the layer beside them');
  assert.notEqual(await idOf('--no-cache'), first);
});

test('the cache: what it holds, and that it is given back', async () => {
  await build(context([from, 'RUN echo cached > /cached']), '-t', 'kept');
  const step = (await cacheEntries()).find(({ Description }) => Description === 'RUN echo cached > /cached');
  assert.ok(step && step.Size > 0 && step.Shared && !step.InUse, JSON.stringify(step));
  await build(context([from, 'RUN echo dropped > /dropped']), '-t', 'dropped');
  await scene.subject.docker('rmi', 'dropped');
  const pruned = await scene.subject.docker('builder', 'prune', '-f');
  assert.match(pruned, /Total reclaimed space: [1-9]/);
  assert.ok(
    (await cacheEntries()).every(({ Shared }) => Shared),
    'what images have frees nothing',
  );
  await scene.subject.docker('builder', 'prune', '-a', '-f');
  assert.match(await scene.subject.docker('system', 'df', '--format', '{{.Type}} {{.TotalCount}}'), /Build Cache 0/);
  assert.equal(await run('kept', 'cat', '/cached'), 'cached', 'the image has its layers');
  assert.equal(cachedSteps((await build(context([from, 'RUN echo cached > /cached']))).stdout), 1, 'only the base');
});

test('cache mounts: two locked ones of one name, listed with their size, and cleared one by one', async () => {
  const mounts = [
    '--mount=type=cache,id=l,target=/a,sharing=locked',
    '--mount=type=cache,id=l,target=/b,sharing=locked',
  ];
  const other = '--mount=type=cache,id=other,target=/o,sharing=private';
  const place = context([from, `RUN ${mounts.join(' ')} ${other} echo locked > /a/f && cat /b/f && seq 100000 > /o/n`]);
  assert.match((await build(place)).stdout, /^locked$/m);
  const folders = async () => (await cacheEntries()).filter(({ Type }) => Type === 'exec.cachemount');
  const found = await folders();
  const descriptions = found.map(({ Description }) => Description).filter((words) => / (l|other) at /.test(words));
  assert.deepEqual(descriptions.sort(), ['cache mount l at /b', 'cache mount other at /o']);
  const big = found.find(({ Description }) => Description === 'cache mount other at /o');
  assert.ok(big && big.Size > 500_000, JSON.stringify(big));
  const cleared = await pruneCache({ id: [big.ID] });
  assert.deepEqual(cleared.CachesDeleted, [big.ID]);
  assert.ok(cleared.SpaceReclaimed > 500_000);
  assert.deepEqual(
    (await folders()).map(({ ID }) => ID),
    found.map(({ ID }) => ID).filter((id) => id !== big.ID),
  );
  await pruneCache({ type: ['exec.cachemount'] });
  assert.deepEqual(await folders(), []);
  assert.notDeepEqual(await cacheEntries(), [], 'steps stay');
});
