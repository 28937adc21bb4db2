import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type DockerCli, runToEnd } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type ClientScene, openClient } from '../registry/client-scene.ts';
import { pushImage } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { sampleLayer, tarOf } from '../sample.ts';
import { type Dockerd, dockerdPrograms, openDockerd } from './dockerd-scene.ts';

// What one saves or pushes the other loads or pulls: Beluga, skopeo, podman, dockerd 20.10 and 26.1, by one registry.

/** Nothing of the host's network is touched. */
const apart = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];

let registry: RegistryProcess;
let engine: TestEngine;
let client: ClientScene;
let folder: string;
const dockerds = new Map<string, Dockerd>();
/** What everything is compared with: the digest of the manifest, the image's id, its layers. */
let original: { digest: string; id: string; layers: string };

const file = (name: string) => path.join(folder, name);
const at = (name: string) => `${registry.host}/${name}`;
const beluga: DockerCli = ((...args: string[]) => engine.docker(...args)) as DockerCli;

function peer(program: string): (...args: string[]) => Promise<string> {
  const root = process.env.BELUGA_IMAGE_PEERS ?? '';
  const env = [
    `HOME=${folder}`,
    `XDG_RUNTIME_DIR=${folder}`,
    `LD_LIBRARY_PATH=${path.join(root, 'usr/lib/x86_64-linux-gnu')}`,
    `CONTAINERS_REGISTRIES_CONF=${file('registries.conf')}`,
    `CONTAINERS_STORAGE_CONF=${file('storage.conf')}`,
    `PATH=${process.env.PATH}`,
  ];
  return async (...args) => {
    const { code, stdout, stderr } = await runToEnd('env', [...env, path.join(root, 'usr/bin', program), ...args]);
    assert.equal(code, 0, `${program} ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
}
const skopeo = (...args: string[]) => peer('skopeo')(...args);
const podman = (...args: string[]) =>
  peer('podman')(
    ...['--root', file('podman'), '--runroot', file('podman-run'), '--tmpdir', file('podman-tmp')],
    ...['--storage-driver', 'vfs', '--events-backend', 'none', '--cgroup-manager', 'cgroupfs', ...args],
  );
const plain = ['--tls-verify=false'];
const copyPlain = ['--src-tls-verify=false', '--dest-tls-verify=false'];

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-trips-'));
  mkdirSync(file('.config/containers'), { recursive: true });
  writeFileSync(file('.config/containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  writeFileSync(file('registries.conf'), 'unqualified-search-registries = ["docker.io"]\n');
  const storage = { driver: 'vfs', graphroot: file('podman'), runroot: file('podman-run') };
  const lines = Object.entries(storage).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  writeFileSync(file('storage.conf'), `[storage]\n${lines.join('')}`);
  registry = await startRegistry();
  engine = await startEngine();
  client = openClient({ address: registry.host });
  dockerds.set('dockerd 20.10', await openDockerd(dockerdPrograms ?? '', [], apart));
  dockerds.set('dockerd 26.1', await openDockerd(process.env.BELUGA_DOCKERD_ZSTD ?? '', [], apart));
  const layers = [await sampleLayer(), await tarOf([{ name: 'mark', content: 'made once' }])];
  const blobs = layers.map((tar) => ({
    tar,
    blob: { bytes: gzipSync(tar, { level: 4 }), compression: 'gzip' as const },
  }));
  const more = { config: { Cmd: ['cat', '/mark'], Env: ['A=b'], Labels: { made: 'here' } } };
  const { digest } = await pushImage(client.at('trip/original'), '1', blobs, {
    ...more,
    created: '2026-01-01T00:00:00Z',
  });
  await beluga('pull', '-q', at('trip/original:1'));
  original = { digest, ...(await lookAt(beluga, at('trip/original:1'))) };
});
after(async () => {
  client[Symbol.dispose]();
  for (const dockerd of dockerds.values()) await dockerd.close();
  await engine[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function lookAt(docker: DockerCli, name: string): Promise<{ id: string; layers: string }> {
  const [id = '', ...layers] = (await docker('image', 'inspect', '-f', '{{.Id}} {{.RootFS.Layers}}', name)).split(' ');
  return { id, layers: layers.join(' ') };
}
/** Id and diff ids are those of the original. */
async function assertSame(name: string): Promise<void> {
  assert.deepEqual(await lookAt(beluga, name), { id: original.id, layers: original.layers });
}
/** Of what the registry has under a name. */
async function manifestAt(name: string): Promise<{ digest: string; config: string; layers: readonly string[] }> {
  const raw = await skopeo('inspect', ...plain, '--raw', `docker://${at(name)}`);
  const { config, layers } = JSON.parse(raw) as { config: { digest: string }; layers: { digest: string }[] };
  const digest = `sha256:${createHash('sha256').update(raw).digest('hex')}`;
  return { digest, config: config.digest, layers: layers.map((layer) => layer.digest) };
}
/** Nothing of the image is left on our engine, so that what comes next really comes. */
async function forget(): Promise<void> {
  const all = (await beluga('images', '-q', '--no-trunc')).split('\n').filter(Boolean);
  if (all.length > 0) await beluga('rmi', '-f', ...new Set(all));
}
async function pulled(): Promise<void> {
  await forget();
  await beluga('pull', '-q', at('trip/original:1'));
}

test('through Beluga: pulled and pushed, every digest stays', async () => {
  await pulled();
  await beluga('tag', at('trip/original:1'), at('trip/beluga:1'));
  await beluga('push', '-q', at('trip/beluga:1'));
  const [one, other] = [await manifestAt('trip/original:1'), await manifestAt('trip/beluga:1')];
  assert.deepEqual(other, one);
  assert.equal(one.digest, original.digest);
});

for (const form of ['oci-archive', 'docker-archive'] as const) {
  test(`skopeo: what Beluga saves it copies to a registry as ${form}, and the other way`, async () => {
    await pulled();
    const saved = file(`saved-${form}.tar`);
    await beluga('save', '-o', saved, at('trip/original:1'));
    await skopeo('copy', ...copyPlain, `${form}:${saved}`, `docker://${at(`trip/${form}:1`)}`);
    const found = await manifestAt(`trip/${form}:1`);
    assert.equal(found.config, original.id);
    // a docker archive has no manifest: whoever reads it writes a new one
    if (form === 'oci-archive') assert.equal(found.digest, original.digest);

    const made = file(`made-${form}.tar`);
    const target =
      form === 'oci-archive'
        ? `oci-archive:${made}:${at('trip/skopeo:1')}`
        : `docker-archive:${made}:${at('trip/skopeo:1')}`;
    await skopeo('copy', ...copyPlain, `docker://${at('trip/original:1')}`, target);
    await forget();
    const said = await beluga('load', '-q', '-i', made);
    const name = /Loaded image(?: ID)?: (.+)$/m.exec(said)?.[1] ?? '';
    await assertSame(name);
    if (form !== 'oci-archive') return;
    await beluga('tag', name, at('trip/loaded:1'));
    await beluga('push', '-q', at('trip/loaded:1'));
    assert.equal((await manifestAt('trip/loaded:1')).digest, original.digest);
  });
}

test('podman: what Beluga pushed or saved it has with the same id, and the other way', async () => {
  await pulled();
  await beluga('tag', at('trip/original:1'), at('trip/for-podman:1'));
  await beluga('push', '-q', at('trip/for-podman:1'));
  await podman('pull', '-q', ...plain, at('trip/for-podman:1'));
  const idAt = (name: string) => podman('image', 'inspect', '-f', 'sha256:{{.Id}}', name);
  assert.equal(await idAt(at('trip/for-podman:1')), original.id);
  await podman('push', '-q', ...plain, at('trip/for-podman:1'), at('trip/from-podman:1'));
  await forget();
  await beluga('pull', '-q', at('trip/from-podman:1'));
  await assertSame(at('trip/from-podman:1'));
  for (const form of ['docker-archive', 'oci-archive']) {
    const saved = file(`podman-${form}.tar`);
    await podman('save', '-q', '--format', form, '-o', saved, at('trip/for-podman:1'));
    await forget();
    const said = await beluga('load', '-q', '-i', saved);
    await assertSame(/Loaded image(?: ID)?: (.+)$/m.exec(said)?.[1] ?? '');
  }
  await pulled();
  await beluga('tag', at('trip/original:1'), at('trip/saved-for-podman:1'));
  await beluga('save', '-o', file('for-podman.tar'), at('trip/saved-for-podman:1'));
  await podman('load', '-q', '-i', file('for-podman.tar'));
  assert.equal(await idAt(at('trip/saved-for-podman:1')), original.id);
});

test('what Beluga committed and pushed, skopeo, podman and both dockerds have with the same id, and it comes back', async () => {
  await pulled();
  await beluga(
    'run',
    '--name',
    'made',
    '--network',
    'none',
    at('trip/original:1'),
    'sh',
    '-c',
    'rm /mark; echo new > /own',
  );
  await beluga('commit', '-c', 'CMD ["cat", "/own"]', 'made', at('trip/committed:1'));
  await beluga('rm', 'made');
  await beluga('push', '-q', at('trip/committed:1'));
  const committed = await lookAt(beluga, at('trip/committed:1'));
  assert.equal((await manifestAt('trip/committed:1')).config, committed.id);
  const copy = file('committed.tar');
  await skopeo(
    'copy',
    ...copyPlain,
    `docker://${at('trip/committed:1')}`,
    `docker-archive:${copy}:${at('trip/copied:1')}`,
  );
  await podman('pull', '-q', ...plain, at('trip/committed:1'));
  assert.equal(await podman('image', 'inspect', '-f', 'sha256:{{.Id}}', at('trip/committed:1')), committed.id);
  for (const { docker } of dockerds.values()) {
    await docker('pull', '-q', at('trip/committed:1'));
    assert.deepEqual(await lookAt(docker, at('trip/committed:1')), committed);
    assert.equal(await docker('run', '--rm', '--network', 'none', at('trip/committed:1')), 'new');
    await docker.fails(1, 'run', '--rm', '--network', 'none', at('trip/committed:1'), 'ls', '/mark');
  }
  await forget();
  await beluga('load', '-q', '-i', copy);
  assert.deepEqual(await lookAt(beluga, at('trip/copied:1')), committed);
  await beluga('pull', '-q', at('trip/committed:1'));
  assert.equal(await beluga('run', '--rm', '--network', 'none', at('trip/committed:1')), 'new');
});

for (const version of ['dockerd 20.10', 'dockerd 26.1']) {
  test(`${version}: what Beluga pushed or saved it has with the same id, and the other way`, async () => {
    const { docker } = dockerds.get(version) ?? assert.fail(version);
    const own = version.replaceAll(/[ .]/g, '-');
    await pulled();
    await beluga('tag', at('trip/original:1'), at(`trip/for-${own}:1`));
    await beluga('push', '-q', at(`trip/for-${own}:1`));
    await docker('pull', '-q', at(`trip/for-${own}:1`));
    assert.deepEqual(await lookAt(docker, at(`trip/for-${own}:1`)), { id: original.id, layers: original.layers });
    await docker('tag', at(`trip/for-${own}:1`), at(`trip/from-${own}:1`));
    await docker('push', '-q', at(`trip/from-${own}:1`));
    await forget();
    await beluga('pull', '-q', at(`trip/from-${own}:1`));
    await assertSame(at(`trip/from-${own}:1`));

    await docker('save', '-o', file(`${own}.tar`), at(`trip/from-${own}:1`));
    await forget();
    await beluga('load', '-q', '-i', file(`${own}.tar`));
    await assertSame(at(`trip/from-${own}:1`));
    await pulled();
    await beluga('tag', at('trip/original:1'), at(`trip/saved-${own}:1`));
    await beluga('save', '-o', file(`for-${own}.tar`), at(`trip/saved-${own}:1`));
    await docker('load', '-q', '-i', file(`for-${own}.tar`));
    assert.deepEqual(await lookAt(docker, at(`trip/saved-${own}:1`)), { id: original.id, layers: original.layers });
  });
}
