import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { mountFilesystem, unmountFilesystem } from '../../base/libc-mount.ts';
import { findProgram, missingProgram } from '../../base/program-file.ts';
import { runProgram } from '../../base/run-program.ts';
import { capabilitiesOf } from '../oci/capabilities.ts';
import { cgroupHierarchies, cgroupVersion } from '../oci/cgroups.ts';
import { probeRuntimes, programVersion, type RuntimeProbe } from '../oci/probe-runtimes.ts';

/** One look at the host. */
export interface HostProbe {
  name: string;
  ok: boolean;
  detail: string;
  /** What to do; empty when fine. */
  help: string;
}

/** Runs `look`, whose words are the detail; what it throws is the failure. */
async function probe(name: string, help: string, look: () => string | Promise<string>): Promise<HostProbe> {
  try {
    return { name, ok: true, detail: await look(), help: '' };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error), help };
  }
}

function lookAtUser(): string {
  if (process.geteuid?.() !== 0) throw new Error(`the engine runs as user ${process.geteuid?.()}`);
  return 'root';
}

const needed = [
  'CAP_SYS_ADMIN',
  'CAP_NET_ADMIN',
  'CAP_MKNOD',
  'CAP_CHOWN',
  'CAP_SETUID',
  'CAP_SETGID',
  'CAP_SYS_CHROOT',
];

function lookAtCapabilities(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const held = capabilitiesOf(/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0');
  const missing = needed.filter((name) => !held.includes(name));
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  return `${held.length} capabilities`;
}

async function lookAtNamespaces(): Promise<string> {
  const kinds = ['mount', 'net', 'pid', 'ipc', 'uts'];
  const flags = [...kinds.map((kind) => `--${kind}`), '--fork', 'true'];
  await runProgram('unshare', flags, { timeoutMilliseconds: 10_000 });
  return kinds.join(', ');
}

/** Mounts a real overlay below `directory`. */
function lookAtOverlay(directory: string): string {
  const folder = mkdtempSync(path.join(directory, 'overlay-probe-'));
  try {
    const [lower = '', upper = '', work = '', merged = ''] = ['lower', 'upper', 'work', 'merged'].map((name) => {
      mkdirSync(path.join(folder, name));
      return path.join(folder, name);
    });
    const data = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    mountFilesystem({ source: 'overlay', target: merged, type: 'overlay', flags: 0, data });
    unmountFilesystem(merged);
    return `works in ${directory}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lookAtCgroups(): string {
  const hierarchies = cgroupHierarchies();
  const [first] = hierarchies;
  if (first === undefined) throw new Error('no cgroup hierarchy is mounted');
  const trial = path.join(first, `beluga-probe-${process.pid}`);
  mkdirSync(trial);
  rmdirSync(trial);
  const version = cgroupVersion();
  if (version === 1) return `v1: ${hierarchies.map((directory) => path.basename(directory)).join(', ')}`;
  return `v2: ${readFileSync(path.join(first, 'cgroup.controllers'), 'utf8').trim()}`;
}

function lookAtSeccomp(): string {
  const actions = '/proc/sys/kernel/seccomp/actions_avail';
  if (!existsSync(actions)) throw new Error('the kernel has no seccomp filters');
  return readFileSync(actions, 'utf8').trim();
}

async function versionOf(name: string): Promise<string> {
  const file = findProgram(name);
  if (file === undefined) throw missingProgram(name);
  return `${file} ${await programVersion(file)}`;
}

async function lookAtFallback(): Promise<HostProbe> {
  const found = await probe('fuse-overlayfs', '', () => versionOf('fuse-overlayfs'));
  if (found.ok) return found;
  return { name: 'fuse-overlayfs', ok: true, detail: 'not there; only needed where overlay does not work', help: '' };
}

/** One that cannot be used is no failure while another can. */
function runtimeProbes(runtimes: readonly RuntimeProbe[]): HostProbe[] {
  const works = runtimes.find(({ program, problem }) => program && problem === '');
  return runtimes.map(({ name, program, problem }) => {
    if (program && problem === '') return { name, ok: true, detail: `${program.file} ${program.version}`, help: '' };
    if (works) return { name, ok: true, detail: `${problem}; ${works.name} is used`, help: '' };
    return { name, ok: false, detail: problem, help: `Install the package ${name}: apt-get install ${name}` };
  });
}

/**
 * Looks at everything that containers need, in the order in which it is needed. Run it in the engine's mount namespace.
 * @param directory where the root filesystems will be, for trying a mount
 */
export async function probeHost(options: { directory: string }): Promise<HostProbe[]> {
  const sudo = 'Start the engine as root, or with sudo.';
  const give = 'Run on a machine, or in a container, that gives root these capabilities (docker run --privileged).';
  const kernel = 'Use a kernel with namespaces, and root with CAP_SYS_ADMIN.';
  const module =
    'Load the module (modprobe overlay), or install the package fuse-overlayfs (apt-get install fuse-overlayfs).';
  const mountCgroups = 'Mount cgroups at /sys/fs/cgroup, writable (mount -t cgroup2 cgroup2 /sys/fs/cgroup).';
  const filters = 'Use a kernel with CONFIG_SECCOMP_FILTER, or run containers with seccomp=unconfined.';
  const monitor = 'Install the package conmon: apt-get install conmon';
  const first = await Promise.all([
    probe('root', sudo, lookAtUser),
    probe('capabilities', give, lookAtCapabilities),
    probe('namespaces', kernel, lookAtNamespaces),
    probe('overlay', module, () => lookAtOverlay(options.directory)),
    probe('cgroup', mountCgroups, lookAtCgroups),
    probe('seccomp', filters, lookAtSeccomp),
    probe('conmon', monitor, () => versionOf('conmon')),
  ]);
  return [...first, ...runtimeProbes(await probeRuntimes()), await lookAtFallback()];
}
