// What esbuild makes of engine/ and electron/. Files are written one by one by rename, so that a running app or a
// second build never reads half a bundle.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import { repo } from './paths.mjs';
import { writeAtomically } from './stamp.mjs';

const engineDir = path.join(repo, 'engine');
const outDir = path.join(repo, 'dist/engine');
const assets = path.join(repo, 'assets') + path.sep;

/**
 * In the sources `new URL('./tar-worker.ts', import.meta.url)` names a file beside the source. A bundle lies elsewhere:
 * other entry points become its siblings, so do copies of files of assets/ (a package takes dist/engine as it is), and
 * others are found from dist/engine. `copied` gets the assets.
 */
const filesBesideSources = (entries, copied) => ({
  name: 'files-beside-sources',
  setup(build) {
    build.onLoad({ filter: /\/engine\/.*\.ts$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      const contents = source.replace(/new URL\(\s*'(\.[^']+)'\s*,\s*import\.meta\.url\s*\)/g, (all, relative) => {
        const target = path.resolve(path.dirname(file), relative);
        if (!existsSync(target)) return all;
        const entry = entries.get(target);
        if (entry) return all.replace(relative, `./${entry}.mjs`);
        if (target.startsWith(assets) && statSync(target).isFile()) {
          copied.add(target);
          return all.replace(relative, `./${path.basename(target)}`);
        }
        return all.replace(relative, `${path.relative(outDir, target)}${relative.endsWith('/') ? '/' : ''}`);
      });
      return { contents, loader: 'ts' };
    });
  },
});

/**
 * An import of one of Node's modules reads everything that it exports, also what is made only then (WebSocket of
 * node:http brings a whole HTTP client): 50 ms of the engine's start. require() reads what is used.
 */
const nodeModulesByRequire = {
  name: 'node-modules-by-require',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path: name, kind }) =>
      kind === 'import-statement' ? { path: name, namespace: 'node-module' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'node-module' }, async ({ path: name }) => {
      const names = Object.keys(await import(name)).filter((each) => each !== 'default');
      // marked as free of effects, so that the bundle keeps those that are imported somewhere
      const exported = names.map((each) => `export const ${each} = /* @__PURE__ */ (() => whole.${each})();`);
      const lines = [`const whole = require(${JSON.stringify(name)});`, 'export default whole;', ...exported];
      return { contents: lines.join('\n'), loader: 'js' };
    });
  },
};

/** Absolute path of an entry point -> name of its bundle. */
function engineEntries() {
  const files = ['main.ts', 'cli/launcher.ts', 'cli/beluga.ts', ...globSync('**/*-worker.ts', { cwd: engineDir })];
  return new Map(files.map((file) => [path.join(engineDir, file), path.basename(file, '.ts')]));
}

const written = (build) => {
  for (const { path: file, contents } of build.outputFiles) writeAtomically(file, contents);
};

/** dist/engine/{launcher,main,…worker}.mjs for the pinned Node, and the assets that they read. */
export async function bundleEngine() {
  const entries = engineEntries();
  const copied = new Set();
  written(
    await esbuild.build({
      absWorkingDir: repo,
      entryPoints: [...entries].map(([file, name]) => ({ in: file, out: name })),
      outdir: outDir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      sourcemap: 'linked',
      external: ['koffi'],
      // libraries that are CommonJS call require() for Node's own modules
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
      },
      plugins: [filesBesideSources(entries, copied), nodeModulesByRequire],
      logLevel: 'warning',
    }),
  );
  for (const file of copied) writeAtomically(path.join(outDir, path.basename(file)), readFileSync(file));
}

/** dist/electron/{main,preload}.cjs: CommonJS, as a sandboxed preload has to be, for Electron 25's Node 18 too. */
export async function bundleElectron() {
  written(
    await esbuild.build({
      absWorkingDir: repo,
      entryPoints: { main: 'electron/main.ts', preload: 'electron/preload.ts' },
      outdir: path.join(repo, 'dist/electron'),
      outExtension: { '.js': '.cjs' },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      sourcemap: 'linked',
      // ssh2 does without its optional native parts
      external: ['electron', 'koffi', 'node-pty', 'cpu-features', '*.node'],
      logLevel: 'warning',
    }),
  );
}
