// The unpacked application, by electron-builder, out of dist/ and the Electron that is here.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureElectron } from './electron-runtime.mjs';
import { node24, repo } from './paths.mjs';
import { outputOf, StepError } from './run.mjs';
import { hashOf, isDone, markDone } from './stamp.mjs';

/** Where the unpacked application is. */
export const unpackedApp = path.join(repo, 'release/linux-unpacked');

const manifest = () => JSON.parse(readFileSync(path.join(repo, 'package.json'), 'utf8'));

/** The version of an Electron, as it says itself. */
const versionOf = (executable) =>
  outputOf(executable, ['-p', 'process.versions.electron'], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });

/**
 * The Electron that goes into a package: the pinned one. Another one, which may be out of support, only for development.
 * @throws StepError(exit code 2)
 */
async function electronToShip(development) {
  const { executable } = await ensureElectron();
  const version = versionOf(executable);
  const pinned = manifest().devDependencies.electron;
  if (version !== pinned && !development)
    throw new StepError(
      `this would ship Electron ${version}, but a release has to have ${pinned}: make that one available ` +
        '(ELECTRON_MIRROR, ELECTRON_OVERRIDE_DIST_PATH), or, to try a package on this machine only: ' +
        'npm run package -- --development',
      2,
    );
  return { folder: path.dirname(executable), version };
}

/** The version of the package: Debian sorts ~dev and ~development before the release. */
export const packageVersion = (development) =>
  `${manifest().version.replace('-', '~')}${development ? '~development' : ''}`;

/** Makes the unpacked application in release/, unless it is there already. @returns its folder */
export async function makeUnpackedApp({ development }) {
  const electron = await electronToShip(development);
  const inputs = [
    'dist',
    'electron-builder.yml',
    'package.json',
    'package-lock.json',
    'assets/icon',
    import.meta.filename,
  ];
  const hash = hashOf(inputs, [electron.folder, electron.version]);
  const executable = path.join(unpackedApp, 'beluga');
  if (isDone('package', hash, [executable])) return unpackedApp;
  rmSync(unpackedApp, { recursive: true, force: true });
  outputOf(node24, [
    path.join(repo, 'node_modules/electron-builder/cli.js'),
    ...['--linux', 'dir', '--publish', 'never', '--config', 'electron-builder.yml'],
    `-c.electronDist=${electron.folder}`,
    `-c.electronVersion=${electron.version}`,
    // older ones lack this fuse, and electron-builder stops there
    ...(Number.parseInt(electron.version, 10) >= 29 ? ['-c.electronFuses.grantFileProtocolExtraPrivileges=false'] : []),
  ]);
  // an Electron's own start page, or the loader of the old one: the archive is the only app here
  for (const name of ['default_app.asar', 'app'])
    rmSync(path.join(unpackedApp, 'resources', name), { recursive: true, force: true });
  if (!existsSync(executable)) throw new StepError(`electron-builder left no ${executable}`);
  markDone('package', hash);
  return unpackedApp;
}
