// The folder in which a run of the tests or of the demo keeps everything, engines' roots too.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { rootPrefix } from './debian-packages.mjs';

/** What still refers to the scratch folder: mounts and processes, one line each. */
function leftIn(scratch) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(scratch));
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(scratch) ? [`process ${pid}: ${command}`] : [];
      } catch {
        return [];
      }
    });
  return [...mounts.map((line) => `mount ${line.split(' ')[4]}`), ...processes];
}

/** Deletes the scratch folder; as root where tests ran through sudo. @returns one failure if something was left there */
export function clearAway(scratch) {
  const left = leftIn(scratch);
  if (left.length > 0) {
    console.error(`left behind:\n  ${left.join('\n  ')}`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  try {
    rmSync(scratch, { recursive: true, force: true });
  } catch {
    const [program, ...args] = [...(rootPrefix() ?? []), 'rm', '-rf', '--one-file-system', scratch];
    spawnSync(program, args, { stdio: 'inherit' });
  }
  return { passed: 1, failed: 0, skipped: [] };
}
