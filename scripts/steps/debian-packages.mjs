// Debian packages: found by dpkg-query, installed as root or through sudo; or unpacked into a cache, never installed.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { userCache } from './paths.mjs';
import { outputOf, runInForeground, StepError, succeeds } from './run.mjs';

/** Package -> what it is for: what the engine needs on the host. All packages are without a service of their own. */
export const enginePackages = {
  crun: 'OCI runtime',
  runc: 'OCI runtime where crun cannot run',
  conmon: 'monitor of each container',
  tini: 'first process of containers with --init',
  'fuse-overlayfs': 'root filesystems where the kernel offers no overlay',
  nftables: 'firewall rules',
  procps: 'docker top: ps',
  'ca-certificates': 'certificates of registries',
  'xz-utils': 'archives compressed with xz',
  bzip2: 'archives compressed with bzip2',
  libisal2: 'unpacking of gzip layers in two thirds of the time',
};

const packagesToBuild = {
  'g++': "build of node-pty, the app's terminals",
  make: "build of node-pty, the app's terminals",
  python3: "build of node-pty, the app's terminals",
};

/** What the app's window needs. */
export const windowPackages = {
  'libgtk-3-0': 'Electron',
  libnss3: 'Electron',
  libgbm1: 'Electron',
  libasound2: 'Electron',
  libxss1: 'Electron',
  libxtst6: 'Electron',
  'dbus-x11': 'Electron',
};

/** Everything that npm start needs. */
export const packagesToRun = {
  ...enginePackages,
  ...packagesToBuild,
  ...windowPackages,
  xvfb: 'the window where there is no display',
  'fonts-dejavu-core': 'text in the window',
  'fonts-wqy-microhei': 'Chinese text in the window',
};

/** Packages that only `npm test` needs. */
export const packagesToTest = {
  curl: 'tests of the API',
  iproute2: 'network namespaces of tests',
  openssl: 'certificates of test registries',
  procps: 'tests look for processes',
  systemd: 'the unit of the service: systemctl enables it in a folder, systemd-analyze verifies it',
};

/** Docker's own engine with its iptables: unpacked for the tests that run beside it, never installed. */
export const dockerdPackages = [
  ...['docker.io', 'containerd', 'runc', 'tini', 'iptables'],
  ...['libxtables12', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3', 'libnfnetlink0'],
];

/** Firewalls of the distributions with what they run on: unpacked for the tests that run beside them, never installed. */
export const firewallPackages = [
  ...['ufw', 'firewalld', 'python3-firewall', 'python3-nftables', 'python3-gi', 'python3-dbus', 'gir1.2-glib-2.0'],
  ...['libgirepository-1.0-1', 'libdbus-1-3', 'dbus-daemon', 'iptables'],
  ...['libxtables12', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3', 'libnfnetlink0'],
];

/** AppArmor's own parser, which has to take our profile: unpacked, never installed. */
export const appArmorPackages = ['apparmor'];

/** A real registry for the tests: unpacked, never installed. */
export const registryPackages = ['docker-registry'];

/** A dockerd that reads layers of zstd, with its containerd, out of the next Debian: they need no newer libraries than this one's. */
export const dockerdZstdPackages = ['docker.io', 'containerd', 'tini'];

/** Other programs that read and write images: unpacked for the round trips of `npm run test:long`, never installed. */
export const imagePeersPackages = [
  ...['skopeo', 'podman', 'golang-github-containers-common', 'libgpgme11', 'libassuan0', 'libdevmapper1.02.1'],
  ...['libsubid4', 'libseccomp2'],
];

/** What Node and a shell need in an image: unpacked into one that tests make, never installed. */
export const nodeImagePackages = ['libc6', 'libstdc++6', 'libgcc-s1', 'bash', 'dash', 'libtinfo6', 'busybox-static'];

/** Runs programs of other processors: unpacked for the tests that register it with the kernel, never installed. */
export const emulatorPackages = ['qemu-user-static'];

/** What runs on another processor. */
export const foreignPackages = ['busybox-static'];

/** Packages that the tests in an emulated machine need here. */
export const packagesToEmulate = {
  'qemu-system-x86': 'the machine that boots a kernel with cgroup v2',
  e2fsprogs: 'its disks',
};

/** What runs in that machine: unpacked into its root file system, never installed here. */
export const guestPackages = [
  ...['systemd', 'base-files', 'coreutils', 'dash', 'util-linux', 'mount', 'kmod', 'e2fsprogs', 'iproute2', 'procps'],
  ...['crun', 'runc', 'conmon', 'tini', 'nftables', 'libisal2', 'libstdc++6', 'libatomic1'],
];

/** Packages that only `npm run bench` needs. */
export const packagesToBench = {
  podman: 'to compare with',
  iptables: "dockerd's and podman's rules",
  iproute2: "the benchmarks' network namespace",
};

const isDebian = () => existsSync('/usr/bin/dpkg-query') && existsSync('/usr/bin/apt-get');
const aptEnv = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const install = [
  '-o',
  'DPkg::Lock::Timeout=300',
  '-o',
  'Acquire::Retries=3',
  '-y',
  '--no-install-recommends',
  'install',
];

/** The packages of the list that are not installed. */
function missingPackages(names) {
  const format = `\${Package} \${db:Status-Status}\\n`;
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8' });
  const known = new Set((stdout ?? '').split('\n'));
  return names.filter((name) => !known.has(`${name} installed`));
}

/** How this user may become root: [] for root itself, ['sudo', '-n'] without asking, ['sudo'] on a terminal, or null. */
export function rootPrefix() {
  if (process.getuid() === 0) return [];
  if (succeeds('sudo', ['-n', 'true'])) return ['sudo', '-n'];
  if (process.stdin.isTTY && process.stdout.isTTY && succeeds('sudo', ['-V'])) return ['sudo'];
  return null;
}

async function aptAsRoot(prefix, args) {
  const command = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
  return runInForeground(command[0], command.slice(1), { stdio: ['inherit', 'ignore', 'inherit'] });
}

/** Installs what is missing of `packages` (name -> purpose). @throws StepError(exit code 2) with what the user has to do. */
export async function ensureDebianPackages(packages) {
  const names = Object.keys(packages);
  if (!isDebian()) {
    const programs = ['crun', 'conmon', 'Xvfb', 'g++', 'make', 'python3'].filter((name) => !onPath(name));
    if (programs.length === 0) return;
    const list = Object.entries(packages).map(([name, purpose]) => `  ${name.padEnd(20)} ${purpose}`);
    throw new StepError(
      `this is not Debian, and these programs are missing: ${programs.join(', ')}. Install what your distribution calls:\n${list.join('\n')}`,
      2,
    );
  }
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  const prefix = rootPrefix();
  if (!prefix) {
    throw new StepError(
      `Debian packages are missing and this user has no sudo. As root, run:\n  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get ${[...install, ...missing].join(' ')}`,
      2,
    );
  }
  console.log(`Installing Debian packages: ${missing.join(' ')}`);
  if (listsAreFresh() && (await aptAsRoot(prefix, [...install, ...missing])) === 0) return;
  await updateLists(prefix);
  if ((await aptAsRoot(prefix, [...install, ...missing])) !== 0)
    throw new StepError(`apt-get could not install ${missing.join(' ')}: see its message above`);
}

const onPath = (name) => (process.env.PATH ?? '').split(':').some((dir) => dir && existsSync(path.join(dir, name)));

/** Whether apt has package lists at all: a minimal image comes without them. */
function listsAreFresh() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
}

async function updateLists(prefix) {
  for (let attempt = 1; attempt <= 3; attempt++)
    if ((await aptAsRoot(prefix, ['-o', 'Acquire::Retries=3', 'update'])) === 0) return;
  throw new StepError('apt-get update failed: see its message above; is the network there?');
}

function rootPrefixFor(packages) {
  const prefix = rootPrefix();
  if (!prefix) throw new StepError(`apt-get cannot find ${packages.join(', ')}. As root, run: apt-get update`, 2);
  return prefix;
}

/** Options by which apt-get looks into another release of Debian, or for another processor, with lists of its own in `folder`. */
function aptOf({ suite = 'bookworm', architecture }, folder) {
  const lists = path.join(folder, 'lists');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  const processor = architecture ? `arch=${architecture} ` : '';
  const signed = `${processor}signed-by=/usr/share/keyrings/debian-archive-keyring.gpg`;
  writeFileSync(path.join(folder, 'sources.list'), `deb [${signed}] http://deb.debian.org/debian ${suite} main\n`);
  const settings = {
    'Dir::Etc::SourceList': path.join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': lists,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': folder,
    'Acquire::Languages': 'none',
    // whose user may not look into a folder of root's
    'APT::Sandbox::User': '',
    ...(architecture && { 'APT::Architecture': architecture, 'APT::Architectures': architecture }),
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  outputOf('apt-get', [...options, '-o', 'Acquire::Retries=3', 'update'], { env: aptEnv });
  return options;
}

/** Names of these packages and of all that they need, as if nothing were installed. @throws StepError */
export function withDependencies(packages) {
  const args = ['-s', '-o', 'Dir::State::status=/dev/null', '--no-install-recommends', 'install', ...packages];
  const lines = outputOf('apt-get', args, { env: aptEnv }).split('\n');
  return lines.filter((line) => line.startsWith('Inst ')).map((line) => line.split(' ')[1]);
}

/** The name of the package that `name` stands for. @throws StepError */
export function dependencyOf(name, pattern) {
  const words = outputOf('apt-cache', ['depends', name], { env: aptEnv }).split(/\s+/);
  const found = words.find((word) => word !== name && pattern.test(word));
  if (!found) throw new StepError(`apt-cache knows no package that ${name} depends on`);
  return found;
}

/**
 * Folder with the content of Debian packages that must not be installed here (they would start a service, or replace
 * something). Downloaded once per user. `suite`: another release of Debian; `architecture`: for another processor.
 * @throws StepError when apt cannot fetch them
 */
export async function unpackedPackages(name, packages, { suite, architecture } = {}) {
  const target = path.join(userCache, 'deb', name);
  const list = path.join(target, 'packages');
  if (existsSync(list) && readFileSync(list, 'utf8') === packages.join('\n')) return target;
  if (!isDebian()) throw new StepError(`${packages.join(', ')} can only be fetched with Debian's apt-get`, 2);
  mkdirSync(path.dirname(target), { recursive: true });
  const draft = mkdtempSync(`${target}-`);
  const lists = (suite ?? architecture) && mkdtempSync(`${target}-lists-`);
  try {
    const from = lists ? aptOf({ suite, architecture }, lists) : [];
    const download = [...from, '-o', 'Acquire::Retries=3', 'download', ...packages];
    const inDraft = { cwd: draft, env: aptEnv };
    if (!succeeds('apt-get', download, inDraft)) {
      if (!lists) await updateLists(rootPrefixFor(packages));
      outputOf('apt-get', download, inDraft);
    }
    for (const file of readdirSync(draft).filter((entry) => entry.endsWith('.deb'))) {
      outputOf('dpkg-deb', ['-x', path.join(draft, file), draft]);
      rmSync(path.join(draft, file));
    }
    outputOf('sh', ['-c', 'printf %s "$1" > packages', 'sh', packages.join('\n')], { cwd: draft });
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    if (lists) rmSync(lists, { recursive: true, force: true });
  }
  return target;
}
