// npm start -- --stop-all: the app first, because it would start the engine again.
import { appHolding, profileOf } from './app.mjs';
import { ask, isEngineUp } from './engine-client.mjs';
import { endEngine, pidFileOf, recordedPid, startEngine, untilGone } from './engine-process.mjs';
import { StepError } from './run.mjs';

async function stopApp(roots) {
  const pid = appHolding(profileOf(roots));
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  await untilGone(pid, 30, 'the app');
  console.log('app     ended');
}

async function stopContainers(socket) {
  const { body: running } = await ask(socket, '/containers/json');
  await Promise.all(
    running.map(async ({ Id, Names }) => {
      const { status, body } = await ask(socket, `/containers/${Id}/stop`, { method: 'POST', timeout: 120_000 });
      if (status >= 400) throw new StepError(`${Names[0].slice(1)} could not be stopped: ${body?.message}`);
    }),
  );
  console.log(`engine  ${running.length} ${running.length === 1 ? 'container' : 'containers'} stopped`);
}

/** Ends the app, stops the containers, ends the engine; each only if it is there. */
export async function stopAll(roots) {
  await stopApp(roots);
  const recorded = recordedPid(roots);
  if (!(await isEngineUp(roots.socket))) {
    if (recorded === null) {
      console.log('engine  was not running');
      return;
    }
    // it was killed, and its containers go on
    await startEngine({ roots, owner: process.getuid() });
  }
  await stopContainers(roots.socket);
  const pid = recordedPid(roots);
  if (pid === null) throw new StepError(`the engine wrote no ${pidFileOf(roots)}: end it where it was started`);
  await endEngine(roots, pid);
  console.log('engine  ended');
}
