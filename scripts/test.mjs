// npm test: the set-up, then the suites, each with data and run roots of its own, so that a live engine is not touched.
//   npm test                     all suites
//   npm test -- unit host        some suites
//   npm test -- unit -- channel  only test files whose path contains the word
//   npm run test:guest           all tests in the emulated machine; the suite guest is the small part of them
//   npm run test:long -- crash --seed 7  the long tests whose path contains the word, with the numbers of that seed
// Tests find in their environment: BELUGA_DOCKER_CLI, BELUGA_SAMPLE_IMAGE, those of test/compare BELUGA_DOCKERD_PROGRAMS and
// BELUGA_DOCKERD_ZSTD (unpacked dockerds), those of test/host and test/docker BELUGA_DOCKERD_PROGRAMS as well, these also
// BELUGA_BUILDX and BELUGA_COMPOSE (unpacked plugins of the docker CLI), and with test/app BELUGA_NODE_IMAGE (packages for
// an image with Node), BELUGA_FIREWALL_PROGRAMS (unpacked ufw and firewalld), BELUGA_APPARMOR_PROGRAMS
// (AppArmor's parser), BELUGA_EMULATOR (QEMU for programs of other processors), BELUGA_FOREIGN_PROGRAMS (busybox for ppc64le)
// and BELUGA_REGISTRY_PROGRAM (an unpacked
// docker-registry), and those of test/app also BELUGA_ELECTRON and,
// unless they are tagged @own-engine, BELUGA_DATA_ROOT and BELUGA_RUN_ROOT of an engine that runs; those of test/package
// BELUGA_PACKAGE (the unpacked application) and BELUGA_DEB.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  appArmorPackages,
  dockerdPackages,
  dockerdZstdPackages,
  emulatorPackages,
  firewallPackages,
  foreignPackages,
  imagePeersPackages,
  nodeImagePackages,
  packagesToEmulate,
  packagesToTest,
  registryPackages,
  unpackedPackages,
} from './steps/debian-packages.mjs';
import { dockerCli } from './steps/docker-cli.mjs';
import { node24 } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';
import { clearAway } from './steps/scratch.mjs';
import { setUp } from './steps/set-up.mjs';

const names = [
  'format',
  'types',
  'architecture',
  'dead-code',
  'unit',
  'host',
  'docker',
  'compare',
  'clients',
  'guest',
  'app',
  'demo',
  'package',
];
/**
 * Suites that run beside all others, in this order: much of the time of both is waiting. The dockerds of `compare` come last:
 * they make the kernel complain of overlays, which test/host/crash looks for in its log.
 */
const besides = ['docker', 'app', 'demo', 'compare'];

const more = ['guest-all', 'long'];
/** What npm run test:long and test:guest run; the words after them are parts of names. */
const suitesOfFlags = { '--long': more, '--guest': ['guest-all'] };

function choiceOf(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const words = args.slice(0, end);
  const seedAt = words.indexOf('--seed');
  const [, seed] = seedAt < 0 ? [] : words.splice(seedAt, 2);
  if (seedAt >= 0 && !/^\d+$/.test(seed ?? '')) throw new StepError('--seed takes a number', 2);
  const flags = words.filter((word) => word in suitesOfFlags);
  const named = words.filter((word) => !flags.includes(word));
  const filters = args.slice(end + 1);
  if (flags.length > 0 && named.every((word) => !names.includes(word)))
    return { chosen: flags.flatMap((flag) => suitesOfFlags[flag]), filters: [...named, ...filters], seed };
  const chosen = named;
  const all = [...names, ...more];
  const unknown = chosen.filter((word) => !all.includes(word));
  if (unknown.length > 0) throw new StepError(`no such suite: ${unknown.join(', ')}; there are ${all.join(', ')}`, 2);
  return {
    chosen: chosen.length > 0 ? chosen : names,
    filters,
    seed,
  };
}

async function runSuites(chosen, context) {
  const { suites } = await import('./steps/test-suites.mjs');
  const results = [];
  for (const name of chosen)
    if (!context.stopped()) results.push(await measured(name, () => suites[name].run(context)));
  return results;
}

async function measured(name, run) {
  console.log(`\n== ${name}`);
  const began = performance.now();
  let result;
  try {
    result = await run();
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error);
    result = { passed: 0, failed: 1, skipped: [] };
  }
  return { name, ...result, seconds: ((performance.now() - began) / 1000).toFixed(1) };
}

/** Runs suites in a process of their own; gives their results, and prints what they said when that is asked for. */
function startBeside(chosen, { scratch, filters }) {
  const output = path.join(scratch, 'beside.log');
  const file = path.join(scratch, 'beside.json');
  const descriptor = openSync(output, 'w');
  const ended = runInForeground(node24, [process.argv[1], ...chosen, '--', ...filters], {
    stdio: ['ignore', descriptor, descriptor],
    env: { ...process.env, BELUGA_TEST_RESULTS: file },
  });
  closeSync(descriptor);
  return async () => {
    const code = await ended;
    process.stdout.write(readFileSync(output));
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
    return [{ name: chosen.join(' '), passed: 0, failed: 1, skipped: [], seconds: `exit ${code}` }];
  };
}

/** The suites one after the other; those of `besides` beside the others. */
async function runChosen(chosen, context) {
  const aside = besides.filter((name) => chosen.includes(name));
  const others = chosen.filter((name) => !besides.includes(name));
  if (aside.length === 0 || others.length === 0) return runSuites(chosen, context);
  const endOfAside = startBeside(aside, context);
  const results = await runSuites(others, context);
  return [...results, ...(await endOfAside())];
}

/** The table, and the line that counts; the exit code. */
function summarise(results) {
  const whyOf = ({ skipped }) => [...new Set(skipped.map(({ why }) => why))].join('; ');
  const rows = results.map((result) => [
    result.name,
    result.failed > 0 ? `${result.passed}, ${result.failed} FAILED` : String(result.passed),
    result.skipped.length > 0 ? `${result.skipped.length}: ${whyOf(result)}` : '-',
    result.seconds,
  ]);
  const table = [['suite', 'passed', 'skipped and why', 'seconds'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  console.log(
    `\n${table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')).join('\n')}`,
  );
  const total = (count) => results.reduce((sum, result) => sum + count(result), 0);
  const skipped = total((result) => result.skipped.length);
  const failed = total((result) => result.failed);
  for (const { name, failures = [] } of results)
    for (const failure of failures) console.log(`failed: ${name}: ${failure}`);
  console.log(`${total((result) => result.passed)} passed, ${failed} failed, ${skipped} skipped`);
  const strict = process.env.BELUGA_REQUIRE_ALL === '1' && skipped > 0;
  if (strict) console.log('BELUGA_REQUIRE_ALL=1: a skipped test counts as a failed one');
  return failed > 0 || strict ? 1 : 0;
}

/** The suites, on the pinned Node. */
async function runOnPinnedNode(args) {
  const { chosen, filters, seed } = choiceOf(args);
  const prepared = JSON.parse(process.env.BELUGA_TEST_PREPARED);
  let ended = false;
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (ended = true));
  const env = {
    ...process.env,
    BELUGA_DOCKER_CLI: prepared.docker,
    BELUGA_SAMPLE_IMAGE: prepared.sampleImage,
    BELUGA_DOCKERD_PROGRAMS: prepared.dockerd,
    BELUGA_FIREWALL_PROGRAMS: prepared.firewalls,
    BELUGA_REGISTRY_PROGRAM: prepared.registry,
    BELUGA_IMAGE_PEERS: prepared.peers,
    BELUGA_DOCKERD_ZSTD: prepared.dockerdZstd,
    BELUGA_APPARMOR_PROGRAMS: prepared.appArmor,
    BELUGA_BUILDX: prepared.buildx,
    BELUGA_COMPOSE: prepared.compose,
    BELUGA_NODE_IMAGE: prepared.nodeImage,
    BELUGA_EMULATOR: prepared.emulator,
    BELUGA_FOREIGN_PROGRAMS: prepared.foreign,
    ...(seed && { BELUGA_TEST_SEED: seed }),
  };
  for (const name of [
    'BELUGA_TEST_PREPARED',
    'BELUGA_TEST_RESULTS',
    'BELUGA_DATA_ROOT',
    'BELUGA_RUN_ROOT',
    'DOCKER_HOST',
    'NODE_TEST_CONTEXT',
  ])
    delete env[name];
  const scratch = mkdtempSync(path.join(tmpdir(), 'bt-'));
  const results = await runChosen(chosen, { ...prepared, env, scratch, filters, stopped: () => ended });
  results.push(
    await measured(`left-over${process.env.BELUGA_TEST_RESULTS ? ' beside' : ''}`, () => clearAway(scratch)),
  );
  if (ended) return 130;
  const file = process.env.BELUGA_TEST_RESULTS;
  if (file === undefined) return summarise(results);
  // whoever runs them beside others counts
  writeFileSync(file, JSON.stringify(results));
  return 0;
}

await main(async (args) => {
  if (process.env.BELUGA_TEST_PREPARED) return runOnPinnedNode(args);
  const { chosen } = choiceOf(args);
  const emulates = chosen.some((suite) => suite.startsWith('guest'));
  const { electron, sampleImage } = await setUp({ ...packagesToTest, ...(emulates && packagesToEmulate) });
  if (electron.notice) console.log(`Note: ${electron.notice}`);
  const unpacked = (name, packages, suites = ['host', 'long'], options = {}) =>
    suites.some((suite) => chosen.includes(suite)) ? unpackedPackages(name, packages, options) : '';
  const dockerd = await unpacked('dockerd-beside', dockerdPackages, ['host', 'docker', 'compare', 'long']);
  const buildx = await unpacked('buildx', ['docker-buildx'], ['docker', 'long'], { suite: 'trixie' });
  const compose = await unpacked('compose', ['docker-compose'], ['docker', 'long'], { suite: 'trixie' });
  const firewalls = await unpacked('firewalls', firewallPackages);
  const registry = await unpacked('registry', registryPackages, ['host', 'docker', 'app', 'long']);
  const peers = await unpacked('image-peers', imagePeersPackages, ['long']);
  const dockerdZstd = await unpacked('dockerd-zstd', dockerdZstdPackages, ['compare', 'long'], { suite: 'trixie' });
  const appArmor = await unpacked('apparmor', appArmorPackages, ['host']);
  const nodeImage = await unpacked('node-image', nodeImagePackages, ['docker', 'app']);
  const emulator = await unpacked('emulator', emulatorPackages);
  const foreign = await unpacked('busybox-ppc64el', foreignPackages, ['host', 'long'], { architecture: 'ppc64el' });
  const docker = await dockerCli();
  const prepared = JSON.stringify({
    ...{ electron, sampleImage, docker, dockerd, firewalls, registry, peers, dockerdZstd, appArmor, buildx, compose },
    ...{ nodeImage, emulator, foreign },
  });
  return runInForeground(node24, [process.argv[1], ...args], {
    env: { ...process.env, BELUGA_TEST_PREPARED: prepared },
  });
});
