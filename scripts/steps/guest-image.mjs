// The guest that the tests boot: a Debian kernel, what it needs to find its disks, and a root file system of Debian
// packages that are unpacked, never installed. Made once per user, kept by the hash of its recipe.
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cpioOf } from './cpio.mjs';
import { dependencyOf, guestPackages, unpackedPackages, withDependencies } from './debian-packages.mjs';
import { node24, repo, userCache } from './paths.mjs';
import { outputOf, StepError } from './run.mjs';
import { hashOf } from './stamp.mjs';

const recipe = ['scripts/steps/guest-image.mjs', 'scripts/steps/cpio.mjs', 'test/guest/machine/initrd-init'];
const machine = path.join(repo, 'test/guest/machine');
const mebibyte = 1024 * 1024;

/** What the disks with their file systems and the report's port need. */
const firstModules = ['virtio_pci', 'virtio_blk', 'virtio_console', 'virtio_rng', 'ext4', 'crc32c_generic'];
/** Of the kernel's modules, what a machine of this kind never has. */
const unneeded =
  /^kernel\/(sound|drivers\/(gpu|media|infiniband|usb|hid|scsi|net\/(ethernet|wireless)|target|xen|hv))\//;

/** Packages that only maintainer scripts need: none runs here. */
const onlyForInstalling =
  /^(perl|libperl|debconf|usrmerge|dpkg|init-system-helpers|gcc-\d+-base|lib(number|text|file)-)/;
const unneededFiles = [
  ...['doc', 'man', 'locale', 'info', 'bash-completion', 'zsh', 'perl', 'lintian'].map((name) => `usr/share/${name}`),
  'packages',
];

/** Copies what packages hold; these are from before the merge of /usr, the system is not. */
function mergePackages(packages, root, scratch) {
  const archive = path.join(scratch, 'packages.tar');
  outputOf('tar', ['-C', packages, ...unneededFiles.map((name) => `--exclude=./${name}`), '-cf', archive, '.']);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(path.join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, path.join(root, name));
  }
  outputOf('tar', ['-C', root, '--keep-directory-symlink', '-xf', archive]);
  rmSync(archive);
}

/** Copies the modules and lists what needs what. @returns its version */
function copyModules(kernelPackage, root, busybox) {
  const [version] = readdirSync(path.join(kernelPackage, 'lib/modules'));
  const from = path.join(kernelPackage, 'lib/modules', version);
  const target = path.join(root, 'usr/lib/modules', version);
  cpSync(from, target, { recursive: true, filter: (file) => !unneeded.test(`${path.relative(from, file)}/`) });
  outputOf(busybox, ['depmod', '-b', path.join(root, 'usr'), version]);
  return version;
}

/** The files of modules, each after those that it needs (modules.dep). */
function moduleFiles(folder, names) {
  const needs = new Map();
  const byName = new Map();
  for (const line of readFileSync(path.join(folder, 'modules.dep'), 'utf8').split('\n').filter(Boolean)) {
    const [file, rest] = line.split(':');
    needs.set(file, rest.trim().split(' ').filter(Boolean));
    byName.set(
      path
        .basename(file)
        .replace(/\.ko.*$/, '')
        .replaceAll('-', '_'),
      file,
    );
  }
  const found = new Set();
  const add = (file) => {
    if (found.has(file)) return;
    for (const needed of needs.get(file) ?? []) add(needed);
    found.add(file);
  };
  // one that is not there is built in
  for (const name of names) if (byName.has(name)) add(byName.get(name));
  return [...found];
}

function initrdOf(root, version, busybox) {
  const modules = path.join(root, 'usr/lib/modules', version);
  const files = moduleFiles(modules, firstModules);
  const folder = (name) => ({ name, mode: 0o40755 });
  const file = (name, data, mode = 0o100755) => ({ name, mode, data });
  const applets = ['sh', 'cat', 'sed', 'sleep', 'mount', 'insmod', 'switch_root'];
  return cpioOf([
    ...['bin', 'proc', 'sys', 'dev', 'root', 'modules'].map(folder),
    file('bin/busybox', readFileSync(busybox)),
    ...applets.map((name) => file(`bin/${name}`, 'busybox', 0o120777)),
    file('init', readFileSync(path.join(machine, 'initrd-init'))),
    ...files.map((name) => file(`modules/${path.basename(name)}`, readFileSync(path.join(modules, name)))),
    file('modules/order', files.map((name) => path.basename(name)).join('\n')),
  ]);
}

const textFiles = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  'etc/hostname': 'guest\n',
  'etc/hosts': '127.0.0.1 localhost guest\n',
  'etc/resolv.conf': '',
  'etc/machine-id': 'be109a00000000000000000000000001\n',
  'etc/systemd/journald.conf': '[Journal]\nStorage=volatile\n',
};
/** Of systemd's units, those that wait for what such a machine does not have. */
const masked = [
  ...['getty.target', 'systemd-logind.service', 'systemd-udevd.service', 'systemd-udev-trigger.service'],
  ...['systemd-networkd.service', 'systemd-random-seed.service', 'systemd-update-utmp.service', 'dev-hugepages.mount'],
  ...[
    'systemd-sysusers.service',
    'systemd-firstboot.service',
    'systemd-hwdb-update.service',
    'systemd-pcrphase.service',
  ],
];

function arrange(root, busybox, docker) {
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'beluga'])
    mkdirSync(path.join(root, name), { recursive: true });
  cpSync(node24, path.join(root, 'usr/bin/node'), { dereference: true });
  cpSync(busybox, path.join(root, 'usr/bin/busybox'));
  cpSync(docker, path.join(root, 'usr/bin/docker'));
  for (const applet of outputOf(busybox, ['--list']).split('\n')) {
    const places = ['usr/bin', 'usr/sbin'].map((folder) => path.join(root, folder, applet));
    if (!places.some((file) => existsSync(file))) symlinkSync('busybox', places[0]);
  }
  const units = path.join(root, 'etc/systemd/system');
  mkdirSync(path.join(units, 'multi-user.target.wants'), { recursive: true });
  for (const [name, text] of Object.entries(textFiles)) writeFileSync(path.join(root, name), text);
  for (const name of masked) symlinkSync('/dev/null', path.join(units, name));
  symlinkSync('/lib/systemd/system/multi-user.target', path.join(units, 'default.target'));
  for (const folder of ['', 'multi-user.target.wants'])
    symlinkSync('/beluga/machine/guest-tests.service', path.join(units, folder, 'guest-tests.service'));
}

/** A file system with what a folder holds, in a file that has room for `freeMebibytes` more and is sparse. */
export function fileSystemOf(folder, image, freeMebibytes) {
  const size = Number(outputOf('du', ['-sm', folder]).split('\t')[0]);
  rmSync(image, { force: true });
  writeFileSync(image, '');
  truncateSync(image, Math.ceil(size * 1.2 + freeMebibytes + 16) * mebibyte);
  const options = ['-E', 'root_owner=0:0,lazy_itable_init=1', '-O', '^has_journal', '-m', '0'];
  outputOf('mke2fs', ['-q', '-F', '-t', 'ext4', ...options, '-d', folder, image], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}

async function make(target) {
  const kernelPackage = await unpackedPackages('guest-kernel', [
    dependencyOf('linux-image-cloud-amd64', /^linux-image-/),
  ]);
  const names = withDependencies(guestPackages).filter((name) => !onlyForInstalling.test(name));
  const packages = await unpackedPackages('guest-root', names);
  const busybox = path.join(await unpackedPackages('busybox-static', ['busybox-static']), 'bin/busybox');
  const root = path.join(target, 'root');
  mkdirSync(root);
  mergePackages(packages, root, target);
  arrange(root, busybox, path.join(await unpackedPackages('docker.io', ['docker.io']), 'usr/bin/docker'));
  const version = copyModules(kernelPackage, root, busybox);
  writeFileSync(path.join(target, 'initrd'), initrdOf(root, version, busybox));
  const [kernel] = globSync(path.join(kernelPackage, 'boot/vmlinuz-*'));
  if (!kernel) throw new StepError('the package of the kernel has none');
  cpSync(kernel, path.join(target, 'kernel'));
  fileSystemOf(root, path.join(target, 'root.ext4'), 2048);
  rmSync(root, { recursive: true });
}

/** Folder with `kernel`, `initrd` and `root.ext4`. @throws StepError when apt cannot fetch the packages */
export async function ensureGuestImage() {
  const { size } = statSync(node24);
  const hash = hashOf(recipe, [...guestPackages, String(size)]);
  const target = path.join(userCache, 'guest', hash.slice(0, 16));
  if (existsSync(target)) return target;
  console.log('Making the guest of the tests');
  mkdirSync(path.dirname(target), { recursive: true });
  const draft = mkdtempSync(`${target}-`);
  try {
    await make(draft);
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}
