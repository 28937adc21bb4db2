import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { EngineError } from '../../base/errors.ts';
import { tarEntryHeader } from '../../base/tar-entry-writer.ts';
import { tarEnd, tarPadding } from '../../base/tar-header.ts';
import type { TarEntry } from '../../base/tar-parser.ts';
import type { KnownFiles } from '../../services/build/build-service.ts';
import { PacketSchema, type Stat } from './generated/fsutil_pb.ts';
import { goModes, permissionsOf } from './go-mode.ts';
import type { OpenCall } from './grpc-client.ts';
import type { Session } from './sessions.ts';

export interface FileRequest {
  /** Which of its folders, by the name that the client gave it. */
  folder: string;
  exclude?: readonly string[];
  /** Only what these lead to, symlinks followed. */
  follow?: readonly string[];
  /** What is there already. */
  known?: KnownFiles;
}

const kinds = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const;
const diffCopy = '/moby.filesync.v1.FileSync/DiffCopy';

/** A file up to this size is put together in memory; of longer ones one comes at a time. */
const smallest = 256 << 10;
/** What may be asked for at once. */
const mostFiles = 512;
const mostBytes = 16 << 20;
/** The archive is given in pieces of about this size. */
const pieceSize = 256 << 10;

/**
 * Files of a client as a tar (fsutil: the client tells what it has, is asked for contents, and sends these, several at once).
 * `heard`: bytes that came. Leaving the loop cancels.
 * @throws EngineError `invalid` naming a file that the client could not read
 */
export async function* clientTar(
  session: Session,
  request: FileRequest,
  { signal, heard }: { signal: AbortSignal; heard?: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  const call = session.connection.open(diffCopy, metadataOf(request), signal);
  const transfer = new Transfer(call, request.known);
  try {
    for await (const message of call.messages()) {
      heard?.(message.length);
      transfer.take(message);
      if (transfer.written >= pieceSize) yield transfer.piece();
    }
  } finally {
    call.cancel();
  }
  if (!transfer.isWhole) throw new EngineError('unavailable', 'the client has left before all files were there');
  transfer.write(tarEnd());
  yield transfer.piece();
}

/** Header values are ASCII; others go escaped, which a header of their own tells. */
function metadataOf({ folder, exclude = [], follow = [] }: FileRequest) {
  const lists = { 'exclude-patterns': exclude, followpaths: follow, 'dir-name': [folder] };
  const entries = Object.entries(lists).flatMap(([key, values]): [string, string[]][] => {
    if (values.length === 0) return [];
    const isPlain = values.every((value) => /^[\x20-\x7e]*$/.test(value) && !value.includes('%'));
    if (isPlain) return [[key, [...values]]];
    return [
      [key, values.map((value) => encodeURIComponent(value))],
      [`${key}-encoded`, ['1']],
    ];
  });
  return Object.fromEntries(entries);
}

interface ComingFile {
  stat: Stat;
  size: number;
  got: number;
  parts: Buffer[];
}

class Transfer {
  readonly #call: OpenCall;
  readonly #known: KnownFiles | undefined;
  /** Of what was told so far: every stat counts. */
  #count = 0;
  #isListed = false;
  #isWhole = false;
  #asked = false;
  readonly #small: [id: number, file: ComingFile][] = [];
  readonly #long: [id: number, file: ComingFile][] = [];
  readonly #coming = new Map<number, ComingFile>();
  #comingBytes = 0;
  /** The one that is being written to the archive as it comes. */
  #current: ComingFile | undefined;
  #isLongComing = false;
  readonly #links: Stat[] = [];
  #pieces: Uint8Array[] = [];
  /** Small files that have become whole while a long one is being written. */
  #waiting: Uint8Array[] = [];
  written = 0;

  constructor(call: OpenCall, known: KnownFiles | undefined) {
    this.#call = call;
    this.#known = known;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** What was written since the last one. */
  piece(): Buffer {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.written = 0;
    return whole;
  }

  write(...pieces: Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.written += piece.length;
    }
  }

  take(message: Uint8Array): void {
    const { type, stat, ID, data } = fromBinary(PacketSchema, message);
    if (type === kinds.stat) {
      if (stat) this.#list(stat);
      else this.#isListed = true;
    } else if (type === kinds.data) this.#data(ID, data);
    else if (type === kinds.error) throw new EngineError('invalid', `error from sender: ${Buffer.from(data)}`);
    else if (type === kinds.end) {
      this.#isWhole = this.#asked;
      this.#call.end();
    }
    this.#ask();
  }

  #list(stat: Stat): void {
    const id = this.#count++;
    const { mode, linkname } = stat;
    const size = Number(stat.size);
    // sockets, pipes and devices of a client are nothing that an image could have
    if (mode & goModes.other && !(mode & (goModes.directory | goModes.symlink))) return;
    if (this.#isKnown(stat)) return;
    if (mode & goModes.directory) this.#writeNow(tarEntryHeader(entryOf(stat, 'directory')));
    else if (mode & goModes.symlink) this.#writeNow(tarEntryHeader(entryOf(stat, 'symlink')));
    else if (linkname !== '') this.#links.push(stat);
    else if (size === 0) this.#writeNow(tarEntryHeader(entryOf(stat, 'file')));
    else (size <= smallest ? this.#small : this.#long).push([id, { stat, size, got: 0, parts: [] }]);
  }

  #isKnown(stat: Stat): boolean {
    const { path, mode, linkname: link, size, modTime, xattrs } = stat;
    if (!this.#known) return false;
    const kind = mode & goModes.directory ? 'directory' : mode & goModes.symlink ? 'symlink' : 'file';
    const file = {
      path,
      kind,
      mode: permissionsOf(mode),
      size: Number(size),
      modified: timeOf(modTime),
      link,
    } as const;
    // of the others it cannot be told by what is there
    const isComparable = Object.keys(xattrs).length === 0 && (kind === 'symlink' || link === '');
    return this.#known.has(file) && isComparable;
  }

  /** Entries stand behind a file that is being written. */
  #writeNow(...pieces: Uint8Array[]): void {
    if (this.#current) this.#waiting.push(...pieces);
    else this.write(...pieces);
  }

  #data(id: number, data: Uint8Array): void {
    const file = this.#coming.get(id);
    if (!file) return;
    file.got += data.length;
    if (file.got > file.size) throw unreadable(file, 'it grew while it was sent');
    const isLong = file.size > smallest;
    if (data.length > 0) {
      const bytes = Buffer.from(data);
      if (!isLong) file.parts.push(bytes);
      else {
        if (!this.#current) this.write(tarEntryHeader(entryOf(file.stat, 'file', file.size)));
        this.#current = file;
        this.write(bytes);
      }
      return;
    }
    // the end, which is all that comes of a file that the client cannot open
    if (file.got < file.size) throw unreadable(file, `only ${file.got} of ${file.size} bytes came`);
    this.#coming.delete(id);
    if (!isLong) {
      this.#comingBytes -= file.size;
      this.#writeNow(tarEntryHeader(entryOf(file.stat, 'file', file.size)), ...file.parts, tarPadding(file.size));
      return;
    }
    this.#current = undefined;
    this.#isLongComing = false;
    this.write(tarPadding(file.size), ...this.#waiting.splice(0));
  }

  #ask(): void {
    const messages: Uint8Array[] = [];
    const request = ([id, file]: [number, ComingFile]) => {
      this.#coming.set(id, file);
      messages.push(packet(kinds.request, id));
    };
    // many at a time: each write goes out as a frame of its own
    const isLow = this.#coming.size < mostFiles / 2 && this.#comingBytes < mostBytes / 2;
    while (isLow && this.#coming.size < mostFiles && this.#comingBytes < mostBytes) {
      const next = this.#small.shift();
      if (!next) break;
      this.#comingBytes += next[1].size;
      request(next);
    }
    const long = this.#isLongComing ? undefined : this.#long.shift();
    if (long) {
      this.#isLongComing = true;
      request(long);
    }
    if (this.#isListed && this.#coming.size === 0 && !this.#asked) {
      this.#asked = true;
      for (const link of this.#links) this.write(tarEntryHeader(entryOf(link, 'hardlink')));
      messages.push(packet(kinds.end, 0));
    }
    if (messages.length > 0) this.#call.send(...messages);
  }
}

const packet = (type: number, ID: number) => toBinary(PacketSchema, create(PacketSchema, { type, ID }));

const unreadable = ({ stat }: ComingFile, why: string) =>
  new EngineError('invalid', `the client could not send ${stat.path} of the context: ${why}. Can you read it?`);

const byteString = (text: string) => Buffer.from(text).toString('latin1');
const nanosecondsOfSecond = 1_000_000_000n;

function timeOf(modified: bigint): TarEntry['modified'] {
  const nanoseconds = ((modified % nanosecondsOfSecond) + nanosecondsOfSecond) % nanosecondsOfSecond;
  return { seconds: Number((modified - nanoseconds) / nanosecondsOfSecond), nanoseconds: Number(nanoseconds) };
}

function entryOf(stat: Stat, type: TarEntry['type'], size = 0): TarEntry {
  const { path, mode, linkname, modTime, xattrs } = stat;
  return {
    ...{ name: byteString(path), type, mode: permissionsOf(mode), size, uid: 0, gid: 0 },
    modified: timeOf(modTime),
    link: byteString(linkname),
    device: { major: 0, minor: 0 },
    attributes: Object.entries(xattrs).map(([name, value]) => ({ name, value })),
  };
}
