// The app as a child of a script: its switches, its reports, its end.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repo } from './paths.mjs';

const reportWord = 'beluga-report ';

/** The app's profile: the default one for the default roots, else one per data root. */
export function profileOf({ dataRoot }) {
  const config = process.env.XDG_CONFIG_HOME || path.join(homedir(), '.config');
  if (dataRoot === '/var/lib/beluga') return path.join(config, 'Beluga');
  return path.join(config, `Beluga-${createHash('sha256').update(dataRoot).digest('hex').slice(0, 12)}`);
}

/** The process id of the app that holds this profile (Chromium's SingletonLock), or null. */
export function appHolding(profile) {
  try {
    const pid = Number(readlinkSync(path.join(profile, 'SingletonLock')).split('-').pop());
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/**
 * Starts the app in a session of its own, so that Ctrl-C reaches it only through us.
 * @returns `report`: resolves to its first report, or rejects when it ends before; `ended`: resolves to its exit code; `end`: asks it to end
 */
export function startApp({ executable, roots, args = [], env = {} }) {
  mkdirSync(path.join(repo, 'out'), { recursive: true });
  const log = createWriteStream(path.join(repo, 'out/app.log'));
  const switches = [
    ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    `--user-data-dir=${profileOf(roots)}`,
    repo,
    `--beluga-data-root=${roots.dataRoot}`,
    `--beluga-run-root=${roots.runRoot}`,
    '--beluga-report',
    ...args,
  ];
  const child = spawn(executable, switches, {
    cwd: repo,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      // Chromium's other processes may stay, and would keep the pipes open; the engine has a session of its own
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // nobody is left
      }
      resolve(code ?? `signal ${signal}`);
    });
  });
  const report = new Promise((resolve, reject) => {
    child.once('error', reject);
    ended.then((how) => reject(new Error(`the app ended (${how}) before it was ready: see out/app.log`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      if (line.startsWith(reportWord)) resolve(JSON.parse(line.slice(reportWord.length)));
    });
  });
  // asked for later, or never: an early end is no unhandled rejection
  report.catch(() => {});
  ended.then(() => log.end());
  const end = async () => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(killer);
  };
  return { report, ended, end };
}
