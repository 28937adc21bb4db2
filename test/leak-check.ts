import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What belongs to one engine and can be told from what others on the machine do meanwhile. */
export interface Ours {
  /** Folder with the data root, the run root and the engine's TMPDIR. */
  root: string;
  /** The engine's instance id, when it got so far as to tell it. */
  instance: string | undefined;
  /** Containers this engine ever had. */
  containers: readonly string[];
}

const readOrEmpty = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // a process that ended, a file that is not ours to read
    return '';
  }
};

const processIds = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
const commandOf = (pid: string) => readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();

/** Mount points at or below `root`, or made of something there, in one mount namespace. */
export function mountsBelow(root: string, pid: string | number = 'self'): string[] {
  return readOrEmpty(`/proc/${pid}/mountinfo`)
    .split('\n')
    .filter((line) => line.includes(root))
    .map((line) => line.split(' ')[4] ?? line);
}

/**
 * Whatever sits in a mount namespace where something of ours is mounted, each namespace once. Where mounts of the host
 * are private, the namespace of another engine that was made meanwhile has copies of our two binds: those are its own.
 */
function mountsInOtherNamespaces(root: string): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const pid of processIds()) {
    let namespace: string;
    try {
      namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
    } catch {
      continue;
    }
    if (seen.has(namespace)) continue;
    seen.add(namespace);
    const points = mountsBelow(root, pid);
    const copies = points.every((point) => /^\/(?:data|run)$/.test(point.slice(root.length)));
    if (copies && mountsBelow(root).length === 0) continue;
    for (const point of points) found.push(`mount ${point} (seen by ${pid}: ${commandOf(pid)})`);
  }
  return found;
}

function processesOf(ours: Ours): string[] {
  const words = [ours.root, ...(ours.instance ? [ours.instance] : []), ...ours.containers];
  const mine = String(process.pid);
  return processIds()
    .filter((pid) => pid !== mine)
    .filter((pid) => {
      const seen = commandOf(pid) + readOrEmpty(`/proc/${pid}/cgroup`);
      return words.some((word) => seen.includes(word));
    })
    .map((pid) => `process ${pid}: ${commandOf(pid)}`);
}

function foldersBelow(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  return names.flatMap((name) => [path.join(folder, name), ...foldersBelow(path.join(folder, name))]);
}

function cgroupsOf(ours: Ours): string[] {
  const words = [...(ours.instance ? [ours.instance] : []), ...ours.containers];
  return foldersBelow('/sys/fs/cgroup')
    .filter((folder) => words.some((word) => path.basename(folder).includes(word)))
    .map((folder) => `cgroup ${folder}`);
}

function networkOf(instance: string | undefined): string[] {
  if (!instance) return [];
  // interface names hold 15 characters, so that only the instance's beginning fits
  const short = instance.slice(0, 6);
  const links = readdirSync('/sys/class/net').filter((name) => name.includes(short));
  const rules = spawnSync('/usr/sbin/nft', ['list', 'ruleset'], { encoding: 'utf8' }).stdout ?? '';
  return [
    ...links.map((name) => `link ${name}`),
    ...rules
      .split('\n')
      .filter((line) => line.includes(short))
      .map((line) => `rule ${line.trim()}`),
  ];
}

const filesIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : [];

/** What is still there of an engine that has ended and whose namespace was released. Empty: nothing. */
export function leftOvers(ours: Ours, folders: { runRoot: string; temp: string }): string[] {
  return [
    ...mountsInOtherNamespaces(ours.root),
    ...processesOf(ours),
    ...cgroupsOf(ours),
    ...networkOf(ours.instance),
    ...filesIn(folders.temp).map((name) => `temp file ${name}`),
    ...filesIn(folders.runRoot).map((name) => `in the run root: ${name}`),
  ];
}
