import { openSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { EngineError, messageOf } from '../../base/errors.ts';
import { type IdMap, idMapText } from '../../base/id-map.ts';
import { closeDescriptor } from '../../base/libc.ts';
import { mountFilesystem, mountFlags } from '../../base/libc-mount.ts';
import { makePipe } from '../../base/libc-socket.ts';
import { spawnProgram } from '../../base/libc-spawn.ts';
import { requireProgram } from '../../base/program-file.ts';

/**
 * Namespaces that this process cannot make itself: none of its threads may leave the user namespace of the others. A
 * process makes them and stays in them until they are held by a file or a descriptor.
 */

/** Makes a user namespace with these maps, bound on a file that is there. @throws EngineError `unavailable` (`host.no-namespaces`) */
export function bindUserNamespace(map: IdMap, file: string): Promise<void> {
  return withMaps(map, (pid) => bindOn(file, `/proc/${pid}/ns/user`));
}

/** Makes a user namespace with these maps. @returns a descriptor of it @throws EngineError `unavailable` (`host.no-namespaces`) */
export function openUserNamespace(map: IdMap): Promise<number> {
  return withMaps(map, (pid) => openSync(`/proc/${pid}/ns/user`, 'r'));
}

/**
 * Makes a network namespace that belongs to a user namespace, whose root may do there what root may.
 * @param use is given the path of the new one while it is there
 * @throws EngineError `unavailable` (`host.no-namespaces`)
 */
export function makeNetworkNamespaceIn(userNamespace: string, use: (path: string) => void): Promise<void> {
  const command = [requireProgram('nsenter'), `--user=${userNamespace}`, '--', requireProgram('unshare'), '--net'];
  return whileInside(command, (pid) => use(`/proc/${pid}/ns/net`));
}

function withMaps<T>({ uids, gids }: IdMap, use: (pid: number) => T): Promise<T> {
  return whileInside([requireProgram('unshare'), '--user'], (pid) => {
    writeFileSync(`/proc/${pid}/uid_map`, idMapText(uids));
    writeFileSync(`/proc/${pid}/gid_map`, idMapText(gids));
    return use(pid);
  });
}

const bindOn = (file: string, source: string) =>
  mountFilesystem({ source, target: file, type: null, flags: mountFlags.bind, data: null });

const noNamespaces = (detail: string, cause?: unknown) =>
  new EngineError('unavailable', `a user namespace cannot be made here: ${detail}`, {
    reason: 'host.no-namespaces',
    params: { detail },
    cause,
  });

/** `cat` at the end of the command echoes a line once it is inside, and ends with its input. */
async function whileInside<T>([file = '', ...args]: readonly string[], use: (pid: number) => T): Promise<T> {
  const [input, output, complaint] = [makePipe(), makePipe(), makePipe()];
  const stdin = new Socket({ fd: input.write, readable: false, writable: true });
  const stdout = new Socket({ fd: output.read, readable: true, writable: false });
  const stderr = new Socket({ fd: complaint.read, readable: true, writable: false });
  let said = '';
  for (const socket of [stdin, stdout, stderr]) socket.on('error', () => {});
  stderr.setEncoding('utf8').on('data', (words: string) => {
    said += words;
  });
  // not the end of the program, which keeps nobody running: at its start the engine has nothing else to do
  const closed = new Promise<false>((resolve) => stdout.once('close', () => resolve(false)));
  const inside = new Promise<true>((resolve) => stdout.once('data', () => resolve(true)));
  try {
    const command = [...args, '--', requireProgram('cat')];
    const pid = spawn(file, command, [input.read, output.write, complaint.write]);
    stdin.write('\n');
    if (!(await Promise.race([inside, closed]))) throw noNamespaces(said.trim() || `${file} did nothing`);
    const used = use(pid);
    stdin.end();
    await closed;
    return used;
  } catch (error) {
    throw error instanceof EngineError ? error : noNamespaces(messageOf(error), error);
  } finally {
    for (const socket of [stdin, stdout, stderr]) socket.destroy();
  }
}

function spawn(file: string, args: readonly string[], descriptors: readonly number[]): number {
  try {
    return spawnProgram({ file, args, cwd: '/', env: {}, descriptors }).pid;
  } finally {
    for (const descriptor of descriptors) closeDescriptor(descriptor);
  }
}
