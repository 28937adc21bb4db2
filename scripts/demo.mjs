// npm run demo: a story in the real app, with the stock docker CLI beside it on the same engine.
//   npm run demo             the daily use
//   npm run demo -- mirrors  a pull whose mirror is cut in the middle of a blob
// Writes out/demo/NN-step.png and out/demo/report.md (of another story out/demo-STORY); ends with 1 when a step failed. Data and run roots are its own.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packagesToTest, registryPackages, rootPrefix, unpackedPackages } from './steps/debian-packages.mjs';
import { runDemo } from './steps/demo.mjs';
import { dockerCli } from './steps/docker-cli.mjs';
import { main, StepError } from './steps/run.mjs';
import { clearAway } from './steps/scratch.mjs';
import { setUp } from './steps/set-up.mjs';

const ownEnvironment = ['BELUGA_DATA_ROOT', 'BELUGA_RUN_ROOT', 'DOCKER_HOST', 'DOCKER_CONTEXT'];

await main(async ([story = 'daily', ...more]) => {
  if (more.length > 0 || story.startsWith('-')) throw new StepError('npm run demo [-- STORY]', 2);
  if (!rootPrefix()) throw new StepError('the demo starts an engine as root, and this user has no sudo', 2);
  const { electron, sampleImage } = await setUp(packagesToTest);
  if (electron.notice) console.log(`Note: ${electron.notice}`);
  const registry = story === 'mirrors' ? await unpackedPackages('registry', registryPackages) : '';
  const env = { ...process.env, BELUGA_DOCKER_CLI: await dockerCli(), BELUGA_REGISTRY_PROGRAM: registry };
  for (const name of ownEnvironment) delete env[name];
  // whoever asks us to end asks the story to: what was started is taken down all the same
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  const scratch = mkdtempSync(path.join(tmpdir(), 'bd-'));
  let exitCode = 1;
  try {
    const { passed, failed, report, exitCode: ended } = await runDemo({ env, scratch, electron, sampleImage, story });
    console.log(`${passed} steps passed, ${failed} failed: ${report}`);
    exitCode = failed > 0 ? ended || 1 : 0;
  } finally {
    if (clearAway(scratch).failed > 0) exitCode ||= 1;
  }
  return exitCode;
});
