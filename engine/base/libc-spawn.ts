/**
 * Starts programs by posix_spawn(3). Node's own way copies the page tables of this whole process and holds the event loop
 * for it: 15 to 25 ms with a heap of 100 MB, where this takes about one.
 */
import { constants } from 'node:os';
import koffi from 'koffi';
import { bindSystemCall } from './libc.ts';
import { openProcessDescriptor } from './libc-process.ts';
import { adoptDescriptor } from './libc-socket.ts';

const library = koffi.load('libc.so.6');
const bind = (declaration: string) => library.func(declaration) as (...args: unknown[]) => number;
const spawnCall = bind(
  'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
);
const beginActions = bind('int posix_spawn_file_actions_init(void *actions)');
const endActions = bind('int posix_spawn_file_actions_destroy(void *actions)');
const addDuplicate = bind('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)');
const addClose = bind('int posix_spawn_file_actions_addclose(void *actions, int fd)');
const addOpen = bind(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
);
const addDirectory = bind('int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)');
const beginAttributes = bind('int posix_spawnattr_init(void *attributes)');
const endAttributes = bind('int posix_spawnattr_destroy(void *attributes)');
const setFlags = bind('int posix_spawnattr_setflags(void *attributes, short flags)');
const setDefaults = bind('int posix_spawnattr_setsigdefault(void *attributes, void *signals)');
const setMask = bind('int posix_spawnattr_setsigmask(void *attributes, void *signals)');
const waitCall = bindSystemCall('waitpid', 'int waitpid(int pid, void *status, int options)');

/** More than the structures of any glibc: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128. */
const structureBytes = 512;
/** Of spawn.h: set the default signals and the mask, begin a session. */
const flags = 0x04 | 0x08 | 0x80;
const doNotHang = 1;
const readWrite = 2;

export interface SpawnRequest {
  /** Absolute path of the program. */
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** By the number it has there: a descriptor of ours, which stays ours, or /dev/null. */
  descriptors: readonly (number | 'ignore')[];
}

/** A program that was started; it is our child, in a session of its own, and keeps nobody running. */
export interface SpawnedProgram {
  readonly pid: number;
  /** Its exit code, 128 + signal when one ended it. */
  readonly ended: Promise<number>;
  /** Does nothing once it has ended. */
  kill(signal: NodeJS.Signals): void;
}

function check(name: string, errno: number): void {
  if (errno === 0) return;
  const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
  throw Object.assign(new Error(`${name}: ${code}`), { code, errno, syscall: name });
}

function fillActions(actions: Buffer, { cwd, descriptors }: SpawnRequest): void {
  check('chdir', addDirectory(actions, cwd));
  const above = Math.max(descriptors.length, ...descriptors.map((from) => (from === 'ignore' ? 0 : from + 1)));
  // first out of the way of each other, then into place
  descriptors.forEach((from, to) => {
    if (from !== 'ignore') check('dup2', addDuplicate(actions, from, above + to));
  });
  descriptors.forEach((from, to) => {
    if (from === 'ignore') check('open', addOpen(actions, to, '/dev/null', readWrite, 0));
    else {
      check('dup2', addDuplicate(actions, above + to, to));
      check('close', addClose(actions, above + to));
    }
  });
}

function reap(pid: number): number {
  const status = Buffer.alloc(4);
  if (waitCall(pid, status, doNotHang) !== pid) return 255;
  const value = status.readInt32LE();
  const signal = value & 0x7f;
  return signal === 0 ? (value >> 8) & 0xff : 128 + signal;
}

/** @throws Error with `code`, e.g. ENOENT. */
function spawnByCall(request: SpawnRequest): number {
  const [actions, attributes] = [Buffer.alloc(structureBytes), Buffer.alloc(structureBytes)];
  check('posix_spawn_file_actions_init', beginActions(actions));
  check('posix_spawnattr_init', beginAttributes(attributes));
  try {
    fillActions(actions, request);
    check('posix_spawnattr_setflags', setFlags(attributes, flags));
    // Node ignores SIGPIPE, and what is ignored stays so in programs
    check('posix_spawnattr_setsigdefault', setDefaults(attributes, Buffer.alloc(128, 0xff)));
    check('posix_spawnattr_setsigmask', setMask(attributes, Buffer.alloc(128)));
    const { file, args, env } = request;
    const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
    const pid = [0];
    check(
      `posix_spawn ${file}`,
      spawnCall(pid, file, actions, attributes, [file, ...args, null], [...variables, null]),
    );
    return pid[0] ?? 0;
  } finally {
    endActions(actions);
    endAttributes(attributes);
  }
}

/** Starts a program in a session of its own. @throws Error with `code`, e.g. ENOENT. */
export function spawnProgram(request: SpawnRequest): SpawnedProgram {
  const pid = spawnByCall(request);
  const watch = adoptDescriptor(openProcessDescriptor(pid));
  let over = false;
  const ended = new Promise<number>((resolve) => {
    // a pidfd becomes readable at the end, and reading it is an error
    watch.on('error', () => {});
    watch.once('close', () => {
      over = true;
      resolve(reap(pid));
    });
  });
  watch.resume();
  watch.unref();
  return {
    pid,
    ended,
    kill(signal) {
      // not reaped yet, so the number is still its
      if (!over) process.kill(pid, signal);
    },
  };
}
