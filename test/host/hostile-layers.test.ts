import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type ClientScene, openClient } from '../registry/client-scene.ts';
import { pushImage } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { blobArchive, sampleLayer } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { filesOfDataRoot } from './data-root-files.ts';
import { type HostileLayer, hostileLayers, limits } from './hostile-layer-cases.ts';

let engine: TestEngine;
let registry: RegistryProcess;
let client: ClientScene;
/** A tree of the host that hostile layers aim at, and what it was before. */
const goal = mkdtempSync(path.join(tmpdir(), 'beluga-canary-'));
let canary: readonly unknown[];
let empty: readonly string[];
before(async () => {
  writeFileSync(path.join(goal, 'kept'), 'kept', { mode: 0o640 });
  mkdirSync(path.join(goal, 'folder'));
  writeFileSync(path.join(goal, 'folder/deeper'), 'deeper');
  canary = treeOf(goal);
  registry = await startRegistry();
  const flags = Object.entries(limits).map(([name, value]) => `--layer-limit=${name}=${value}`);
  engine = await startEngine({ flags });
  client = openClient({ address: registry.host });
  empty = filesOfDataRoot(engine.folders.dataRoot);
});
after(async () => {
  client[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  rmSync(goal, { recursive: true });
});

/** Everything that can be seen of a tree. */
function treeOf(folder: string): readonly unknown[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(folder, name);
      const { mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = lstatSync(file);
      return [name, mode, uid, gid, size, mtimeMs, ctimeMs, nlink, mode & 0o100000 ? readFileSync(file, 'utf8') : ''];
    });
}

/** One call of Docker's API: everything it said. The CLI does the same, but takes longer for hundreds of calls. */
async function ask(method: string, route: string, body: Buffer = Buffer.alloc(0)): Promise<string> {
  const request = http.request({ socketPath: engine.folders.socket, method, path: route, agent: false });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  request.end(body);
  return text((await answered)[0]);
}

const images = async () => (JSON.parse(await ask('GET', '/images/json?all=1')) as { Id: string }[]).map(({ Id }) => Id);

/** What the engine said when it was asked to bring the image in. */
type Bring = (name: string, hostile: HostileLayer) => Promise<string>;

/** What is refused needs nothing that could run. */
const layersOf = async ({ layers, blob, refused }: HostileLayer) => {
  const tars = refused ? layers : [await sampleLayer(), ...layers];
  return tars.map((tar, index) => ({
    tar,
    blob: { bytes: (index === tars.length - 1 && blob) || gzipSync(tar, { level: 1 }), compression: 'gzip' as const },
  }));
};

const ways: Readonly<Record<string, Bring>> = {
  load: async (name, hostile) =>
    ask('POST', '/images/load', await blobArchive({ name, layers: await layersOf(hostile) })),
  pull: async (name, hostile) => {
    const [repository = ''] = name.split(':');
    await pushImage(client.at(repository), '1', await layersOf(hostile));
    const from = `${registry.host}/${repository}`;
    const said = await ask('POST', `/images/create?fromImage=${encodeURIComponent(from)}&tag=1`);
    if (!hostile.refused) await ask('POST', `/images/${from}:1/tag?repo=${repository}&tag=1`);
    return said;
  },
};

async function assertNothingLeft(): Promise<void> {
  for (const id of await images()) await ask('DELETE', `/images/${id}?force=1`);
  const left = () =>
    filesOfDataRoot(engine.folders.dataRoot).filter((name) => !empty.includes(name) && name !== 'registry-health.json');
  await waitUntil('nothing is left', () => left().length === 0, { boundMs: 10_000 }).catch(() =>
    assert.deepEqual(left(), []),
  );
  assert.deepEqual(readdirSync(path.join(engine.folders.dataRoot, 'snapshots/l')), []);
}

let count = 0;
let made: ReturnType<typeof hostileLayers> | undefined;
for (const title of Object.keys(hostileLayers('/unused'))) {
  test(`a hostile layer, loaded and pulled: ${title}`, async () => {
    made ??= hostileLayers(goal);
    const hostile = made[title];
    assert.ok(hostile);
    for (const [way, bring] of Object.entries(ways)) {
      const name = `hostile/layer-${++count}:1`;
      const answer = await bring(name, hostile);
      const error = /"error":"((?:[^"\\]|\\.)*)"|^\{"message":"(.*)"/m.exec(answer)?.[0];
      if (hostile.refused) {
        assert.match(error ?? 'it was taken', hostile.refused, way);
        assert.deepEqual(await images(), [], way);
      } else {
        assert.equal(error, undefined, way);
        const [script, said]: readonly [string, string | RegExp] = hostile.shows ?? ['true', ''];
        const run = ['run', '--rm', '--network', 'none', name, 'sh', '-c', script];
        const shown = await engine.docker.run(run, { exits: 'any' });
        const words = `${shown.stdout}${shown.stderr}`.trim();
        if (typeof said === 'string') assert.equal(words, said, way);
        else assert.match(words, said, way);
      }
      assert.deepEqual(treeOf(goal), canary, `${way}: something outside has changed`);
      await assertNothingLeft();
    }
  });
}
