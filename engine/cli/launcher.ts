/**
 * Starts the engine: makes or finds its mount namespace, then becomes `nsenter … node main …`, keeping the process id.
 * `--release` takes the namespace away instead, when no engine and no container runs.
 *
 *   node launcher.mjs [--data-root DIR] [--exec-root DIR] [-H unix://PATH]… [--pidfile FILE] [--config-file FILE]
 *                     [--debug] [--socket-owner UID] [--release] [--sudo]
 *
 * `--sudo`: where this user is not root, become `sudo -n` with the same arguments.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../base/errors.ts';
import { isLock, lockFile } from '../base/file-lock.ts';
import { keepDescriptorsFromPrograms } from '../base/libc-process.ts';
import { findProgram } from '../base/program-file.ts';
import { handOnHostMounts } from '../drivers/mounts/host-mounts.ts';
import { lockDataRoot } from './data-root-lock.ts';
import { type EngineOptions, engineArguments, parseEngineOptions } from './engine-options.ts';
import { reportFatal } from './fatal.ts';
import { commandInside, enterMountNamespace, type Roots, releaseMountNamespace } from './mount-namespace.ts';

const systemAdministration = 21n;

const notRoot = () =>
  new EngineError('forbidden', 'the engine has to be started as root: use sudo', { reason: 'host.not-root' });

function become(file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): never {
  process.execve?.(file, [file, ...args], { ...process.env, ...environment });
  throw new EngineError('internal', 'this Node cannot replace a process: start the engine with Node 24');
}

/** Asks sudo, which has no terminal here, so that only a rule without password helps. */
function becomeRoot(args: readonly string[]): never {
  const sudo = findProgram('sudo');
  if (!sudo) throw notRoot();
  become(sudo, ['-n', process.execPath, fileURLToPath(import.meta.url), ...args]);
}

/** @throws EngineError `forbidden` (`host.not-root`), `unavailable` (`host.no-namespaces`). */
function requireRoot(): void {
  if (process.geteuid?.() !== 0) throw notRoot();
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  if ((BigInt(`0x${mask}`) >> systemAdministration) & 1n) return;
  throw new EngineError(
    'unavailable',
    'containers cannot run here: root has no CAP_SYS_ADMIN (give it to this container or machine)',
    { reason: 'host.no-namespaces', params: { detail: 'CAP_SYS_ADMIN' } },
  );
}

function makeRoots(options: EngineOptions): Roots {
  // containers with other users reach their files through both
  mkdirSync(options.dataRoot, { recursive: true, mode: 0o711 });
  mkdirSync(options.runRoot, { recursive: true, mode: 0o711 });
  return { dataRoot: realpathSync(options.dataRoot), runRoot: realpathSync(options.runRoot) };
}

/** The engine's program; the build puts its own beside this file. */
const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Two starts with one run root would make two holders: one after the other. */
function lockRunRoot(runRoot: string): void {
  const lock = lockFile(path.join(runRoot, 'launcher.lock'));
  if (isLock(lock)) return;
  throw new EngineError('conflict', `another engine is starting with ${runRoot} (process ${lock.pid ?? 0})`, {
    reason: 'data-root.in-use',
    params: { dataRoot: runRoot, pid: lock.pid ?? 0 },
  });
}

async function release(options: EngineOptions): Promise<void> {
  if (!existsSync(options.dataRoot) || !existsSync(options.runRoot)) return;
  const roots = makeRoots(options);
  const lock = lockDataRoot(roots.dataRoot);
  try {
    await releaseMountNamespace(roots);
  } finally {
    lock.release();
  }
}

async function launch(options: EngineOptions): Promise<void> {
  const roots = makeRoots(options);
  // both locks go with the exec; main takes the data root's again
  lockDataRoot(roots.dataRoot);
  lockRunRoot(roots.runRoot);
  const holder = await enterMountNamespace(roots);
  const command = commandInside(holder, mainFile, engineArguments({ ...options, ...roots }));
  const [file = '', ...args] = command;
  become(file, args, handOnHostMounts());
}

try {
  // Chromium leaves its sockets and database locks open for what the app starts; the engine would hold them for ever
  keepDescriptorsFromPrograms();
  const words = process.argv.slice(2);
  const args = words.filter((word) => word !== '--sudo');
  if (words.length > args.length && process.geteuid?.() !== 0) becomeRoot(args);
  const options = parseEngineOptions(args);
  requireRoot();
  await (options.release ? release(options) : launch(options));
} catch (error) {
  reportFatal(error);
}
