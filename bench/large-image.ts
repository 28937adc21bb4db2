import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { PushedLayer } from '../test/registry/push-image.ts';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'beluga');

export type Packing = 'gzip' | 'zstd';

/** One layer: what is below these folders, in the order of their names, until it is so large or so many. */
interface LayerRecipe {
  from: string;
  folders: readonly string[];
  /** Before the names in the image. */
  prefix: string;
  bytes: number;
  entries: number;
}

/** As an image of an application is made: a system, a language, many small files, the application. */
const recipe: readonly LayerRecipe[] = [
  { from: '/', folders: ['usr/bin', 'usr/sbin', 'usr/lib/x86_64-linux-gnu'], prefix: '', bytes: 160e6, entries: 4000 },
  { from: '/', folders: ['usr/lib/python3.11', 'usr/lib/python3'], prefix: '', bytes: 70e6, entries: 5000 },
  { from: '/', folders: ['usr/share/doc', 'usr/share/zoneinfo'], prefix: '', bytes: 45e6, entries: 7000 },
  { from: repo, folders: ['node_modules'], prefix: 'app-', bytes: 130e6, entries: 10_000 },
  { from: '/', folders: ['usr/share/perl'], prefix: '', bytes: 30e6, entries: 1000 },
];
/** A file larger than that would be a layer of its own. */
const largest = 60e6;

const parentsOf = (name: string): string[] => {
  const parent = path.dirname(name);
  return parent === '.' ? [] : [...parentsOf(parent), parent];
};

/** Names relative to `from`, folders before what is in them. */
function namesOf({ from, folders, bytes, entries }: LayerRecipe): string[] {
  const found: string[] = [];
  let left = bytes;
  const visit = (name: string) => {
    const status = lstatSync(path.join(from, name));
    if (found.length >= entries) return;
    if (status.isDirectory()) {
      found.push(name);
      for (const below of readdirSync(path.join(from, name)).sort()) visit(path.join(name, below));
    } else if (status.isSymbolicLink() || (status.isFile() && status.size <= Math.min(left, largest))) {
      found.push(name);
      left -= status.size;
    }
  };
  for (const folder of folders.filter((name) => existsSync(path.join(from, name)))) {
    // as builders do: with the folders above
    found.push(...parentsOf(folder).filter((name) => !found.includes(name)));
    visit(folder);
  }
  return found;
}

function tarOf(layer: LayerRecipe): Buffer {
  const names = namesOf(layer).join('\0');
  const flags = ['--format=posix', '--pax-option=delete=atime,delete=ctime', '--hard-dereference', '--numeric-owner'];
  const fixed = ['--owner=0', '--group=0', '--mtime=@1700000000', `--transform=s,^,${layer.prefix},rSH`];
  const list = ['--null', '--no-recursion', '--files-from=-'];
  const args = ['-C', layer.from, ...flags, ...fixed, ...list, '-cf', '-'];
  return execFileSync('tar', args, { input: names, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'inherit'] });
}

function makeImage(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  for (const [index, layer] of recipe.entries()) {
    const tar = tarOf(layer);
    writeFileSync(path.join(draft, `${index}.tar`), tar);
    writeFileSync(path.join(draft, `${index}.gzip`), gzipSync(tar));
    writeFileSync(path.join(draft, `${index}.zstd`), zstdCompressSync(tar));
  }
  const entries = recipe.reduce((sum, layer) => sum + namesOf(layer).length, 0);
  writeFileSync(path.join(draft, 'entries'), String(entries));
  renameSync(draft, folder);
}

export interface LargeImage {
  layers: readonly PushedLayer[];
  /** What it is, in words. */
  words: string;
}

/** An image of about 400 MB and 20,000 files out of this machine's own; made once, and kept in the cache. */
export function largeImage(packing: Packing): LargeImage {
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, largest]))
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(cache, `bench-image-${key}`);
  if (!existsSync(folder)) makeImage(folder);
  const read = (name: string) => readFileSync(path.join(folder, name));
  const layers = recipe.map((_, index) => ({
    tar: read(`${index}.tar`),
    blob: { bytes: read(`${index}.${packing}`), compression: packing },
  }));
  const mega = (size: (layer: (typeof layers)[number]) => number) =>
    (layers.reduce((sum, layer) => sum + size(layer), 0) / 1e6).toFixed(0);
  const packed = mega(({ blob }) => blob.bytes.length);
  const words = `${layers.length} layers, ${mega(({ tar }) => tar.length)} MB, ${read('entries')} files and folders, ${packed} MB as ${packing}`;
  return { layers, words };
}
