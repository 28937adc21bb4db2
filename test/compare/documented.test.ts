import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { ask, askJson } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';

/**
 * What Docker's API version history says of 1.46 to 1.51, which no dockerd of Debian speaks: fields that come or go, and
 * parameters that are taken, with the version that they came with. `Descriptor` and `Manifests` of images (1.47, 1.48) are
 * experimental, and left out by an engine that does not offer several platforms of an image there.
 */
const documented: readonly {
  since: string;
  path: string;
  /** Paths in the answer that are there. */
  present?: readonly string[];
  /** Paths that are not. */
  gone?: readonly string[];
  status?: number;
}[] = [
  {
    since: '1.46',
    path: '/containers/CONTAINER/json',
    gone: ['HostConfig.KernelMemory', 'HostConfig.KernelMemoryTCP'],
  },
  { since: '1.46', path: '/images/IMAGE/json', gone: ['Container', 'ContainerConfig', 'VirtualSize'] },
  { since: '1.48', path: '/images/IMAGE/history?platform={"os":"linux","architecture":"amd64"}', present: ['0.Id'] },
  { since: '1.48', path: '/containers/CONTAINER/json', present: ['NetworkSettings.Networks.bridge.GwPriority'] },
  { since: '1.48', path: '/containers/json?all=1', present: ['0.NetworkSettings.Networks.bridge.GwPriority'] },
  { since: '1.48', path: '/networks/bridge', present: ['EnableIPv4', 'EnableIPv6'] },
  {
    since: '1.49',
    path: '/images/IMAGE/json?platform={"os":"linux","architecture":"amd64"}',
    present: ['Architecture'],
  },
  {
    since: '1.49',
    path: '/images/IMAGE/json?platform={"os":"linux","architecture":"amd64"}&manifests=1',
    status: 400,
  },
  {
    since: '1.49',
    path: '/info',
    gone: [
      'RegistryConfig.AllowNondistributableArtifactsCIDRs',
      'RegistryConfig.AllowNondistributableArtifactsHostnames',
      'RuncCommit.Expected',
      'ContainerdCommit.Expected',
      'InitCommit.Expected',
    ],
  },
  { since: '1.50', path: '/info', gone: ['BridgeNfIptables', 'BridgeNfIp6tables'] },
  {
    since: '1.50',
    path: '/images/IMAGE/json',
    gone: ['Config.Hostname', 'Config.AttachStdin', 'Config.Tty', 'Config.Image'],
  },
  { since: '1.51', path: '/images/json', present: ['0.Containers'] },
];

const versions = ['1.46', '1.47', '1.48', '1.49', '1.50', '1.51'];

let engine: TestEngine;
let container: string;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-q', '-i', sampleArchive());
  const created = await askJson(engine.folders.socket, '/containers/create', { Image: sampleImage });
  container = created.json<{ Id: string }>().Id;
});
after(() => engine[Symbol.asyncDispose]());

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

const get = (version: string, path: string) => {
  const filled = path.replace('CONTAINER', container).replace('IMAGE', sampleImage);
  return ask(engine.folders.socket, { path: encodeURI(`/v${version}${filled}`) });
};

for (const { since, path, present = [], gone = [], status = 200 } of documented) {
  const what = [...present, ...gone.map((field) => `no ${field}`)].join(', ');
  test(`since ${since}: ${path}: ${status === 200 ? what : status}`, async () => {
    for (const version of versions.slice(versions.indexOf(since))) {
      const answer = await get(version, path);
      assert.equal(answer.status, status, `${version}: ${answer.text}`);
      const body = answer.json<unknown>();
      for (const field of present) assert.notEqual(at(body, field), undefined, `${version}: ${field} is missing`);
      for (const field of gone) assert.equal(at(body, field), undefined, `${version}: ${field} is there`);
    }
  });
}

test('1.51: an image tells how many containers it has', async () => {
  const [image] = (await get('1.51', '/images/json')).json<{ Containers: number }[]>();
  assert.equal(image?.Containers, 1);
});

test('1.52 is refused', async () => {
  const answer = await get('1.52', '/version');
  assert.equal(answer.status, 400);
  assert.match(answer.json().message, /client version 1\.52 is too new\. Maximum supported API version is 1\.51/);
});
