import { closeSync, constants, fchmodSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import {
  changeOwner,
  changeOwnerAt,
  changeTimes,
  changeTimesAt,
  type FileName,
  type FileTime,
  fileTypes,
  makeDirectoryAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  openAt,
  setAttribute,
  setAttributeAt,
} from '../../base/libc-files.ts';
import { TarError } from '../../base/tar-error.ts';
import type { TarEntry, TarHandler } from '../../base/tar-parser.ts';
import { type LayerDirectories, openLayerDirectories } from './layer-directories.ts';
import { escapes, joinPath, layerPath, nativeName, shown, splitPath } from './layer-paths.ts';
import { type NewFile, writeData, writeHole } from './new-file.ts';
import { removeEntry } from './trees.ts';
import { createWhiteouts, type Whiteouts, whiteoutOf } from './whiteouts.ts';

export interface LayerLimits {
  /** Entries of one layer. */
  entries: number;
  /** Bytes of one layer's files. */
  bytes: number;
  /** Components of one name. */
  depth: number;
}

export const defaultLayerLimits: LayerLimits = { entries: 10_000_000, bytes: 2 ** 40, depth: 512 };

export interface LayerWriterOptions {
  directory: string;
  whiteouts: 'overlay' | 'remove';
  lowers: readonly string[] | 'unknown';
  limits: LayerLimits;
}

export interface LayerWriter extends TarHandler {
  /**
   * Puts the directories' times in place, last because every write below changes them. `hasRoot`: whether the layer says
   * something of its root directory.
   */
  finish(): { bytes: number; inodes: number; hasRoot: boolean };
  /** Closes everything; after `finish` and after a failure. */
  close(): void;
}

/** Where an entry goes: `base` in the real directory `parent`. */
interface Place {
  path: string;
  parent: string;
  base: string;
  name: FileName;
}

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | 0o2000000;

/**
 * Writes the entries of one layer (OCI image spec, layer.md) into a directory. Nothing outside of it can be reached:
 * every parent is a real directory below the root, opened as such, and files are made new (O_EXCL), never written through.
 */
export function createLayerWriter(options: LayerWriterOptions): LayerWriter {
  return new DirectoryLayerWriter(options);
}

class DirectoryLayerWriter implements LayerWriter {
  readonly #limits: LayerLimits;
  readonly #times = new Map<string, FileTime>();
  readonly #directories: LayerDirectories;
  readonly #whiteouts: Whiteouts;
  #entries = 0;
  #bytes = 0;
  #inodes = 0;
  #hasRoot = false;
  #file: (NewFile & { entry: TarEntry }) | undefined;

  constructor({ directory, lowers, limits, whiteouts }: LayerWriterOptions) {
    this.#limits = limits;
    this.#directories = openLayerDirectories({
      root: directory,
      lowers,
      onImplied: (path, status) => {
        if (status) this.#times.set(path, status.modified);
        this.#whiteouts.made(path, true);
        this.#inodes += 1;
      },
      onFound: (path, status) => void this.#times.set(path, status.modified),
    });
    this.#whiteouts = createWhiteouts(whiteouts, this.#directories);
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    this.#bytes += entry.type === 'symlink' ? entry.link.length : entry.size;
    const path = layerPath(entry.name);
    checkLimits(this.#limits, this.#entries, this.#bytes, path);
    const { parent, base } = splitPath(path);
    const whiteout = whiteoutOf(base);
    if (whiteout?.kind === 'escapes') throw escapes(entry.name);
    if (whiteout) {
      this.#whiteouts.apply(whiteout, this.#directories.resolve(parent));
      return;
    }
    if (path === '' && entry.type !== 'directory')
      throw new TarError('unsupported', "the layer's root is not a directory");
    const place = this.#placeOf(parent, base);
    if (entry.type === 'directory') this.#makeDirectory(place, entry);
    else {
      this.#replacing(place, () => this.#make(place, entry));
      this.#inodes += entry.type === 'hardlink' ? 0 : 1;
    }
    this.#whiteouts.made(place.path, entry.type === 'directory');
  }

  data(chunk: Uint8Array): void {
    if (this.#file) writeData(this.#file, chunk);
  }

  hole(bytes: number): void {
    if (this.#file) writeHole(this.#file, bytes);
  }

  end(): void {
    if (!this.#file) return;
    const { descriptor, entry } = this.#file;
    if (entry.uid !== 0 || entry.gid !== 0) {
      changeOwner(descriptor, entry.uid, entry.gid);
      // chown clears these
      if (entry.mode & 0o6000) fchmodSync(descriptor, entry.mode);
    }
    setAttributes(entry, (name, value) => setAttribute(descriptor, name, value));
    changeTimes(descriptor, entry.modified);
    this.#file = undefined;
    closeSync(descriptor);
  }

  finish(): { bytes: number; inodes: number; hasRoot: boolean } {
    for (const [path, time] of [...this.#times].reverse()) changeTimes(this.#directories.descriptor(path), time);
    return { bytes: this.#bytes, inodes: this.#inodes, hasRoot: this.#hasRoot };
  }

  close(): void {
    if (this.#file) closeSync(this.#file.descriptor);
    this.#file = undefined;
    this.#directories.close();
  }

  #placeOf(asked: string, base: string): Place {
    const parent = this.#directories.resolve(asked);
    return { path: joinPath(parent, base), parent, base, name: nativeName(base) };
  }

  #make({ parent, name, path }: Place, entry: TarEntry): void {
    if (entry.type === 'directory') return;
    if (entry.type === 'hardlink') {
      this.#link(path, entry);
      return;
    }
    const directory = this.#directories.descriptor(parent);
    if (entry.type === 'file') {
      this.#file = { descriptor: openAt(directory, name, createNew, entry.mode), entry, at: 0 };
      return;
    }
    checkCanBe(entry);
    if (entry.type === 'symlink') makeSymlinkAt(nativeName(entry.link), directory, name);
    else makeNodeAt(directory, name, entry.mode | nodeTypes[entry.type], entry.device.major, entry.device.minor);
    if (entry.uid !== 0 || entry.gid !== 0) changeOwnerAt(directory, name, entry.uid, entry.gid);
    setAttributes(entry, (attribute, value) => setAttributeAt(directory, name, attribute, value));
    changeTimesAt(directory, name, entry.modified);
  }

  #link(path: string, entry: TarEntry): void {
    const asked = splitPath(layerPath(entry.link));
    const from = this.#placeOf(asked.parent, asked.base);
    const names = `${shown(entry.name)} is a hardlink to ${shown(entry.link)}`;
    const missing = () => new TarError('unsupported', `${names}, which this layer does not have`);
    if (from.path === path) {
      if (this.#directories.status(from.parent, from.base)) return;
      throw missing();
    }
    const to = splitPath(path);
    const target = this.#directories.descriptor(to.parent);
    try {
      makeLinkAt(this.#directories.descriptor(from.parent), from.name, target, nativeName(to.base));
    } catch (error) {
      const code = errnoCode(error);
      if (code === 'EPERM') throw new TarError('unsupported', `${names}, which is a directory`);
      if (code !== 'ENOENT') throw error;
      throw missing();
    }
  }

  /** Makes room: what a layer names twice, or what the parent had (plain copies), is replaced. */
  #replacing(place: Place, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST') throw error;
      this.#directories.forget(place.path);
      for (const path of [...this.#times.keys()]) if (isWithin(path, place.path)) this.#times.delete(path);
      removeEntry(this.#directories.descriptor(place.parent), place.base);
      work();
    }
  }

  #makeDirectory(place: Place, entry: TarEntry): void {
    const { path, parent, base, name } = place;
    this.#hasRoot ||= path === '';
    const existing = path === '' ? undefined : this.#directories.status(parent, base);
    if (path !== '' && (existing?.mode ?? 0) >> 12 !== fileTypes.directory >> 12) {
      this.#replacing(place, () => makeDirectoryAt(this.#directories.descriptor(parent), name, entry.mode));
      this.#inodes += 1;
      // what hid the parent's entry of this name is gone: the new directory has to
      if (existing) this.#whiteouts.makeOpaque(path);
    }
    this.#directories.made(path);
    const descriptor = this.#directories.descriptor(path);
    changeOwner(descriptor, entry.uid, entry.gid);
    fchmodSync(descriptor, entry.mode);
    setAttributes(entry, (attribute, value) => setAttribute(descriptor, attribute, value));
    this.#times.set(path, entry.modified);
  }
}

/** Types of nodes for mknod(2). */
export const nodeTypes = { character: fileTypes.character, block: fileTypes.block, fifo: fileTypes.fifo } as const;

/**
 * Attributes of overlay itself would let a layer say what other layers show. What the filesystem does not have or allow
 * (user attributes of a symlink) is left out, as Docker does.
 */
export function setAttributes(entry: TarEntry, set: (name: string, value: Uint8Array) => void): void {
  for (const { name, value } of entry.attributes) {
    if (/^(trusted|user)\.overlay\./.test(name)) continue;
    try {
      set(name, value);
    } catch (error) {
      const code = errnoCode(error) ?? '';
      if (['E2BIG', 'ERANGE', 'EINVAL'].includes(code)) {
        throw new TarError('unsupported', `${shown(entry.name)} has an attribute that cannot be set (${shown(name)})`);
      }
      if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'EPERM') throw error;
    }
  }
}

/** Linux has 12 bits for the major number of a device and 20 for the minor, and no symlink to nothing. */
export function checkCanBe({ name, type, link, device: { major, minor } }: TarEntry): void {
  const isSymlink = type === 'symlink';
  if (isSymlink ? link !== '' && link.length <= 4095 && !link.includes('\0') : major <= 0xfff && minor <= 0xfffff)
    return;
  const what = isSymlink ? `a symlink to ${shown(link)}` : `a device with the number ${major}:${minor}`;
  throw new TarError('unsupported', `${shown(name)} is ${what}, which cannot be`);
}

const isWithin = (path: string, top: string) => path === top || path.startsWith(`${top}/`);

function checkLimits(limits: LayerLimits, entries: number, bytes: number, path: string): void {
  if (entries > limits.entries) throw new TarError('unsupported', `more than ${limits.entries} entries`);
  if (bytes > limits.bytes) throw new TarError('unsupported', `more than ${limits.bytes} bytes`);
  if (path.split('/').length > limits.depth) {
    throw new TarError('unsupported', `${shown(path)} is nested deeper than ${limits.depth} directories`);
  }
}
