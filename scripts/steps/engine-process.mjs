// The engine as a process that a script starts, ends, or takes apart; as root, or through sudo.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { rootPrefix } from './debian-packages.mjs';
import { node24, repo } from './paths.mjs';
import { outputOf, StepError } from './run.mjs';

const launcher = path.join(repo, 'dist/engine/launcher.mjs');
const rootFlags = ({ dataRoot, runRoot }) => ['--data-root', dataRoot, '--exec-root', runRoot];

/** Where every engine of these scripts, and the app's, writes its process id. */
export const pidFileOf = ({ runRoot }) => path.join(runRoot, 'engine.pid');

function becomeRoot() {
  const prefix = rootPrefix();
  if (!prefix) throw new StepError('the engine runs as root, and this user has no sudo', 2);
  return prefix;
}

/**
 * Starts an engine that outlives this script, in a session of its own. `owner`: the uid whose the socket is; `more`:
 * further flags; `logFile`: gets its log as long as this script runs.
 * @returns its process id, once it serves
 * @throws StepError with the end of its log when it ended before
 */
export async function startEngine({ roots, owner, env = process.env, more = [], logFile }) {
  const prefix = becomeRoot();
  const flags = [
    ...rootFlags(roots),
    '--pidfile',
    pidFileOf(roots),
    ...(owner ? ['--socket-owner', String(owner)] : []),
    ...more,
  ];
  // a sudo that asks needs this terminal's session: it asks first, and leaves it then
  const asks = prefix.length === 1;
  const [program, ...args] = [...prefix, ...(asks ? ['-b', 'setsid'] : []), node24, launcher, ...flags];
  const child = spawn(program, args, {
    env,
    cwd: repo,
    detached: !asks,
    stdio: [asks ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-8000);
    if (logFile) appendFileSync(logFile, chunk);
  });
  const pid = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new StepError(`${program} could not be started: ${error.message}`)));
    child.once('close', () => reject(new StepError(`the engine ended before it was ready\n${log.trim()}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^beluga engine ready \S+ pid (\d+)/.exec(line);
      if (ready) resolve(Number(ready[1]));
    });
  });
  for (const part of [child, child.stdout, child.stderr]) part.unref();
  return pid;
}

/** Waits until a process is gone. @throws StepError after so many seconds */
export async function untilGone(pid, seconds, what) {
  for (let left = seconds * 10; existsSync(`/proc/${pid}`); left--) {
    if (left === 0) throw new StepError(`${what} (process ${pid}) did not end in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const runAsRoot = (...command) => {
  const [program, ...args] = [...becomeRoot(), ...command];
  return outputOf(program, args, { stdio: ['inherit', 'pipe', 'pipe'] });
};

/** Ends the engine `pid` and gives its mount namespace back. */
export async function endEngine(roots, pid) {
  runAsRoot('kill', '-TERM', String(pid));
  await untilGone(pid, 60, 'the engine');
  runAsRoot(node24, launcher, ...rootFlags(roots), '--release');
}

/** The process id that the engine wrote down, or null. */
export function recordedPid(roots) {
  return existsSync(pidFileOf(roots)) ? Number(readFileSync(pidFileOf(roots), 'utf8')) : null;
}
