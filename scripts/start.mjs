// npm start: everything from a bare machine to the running app. npm start -- --stop-all ends it all.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { appHolding, profileOf, startApp } from './steps/app.mjs';
import { rootPrefix } from './steps/debian-packages.mjs';
import { hasDisplay, startDisplay } from './steps/display.mjs';
import { containersLine, engineLine, failedProbes, isEngineUp, rootsOf } from './steps/engine-client.mjs';
import { startEngine } from './steps/engine-process.mjs';
import { repo } from './steps/paths.mjs';
import { main, StepError } from './steps/run.mjs';
import { setUp } from './steps/set-up.mjs';
import { stopAll } from './steps/stop-all.mjs';

const usage = `npm start [-- OPTIONS]
  --stop-all        stop the containers, the engine and the app
  --data-root DIR   where images and containers are kept (/var/lib/beluga; BELUGA_DATA_ROOT)
  --exec-root DIR   where the socket is (/run/beluga; BELUGA_RUN_ROOT)`;

function optionsOf(args) {
  try {
    const options = {
      'stop-all': { type: 'boolean' },
      'data-root': { type: 'string' },
      'exec-root': { type: 'string' },
    };
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new StepError(`${error.message}\n${usage}`, 2);
  }
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP. */
const signalled = () =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
  });

function tryLine(socket) {
  const docker = (process.env.PATH ?? '').split(':').some((dir) => dir && existsSync(path.join(dir, 'docker')));
  return docker
    ? `DOCKER_HOST=unix://${socket} docker logs welcome`
    : `curl --unix-socket ${socket} http://d/containers/json`;
}

async function printProbes(socket) {
  for (const probe of await failedProbes(socket))
    console.log(`beluga: ${probe.name}: ${probe.detail}${probe.help ? ` ${probe.help}` : ''}`);
}

async function printReady({ event, seconds, roots, display }) {
  const where = display ? `no display found: the window is on virtual display ${display.name}` : 'the window is open';
  console.log(`Beluga is ready (${seconds} s)   ${where}`);
  console.log(`engine  ${await engineLine(roots.socket)}`);
  console.log(`app     ${event.screenshot ? 'out/app.png   ' : ''}containers: ${await containersLine(roots.socket)}`);
  console.log(`try     ${tryLine(roots.socket)}`);
  console.log('stop    Ctrl-C (containers go on)   npm start -- --stop-all');
  if (event.welcomeFailure) console.log(`beluga: the container welcome was not made: ${event.welcomeFailure.message}`);
  await printProbes(roots.socket);
}

async function printEvent(event, { seconds, roots, display }) {
  if (event.event === 'ready') return printReady({ event, seconds, roots, display });
  if (event.event === 'engine-failed') {
    console.log(`beluga: the engine does not run: ${event.reason?.message ?? 'it gave no reason'}`);
    console.log(
      `app     ${event.screenshot ? 'out/app.png   ' : ''}open; it shows the reason and a button to try again   stop    Ctrl-C`,
    );
    return;
  }
  throw new StepError(`the app reported ${JSON.stringify(event)}, which this script does not know`);
}

async function reportRunning(roots, pid) {
  console.log(`Beluga is already running (app: process ${pid})`);
  console.log(`engine  ${await engineLine(roots.socket)}`);
  console.log(`app     containers: ${await containersLine(roots.socket)}`);
  console.log(`try     ${tryLine(roots.socket)}`);
  console.log('stop    npm start -- --stop-all');
}

async function run(roots, stop) {
  if (process.getuid() !== 0 && !rootPrefix())
    throw new StepError(
      'containers need root until rootless mode exists, and this user has no sudo: start Beluga as root or add sudo',
      2,
    );
  const { electron, sampleImage } = await setUp();
  if (electron.notice) console.log(`Note: ${electron.notice}`);
  if (process.getuid() === 0)
    console.log("Note: started as root, so the app runs without Chromium's sandbox (--no-sandbox)");
  const headless = !hasDisplay();
  const running = appHolding(profileOf(roots));
  if (running !== null && headless) return reportRunning(roots, running);
  // the app starts the engine, but cannot ask for a password
  if (rootPrefix()?.length === 1 && !(await isEngineUp(roots.socket)))
    await startEngine({ roots, owner: process.getuid() });
  const display = headless ? await startDisplay() : undefined;
  try {
    const headlessArgs = [
      '--disable-gpu',
      '--beluga-welcome',
      `--beluga-sample-image=${sampleImage}`,
      `--beluga-screenshot=${path.join(repo, 'out/app.png')}`,
    ];
    const app = startApp({
      executable: electron.executable,
      roots,
      args: headless ? headlessArgs : [],
      env: display?.env,
    });
    try {
      const event = await Promise.race([app.report, stop]);
      if (typeof event === 'string') return;
      if (event.event === 'already-running') return await reportRunning(roots, appHolding(profileOf(roots)) ?? '?');
      await printEvent(event, { seconds: (performance.now() / 1000).toFixed(1), roots, display });
      await Promise.race([app.ended, stop]);
    } finally {
      await app.end();
    }
  } finally {
    await display?.close();
  }
}

await main(async (args) => {
  const options = optionsOf(args);
  const roots = rootsOf({ dataRoot: options['data-root'], runRoot: options['exec-root'] });
  if (options['stop-all']) return stopAll(roots);
  await run(roots, signalled());
});
