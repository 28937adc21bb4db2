/**
 * Who keeps the engine's mount namespace alive: the holder, and every live monitor (conmon) of a container.
 *
 * <run root>/holder.json            {"pid":1,"startTime":"2","bootId":"…","dataRoot":"/var/lib/beluga"}
 * <run root>/containers/ID/monitor.json  written when a container is made, see MonitorRecord
 * <run root>/containers/ID/conmon.pid    written by conmon itself, a moment earlier
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { bootId, identifyProcess, isAlive, type ProcessIdentity } from '../../base/process-identity.ts';

export interface HolderRecord extends ProcessIdentity {
  bootId: string;
  /** The namespace has this data root as a private mount. */
  dataRoot: string;
}

/** What is remembered of a container's processes. */
export interface MonitorRecord {
  bootId: string;
  /** The runtime that made it, e.g. `crun`. */
  runtime: string;
  monitor: ProcessIdentity;
  /** The container's first process. */
  process: ProcessIdentity;
  openStdin: boolean;
  stdinOnce: boolean;
  terminal: boolean;
}

/** Directory of all bundles: each is named by its container's id. */
export function bundlesDirectory(runRoot: string): string {
  return path.join(runRoot, 'containers');
}

/** Where a container's bundle has to be. */
export function bundleDirectory(runRoot: string, id: string): string {
  return path.join(bundlesDirectory(runRoot), id);
}

function readRecord<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

const holderFile = (runRoot: string) => path.join(runRoot, 'holder.json');
const monitorFile = (bundle: string) => path.join(bundle, 'monitor.json');

/** The recorded holder, if it lives and is of this boot. */
export function readHolder(runRoot: string): HolderRecord | undefined {
  const record = readRecord<HolderRecord>(holderFile(runRoot));
  return record && record.bootId === bootId() && isAlive(record) ? record : undefined;
}

export function writeHolder(runRoot: string, record: HolderRecord): Promise<void> {
  return writeFileAtomically(holderFile(runRoot), `${JSON.stringify(record)}\n`);
}

export function readMonitor(bundle: string): MonitorRecord | undefined {
  return readRecord<MonitorRecord>(monitorFile(bundle));
}

export function writeMonitor(bundle: string, record: MonitorRecord): Promise<void> {
  return writeFileAtomically(monitorFile(bundle), `${JSON.stringify(record)}\n`);
}

/** The conmon that wrote `conmon.pid` into this bundle, told from a later process of that number by its arguments. */
export function findMonitor(bundle: string): ProcessIdentity | undefined {
  try {
    const pid = Number(readFileSync(path.join(bundle, 'conmon.pid'), 'utf8'));
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.includes(bundle) ? identifyProcess(pid) : undefined;
  } catch {
    return undefined;
  }
}

function liveMonitor(bundle: string): ProcessIdentity | undefined {
  const record = readMonitor(bundle);
  if (!record) return findMonitor(bundle);
  return record.bootId === bootId() && isAlive(record.monitor) ? record.monitor : undefined;
}

/** Monitors of this run root that live now. */
export function liveMonitors(runRoot: string): ProcessIdentity[] {
  let names: string[];
  try {
    names = readdirSync(bundlesDirectory(runRoot));
  } catch {
    return [];
  }
  return names.flatMap((name) => liveMonitor(bundleDirectory(runRoot, name)) ?? []);
}

/** Container processes of this run root that live now, also those whose monitor is gone. */
export function liveContainers(runRoot: string): ProcessIdentity[] {
  let names: string[];
  try {
    names = readdirSync(bundlesDirectory(runRoot));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const record = readMonitor(bundleDirectory(runRoot, name));
    return record && record.bootId === bootId() && isAlive(record.process) ? record.process : [];
  });
}
