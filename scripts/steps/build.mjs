// The three parts of dist/, each built only when its inputs changed. Runs on the pinned Node: see build.mjs.
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { repo } from './paths.mjs';
import { hashOf, isDone, markDone } from './stamp.mjs';

const common = [
  'package-lock.json',
  'tsconfig.json',
  'scripts/build.mjs',
  'scripts/steps/build.mjs',
  'scripts/steps/bundles.mjs',
];

async function buildRenderer() {
  const { build } = await import('vite');
  const draft = path.join(repo, `dist/.renderer-${process.pid}`);
  const target = path.join(repo, 'dist/renderer');
  try {
    await build({
      configFile: path.join(repo, 'renderer/vite.config.ts'),
      root: path.join(repo, 'renderer'),
      logLevel: 'warn',
      build: { outDir: draft, emptyOutDir: true },
    });
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const parts = [
  {
    name: 'engine',
    inputs: ['engine', 'assets'],
    entry: 'engine/main.ts',
    outputs: ['dist/engine/main.mjs', 'dist/engine/launcher.mjs'],
    build: async () => (await import('./bundles.mjs')).bundleEngine(),
  },
  {
    name: 'electron',
    inputs: ['electron', 'package.json', 'engine/compose', 'engine/http/extension-types.ts', 'assets'],
    entry: 'electron/main.ts',
    outputs: ['dist/electron/main.cjs', 'dist/electron/preload.cjs'],
    build: async () => (await import('./bundles.mjs')).bundleElectron(),
  },
  {
    name: 'renderer',
    inputs: ['renderer', 'electron/bridge', 'assets'],
    entry: 'renderer/index.html',
    outputs: ['dist/renderer/index.html'],
    build: buildRenderer,
  },
];

const hashOfPart = (part) => hashOf([...common, ...part.inputs]);

/** Whether dist/ is what the sources say: asked before the pinned Node is started for a build. */
export const isBuilt = () => parts.every((part) => isDone(`build-${part.name}`, hashOfPart(part), part.outputs));

/** Builds the parts whose inputs changed, or those named. */
export async function buildParts(names = []) {
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    const hash = hashOfPart(part);
    if (isDone(`build-${part.name}`, hash, part.outputs)) continue;
    if (!existsSync(path.join(repo, part.entry))) throw new Error(`${part.entry} is missing`);
    await part.build();
    markDone(`build-${part.name}`, hash);
  }
}
