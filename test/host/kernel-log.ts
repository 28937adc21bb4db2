import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';

function readKernelLog(): string[] {
  const { status, stdout } = spawnSync('dmesg', { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`dmesg ended with ${status}`);
  return stdout.split('\n');
}

/** Seconds on the kernel's own clock, which its log has in brackets. */
const timeOf = (line: string) => Number(/^\[\s*([\d.]+)\]/.exec(line)?.[1]);

/** Remembers this moment; `lines` are what the kernel has logged after it, as far back as its ring goes. */
export function markKernelLog(): { lines(): string[] } {
  // without its line end a message stays open, and unseen, until the next one comes
  const mark = `beluga-test ${randomUUID()}\n`;
  writeFileSync('/dev/kmsg', mark);
  const line = readKernelLog().find((each) => each.includes(mark.trim()));
  if (!line) throw new Error('the kernel log does not show what was just written to it');
  return { lines: () => readKernelLog().filter((each) => timeOf(each) > timeOf(line)) };
}
