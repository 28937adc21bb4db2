import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BelugaBuilds, BelugaStepImage } from '../../engine/http/extension-types.ts';
import { callEngine } from '../registry/mirror-scene.ts';
import { waitUntil } from '../wait-until.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
before(async () => {
  scene = await openBuildKitScene();
});
after(() => scene.close());

const ask = (method: string, path: string) => callEngine(scene.engine, method, path);

test('what a failed step began with: an image for a look, which goes with its last container', async () => {
  const place = scene.context([
    from,
    'ARG VERSION=1',
    'ARG API_TOKEN=hidden',
    'ENV KEPT=yes',
    'RUN mkdir -m 777 /w',
    'WORKDIR /w',
    'USER 12:34',
    'RUN touch made-before; exit 0',
    'RUN touch lost; exit 7',
  ]);
  await scene.failsToBuild(place);
  const { body } = await ask('GET', '/beluga/builds');
  const { id } = (body as BelugaBuilds).builds[0] ?? { id: '' };
  const made = await ask('POST', `/beluga/builds/${id}/steps/9/image`);
  assert.equal(made.status, 201);
  const { imageId } = made.body as BelugaStepImage;
  const look = 'id -u; pwd; ls; echo $KEPT $VERSION token=$API_TOKEN';
  const said = await scene.docker('run', '--network', 'none', '--name', 'look', imageId, 'sh', '-c', look);
  assert.deepEqual(said.split('\n'), ['12', '/w', 'made-before', 'yes 1 token=']);
  const images = () => scene.docker('images', '-aq', '--no-trunc');
  const other = scene.context([from, 'RUN true']);
  await scene.buildx(other);
  assert.ok((await images()).includes(imageId), 'a container is made of it');
  await scene.docker('rm', 'look');
  const isGone = async () => {
    await scene.buildx(other);
    return !(await images()).includes(imageId);
  };
  await waitUntil('it is gone', isGone, { everyMs: 1000 });
});

test('a step that did not fail, a build that nobody knows, an engine that has forgotten', async () => {
  const place = scene.context([from, 'RUN true', 'RUN exit 9']);
  await scene.failsToBuild(place);
  const { body } = await ask('GET', '/beluga/builds');
  const { id } = (body as BelugaBuilds).builds[0] ?? { id: '' };
  assert.equal((await ask('POST', `/beluga/builds/${id}/steps/2/image`)).status, 404);
  assert.equal((await ask('POST', '/beluga/builds/0123456789abcdef/steps/3/image')).status, 404);
  assert.equal((await ask('POST', `/beluga/builds/${id}/steps/x/image`)).status, 400);
  assert.equal((await ask('POST', `/beluga/builds/${id}/steps/3/image`)).status, 201);
  const made = await scene.docker('images', '-aq');
  await scene.engine.kill('SIGKILL');
  await scene.engine.restart();
  assert.equal((await ask('POST', `/beluga/builds/${id}/steps/3/image`)).status, 404);
  assert.ok((await scene.docker('images', '-aq')).length < made.length, 'its image went with it');
});

test('secrets for a build that was not asked for yet: bad ones are told without their values', async () => {
  const put = (secrets: unknown, id = '0123456789abcdef') =>
    callEngine(scene.engine, 'PUT', `/beluga/builds/${id}/secrets`, { secrets });
  assert.equal((await put({ token: btoa('x') })).status, 204);
  for (const [secrets, id] of [
    [{ 'a b': '' }],
    [{ a: 1 }],
    [7],
    [{}, 'nothex'],
    [{ a: 'x'.repeat(800_000) }],
  ] as const) {
    const { status, body } = await put(secrets, id);
    assert.equal(status, 400, JSON.stringify(body));
    assert.ok(JSON.stringify(body).length < 200);
  }
});
