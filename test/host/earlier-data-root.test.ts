import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrations } from '../../engine/storage/records/schema.ts';
import { deleteFolders, newFolders, startEngine, startRefused } from '../engine-fixture.ts';
import { factsOf } from '../fixtures/data-root-facts.ts';
import { earlierVersion, unpackEarlierDataRoot } from '../fixtures/earlier-engine.ts';
import { filesOf } from '../sample.ts';

/** What this engine says otherwise, and why; `path` of the fact. */
const saidOtherwise: readonly { path: RegExp; why: string }[] = [
  { path: /\.NetworkID$/, why: 'follows from the place of the data root' },
  { path: /\.ExecIDs$/, why: 'null without execs, as dockerd says it' },
  { path: /\.OomKillDisable$/, why: 'null where nobody asked for it, as dockerd says it' },
  { path: /^\.containers\.\/created\.\w+\.Mounts\.(length|1)$/, why: '--tmpfs is no entry of Mounts, as in dockerd' },
];

/** Each value of `before` that is not the same in `now`; what `now` has besides is new, and no difference. */
function differences(before: unknown, now: unknown, at = ''): string[] {
  if (typeof before !== 'object' || before === null) {
    if (before === now || saidOtherwise.some(({ path }) => path.test(at))) return [];
    return [`${at}: was ${JSON.stringify(before)}, is ${JSON.stringify(now)}`];
  }
  if (typeof now !== 'object' || now === null) return differences(JSON.stringify(before), now, at);
  const sizes = Array.isArray(before) ? differences(before.length, (now as unknown[]).length, `${at}.length`) : [];
  const members = Object.entries(before).flatMap(([key, value]) =>
    differences(value, (now as Record<string, unknown>)[key], `${at}.${key}`),
  );
  return [...sizes, ...members];
}

test("every record of the last release's data root is read as it was meant", async () => {
  using earlier = unpackEarlierDataRoot();
  await using engine = await startEngine({ dataRoot: earlier.dataRoot });
  const { docker } = engine;
  const now = await factsOf(engine, engine.folders);
  const before = earlier.facts;
  // what this engine tells of itself comes behind
  now.events.length = before.events.length;
  assert.deepEqual(differences(before, { version: earlierVersion, ...now }), []);
  const names = (await docker('ps', '-a', '--format', '{{.Names}}')).split('\n').sort();
  assert.deepEqual(names, ['created', 'ended', 'failed', 'killed', 'not-there', 'renamed', 'retried']);
  assert.equal(before.images.length, 3);

  const exported = path.join(engine.folders.root, 'ended.tar');
  await docker('export', '-o', exported, 'ended');
  const files = await filesOf(createReadStream(exported));
  assert.equal(String(files.get('data/mine')), 'of the container');
  assert.equal(String(files.get('data/added')), 'of the second layer\n');
  assert.deepEqual([files.has('data/goes'), files.has('data/stays')], [false, false]);

  assert.equal(await docker('start', '-a', 'created'), 'created, and started later');
  await docker.run(['start', '-a', 'failed'], { exits: 7 });
  assert.equal(await docker('logs', 'failed'), 'and then it fails\nand then it fails');
  await docker('start', 'killed');
  assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'killed'), 'running');
  assert.equal(await docker('run', '--rm', '--network', 'none', 'old/probe:also'), 'nothing was asked');
  await docker('rm', '-f', ...names);
  const images = (await docker('images', '-aq', '--no-trunc')).split('\n');
  await docker('rmi', '-f', ...new Set(images));
  assert.equal(await docker('images', '-aq'), '');
});

/** Every entry below a folder with its content's hash, mode and times. */
const snapshotOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .filter((name) => name !== 'engine.lock')
    .map((name) => {
      const file = path.join(folder, name);
      const { mode, mtimeMs, size } = lstatSync(file);
      const content = lstatSync(file).isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
      return [name, mode, mtimeMs, size, content].join(' ');
    });

test('the same data root with a schema of tomorrow is refused, and nothing in it is touched', async () => {
  using earlier = unpackEarlierDataRoot();
  const database = new DatabaseSync(path.join(earlier.dataRoot, 'beluga.db'));
  database.exec(`PRAGMA journal_mode = DELETE; PRAGMA user_version = ${migrations.length + 1}`);
  database.close();
  const before = snapshotOf(earlier.dataRoot);
  assert.ok(before.length > 50);
  const folders = newFolders(earlier.dataRoot);
  const refusal = await startRefused(folders);
  assert.equal(refusal.reason, 'data-root.newer-schema');
  assert.deepEqual(snapshotOf(earlier.dataRoot), before);
  deleteFolders(folders);
});
