import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

/** The engine that builds first, and one that has nothing of it. */
let first: BuildKitScene;
let second: BuildKitScene;
let registry: RegistryProcess;
before(async () => {
  [first, second, registry] = await Promise.all([openBuildKitScene(), openBuildKitScene(), startRegistry()]);
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await first.close();
  await second.close();
});

const stages = [
  `${from} AS tools`,
  'RUN echo tool > /tool && head -c 2000000 /dev/urandom > /random',
  'FROM tools AS never-shipped',
  'RUN echo made > /made',
  from,
  'COPY a /a',
  'COPY --from=never-shipped /made /random /',
  'RUN cat /a /made > /both',
];
const stepOf = (said: string, words: string): string =>
  new RegExp(`\\] ${words}.*\\n(?:#\\d+ [\\d.]+ .*\\n)*#\\d+ (CACHED|DONE)`).exec(said)?.[1] ?? 'not run';
const build = (scene: BuildKitScene, lines: readonly string[], ...options: string[]) =>
  scene.buildx(scene.context(lines, { a: 'a\n' }), '-t', 'app', ...options);
const idIn = (scene: BuildKitScene) => scene.docker('inspect', '-f', '{{.Id}}', 'app');

test('type=registry: another engine takes every step of the image from there, and makes the same image', async () => {
  const cache = `type=registry,ref=${registry.host}/caches/min:1`;
  assert.match(await build(first, stages, '--cache-to', cache), /exporting cache to registry .*\n#\d+ DONE/);
  const said = await build(second, stages, '--cache-from', cache);
  assert.match(said, /importing cache manifest from .*\n#\d+ DONE/);
  assert.equal(stepOf(said, 'RUN cat /a /made > /both'), 'CACHED');
  assert.equal(stepOf(said, 'RUN echo tool'), 'not run');
  assert.equal(await idIn(second), await idIn(first));
  assert.equal(await second.run('app', 'cat', '/both'), 'a\nmade');
});

test('mode=max has what other stages have made, for a build that differs in the end', async () => {
  const cache = `type=registry,ref=${registry.host}/caches/max:1`;
  const others = stages.map((line) => line.replace('echo tool', 'echo other-tool'));
  await build(first, others, '--cache-to', `${cache},mode=max`);
  const changed = others.map((line) =>
    line.replace('/random /', '/random /there/').replace('/a /made', '/a /there/made'),
  );
  const said = await build(second, changed, '--cache-from', cache);
  assert.deepEqual(
    ['RUN echo other-tool', 'RUN echo made', 'COPY --from=never-shipped'].map((words) => stepOf(said, words)),
    ['CACHED', 'CACHED', 'DONE'],
  );
});

test('type=inline: the image in the registry is the cache', async () => {
  const name = `${registry.host}/inline/app:1`;
  const lines = [from, 'RUN echo inline > /inline', 'RUN echo more >> /inline'];
  await first.buildx(first.context(lines), '-t', name, '--push', '--cache-to', 'type=inline');
  const said = await build(second, lines, '--cache-from', `type=registry,ref=${name}`);
  assert.equal(stepOf(said, 'RUN echo more'), 'CACHED');
  assert.equal(await second.run('app', 'cat', '/inline'), 'inline\nmore');
});

test('type=local: a folder of the client, which another engine reads; the second time nothing is sent twice', async () => {
  const folder = `${first.folder}/cache`;
  const lines = [...stages, 'RUN echo local > /local'];
  const to = ['--cache-to', `type=local,dest=${folder},mode=max`];
  assert.match(await build(first, lines, ...to), /exporting cache to client directory .*\n#\d+ DONE/);
  const blobs = readdirSync(`${folder}/blobs/sha256`);
  await build(first, lines, ...to);
  assert.deepEqual(readdirSync(`${folder}/blobs/sha256`), blobs);
  const said = await build(second, lines, '--cache-from', `type=local,src=${folder}`);
  assert.equal(stepOf(said, 'RUN echo local'), 'CACHED');
  assert.equal(await idIn(second), await idIn(first));
  assert.equal(await second.run('app', 'cat', '/both'), 'a\nmade');
});

test("20.10's CLI: BUILDKIT_INLINE_CACHE and --cache-from", async () => {
  const name = `${registry.host}/inline/old:1`;
  const lines = [from, 'RUN echo old > /old'];
  await first.old('build', '-t', name, '--build-arg', 'BUILDKIT_INLINE_CACHE=1', first.context(lines));
  await first.docker('push', name);
  const { stderr } = await second.old.run(['build', '-t', 'app', '--cache-from', name, second.context(lines)]);
  assert.match(stderr, /\[2\/2\] RUN echo old > \/old\n(#\d+ sha256:.*\n)?#\d+ CACHED/);
  assert.doesNotMatch(stderr, /not consumed/);
});

test('what is no cache, is not there or is away is a warning, and the build goes on; where none can be put is told', async () => {
  const lines = [from, 'RUN echo alone > /alone'];
  await first.docker('tag', 'beluga/welcome', `${registry.host}/plain/image:1`);
  await first.docker('push', `${registry.host}/plain/image:1`);
  for (const [ref, words] of [
    [`${registry.host}/nothing/there:1`, /WARN: the cache in .*\/nothing\/there:1 was not read/],
    [`${registry.host}/plain/image:1`, /WARN: .* was not read: the image has no build cache in it/],
    ['127.0.0.1:1/x/y', /WARN: the cache in 127\.0\.0\.1:1\/x\/y was not read/],
  ] as const)
    assert.match(await build(second, lines, '--no-cache', '--cache-from', `type=registry,ref=${ref}`), words);
  const away = 'type=registry,ref=127.0.0.1:1/x/y';
  assert.match(
    await first.failsToBuild(first.context(lines), '--cache-to', away),
    /ERROR: failed to solve: .*127\.0\.0\.1:1/,
  );
  assert.match(
    await build(first, lines, '--cache-to', `${away},ignore-error=true`),
    /WARN: the cache was not written to 127\.0\.0\.1:1\/x\/y/,
  );
});
