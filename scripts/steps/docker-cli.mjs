import { existsSync } from 'node:fs';
import path from 'node:path';
import { unpackedPackages } from './debian-packages.mjs';

/** The docker CLI: the one on PATH, else Debian's, unpacked and never installed: its package would start a daemon. */
export async function dockerCli() {
  const found = (process.env.PATH ?? '')
    .split(':')
    .filter(Boolean)
    .map((folder) => path.join(folder, 'docker'))
    .find((file) => existsSync(file));
  return found ? 'docker' : path.join(await unpackedPackages('docker.io', ['docker.io']), 'usr/bin/docker');
}
