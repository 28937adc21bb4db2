import { once } from 'node:events';
import { constants, createReadStream, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { EngineError } from '../../base/errors.ts';
import type { ResultFolder } from '../../services/build/build-service.ts';
import { PacketSchema, type StatSchema } from './generated/fsutil_pb.ts';
import { goModeOf, goModes } from './go-mode.ts';
import type { OpenCall } from './grpc-client.ts';
import { openOutput, sendSlowly } from './send-bytes.ts';
import type { Session } from './sessions.ts';

const kinds = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const;
type StatShape = MessageInitShape<typeof StatSchema>;

/**
 * Sends the files of folders, each under its name, to a client that puts them into one of its own (fsutil, as its sender): all that there is is
 * told in the order of paths, what the client asks for is sent. Symlinks are sent as they are; sockets are left out.
 *
 * @param sent is told how many bytes have gone
 * @throws GrpcFailure, EngineError `invalid` for a name that the protocol cannot carry, what the client failed with
 */
export async function sendFiles(
  {
    session,
    output,
    signal,
    sent,
  }: { session: Session; output: number; signal: AbortSignal; sent(bytes: number): void },
  folders: readonly ResultFolder[],
): Promise<void> {
  const call = openOutput(session, output, signal);
  /** Files by the number of their stat. */
  const told: string[] = [];
  const listed = tell(call, folders, told);
  // looked at below
  listed.catch(() => call.cancel());
  try {
    let isWhole = false;
    for await (const message of call.messages()) {
      const { type, ID, data } = fromBinary(PacketSchema, message);
      if (type === kinds.request) await sendFile(call, { ID, file: told[ID] ?? '', sent });
      else if (type === kinds.error)
        throw new EngineError('invalid', `the client could not write: ${Buffer.from(data)}`);
      else if (type === kinds.end) {
        isWhole = true;
        await sendSlowly(call, packet({ type: kinds.end }));
        call.end();
      }
    }
    await listed;
    if (!isWhole) throw new EngineError('unavailable', 'the client has left before all files were sent');
  } catch (error) {
    call.cancel();
    await listed;
    throw error;
  }
}

const packet = (message: MessageInitShape<typeof PacketSchema>) =>
  toBinary(PacketSchema, create(PacketSchema, message));

async function tell(call: OpenCall, folders: readonly ResultFolder[], told: string[]): Promise<void> {
  for (const { name, directory } of folders.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const links = new Map<string, string>();
    for await (const { below, stat } of walk(directory, '', name !== '')) {
      const known = path.posix.join(name, below);
      const first = stat.nlink > 1 && stat.isFile() ? links.get(`${stat.dev} ${stat.ino}`) : undefined;
      if (stat.nlink > 1 && stat.isFile() && first === undefined) links.set(`${stat.dev} ${stat.ino}`, known);
      const file = path.join(directory, below);
      told.push(file);
      await sendSlowly(call, packet({ type: kinds.stat, stat: await statOf(file, { name: known, stat, first }) }));
    }
  }
  await sendSlowly(call, packet({ type: kinds.stat }));
}

interface Found {
  below: string;
  stat: Stats;
}

/** @param withTop the folder too */
async function* walk(directory: string, below: string, withTop = false): AsyncGenerator<Found> {
  if (withTop) yield { below, stat: await lstat(directory) };
  const names = await readdir(path.join(directory, below), { encoding: 'buffer' });
  for (const bytes of names.sort(Buffer.compare)) {
    const name = path.posix.join(below, utf8(bytes));
    const stat = await lstat(path.join(directory, name));
    if (stat.isSocket()) continue;
    yield { below: name, stat };
    if (stat.isDirectory()) yield* walk(directory, name);
  }
}

function utf8(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new EngineError(
    'invalid',
    `the file ${JSON.stringify(text)} has a name that is not UTF-8, which a client cannot be sent as a file: use -o type=tar`,
  );
}

async function statOf(
  file: string,
  { name, stat, first }: { name: string; stat: Stats; first: string | undefined },
): Promise<StatShape> {
  const linkname = stat.isSymbolicLink() ? await readlink(file) : (first ?? '');
  const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
  return {
    ...{ path: name, mode: goModeOf(stat.mode, kindOf(stat)), uid: stat.uid, gid: stat.gid, linkname },
    size: BigInt(stat.isFile() && first === undefined ? stat.size : 0),
    modTime: BigInt(Math.round(stat.mtimeMs * 1000)) * 1000n,
    ...(isDevice && { devmajor: BigInt(stat.rdev >> 8), devminor: BigInt(stat.rdev & 0xff) }),
  };
}

function kindOf(stat: Stats): number {
  if (stat.isDirectory()) return goModes.directory;
  if (stat.isSymbolicLink()) return goModes.symlink;
  if (stat.isFIFO()) return goModes.pipe;
  if (stat.isCharacterDevice()) return goModes.device | goModes.characterDevice;
  return stat.isBlockDevice() ? goModes.device : 0;
}

const longestPiece = 256 << 10;

async function sendFile(
  call: OpenCall,
  { ID, file, sent }: { ID: number; file: string; sent(bytes: number): void },
): Promise<void> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  const stream = createReadStream('', { fd: handle, highWaterMark: longestPiece });
  for await (const data of stream as AsyncIterable<Buffer>) {
    await sendSlowly(call, packet({ type: kinds.data, ID, data }));
    sent(data.length);
  }
  if (!stream.closed) await once(stream, 'close');
  await sendSlowly(call, packet({ type: kinds.data, ID }));
}
