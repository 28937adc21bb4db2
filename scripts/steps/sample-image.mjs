// The sample image: Debian's static busybox and three small files, as an OCI layout that `docker load` also reads
// (manifest.json beside index.json, as `docker save` writes it since version 25).
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { unpackedPackages } from './debian-packages.mjs';
import { repo, userCache } from './paths.mjs';
import { outputOf } from './run.mjs';
import { hashOf, writeAtomically } from './stamp.mjs';
import { tarOf } from './tar.mjs';

const recipe = path.join(repo, 'assets/sample-image');
const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

function layerOf(busybox) {
  const folders = [
    'bin',
    'dev',
    'etc',
    'home',
    'lib',
    'proc',
    'root',
    'run',
    'sbin',
    'sys',
    'tmp',
    'usr',
    'usr/bin',
    'usr/sbin',
    'var',
  ];
  const applets = outputOf(busybox, ['--list-full'])
    .split('\n')
    .filter((name) => name !== 'bin/busybox')
    .sort();
  return tarOf([
    ...folders.map((name) => ({ name: `${name}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 })),
    { name: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) },
    ...applets.map((name) => ({ name, type: 'symlink', mode: 0o777, link: '/bin/busybox' })),
    { name: 'etc/passwd', mode: 0o644, content: readFileSync(path.join(recipe, 'passwd')) },
    { name: 'etc/group', mode: 0o644, content: readFileSync(path.join(recipe, 'group')) },
    { name: 'welcome', mode: 0o755, content: readFileSync(path.join(recipe, 'welcome')) },
  ]);
}

function archiveOf(layer) {
  const { name, ...config } = JSON.parse(readFileSync(path.join(recipe, 'image.json'), 'utf8'));
  const blobs = new Map();
  const add = (mediaType, content) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    blobs.set(`blobs/sha256/${digestOf(bytes)}`, bytes);
    return { mediaType, digest: `sha256:${digestOf(bytes)}`, size: bytes.length };
  };
  const pathOf = (descriptor) => `blobs/${descriptor.digest.replace(':', '/')}`;
  const layerBlob = add('application/vnd.oci.image.layer.v1.tar', layer);
  const configBlob = add('application/vnd.oci.image.config.v1+json', {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    ...config,
    rootfs: { type: 'layers', diff_ids: [layerBlob.digest] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'busybox-static' }],
  });
  const manifest = add('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: configBlob,
    layers: [layerBlob],
  });
  const annotations = {
    'io.containerd.image.name': `docker.io/${name}`,
    'org.opencontainers.image.ref.name': name.split(':')[1],
  };
  const files = {
    'index.json': {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ ...manifest, annotations }],
    },
    'manifest.json': [{ Config: pathOf(configBlob), RepoTags: [name], Layers: [pathOf(layerBlob)] }],
    'oci-layout': { imageLayoutVersion: '1.0.0' },
  };
  return tarOf([
    { name: 'blobs/', type: 'directory', mode: 0o755 },
    { name: 'blobs/sha256/', type: 'directory', mode: 0o755 },
    ...[...blobs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, content]) => ({ name: file, mode: 0o644, content })),
    ...Object.entries(files).map(([file, content]) => ({ name: file, mode: 0o644, content: JSON.stringify(content) })),
  ]);
}

/** Path of the sample image's archive (BELUGA_SAMPLE_IMAGE: of one made before); the same bytes from the same busybox. */
export async function ensureSampleImage() {
  if (process.env.BELUGA_SAMPLE_IMAGE) return process.env.BELUGA_SAMPLE_IMAGE;
  const hash = hashOf(['assets/sample-image', 'scripts/steps/sample-image.mjs', 'scripts/steps/tar.mjs']);
  const file = path.join(userCache, 'sample-image', `${hash.slice(0, 16)}.tar`);
  if (!existsSync(file)) {
    const folder = await unpackedPackages('busybox-static', ['busybox-static']);
    writeAtomically(file, archiveOf(layerOf(path.join(folder, 'bin/busybox'))));
  }
  return file;
}
