import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
before(async () => {
  // --print is among its experiments
  process.env.BUILDX_EXPERIMENTAL = '1';
  scene = await openBuildKitScene();
});
after(() => scene.close());

const lines = [
  'ARG BASE=unset',
  `${from} AS tools`,
  'ARG TOOL=1',
  'RUN --mount=type=secret,id=token,required=true false',
  'FROM tools AS app',
  'ARG V',
  'RUN false',
];
const print = async (what: string, ...options: string[]) =>
  (await scene.docker.run(['buildx', 'build', `--print=${what}`, ...options, scene.context(lines)])).stdout;

test('--print=outline: what the target takes, as a table and as JSON; nothing is built', async () => {
  const said = await print('outline', '--build-arg', 'V=7');
  assert.match(said, /TARGET: +app/);
  assert.match(said, /BUILD ARG +VALUE[\s\S]*TOOL +1[\s\S]*V +7/);
  assert.match(said, /SECRET +REQUIRED[\s\S]*token +true/);
  const { args, secrets } = JSON.parse(await print('outline,format=json', '--target', 'tools'));
  assert.deepEqual(
    args.map(({ name, value }: { name: string; value?: string }) => [name, value]),
    [
      ['BASE', 'unset'],
      ['TOOL', '1'],
    ],
  );
  assert.equal(secrets[0].location.ranges[0].start.line, 4);
});

test('--print=targets', async () => {
  assert.match(await print('targets'), /TARGET[\s\S]*tools[\s\S]*app \(default\)/);
  const { targets } = JSON.parse(await print('targets,format=json'));
  assert.deepEqual(
    targets.map(({ name, base, default: isDefault }: Record<string, unknown>) => [name, base, isDefault]),
    [
      ['tools', from.replace('FROM ', ''), undefined],
      ['app', 'tools', true],
    ],
  );
});

test('the checks of a Dockerfile, with their lines', async () => {
  const place = scene.context([from, 'ENV API_KEY=1', 'CMD echo x', 'CMD ["x"]']);
  const said = (await scene.docker.run(['buildx', 'build', '--print=lint', place])).stdout;
  assert.match(said, /SecretsUsedInArgOrEnv: .*\(ENV "API_KEY"\)/);
  assert.match(said, /MultipleInstructionsDisallowed: Multiple CMD/);
});

test('what is wrong in it is told with its line; a request that nobody knows is refused', async () => {
  const place = scene.context([from, 'RUNX true']);
  assert.match(
    await scene.failsToBuild(place, '--print=targets'),
    /2 \| >>> RUNX true[\s\S]*unknown instruction: RUNX/,
  );
  assert.match(await scene.failsToBuild(place, '--print=nosuch'), /unsupported request frontend\.nosuch|invalid print/);
});
