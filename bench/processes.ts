import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from '../test/docker-cli.ts';
import { waitUntil } from '../test/wait-until.ts';

const readOrEmpty = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // a process that ended meanwhile
    return '';
  }
};

const processesOf = (root: string) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes(root));

/** Proportional set size in KiB of all processes whose command line names `root`, and of `others`; how many these are. */
export function memoryOf(root: string, others: readonly number[]): { kibibytes: number; processes: number } {
  const sizes = [...new Set([...processesOf(root), ...others.map(String)])].map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
  );
  return { kibibytes: sizes.reduce((sum, size) => sum + size, 0), processes: sizes.length };
}

/** Milliseconds: the kernel counts processor time in hundredths of a second. */
const tick = 10;

/** Processor time of a process with the children it waited for; of `self` only these. */
function busyOf(pid: string, own: boolean): number {
  const fields = readOrEmpty(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, ofChildren = 0, systemOfChildren = 0] = fields.slice(11, 15);
  return ((own ? user + system : 0) + ofChildren + systemOfChildren) * tick;
}

const peakOf = (pid: string) => Number(/^VmHWM:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);

/**
 * Watches the processes whose command line names `root`, with `others`: those that are there now, or, where there are none,
 * those that come and are waited for by this process. `end` gives milliseconds of processor time and KiB at most.
 */
export function watchProcesses(root: string, others: readonly number[]): { end(): { busy: number; peak: number } } {
  const daemons = [...new Set([...processesOf(root), ...others.map(String)])];
  const busy = () => daemons.reduce((sum, pid) => sum + busyOf(pid, true), busyOf('self', false));
  const before = busy();
  // the peak so far is forgotten
  for (const pid of daemons) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const peaks = new Map<string, number>();
  const look = () => {
    for (const pid of daemons.length > 0 ? daemons : processesOf(root))
      peaks.set(pid, Math.max(peakOf(pid), peaks.get(pid) ?? 0));
  };
  const timer = setInterval(look, daemons.length > 0 ? 1000 : 50);
  return {
    end() {
      clearInterval(timer);
      look();
      return { busy: busy() - before, peak: [...peaks.values()].reduce((sum, peak) => sum + peak, 0) };
    },
  };
}

/** Runs a program. @returns what it wrote to standard output @throws Error with what it said when it failed */
export async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(program, args);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${(stderr || stdout).trim()}`, { cause: args });
  return stdout.trim();
}

/** Undoes what an engine other than ours leaves mounted below `root`, once its last processes, which tidy up, have ended. */
export async function unmountBelow(root: string): Promise<void> {
  await waitUntil(`no process of ${root} runs`, () => processesOf(root).length === 0);
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${root}/`));
  for (const point of points.reverse()) await outputOf('umount', point);
}

/** Removes the cgroup `name` with what is below it from each hierarchy, once its last processes have ended. */
export async function removeCgroup(name: string): Promise<void> {
  const remove = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) remove(path.join(folder, entry.name));
    rmdirSync(folder);
  };
  const hierarchies = ['.', ...readdirSync('/sys/fs/cgroup')];
  const folders = hierarchies.map((hierarchy) => path.join('/sys/fs/cgroup', hierarchy, name));
  for (const folder of folders.filter((each) => existsSync(each)))
    await waitUntil(`${folder} is empty and gone`, () => {
      remove(folder);
      return true;
    });
}
