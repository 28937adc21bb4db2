import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { DockerCli } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { ociArchive, sampleLayer, tarOf } from '../sample.ts';
import { type Dockerd, dockerdPrograms, openDockerd } from './dockerd-scene.ts';
import { type NetworkScene, openNetworkScene } from './network-scene.ts';

const skip = dockerdPrograms && existsSync(dockerdPrograms) ? false : 'no dockerd: BELUGA_DOCKERD_PROGRAMS is not set';

let scene: NetworkScene;
let engine: TestEngine;
let dockerd: Dockerd;
let folder: string;
before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-trips-'));
  scene = openNetworkScene();
  engine = await startEngine();
  dockerd = await openDockerd(dockerdPrograms ?? '', scene.prefix);
});
after(async () => {
  if (skip) return;
  try {
    await dockerd.close();
    await engine[Symbol.asyncDispose]();
  } finally {
    scene.close();
    rmSync(folder, { recursive: true });
  }
});

const idOf = (docker: DockerCli, name: string) => docker('image', 'inspect', '-f', '{{.Id}} {{.RootFS.Layers}}', name);

async function carry(from: DockerCli, to: DockerCli, ...names: string[]): Promise<string> {
  const file = path.join(folder, 'carried.tar');
  await from('save', '-o', file, ...names);
  return to('load', '-q', '-i', file);
}

for (const form of ['plain', 'gzip'] as const) {
  test(`${form} layers: what Beluga saves dockerd loads, and the other way, with equal ids`, { skip }, async () => {
    const name = `trip/${form}:1`;
    const layers = [await sampleLayer(), await tarOf([{ name: 'mark', content: form }])];
    const parts = { name, layers, config: { Cmd: ['cat', '/mark'], Env: [`FORM=${form}`] } };
    const compress = (bytes: Buffer) => gzipSync(bytes, { level: 1 });
    const archive = await ociArchive(parts, form === 'gzip' ? { compress } : {});
    await engine.docker.run(['load', '-q'], { input: archive });
    const id = await idOf(engine.docker, name);
    assert.equal(await carry(engine.docker, dockerd.docker, name), `Loaded image: ${name}`);
    assert.equal(await idOf(dockerd.docker, name), id);
    assert.equal(await dockerd.docker('run', '--rm', '--network', 'none', name), form);
    await engine.docker('rmi', name);
    assert.equal(await carry(dockerd.docker, engine.docker, name), `Loaded image: ${name}`);
    assert.equal(await idOf(engine.docker, name), id);
    assert.equal(await engine.docker('run', '--rm', '--network', 'none', name), form);
  });
}

test('several images and tags in one archive, both ways', { skip }, async () => {
  await engine.docker('tag', 'trip/plain:1', 'trip/plain:2');
  const names = ['trip/gzip:1', 'trip/plain:1', 'trip/plain:2'];
  const all = await dockerd.docker('images', '-q', '--no-trunc');
  await dockerd.docker('rmi', '-f', ...new Set(all.split('\n')));
  const loaded = (said: string) => said.split('\n').sort();
  const expected = names.map((name) => `Loaded image: ${name}`);
  assert.deepEqual(loaded(await carry(engine.docker, dockerd.docker, 'trip/plain', 'trip/gzip:1')), expected);
  await engine.docker('rmi', ...names);
  assert.deepEqual(loaded(await carry(dockerd.docker, engine.docker, ...names)), expected);
  assert.equal(await idOf(engine.docker, 'trip/plain:2'), await idOf(dockerd.docker, 'trip/plain:1'));
});
