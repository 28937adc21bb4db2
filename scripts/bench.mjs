// npm run bench -- run|exec|start|logs|idle|list|stats|crowd|health|app|pull|build [--rounds N] [--no-write]: our engine beside dockerd and podman, into docs/benchmarks.md.
import path from 'node:path';
import {
  dockerdZstdPackages,
  ensureDebianPackages,
  packagesToBench,
  registryPackages,
  unpackedPackages,
} from './steps/debian-packages.mjs';
import { startDisplay } from './steps/display.mjs';
import { ensureElectron } from './steps/electron-runtime.mjs';
import { node24, repo } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';
import { ensureSampleImage } from './steps/sample-image.mjs';
import { setUpEngine } from './steps/set-up.mjs';

/** What the app's own start needs: Electron and a display. */
async function withApp(work) {
  const { executable, notice } = await ensureElectron();
  if (notice) console.log(`Note: ${notice}`);
  const display = await startDisplay();
  try {
    return await work({ ...display.env, BELUGA_ELECTRON: executable });
  } finally {
    await display.close();
  }
}

async function withPeers(work) {
  await ensureDebianPackages(packagesToBench);
  // never installed: its package would start a daemon
  return work({
    BELUGA_BENCH_DOCKERD: await unpackedPackages('dockerd', ['docker.io', 'containerd', 'runc', 'tini']),
  });
}

/** A registry, and a dockerd that reads zstd: the one of the next Debian, which runs on this one's libraries. */
const withRegistry = (work) =>
  withPeers(async (more) =>
    work({
      ...more,
      BELUGA_BENCH_DOCKERD_ZSTD: await unpackedPackages('dockerd-zstd', dockerdZstdPackages, { suite: 'trixie' }),
      BELUGA_REGISTRY_PROGRAM: await unpackedPackages('registry', registryPackages),
    }),
  );

await main(async (args) => {
  if (process.getuid() !== 0) throw new StepError('the benchmarks start dockerd and podman, and need root', 2);
  await setUpEngine();
  const sample = await ensureSampleImage();
  const prepare = args.includes('app') ? withApp : args.includes('pull') ? withRegistry : withPeers;
  // the bridges and firewall rules of all three go with this namespace
  return prepare((more) =>
    runInForeground('unshare', ['--net', node24, path.join(repo, 'bench/bench.ts'), ...args], {
      env: { ...process.env, BELUGA_SAMPLE_IMAGE: sample, ...more },
    }),
  );
});
