import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from './docker-cli.ts';
import { leftOvers } from './leak-check.ts';
import { waitUntil } from './wait-until.ts';

/** The folders of an engine that an app has started. */
export interface EngineRoots {
  dataRoot: string;
  runRoot: string;
}

/** Runs a program as root, through sudo where this user is not root. */
export async function asRoot(...command: string[]): Promise<void> {
  const [program = '', ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  const { code, stderr } = await runToEnd(program, args);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
}

/** The process id that the engine wrote down. */
export const enginePid = ({ runRoot }: EngineRoots) => Number(readFileSync(path.join(runRoot, 'engine.pid'), 'utf8'));

function processExists(pid: number): boolean {
  try {
    readFileSync(`/proc/${pid}/stat`);
    return true;
  } catch {
    return false;
  }
}

/** Ends the engine; its containers go on. */
export async function stopEngine(roots: EngineRoots): Promise<void> {
  const pid = enginePid(roots);
  await asRoot('kill', '-TERM', String(pid));
  await waitUntil('the engine ended', () => !processExists(pid));
}

/**
 * Ends an engine that has no containers, gives its namespace back by `launcher` on `node`, insists that nothing is left,
 * and deletes `root`, in which everything of it was.
 */
export async function endEngine(
  roots: EngineRoots,
  root: string,
  { node, launcher }: { node: string; launcher: string },
): Promise<void> {
  await stopEngine(roots);
  await asRoot(node, launcher, '--data-root', roots.dataRoot, '--exec-root', roots.runRoot, '--release');
  // this user looks at what root has left
  await asRoot('chmod', '-R', 'a+rX', root);
  const left = leftOvers(
    { root, instance: undefined, containers: [] },
    { runRoot: roots.runRoot, temp: path.join(root, 'none') },
  );
  assert.deepEqual(
    left.filter((entry) => !entry.endsWith('.lock')),
    [],
  );
  await asRoot('rm', '-rf', '--one-file-system', root);
}
