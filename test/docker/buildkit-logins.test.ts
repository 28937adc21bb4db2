import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { sampleImage } from '../sample.ts';
import { type BuildKitScene, openBuildKitScene } from './buildkit-scene.ts';

const user = 'builder';
const password = 'words-that-no-file-of-the-engine-has';
/** Of the password, bcrypt. */
const hash = '$2b$05$abcdefghijklmnopqrstuuUwMFEToVURREraMbwHYNz2ZKARjNk4O';
let scene: BuildKitScene;
let registry: RegistryProcess;

before(async () => {
  registry = await startRegistry({ htpasswd: `${user}:${hash}\n` });
  scene = await openBuildKitScene();
});
after(async () => {
  await scene.close();
  await registry[Symbol.asyncDispose]();
});

test("a private base, a push and a cache: by the login of the client's session, which is kept nowhere", async () => {
  const [base, made, cache] = ['base', 'made', 'cache'].map((name) => `${registry.host}/private/${name}:1`) as [
    string,
    string,
    string,
  ];
  const place = scene.context([`FROM ${base}`, 'RUN echo private > /made', 'CMD ["cat", "/made"]']);
  assert.match(await scene.failsToBuild(place), /401|unauthorized|authentication required|no basic auth/i);
  await scene.docker.run(['login', '-u', user, '--password-stdin', registry.host], { input: password });
  await scene.docker('tag', sampleImage, base);
  await scene.docker('push', '-q', base);
  await scene.docker('rmi', base);
  const to = `type=registry,ref=${cache},mode=max`;
  const said = await scene.buildx(place, '-t', made, '--push', '--cache-to', to);
  assert.match(said, /pushing manifest sha256:/);
  await scene.docker('rmi', made);
  await scene.docker('pull', '-q', made);
  assert.equal(await scene.run(made), 'private');
  // 20.10's client hands its logins with the request
  await scene.docker('rmi', made, base);
  await scene.old('build', '-t', made, place);
  const old = await scene.docker.run(['build', '-t', made, '--pull', place]);
  assert.match(old.stdout + old.stderr, /made/);
  const { root } = scene.engine.folders;
  const found = spawnSync('grep', ['-rlaF', '-e', password, '-e', btoa(`${user}:${password}`), root], {
    encoding: 'utf8',
  });
  assert.deepEqual([found.stdout, found.status], ['', 1]);
  assert.equal(scene.engine.log().includes(password), false);
});
