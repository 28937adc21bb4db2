// An emulated machine (QEMU without KVM) that boots the guest, runs the tests of one bundle there, and ends.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Milliseconds; against hangs only. */
const longestBoot = 240_000;
const longestRun = 1_500_000;

function argumentsOf({ image, disks, console, words }) {
  const drives = disks.flatMap((file, index) => [
    '-drive',
    `file=${file},if=none,id=disk${index},format=raw,cache=unsafe`,
    '-device',
    `virtio-blk-pci,drive=disk${index}`,
  ]);
  return [
    // one thread for both processors: two were seen to meet half-patched code of the kernel ("Oops: int3")
    ...['-machine', 'q35', '-accel', 'tcg,thread=single,tb-size=512', '-cpu', 'max', '-smp', '2', '-m', '1024'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', path.join(image, 'kernel'), '-initrd', path.join(image, 'initrd')],
    // without no_timer_check a busy host makes the kernel give up on its timer
    ...['-append', ['console=ttyS0 quiet panic=-1 no_timer_check mitigations=off', ...words].join(' ')],
    ...['-serial', `file:${console}`, ...drives],
    ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=report,signal=off'],
    ...['-device', 'virtserialport,chardev=report,name=report'],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
  ];
}

const lastWords = (file) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-40).join('\n') : 'nothing was said on the console';

/** @returns what the tests counted; undefined when the machine ended before they began */
async function bootOnce(machine, say) {
  // its input stays open: at its end the port would be closed
  const child = spawn('qemu-system-x86_64', argumentsOf(machine), { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  let limit = setTimeout(end, longestBoot);
  let [begun, counts] = [false, undefined];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('@counts ')) counts = line.slice('@counts '.length).trim();
    else say(line.replace(/^@/, ''));
    if (!line.startsWith('@begun ')) return;
    begun = true;
    clearTimeout(limit);
    limit = setTimeout(end, longestRun);
  });
  await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  clearTimeout(limit);
  process.off('exit', end);
  return begun ? (counts ?? '') : undefined;
}

/**
 * Boots the guest, once more when the kernel did not come up: an emulated machine on a busy host panics now and then.
 *
 * @param {object} machine `image`: folder of `ensureGuestImage`, `disks`: files, `console`: file for what the kernel says,
 *   `words`: of the kernel's command line
 * @param {(line: string) => void} say gets what the tests say
 * @returns {Promise<{passed: number, failed: number, skipped: {name: string, why: string}[]}>}
 */
export async function runInGuest(machine, say) {
  const counts = (await bootOnce(machine, say)) ?? (await bootOnce(machine, say));
  try {
    return JSON.parse(counts);
  } catch {
    say(`the guest ended before its tests did; its console:\n${lastWords(machine.console)}`);
    return { passed: 0, failed: 1, skipped: [] };
  }
}
