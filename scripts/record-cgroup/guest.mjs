// node scripts/record-cgroup/guest.mjs KERNEL_PACKAGE BUSYBOX QEMU > recording
//   Boots a Debian kernel in an emulated machine (QEMU without KVM) whose only program is busybox, and prints what
//   guest-init.sh says there. KERNEL_PACKAGE: unpacked linux-image-*-cloud-amd64, BUSYBOX: that of busybox-static,
//   QEMU: a command, e.g. qemu-system-x86_64; more arguments are handed to it. README.md beside the recordings has it whole.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cpioOf } from '../steps/cpio.mjs';

const here = import.meta.dirname;
const modules = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'virtio_blk'];
const applets = 'sh cat grep head tail sleep mkdir mount insmod mke2fs dd uname sync poweroff printf'.split(' ');

function initrd(kernelPackage, busybox) {
  const folder = (name) => ({ name, mode: 0o40755 });
  const program = (name, file) => ({ name, mode: 0o100755, data: readFileSync(file) });
  const moduleFile = (name) => globSync(path.join(kernelPackage, 'lib/modules/*/kernel/drivers/**', `${name}.ko`))[0];
  return cpioOf([
    ...['bin', 'proc', 'sys', 'dev', 'modules'].map(folder),
    program('bin/busybox', busybox),
    ...applets.map((name) => ({ name: `bin/${name}`, mode: 0o120777, data: 'busybox' })),
    program('init', path.join(here, 'guest-init.sh')),
    program('sample.sh', path.join(here, 'sample.sh')),
    // in the order in which they need each other
    ...modules.flatMap((name, index) => {
      const file = moduleFile(name);
      return file ? [program(`modules/${index}-${name}.ko`, file)] : [];
    }),
  ]);
}

async function boot(kernelPackage, [qemu, ...more], scratch) {
  const [kernel] = globSync(path.join(kernelPackage, 'boot/vmlinuz-*'));
  const disk = path.join(scratch, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 256 * 1024 * 1024);
  const flags = [
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '512', '-smp', '2', '-nodefaults', '-no-reboot'],
    ...['-display', 'none', '-serial', 'stdio', '-kernel', kernel, '-initrd', path.join(scratch, 'initrd')],
    ...['-drive', `file=${disk},if=none,id=disk,format=raw`, '-device', 'virtio-blk-pci,drive=disk'],
    ...['-append', 'console=ttyS0 quiet panic=-1 no_timer_check'],
  ];
  const child = spawn(qemu, [...more, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => {
    chunks.push(chunk);
    process.stderr.write(chunk);
  });
  await new Promise((resolve) => child.once('close', resolve));
  return Buffer.concat(chunks).toString().replaceAll('\r', '');
}

const [kernelPackage, busybox, ...qemu] = process.argv.slice(2);
if (!qemu[0]) throw new Error('usage: guest.mjs KERNEL_PACKAGE BUSYBOX QEMU [ARGUMENT…]');
const scratch = mkdtempSync(path.join(tmpdir(), 'beluga-record-'));
try {
  writeFileSync(path.join(scratch, 'initrd'), initrd(kernelPackage, busybox));
  const said = await boot(kernelPackage, qemu, scratch);
  const [, recording] = /^RECORDING (.*?)^RECORDED$/ms.exec(said) ?? [];
  if (!recording) throw new Error('the guest did not get to its end');
  process.stdout.write(recording);
} finally {
  rmSync(scratch, { recursive: true });
}
