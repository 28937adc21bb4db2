// One story of demo/: an engine of its own, the real app on a display of its own, the stock docker CLI beside it.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeDemoReport } from './demo-report.mjs';
import { startDisplay } from './display.mjs';
import { isEngineUp, removeContainers, rootsOf } from './engine-client.mjs';
import { endEngine, startEngine } from './engine-process.mjs';
import { node24, repo } from './paths.mjs';
import { runInForeground } from './run.mjs';

/** The steps that were begun, as demo/step-runner.ts writes them down. */
function stepsOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

/** Takes the engine down, whatever the story left running. */
async function takeDown(roots, pid) {
  if (await isEngineUp(roots.socket)) await removeContainers(roots.socket);
  await endEngine(roots, pid);
}

/**
 * Runs `story` in `scratch`; pictures and report go to out/demo, of other stories than the daily use to out/demo-STORY. As root the app has no Chromium sandbox.
 * @returns {Promise<{passed: number, failed: number, skipped: [], report: string, exitCode: number}>} counted in steps
 */
export async function runDemo({ env, scratch, electron, sampleImage, story }) {
  const roots = rootsOf({ dataRoot: path.join(scratch, 'data'), runRoot: path.join(scratch, 'run') });
  const out = path.join(repo, story === 'daily' ? 'out/demo' : `out/demo-${story}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const files = { steps: path.join(scratch, 'steps.json'), log: path.join(scratch, 'engine.log') };
  const docker = env.BELUGA_DOCKER_CLI;
  const display = await startDisplay();
  let exitCode = 1;
  try {
    const engine = await startEngine({ roots, owner: process.getuid(), env, more: ['--debug'], logFile: files.log });
    try {
      exitCode = await runInForeground(node24, [path.join(repo, 'demo/main.ts'), story], {
        env: {
          ...env,
          ...display.env,
          // the terminals of the story find the same CLI
          PATH: path.isAbsolute(docker) ? `${path.dirname(docker)}:${env.PATH}` : env.PATH,
          BELUGA_ELECTRON: electron.executable,
          BELUGA_SAMPLE_IMAGE: sampleImage,
          BELUGA_DATA_ROOT: roots.dataRoot,
          BELUGA_RUN_ROOT: roots.runRoot,
          BELUGA_DEMO_STEPS: files.steps,
          BELUGA_DEMO_OUT: out,
        },
      });
    } finally {
      await takeDown(roots, engine);
    }
  } finally {
    await display.close();
    const log = existsSync(files.log) ? readFileSync(files.log, 'utf8') : '';
    writeDemoReport(path.join(out, 'report.md'), { story, steps: stepsOf(files.steps), log });
  }
  const steps = stepsOf(files.steps);
  const passed = steps.filter(({ outcome }) => outcome === 'passed').length;
  const failed = steps.length - passed;
  return {
    passed,
    failed: Math.max(failed, exitCode === 0 ? 0 : 1),
    skipped: [],
    report: path.relative(repo, path.join(out, 'report.md')),
    exitCode,
  };
}
