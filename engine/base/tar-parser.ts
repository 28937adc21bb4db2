import type { FileTime } from './libc-files.ts';
import { TarError } from './tar-error.ts';
import { damagedMap, paxSparse, type Region, SparseBody, type SparseFile } from './tar-sparse.ts';

/**
 * A streaming reader of tar: ustar (POSIX.1-1988), PAX (POSIX.1-2001 `pax`, "Extended Header"), and GNU's long names,
 * base-256 numbers and sparse files (GNU tar manual, "Basic Tar Format", "Storing Sparse Files"). Synchronous: who pushes a chunk gets all calls for it at once.
 */

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** Names are byte strings: one character per byte (latin1), because tar does not say in which encoding they are. */
export interface TarEntry {
  name: string;
  type: TarEntryType;
  /** Permission bits, with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content; 0 for everything but files. */
  size: number;
  modified: FileTime;
  /** Target of a hardlink or symlink, else ''. */
  link: string;
  device: { major: number; minor: number };
  /** From PAX `SCHILY.xattr.*`, in order. */
  attributes: readonly { name: string; value: Uint8Array }[];
}

export interface TarHandler {
  entry(entry: TarEntry): void;
  /** Content of the last file entry, piece by piece; valid during the call only. */
  data(chunk: Uint8Array): void;
  /** So many zero bytes of it that the archive leaves out; without it sparse files are refused. */
  hole?(bytes: number): void;
  /** The last entry is complete. */
  end(): void;
}

export interface TarParser {
  /** @throws TarError, and whatever the handler throws. */
  push(chunk: Uint8Array): void;
  /**
   * The stream has ended. `marked` tells whether the end was written: some writers leave it out, and a cut between two
   * entries looks the same.
   * @throws TarError `truncated`, or `not-a-tar` when nothing came.
   */
  finish(): { marked: boolean };
}

export interface TarLimits {
  /** Bytes of one PAX header or long name. */
  extension: number;
}

const blockSize = 512;
const defaultLimits: TarLimits = { extension: 1 << 20 };
const entryTypes: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/** What the extension headers before an entry say about it. */
interface Extensions {
  longName?: string;
  longLink?: string;
  local?: Map<string, Buffer>;
}

/** Makes a parser that calls `handler`. */
export function createTarParser(handler: TarHandler, limits: Partial<TarLimits> = {}): TarParser {
  return new StreamingTarParser(handler, limits.extension ?? defaultLimits.extension);
}

class StreamingTarParser implements TarParser {
  readonly #handler: TarHandler;
  readonly #longestExtension: number;
  readonly #header = Buffer.alloc(blockSize);
  #headerBytes = 0;
  /** Bytes of the body, and of the zeros behind it, still to come. */
  #left = 0;
  #padding = 0;
  #extension: { type: string; body: Buffer; filled: number } | undefined;
  readonly #global = new Map<string, Buffer>();
  #pending: Extensions = {};
  /** Of a file of the old sparse form, while blocks of its map come. */
  #oldSparse: { header: Buffer; map: Region[] } | undefined;
  #sparse: SparseBody | undefined;
  #entries = 0;
  #marked = false;

  constructor(handler: TarHandler, longestExtension: number) {
    this.#handler = handler;
    this.#longestExtension = longestExtension;
  }

  push(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < buffer.length && !this.#marked; ) {
      if (this.#left > 0) {
        const body = buffer.subarray(at, at + this.#left);
        this.#takeBody(body);
        at += body.length;
      } else if (this.#padding > 0) {
        const size = Math.min(this.#padding, buffer.length - at);
        this.#padding -= size;
        at += size;
      } else at += this.#takeHeader(buffer, at);
    }
  }

  finish(): { marked: boolean } {
    if (this.#marked) return { marked: true };
    if (this.#entries === 0) throw new TarError('not-a-tar', 'not a tar archive');
    // padding that is missing loses nothing, and the docker CLI sends contexts so (`build -f -`)
    if (this.#oldSparse || this.#headerBytes > 0 || this.#left > 0) {
      throw new TarError('truncated', 'unexpected end of the tar archive');
    }
    return { marked: false };
  }

  #takeHeader(buffer: Buffer, at: number): number {
    if (this.#headerBytes === 0 && buffer.length - at >= blockSize) {
      this.#readHeader(buffer.subarray(at, at + blockSize));
      return blockSize;
    }
    const copied = buffer.copy(this.#header, this.#headerBytes, at, at + blockSize - this.#headerBytes);
    this.#headerBytes += copied;
    if (this.#headerBytes === blockSize) {
      this.#headerBytes = 0;
      this.#readHeader(this.#header);
    }
    return copied;
  }

  #readHeader(block: Buffer): void {
    if (this.#oldSparse) {
      this.#readSparseBlock(this.#oldSparse, block);
      return;
    }
    if (isZero(block)) {
      this.#marked = true;
      return;
    }
    checkHeader(block, this.#entries === 0);
    this.#entries += 1;
    const type = String.fromCharCode(block[156] ?? 0);
    if ('xgLK'.includes(type)) {
      const size = numberField(block, 124, 12);
      if (!(size >= 0 && size <= this.#longestExtension)) {
        throw new TarError('unsupported', `a tar header extension of ${size} bytes is too long`);
      }
      this.#extension = { type, body: Buffer.alloc(size), filled: 0 };
      this.#startBody(size);
      return;
    }
    if (type !== 'S') {
      this.#startEntry(block, paxSparse(this.#pending.local));
      return;
    }
    const map = oldRegions(block, 386, 4);
    if (block[482] !== 0) this.#oldSparse = { header: Buffer.from(block), map };
    else this.#startEntry(block, { size: numberField(block, 483, 12), map });
  }

  #readSparseBlock({ header, map }: { header: Buffer; map: Region[] }, block: Buffer): void {
    map.push(...oldRegions(block, 0, 21));
    if (map.length > mostOldRegions) throw damagedMap();
    if (block[504] !== 0) return;
    this.#oldSparse = undefined;
    this.#startEntry(header, { size: numberField(header, 483, 12), map });
  }

  #startEntry(block: Buffer, sparse: SparseFile | undefined): void {
    const type = String.fromCharCode(block[156] ?? 0);
    const entry = entryOf(block, type === 'S' ? '0' : type, this.#global, this.#pending);
    this.#pending = {};
    const isSparse = sparse && entry.type === 'file';
    if (isSparse && !isSize(sparse.size)) throw damagedMap();
    this.#sparse = isSparse ? new SparseBody(this.#handler, sparse, entry.size) : undefined;
    this.#handler.entry(isSparse ? { ...entry, size: sparse.size } : entry);
    this.#startBody(entry.size);
  }

  #startBody(size: number): void {
    this.#left = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
    if (size === 0) this.#endBody();
  }

  #takeBody(chunk: Buffer): void {
    if (this.#extension) this.#extension.filled += chunk.copy(this.#extension.body, this.#extension.filled);
    else if (this.#sparse) this.#sparse.push(chunk);
    else this.#handler.data(chunk);
    this.#left -= chunk.length;
    if (this.#left === 0) this.#endBody();
  }

  /** They stay, so that all of them together are bounded as one is. */
  #takeGlobal(body: Buffer): void {
    for (const [key, value] of paxRecords(body)) this.#global.set(key, Buffer.from(value));
    const bytes = [...this.#global].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    if (bytes > this.#longestExtension) throw new TarError('unsupported', 'the global tar headers are too long');
  }

  #endBody(): void {
    if (!this.#extension) {
      this.#sparse?.end();
      this.#sparse = undefined;
      this.#handler.end();
      return;
    }
    const { type, body } = this.#extension;
    this.#extension = undefined;
    if (type === 'g') this.#takeGlobal(body);
    else if (type === 'x') this.#pending.local = paxRecords(body);
    else if (type === 'L') this.#pending.longName = untilNul(body);
    else this.#pending.longLink = untilNul(body);
  }
}

function checkHeader(block: Buffer, first: boolean): void {
  const expected = numberField(block, 148, 8);
  let sum = 8 * 32;
  for (let index = 0; index < blockSize; index++) if (index < 148 || index >= 156) sum += block[index] ?? 0;
  if (sum === expected) return;
  throw new TarError('not-a-tar', first ? 'not a tar archive' : 'a header of the tar archive is damaged');
}

function entryOf(block: Buffer, typeFlag: string, global: Map<string, Buffer>, before: Extensions): TarEntry {
  const pax = (key: string) => before.local?.get(key) ?? global.get(key);
  const type = entryTypes[typeFlag];
  const sparseName = before.local?.get('GNU.sparse.name');
  const name = (sparseName ?? pax('path'))?.toString('latin1') ?? before.longName ?? headerName(block);
  if (!type || [...global.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw new TarError(
      'unsupported',
      `${JSON.stringify(name)} is of a kind that is not supported (tar type ${JSON.stringify(typeFlag)})`,
    );
  }
  const link = pax('linkpath')?.toString('latin1') ?? before.longLink ?? textField(block, 157, 100);
  // A name with a slash at its end is a directory in archives from before ustar.
  const isDirectory = type === 'directory' || (type === 'file' && name.endsWith('/'));
  const size = paxNumber(pax('size')) ?? numberField(block, 124, 12);
  if (!isSize(size)) throw new TarError('not-a-tar', 'a size in the tar archive is damaged');
  return {
    name,
    type: isDirectory ? 'directory' : type,
    mode: numberField(block, 100, 8) & 0o7777,
    uid: paxNumber(pax('uid')) ?? numberField(block, 108, 8),
    gid: paxNumber(pax('gid')) ?? numberField(block, 116, 8),
    size: type === 'file' && !isDirectory ? size : 0,
    modified: paxTime(pax('mtime')) ?? { seconds: numberField(block, 136, 12), nanoseconds: 0 },
    link: type === 'hardlink' || type === 'symlink' ? link : '',
    device: { major: numberField(block, 329, 8), minor: numberField(block, 337, 8) },
    attributes: [...global, ...(before.local ?? [])]
      .filter(([key]) => key.startsWith('SCHILY.xattr.'))
      .map(([key, value]) => ({ name: key.slice('SCHILY.xattr.'.length), value })),
  };
}

const isSize = (size: number) => Number.isSafeInteger(size) && size >= 0;

/** Of one file: an archive's block has 21. */
const mostOldRegions = 100_000;

/** A part of the old form's map: pairs of offset and length, up to an empty one. */
function oldRegions(block: Buffer, offset: number, count: number): Region[] {
  const regions: Region[] = [];
  for (let at = offset; at < offset + count * 24 && block[at] !== 0; at += 24) {
    const region = { offset: numberField(block, at, 12), length: numberField(block, at + 12, 12) };
    if (!isSize(region.offset) || !isSize(region.length)) throw damagedMap();
    regions.push(region);
  }
  return regions;
}

function headerName(block: Buffer): string {
  const name = textField(block, 0, 100);
  // ustar has `ustar\0` there, old GNU `ustar ` and other things than a prefix behind it.
  if (block.toString('latin1', 257, 263) !== 'ustar\0' || block[345] === 0) return name;
  return `${textField(block, 345, 155)}/${name}`;
}

function paxRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  const sparse: string[] = [];
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(body.toString('latin1', at, space));
    const equals = body.indexOf(0x3d, space);
    const end = at + length;
    if (!Number.isInteger(length) || length <= 0 || end > body.length || equals < 0 || equals >= end) {
      throw new TarError('not-a-tar', 'an extended header of the tar archive is damaged');
    }
    const key = body.toString('utf8', space + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    // form 0.0 of sparse files has a record for each number, form 0.1 all in one
    const isNumber = key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes';
    if (isNumber) sparse.push(String(value));
    else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  return records;
}

function paxNumber(value: Buffer | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = value.toString('latin1');
  // other readers refuse what only JavaScript takes for a number, and would see other files
  if (!/^-?\d+$/.test(text)) throw new TarError('not-a-tar', 'a size in the tar archive is damaged');
  return Number(text);
}

/** Seconds that fit the kernel's time; others are damage. */
const furthestSeconds = 2 ** 53;

/** Decimal seconds with a fraction of any length, perhaps negative. */
function paxTime(value: Buffer | undefined): FileTime | undefined {
  if (value === undefined) return undefined;
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value.toString('latin1'));
  if (!match) return undefined;
  const seconds = Number(match[2]);
  if (seconds > furthestSeconds) throw new TarError('not-a-tar', 'a time in the tar archive is damaged');
  const nanoseconds = Number((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  if (match[1] === '') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** Octal digits, or GNU's big-endian two's complement where the top bit is set. */
function numberField(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if (first & 0x80) {
    let value = first & 0x40 ? BigInt(first) - 0x100n : BigInt(first & 0x7f);
    for (let index = 1; index < length; index++) value = (value << 8n) | BigInt(block[offset + index] ?? 0);
    return Number(value);
  }
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = (block[offset + index] ?? 0) - 0x30;
    if (digit >= 0 && digit <= 7) value = value * 8 + digit;
    else if (value > 0) break;
  }
  return value;
}

function textField(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 ? offset + length : Math.min(end, offset + length));
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('latin1', 0, end < 0 ? body.length : end);
}

const zeros = Buffer.alloc(blockSize);
const isZero = (block: Buffer) => block.equals(zeros);
