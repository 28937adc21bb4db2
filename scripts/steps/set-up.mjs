// The steps that every command begins with. Each may be repeated and is skipped when there is nothing to do.
import { accessSync, constants } from 'node:fs';
import { buildParts, isBuilt } from './build.mjs';
import { ensureDebianPackages, packagesToRun } from './debian-packages.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { node24, repo } from './paths.mjs';
import { outputOf, StepError } from './run.mjs';
import { ensureSampleImage } from './sample-image.mjs';

function checkPlatform() {
  if (process.platform !== 'linux')
    throw new StepError(`this is ${process.platform}: the development set-up knows Linux only so far`, 2);
  try {
    accessSync(repo, constants.W_OK);
  } catch {
    throw new StepError(`${repo} is not writable for this user: clone it as the user who starts it`, 2);
  }
}

async function ensureBuilt() {
  if (isBuilt()) return;
  console.log('Building');
  // vite and esbuild want a newer Node than the one that may have started this
  if (Number(process.versions.node.split('.')[0]) >= 24) await buildParts();
  else process.stderr.write(`${outputOf(node24, ['scripts/build.mjs'])}`);
}

/**
 * Packages, node_modules, the engine's and the app's bundles.
 * @param {Record<string, string>} morePackages Debian packages beyond those that running needs
 */
export async function setUpEngine(morePackages = {}) {
  checkPlatform();
  await ensureDebianPackages({ ...packagesToRun, ...morePackages });
  await ensureNodeModules();
  await ensureBuilt();
}

/** All of it: also Electron and the sample image. */
export async function setUp(morePackages = {}) {
  await setUpEngine(morePackages);
  const electron = await ensureElectron();
  const sampleImage = await ensureSampleImage();
  return { electron, sampleImage };
}
