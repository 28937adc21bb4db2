import { existsSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { bootId, type ProcessIdentity, watchProcess } from '../../base/process-identity.ts';
import { bundleDirectory, type MonitorRecord } from '../mounts/namespace-record.ts';
import type { ExitFiles } from './exit-files.ts';
import type { ExitStatus } from './runtime.ts';

export interface WaitForExit {
  runRoot: string;
  exits: ExitFiles;
  id: string;
  record: MonitorRecord;
  signal: AbortSignal | undefined;
}

/** Docker's code for containers that a reboot ended. */
const endedByReboot = 255;
/** As after SIGKILL: what is told of a container whose monitor was lost. */
const monitorLost = 137;

/** Resolves when the exit file is there, the process has ended, or at the abort. */
async function fileOrEnd(wait: WaitForExit, identity: ProcessIdentity): Promise<void> {
  const watch = watchProcess(identity);
  let stop = () => {};
  let abort = () => {};
  const file = new Promise<void>((resolve) => {
    stop = wait.exits.listen(wait.id, () => {
      if (wait.exits.read(wait.id)) resolve();
    });
    if (wait.exits.read(wait.id)) resolve();
  });
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
    wait.signal?.addEventListener('abort', abort, { once: true });
    if (wait.signal?.aborted) resolve();
  });
  try {
    await Promise.race([file, watch.ended, aborted]);
  } finally {
    stop();
    watch.close();
    wait.signal?.removeEventListener('abort', abort);
  }
  if (wait.signal?.aborted) throw new EngineError('cancelled', `waiting for ${wait.id} was cancelled`);
}

/**
 * The exit status from the monitor's file. Without a file: a container of another boot ended with it (255); one whose
 * monitor was lost has ended when its process has, with a code that nobody knows (137).
 * @throws EngineError `cancelled`.
 */
export async function waitForExit(wait: WaitForExit): Promise<ExitStatus> {
  const { exits, id, record } = wait;
  const bundle = bundleDirectory(wait.runRoot, id);
  const recorded = (): ExitStatus | undefined => {
    const exit = exits.read(id);
    return exit && { ...exit, oomKilled: existsSync(path.join(bundle, 'persist', 'oom')) };
  };
  if (!recorded() && record.bootId !== bootId()) {
    exits.write(id, endedByReboot);
  }
  if (!recorded()) await fileOrEnd(wait, record.monitor);
  if (!recorded()) {
    await fileOrEnd(wait, record.process);
    if (!recorded()) exits.write(id, monitorLost);
  }
  const exit = recorded();
  if (exit) return exit;
  throw new EngineError('internal', `the exit of container ${id} could not be recorded in ${exits.directory}`);
}
