import { existsSync, readFileSync } from 'node:fs';
import { EngineError, messageOf } from '../../base/errors.ts';
import { findProgram } from '../../base/program-file.ts';
import { runProgram } from '../../base/run-program.ts';

/** Counterpart of `docker-default`; one for all engines of a host, for its rules are the same. */
export const defaultAppArmorProfile = 'beluga-default';

const parser = 'apparmor_parser';

/** Where AppArmor is looked for. */
export interface AppArmorPlaces {
  /** Where sysfs is mounted; `/sys` when absent. */
  system?: string;
  /** Program that gives profiles to the kernel; looked for when absent. */
  parser?: string | undefined;
}

/**
 * Whether the kernel confines by AppArmor and profiles can be given to it. As dockerd, whose containers go unconfined where
 * one of both is missing; within a container (of systemd-nspawn, LXC) its profiles are not ours to change.
 */
export function hasAppArmor({ system = '/sys', parser: program = findProgram(parser) }: AppArmorPlaces = {}): boolean {
  const enabled = `${system}/module/apparmor/parameters/enabled`;
  return (
    existsSync(`${system}/kernel/security/apparmor`) &&
    !process.env.container &&
    program !== undefined &&
    existsSync(enabled) &&
    readFileSync(enabled, 'utf8').startsWith('Y')
  );
}

/** The profile of a container's processes, as dockerd chooses it: a privileged one has none. */
export function appArmorProfileFor(request: { privileged: boolean; appArmorProfile?: string }): string {
  return request.privileged ? 'unconfined' : (request.appArmorProfile ?? defaultAppArmorProfile);
}

/**
 * AppArmor's patterns have no "all but this": each denies what has another letter at one place of `kept`.
 * @param first further letters that may stand at its beginning
 */
const allBut = (top: string, kept: string, first = '') =>
  [...kept].map((letter, at) => `${top}/${kept.slice(0, at)}[^${letter}${at === 0 ? first : ''}]**`);

/**
 * The default profile (apparmor.d(5)): what Docker's denies is denied. It includes no file of the distribution, so that it is
 * the same everywhere.
 */
export function defaultProfileText(name = defaultAppArmorProfile): string {
  const written = [
    // files directly in /proc, and its directories but those of processes and /proc/sys/kernel/shm*
    '/proc/*',
    ...allBut('/proc', 'sys/', '1-9'),
    ...allBut('/proc/sys', 'kernel/shm'),
  ];
  const open = ['/proc/sysrq-trigger', '/proc/kcore', '/sys/firmware/**', '/sys/devices/virtual/powercap/**'];
  const rules = [
    ...['network', 'capability', 'file', 'umount', 'unix'],
    // of the host, of the runtimes where they have profiles of their own, and among themselves
    ...['unconfined', 'runc', 'crun'].map((peer) => `signal (receive) peer=${peer}`),
    `signal (send, receive) peer=${name}`,
    `ptrace (trace, read, tracedby, readby) peer=${name}`,
    'deny mount',
    ...written.map((pattern) => `deny ${pattern} w`),
    ...allBut('/sys', 'fs/cgroup').map((pattern) => `deny ${pattern} wklx`),
    ...[...open, '/sys/kernel/security/**'].map((pattern) => `deny ${pattern} rwklx`),
  ];
  const lines = rules.map((rule) => `  ${rule},\n`).join('');
  return `profile ${name} flags=(attach_disconnected, mediate_deleted) {\n${lines}}\n`;
}

function isLoaded(system: string): boolean {
  const profiles = readFileSync(`${system}/kernel/security/apparmor/profiles`, 'utf8');
  return profiles.split('\n').some((line) => line.startsWith(`${defaultAppArmorProfile} (`));
}

/**
 * Gives the default profile to the kernel where a container is about to have it, and it is not there: an upgrade of the
 * distribution takes profiles away that are in no file.
 * @throws EngineError `internal` in Docker's words
 */
export async function ensureProfile(
  profile: string | undefined,
  { system = '/sys', parser: program = parser }: AppArmorPlaces = {},
): Promise<void> {
  if (profile !== defaultAppArmorProfile) return;
  try {
    if (isLoaded(system)) return;
    // -K: no cache, -r: also where it is there by now
    await runProgram(program, ['-Kr'], { input: defaultProfileText() });
  } catch (cause) {
    const words = `AppArmor enabled on system but the ${profile} profile could not be loaded: ${messageOf(cause)}`;
    throw new EngineError('internal', words, { cause });
  }
}
