import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { HelperError } from './credential-helper.ts';
import { dockerCliLogins, dockerConfigFile } from './docker-config.ts';
import { apiHostOf, registryNameOf } from './registry-name.ts';

interface Scene {
  readonly folder: string;
  readonly file: string;
}

/** A folder of the docker CLI, and one on the PATH for helpers. */
function sceneOf(t: TestContext, config: unknown): Scene {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-docker-config-'));
  const file = path.join(folder, 'config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  const before = process.env.PATH;
  process.env.PATH = `${folder}${path.delimiter}${before}`;
  t.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true });
  });
  return { folder, file };
}

/** A real program; it writes down what it was asked. */
function helper({ folder }: Scene, name: string, script: string): void {
  const file = path.join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\nread -r key || true\necho "$1 $key" >> '${folder}/asked'\n${script}\n`);
  chmodSync(file, 0o755);
}

const asked = ({ folder }: Scene) => readFileSync(path.join(folder, 'asked'), 'utf8').trim().split('\n');
const auth = (login: string) => Buffer.from(login).toString('base64');

test('an address means one registry, by host and port, or none', () => {
  const names = {
    'https://index.docker.io/v1/': 'docker.io',
    'registry-1.docker.io': 'docker.io',
    'Docker.IO': 'docker.io',
    'https://Registry.example:5000/v2/': 'registry.example:5000',
    'ghcr.io': 'ghcr.io',
    '127.0.0.1:5000': '127.0.0.1:5000',
    'quay.io/team': undefined,
    'user:secret@registry.example': undefined,
    '': undefined,
  };
  for (const [address, name] of Object.entries(names)) assert.equal(registryNameOf(address), name, address);
  assert.deepEqual([apiHostOf('docker.io'), apiHostOf('ghcr.io')], ['registry-1.docker.io', 'ghcr.io']);
});

test('logins written into the file are read for exactly their registry', async (t) => {
  const { file } = sceneOf(t, {
    auths: {
      'https://index.docker.io/v1/': { auth: auth('hub:of:colons') },
      'registry.example:5000': { auth: auth('robot$team+ci:secret') },
      'https://token.example': { auth: auth('me:'), identitytoken: 'refresh' },
      'quay.io/team': { auth: auth('team:secret') },
      'none.example': {},
      'damaged.example': 7,
    },
    HttpHeaders: { 'User-Agent': 'x' },
  });
  const cli = dockerCliLogins(file);
  const written = readFileSync(file, 'utf8');
  assert.deepEqual(await cli.loginFor('docker.io'), { username: 'hub', password: 'of:colons' });
  assert.deepEqual(await cli.loginFor('registry.example:5000'), { username: 'robot$team+ci', password: 'secret' });
  assert.deepEqual(await cli.loginFor('token.example'), { username: 'me', password: '', identityToken: 'refresh' });
  for (const host of ['registry.example', 'example', 'quay.io', 'none.example', 'damaged.example', 'index.docker.io'])
    assert.equal(await cli.loginFor(host), undefined, host);
  assert.deepEqual((await cli.list()).logins, [
    { host: 'docker.io', username: 'hub' },
    { host: 'registry.example:5000', username: 'robot$team+ci' },
    { host: 'token.example', username: 'me' },
  ]);
  assert.equal(readFileSync(file, 'utf8'), written, 'never written');
});

test('no file, and one that is damaged, have no logins', async (t) => {
  const scene = sceneOf(t, '{"auths": {"a.exa');
  for (const file of [scene.file, path.join(scene.folder, 'none.json')])
    assert.deepEqual(await dockerCliLogins(file).list(), { logins: [], problems: [] });
  assert.equal(dockerConfigFile({ DOCKER_CONFIG: '/etc/cli' }), '/etc/cli/config.json');
  assert.match(dockerConfigFile({}), /\/\.docker\/config\.json$/);
});

test('the helper of all registries is asked by the keys that docker login writes', async (t) => {
  const scene = sceneOf(t, { auths: { 'https://index.docker.io/v1/': {}, 'other.example': {} }, credsStore: 'test' });
  helper(
    scene,
    'test',
    `case "$1 $key" in
      "get https://index.docker.io/v1/") echo '{"ServerURL":"x","Username":"hub","Secret":"s3cret"}';;
      "get other.example") echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}';;
      list*) echo '{"https://index.docker.io/v1/":"hub","other.example":"<token>"}';;
      *) echo "credentials not found in native keychain"; exit 1;;
    esac`,
  );
  const cli = dockerCliLogins(scene.file);
  assert.deepEqual(await cli.loginFor('docker.io'), { username: 'hub', password: 's3cret' });
  assert.deepEqual(await cli.loginFor('other.example'), {
    username: '<token>',
    password: '',
    identityToken: 'refresh',
  });
  assert.equal(await cli.loginFor('third.example'), undefined);
  const { logins, problems } = await cli.list();
  assert.deepEqual(problems, []);
  assert.deepEqual(logins, [{ host: 'docker.io', username: 'hub' }, { host: 'other.example' }]);
  assert.ok(asked(scene).includes('get https://index.docker.io/v1/'));
  assert.ok(!JSON.stringify(logins).includes('s3cret'));
});

test("a registry's own helper goes before the one of all, and what was written goes last", async (t) => {
  const scene = sceneOf(t, {
    auths: { 'ecr.example': { auth: auth('file:old') }, 'both.example': { auth: auth('file:written') } },
    credsStore: 'all',
    credHelpers: { 'ecr.example': 'ecr' },
  });
  helper(scene, 'ecr', `echo '{"Username":"AWS","Secret":"short-lived"}'`);
  helper(scene, 'all', 'exit 1');
  const cli = dockerCliLogins(scene.file);
  assert.deepEqual(await cli.loginFor('ecr.example'), { username: 'AWS', password: 'short-lived' });
  assert.deepEqual(asked(scene), ['get ecr.example']);
  assert.deepEqual(await cli.loginFor('both.example'), { username: 'file', password: 'written' });
});

test('a helper that is missing, fails or hangs is told by name, without a word of what it wrote', async (t) => {
  const scene = sceneOf(t, {
    credsStore: 'gone',
    credHelpers: { 'a.example': 'broken', 'b.example': 'hangs', 'c.example': '../../bin/sh', 'd.example': 'x y' },
  });
  helper(scene, 'broken', `echo 'not JSON: p4ss'`);
  // a child of its own that holds the pipe open
  helper(scene, 'hangs', `sleep 600 & echo $! > '${scene.folder}/child'; wait`);
  const cli = dockerCliLogins(scene.file, 700);
  const failure = async (host: string) => {
    const error = await cli.loginFor(host).then(
      () => assert.fail(`${host} did not fail`),
      (cause: unknown) => (cause instanceof HelperError ? cause : assert.fail(String(cause))),
    );
    assert.ok(!error.message.includes('p4ss'));
    return `${error.helper} ${error.kind}`;
  };
  assert.equal(await failure('a.example'), 'broken failed');
  assert.equal(await failure('b.example'), 'hangs late');
  process.kill(Number(readFileSync(path.join(scene.folder, 'child'), 'utf8')));
  assert.equal(await failure('c.example'), '../../bin/sh missing');
  assert.equal(await failure('d.example'), 'x y missing');
  assert.equal(await failure('docker.io'), 'gone missing');
  assert.deepEqual((await cli.list()).problems, [{ helper: 'gone', kind: 'missing' }]);
  assert.ok(statSync(scene.file).size > 0);
});
