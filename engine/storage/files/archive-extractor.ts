import { closeSync, constants, fchmodSync } from 'node:fs';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { type IdMap, type IdRange, outsideId } from '../../base/id-map.ts';
import { errnoCode } from '../../base/libc.ts';
import {
  changeOwner,
  changeOwnerAt,
  changeTimes,
  changeTimesAt,
  type FileStatus,
  fileTypes,
  makeDirectoryAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  openAt,
  setAttribute,
  setAttributeAt,
  statusAt,
  unlinkAt,
} from '../../base/libc-files.ts';
import { openInRoot } from '../../base/libc-open-beneath.ts';
import { TarError } from '../../base/tar-error.ts';
import type { TarEntry, TarHandler } from '../../base/tar-parser.ts';
import { nativeName } from '../snapshots/layer-paths.ts';
import { checkCanBe, nodeTypes, setAttributes } from '../snapshots/layer-writer.ts';
import { type NewFile, writeData, writeHole } from '../snapshots/new-file.ts';
import { removeEntry } from '../snapshots/trees.ts';

export interface ExtractOptions {
  /** Root of the other system, open. */
  root: number;
  /** Directory in it, as `destinationInRoot` gives it. */
  destination: string;
  /** Refuses to put a directory in the place of anything else, and the other way round. */
  keepKinds: boolean;
  /** Owner of everything, instead of what the archive says. */
  owner?: { uid: number; gid: number };
  /** What the users of the other system are here; absent: the same. */
  users?: IdMap;
}

export interface Extractor extends TarHandler {
  /** Puts the directories' times in place, last because every write below changes them. */
  finish(): void;
  /** Closes everything. What was not whole is taken away. */
  close(): void;
}

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | 0o2000000;
const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY;

/** Where an entry goes. Names are byte strings (latin1), as tar has them. */
interface Place {
  /** In the root. */
  parent: string;
  base: string;
  /** Below the destination; '' is the destination itself. */
  below: string;
}

/**
 * Writes an archive into a directory of a root that may be written to meanwhile, by somebody hostile. Symlinks on the way
 * are followed as if the root were `/`, each parent is opened so for what is written in it, and nothing is written through
 * the last component. Synchronous, for a worker.
 */
export function createExtractor(options: ExtractOptions): Extractor {
  return new RootExtractor(options);
}

class RootExtractor implements Extractor {
  readonly #options: ExtractOptions;
  readonly #destination: string;
  readonly #times = new Map<string, TarEntry['modified']>();
  /** The parent that was written to last: most archives are in order. */
  #open: { path: string; descriptor: number } | undefined;
  #file: (NewFile & { place: Place; entry: TarEntry }) | undefined;

  constructor(options: ExtractOptions) {
    this.#options = options;
    this.#destination = Buffer.from(options.destination).toString('latin1');
  }

  entry(entry: TarEntry): void {
    const place = this.#placeOf(entry.name);
    try {
      if (entry.type === 'directory') this.#makeDirectory(place, entry);
      else if (place.below === '') return;
      else this.#replace(place, entry);
    } catch (error) {
      throw failureAt(error, join(place.parent, place.base));
    }
  }

  data(chunk: Uint8Array): void {
    const file = this.#file;
    if (!file) return;
    try {
      writeData(file, chunk);
    } catch (error) {
      throw failureAt(error, join(file.place.parent, file.place.base));
    }
  }

  hole(bytes: number): void {
    if (this.#file) writeHole(this.#file, bytes);
  }

  end(): void {
    if (!this.#file) return;
    const { descriptor, entry } = this.#file;
    const { uid, gid } = this.#ownerOf(entry);
    changeOwner(descriptor, uid, gid);
    // after chown, which clears setuid and setgid
    fchmodSync(descriptor, entry.mode);
    setAttributes(this.#attributesOf(entry), (name, value) => setAttribute(descriptor, name, value));
    changeTimes(descriptor, entry.modified);
    this.#file = undefined;
    closeSync(descriptor);
  }

  finish(): void {
    for (const [below, time] of [...this.#times].reverse()) {
      // it may have been moved away meanwhile
      const descriptor = this.#tryOpen(join(this.#destination, below));
      if (descriptor === undefined) continue;
      changeTimes(descriptor, time);
      closeSync(descriptor);
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file) {
      closeSync(file.descriptor);
      try {
        unlinkAt(this.#parent(file.place.parent), nativeName(file.place.base));
      } catch {
        // somebody else has taken it away
      }
    }
    this.#forget();
  }

  /** @throws EngineError `invalid` for a user that the other system cannot have, in dockerd's words */
  #ownerOf(entry: Pick<TarEntry, 'uid' | 'gid'>) {
    const { owner = entry, users } = this.#options;
    if (!users) return owner;
    return { uid: mapped(users.uids, owner.uid), gid: mapped(users.gids, owner.gid) };
  }

  /** File capabilities count for the users of the other system alone (capabilities(7), "Namespaced file capabilities"). */
  #attributesOf(entry: TarEntry): TarEntry {
    const { users } = this.#options;
    if (!users) return entry;
    const root = mapped(users.uids, 0);
    return { ...entry, attributes: entry.attributes.map((attribute) => namespaced(attribute, root)) };
  }

  #placeOf(name: string): Place {
    const below = belowOf(name, this.#options.destination);
    const path = join(this.#destination, below);
    const slash = path.lastIndexOf('/');
    return { parent: path.slice(0, slash) || '/', base: path.slice(slash + 1), below };
  }

  #tryOpen(path: string): number | undefined {
    try {
      return openInRoot(this.#options.root, nativeName(path), openDirectory);
    } catch {
      return undefined;
    }
  }

  /** Descriptor of a parent, open until the next call; made where it is missing. */
  #parent(path: string): number {
    if (this.#open?.path === path) return this.#open.descriptor;
    this.#forget();
    const descriptor = this.#tryOpen(path) ?? this.#makeParents(path);
    this.#open = { path, descriptor };
    return descriptor;
  }

  #makeParents(path: string): number {
    let reached = '';
    for (const part of path.split('/').filter(Boolean)) {
      const above = openInRoot(this.#options.root, nativeName(reached || '/'), openDirectory);
      try {
        makeDirectoryAt(above, nativeName(part), 0o755);
        const { uid, gid } = this.#ownerOf({ uid: 0, gid: 0 });
        if (this.#options.users) changeOwnerAt(above, nativeName(part), uid, gid);
      } catch (error) {
        if (errnoCode(error) !== 'EEXIST') throw error;
      } finally {
        closeSync(above);
      }
      reached = `${reached}/${part}`;
    }
    return openInRoot(this.#options.root, nativeName(path), openDirectory);
  }

  #forget(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  #statusOf({ parent, base }: Place): FileStatus | undefined {
    try {
      return statusAt(this.#parent(parent), nativeName(base));
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #refuseOtherKind(place: Place, found: FileStatus, isDirectory: boolean): void {
    const wasDirectory = (found.mode & fileTypes.mask) === fileTypes.directory;
    if (!this.#options.keepKinds || wasDirectory === isDirectory) return;
    const path = shownPath(join(place.parent, place.base));
    const [old, now] = wasDirectory ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
    throw new EngineError(
      'invalid',
      `cannot overwrite ${old} ${path} with ${now} ${shownPath(this.#options.destination, 'utf8')}`,
    );
  }

  #makeDirectory(place: Place, entry: TarEntry): void {
    // the destination stays as it is
    if (place.below === '') return;
    const found = this.#statusOf(place);
    const isThere = found !== undefined && (found.mode & fileTypes.mask) === fileTypes.directory;
    if (found) this.#refuseOtherKind(place, found, true);
    const parent = this.#parent(place.parent);
    if (found && !isThere) removeEntry(parent, place.base, statusAt(parent, '').mountId);
    if (!isThere) makeDirectoryAt(parent, nativeName(place.base), entry.mode);
    const descriptor = openAt(parent, nativeName(place.base), openDirectory | constants.O_NOFOLLOW | 0o2000000);
    try {
      const { uid, gid } = this.#ownerOf(entry);
      changeOwner(descriptor, uid, gid);
      fchmodSync(descriptor, entry.mode);
      setAttributes(this.#attributesOf(entry), (name, value) => setAttribute(descriptor, name, value));
    } finally {
      closeSync(descriptor);
    }
    this.#times.set(place.below, entry.modified);
  }

  #replace(place: Place, entry: TarEntry): void {
    // most are new
    if (entry.type === 'file' && this.#tryToMake(place, entry)) return;
    const found = this.#statusOf(place);
    if (found) this.#refuseOtherKind(place, found, false);
    const link = entry.type === 'hardlink' ? this.#linkSource(entry) : undefined;
    if (found && link && join(link.parent, link.base) === join(place.parent, place.base)) return;
    if (found) {
      const parent = this.#parent(place.parent);
      removeEntry(parent, place.base, statusAt(parent, '').mountId);
    }
    if (link) this.#link(link, place);
    else this.#make(place, entry);
  }

  #linkSource(entry: TarEntry): Place {
    try {
      return this.#placeOf(entry.link);
    } catch {
      const target = shownPath(join(this.#destination, entry.link));
      throw new EngineError('invalid', `invalid hardlink ${target} -> ${shownPath(entry.link)}`);
    }
  }

  #link(from: Place, to: Place): void {
    const source = openInRoot(this.#options.root, nativeName(from.parent), openDirectory);
    try {
      makeLinkAt(source, nativeName(from.base), this.#parent(to.parent), nativeName(to.base));
    } finally {
      closeSync(source);
    }
  }

  #tryToMake(place: Place, entry: TarEntry): boolean {
    try {
      this.#make(place, entry);
      return true;
    } catch (error) {
      if (errnoCode(error) === 'EEXIST') return false;
      throw error;
    }
  }

  #make(place: Place, entry: TarEntry): void {
    const parent = this.#parent(place.parent);
    const name = nativeName(place.base);
    if (entry.type === 'file') {
      this.#file = { descriptor: openAt(parent, name, createNew, 0o600), place, entry, at: 0 };
      return;
    }
    if (entry.type === 'directory' || entry.type === 'hardlink') return;
    checkCanBe(entry);
    if (entry.type === 'symlink') makeSymlinkAt(nativeName(entry.link), parent, name);
    else makeNodeAt(parent, name, entry.mode | nodeTypes[entry.type], entry.device.major, entry.device.minor);
    const { uid, gid } = this.#ownerOf(entry);
    changeOwnerAt(parent, name, uid, gid);
    setAttributes(this.#attributesOf(entry), (attribute, value) => setAttributeAt(parent, name, attribute, value));
    changeTimesAt(parent, name, entry.modified);
  }
}

function mapped(ranges: readonly IdRange[], id: number): number {
  const found = outsideId(ranges, id);
  if (found !== undefined) return found;
  throw new EngineError('invalid', `container ID ${id} cannot be mapped to a host ID`);
}

const capabilityBytes = 20;
const revisionMask = 0xff000000;
const namespacedRevision = 0x03000000;

/** struct vfs_ns_cap_data of linux/capability.h: as struct vfs_cap_data, with the root for whom they count at its end. */
function namespaced({ name, value }: TarEntry['attributes'][number], root: number): TarEntry['attributes'][number] {
  if (name !== 'security.capability' || value.length !== capabilityBytes) return { name, value };
  const bytes = Buffer.alloc(capabilityBytes + 4);
  bytes.set(value);
  bytes.writeUInt32LE((bytes.readUInt32LE() & ~revisionMask) | namespacedRevision);
  bytes.writeUInt32LE(root, capabilityBytes);
  return { name, value: bytes };
}

const join = (above: string, below: string) => (below === '' ? above : `${above === '/' ? '' : above}/${below}`);

/** A tar's name below the destination. @throws EngineError `invalid` where it leads out of it, in Docker's words */
function belowOf(name: string, destination: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) {
      const words = `${shownPath(name)} is outside of ${shownPath(destination, 'utf8')}`;
      throw new EngineError('invalid', words);
    }
  }
  const below = parts.join('/');
  if (below.includes('\0') || below.length > 4095) throw new TarError('not-a-tar', 'a name in the archive cannot be');
  return below;
}

const shownPath = (path: string, encoding: 'latin1' | 'utf8' = 'latin1') =>
  JSON.stringify(Buffer.from(path, encoding).toString('utf8'));

const words: Readonly<Record<string, readonly [code: EngineError['code'], words: string]>> = {
  ENOENT: ['not-found', 'no such file or directory'],
  ENOTDIR: ['invalid', 'not a directory'],
  ELOOP: ['invalid', 'too many levels of symbolic links'],
  EEXIST: ['conflict', 'file exists'],
  EBUSY: ['conflict', 'device or resource busy'],
  ENAMETOOLONG: ['invalid', 'file name too long'],
  EROFS: ['forbidden', 'read-only file system'],
  EPERM: ['forbidden', 'operation not permitted'],
  EDQUOT: ['unavailable', 'disk quota exceeded'],
};

function failureAt(error: unknown, path: string): unknown {
  const known = words[errnoCode(error) ?? ''];
  if (!known) return diskFullOr(error);
  const call = error instanceof Error && 'syscall' in error ? String(error.syscall) : 'open';
  const shown = Buffer.from(path, 'latin1').toString('utf8');
  return new EngineError(known[0], `${call} ${shown}: ${known[1]}`, { cause: error });
}
