// The suites of npm test, in the order in which they run. Each gives {passed, failed, skipped: [{name, why}]}.
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runAppTests } from './app-suite.mjs';
import { makeDeb } from './deb.mjs';
import { rootPrefix } from './debian-packages.mjs';
import { runDemo } from './demo.mjs';
import { startDisplay } from './display.mjs';
import { guestSuite } from './guest-suite.mjs';
import { node24, repo } from './paths.mjs';
import { runInForeground } from './run.mjs';
import { makeUnpackedApp } from './unpacked-app.mjs';

const bin = (name) => path.join(repo, 'node_modules', name);

/** A check that is one program: it passes or fails as a whole. */
const check = (...args) => ({
  async run({ env }) {
    const code = await runInForeground(node24, args, { env });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
  },
});

function filesOf(globs, filters) {
  const files = globs
    .flatMap((glob) => globSync(glob, { cwd: repo, exclude: (name) => name === 'node_modules' }))
    .sort();
  return filters.length === 0 ? files : files.filter((file) => filters.some((filter) => file.includes(filter)));
}

/** Tests of node:test. `asRoot`: through sudo when this user is not root. One file at a time where they share the machine. */
const nodeTests = (globs, { asRoot = false, together = false } = {}) => ({
  async run({ env, scratch, filters }) {
    const files = filesOf(globs, filters);
    if (files.length === 0) return filters.length > 0 ? nothing() : failed('there is no test file');
    const counted = path.join(scratch, 'counts.json');
    const reporter = path.join(repo, 'scripts/count-reporter.mjs');
    const args = [
      '--test',
      `--test-concurrency=${together ? 2 : 1}`,
      // against hangs only: of a test, and of a file whose failed test left something open
      '--test-timeout=480000',
      '--test-force-exit',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${counted}`,
      ...files,
    ];
    const code = await runInForeground(...throughSudo(asRoot, env, [node24, ...args]));
    const counts = existsSync(counted) ? JSON.parse(readFileSync(counted, 'utf8')) : failed('the tests were ended');
    rmSync(counted, { force: true });
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  },
});

/** sudo gives its program a clean environment: what the tests need is handed over by env(1). */
function throughSudo(asRoot, env, command) {
  const prefix = asRoot ? (rootPrefix() ?? []) : [];
  if (prefix.length === 0) return [command[0], command.slice(1), { env }];
  const handedOver = Object.entries(env).filter(([name]) =>
    /^(BELUGA_|PATH$|NODE_EXTRA_CA_CERTS$|LANG$|LC_)/.test(name),
  );
  const all = [...prefix, 'env', ...handedOver.map(([name, value]) => `${name}=${value}`), ...command];
  return [all[0], all.slice(1), { env }];
}

/** Tests of what npm run package makes; they start it, so it is no package for release whatever Electron is here. */
const packageTests = {
  async run(context) {
    const app = await makeUnpackedApp({ development: true });
    const deb = makeDeb({ app, development: true });
    const display = await startDisplay();
    try {
      const env = { ...context.env, ...display.env, BELUGA_PACKAGE: app, BELUGA_DEB: deb };
      return await nodeTests(['test/package/**/*.test.ts']).run({ ...context, env });
    } finally {
      await display.close();
    }
  },
};

const nothing = () => ({ passed: 0, failed: 0, skipped: [] });

function failed(why) {
  console.error(why);
  return { ...nothing(), failed: 1 };
}

export const suites = {
  format: check(bin('@biomejs/biome/bin/biome'), 'check', '.'),
  types: check(path.join(repo, 'scripts/check-types.mjs')),
  architecture: check(
    bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    ...['engine', 'electron', 'renderer'],
  ),
  'dead-code': check(bin('knip/bin/knip.js')),
  unit: nodeTests(['engine/**/*.test.ts', 'electron/**/*.test.ts', 'renderer/**/*.test.ts', 'bench/**/*.test.ts'], {
    together: true,
  }),
  host: nodeTests(['test/host/**/*.test.ts'], { asRoot: true }),
  docker: nodeTests(['test/docker/**/*.test.ts'], { asRoot: true }),
  compare: nodeTests(['test/compare/**/*.test.ts'], { asRoot: true }),
  clients: nodeTests(['test/clients/**/*.test.ts'], { asRoot: true }),
  app: { run: runAppTests },
  demo: { run: (context) => runDemo({ ...context, story: 'daily' }) },
  package: packageTests,
  guest: guestSuite('small'),
  'guest-all': guestSuite('all'),
  long: nodeTests(['test/**/*.long.ts'], { asRoot: true }),
};
