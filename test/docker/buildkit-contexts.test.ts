import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
before(async () => {
  scene = await openBuildKitScene();
});
after(() => scene.close());

const stepOf = (said: string, words: string): string =>
  new RegExp(`\\] ${words}.*\\n(?:#\\d+ [\\d.]+ .*\\n)*#\\d+ (CACHED|DONE)`).exec(said)?.[1] ?? 'not there';

test('--build-context: a folder by a name, for COPY --from, RUN --mount and FROM; its own ignore file counts', async () => {
  const files = { a: 'a', 'sub/b': 'b', ignored: 'i', '.dockerignore': 'ignored\nDockerfile\n' };
  const other = scene.context([], files);
  const place = scene.context([
    from,
    'COPY --from=other sub /sub',
    'RUN --mount=type=bind,from=other,target=/other ls -A /other > /listed',
    'FROM other AS whole',
  ]);
  const named = ['--build-context', `other=${other}`];
  await scene.buildx(place, ...named, '-t', 'named', '--target', '0');
  assert.equal(await scene.run('named', 'cat', '/sub/b', '/listed'), 'b.dockerignore\na\nsub');
  const again = await scene.buildx(place, ...named, '-t', 'named', '--target', '0');
  assert.equal(stepOf(again, 'COPY --from=other'), 'CACHED');
  assert.match(again, /\[context other\] load from client/);
  await scene.buildx(place, ...named, '-o', path.join(scene.folder, 'whole'));
  assert.equal((await scene.docker.run(['buildx', 'build', ...named, '-o', 'type=tar,dest=-', place])).code, 0);
});

test('--build-context: another image, or a folder, in the place of an image or a stage', async () => {
  const place = scene.context(
    [
      'FROM nosuch:latest',
      'COPY a /a',
      'FROM gone AS stage',
      'RUN false',
      'FROM nosuch',
      'COPY --from=stage /a /from-stage',
    ],
    {
      a: 'from the context',
    },
  );
  const stage = scene.context([], { a: 'instead of the stage' });
  const said = await scene.buildx(
    ...[place, '-t', 'instead', '--build-context', `nosuch=docker-image://${sampleImage}`],
    ...['--build-context', `stage=${stage}`],
  );
  assert.equal(await scene.run('instead', 'cat', '/from-stage'), 'instead of the stage');
  assert.doesNotMatch(said, /RUN false/);
  const failed = await scene.failsToBuild(
    scene.context(['FROM nosuch']),
    '--build-context',
    'nosuch=https://127.0.0.1:1/x.git',
  );
  assert.match(failed, /failed to fetch https:\/\/127\.0\.0\.1:1\/x\.git#HEAD: git failed/);
});

test('--no-cache-filter: a stage and what stands on it is made anew, the rest is cached', async () => {
  const place = scene.context([
    `${from} AS one`,
    'RUN echo one > /one',
    `${from} AS two`,
    'RUN echo two > /two',
    'FROM two',
    'COPY --from=one /one /one',
  ]);
  await scene.buildx(place);
  const filtered = await scene.buildx(place, '--no-cache-filter', 'two');
  assert.deepEqual(
    ['RUN echo one', 'RUN echo two', 'COPY --from=one'].map((words) => stepOf(filtered, words)),
    ['CACHED', 'DONE', 'DONE'],
  );
});
