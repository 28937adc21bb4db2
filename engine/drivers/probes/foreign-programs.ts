import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { architecture } from '../../base/architecture.ts';

/** `e_machine` of ELF programs by GOARCH, as it stands in the file (ELF specification; elf.h). */
const machines: Readonly<Record<string, string>> = {
  '386': '0300',
  amd64: '3e00',
  arm: '2800',
  arm64: 'b700',
  loong64: '0201',
  mips64le: '0800',
  ppc64le: '1500',
  riscv64: 'f300',
  s390x: '0016',
};

/** What a processor runs besides its own. */
const also: Readonly<Record<string, readonly string[]>> = { amd64: ['386'] };

/**
 * Whether programs of an architecture run here: the processor's own, or those that an emulator is registered for with the
 * kernel (binfmt_misc). Read each time: one may be installed meanwhile.
 */
export function runsPrograms(
  wanted: string,
  { registered = '/proc/sys/fs/binfmt_misc', host = architecture } = {},
): boolean {
  if (wanted === host || also[host]?.includes(wanted)) return true;
  const machine = machines[wanted];
  if (machine === undefined) return false;
  return entriesOf(registered).some((text) => text.startsWith('enabled') && machineOf(text) === machine);
}

/** Byte 18 and 19 of what the files begin with. */
const machineOf = (entry: string) => /^magic 7f454c46([0-9a-f]+)$/m.exec(entry)?.[1]?.slice(28, 32);

function entriesOf(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    // not mounted: nothing is registered
    return [];
  }
  return names
    .filter((name) => name !== 'register' && name !== 'status')
    .map((name) => textOf(path.join(directory, name)));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // it was taken away just now
    return '';
  }
}
