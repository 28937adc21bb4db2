import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { EngineError } from '../base/errors.ts';
import { findProgram } from '../base/program-file.ts';
import { runProgram } from '../base/run-program.ts';
import { systemdUnit, unitMark, unitName } from './systemd-unit.ts';

/** How the machine starts its services. */
export interface ServicePlaces {
  /** Of the system that is meant: `/`, or that of an image that is being made. */
  root: string;
  /** Absolute path; undefined where there is no systemd. */
  systemctl: string | undefined;
  /** systemd is the init of the machine that runs now, and `root` is its. */
  running: boolean;
  say(words: string): void;
}

/** The places of this machine. */
export function servicePlaces(root: string, say: (words: string) => void): ServicePlaces {
  const running = root === '/' && existsSync('/run/systemd/system');
  return { root, systemctl: findProgram('systemctl'), running, say };
}

const launcher = fileURLToPath(new URL('./launcher.ts', import.meta.url));
const timeoutMilliseconds = 120_000;

const unitFile = ({ root }: ServicePlaces) => path.join(root, 'etc/systemd/system', unitName);

/** @throws EngineError `unavailable` with what to do instead. */
function requireSystemctl({ systemctl }: ServicePlaces, instead: string): string {
  if (systemctl) return systemctl;
  throw new EngineError('unavailable', `there is no systemd here: ${instead}`);
}

/** @throws EngineError `forbidden` (`host.not-root`). */
function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new EngineError('forbidden', 'the service has to be installed and removed as root: use sudo', {
    reason: 'host.not-root',
  });
}

/** What stands there now; undefined when nothing. @throws EngineError `conflict` for a unit that is not ours. */
function ownUnit(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  if (text.startsWith(unitMark)) return text;
  throw new EngineError('conflict', `${file} was not written by Beluga: move it away first`);
}

/**
 * Writes the unit and enables it, so that the engine starts with the machine; where systemd runs it is started now. One
 * that runs already goes over to the new unit; its containers go on.
 * @throws EngineError `forbidden`, `unavailable` without systemd, `conflict` for a unit of somebody else, `invalid` flags
 */
export async function installService(places: ServicePlaces, flags: readonly string[]): Promise<void> {
  requireRoot();
  const unit = systemdUnit({ node: process.execPath, launcher, flags });
  const command = [process.execPath, launcher, ...flags].join(' ');
  const systemctl = requireSystemctl(places, `let your init system start this as root: ${command}`);
  const file = unitFile(places);
  const before = ownUnit(file);
  mkdirSync(path.dirname(file), { recursive: true });
  await writeFileAtomically(file, unit, { mode: 0o644 });
  const call = caller(places, systemctl);
  if (!places.running) {
    await call('enable', unitName);
    places.say(`${file} is written and enabled. systemd does not run here: the engine starts at the next boot.`);
    return;
  }
  await call('daemon-reload');
  await call('enable', unitName);
  await call(before === undefined ? 'start' : 'restart', unitName);
  places.say(`${file} is written, enabled and started: systemctl status ${unitName}`);
}

/**
 * Ends the engine and takes away everything that was installed; containers and data stay.
 * @throws EngineError as `installService`
 */
export async function removeService(places: ServicePlaces): Promise<void> {
  requireRoot();
  const systemctl = requireSystemctl(places, 'so no service was installed');
  const file = unitFile(places);
  if (ownUnit(file) === undefined) {
    places.say('no service of Beluga is installed here');
    return;
  }
  const call = caller(places, systemctl);
  if (places.running) await call('stop', unitName);
  await call('disable', unitName);
  rmSync(file);
  if (places.running) {
    await call('daemon-reload');
    // of one that has failed, systemd would remember the name
    await call('reset-failed', unitName).catch(() => {});
  }
  places.say(`${file} is removed. Containers that run go on, and the data stays.`);
}

function caller({ root, running }: ServicePlaces, systemctl: string) {
  const where = running ? [] : [`--root=${root}`];
  return (...args: string[]) => runProgram(systemctl, [...where, '--quiet', ...args], { timeoutMilliseconds });
}
